"""From chances to values: the few ways in which numbers are drawn here.

A chance is a number from [0, 1). Drawing first and mapping afterwards keeps the number of draws the
same whatever the ranges are, so narrowing one range changes no other value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TypeVar

import torch

Option = TypeVar("Option")


def chances(generator: torch.Generator, count: int) -> list[float]:
    """Numbers from [0, 1), drawn together."""
    numbers: list[float] = torch.rand(count, generator=generator, dtype=torch.float64).tolist()
    return numbers


def between(chance: float, span: tuple[float, float]) -> float:
    """The chance as a number of the range, to five decimals, so that a trace can be read.

    >>> between(0.123456789, (0.0, 10.0))
    1.23457
    """
    low, high = span
    return min(max(round(low + (high - low) * chance, 5), low), high)


def around_one(chance: float, side: float, span: tuple[float, float]) -> float:
    """Half of the draws below 1 and half above, when the range holds 1.

    A range that begins at 1 gives exactly 1 in half of the draws.

    >>> around_one(0.5, 0.1, (0.5, 4.0)), around_one(0.5, 0.9, (0.5, 4.0))
    (0.75, 2.5)
    >>> around_one(0.7, 0.1, (1.0, 2.0))
    1.0
    """
    low, high = span
    if not low <= 1 <= high:
        return between(chance, span)
    return between(chance, (low, 1.0) if side < 0.5 else (1.0, high))


def pick(chance: float, options: Sequence[Option], weights: Sequence[float]) -> Option:
    """The option whose share of [0, 1) the chance falls into.

    >>> pick(0.65, ["up", "down", "keep"], [0.2, 0.7, 0.1])
    'down'
    """
    for option, weight in zip(options, weights, strict=True):
        chance -= weight
        if chance < 0:
            return option
    return next(option for option, weight in zip(options, weights, strict=True) if weight > 0)


def one_of(chance: float, options: Sequence[Option]) -> Option:
    """One of the options, each as likely as the others."""
    return options[int(chance * len(options))]


def sums_to_one(what: str, *shares: float) -> Iterator[str]:
    """The complaint about probabilities that do not sum to 1."""
    if abs(math.fsum(shares) - 1) > 1e-6:
        yield f"{what} must sum to 1, got {math.fsum(shares):g}."


def seed_from(chance: float) -> int:
    """The chance as a seed of 32 bits.

    >>> seed_from(0.5)
    2147483648
    """
    return int(chance * 2**32)
