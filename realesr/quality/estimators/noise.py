"""How noisy a picture is: what is left in its smoothest blocks at high frequencies.

White noise is as strong in every cosine pattern, and a photo is not: it is strong in the coarse
ones. So look for the blocks with the least in the coarse patterns, and measure the fine ones there.
Choosing by one and measuring the other keeps the choice from shrinking the figure.

Reference: Ponomarenko et al., "An automatic approach to lossy compression of AVIRIS images",
IGARSS 2007; Colom and Buades, "Analysis and Extension of the Ponomarenko et al. Method", IPOL 2013.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from realesr.quality.estimators.planes import (
    Estimate,
    Pixels,
    Plane,
    colours,
    cosines,
    ended,
    mean_of_channels,
)

_MOST_BLOCKS = 20_000
_SHARE, _FEWEST = 0.004, 60
_ORDER = np.add.outer(np.arange(8), np.arange(8)).ravel()
COARSE, FINE = (_ORDER > 0) & (_ORDER <= 7), _ORDER >= 8
_ROUNDING = 1 / 12


@dataclass(frozen=True)
class Noise(Estimate):
    """The deviation of the noise, in levels of 256: the root mean square of the channels.

    Attributes:
        channels: The deviation in each channel.
        colour: 0 when the channels share their noise (gray noise), 1 when each has its own.
    """

    channels: tuple[float, ...]
    colour: float


def noise(pixels: Pixels) -> Noise:
    """The deviation of white noise in a picture.

    Args:
        pixels: HW or HWC, uint8 or uint16.

    Returns:
        Levels of 256. Below 16x16 pixels the value is None. Fine texture everywhere (sand, grass)
        counts as noise, and noise that was compressed or resized is no longer white: it is
        found too small.
    """
    levels = colours(pixels)
    chosen = _smooth_blocks(levels)
    if chosen is None:
        return Noise(None, "levels", 0.0, (), 0.0)
    fine = (chosen @ cosines()[FINE].T) ** 2
    steps = _ROUNDING if pixels.dtype == np.uint8 else 0.0
    # The median over patterns forgets the few that a leftover edge is strong in.
    power = np.maximum(np.median(fine.mean(1), axis=-1) - steps, 0)
    colour = 0.0
    if len(power) == 3 and power.min() > 0.04:
        mean = chosen.mean(0) @ cosines()[FINE].T
        together = max(float(np.median((mean**2).mean(0))) - steps / 3, 0) / power.mean()
        colour = float(np.clip((1 - together) * 1.5, 0, 1))
    deviation = float(np.sqrt(power.mean()))
    # A photo's own finest texture reaches about one level in its smoothest blocks.
    confidence = deviation / (deviation + 0.7)
    return Noise(deviation, "levels", confidence, tuple(np.sqrt(power).tolist()), colour)


def _smooth_blocks(levels: Plane) -> Plane | None:
    """The blocks with the least in the coarse patterns, (channels, blocks, 64); overlapping."""
    height, width, _ = levels.shape
    if min(height, width) < 16:
        return None
    step = max(1, int(np.sqrt((height - 7) * (width - 7) / _MOST_BLOCKS)))
    rows = _windows(mean_of_channels(levels))[::step, ::step].reshape(-1, 64)
    amounts = rows @ cosines()[COARSE].T
    coarse = np.einsum("ij,ij->i", amounts, amounts)
    # Pixels at the end of the range have lost their noise.
    lost = cv2.boxFilter(ended(levels), -1, (8, 8), anchor=(0, 0))
    lost = lost[: height - 7 : step, : width - 7 : step]
    kept = np.flatnonzero(lost.ravel() < 0.05)
    if len(kept) < _FEWEST:
        kept = np.arange(len(coarse))
    count = min(max(_FEWEST, int(_SHARE * len(kept))), len(kept))
    chosen = kept[np.argpartition(coarse[kept], count - 1)[:count]]
    down, across = np.unravel_index(chosen, lost.shape)
    return np.stack(
        [
            _windows(levels[..., channel])[down * step, across * step].reshape(-1, 64)
            for channel in range(levels.shape[2])
        ]
    )


def _windows(plane: Plane) -> Plane:
    return np.lib.stride_tricks.sliding_window_view(plane, (8, 8))
