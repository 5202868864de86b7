"""Whether edges overshoot: halos of sharpening, and the rings of cut-off frequencies.

Texture beside an edge is as often brighter as darker, so it cancels in the median over many edges,
each counted from its dark side to its bright one. What stays is what the picture's edges have in
common: the bright side rises above where it comes to rest, the dark side sinks below.
"""

from __future__ import annotations

import cv2
import numpy as np

from realesr.quality.estimators.planes import Estimate, Pixels, Plane, luma

_REACH = 12
_REST = slice(7, _REACH + 1)
_STEEP, _HIGH, _RESTLESS = 8.0, 24.0, 0.3
_MOST, _FEWEST = 4000, 40


def ringing(pixels: Pixels) -> Estimate:
    """How far edges overshoot, as a share of their height.

    Args:
        pixels: HW or HWC, uint8 or uint16.

    Returns:
        0 for none; 0.09 is the overshoot of an ideal low pass on each side. None where there are
        too few strong edges.
    """
    light = luma(pixels)
    if min(light.shape) < 4 * _REACH:
        return Estimate(None, "share", 0.0)
    found = [each for plane in (light, light.T) if len(each := _profiles(plane))]
    profiles = np.concatenate(found) if found else np.empty((0, 2 * _REACH + 1), np.float32)
    if len(profiles) < _FEWEST:
        return Estimate(None, "share", 0.0)
    edge = np.median(profiles, axis=0)
    sides = (edge[_REACH + 1 :], 1 - edge[:_REACH][::-1])
    value = float(np.mean([(np.maximum.accumulate(side) - side).max() for side in sides]))
    return Estimate(value, "share", len(profiles) / (len(profiles) + 200))


def _profiles(light: Plane) -> Plane:
    """Rows across strong upright edges, 0 where the dark side rests and 1 where the bright one."""
    slope = cv2.Sobel(light, cv2.CV_32F, 1, 0, scale=1 / 8)
    steep = np.abs(slope)
    crest = (steep >= _STEEP) & (steep >= cv2.dilate(steep, np.ones((1, 7), np.uint8)))
    crest[:, :_REACH] = crest[:, -_REACH:] = False
    rows, columns = np.nonzero(crest)
    if len(rows) > _MOST:
        chosen = np.linspace(0, len(rows) - 1, _MOST).astype(int)
        rows, columns = rows[chosen], columns[chosen]
    offsets = np.arange(-_REACH, _REACH + 1)
    lines = light[rows[:, None], columns[:, None] + offsets]
    falling = slope[rows, columns] < 0
    lines[falling] = lines[falling, ::-1]
    bright = np.median(lines[:, _REACH:][:, _REST], axis=1)
    dark = np.median(lines[:, : _REACH + 1][:, ::-1][:, _REST], axis=1)
    height = bright - dark
    # An edge of its own: both sides come to rest.
    lines = (lines - dark[:, None])[height >= _HIGH] / height[height >= _HIGH, None]
    restless = np.abs(lines[:, _REACH:][:, _REST] - 1).max(1)
    restless = np.maximum(restless, np.abs(lines[:, : _REACH + 1][:, ::-1][:, _REST]).max(1))
    limit = max(0.1, float(np.quantile(restless, 0.25))) if len(restless) else 0
    kept: Plane = lines[restless < min(limit, _RESTLESS)]
    return kept
