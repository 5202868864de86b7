"""Test charts: patterns whose right answer is known, so that a mistake of a model shows at once.

Zone plates show aliasing, slanted edges sharpness (as in ISO 12233), Siemens stars the finest
detail, patches colour, ramps banding.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from data_tools.synthetic.canvas import Draws, Pixels, Plane, as_pixels, grid, reduced
from data_tools.synthetic.colours import lch, palette, srgb

FINE = 3
Cell = Callable[[Draws, int, int], Plane]


def chart(generator: Draws, height: int, width: int) -> Pixels:
    """One pattern that fills the picture, or a sheet of several, HWC uint8 RGB."""
    rows, columns = height * FINE, width * FINE
    if generator.random() < 0.35 or min(height, width) < 96:
        cell = CELLS[int(generator.integers(len(CELLS)))]
        return as_pixels(reduced(inked(generator, cell, rows, columns), height, width))
    paper = np.float32(generator.choice([0.5, 0.95, 0.12, 0.75]))
    fine = np.full((rows, columns, 3), paper, np.float32)
    cells = list(generator.permutation(np.array(CELLS, dtype=object)))
    across = int(generator.integers(2, 5)) if width >= 256 else 2
    down = max(1, round(across * height / width))
    gap = round(0.02 * min(rows, columns))
    for number in range(across * down):
        top, bottom = _span(number // across, down, rows, gap)
        left, right = _span(number % across, across, columns, gap)
        cell = cells[number % len(cells)]
        fine[top:bottom, left:right] = inked(generator, cell, bottom - top, right - left)
    return as_pixels(reduced(fine, height, width))


def _span(place: int, count: int, length: int, gap: int) -> tuple[int, int]:
    """Where a cell begins and ends, on whole pixels of the picture."""
    step = (length - gap) / count
    start, end = gap + place * step, (place + 1) * step
    return round(start / FINE) * FINE, round(end / FINE) * FINE


def inked(generator: Draws, cell: Cell, rows: int, columns: int) -> Plane:
    """A pattern in black and white, or between two colours; ``(rows, columns, 3)``."""
    pattern = cell(generator, rows, columns)
    if pattern.ndim == 3:
        return pattern
    ends = np.array([[0.02] * 3, [0.98] * 3], np.float32)
    if generator.random() < 0.3:
        ends = palette(generator).colours(generator, 2)
    elif generator.random() < 0.3:
        # Edges of low contrast are where sharpening shows.
        ends = np.array([[0.4] * 3, [0.6] * 3], np.float32)
    return np.asarray(ends[0] + pattern[..., None] * (ends[1] - ends[0]))


def zone_plate(generator: Draws, rows: int, columns: int) -> Plane:
    """Rings whose frequency grows from the middle until they are one pixel wide."""
    row, column = grid(rows, columns)
    finest = float(generator.uniform(0.25, 0.5)) / FINE
    reach = max(rows, columns) / 2
    squared = (row - rows / 2) ** 2 + (column - columns / 2) ** 2
    phase = math.pi * finest * squared / reach + float(generator.uniform(0, 2 * math.pi))
    return 0.5 + 0.5 * np.cos(phase, dtype=np.float32)


def siemens_star(generator: Draws, rows: int, columns: int) -> Plane:
    """Spokes that meet in the middle, where no lens and no model tells them apart."""
    row, column = grid(rows, columns)
    spokes = int(generator.integers(12, 73))
    down, across = row - rows / 2, column - columns / 2
    turn = np.arctan2(down, across) * np.float32(spokes)
    inside = down**2 + across**2 < (0.47 * min(rows, columns)) ** 2
    return np.where(inside & (np.sin(turn) < 0), np.float32(0), np.float32(1))


def slanted_edge(generator: Draws, rows: int, columns: int) -> Plane:
    """A square a few degrees off the vertical, or one edge across the cell."""
    row, column = grid(rows, columns)
    turn = math.radians(float(generator.uniform(3, 12)) * float(generator.choice([-1, 1])))
    down = (row - rows / 2) * math.cos(turn) - (column - columns / 2) * math.sin(turn)
    across = (row - rows / 2) * math.sin(turn) + (column - columns / 2) * math.cos(turn)
    half = 0.3 * min(rows, columns)
    if generator.random() < 0.4:
        return (across > 0).astype(np.float32)
    return 1 - ((np.abs(down) < half) & (np.abs(across) < half)).astype(np.float32)


def line_pairs(generator: Draws, rows: int, columns: int) -> Plane:
    """Bars in bands, finer from band to band until they are one pixel wide."""
    row, column = grid(rows, columns)
    bands = int(generator.integers(4, 8))
    along, across = (row, column) if generator.random() < 0.5 else (column, row)
    length = rows if along is row else columns
    band = np.clip((along / length * bands).astype(np.int32), 0, bands - 1)
    widths = FINE * np.geomspace(10, 1, bands)
    return np.asarray((((across / widths[band]).astype(np.int32) % 2) == 0).astype(np.float32))


def sweep(generator: Draws, rows: int, columns: int) -> Plane:
    """A wave that gets finer to one side and fainter to another (Campbell and Robson 1968)."""
    row, column = grid(rows, columns)
    octaves = math.log(columns / FINE / 6)
    share = column / columns
    # The phase is the integral of a frequency that grows geometrically.
    lowest = 3 / columns
    phase = 2 * math.pi * lowest * columns / octaves * (np.exp(octaves * share) - 1)
    contrast = np.exp(-float(generator.uniform(2, 5)) * (1 - row / rows))
    return (0.5 + 0.5 * contrast * np.sin(phase)).astype(np.float32)


def checkerboard(generator: Draws, rows: int, columns: int) -> Plane:
    """Squares, straight or turned."""
    row, column = grid(rows, columns)
    side = FINE * float(generator.choice([2, 3, 4, 8, 16, 24]))
    turn = float(generator.choice([0.0, 0.0, math.pi / 4, 0.1]))
    down = np.floor((row * math.cos(turn) - column * math.sin(turn)) / side)
    across = np.floor((row * math.sin(turn) + column * math.cos(turn)) / side)
    return ((down + across) % 2).astype(np.float32)


def circles(generator: Draws, rows: int, columns: int) -> Plane:
    """Rings of one width each, ever thinner towards the middle."""
    row, column = grid(rows, columns)
    distance = np.hypot(row - rows / 2, column - columns / 2) / (0.48 * min(rows, columns))
    edges = np.cumprod(np.full(30, float(generator.uniform(0.82, 0.92))))
    return (np.searchsorted(-edges, -distance.astype(np.float64)) % 2).astype(np.float32)


def patches(generator: Draws, rows: int, columns: int) -> Plane:
    """Squares of colour: every hue at several lightnesses, and a row of grays."""
    down, across = int(generator.integers(3, 6)), int(generator.integers(4, 9))
    hues = np.linspace(0, 360, across, endpoint=False) + generator.uniform(0, 40)
    lightness = np.linspace(0.85, 0.35, down - 1)[:, None]
    colours = lch(lightness, float(generator.uniform(0.08, 0.2)), hues[None, :])
    grays = srgb(np.linspace(0, 1, across)[:, None] * np.array([1.0, 0, 0]))
    table = np.concatenate([colours, grays[None]])
    row = (np.arange(rows) * down // rows)[:, None]
    column = (np.arange(columns) * across // columns)[None, :]
    return table[row, column]


def ramps(generator: Draws, rows: int, columns: int) -> Plane:
    """Slow slopes of gray, red, green and blue: banding and noise show here first."""
    _, column = grid(rows, columns)
    slope = np.repeat(column / columns, rows, axis=0)
    band = np.arange(rows) * 4 // rows
    tints = np.array([[1, 1, 1], [1, 0.1, 0.1], [0.1, 1, 0.1], [0.1, 0.2, 1]], np.float32)
    order = generator.permutation(4)
    back = (band % 2 == 0)[:, None]
    return np.where(back, slope, 1 - slope)[..., None] * tints[order[band]][:, None, :]


def gratings(generator: Draws, rows: int, columns: int) -> Plane:
    """Waves of one frequency that cross each other."""
    row, column = grid(rows, columns)
    wave = np.zeros((rows, columns), np.float32)
    count = int(generator.integers(1, 4))
    for _ in range(count):
        turn = float(generator.uniform(0, math.pi))
        period = FINE * float(np.exp(generator.uniform(math.log(2.2), math.log(24))))
        wave += np.sin((row * math.sin(turn) + column * math.cos(turn)) * (2 * math.pi / period))
    return 0.5 + 0.5 * wave / count


CELLS: tuple[Cell, ...] = (
    zone_plate, siemens_star, slanted_edge, line_pairs, sweep, checkerboard, circles, patches,
    ramps, gratings,
)  # fmt: skip
