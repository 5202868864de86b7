"""What a report shows of one picture: a small copy, its colours, its frequencies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from data_tools.synthetic.colours import oklab

Array = npt.NDArray[Any]

THUMBNAIL = 168
LEVELS = 64
PLANE = 48
CHROMA = 0.28
"""Chroma at the border of the colour plane; nearly all that a screen shows lies inside."""
SIDE = 256
RINGS = np.geomspace(2 / SIDE, 0.5, 22)
FREQUENCIES = np.sqrt(RINGS[1:] * RINGS[:-1])
FITTED = (0.02, 0.25)


@dataclass(frozen=True)
class Sight:
    """One picture, measured.

    Attributes:
        thumbnail: A JPEG whose longer side is 168 pixels at most.
        levels: How often each level of red, green, blue and brightness is there; (4, 64), each
            row's sum is 1.
        hues: How often each colour of the OKLab plane is there; (48, 48), the sum is 1.
        power: Mean power in rings of frequency; None where a side is below 256 pixels.
        slope: The exponent of power over frequency, -2 for most photographs; None likewise.
    """

    thumbnail: bytes
    levels: Array
    hues: Array
    power: Array | None
    slope: float | None


def sight(pixels: Array) -> Sight:
    """Measure a picture.

    Args:
        pixels: HW or HWC of 1 to 4 channels, uint8 or uint16; alpha is left out.
    """
    colours = _rgb(pixels)
    height, width = colours.shape[:2]
    zoom = min(1.0, THUMBNAIL / max(height, width))
    size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
    small = cv2.resize(colours, size, interpolation=cv2.INTER_AREA)
    _, packed = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 82])
    power = spectrum(colours)
    slope = slope_of(power) if power is not None else None
    return Sight(packed.tobytes(), _levels(small), _hues(small), power, slope)


def _rgb(pixels: Array) -> Array:
    levels = pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)
    planes = levels[..., None] if levels.ndim == 2 else levels
    kept = planes[..., :3] if planes.shape[2] >= 3 else np.repeat(planes[..., :1], 3, axis=2)
    return np.ascontiguousarray(kept)


def _levels(small: Array) -> Array:
    gray = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    planes = [*np.moveaxis(small, -1, 0), gray]
    counts = [np.bincount(plane.ravel() // (256 // LEVELS), minlength=LEVELS) for plane in planes]
    return np.stack(counts) / gray.size


def _hues(small: Array) -> Array:
    lab = oklab(small.reshape(-1, 3) / 255)
    edges = np.linspace(-CHROMA, CHROMA, PLANE + 1)
    counts, _, _ = np.histogram2d(np.clip(lab[:, 2], -0.279, 0.279), lab[:, 1], [edges, edges])
    return np.asarray(counts / len(lab), np.float32)


def spectrum(colours: Array) -> Array | None:
    """Mean power of brightness in rings of frequency, from the middle of the picture.

    Args:
        colours: HWC uint8 RGB.

    Returns:
        21 values at ``FREQUENCIES``; None when a side is below 256 pixels.
    """
    height, width = colours.shape[:2]
    if min(height, width) < SIDE:
        return None
    top, left = (height - SIDE) // 2, (width - SIDE) // 2
    cut = np.ascontiguousarray(colours[top : top + SIDE, left : left + SIDE])
    gray = cv2.cvtColor(cut, cv2.COLOR_RGB2GRAY).astype(np.float32)
    window = np.outer(np.hanning(SIDE), np.hanning(SIDE)).astype(np.float32)
    # A wave across the whole window says nothing, and leaks into all others.
    waves = np.fft.fft2((gray - gray.mean()) * window)
    ring = _rings()
    power = np.bincount(ring, (np.abs(waves) ** 2).ravel(), len(RINGS) + 1)[1:-1]
    count = np.bincount(ring, minlength=len(RINGS) + 1)[1:-1]
    return np.asarray(power / np.maximum(count, 1))


def _rings() -> Array:
    frequency = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.fftfreq(SIDE)[None, :])
    return np.asarray(np.digitize(frequency, RINGS).ravel())


def slope_of(power: Array) -> float | None:
    """The exponent of power over frequency, between 0.02 and 0.25 cycles a pixel.

    >>> round(slope_of(FREQUENCIES**-2.0), 3)
    -2.0
    """
    inside = (FREQUENCIES > FITTED[0]) & (FREQUENCIES < FITTED[1])
    if float(power[inside].min()) <= 0:
        return None
    return float(np.polyfit(np.log(FREQUENCIES[inside]), np.log(power[inside]), 1)[0])
