"""Game figures made of nothing: a domain that no photograph prepares a network for."""

from __future__ import annotations

import numpy as np
from torch import Generator

from realesr.randomness import spawn, uniform

_SIDE = 8
_DOT = 6


def sprites(seed: int, across: int = 4) -> np.ndarray:
    """A sheet of little symmetrical figures in few colours, each dot a square of 6 x 6 pixels.

    Args:
        seed: Another one gives other figures.
        across: Figures side by side, and one below the other.

    Returns:
        H x W x 3, uint8 RGB; both sides are 56 times ``across``, which scales of 2 and 4 divide.

    >>> sheet = sprites(7, across=2)
    >>> sheet.shape, len({tuple(dot) for dot in sheet.reshape(-1, 3)}) < 12
    ((112, 112, 3), True)
    """
    generator = spawn(seed, "sprites")
    ground = _colour(generator, 0.0, 0.25)
    side = _SIDE * _DOT + 8
    sheet = np.empty((across * side, across * side, 3), np.uint8)
    sheet[:] = ground
    for place in range(across * across):
        top, left = 4 + place // across * side, 4 + place % across * side
        colours = np.stack([ground, _colour(generator, 0.4, 1), _colour(generator, 0.4, 1)])
        half = np.array([uniform(generator, 0, 1) for _ in range(_SIDE * _SIDE // 2)])
        dots = np.digitize(half, (0.4, 0.8)).reshape(_SIDE, _SIDE // 2)
        figure = colours[np.concatenate([dots, dots[:, ::-1]], 1)]
        large = figure.repeat(_DOT, 0).repeat(_DOT, 1)
        sheet[top : top + _SIDE * _DOT, left : left + _SIDE * _DOT] = large
    return sheet


def _colour(generator: Generator, low: float, high: float) -> np.ndarray:
    values = [uniform(generator, low, high) for _ in range(3)]
    return np.array([round(255 * value) for value in values], np.uint8)
