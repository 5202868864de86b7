"""Smaller copies of a picture: Lanczos with a filter that widens, so that nothing aliases."""

from __future__ import annotations

import numpy as np
from PIL import Image

from data_tools.looking import Pixels
from data_tools.settings import Shape
from realesr.inference.resampling import resample


def sizes_of(width: int, height: int, how: Shape) -> list[tuple[int, int]]:
    """The sizes of a picture's copies, (width, height), largest first, each once.

    >>> sizes_of(1000, 500, Shape(scales=(1.0, 0.5), shortest=400))
    [(1000, 500), (800, 400), (500, 250)]
    """
    factors = set(how.scales)
    if 0 < how.shortest < min(width, height):
        factors.add(how.shortest / min(width, height))
    sizes = [(max(1, round(width * one)), max(1, round(height * one))) for one in factors]
    return sorted(set(sizes), reverse=True)


def scaled(pixels: Pixels, width: int, height: int) -> Pixels:
    """A picture at another size, at its own depth.

    Colours are weighed by alpha, so that what nobody sees does not bleed into what one does.

    Args:
        pixels: HW or HWC, uint8 or uint16.
        width: Columns wanted.
        height: Rows wanted.
    """
    if pixels.shape[:2] == (height, width):
        return pixels
    if pixels.ndim == 3 and pixels.shape[2] in (2, 4):
        return _scaled_with_alpha(pixels, width, height)
    if pixels.dtype == np.uint8:
        image = Image.fromarray(pixels)
        return np.asarray(image.resize((width, height), Image.Resampling.LANCZOS))
    return resample(pixels, height, width)


def _scaled_with_alpha(pixels: Pixels, width: int, height: int) -> Pixels:
    top = float(np.iinfo(pixels.dtype).max)
    alpha = pixels[..., -1:].astype(np.float64) / top
    weighed = (pixels[..., :-1] * alpha + 0.5).astype(pixels.dtype)
    small = resample(np.concatenate([weighed, pixels[..., -1:]], 2), height, width)
    share = np.maximum(small[..., -1:].astype(np.float64) / top, 1 / top)
    colours = np.clip(small[..., :-1] / share + 0.5, 0, top).astype(pixels.dtype)
    return np.concatenate([colours, small[..., -1:]], 2)
