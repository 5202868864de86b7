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
    # At 16 bits dark weighed colours keep their hue; of half the range, since the filter overshoots
    # at edges, and colour and alpha must do so alike.
    deep = pixels.astype(np.float64) * (257 if pixels.dtype == np.uint8 else 1)
    alpha = deep[..., -1:] / 65535
    halves = np.concatenate([deep[..., :-1] * alpha, deep[..., -1:]], 2) / 2 + 0.5
    small = resample(halves.astype(np.uint16), height, width) * 2.0
    share = np.maximum(small[..., -1:], 1) / 65535
    result = np.concatenate([small[..., :-1] / share, small[..., -1:]], 2).clip(0, 65535)
    if pixels.dtype == np.uint8:
        result /= 257
    return (result + 0.5).astype(pixels.dtype)
