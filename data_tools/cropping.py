"""Where to cut sub-images: at the places with most to learn from, not wherever a grid falls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from data_tools.looking import Pixels, slopes
from data_tools.settings import Shape

Array = npt.NDArray[Any]

_COARSE = 8


def best_places(pixels: Pixels, how: Shape) -> list[tuple[int, int]]:
    """The upper left corners of sub-images, best first.

    Detail is the mean slope of brightness in a sub-image. Where a number of them is asked for, the
    one with most comes first, then the one with most among those far enough from it, and so on.
    Where all are, they lie in a grid, which is moved to where most detail is in them. Flat ones
    never come.

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
    places = (
        _greedy(detail, tops, lefts, step, how.most)
        if how.most
        else _grid(detail, tops, lefts, step)
    )
    sharp = [place for place in places if place[0] >= how.detail]
    return [(top, left) for _, top, left in sorted(sharp, key=lambda place: (-place[0], place[1:]))]


def _greedy(
    detail: Array, tops: Array, lefts: Array, step: int, most: int
) -> Iterator[tuple[float, int, int]]:
    """The best, the best far enough from it, and so on: detail, top and left of each."""
    left_over = detail.copy()
    for _ in range(most):
        row, column = np.unravel_index(int(left_over.argmax()), detail.shape)
        if left_over[row, column] < 0:
            return
        top, left = int(tops[row]), int(lefts[column])
        yield float(detail[row, column]), top, left
        near = (np.abs(tops - top) < step)[:, None] & (np.abs(lefts - left) < step)[None]
        left_over[near] = -1.0


def _grid(detail: Array, tops: Array, lefts: Array, step: int) -> Iterator[tuple[float, int, int]]:
    """The grid with most detail in it, of those that hold as many sub-images as any."""
    rows, columns = _lines(tops, step), _lines(lefts, step)
    best = max(
        ((row, column) for row in rows for column in columns),
        key=lambda lines: float(detail[np.ix_(*lines)].sum()),
    )
    for row in best[0]:
        for column in best[1]:
            yield float(detail[row, column]), int(tops[row]), int(lefts[column])


def _lines(places: Array, step: int) -> list[list[int]]:
    """Every way to lay lines ``step`` apart that is no shorter than another, as numbers of places.

    Places are a few pixels apart, so lines may be that much further apart than asked for.
    """
    ways = []
    count = int(places[-1]) // step + 1
    for start in range(len(places)):
        line = [start]
        while len(line) < count:
            following = int(np.searchsorted(places, places[line[-1]] + step))
            if following == len(places):
                break
            line.append(following)
        if len(line) < count:
            break
        ways.append(line)
    return ways or [_fewer(places, step)]


def _fewer(places: Array, step: int) -> list[int]:
    line = [0]
    while (following := int(np.searchsorted(places, places[line[-1]] + step))) < len(places):
        line.append(following)
    return line


def _candidates(length: int, side: int) -> Array:
    """Places along one side, a few pixels apart, the last one included."""
    places = np.arange(0, length - side + 1, _COARSE)
    return np.unique(np.append(places, length - side))
