"""Line drawings, screentones and comic pages: ink on paper, now and then flat colour.

What is drawn is made up: heights, branches, houses, things that hide each other. How it is drawn
follows pen and press: outlines, hatching, dots on a grid, speed lines.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np

from data_tools.synthetic.canvas import (
    Draws,
    Pixels,
    Plane,
    as_pixels,
    cloud,
    grid,
    hills,
    reduced,
    soft_step,
    unit,
)
from data_tools.synthetic.colours import lch, palette
from data_tools.synthetic.inks import contoured, hatched, outlines, scene, screened

FINE = 3


def drawing(generator: Draws, height: int, width: int) -> Pixels:
    """A drawing, or a page of several, HWC uint8 RGB."""
    rows, columns = height * FINE, width * FINE
    if generator.random() < 0.25 and min(height, width) >= 128:
        sheet = comic_page(generator, rows, columns)
    else:
        sheet = THEMES[int(generator.integers(len(THEMES)))](generator, rows, columns)
    if sheet.ndim == 2 and generator.random() < 0.4:
        sheet = _printed(generator, sheet)
    return as_pixels(reduced(sheet, height, width))


def _printed(generator: Draws, sheet: Plane) -> Plane:
    """Another ink, another paper."""
    hue = float(generator.uniform(0, 360))
    ink = lch(float(generator.uniform(0.12, 0.45)), 0.1, hue)
    paper = lch(float(generator.uniform(0.9, 0.98)), 0.025, hue + float(generator.uniform(60, 300)))
    if generator.random() < 0.15:
        ink, paper = paper, ink
    return np.asarray(ink + sheet[..., None] * (paper - ink))


def pen(generator: Draws, rows: int, columns: int) -> float:
    """The width of a line in fine pixels, 1 to 3 pixels of the picture."""
    return FINE * float(generator.uniform(1.0, 1.6 + max(rows, columns) / FINE / 700))


def blank(rows: int, columns: int) -> Plane:
    """White paper."""
    return np.ones((rows, columns), np.float32)


def contours(generator: Draws, rows: int, columns: int) -> Plane:
    """A map of hills."""
    land = unit(hills(generator, rows, columns, float(generator.uniform(4, 5.5)), step=6))
    return contoured(land, float(generator.uniform(12, 36)), pen(generator, rows, columns))


def engraving(generator: Draws, rows: int, columns: int) -> Plane:
    """Solid things in hatching, as on old plates and banknotes."""
    labels, light = scene(generator, rows, columns)
    period = FINE * float(generator.uniform(4, 9))
    sheet = hatched(generator, light, period)
    return np.minimum(sheet, outlines(labels, pen(generator, rows, columns)))


def screentone(generator: Draws, rows: int, columns: int) -> Plane:
    """Solid things in dots on a grid, as in comics and newspapers."""
    labels, light = scene(generator, rows, columns)
    steps = int(generator.choice([3, 5, 256]))
    light = np.round(light * (steps - 1)) / (steps - 1)
    turn = math.radians(float(generator.choice([45, 45, 30, 15])))
    sheet = screened(light, FINE * float(generator.uniform(3.5, 9)), turn)
    return np.minimum(sheet, outlines(labels, 1.4 * pen(generator, rows, columns)))


def flat_colour(generator: Draws, rows: int, columns: int) -> Plane:
    """Flat colours in two tones inside strong outlines, as in animation."""
    labels, light = scene(generator, rows, columns, least=0.05)
    colours = palette(generator).colours(generator, int(labels.max()) + 1)
    shade = 0.72 + 0.28 * soft_step(light, float(generator.uniform(0.35, 0.55)), 0.01)
    gleam = soft_step(light, 0.93, 0.01)[..., None]
    picture = colours[labels] * shade[..., None]
    picture = picture + gleam * (1 - picture) * 0.8
    return picture * outlines(labels, 1.5 * pen(generator, rows, columns))[..., None]


def ridges(generator: Draws, rows: int, columns: int) -> Plane:
    """Mountains one behind the other, each hiding those behind."""
    sheet = (blank(rows, columns) * 255).astype(np.uint8)
    count = int(generator.integers(12, 40))
    relief = hills(generator, count * 6, columns, slope=3.0, step=6)
    fine = cloud(generator, count, columns, slope=2.0)
    width = max(1, round(0.7 * pen(generator, rows, columns)))
    grow = rows * float(generator.uniform(0.04, 0.12))
    place = np.arange(columns)
    tall = np.exp(-(((place / columns - 0.5) / float(generator.uniform(0.2, 0.8))) ** 2))
    for number in range(count):
        base = rows * (0.15 + 0.95 * number / count)
        edge = base - tall * grow * np.abs(relief[number * 6] + 0.08 * fine[number])
        line = np.stack([place, edge], axis=1).round().astype(np.int32)
        below = np.concatenate([line, [[columns, rows * 2], [0, rows * 2]]]).astype(np.int32)
        cv2.fillPoly(sheet, [below], 255)
        cv2.polylines(sheet, [line], False, 0, width, cv2.LINE_AA)
    return sheet.astype(np.float32) / 255


def plants(generator: Draws, rows: int, columns: int) -> Plane:
    """Trees that branch until the twigs are a hair wide."""
    sheet = (blank(rows, columns) * 255).astype(np.uint8)
    spread = float(generator.uniform(0.25, 0.5))
    leafy = generator.random() < 0.5
    for _ in range(int(generator.integers(1, 5))):
        foot = (float(generator.uniform(0.1, 0.9)) * columns, 1.02 * rows)
        tall = rows * float(generator.uniform(0.17, 0.27))
        _branch(generator, sheet, foot, -math.pi / 2, tall, tall * 0.11, spread, leafy)
    return sheet.astype(np.float32) / 255


def _branch(
    generator: Draws,
    sheet: Pixels,
    foot: tuple[float, float],
    angle: float,
    length: float,
    width: float,
    spread: float,
    leafy: bool,
) -> None:
    """One branch and all that grow from it."""
    middle_turn = angle + float(generator.normal(0, 0.08))
    tip = (foot[0] + length * math.cos(middle_turn), foot[1] + length * math.sin(middle_turn))
    ends = [(round(x * 4), round(y * 4)) for x, y in (foot, tip)]
    cv2.line(sheet, ends[0], ends[1], 0, max(1, round(width)), cv2.LINE_AA, 2)
    if length < 3.2 * FINE or width < 0.7:
        if leafy:
            size = round(4 * FINE * float(generator.uniform(1.0, 2.6)))
            flat = (size, max(4, round(size * 0.45)))
            turned = math.degrees(angle)
            cv2.ellipse(sheet, ends[1], flat, turned, 0, 360, 0, cv2.FILLED, cv2.LINE_AA, 2)
        return
    for turn in (-spread, spread * float(generator.uniform(0.4, 1.2))):
        bend = angle + turn + float(generator.normal(0, 0.12))
        shorter = length * float(generator.uniform(0.68, 0.84))
        _branch(generator, sheet, tip, bend, shorter, width * 0.68, spread, leafy)


def city(generator: Draws, rows: int, columns: int) -> Plane:
    """Houses in rows, the near ones large and in front, with windows and hatched walls."""
    sheet = (blank(rows, columns) * 255).astype(np.uint8)
    width = max(1, round(pen(generator, rows, columns) * 0.8))
    for row in range(4):
        near = 0.4 + 0.25 * row
        left = -float(generator.uniform(0, 0.1)) * columns
        while left < columns:
            wide = columns * float(generator.uniform(0.06, 0.2)) * near
            top = rows * (0.12 + 0.2 * row + float(generator.uniform(0, 0.35)))
            box = [round(v) for v in (left, top, left + wide, rows * 1.1)]
            _house(generator, sheet, box, width, near)
            left += wide * float(generator.uniform(1.0, 1.3))
    return sheet.astype(np.float32) / 255


def _house(generator: Draws, sheet: Pixels, box: list[int], pen_width: int, near: float) -> None:
    left, top, right, bottom = box
    roof = round((right - left) * float(generator.choice([0.0, 0.0, 0.35])))
    cv2.rectangle(sheet, (left, top), (right, bottom), 255, cv2.FILLED)
    if roof:
        peak = np.array([[left, top], [(left + right) // 2, top - roof], [right, top]], np.int32)
        cv2.fillPoly(sheet, [peak], 0 if generator.random() < 0.5 else 255, cv2.LINE_AA)
        cv2.polylines(sheet, [peak], True, 0, pen_width, cv2.LINE_AA)
    cv2.rectangle(sheet, (left, top), (right, bottom), 0, pen_width, cv2.LINE_AA)
    side = max(4 * FINE, round(FINE * near * float(generator.uniform(7, 16))))
    tall = round(side * float(generator.uniform(1, 1.8)))
    dark = generator.random() < 0.5
    for down in range(top + side, min(bottom, sheet.shape[0]) - tall, round(tall * 1.7)):
        for across in range(left + side // 2, right - side, round(side * 1.6)):
            fill = cv2.FILLED if dark and generator.random() < 0.7 else max(1, pen_width // 2)
            corner = (across + side, down + tall)
            cv2.rectangle(sheet, (across, down), corner, 0, fill, cv2.LINE_AA)


def rosette(generator: Draws, rows: int, columns: int) -> Plane:
    """Curves that wind around each other, as on banknotes."""
    sheet = (blank(rows, columns) * 255).astype(np.uint8)
    turn = np.linspace(0, 2 * math.pi, 2000)
    reach = 0.46 * min(rows, columns)
    width = max(1, round(0.45 * pen(generator, rows, columns)))
    petals = int(generator.integers(3, 14))
    curves = int(generator.integers(8, 36))
    depth, inner = float(generator.uniform(0.2, 0.6)), float(generator.uniform(0.1, 0.7))
    other = int(generator.integers(2, 9))
    for number in range(curves):
        share = number / curves
        wave = np.cos(petals * turn + 2 * math.pi * share)
        wave += 0.3 * np.cos(other * petals * turn - 4 * math.pi * share)
        radius = reach * (1 - depth / 2 + depth / 2.6 * wave) * (1 - inner * share)
        points = np.stack(
            [columns / 2 + radius * np.cos(turn), rows / 2 + radius * np.sin(turn)], axis=1
        )
        cv2.polylines(
            sheet, [np.round(points * 8).astype(np.int32)], True, 0, width, cv2.LINE_AA, 3
        )
    return sheet.astype(np.float32) / 255


def tiling(generator: Draws, rows: int, columns: int) -> Plane:
    """Quarter circles that join into endless loops, one tile turned by chance (Truchet 1704)."""
    side = FINE * float(generator.uniform(16, 48))
    row, column = grid(rows, columns)
    down, across = row / side, column / side
    whole_down, whole_across = np.floor(down).astype(np.int32), np.floor(across).astype(np.int32)
    turned = generator.random((rows // 8 + 2, columns // 8 + 2)) < 0.5
    part_down, part_across = down - whole_down, across - whole_across
    flip = turned[whole_down, whole_across]
    part_across = np.where(flip, 1 - part_across, part_across)
    near = np.hypot(part_down, part_across)
    far = np.hypot(1 - part_down, 1 - part_across)
    distance = np.minimum(np.abs(near - 0.5), np.abs(far - 0.5)) * side
    most = max(1, min(4, int(0.36 * side / (2.2 * FINE))))
    bands = int(generator.integers(1, most + 1))
    width = side * 0.36 / bands
    ring = np.abs(distance - width * np.round(distance / width))
    inside = distance < (bands - 0.5) * width
    return np.where(inside, soft_step(ring - 0.22 * width, 0, 1.0), 1).astype(np.float32)


def burst(generator: Draws, rows: int, columns: int) -> Plane:
    """Speed lines towards one point."""
    sheet = (blank(rows, columns) * 255).astype(np.uint8)
    middle = np.array([columns, rows]) * generator.uniform(0.35, 0.65, 2)
    reach = 1.5 * math.hypot(rows, columns)
    turns = np.sort(generator.random(int(generator.integers(80, 260)))) * 2 * math.pi
    for turn in turns:
        heart = min(rows, columns) * float(generator.uniform(0.16, 0.42))
        half = float(generator.uniform(0.0015, 0.012))
        tip = middle + heart * np.array([math.cos(turn), math.sin(turn)])
        sides = [
            middle + reach * np.array([math.cos(turn + way), math.sin(turn + way)])
            for way in (-half, half)
        ]
        points = np.round(np.array([tip, *sides]) * 8).astype(np.int32)
        cv2.fillPoly(sheet, [points], 0, cv2.LINE_AA, 3)
    return sheet.astype(np.float32) / 255


def comic_page(generator: Draws, rows: int, columns: int) -> Plane:
    """Framed panels of different widths, each another drawing in black and white."""
    page = blank(rows, columns)
    gap = round(0.018 * min(rows, columns))
    frame = max(FINE, round(0.006 * min(rows, columns)))
    themes = [theme for theme in THEMES if theme is not flat_colour]
    tiers = int(generator.integers(2, 4))
    cuts = np.linspace(gap, rows, tiers + 1).round().astype(int)
    for top, bottom in zip(cuts[:-1], cuts[1:] - gap, strict=True):
        share = float(generator.uniform(0.3, 0.7))
        edges = [gap, columns]
        if generator.random() < 0.75:
            edges.insert(1, round(columns * share))
        for left, right in zip(edges[:-1], [edge - gap for edge in edges[1:]], strict=True):
            theme = themes[int(generator.integers(len(themes)))]
            page[top:bottom, left:right] = 0
            inner = (slice(top + frame, bottom - frame), slice(left + frame, right - frame))
            size = page[inner].shape
            page[inner] = theme(generator, size[0], size[1])
    return page


THEMES: tuple[Callable[[Draws, int, int], Plane], ...] = (
    contours, engraving, screentone, flat_colour, ridges, plants, city, rosette, tiling, burst,
)  # fmt: skip
