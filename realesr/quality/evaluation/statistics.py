"""How sure a mean is, and whether a difference may be luck: resampling, no bell curves assumed.

Pictures differ far more from each other than models do, so models are compared picture by picture.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from realesr.randomness import derive

Values = npt.NDArray[np.float64]
RESAMPLES = 5000
EXACT = 14


def interval(values: Sequence[float], *, seed: int = 0) -> tuple[float, float]:
    """Where the mean of such pictures lies in 95 of 100 draws: the percentile bootstrap.

    Args:
        values: One figure for each picture.
        seed: Of the draws.

    Returns:
        The lower and the upper end. Of fewer than about ten pictures it is too narrow, because
        what was not seen cannot be drawn; of one it is a point.

    Reference:
        B. Efron and R. Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3.

    >>> interval([1.0, 1.0, 1.0])
    (1.0, 1.0)
    """
    figures = np.asarray(values, np.float64)
    if np.isnan(figures).any():
        return float("nan"), float("nan")
    generator = np.random.default_rng(derive(seed, "bootstrap", len(figures)))
    draws = generator.integers(0, len(figures), (RESAMPLES, len(figures)))
    # Whole order statistics: between two infinite values there is nothing to interpolate.
    low, high = np.quantile(figures[draws].mean(axis=1), (0.025, 0.975), method="nearest")
    return float(low), float(high)


def luck(differences: Sequence[float], *, seed: int = 0) -> float:
    """How often chance alone would set two equals as far apart: the paired sign-flip test.

    If the two were equally good, each picture's difference might as well have the other sign. All
    signs are tried for up to 14 pictures, 20,000 random ones for more.

    Args:
        differences: One for each picture.
        seed: Of the random signs.

    Returns:
        The two-sided probability. With five pictures it cannot fall under 2/32 = 0.0625.

    Reference:
        R. A. Fisher, The Design of Experiments, 1935, section 21.

    >>> luck([1.0, 2.0, 3.0, 4.0])
    0.125
    """
    figures = np.asarray(differences, np.float64)
    if np.isnan(figures).any():
        return float("nan")
    # Equal results have no sign; a difference without bound counts as the largest bounded one.
    finite = np.abs(figures[np.isfinite(figures)])
    figures = np.clip(figures, -finite.max(initial=1.0), finite.max(initial=1.0))
    if len(figures) <= EXACT:
        signs = np.array(list(itertools.product((1.0, -1.0), repeat=len(figures))))
    else:
        generator = np.random.default_rng(derive(seed, "signs", len(figures)))
        signs = generator.choice([1.0, -1.0], (20_000, len(figures)))
        signs[0] = 1.0  # What was seen is one of the ways chance may have it.
    sums = np.abs(signs @ figures)
    return float(np.mean(sums >= sums[0] * (1 - 1e-12) - 1e-15))


def corrected(chances: Sequence[float]) -> list[float]:
    """The same chances for somebody who looked at all of them: Holm's step-down correction.

    Reference:
        S. Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of
        Statistics 6, 1979.

    >>> corrected([0.01, 0.5, 0.02])
    [0.03, 0.5, 0.04]
    """
    order = sorted(range(len(chances)), key=lambda place: chances[place])
    result, least = [0.0] * len(chances), 0.0
    for rank, place in enumerate(order):
        least = max(least, min(1.0, (len(chances) - rank) * chances[place]))
        result[place] = least
    return result
