"""What a picture is known by: its pixels, its look, and marks at places it would have in any crop.

The look is a perceptual hash, a picture's coarse pattern in 256 bits. A crop has another coarse
pattern, so pictures are also known by tiles: around corners and spots that are found again wherever
the picture was cut, at the size that they have, lies a tile, and its pattern is one of the marks.
Tiles are turned so that their coarsest waves rise, hence mirrored pictures have the same marks.

Reference: Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010, as
imagehash computes it; Lowe, "Distinctive Image Features from Scale-Invariant Keypoints", IJCV 2004,
for places and sizes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image

from data_tools.looking import Pixels, brightness

MARKS = 96
"""The most marks of a picture."""
_LONGEST = 512
_TILE = 32
_REACH = 10.0
_SIGMAS = 1.2 * 2 ** (np.arange(5) / 2)
_LEAST = 2.0
_CLEAR = 3
_MIRRORS = (0, 1, 2, 3)
_WINDOW = np.ones((3, 3), np.uint8)

Array = npt.NDArray[Any]

# The order of marks' columns: place and size in pixels of the picture, and how it was mirrored.
ACROSS, DOWN, SIZE, MIRROR = range(4)


@dataclass(frozen=True)
class Print:
    """What a picture is known by.

    Attributes:
        pixels: SHA-256 of its pixels, shape and depth.
        size: Width and height; (2,) int64.
        looks: The 256-bit hash upright, mirrored, upside down and both; (4, 4) uint64.
        phashes: The 64-bit hash likewise; (4,) uint64.
        dhashes: The 64-bit difference hash likewise; (4,) uint64.
        marks: Patterns of tiles; (n,) uint64.
        places: Where they are, how large and how mirrored; (n, 4) float32.
    """

    pixels: bytes
    size: Array
    looks: Array
    phashes: Array
    dhashes: Array
    marks: Array
    places: Array

    @property
    def phash(self) -> str:
        """The 256-bit hash as the manifest has it, 64 hexadecimal digits."""
        return str(self.looks[0].tobytes().hex())


def print_of(pixels: Pixels) -> Print:
    """The print of a picture.

    Args:
        pixels: HW or HWC, uint8 or uint16.
    """
    digest = hashlib.sha256(repr((pixels.shape, pixels.dtype.str)).encode())
    digest.update(np.ascontiguousarray(pixels).data)
    gray = brightness(pixels)
    looks, phashes, dhashes = _looks(gray)
    marks, places = _marks(gray)
    size = np.array([gray.shape[1], gray.shape[0]], np.int64)
    return Print(digest.digest(), size, looks, phashes, dhashes, marks, places)


def _looks(gray: Array) -> tuple[Array, Array, Array]:
    """The three hashes in four mirrorings; shrunk once, as the hash of a mirrored copy is that."""
    # Large pictures are first averaged: hashes look at 64 pixels a side.
    while min(gray.shape) >= 1024:
        gray = cv2.resize(gray, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    image = Image.fromarray(gray)
    small = np.asarray(image.resize((64, 64), Image.Resampling.LANCZOS))
    smaller = np.asarray(image.resize((32, 32), Image.Resampling.LANCZOS))
    steps = np.asarray(image.resize((9, 8), Image.Resampling.LANCZOS))
    looks, phashes, dhashes = [], [], []
    for mirror in _MIRRORS:
        looks.append(_packed(imagehash.phash(Image.fromarray(mirrored(small, mirror)), 16)))
        phashes.append(_packed(imagehash.phash(Image.fromarray(mirrored(smaller, mirror)), 8)))
        dhashes.append(_packed(imagehash.dhash(Image.fromarray(mirrored(steps, mirror)), 8)))
    return np.stack(looks), np.concatenate(phashes), np.concatenate(dhashes)


def _packed(found: imagehash.ImageHash) -> Array:
    return np.frombuffer(np.packbits(found.hash.ravel()).tobytes(), np.uint64)


def mirrored(pixels: Array, mirror: int) -> Array:
    """Left and right change places with 1, top and bottom with 2, both with 3."""
    turned = pixels[:, ::-1] if mirror & 1 else pixels
    return np.ascontiguousarray(turned[::-1] if mirror & 2 else turned)


def _marks(gray: Array) -> tuple[Array, Array]:
    """Patterns of the tiles around the clearest spots, and where these are."""
    zoom = max(1.0, max(gray.shape) / _LONGEST)
    if zoom > 1:
        size = (max(1, round(gray.shape[1] / zoom)), max(1, round(gray.shape[0] / zoom)))
        gray = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    tiles, spots = [], []
    plane, blurred = gray.astype(np.float32), 0.5
    while min(plane.shape) >= 2 * _TILE:
        smooth = [_blurred(plane, float(sigma), blurred) for sigma in _SIGMAS]
        steps = [np.abs(after - before) for before, after in pairwise(smooth)]
        highest = [cv2.dilate(step, _WINDOW) for step in steps]
        for level in (1, 2):
            found = _spots(steps, highest, level)
            tiles.append(_tiles(smooth[level], found))
            found[:, :SIZE] = (found[:, :SIZE] + 0.5) * zoom
            found[:, SIZE] *= zoom
            spots.append(found)
        # The level of twice the first one's blur, at half the size, has the first one's again.
        plane, zoom, blurred = np.ascontiguousarray(smooth[2][::2, ::2]), 2 * zoom, _SIGMAS[0]
    if not spots or not sum(map(len, spots)):
        return np.zeros(0, np.uint64), np.zeros((0, 4), np.float32)
    every = np.concatenate(spots)
    clearest = np.argsort(-every[:, _CLEAR], kind="stable")[:MARKS]
    marks, mirrors = _patterns(np.concatenate(tiles)[clearest])
    return marks, np.column_stack([every[clearest, :_CLEAR], mirrors]).astype(np.float32)


def _blurred(plane: Array, sigma: float, already: float) -> Array:
    """Blurred so much more that the blur is ``sigma`` in all."""
    more = float(np.sqrt(max(sigma**2 - already**2, 0)))
    return cv2.GaussianBlur(plane, (0, 0), more) if more > 0.01 else plane


def _spots(steps: list[Array], highest: list[Array], level: int) -> Array:
    """Blobs and corners of one size: where two blurs differ more than all around.

    Args:
        steps: How far each blur is from the next.
        highest: The same, the highest of each pixel and its neighbours.
        level: Which of them.

    Returns:
        Place, side of the tile, and clarity; (n, 4) float32, in pixels of this plane.
    """
    before, here, after = steps[level - 1 : level + 2]
    peak = (here > _LEAST) & (here >= highest[level])
    peak &= (here > highest[level - 1]) & (here > highest[level + 1])
    margin = int(_REACH * _SIGMAS[level] / 2) + 2
    peak[:margin] = peak[-margin:] = False
    peak[:, :margin] = peak[:, -margin:] = False
    down, across = np.nonzero(peak)
    value = here[down, across]
    left, right = here[down, across - 1], here[down, across + 1]
    above, below = here[down - 1, across], here[down + 1, across]
    bend_across, bend_down = left + right - 2 * value, above + below - 2 * value
    # A place on a straight edge may slide along it: there one bend is far weaker.
    sure = (np.minimum(-bend_across, -bend_down) > 0.15 * np.maximum(-bend_across, -bend_down)) & (
        np.maximum(bend_across, bend_down) < 0
    )
    shift_across = (left - right)[sure] / (2 * bend_across[sure])
    shift_down = (above - below)[sure] / (2 * bend_down[sure])
    one, other = before[down, across][sure], after[down, across][sure]
    bend = np.minimum(one + other - 2 * value[sure], -1e-6)
    finer = np.clip((one - other) / (2 * bend), -0.5, 0.5)
    side = _REACH * _SIGMAS[level] * (_SIGMAS[1] / _SIGMAS[0]) ** finer
    found = np.column_stack(
        [across[sure] + shift_across, down[sure] + shift_down, side, value[sure]]
    )
    clearest = np.argsort(-found[:, _CLEAR], kind="stable")[:MARKS]
    return found[clearest].astype(np.float32)


def _tiles(plane: Array, spots: Array) -> Array:
    """The squares around spots as 32 x 32 pixels each; (n, 32, 32) float32."""
    if not len(spots):
        return np.zeros((0, _TILE, _TILE), np.float32)
    steps = (np.arange(_TILE, dtype=np.float32) + 0.5) / _TILE - 0.5
    across = spots[:, 0, None] + spots[:, SIZE, None] * steps
    down = spots[:, 1, None] + spots[:, SIZE, None] * steps
    shape = (len(spots), _TILE, _TILE)
    at = (np.broadcast_to(across[:, None], shape), np.broadcast_to(down[:, :, None], shape))
    x, y = (np.ascontiguousarray(one.reshape(-1, _TILE), np.float32) for one in at)
    sampled = cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(sampled).reshape(shape)


def _waves() -> Array:
    place = (2 * np.arange(_TILE) + 1) * np.pi / (2 * _TILE)
    return np.cos(np.arange(9)[:, None] * place).astype(np.float32)


def _patterns(tiles: Array) -> tuple[Array, Array]:
    """The signs of the coarse waves of tiles as 64 bits, and how tiles were mirrored for it."""
    waves = _waves()
    amounts = waves @ tiles @ waves.T
    across, down = amounts[:, 0, 1] < 0, amounts[:, 1, 0] < 0
    odd = np.arange(9) % 2 == 1
    amounts = np.where(across[:, None, None] & odd, -amounts, amounts)
    amounts = np.where(down[:, None, None] & odd[:, None], -amounts, amounts)
    bits = np.concatenate([amounts[:, :8, :8].reshape(len(tiles), 64)[:, 1:], amounts[:, 8:, 0]], 1)
    words = np.packbits(bits > 0, axis=1)
    return words.view(np.uint64).ravel(), across + 2 * down
