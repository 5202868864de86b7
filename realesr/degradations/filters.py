"""Filtering a picture with a kernel, and sharpening it with an unsharp mask."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def convolve(image: Tensor, kernel: Tensor) -> Tensor:
    """Each pixel becomes the weighted mean of its neighbours; borders are mirrored.

    Args:
        image: (N, C, H, W), float32; sides may be smaller than the kernel.
        kernel: (rows, columns), odd sides. The same for every picture and channel.

    >>> line = torch.tensor([[[[0.0, 0.0, 4.0, 0.0]]]])
    >>> convolve(line, torch.tensor([[0.25, 0.5, 0.25]])).tolist()
    [[[[0.0, 1.0, 2.0, 2.0]]]]
    """
    batch, channels, height, width = image.shape
    rows, columns = kernel.shape
    padded = mirror(image, rows // 2, columns // 2)
    weight = kernel.to(image.device, image.dtype)[None, None]
    planes = padded.reshape(batch * channels, 1, *padded.shape[2:])
    return F.conv2d(planes, weight).reshape(batch, channels, height, width)


def mirror(image: Tensor, rows: int, columns: int) -> Tensor:
    """The picture with a mirrored border; the edge pixel itself is not repeated.

    A side shorter than the border is mirrored again and again, and one pixel stays one pixel.

    >>> mirror(torch.tensor([[[[1.0, 2.0, 3.0]]]]), 0, 4)[0, 0, 0].tolist()
    [1.0, 2.0, 3.0, 2.0, 1.0, 2.0, 3.0, 2.0, 1.0, 2.0, 3.0]
    """
    height, width = image.shape[-2:]
    if rows < height and columns < width:
        return F.pad(image, (columns, columns, rows, rows), mode="reflect")
    return image[..., _mirrored(height, rows, image), :][..., _mirrored(width, columns, image)]


def _mirrored(side: int, border: int, image: Tensor) -> Tensor:
    period = max(2 * (side - 1), 1)
    place = torch.arange(-border, side + border, device=image.device).remainder(period)
    return torch.minimum(place, period - place) if side > 1 else torch.zeros_like(place)
