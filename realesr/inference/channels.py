"""Gray, alpha and colour: what a three-channel network is given, and what is made of its answer."""

from __future__ import annotations

import cv2
import numpy as np
import torch

from realesr.errors import ParameterError
from realesr.inference.tiling import Box

_BAND = 256


def check_pixels(pixels: np.ndarray) -> None:
    """Refuse what is no picture.

    Args:
        pixels: H x W, H x W x 2 (gray and alpha), H x W x 3 or H x W x 4; uint8 or uint16.

    Raises:
        ParameterError: E005 for another shape or dtype, or an empty picture.
    """
    shape, dtype = pixels.shape, pixels.dtype
    fits = len(shape) == 2 or (len(shape) == 3 and shape[2] in (2, 3, 4))
    if not fits or dtype not in (np.uint8, np.uint16) or 0 in shape:
        raise ParameterError(
            "E005",
            f"expected H x W (x 2, 3 or 4) of uint8 or uint16, got {shape} of {dtype}.",
            "Read the picture with realesr.read_picture.",
        )


def layers(pixels: np.ndarray) -> list[np.ndarray]:
    """What the network runs on: three channels of colour and, where there is alpha, three of it.

    >>> [layer.shape for layer in layers(np.zeros((4, 5, 2), np.uint8))]
    [(4, 5, 3), (4, 5, 3)]
    """
    channels = pixels.shape[2]
    has_alpha = channels in (2, 4)
    colour = pixels[:, :, : channels - has_alpha]
    parts = [colour, pixels[:, :, -1:]] if has_alpha else [colour]
    return [
        np.ascontiguousarray(part if part.shape[2] == 3 else np.repeat(part, 3, axis=2))
        for part in parts
    ]


def merge(enlarged: torch.Tensor, channels: int) -> torch.Tensor:
    """Back from the network's layers to the channels of the picture.

    Gray is the mean of the three channels, so gray stays gray even if the network tints it.

    Args:
        enlarged: One or two layers x 3 x H x W.
        channels: 1 to 4.

    Returns:
        1 x channels x H x W.
    """
    colour = enlarged[:1] if channels > 2 else enlarged[:1].mean(dim=1, keepdim=True)
    if channels in (2, 4):
        return torch.cat((colour, enlarged[1:].mean(dim=1, keepdim=True)), dim=1)
    return colour


class AlphaBounds:
    """Keeps an enlarged alpha channel between its neighbours' values.

    Opaque surroundings stay fully opaque and empty ones fully empty, and edges do not ring.

    Args:
        pixels: H x W x C with alpha last; uint8 or uint16.
    """

    def __init__(self, pixels: np.ndarray) -> None:
        alpha = np.ascontiguousarray(pixels[:, :, -1])
        neighbours = np.ones((3, 3), np.uint8)
        self._top = float(np.iinfo(pixels.dtype).max)
        self._low = cv2.erode(alpha, neighbours)
        self._high = cv2.dilate(alpha, neighbours)

    def hold(self, part: torch.Tensor, source: Box, scale: int) -> None:
        """Clamp the last channel of a tile in place; ``source`` is what it was made from."""
        height, width = part.shape[2:]
        low, high = (
            torch.from_numpy(bound[source.rows, source.columns].astype(np.float32) / self._top)
            .repeat_interleave(scale, 0)
            .repeat_interleave(scale, 1)[:height, :width]
            for bound in (self._low, self._high)
        )
        part[0, -1] = part[0, -1].clamp(low, high)


def hold_alpha(pixels: np.ndarray, source: np.ndarray) -> None:
    """Keep the alpha of a whole result between its neighbours' values, whatever its size.

    Args:
        pixels: The result, H x W x C with alpha last; changed in place.
        source: What it was made from, with alpha last, of the same dtype.
    """
    height, width = pixels.shape[:2]
    alpha = np.ascontiguousarray(source[:, :, -1])
    shrunk = max(alpha.shape[0] / height, alpha.shape[1] / width, 1.0)
    neighbours = np.ones((2 * int(np.ceil(shrunk)) + 1,) * 2, np.uint8)
    rows = ((np.arange(height) + 0.5) * (alpha.shape[0] / height)).astype(np.int64)
    columns = ((np.arange(width) + 0.5) * (alpha.shape[1] / width)).astype(np.int64)
    low, high = cv2.erode(alpha, neighbours), cv2.dilate(alpha, neighbours)
    for start in range(0, height, _BAND):
        near = np.ix_(rows[start : start + _BAND], columns)
        part = pixels[start : start + _BAND, :, -1]
        np.clip(part, low[near], high[near], out=part)


def fill_hidden(pixels: np.ndarray) -> np.ndarray:
    """Give fully transparent pixels the colour of the nearest visible ones.

    Otherwise the network would draw the hidden colour into soft edges, as a halo. A pyramid of
    averages of what is visible is built down to one pixel; each hidden pixel takes the finest
    average that saw anything (pull-push).

    Args:
        pixels: H x W x 2 or H x W x 4 with alpha last; uint8 or uint16.

    Returns:
        The same, changed only in the colour of pixels whose alpha is 0.

    Reference:
        S. J. Gortler et al., The Lumigraph, SIGGRAPH 1996, section 3.4.2.
    """
    hidden = pixels[:, :, -1] == 0
    if not hidden.any() or hidden.all():
        return pixels
    weight = (~hidden).astype(np.float32)
    filled = _pull_push(pixels[:, :, :-1] * weight[:, :, None], weight)
    result = pixels.copy()
    result[hidden, :-1] = filled[hidden].round().clip(0, np.iinfo(pixels.dtype).max)
    return result


def _pull_push(colour: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Fill where ``weight`` is 0; ``colour`` is already multiplied by its weight."""
    height, width = weight.shape
    average: np.ndarray = colour / np.maximum(weight, 1e-6)[:, :, None]
    if weight.min() > 0 or height * width == 1:
        return average
    half = (max(1, (width + 1) // 2), max(1, (height + 1) // 2))
    shrunk = cv2.resize(colour, half, interpolation=cv2.INTER_AREA).reshape(*half[::-1], -1)
    coarse = _pull_push(shrunk, cv2.resize(weight, half, interpolation=cv2.INTER_AREA))
    enlarged = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    enlarged = enlarged.reshape(height, width, -1)
    result: np.ndarray = np.where((weight > 0)[:, :, None], average, enlarged)
    return result
