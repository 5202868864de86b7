"""Surfaces: wood, stone, cloth, skin, water, grass; each a height, colours for it, and a light.

A surface is a plane of heights that noise or a rule has made. Its slope towards the light makes it
bright or dark, and a ramp of colours that belong together makes it a material.

Reference:
    Perlin, "An image synthesizer", SIGGRAPH 1985 (noise as material, bent by noise). Worley, "A
    cellular texture basis function", SIGGRAPH 1996 (cells). Turing, "The chemical basis of
    morphogenesis", 1952, in the form of Swift and Hohenberg 1977 (spots and stripes). Cabral and
    Leedom, "Imaging vector fields using line integral convolution", SIGGRAPH 1993 (fur).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

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
from data_tools.synthetic.colours import earth, ramp

FINE = 2


@dataclass(frozen=True)
class Surface:
    """What a rule gives: heights, where on the colour ramp each place is, and its shine.

    Args:
        heights: In fine pixels; the light falls on their slope.
        tone: In [0, 1], from the dark end of the ramp to the bright one.
        shine: 0 is cloth, 1 is wet stone.
    """

    heights: Plane
    tone: Plane
    shine: float = 0.0


def texture(generator: Draws, height: int, width: int) -> Pixels:
    """A lit surface, HWC uint8 RGB."""
    rule = SURFACES[int(generator.integers(len(SURFACES)))]
    rows, columns = height * FINE, width * FINE
    surface = rule(generator, rows, columns)
    chosen = earth(generator) if rule in EARTHY and generator.random() < 0.7 else None
    colours = ramp(generator, surface.tone, int(generator.integers(3, 6)), chosen)
    return as_pixels(reduced(lit(generator, surface, colours), height, width))


def lit(generator: Draws, surface: Surface, colours: Plane) -> Plane:
    """Colours under a light from one side: matt (Lambert) and, where it shines, a gloss (Blinn)."""
    across = cv2.Scharr(surface.heights, cv2.CV_32F, 1, 0, scale=1 / 32)
    down = cv2.Scharr(surface.heights, cv2.CV_32F, 0, 1, scale=1 / 32)
    turn = float(generator.uniform(0, 2 * math.pi))
    steep = math.radians(float(generator.uniform(35, 60)))
    east, south, up = (
        math.cos(turn) * math.cos(steep),
        math.sin(turn) * math.cos(steep),
        math.sin(steep),
    )
    length = np.sqrt(across**2 + down**2 + 1)
    matt = np.clip((up - east * across - south * down) / length, 0, None) / np.float32(up)
    picture = colours * (0.3 + 0.7 * matt)[..., None]
    if surface.shine:
        half = math.sqrt(east**2 + south**2 + (up + 1) ** 2)
        facing = np.clip((up + 1 - east * across - south * down) / (length * half), 0, 1)
        picture += np.float32(surface.shine * 0.5) * (facing**40)[..., None]
    return np.asarray(picture)


def bent(
    generator: Draws, row: Plane, column: Plane, reach: float, step: int = 16
) -> tuple[Plane, Plane]:
    """Places pushed around by soft noise, so that straight rules come out as grown ones."""
    size = (row.shape[0], column.shape[1])
    down, across = (hills(generator, *size, slope=4.0, step=step) for _ in range(2))
    return row + reach * down, column + reach * across


def wood(generator: Draws, rows: int, columns: int) -> Surface:
    """Year rings of a trunk, cut along it, with fine fibres."""
    side = max(rows, columns)
    row, column = grid(rows, columns)
    down, across = bent(generator, row, column, 0.03 * side, step=32)
    middle = generator.uniform((-0.4, 0.0), (1.4, 1.0)) * (rows, columns)
    flat = float(generator.uniform(0.1, 0.3))
    rings = np.hypot(down - middle[0], (across - middle[1]) * flat)
    rings = (rings / (side * float(generator.uniform(0.012, 0.04)))).astype(np.float32)
    year = rings - np.floor(rings)
    fibres = cv2.resize(
        generator.standard_normal((rows, max(columns // 48, 2)), dtype=np.float32),
        (columns, rows),
        interpolation=cv2.INTER_CUBIC,
    )
    tone = np.clip(0.8 - 0.5 * year**2.2 + 0.07 * fibres, 0, 1)
    return Surface(0.8 * year + 0.4 * fibres, tone, float(generator.uniform(0, 0.3)))


def marble(generator: Draws, rows: int, columns: int) -> Surface:
    """Veins: the creases of noise bent by noise."""
    side = max(rows, columns)
    noise = cloud(generator, rows, columns, slope=3.0)
    row, column = grid(rows, columns)
    turn = float(generator.uniform(0, math.pi))
    wave = (row * math.sin(turn) + column * math.cos(turn)) * (
        float(generator.uniform(4, 12)) / side
    )
    veins = 1 - np.abs(np.sin(wave + 1.6 * noise))
    grain = cloud(generator, rows, columns, slope=1.8)
    tone = np.clip(0.85 - 0.7 * veins**4 + 0.05 * grain, 0, 1)
    return Surface(0.2 * grain, tone, float(generator.uniform(0.2, 0.6)))


def weave(generator: Draws, rows: int, columns: int) -> Surface:
    """Cloth: threads that go over and under, plain, twill or basket."""
    row, column = grid(rows, columns)
    side = max(rows, columns)
    thread = FINE * float(generator.uniform(3.5, 14))
    down, across = bent(generator, row, column, 0.004 * side)
    down, across = down / np.float32(thread), across / np.float32(thread)
    whole_down, whole_across = np.floor(down), np.floor(across)
    turn = int(generator.integers(3))
    if turn == 0:
        over = (whole_down + whole_across) % 2 < 1
    elif turn == 1:
        over = (whole_down + whole_across) % 4 < 2
    else:
        over = (np.floor(whole_down / 2) + np.floor(whole_across / 2)) % 2 < 1
    part_down, part_across = down - whole_down - 0.5, across - whole_across - 0.5
    round_warp = np.sqrt(np.clip(1 - (1.9 * part_across) ** 2, 0, 1)) * (1 - 0.8 * part_down**2)
    round_weft = np.sqrt(np.clip(1 - (1.9 * part_down) ** 2, 0, 1)) * (1 - 0.8 * part_across**2)
    heights = np.where(over, round_warp, round_weft)
    twist = np.where(over, part_across * 2 + down * 3, part_down * 2 + across * 3)
    heights += 0.08 * np.sin(2 * math.pi * twist).astype(np.float32)
    stripes = generator.random(4096).astype(np.float32)
    strand = np.where(over, whole_across, whole_down + 1999).astype(np.int32) % 4096
    check = stripes[strand // int(generator.choice([1, 4, 8, 16]))]
    tone = np.clip(heights * (0.35 + 0.6 * check), 0, 1)
    return Surface(heights.astype(np.float32) * thread * 0.22, tone.astype(np.float32))


def turing(generator: Draws, rows: int, columns: int) -> Surface:
    """Spots and stripes that grow by themselves, as on a leopard, a zebra or a fish."""
    step = 4
    small = (max(rows // step, 16), max(columns // step, 16))
    across = np.fft.rfftfreq(small[1])[None, :]
    down = np.fft.fftfreq(small[0])[:, None]
    period = float(generator.uniform(6, 14))
    # One waist of frequencies grows; all others fade: (1 - (f / f0)**2)**2.
    fade = ((1 - (down**2 + across**2) * period**2) ** 2).astype(np.float32)
    spots = float(generator.choice([0.0, 0.0, 0.9, -0.9]))
    field: Plane = 0.3 * cloud(generator, *small, slope=0.0)
    for _ in range(50):
        push = 0.4 * field + spots * field**2 - field**3
        changed = np.fft.rfft2(field + np.float32(0.5) * push) / (1 + 0.5 * fade)
        field = np.fft.irfft2(changed, s=small).astype(np.float32)
    field = cv2.resize(field, (columns, rows), interpolation=cv2.INTER_CUBIC)
    field = field / max(float(field.std()), 1e-6)
    soft = float(generator.uniform(0.15, 1.6))
    skin = cloud(generator, rows, columns, slope=1.6)
    edge = soft_step(field, 0, soft)
    tone = np.clip(0.12 + 0.76 * edge + 0.04 * skin, 0, 1)
    return Surface(2.5 * soft_step(field, 0, 2.5) + 0.25 * skin, tone, 0.3)


def _cells(generator: Draws, rows: int, columns: int, count: int) -> tuple[Plane, Plane]:
    """Distance to the nearest border between cells, in fine pixels, and each cell's number."""
    gap = math.sqrt(rows * columns / count)
    down, across = max(2, round(rows / gap)), max(2, round(columns / gap))
    seeds = np.full((rows, columns), 255, np.uint8)
    places = np.stack(np.meshgrid(np.arange(down), np.arange(across), indexing="ij"), axis=-1)
    jittered = (places + generator.uniform(0.08, 0.92, places.shape)).reshape(-1, 2)
    at = np.clip(jittered * (rows / down, columns / across), 0, (rows - 1, columns - 1)).astype(int)
    seeds[at[:, 0], at[:, 1]] = 0
    _, labels = cv2.distanceTransformWithLabels(
        seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    border = (cv2.dilate(labels.astype(np.float32), np.ones((3, 3), np.uint8)) != labels) * 1
    to_border = cv2.distanceTransform((1 - border).astype(np.uint8), cv2.DIST_L2, 5)
    return to_border, labels.astype(np.int32)


def stones(generator: Draws, rows: int, columns: int) -> Surface:
    """Pebbles, scales or paving, round at their edges."""
    count = int(np.exp(generator.uniform(math.log(30), math.log(700))))
    border, labels = _cells(generator, rows, columns, count)
    size = math.sqrt(rows * columns / count)
    joint, bevel = 0.04 * size, float(generator.uniform(0.06, 0.3)) * size
    rise = np.clip((border - joint) / bevel, 0, 1)
    dome = np.sqrt(np.clip(1 - (1 - rise) ** 2, 0, 1))
    own = generator.random(int(labels.max()) + 1).astype(np.float32)[labels]
    grain = cloud(generator, rows, columns, slope=1.9)
    tone = np.clip((0.2 + 0.7 * own) * (0.25 + 0.75 * dome) + 0.05 * grain, 0, 1)
    heights = dome * bevel * 0.8 + 0.5 * grain
    return Surface(
        heights.astype(np.float32), tone.astype(np.float32), float(generator.choice([0, 0.7]))
    )


def bricks(generator: Draws, rows: int, columns: int) -> Surface:
    """A wall: bricks in rows, each its own shade, mortar between them."""
    row, column = grid(rows, columns)
    down, across = bent(generator, row, column, 0.0012 * max(rows, columns))
    tall = rows / float(generator.uniform(7, 18))
    wide = tall * float(generator.uniform(1.8, 3.2))
    course = np.floor(down / tall)
    shift = float(generator.choice([0.5, 0.33, 0.0]))
    along = across / wide + course * shift
    brick = np.floor(along)
    to_joint = np.minimum(
        tall * (0.5 - np.abs(down / tall - course - 0.5)),
        wide * (0.5 - np.abs(along - brick - 0.5)),
    )
    grain = cloud(generator, rows, columns, slope=1.7)
    joint = 0.05 * tall
    rise = soft_step(to_joint + 0.25 * joint * grain, joint, 0.9 * joint)
    shades = generator.random(8192).astype(np.float32)
    own = shades[((course * 131 + brick * 17).astype(np.int64)) % 8192]
    tone = np.clip(
        rise * (0.25 + 0.4 * own + 0.08 * grain) + (1 - rise) * (0.85 + 0.04 * grain), 0, 1
    )
    return Surface((rise * joint * 1.2 + 0.7 * grain).astype(np.float32), tone.astype(np.float32))


def fur(generator: Draws, rows: int, columns: int) -> Surface:
    """Hair or grass: noise smeared along a field of directions."""
    flow = hills(generator, rows, columns, slope=3.4, step=4)
    angle = flow * float(generator.uniform(0.3, 1.4)) + float(generator.uniform(0, 2 * math.pi))
    step_row, step_column = np.sin(angle), np.cos(angle)
    strands = cloud(generator, rows, columns, slope=0.3)
    row, column = (
        np.ascontiguousarray(np.broadcast_to(p, (rows, columns))) for p in grid(rows, columns)
    )
    # Smearing the smeared doubles its length each time.
    for reach in (1, 2, 4, 8):
        there = cv2.remap(
            strands,
            column - 0.5 + reach * step_column,
            row - 0.5 + reach * step_row,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        strands = 0.5 * (strands + there)
    strands /= max(float(strands.std()), 1e-6)
    patches = unit(cloud(generator, rows, columns, slope=3.0))
    tone = np.clip(0.5 + 0.17 * strands + 0.5 * (patches - 0.5), 0, 1)
    return Surface(0.9 * strands, tone, float(generator.uniform(0, 0.3)))


def ripples(generator: Draws, rows: int, columns: int) -> Surface:
    """Water or sand: waves from many sides that the wind has sorted."""
    row, column = grid(rows, columns)
    side = max(rows, columns)
    main = float(generator.uniform(0, math.pi))
    bend_row, bend_column = bent(
        generator, row, column, float(generator.uniform(0.004, 0.03)) * side
    )
    heights = np.zeros((rows, columns), np.float32)
    for _ in range(12):
        turn = main + float(generator.normal(0, 0.45))
        period = side * float(np.exp(generator.uniform(math.log(0.01), math.log(0.12))))
        start = float(generator.uniform(0, 2 * math.pi))
        along = bend_row * math.sin(turn) + bend_column * math.cos(turn)
        heights += np.float32(period * 0.028) * np.sin(along * (2 * math.pi / period) + start)
    return Surface(heights, unit(heights + 0.1 * cloud(generator, rows, columns)), 1.0)


def crumpled(generator: Draws, rows: int, columns: int) -> Surface:
    """Paper, foil or rock: folds between flat faces."""
    heights = np.zeros((rows, columns), np.float32)
    for octave in range(5):
        field = cloud(generator, rows, columns, slope=3.4, low=1.5 * 2**octave)
        heights += np.abs(field) * np.float32(0.55**octave)
    tone = np.clip(0.6 + 0.12 * cloud(generator, rows, columns, slope=2.6), 0, 1)
    scale = max(rows, columns) * float(generator.uniform(0.004, 0.011))
    return Surface(scale * heights, tone, float(generator.choice([0.0, 0.3, 0.8])))


SURFACES: tuple[Callable[[Draws, int, int], Surface], ...] = (
    wood, marble, weave, turing, stones, bricks, fur, ripples, crumpled,
)  # fmt: skip
EARTHY = (wood, stones, bricks, fur, crumpled)
