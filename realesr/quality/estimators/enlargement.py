"""Whether a picture was enlarged already, and by how much.

An enlarged pixel lies between two original ones, sometimes nearer to one, sometimes midway, and the
pattern repeats with every original pixel: so does the mean step from column to column. Its spectrum
then has a peak at 1 / factor, which no photo has of itself, and blur does not make one either.

Reference: Gallagher, "Detection of linear and cubic interpolation in JPEG compressed images",
CRV 2005; Mahdian and Saic, "Blind authentication using periodic properties of interpolation",
IEEE Transactions on Information Forensics and Security 3(3), 2008.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from realesr.quality.estimators.compression import jpeg_quality
from realesr.quality.estimators.planes import Estimate, Pixels, Plane, luma

_SHORTEST = 64
_LOWEST = 0.12
_PEAK = 4.5
_OVERTONE = 0.3
_LEAST, _CUT_OFF_SMALL = 1.4, 14.5
_CUT_OFF, _CUT_OFF_ALONE, _CUT_OFF_DIPPED = 15.2, 12.0, 10.0
_STEP = 0.00125

Series = npt.NDArray[np.float64]


def enlargement(pixels: Pixels) -> Estimate:
    """The factor by which a picture was enlarged by interpolation.

    Args:
        pixels: HW or HWC, uint8 or uint16.

    Returns:
        1 when no trace of it is found, else about 1.4 to 8; None below 64 pixels. Noise, JPEG or
        sharpening afterwards can hide it, and a little shrinking looks like a little enlarging:
        both count as 1. Factors below 2 are often missed.
    """
    light = luma(pixels)
    if min(light.shape) < _SHORTEST:
        return Estimate(None, "times", 0.0)
    if (repeats := _repeats(light)) > 1.05:
        return Estimate(_tidy(repeats), "times", 1.0)
    frequencies = np.arange(_LOWEST, 0.5 + _STEP / 2, _STEP)
    heights = np.zeros(len(frequencies))
    # Steps do not repeat for every factor, nor do their changes, nor theirs: some order does.
    changes = [light, light]
    for _ in range(3):
        changes = [np.diff(each, axis=axis) for axis, each in enumerate(changes)]
        down, across = (_spectrum(each, axis, frequencies) for axis, each in enumerate(changes))
        peaks = np.minimum(np.sqrt(down * across), 2.5 * np.minimum(down, across))
        heights = np.maximum(heights, peaks / _PEAK)
    best = float(heights.max())
    confidence = 1 - best / 2 if best < 1 else float(1 - np.exp(-best))
    return Estimate(_factor(light, frequencies, heights), "times", confidence)


def _repeats(light: Plane) -> float:
    """How often each pixel is there, when pixels were merely repeated; 1 when they were not."""
    shares = []
    for axis in (0, 1):
        changes = np.abs(np.diff(light, axis=axis)).mean(1 - axis) > 0
        # Flat margins repeat too: only what lies between changes counts.
        places = np.flatnonzero(changes)
        if len(places) < 8:
            return 1.0
        shares.append((places[-1] - places[0]) / (len(places) - 1))
    return float(min(shares)) if max(shares) < 1.1 * min(shares) else 1.0


def _spectrum(changes: Plane, axis: int, frequencies: Series) -> Series:
    """The spectrum of the mean step along an axis, in multiples of what it is around there."""
    steps = np.abs(changes)
    # Strong edges would speak for a few places only.
    steps = np.minimum(steps, np.quantile(steps[::3, ::3], 0.95) + 1e-3)
    profile = np.log(steps.mean(1 - axis, dtype=np.float64) + 0.02)
    profile -= cv2.blur(profile[None], (17, 1))[0]
    found = np.abs(np.fft.rfft(profile * np.hanning(len(profile))))
    places = np.fft.rfftfreq(len(profile))
    # A blurred picture has more of everything slow, so each height is compared with those around.
    around = np.lib.stride_tricks.sliding_window_view(np.pad(found, 15, mode="reflect"), 31)
    heights: Series = np.interp(frequencies, places, found / (np.median(around, 1) + 1e-9))
    return np.minimum(heights, 50.0)


def _factor(light: Plane, frequencies: Series, heights: Series) -> float:
    """The factor that the peaks stand for, 1 without any.

    A peak at f belongs to 1 / f, or is the overtone of a larger factor, or belongs to 1 / (1 - f).
    It is the largest of them that the picture has no detail too fine for.
    """
    found = (heights >= max(1.0, _OVERTONE * heights.max())) & (heights == _highest_near(heights))
    places = frequencies[found]
    # Blocks of JPEG have peaks at the eighths, so those count for the factors 2, 4 and 8 only; in
    # return, no smaller factor can be meant there.
    eighth = np.abs(places * 8 - np.rint(places * 8)) < 0.03
    power = _power(light)
    for place, alone in zip(places, eighth, strict=True):
        drop = _drop(power, 1 / place)
        sure = drop > _CUT_OFF or (drop > _CUT_OFF_DIPPED and _dips(power, place))
        if sure or (alone and drop > _CUT_OFF_ALONE and not _was_jpeg(light)):
            return _tidy(1 / place)
    places = places[~eighth]
    if not len(places):
        return 1.0
    at = np.interp(places, frequencies, heights).argmax()
    factor = 1 / (1 - float(places[at]))
    # Shrinking leaves such peaks too, but fine detail with them.
    enlarged = factor >= _LEAST and _drop(power, factor) > _CUT_OFF_SMALL
    return _tidy(factor) if enlarged else 1.0


def _dips(power: Series, place: float) -> bool:
    """Whether there is less at a frequency than above it: interpolation has its zero there."""
    places = np.linspace(0, 0.5, len(power))
    beyond = power[(places > 1.18 * place) & (places < min(1.35 * place, 0.47))]
    at = power[np.abs(places - place) < 0.012]
    return bool(len(beyond)) and float((beyond.mean() + 0.05) / (at.mean() + 0.05)) > 2.5


def _was_jpeg(light: Plane) -> bool:
    return jpeg_quality(np.clip(np.rint(light), 0, 255).astype(np.uint8)).value is not None


def _highest_near(heights: Series, reach: int = 8) -> Series:
    padded = np.pad(heights, reach)
    near: Series = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(1)
    return near


def _drop(power: Series, factor: float) -> float:
    """How many decibels lie between what an enlarged picture still shows and what it cannot."""
    places = np.linspace(0, 0.5, len(power)) * factor
    shown = power[(places > 0.25) & (places < 0.45)].mean()
    beyond = power[(places > 0.65) & (places < 0.95)].mean()
    return float(10 * np.log10((shown + 1e-6) / (beyond + 1e-6)))


def _tidy(factor: float) -> float:
    nearest = round(factor)
    return float(nearest) if abs(factor - nearest) < 0.02 * nearest else float(factor)


def _power(light: Plane, length: int = 64) -> Series:
    """The mean power of rows and columns, by frequency from 0 to 0.5."""
    window = np.hanning(length).astype(np.float32)
    total = np.zeros(length // 2 + 1)
    for plane in (light, light.T):
        width = plane.shape[1] // length * length
        rows = np.ascontiguousarray(plane[::2, :width]).reshape(-1, length)
        rows = (rows - rows.mean(1, keepdims=True)) * window
        total += (np.abs(np.fft.rfft(rows, axis=1)) ** 2).mean(0)
    return total
