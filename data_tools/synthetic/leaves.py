"""Dead leaves: things of every size that hide each other, with the statistics of photographs.

Shapes fall on the ground one after the other, the last on top. If their radii follow r**-3, the
picture looks the same from near and from far, and its power falls as 1 / frequency**2, which is
what makes photographs photographs. A network trained on nothing else learns edges, occlusion and
texture, and no photographer is owed anything.

Reference:
    Lee, Mumford and Huang, "Occlusion models for natural images: a statistical study of a
    scale-invariant dead leaves model", IJCV 2001. Alvarez, Gousseau and Morel, "The size of objects
    in natural and artificial images", 1999. Baradad et al., "Learning to see by looking at noise",
    NeurIPS 2021. Achddou, Gousseau and Ladjal, "Fully synthetic training for image restoration
    tasks", CVIU 2023.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from data_tools.synthetic.canvas import Draws, Pixels, Plane, as_pixels, cloud, grid, reduced
from data_tools.synthetic.colours import palette

FINE = 2  # The drawing is this many times finer than the picture.
BARE = 2e-3  # The share of the ground that stays visible.
SHAPES = ("discs", "ellipses", "polygons", "blades", "mixed")


def radii(generator: Draws, count: int, least: float, most: float) -> npt.NDArray[np.float64]:
    """Radii whose density falls as r**-3 between two ends.

    >>> from data_tools.synthetic.canvas import draws
    >>> found = radii(draws(0), 100_000, 1, 100)
    >>> bool(1 <= found.min()), bool(abs(np.median(found) - 2**0.5) < 0.02)
    (True, True)
    """
    share = 1 - (least / most) ** 2
    return least / np.sqrt(1 - generator.random(count) * share)


def leaf_count(height: int, width: int, least: float, most: float) -> int:
    """How many leaves must fall until the ground is covered but for ``BARE``."""
    mean_area = 2 * math.pi * least**2 * math.log(most / least) / (1 - (least / most) ** 2)
    return math.ceil(-math.log(BARE) * (height + 2 * most) * (width + 2 * most) / mean_area)


def leaves(generator: Draws, height: int, width: int) -> Pixels:
    """A picture of dead leaves, HWC uint8 RGB."""
    rows, columns = height * FINE, width * FINE
    least = FINE * float(generator.choice([1.0, 1.5, 2.0, 4.0]))
    most = max(rows, columns) * float(generator.uniform(0.2, 0.4))
    shape = str(generator.choice(SHAPES))
    labels, middles, sizes = fallen(generator, rows, columns, least, most, shape)
    fine = painted(generator, labels, middles, sizes)
    if generator.random() < 0.5:
        fine *= shadow(generator, labels)[..., None]
    fine *= _light(generator, rows, columns)[..., None]
    return as_pixels(reduced(fine, height, width))


def fallen(
    generator: Draws, rows: int, columns: int, least: float, most: float, shape: str
) -> tuple[npt.NDArray[np.int32], Plane, Plane]:
    """Which leaf each pixel shows, and every leaf's middle (row, column) and radius.

    Returns:
        ``(rows, columns)`` int32 numbers, later leaves with larger ones; ``(count, 2)`` and
        ``(count,)`` float32.
    """
    count = leaf_count(rows, columns, least, most)
    size = radii(generator, count, least, most)
    middle = generator.random((count, 2)) * (rows + 2 * most, columns + 2 * most) - most
    angle = generator.random(count) * 2 * math.pi
    flat = generator.uniform(0.35, 0.9, count)
    corners = generator.integers(3, 8, count)
    kinds = generator.integers(0, 4, count) if shape == "mixed" else None
    labels = np.zeros((rows, columns), np.int32)
    reach = size[:, None]
    near = np.all((middle > -reach) & (middle < np.array((rows, columns)) + reach), axis=1)
    for number in np.flatnonzero(near).tolist():
        radius = float(size[number])
        kind = SHAPES[int(kinds[number])] if kinds is not None else shape
        if kind == "discs" or radius < 5:
            place = (round(float(middle[number, 1]) * 8), round(float(middle[number, 0]) * 8))
            cv2.circle(labels, place, round(radius * 8), number, cv2.FILLED, cv2.LINE_8, 3)
            continue
        outline = _outline(kind, float(flat[number]), int(corners[number]))
        turn, stand = float(angle[number]), middle[number, ::-1]
        rotation = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
        points = outline @ rotation * radius + stand
        cv2.fillPoly(labels, [np.round(points * 8).astype(np.int32)], number, cv2.LINE_8, 3)
    return labels, middle.astype(np.float32), size.astype(np.float32)


_TURN = np.linspace(0, 2 * math.pi, 48, endpoint=False)


def _outline(kind: str, flat: float, corners: int) -> npt.NDArray[np.float64]:
    """Points around the origin that a circle of radius 1 holds."""
    if kind == "polygons":
        around = np.linspace(0, 2 * math.pi, corners, endpoint=False)
        return np.stack([np.cos(around), np.sin(around)], axis=1)
    across = np.sin(_TURN) * (np.abs(np.sin(_TURN)) if kind == "blades" else 1)
    return np.stack([np.cos(_TURN), across * flat], axis=1)


def painted(generator: Draws, labels: npt.NDArray[np.int32], middles: Plane, sizes: Plane) -> Plane:
    """Every leaf in its colour, brighter towards one side, with a grain of its own."""
    count = len(sizes)
    rows, columns = labels.shape
    colours = palette(generator).colours(generator, count)
    colours[0] *= np.float32(0.4)
    turn = generator.random(count).astype(np.float32) * np.float32(2 * math.pi)
    slope = generator.uniform(0, 0.3, count).astype(np.float32) / sizes
    down, across = np.sin(turn) * slope, np.cos(turn) * slope
    offset = -(down * middles[:, 0] + across * middles[:, 1])
    down[0] = across[0] = offset[0] = 0
    row, column = grid(rows, columns)
    light = down[labels] * row + across[labels] * column + offset[labels]
    grain = cloud(generator, 512, 512, slope=float(generator.uniform(1.4, 2.4)))
    strength = generator.gamma(1.2, 0.035, count).astype(np.float32)
    start = generator.integers(0, 512, (count, 2)).astype(np.int32)
    place_row = (row.astype(np.int32) + start[:, 0][labels]) % 512
    place_column = (column.astype(np.int32) + start[:, 1][labels]) % 512
    light += strength[labels] * grain[place_row, place_column]
    return np.asarray(colours[labels] * (1 + light)[..., None])


def shadow(generator: Draws, labels: npt.NDArray[np.int32]) -> Plane:
    """The light that reaches each leaf past those above it, 1 where nothing is in the way."""
    reach = max(labels.shape) * float(generator.uniform(0.004, 0.012))
    turn = float(generator.random()) * 2 * math.pi
    blocked = np.zeros(labels.shape, np.float32)
    for share in (0.35, 0.7, 1.0):
        step = (round(math.sin(turn) * reach * share), round(math.cos(turn) * reach * share))
        blocked += np.roll(labels, step, axis=(0, 1)) > labels
    soft = cv2.GaussianBlur(blocked / 3, (0, 0), max(reach / 3, 0.5))
    return 1 - np.float32(generator.uniform(0.25, 0.5)) * soft


def _light(generator: Draws, rows: int, columns: int) -> Plane:
    """Light over the whole scene: a slow fall from one side to the other."""
    row, column = grid(rows, columns)
    turn = float(generator.random()) * 2 * math.pi
    fall = math.sin(turn) * (row / rows - 0.5) + math.cos(turn) * (column / columns - 0.5)
    return (1 + float(generator.uniform(0, 0.5)) * fall).astype(np.float32)
