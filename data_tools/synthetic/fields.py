"""Flat fields: nothing but plain colours that meet in straight edges.

What is plain must stay plain, and white must stay white: photographs teach that badly, because
nothing in them is.
"""

from __future__ import annotations

import math

import numpy as np

from data_tools.synthetic.canvas import Draws, Pixels, Plane, as_pixels, grid, reduced

FINE = 2
_MOST_CUTS = 4
_GRAY, _PURE = 0.3, 0.3


def fields(generator: Draws, height: int, width: int) -> Pixels:
    """The picture cut by one to four straight lines, each piece of one colour, HWC uint8 RGB."""
    row, column = grid(height * FINE, width * FINE)
    piece = np.zeros((height * FINE, width * FINE), np.intp)
    for _ in range(int(generator.integers(1, _MOST_CUTS + 1))):
        angle = float(generator.uniform(0, math.pi))
        place = generator.uniform(0.05, 0.95, 2) * (height * FINE, width * FINE)
        side = (row - place[0]) * math.cos(angle) + (column - place[1]) * math.sin(angle) > 0
        piece = 2 * piece + side
    colours = np.stack([_colour(generator) for _ in range(2**_MOST_CUTS)])
    return as_pixels(reduced(colours[piece], height, width))


def _colour(generator: Draws) -> Plane:
    """A gray, a corner of the colour cube or nearly, or any colour at all."""
    kind = generator.random()
    if kind < _GRAY:
        return np.full(3, generator.choice([0, 1, generator.random()]), np.float32)
    if kind < _GRAY + _PURE:
        corner = generator.integers(0, 2, 3)
        return np.abs(corner - generator.uniform(0, 0.15, 3)).astype(np.float32)
    return generator.random(3).astype(np.float32)
