"""Where to cut sub-images: at the places with most to learn from, not wherever a grid falls."""

from __future__ import annotations

import cv2
import numpy as np

from data_tools.looking import Pixels, slopes
from data_tools.settings import Shape

_COARSE = 8


def best_places(pixels: Pixels, how: Shape) -> list[tuple[int, int]]:
    """The upper left corners of sub-images, best first.

    Detail is the mean slope of brightness in a sub-image. The one with most comes first, then the
    one with most among those far enough from it, and so on; flat ones never come.

    Args:
        pixels: The picture.
        how: Side, distance, least detail and largest number of sub-images.

    Returns:
        (top, left) each; none where the picture is smaller than a sub-image.
    """
    height, width = pixels.shape[:2]
    side, step = how.crop, how.step or how.crop
    if min(height, width) < side:
        return []
    tops, lefts = _candidates(height, side), _candidates(width, side)
    # Sums over any rectangle are four looks into the table of sums from the corner.
    sums = cv2.integral(slopes(pixels)[::2, ::2], sdepth=cv2.CV_64F)
    rows, ends = tops // 2, (tops + side) // 2
    columns, rights = lefts // 2, (lefts + side) // 2
    total = sums[np.ix_(ends, rights)] - sums[np.ix_(rows, rights)]
    total = total - sums[np.ix_(ends, columns)] + sums[np.ix_(rows, columns)]
    detail = total / ((ends - rows)[:, None] * (rights - columns)[None])
    found: list[tuple[int, int]] = []
    while how.most == 0 or len(found) < how.most:
        row, column = np.unravel_index(int(detail.argmax()), detail.shape)
        if detail[row, column] < how.detail:
            break
        top, left = int(tops[row]), int(lefts[column])
        found.append((top, left))
        near = (np.abs(tops - top) < step)[:, None] & (np.abs(lefts - left) < step)[None]
        detail[near] = -1.0
    return found


def _candidates(length: int, side: int) -> np.ndarray:
    """Places along one side, a few pixels apart, the last one included."""
    places = np.arange(0, length - side + 1, _COARSE)
    return np.unique(np.append(places, length - side))
