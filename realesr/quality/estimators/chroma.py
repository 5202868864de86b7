"""Whether colours were stored at half the resolution of brightness, and which way.

Such colours are what a decoder spreads out of every second place. So take the nearest rows that
can be spread from half as many, and see what is left over where colours change most: of 4:2:0
nothing but rounding, where the pairs begin on the right pixel; of full colours far more.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from realesr.quality.estimators.planes import Estimate, Pixels, Plane, colours

_SIDE, _SHORTEST, _FEWEST = 320, 32, 200
_MARGIN = 8
_TO_CHROMA = np.array([[-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32)
_STEEPEST = 0.05
# What rounding to whole levels, of colours and then of pixels, leaves over: 0.22 to 0.32.
_ROUNDING = 0.335
# With pairs that begin on the wrong pixel at least so much more is left over.
_TORN = 1.15
_SCHEMES = {(1, 1): "4:4:4", (1, 2): "4:2:2", (2, 1): "4:4:0", (2, 2): "4:2:0"}


@dataclass(frozen=True)
class Subsampling(Estimate):
    """How many pixels share one colour: 1, 2 or 4.

    Attributes:
        scheme: ``4:4:4``, ``4:2:2`` (pairs side by side), ``4:4:0`` or ``4:2:0``; empty where
            the picture does not tell.
    """

    scheme: str = ""


def chroma_subsampling(pixels: Pixels) -> Subsampling:
    """How a picture's colours were shrunk, from its pixels.

    Args:
        pixels: HW or HWC, uint8 or uint16.

    Returns:
        1, 2 or 4 pixels; None where there is too little colour to tell. Whatever was done to the
        pixels since (noise, resizing) makes it 1.
    """
    levels = colours(pixels)
    if levels.shape[2] != 3 or min(levels.shape[:2]) < _SHORTEST:
        return Subsampling(None, "pixels", 0.0)
    planes, whole = _chroma(levels)
    shared, confidence = [], 1.0
    for turned in (True, False):
        least, other = sorted(_left_over(planes, whole, turned, shift) for shift in (0, 1))
        if not np.isfinite(least) or (least <= _ROUNDING and other < _TORN * least):
            return Subsampling(None, "pixels", 0.0)
        shared.append(2 if least <= _ROUNDING else 1)
        sure = abs(float(np.log(least / _ROUNDING))) / 0.2
        confidence = min(confidence, 0.5 + sure / 2)
    down, across = shared
    return Subsampling(float(down * across), "pixels", confidence, _SCHEMES[down, across])


def _chroma(levels: Plane) -> tuple[list[Plane], Plane]:
    """Both colour planes of the middle, and where no pixel nearby was cut off."""
    top, left = ((side - min(side, _SIDE)) // 16 * 8 for side in levels.shape[:2])
    middle = levels[top : top + _SIDE, left : left + _SIDE]
    ended: Plane = np.any((middle <= 0) | (middle >= 255), axis=2).astype(np.uint8)
    chroma = middle @ _TO_CHROMA.T
    return [chroma[..., 0], chroma[..., 1]], cv2.dilate(ended, np.ones((9, 9), np.uint8)) == 0


def _left_over(planes: list[Plane], whole: Plane, turned: bool, shift: int) -> float:
    """The deviation of what pairs leave over where colours change most; infinite if nowhere."""
    inner = (slice(_MARGIN, -_MARGIN), slice(_MARGIN, -_MARGIN))
    lost = []
    for spreading in (_smoothly, _flatly):
        power = []
        for plane in planes:
            rows, good = (each.T if turned else each for each in (plane, whole))
            stop = shift + (rows.shape[1] - shift) // 2 * 2
            rows, good = rows[:, shift:stop], good[:, shift:stop]
            kept = rows @ spreading(rows.shape[1])
            change = np.abs(np.gradient(kept, axis=1))[inner][good[inner]]
            if len(change) < _FEWEST:
                return float("inf")
            rest = (rows - kept)[inner][good[inner]]
            power.append((rest[change >= np.quantile(change, 1 - _STEEPEST)] ** 2).mean())
        lost.append(float(np.sqrt(np.mean(power))))
    return max(min(lost), 1e-3)


@cache
def _smoothly(width: int) -> Plane:
    """The projection onto rows that libjpeg spreads from half as many: 3/4 of the nearer one."""
    half = width // 2
    weights = np.zeros((half, width))
    places = np.arange(half)
    weights[places, 2 * places] += 0.75
    weights[places, 2 * places + 1] += 0.75
    weights[np.maximum(places - 1, 0), 2 * places] += 0.25
    weights[np.minimum(places + 1, half - 1), 2 * places + 1] += 0.25
    projection: Plane = np.linalg.pinv(weights) @ weights
    return projection.astype(np.float32)


@cache
def _flatly(width: int) -> Plane:
    """The projection onto rows whose pixels are equal in pairs."""
    return np.kron(np.eye(width // 2), np.full((2, 2), 0.5)).astype(np.float32)
