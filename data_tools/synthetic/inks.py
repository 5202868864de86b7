"""How ink makes gray: outlines, hatching, screentone; each turns tones into black and white."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from data_tools.synthetic.canvas import Draws, Plane, cloud, grid, soft_step
from data_tools.synthetic.leaves import SHAPES, fallen


def scene(
    generator: Draws, rows: int, columns: int, least: float = 0.07
) -> tuple[npt.NDArray[np.int32], Plane]:
    """A few large things that hide each other, and how brightly each place of them is lit.

    Returns:
        ``(rows, columns)`` numbers of the things, and brightness in [0, 1].
    """
    side = max(rows, columns)
    shape = str(generator.choice(SHAPES))
    labels, middles, sizes = fallen(generator, rows, columns, least * side, 0.35 * side, shape)
    turn = float(generator.uniform(0, 2 * math.pi))
    row, column = grid(rows, columns)
    down = (row - middles[:, 0][labels]) / sizes[labels]
    across = (column - middles[:, 1][labels]) / sizes[labels]
    towards = down * math.sin(turn) + across * math.cos(turn)
    depth = np.sqrt(np.clip(1 - down**2 - across**2, 0, 1))
    own = generator.uniform(0.25, 0.75, len(sizes)).astype(np.float32)
    light = own[labels] + 0.45 * towards + 0.2 * (depth - 0.5)
    return labels, np.clip(light, 0, 1).astype(np.float32)


def outlines(labels: npt.NDArray[np.int32], pen: float) -> Plane:
    """Paper with a line of so many pixels wherever two things meet."""
    edge = np.zeros(labels.shape, np.uint8)
    edge[:, 1:] |= labels[:, 1:] != labels[:, :-1]
    edge[1:, :] |= labels[1:, :] != labels[:-1, :]
    width = max(1, round(pen))
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    return 1 - cv2.dilate(edge, brush).astype(np.float32)


def hatched(generator: Draws, tone: Plane, period: float) -> Plane:
    """Tones as pen strokes: one direction in half light, a second and a third in the dark."""
    rows, columns = tone.shape
    row, column = grid(rows, columns)
    tremble = cv2.resize(
        cloud(generator, max(rows // 8, 8), max(columns // 8, 8), slope=3.0),
        (columns, rows),
        interpolation=cv2.INTER_CUBIC,
    ) * np.float32(0.25 * period)
    first = float(generator.uniform(0, math.pi))
    sheet = np.ones_like(tone)
    for layer, turn in enumerate((0.0, math.pi / 3, -math.pi / 3)):
        angle = first + turn
        along = row * math.sin(angle) + column * math.cos(angle) + tremble
        wave = np.abs(along / period - np.floor(along / period) - 0.5) * 2
        darkness = np.clip((0.95 - 0.28 * layer - tone) * 1.1, 0, 0.75)
        stroke = soft_step(wave - darkness, 0, 2 / period)
        sheet = np.minimum(sheet, np.where(darkness > 0.02, stroke, 1))
    return sheet


def screened(tone: Plane, period: float, turn: float = math.pi / 4) -> Plane:
    """Tones as dots on a grid: small black ones in the light, small white ones in the dark."""
    rows, columns = tone.shape
    row, column = grid(rows, columns)
    wave = 2 * math.pi / period
    along = np.cos((row * math.sin(turn) + column * math.cos(turn)) * wave)
    across = np.cos((row * math.cos(turn) - column * math.sin(turn)) * wave)
    screen = 0.5 + 0.25 * (along + across)
    return soft_step(tone - screen, 0, 4 / period)


def contoured(field: Plane, steps: float, pen: float) -> Plane:
    """Lines of equal height, all of one width, every fifth one twice as wide."""
    across = cv2.Scharr(field, cv2.CV_32F, 1, 0, scale=1 / 32)
    down = cv2.Scharr(field, cv2.CV_32F, 0, 1, scale=1 / 32)
    slope = np.maximum(np.hypot(across, down) * steps, 1e-4)
    level = field * steps
    nearest = np.round(level)
    distance = np.abs(level - nearest) / slope
    width = np.where(nearest % 5 == 0, pen, pen / 2)
    return soft_step(distance - width / 2, 0, 1.0)
