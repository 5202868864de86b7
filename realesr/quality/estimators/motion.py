"""Which way a picture was smeared, and how far.

Moving the camera by L pixels multiplies a picture's spectrum by sin(pi f L) / (pi f L) along the
motion, and by nothing across it. So the logarithm of the mean spectrum of small blocks is compared
with that of every motion, after what photographs have of themselves was taken out: a fall with
frequency, steeper in one direction than another.

Reference: Yitzhaky and Kopeika, "Identification of blur parameters from motion blurred images",
Graphical Models and Image Processing 59(5), 1997; the spectra are Welch's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from realesr.quality.estimators.noise import noise
from realesr.quality.estimators.planes import Estimate, Pixels, Plane, luma

_SIDE = 64
_ANGLES = np.arange(0, 180, 5.0)
_LENGTHS = np.array([5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22, 24, 26.0])
_FLOOR = 0.01
_ROUNDING = 1 / 12
_LIKE, _LONGEST = 0.47, 22.0


@dataclass(frozen=True)
class Motion(Estimate):
    """How far a picture was smeared in a straight line, in pixels; 0 when it was not.

    Attributes:
        angle: Of the line, in degrees, 0 to 180: 0 across, 90 down, counted as in ``Blur`` from
            the right towards the bottom.
    """

    angle: float = 0.0


def motion_blur(pixels: Pixels, noise_sigma: float | None = None) -> Motion:
    """The length and direction of a motion blur.

    Args:
        pixels: HW or HWC, uint8 or uint16.
        noise_sigma: The noise, where it is known already, in levels of 256.

    Returns:
        About 5 to 22 pixels, or 0 when there is none; None below 128 pixels.
    """
    light = luma(pixels)
    if min(light.shape) < 2 * _SIDE:
        return Motion(None, "px", 0.0)
    if noise_sigma is None:
        noise_sigma = noise(pixels).value or 0.0
    spectrum = _spectrum(light)
    floor = _ROUNDING + (0.67 * noise_sigma) ** 2
    heights = np.log(np.maximum(spectrum, floor) + floor)[_kept()]
    basis, templates = _models()
    rest = heights - basis @ (basis.T @ heights)
    length = float(np.linalg.norm(rest))
    if length < 1e-6:
        return Motion(0.0, "px", 0.0)
    likeness = templates @ rest / length
    best = int(likeness.argmax())
    like = float(likeness[best])
    angle, far = _ANGLES[best // len(_LENGTHS)], _LENGTHS[best % len(_LENGTHS)]
    # Lines and fabric make one direction poorer, too: that looks like the longest of all motions.
    if like < _LIKE or far > _LONGEST:
        return Motion(0.0, "px", float(np.clip(1 - like / _LIKE / 2, 0.1, 1)))
    return Motion(float(far), "px", float(np.clip(like, 0, 1)), float(angle))


def _spectrum(light: Plane) -> Plane:
    """The mean power of overlapping blocks, by vertical and horizontal frequency."""
    windows = np.lib.stride_tricks.sliding_window_view(light, (_SIDE, _SIDE))
    step = max(_SIDE // 2, int(np.sqrt(light.size / 300)))
    found = windows[::step, ::step].reshape(-1, _SIDE, _SIDE)
    taper = np.hanning(_SIDE).astype(np.float32)
    found = (found - found.mean((1, 2), keepdims=True)) * np.outer(taper, taper)
    power = np.abs(np.fft.rfft2(found)) ** 2
    mean: Plane = power.mean(0) / (taper**2).sum() ** 2
    return mean


@cache
def _frequencies() -> tuple[Plane, Plane]:
    return np.meshgrid(np.fft.fftfreq(_SIDE), np.fft.rfftfreq(_SIDE), indexing="ij")


@cache
def _kept() -> Plane:
    """Where to look: not at the slowest, nor on the axes, where borders and lines are."""
    down, across = _frequencies()
    far = np.hypot(down, across)
    return (far > 0.04) & (far < 0.48)


@cache
def _models() -> tuple[Plane, Plane]:
    """An orthonormal basis of what photographs do by themselves, and every motion beyond it."""
    down, across = (each[_kept()] for each in _frequencies())
    far, angle = np.hypot(down, across), np.arctan2(down, across)
    own = [np.ones_like(far), np.log(far), far**2]
    own += [wave(times * angle) for times in (2, 4) for wave in (np.cos, np.sin)]
    basis = np.linalg.qr(np.stack(own, 1))[0]
    rows = []
    for turn in np.deg2rad(_ANGLES):
        along = across * np.cos(turn) + down * np.sin(turn)
        rows += [np.log(np.sinc(along * length) ** 2 + _FLOOR) for length in _LENGTHS]
    templates = np.stack(rows)
    templates = templates - (templates @ basis) @ basis.T
    return basis, templates / np.linalg.norm(templates, axis=1, keepdims=True)
