"""Steps made of steps: sometimes one, one of several, one after the other.

Each inner step has a generator of its own, so a change inside one changes no draw of the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from realesr.degradations.chances import chances, pick, sums_to_one
from realesr.degradations.spans import Checked
from realesr.degradations.steps import (
    Draw,
    Operations,
    RandomBlur,
    RandomJpeg,
    RandomNoise,
    RandomResize,
    Share,
    Step,
)
from realesr.randomness import spawn


def children(generator: torch.Generator, count: int) -> list[torch.Generator]:
    """Generators of their own for the steps inside a step."""
    seed = int(torch.randint(2**62, (), generator=generator))
    return [spawn(seed, place) for place in range(count)]


@dataclass(frozen=True, kw_only=True)
class Sometimes(Checked):
    """The step with a probability, else nothing.

    >>> Sometimes(probability=0.0, step=RandomJpeg()).sample(spawn(0))
    ()
    """

    probability: Share
    step: Step

    def sample(self, generator: torch.Generator) -> Operations:
        """The step's operations, or none."""
        (chance,), (child,) = chances(generator, 1), children(generator, 1)
        return self.step.sample(child) if chance < self.probability else ()


@dataclass(frozen=True, kw_only=True)
class OneOf(Checked):
    """One of several steps; equally likely without weights.

    >>> len(OneOf(steps=(RandomJpeg(), RandomBlur())).sample(spawn(0)))
    1
    """

    steps: tuple[Step, ...]
    weights: tuple[float, ...] = ()

    def contradictions(self) -> Iterator[str]:
        """A weight for each step, all of them together 1."""
        if not self.steps:
            yield "steps must not be empty."
        elif self.weights:
            if len(self.weights) != len(self.steps) or min(self.weights) < 0:
                yield f"weights must be {len(self.steps)} probabilities, got {self.weights}."
            yield from sums_to_one("weights", *self.weights)

    def sample(self, generator: torch.Generator) -> Operations:
        """The operations of the one that comes."""
        (chance,) = chances(generator, 1)
        places = children(generator, len(self.steps))
        weights = self.weights or [1 / len(self.steps)] * len(self.steps)
        step, child = pick(chance, list(zip(self.steps, places, strict=True)), weights)
        drawn: Operations = step.sample(child)
        return drawn


@dataclass(frozen=True, kw_only=True)
class Chain(Checked):
    """One step after the other.

    >>> len(Chain(steps=(RandomJpeg(), RandomBlur())).sample(spawn(0)))
    2
    """

    steps: tuple[Step, ...]

    def sample(self, generator: torch.Generator) -> Operations:
        """The operations of all steps, in order."""
        places = children(generator, len(self.steps))
        drawn = (step.sample(child) for step, child in zip(self.steps, places, strict=True))
        return tuple(operation for operations in drawn for operation in operations)


STEPS: dict[str, type[Step]] = {
    "random_blur": RandomBlur,
    "random_resize": RandomResize,
    "random_noise": RandomNoise,
    "random_jpeg": RandomJpeg,
    "draw": Draw,
    "sometimes": Sometimes,
    "one_of": OneOf,
    "chain": Chain,
}
