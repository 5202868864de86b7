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
from typing import Any

import cv2
import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image

from data_tools.looking import Pixels, brightness

MARKS = 64
"""The most marks of a picture."""
_LONGEST = 640
_TILE = 32
_REACH = 5.0
_MIRRORS = (0, 1, 2, 3)

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
    zoom = max(1.0, max(gray.shape) / _LONGEST)
    if zoom > 1:
        size = (max(1, round(gray.shape[1] / zoom)), max(1, round(gray.shape[0] / zoom)))
        gray = cv2.resize(gray, size, interpolation=cv2.INTER_AREA)
    found = cv2.SIFT.create(3 * MARKS, 3, 0.02, 10).detect(gray)
    # The same place is found once for each direction in it; one is enough.
    spots = {
        (round(spot.pt[0], 1), round(spot.pt[1], 1), round(spot.size, 1)): spot for spot in found
    }
    chosen = sorted(spots.values(), key=lambda spot: (-spot.response, spot.pt))[:MARKS]
    tiles, places = [], []
    for spot in chosen:
        side = _REACH * spot.size
        left, top = spot.pt[0] - side / 2, spot.pt[1] - side / 2
        if left < 0 or top < 0 or left + side > gray.shape[1] or top + side > gray.shape[0]:
            continue
        tiles.append(_tile(gray, left, top, side))
        places.append((spot.pt[0] * zoom, spot.pt[1] * zoom, side * zoom))
    if not tiles:
        return np.zeros(0, np.uint64), np.zeros((0, 4), np.float32)
    marks, mirrors = _patterns(np.stack(tiles))
    return marks, np.column_stack([np.array(places, np.float32), mirrors.astype(np.float32)])


def _tile(gray: Array, left: float, top: float, side: float) -> Array:
    """A square of any size and place as 32 x 32 pixels, averaged where it is larger."""
    step = side / _TILE
    if step > 1.5:
        # Averaged first: sampling a large tile would catch its noise.
        cut = gray[int(top) : int(top + side) + 2, int(left) : int(left + side) + 2]
        shrink = 1 / step
        gray = cv2.resize(cut, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        left, top, step = (left - int(left)) / step, (top - int(top)) / step, 1.0
    at = np.array([[step, 0, left + step / 2 - 0.5], [0, step, top + step / 2 - 0.5]], np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    tile = cv2.warpAffine(gray, at, (_TILE, _TILE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return tile.astype(np.float32)


def _waves() -> Array:
    place = (2 * np.arange(_TILE) + 1) * np.pi / (2 * _TILE)
    return np.cos(np.arange(9)[:, None] * place).astype(np.float32)


def _patterns(tiles: Array) -> tuple[Array, Array]:
    """The signs of the coarse waves of tiles as 64 bits, and how tiles were mirrored for it."""
    waves = _waves()
    amounts = np.einsum("ui,nij,vj->nuv", waves, tiles, waves, optimize=True)
    across, down = amounts[:, 0, 1] < 0, amounts[:, 1, 0] < 0
    odd = np.arange(9) % 2 == 1
    amounts = np.where(across[:, None, None] & odd, -amounts, amounts)
    amounts = np.where(down[:, None, None] & odd[:, None], -amounts, amounts)
    bits = np.concatenate([amounts[:, :8, :8].reshape(len(tiles), 64)[:, 1:], amounts[:, 8:, 0]], 1)
    words = np.packbits(bits > 0, axis=1)
    return words.view(np.uint64).ravel(), across + 2 * down
