"""Randomness without a global generator: every draw has a seed and a path of keys.

``spawn(seed, *keys)`` gives a fresh generator that depends on nothing but its arguments, so a draw
does not change when another draw is added before it, when a worker is added, or after a restart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import torch

Choice = TypeVar("Choice")


def derive(seed: int, *keys: int | str) -> int:
    """A child seed in [0, 2**63), the same on every machine.

    Args:
        seed: Any integer.
        *keys: The path to the child, such as ``("epoch", 3, "index", 17)``. Order and type matter.

    >>> derive(0, "blur") == derive(0, "blur"), derive(0, 1) == derive(0, "1")
    (True, False)
    """
    path = repr((int(seed), *keys)).encode()
    return int.from_bytes(hashlib.blake2b(path, digest_size=8).digest(), "big") >> 1


def spawn(seed: int, *keys: int | str) -> torch.Generator:
    """A CPU generator for one purpose.

    >>> import torch
    >>> first, again = spawn(7, "noise"), spawn(7, "noise")
    >>> bool(torch.equal(torch.rand(3, generator=first), torch.rand(3, generator=again)))
    True
    """
    import torch

    return torch.Generator().manual_seed(derive(seed, *keys))


def uniform(generator: torch.Generator, low: float, high: float) -> float:
    """One draw from [low, high), in double precision.

    >>> 2.0 <= uniform(spawn(0), 2.0, 3.0) < 3.0
    True
    """
    import torch

    unit = float(torch.rand((), generator=generator, dtype=torch.float64))
    return low + (high - low) * unit


def pick(
    generator: torch.Generator, choices: Sequence[Choice], weights: Sequence[float] | None = None
) -> Choice:
    """One of ``choices``, each as likely as its weight; equally likely without weights.

    >>> pick(spawn(0), ["up", "down"], [0.0, 1.0])
    'down'
    """
    shares = weights if weights is not None else [1.0] * len(choices)
    point = uniform(generator, 0.0, float(sum(shares)))
    for choice, share in zip(choices, shares, strict=True):
        point -= share
        if point < 0:
            return choice
    return choices[-1]
