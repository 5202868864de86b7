"""Whether noise grows with brightness, as that of counted photons does.

The power of Gaussian noise is the same everywhere; that of Poisson noise grows in proportion to the
brightness. So measure it in the smoothest blocks of each of several brightnesses, and fit a
constant and a growing part, neither below zero.

Reference: Foi et al., "Practical Poissonian-Gaussian noise modeling and fitting for single-image
raw-data", IEEE Transactions on Image Processing 17(10), 2008.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from realesr.quality.estimators.noise import COARSE, FINE
from realesr.quality.estimators.planes import Estimate, Pixels, Plane, colours, cosines

_MOST_BLOCKS = 12_000
_GROUPS, _SHARE, _FEWEST = 8, 0.05, 12
_WEAKEST, _SPAN = 1.5, 40.0


def shot_noise(pixels: Pixels) -> Estimate:
    """The share of a picture's noise that grows with brightness.

    Args:
        pixels: HW or HWC, uint8 or uint16.

    Returns:
        0 for Gaussian noise, 1 for Poisson noise. None where there is hardly any noise, or where
        all smooth places are equally bright.
    """
    light = colours(pixels).mean(2)
    if min(light.shape) < 32:
        return Estimate(None, "share", 0.0)
    means, powers = _by_brightness(light)
    if len(means) < 3 or np.ptp(means) < _SPAN or np.median(powers) < _WEAKEST**2 / 3:
        return Estimate(None, "share", 0.0)
    # Each power is known to the same share of itself, so errors count relative to it.
    weight = 1 / np.maximum(powers, powers.mean() / 4)
    columns = np.stack([weight, weight * means / means.mean()], 1)
    constant, growing = _fit(columns, weight * powers)
    share = growing / max(constant + growing, 1e-9)
    error = float(np.sqrt(np.mean((columns @ [constant, growing] - weight * powers) ** 2)))
    span = float(np.ptp(means) / means.mean())
    return Estimate(share, "share", float(np.exp(-2 * error) * min(1.0, span)))


def _fit(columns: Plane, wanted: Plane) -> tuple[float, float]:
    """The least squares of two parts, neither below zero."""
    both = np.linalg.lstsq(columns, wanted, rcond=None)[0]
    if both.min() >= 0:
        return float(both[0]), float(both[1])
    alone = (columns * wanted[:, None]).sum(0) / (columns**2).sum(0)
    errors = ((columns * alone - wanted[:, None]) ** 2).sum(0)
    return (float(alone[0]), 0.0) if errors[0] <= errors[1] else (0.0, float(alone[1]))


def _by_brightness(light: Plane) -> tuple[Plane, Plane]:
    """Mean brightness and noise power of several groups of smooth blocks."""
    windows = np.lib.stride_tricks.sliding_window_view(light, (8, 8))
    step = max(1, int(np.sqrt(windows.shape[0] * windows.shape[1] / _MOST_BLOCKS)))
    rows = windows[::step, ::step].reshape(-1, 64)
    # Pixels at the end of the range have lost their noise.
    rows = rows[(rows.min(1) > 1) & (rows.max(1) < 254)]
    if len(rows) < _GROUPS * _FEWEST:
        return np.empty(0), np.empty(0)
    brightness = rows.mean(1)
    coarse = ((rows @ cosines()[COARSE].T) ** 2).sum(1)
    darkest, brightest = np.quantile(brightness, (0.02, 0.98))
    edges = np.linspace(darkest, brightest, _GROUPS + 1)
    means, powers = [], []
    for low, high in pairwise(edges):
        group = np.flatnonzero((brightness >= low) & (brightness < high))
        count = max(_FEWEST, int(_SHARE * len(group)))
        if len(group) < 2 * count:
            continue
        chosen = group[np.argpartition(coarse[group], count)[:count]]
        fine = (rows[chosen] @ cosines()[FINE].T) ** 2
        means.append(float(brightness[chosen].mean()))
        powers.append(float(np.median(fine.mean(0))))
    return np.array(means), np.array(powers)
