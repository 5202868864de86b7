"""Plain borders around a picture: a letterbox, a scanner's margin, a frame of one colour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from realesr.quality.estimators.planes import Estimate, Pixels, Plane, check_pixels, colours

_SHORTEST = 16
# How far pixels of a border may be from its colour (compression), and how many may be farther.
_LEVELS, _STRAY = 6.0, 0.01
# Where a border ends so much of the next lines differs from it: a white page has no such end.
_CHANGED = 0.4
_NEXT = 3
# So many pixels of a line are looked at.
_ACROSS = 512


@dataclass(frozen=True)
class Borders(Estimate):
    """The share of a picture that is plain border.

    Attributes:
        top: Rows.
        right: Columns.
        bottom: Rows.
        left: Columns.
    """

    top: int = 0
    right: int = 0
    bottom: int = 0
    left: int = 0


def borders(pixels: Pixels) -> Borders:
    """How wide the borders of one colour are that end in a straight line.

    Args:
        pixels: HW or HWC, uint8 or uint16.

    Returns:
        The share, 0 to 1; None below 16 pixels. A picture of one colour has no border.
    """
    check_pixels(pixels)
    height, width = pixels.shape[:2]
    if min(height, width) < _SHORTEST:
        return Borders(None, "share", 0.0)
    lines = colours(pixels[:, :: max(1, width // _ACROSS)])
    top, bottom = _rows(lines), _rows(lines[::-1])
    middle = pixels[top : height - bottom]
    lines = colours(middle[:: max(1, len(middle) // _ACROSS)]).swapaxes(0, 1)
    left, right = _rows(lines), _rows(lines[::-1])
    inside = (height - top - bottom) * (width - left - right)
    confidence = 1.0 if top + right + bottom + left else 0.9
    share = 1 - inside / (height * width)
    return Borders(share, "share", confidence, top, right, bottom, left)


def _rows(levels: Plane) -> int:
    """How many rows at the top are border; never more than half."""
    count = len(levels) // 2
    colour = np.median(levels[0], axis=0)
    plain = 0
    for row in levels[:count]:
        if _differing(row, colour) > _STRAY:
            break
        plain += 1
    if plain == 0 or plain == count:
        return 0
    after = levels[plain : plain + _NEXT]
    changed = max(_differing(row, colour) for row in after)
    return plain if changed >= _CHANGED else 0


def _differing(row: Plane, colour: Plane) -> float:
    return float((np.abs(row - colour).max(1) > _LEVELS).mean())
