"""Noise that a seed makes again: the field is drawn per picture, never stored.

Every field is drawn on the CPU and then moved, so that a graphics card sees the same noise.
Reference: Real-ESRGAN (Wang et al. 2021), section 3.1, "Noise".
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from realesr.randomness import spawn

# The gray of a picture, as the reference weighs it (BT.601 to four digits).
GRAY = (0.2989, 0.587, 0.114)
# Slices of the unit interval in the table of Poisson counts.
SLICES = 4096


def gaussian(image: Tensor, gray: bool, seed: int) -> Tensor:
    """Normal deviates of variance 1, the sensor's and amplifier's hiss.

    Args:
        image: (N, 3, H, W); only its size counts. Each picture of the batch has its own field.
        gray: One field for all three channels: (N, 1, H, W) instead of (N, 3, H, W).
        seed: The same seed gives the same field.

    >>> field = gaussian(torch.zeros(2, 3, 4, 4), True, 7)
    >>> field.shape, bool(torch.equal(field[0], field[1]))
    (torch.Size([2, 1, 4, 4]), False)
    """
    fields = like(image[:, :1] if gray else image)
    for n, field in enumerate(fields):
        field.normal_(generator=spawn(seed, n))
    return fields.to(image.device, non_blocking=True)


def like(image: Tensor) -> Tensor:
    """Room on the CPU for numbers of the picture's size; page-locked if they go to a GPU.

    From there they travel while the CPU draws the next ones.
    """
    return torch.empty(image.shape, pin_memory=image.is_cuda)


def poisson(image: Tensor, gray: bool, seed: int, levels: int | None) -> Tensor:
    """Shot noise: light arrives in whole photons, so bright pixels waver more than dark ones.

    With x the picture rounded to 8 bit, the noise is Poisson(x · levels) / levels - x.

    Args:
        image: (N, 3, H, W), float32.
        gray: Noise of the gray picture for all channels: (N, 1, H, W) instead of (N, 3, H, W).
        seed: The same seed gives the same noise for the same picture.
        levels: Photons at full brightness. None counts the different values of each picture and
            takes the next power of two, as the reference does; a flat picture then gets very
            strong noise for no physical reason.

    >>> black = torch.zeros(1, 3, 2, 2)
    >>> poisson(black, False, 0, 256).abs().max().item()
    0.0
    """
    values = (gray_of(image) if gray else image).clamp(0, 1).mul_(255).round_()
    drawn = like(values)
    for n, chances in enumerate(drawn):
        chances.uniform_(generator=spawn(seed, n))
    field = drawn.to(image.device, non_blocking=True)
    for chances, picture in zip(field, values, strict=True):
        photons = levels if levels is not None else count_levels(picture.to(torch.int64))
        counts = poisson_counts(picture, chances, photons)
        torch.sub(counts.div_(photons), picture.div_(255), out=chances)
    return field


def gray_of(image: Tensor) -> Tensor:
    """The gray picture, (N, 1, H, W).

    >>> round(gray_of(torch.ones(1, 3, 1, 1)).item(), 4)
    0.9999
    """
    red, green, blue = (image[:, channel : channel + 1] for channel in range(3))
    return (red * GRAY[0]).add_(green * GRAY[1]).add_(blue * GRAY[2])


def count_levels(values: Tensor) -> int:
    """How many different values a picture has, rounded up to a power of two.

    >>> count_levels(torch.tensor([0, 0, 3, 7])), count_levels(torch.tensor([5, 5]))
    (4, 1)
    """
    seen = torch.zeros(256, dtype=torch.bool, device=values.device)
    seen[values.flatten()] = True
    return int(2 ** math.ceil(math.log2(int(seen.sum()))))


def poisson_counts(values: Tensor, chance: Tensor, levels: int) -> Tensor:
    """Poisson counts of mean ``values / 255 * levels`` by turning chances into counts.

    The count is the smallest c with P(count ≤ c) > chance. One chance makes one count, so a pixel
    that changes by one level changes its own noise a little and nobody else's. With 256 possible
    means nearly all counts stand in a table; only slices that hold two counts are searched.

    With 4 photons at full brightness, the value 51 (a fifth) has mean 0.8, and P(count ≤ c) is
    0.449, 0.809, 0.953, ... for c = 0, 1, 2. So the chance 0.3 makes 0 photons, 0.5 makes 1 and
    0.9 makes 2:

    >>> fifth = torch.tensor([51.0, 51.0, 51.0])
    >>> poisson_counts(fifth, torch.tensor([0.3, 0.5, 0.9]), 4).tolist()
    [0.0, 1.0, 2.0]

    How: the unit interval is cut into ``SLICES``; the table knows the count of nearly every slice.
    Where a step such as 0.449 lies inside a slice, the count is searched on the ladder: the
    steps of value v stand there shifted by v, such as 51.449, 51.809, 51.953, and then 52.442. They
    rise all the way, so one search serves all values.

    Args:
        values: float32, whole numbers from 0 to 255, any shape.
        chance: float32 in [0, 1), the same shape.
        levels: The mean where the value is 255.

    >>> poisson_counts(torch.tensor([0.0, 255.0, 255.0]), torch.tensor([0.9, 0.5, 0.0]), 4).tolist()
    [0.0, 4.0, 0.0]
    """
    tables = poisson_tables(levels, values.device)
    if values.device.type != "cpu":
        # Searching them all is quick there; looking for the few would make the CPU wait.
        return search(tables, values, chance)
    slices = (chance * SLICES).floor_().add_(values, alpha=SLICES).to(torch.int32)
    counts = tables.counts.index_select(0, slices.flatten())
    open_ = (counts < 0).nonzero().squeeze(1)
    found = search(tables, values.flatten()[open_], chance.flatten()[open_])
    counts[open_] = found.to(counts.dtype)
    return counts.to(torch.float32).view(values.shape)


def search(tables: PoissonTables, values: Tensor, chance: Tensor) -> Tensor:
    """The counts of ``poisson_counts`` by the ladder alone, float32."""
    places = torch.searchsorted(tables.ladder, values.double() + chance, right=True)
    return (places - values.to(torch.int64) * tables.length).to(torch.float32)


class PoissonTables(NamedTuple):
    """What ``poisson_counts`` looks up.

    Attributes:
        counts: (256 · SLICES), int16: the count of a value and a slice of chance, or -1 where the
            slice holds more than one.
        ladder: (256 · length): value + P(count ≤ c), which rises all the way.
        length: How many counts each value has on the ladder.
    """

    counts: Tensor
    ladder: Tensor
    length: int


@lru_cache(maxsize=16)
def poisson_tables(levels: int, device: torch.device) -> PoissonTables:
    """The tables for one number of levels: P(c) = mᶜ e⁻ᵐ / c! for the 256 means m."""
    length = int(levels + 12 * math.sqrt(levels)) + 20
    mean = torch.arange(256, dtype=torch.float64)[:, None] / 255 * levels
    count = torch.arange(length, dtype=torch.float64)
    chance = torch.exp(torch.xlogy(count, mean) - mean - torch.lgamma(count + 1)).cumsum(1)
    chance[:, -1] = 1
    value = torch.arange(256, dtype=torch.float64)[:, None]
    ladder = (value + chance.clamp_(max=1)).flatten()
    edges = value + torch.arange(SLICES, dtype=torch.float64) / SLICES
    # The last chance of a slice, as float32 can draw it.
    ends = edges + 1 / SLICES - 2**-24
    first, last = (torch.searchsorted(ladder, side, right=True) for side in (edges, ends))
    counts = torch.where(first == last, first - value.to(torch.int64) * length, -1)
    return PoissonTables(counts.to(torch.int16).flatten().to(device), ladder.to(device), length)
