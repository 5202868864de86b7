"""Where there is nothing to learn from: flat areas, and gradients that broke into bands."""

from __future__ import annotations

import cv2
import numpy as np

from realesr.quality.estimators.planes import Estimate, Pixels, blocks, luma

_FLAT = 1.0
_SIDE = 17
_GENTLE = 24.0


def flatness(pixels: Pixels) -> Estimate:
    """The share of a picture without texture or edges.

    Args:
        pixels: HW or HWC, uint8 or uint16.

    Returns:
        The share of 8x8 blocks whose brightness deviates by less than one level of 256. A picture
        with noise has none.
    """
    values = blocks(luma(pixels))
    if not len(values):
        return Estimate(None, "share", 0.0)
    share = float((values.std(1) < _FLAT).mean())
    return Estimate(share, "share", min(1.0, len(values) / 100))


def banding(pixels: Pixels) -> Estimate:
    """The share of a picture where a gradient goes in visible steps.

    Looked for where brightness changes gently. There a smooth gradient moves by single levels; one
    in bands stands still and then jumps by two or more.

    Args:
        pixels: HW or HWC, uint8 or uint16.

    Returns:
        The share of all pixels that lie beside such jumps, 0 to 1, out of the gentle ones.
    """
    light = luma(pixels)
    if min(light.shape) < _SIDE:
        return Estimate(None, "share", 0.0)
    window = np.ones((_SIDE, _SIDE), np.uint8)
    spread = cv2.dilate(light, window) - cv2.erode(light, window)
    size = (_SIDE, _SIDE)
    still, jumps = np.zeros_like(light), np.zeros_like(light)
    for axis in (0, 1):
        step = np.abs(np.diff(light, axis=axis, append=light.take([-1], axis=axis)))
        still += step < 0.3
        jumps += step >= 1.5
    # Of the steps in a window nearly all stand still, and all others are jumps.
    quiet = cv2.boxFilter(still, -1, size) / 2
    jumping = cv2.boxFilter(jumps, -1, size) / 2
    gentle = (spread > 1.5) & (spread <= _GENTLE)
    banded = gentle & (quiet > 0.75) & (jumping > 0.6 * (1 - quiet)) & (jumping > 0.01)
    share = float(banded.mean())
    return Estimate(share, "share", float(min(1.0, gentle.mean() * 10)))
