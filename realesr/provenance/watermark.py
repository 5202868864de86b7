"""A fragile, invisible mark in the pixels: one faint tile of noise, laid over the whole picture.

Two fixed patterns of 64 x 64 pixels are added to the brightness, about one step of 255 deep. The
first says "realesr", the second lies shifted against it, and how far says which weights were used.
To find them, the picture is cut into tiles of that size and all are averaged: what the picture
shows cancels out, what repeats stays. The average of a cut-out is the same tile, shifted; so the
mark survives cropping. It does not survive being enlarged by odd factors, turned, or strong
compression, and whoever knows of it can take it out: it proves nothing. ``docs/provenance.md`` has
figures.

Reference:
    I. J. Cox et al., Secure Spread Spectrum Watermarking for Multimedia, IEEE Transactions on Image
    Processing 6(12), 1997; C. D. Kuglin and D. C. Hines, The Phase Correlation Image Alignment
    Method, 1975.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[Any]

TILE = 64
LEAST_SIDE = 128
_DEPTH = 1.0  # root mean square, in steps of 255
_LOWEST, _HIGHEST = 0.04, 0.22  # cycles a pixel: what JPEG keeps longest without being seen
_CLIP = 6.0
_AROUND = 9
_SURE = 6.0


@dataclass(frozen=True)
class Mark:
    """A mark that was found.

    Attributes:
        number: 0 to 4095, the first twelve bits of the sha256 of the weights; None where only the
            first pattern could be read.
        strength: How far it stands out of chance, in standard deviations; 6 is the least.

    >>> Mark(0x048, 12.0).digits
    '048'
    """

    number: int | None
    strength: float

    @property
    def digits(self) -> str:
        """The number as the first three digits of a sha256; empty where it is not known."""
        return "" if self.number is None else f"{self.number:03x}"

    def as_dict(self) -> dict[str, object]:
        """Plain values, for ``--json``."""
        return {"weights": self.digits or None, "strength": self.strength}


def number_of(sha256: str | None) -> int:
    """The number that stands for weights; 0 where there are none.

    >>> number_of("048f4ac7365f"), number_of(None)
    (72, 0)
    """
    return int(sha256[:3], 16) if sha256 else 0


def add_watermark(pixels: Pixels, number: int) -> Pixels:
    """Lay the mark over a picture; black, white and transparency stay what they are.

    Args:
        pixels: HW, HWA (2), HWC (3) or HWCA (4); uint8 or uint16.
        number: 0 to 4095.

    Returns:
        The same shape and type; a picture under 128 pixels a side comes back as it is.
    """
    height, width = pixels.shape[:2]
    if min(height, width) < LEAST_SIDE:
        return pixels
    top = int(np.iinfo(pixels.dtype).max)
    first, second = _patterns()
    shifted = np.roll(second, divmod(number, TILE), axis=(0, 1))
    tile = np.rint((first + shifted) * (_DEPTH / np.sqrt(2) * top / 255)).astype(np.int32)
    marked = pixels.copy()
    colours = pixels.ndim == 2 or pixels.shape[2] in (1, 3)
    view = marked[..., None] if pixels.ndim == 2 else marked if colours else marked[..., :-1]
    for row in range(0, height, TILE):
        band = view[row : row + TILE].astype(np.int32)
        laid = np.tile(tile, (1, -(-width // TILE)))[: band.shape[0], :width, None]
        changed = np.clip(band + laid, 0, top)
        kept = ((band == 0) | (band == top)).all(axis=2, keepdims=True)
        view[row : row + TILE] = np.where(kept, band, changed)
    return marked


def find_watermark(pixels: Pixels) -> Mark | None:
    """Look for the mark.

    Args:
        pixels: As for ``add_watermark``.

    Returns:
        None where nothing stands out of chance.
    """
    if min(pixels.shape[:2]) < LEAST_SIDE:
        return None
    seen = _phases(_average_tile(_brightness(pixels)))
    (strength, place), (other, shifted) = (_peak(seen, pattern) for pattern in _patterns())
    if strength < _SURE:
        return None
    down, across = ((b - a) % TILE for a, b in zip(place, shifted, strict=True))
    return Mark(down * TILE + across if other >= _SURE else None, round(strength, 1))


def _brightness(pixels: Pixels) -> npt.NDArray[np.float32]:
    """HW, 0 to 255."""
    colours = pixels[..., None] if pixels.ndim == 2 else pixels
    colours = colours[..., :-1] if colours.shape[2] in (2, 4) else colours
    factor = np.float32(255 / (np.iinfo(pixels.dtype).max * colours.shape[2]))
    summed: npt.NDArray[np.float32] = colours.sum(axis=2, dtype=np.float32)
    return summed * factor


def _average_tile(brightness: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """The mean of all tiles, of what is left when the picture's own shades are taken away."""
    import cv2

    shades = cv2.blur(brightness, (_AROUND, _AROUND), borderType=cv2.BORDER_REPLICATE)
    fine = np.clip(brightness - shades, -_CLIP, _CLIP)
    down, across = (side // TILE * TILE for side in fine.shape)
    tiles = fine[:down, :across].reshape(down // TILE, TILE, across // TILE, TILE)
    mean: npt.NDArray[np.float64] = tiles.mean(axis=(0, 2), dtype=np.float64)
    return mean


def _phases(tile: npt.NDArray[np.float64]) -> npt.NDArray[np.complex128]:
    """The spectrum with every frequency of the band as loud as the others."""
    spectrum = np.fft.fft2(tile)
    size = np.abs(spectrum)
    return np.where(_band() & (size > 0), spectrum / np.maximum(size, 1e-12), 0)


def _peak(
    seen: npt.NDArray[np.complex128], pattern: npt.NDArray[np.float64]
) -> tuple[float, tuple[int, int]]:
    """How well a pattern fits at its best shift, in standard deviations, and that shift."""
    fit = np.fft.ifft2(seen * np.conj(_phases(pattern))).real * TILE * TILE
    down, across = np.unravel_index(int(fit.argmax()), fit.shape)
    return float(fit.max() / np.sqrt(_band().sum())), (int(down), int(across))


@cache
def _band() -> npt.NDArray[np.bool_]:
    frequency = np.fft.fftfreq(TILE)
    radius = np.hypot(frequency[:, None], frequency[None])
    return np.asarray((radius >= _LOWEST) & (radius <= _HIGHEST), np.bool_)


@cache
def _patterns() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Two patterns of mean 0 and root mean square 1, the same on every machine."""
    return _pattern("realesr"), _pattern("weights")


def _pattern(word: str) -> npt.NDArray[np.float64]:
    digests = [hashlib.sha256(f"{word} {count}".encode()).digest() for count in range(TILE * 2)]
    noise = np.frombuffer(b"".join(digests), np.uint8).reshape(TILE, TILE) - 127.5
    pattern = np.fft.ifft2(np.fft.fft2(noise) * _band()).real
    return np.asarray(pattern / np.sqrt((pattern**2).mean()), np.float64)
