"""What files do to pictures, apart from JPEG: WebP, thinned-out colour, too few levels."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from realesr.degradations.jpeg import FLOAT_TO_YCC
from realesr.degradations.operations import Size, check_image
from realesr.degradations.spans import Checked, Span
from realesr.errors import ParameterError

Sampling = Literal["4:4:4", "4:2:2", "4:2:0"]
# How many pixels down and across share one colour.
SHARED: dict[str, tuple[int, int]] = {"4:4:4": (1, 1), "4:2:2": (1, 2), "4:2:0": (2, 2)}

WEBP_SIDE = 16383


def webp(image: Tensor, quality: float) -> Tensor:
    """Save as lossy WebP and open again, with the real encoder.

    WebP predicts each block from its neighbours before it transforms it, stores colour at half
    size, and smooths block edges: it smears where JPEG rings.

    Args:
        image: ``(n, 3, h, w)``, range [0, 1].
        quality: 0 (smallest) to 100, as in ``cwebp -q``.

    Returns:
        The decoded pictures, on the device of ``image``: multiples of 1/255.

    Raises:
        ParameterError: E003 for a side above 16383 px, the most the format holds.

    Reference: RFC 9649 (WebP container) and RFC 6386 (VP8, its lossy coding).

    >>> webp(torch.full((1, 3, 8, 8), 0.5), 90).shape
    torch.Size([1, 3, 8, 8])
    """
    if max(image.shape[-2:]) > WEBP_SIDE:
        raise ParameterError(
            "E003",
            f"WebP holds sides up to {WEBP_SIDE} px, the picture is {tuple(image.shape[-2:])}.",
            "Crop the picture, or leave WebP out of the recipe.",
        )
    pixels = (image.clamp(0, 1) * 255).round().to(torch.uint8).movedim(1, -1).cpu().numpy()
    decoded = []
    for picture in pixels:
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "WEBP", quality=quality)
        with Image.open(file) as opened:
            decoded.append(np.asarray(opened.convert("RGB")))
    return torch.from_numpy(np.stack(decoded)).to(image.device).movedim(-1, 1) / 255


def subsample_chroma(image: Tensor, sampling: Sampling) -> Tensor:
    """Keep every pixel's brightness, but let neighbours share their colour.

    Colour differences are averaged over 2 pixels (4:2:2) or 2x2 (4:2:0) and spread again with
    triangle weights 3/4 and 1/4, as decoders do. Brightness is untouched, up to the range.

    Args:
        image: ``(n, 3, h, w)``, range [0, 1].
        sampling: ``"4:4:4"`` (nothing shared), ``"4:2:2"`` or ``"4:2:0"``.

    Returns:
        ``(n, 3, h, w)``, range [0, 1].

    Reference: ITU-T T.871 (JFIF), section 7 for the colours; Poynton, Digital Video and HD,
        chapter "Introduction to luma and chroma".

    >>> gray = torch.rand(1, 1, 5, 5).expand(1, 3, 5, 5)
    >>> bool(torch.allclose(subsample_chroma(gray, "4:2:0"), gray, atol=1e-5))
    True
    """
    down, across = SHARED[sampling]
    height, width = image.shape[-2:]
    matrix = torch.tensor(FLOAT_TO_YCC, dtype=image.dtype, device=image.device)
    ycbcr = torch.einsum("ij,njhw->nihw", matrix, image)
    luma, chroma = ycbcr[:, :1], ycbcr[:, 1:]
    whole = F.pad(chroma, (0, -width % across, 0, -height % down), mode="replicate")
    shared = F.avg_pool2d(whole, (down, across))
    spread = F.interpolate(shared, size=whole.shape[-2:], mode="bilinear", align_corners=False)
    colours = torch.cat([luma, spread[..., :height, :width]], dim=1)
    return torch.einsum("ij,njhw->nihw", torch.linalg.inv(matrix), colours).clamp(0, 1)


def band(image: Tensor, levels: int) -> Tensor:
    """Keep only so many evenly spaced values a channel: a smooth sky turns into steps.

    ``round(x (N - 1)) / (N - 1)``; N = 256 is a normal 8-bit file.

    Args:
        image: Any shape, range [0, 1].
        levels: N, 2 or more: 2 to the number of bits.

    Reference: Gonzalez and Woods, Digital Image Processing, "Spatial and intensity resolution"
        (false contouring).

    >>> band(torch.tensor([0.0, 0.2, 0.3, 1.0]), 3).tolist()
    [0.0, 0.0, 0.5, 1.0]
    """
    return (image.clamp(0, 1) * (levels - 1)).round() / (levels - 1)


@dataclass(frozen=True, kw_only=True)
class WebP(Checked):
    """Saved as lossy WebP. Exact for one version of libwebp; the others come close."""

    quality: Annotated[float, Span(0, 100, help="as in cwebp -q: 75 is usual on the web")]

    def apply(self, image: Tensor, original_size: Size) -> Tensor:
        """The picture after saving and opening, multiples of 1/255."""
        check_image(image)
        return webp(image, self.quality)


@dataclass(frozen=True, kw_only=True)
class ChromaSubsampling(Checked):
    """Colour stored at half the size, as video and most JPEG files do."""

    sampling: Literal["4:4:4", "4:2:2", "4:2:0"] = "4:2:0"

    def apply(self, image: Tensor, original_size: Size) -> Tensor:
        """The picture with shared colour, in [0, 1]."""
        check_image(image)
        return subsample_chroma(image, self.sampling)


@dataclass(frozen=True, kw_only=True)
class Banding(Checked):
    """Too few levels: smooth skies turn into steps."""

    levels: Annotated[int, Span(2, 65536, help="values a channel can take")]

    def apply(self, image: Tensor, original_size: Size) -> Tensor:
        """The picture with so many levels a channel, in [0, 1]."""
        check_image(image)
        return band(image, self.levels)
