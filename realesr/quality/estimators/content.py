"""Whether a picture is drawn or taken: lines, letters and flat colours, or a photo.

Drawings stand still between their lines, their lines are steep, and what is still keeps to a few
colours. Photos change a little everywhere, and in all colours. So these three traits are weighed.
"""

from __future__ import annotations

import cv2
import numpy as np

from realesr.quality.estimators.noise import noise
from realesr.quality.estimators.planes import LUMA, Estimate, Pixels, Plane, colours

_SHORTEST = 32
# A gray picture has fewer shades than a colourful one has colours.
_COLOURS, _SHADES, _COLOURFUL = 8, 4, 6.0
# Of stillness, steepness and fewness of colours, and what they must come to: logistic regression
# over photographs, scans of prints and pages, and drawings made at random, each clean, noisy, soft,
# compressed and at half the size; the second row over the noisy ones alone.
_CLEAN = (np.array([6.22, 3.26, 7.72]), 17.49)
_NOISY = (np.array([2.84, 3.80, 9.31]), 17.21)
_NOISE = 10.0


def drawing(pixels: Pixels, noise_sigma: float | None = None) -> Estimate:
    """How likely a picture is line art, lettering or flat colours, and no photo.

    Args:
        pixels: HW or HWC, uint8 or uint16.
        noise_sigma: The noise, where it is known already, in levels of 256.

    Returns:
        0 for a photo, or what is painted like one; 1 for a drawing. None below 32 pixels.
    """
    levels = colours(pixels)
    if min(levels.shape[:2]) < _SHORTEST:
        return Estimate(None, "likelihood", 0.0)
    if noise_sigma is None:
        noise_sigma = noise(pixels).value or 0.0
    weights, threshold = _CLEAN if noise_sigma < _NOISE else _NOISY
    value = float(1 / (1 + np.exp(threshold - _traits(levels, noise_sigma) @ weights)))
    return Estimate(value, "likelihood", abs(2 * value - 1))


def _traits(levels: Plane, sigma: float) -> Plane:
    """Stillness, steepness and fewness of colours."""
    if sigma > 2:
        width = 0.8 if sigma < _NOISE else 1.3
        levels = cv2.GaussianBlur(levels, (0, 0), width).reshape(levels.shape)
        sigma /= 2 * np.sqrt(np.pi) * width
    light = levels @ LUMA if levels.shape[2] == 3 else levels[..., 0]
    across = cv2.Scharr(light, cv2.CV_32F, 1, 0, scale=1 / 32)
    down = cv2.Scharr(light, cv2.CV_32F, 0, 1, scale=1 / 32)
    change = cv2.magnitude(across, down)
    still = change < 1 + 0.8 * sigma
    steep = np.log1p(np.quantile(change[::2, ::2], 0.9))
    return np.array([still.mean(), steep, _few(levels[still], 3 + 2 * sigma)])


def _few(values: Plane, unit: float) -> float:
    """The share of pixels that have one of the commonest colours, told apart by a unit."""
    if not len(values):
        return 0.0
    places = np.floor(values / unit).astype(np.int64) @ (128 ** np.arange(values.shape[1]))
    counts = np.sort(np.unique(places, return_counts=True)[1])
    colourful = float(np.ptp(values[::16], axis=1).mean()) > _COLOURFUL
    return float(counts[-(_COLOURS if colourful else _SHADES) :].sum() / len(values))
