"""Steps made of steps: sometimes one, one of several, one after the other.

Each inner step has a generator of its own, so a change inside one changes no draw of the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import torch

from realesr.degradations.chances import chances, pick, sums_to_one
from realesr.degradations.draw import Draw
from realesr.degradations.spans import Checked, Span
from realesr.degradations.steps import (
    Operations,
    RandomBlur,
    RandomJpeg,
    RandomNoise,
    RandomResize,
    Share,
    Step,
)
from realesr.degradations.table import build, complaints, fields_as_dict, name_of
from realesr.errors import ConfigError
from realesr.randomness import spawn


def children(generator: torch.Generator, count: int) -> list[torch.Generator]:
    """Generators of their own for the steps inside a step."""
    seed = int(torch.randint(2**62, (), generator=generator))
    return [spawn(seed, place) for place in range(count)]


def in_turn(steps: tuple[Step, ...], generator: torch.Generator) -> Operations:
    """What all the steps draw, in order."""
    drawn = (
        step.sample(child)
        for step, child in zip(steps, children(generator, len(steps)), strict=True)
    )
    return tuple(operation for operations in drawn for operation in operations)


@dataclass(frozen=True, kw_only=True)
class Sometimes(Checked):
    """All the steps with a probability, else nothing.

    >>> Sometimes(probability=0.0, steps=(RandomJpeg(),)).sample(spawn(0))
    ()
    """

    probability: Share
    steps: tuple[Step, ...]

    def sample(self, generator: torch.Generator) -> Operations:
        """The steps' operations, or none."""
        (chance,) = chances(generator, 1)
        return in_turn(self.steps, generator) if chance < self.probability else ()


@dataclass(frozen=True, kw_only=True)
class OneOf(Checked):
    """One of several steps; equally likely without weights.

    >>> len(OneOf(steps=(RandomJpeg(), RandomBlur())).sample(spawn(0)))
    1
    """

    steps: tuple[Step, ...]
    weights: Annotated[tuple[float, ...], Span(0, 1, help="probabilities")] = ()

    def contradictions(self) -> Iterator[str]:
        """A weight for each step, all of them together 1."""
        if not self.steps:
            yield "steps must not be empty."
        elif self.weights:
            if len(self.weights) != len(self.steps):
                yield f"weights must be {len(self.steps)} numbers, got {len(self.weights)}."
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
    """One step after the other, where a step of steps needs them as one.

    >>> len(Chain(steps=(RandomJpeg(), RandomBlur())).sample(spawn(0)))
    2
    """

    steps: tuple[Step, ...]

    def sample(self, generator: torch.Generator) -> Operations:
        """The operations of all steps, in order."""
        return in_turn(self.steps, generator)


@dataclass(frozen=True, kw_only=True)
class Shuffle(Checked):
    """All the steps in random order; those at the places ``in_order`` keep theirs.

    Reference: BSRGAN (Zhang et al. 2021), section 3.4, "Random shuffle strategy".

    >>> steps = (RandomJpeg(), RandomBlur(), RandomResize())
    >>> orders = {Shuffle(steps=steps).sample(spawn(seed))[0].__class__ for seed in range(30)}
    >>> len(orders) >= 3
    True
    """

    steps: tuple[Step, ...]
    in_order: Annotated[tuple[int, ...], Span(0, 99, help="places that keep their order")] = (0,)

    def contradictions(self) -> Iterator[str]:
        """The places must be there, each once."""
        if not self.steps:
            yield "steps must not be empty."
        elif max(self.in_order) >= len(self.steps) or len(set(self.in_order)) < len(self.in_order):
            yield f"in_order must name some of {len(self.steps)} places, got {self.in_order}."

    def sample(self, generator: torch.Generator) -> Operations:
        """The operations of all steps, in the order that came."""
        lots = chances(generator, len(self.steps))
        places = sorted(range(len(self.steps)), key=lots.__getitem__)
        kept = iter(sorted(self.in_order))
        places = [next(kept) if place in self.in_order else place for place in places]
        own = children(generator, len(self.steps))
        drawn = (self.steps[place].sample(own[place]) for place in places)
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
    "shuffle": Shuffle,
}


def step_to_dict(step: Step) -> dict[str, Any]:
    """A step as plain data, the steps inside it too.

    >>> step_to_dict(Chain(steps=(RandomJpeg(),)))["steps"][0]["step"]
    'random_jpeg'
    """
    fields = fields_as_dict(step)
    if "steps" in fields:
        fields["steps"] = [step_to_dict(inner) for inner in fields["steps"]]
    plain = {
        key: list(value) if isinstance(value, tuple) else value for key, value in fields.items()
    }
    return {"step": name_of(STEPS, step), **plain}


def step_from_dict(data: Any) -> Step:
    """The step that ``step_to_dict`` wrote.

    Raises:
        ConfigError: E404 for unknown names and values out of range, nearest right name included.

    >>> step_from_dict({"step": "random_jpg"})
    Traceback (most recent call last):
    realesr.errors.ConfigError: E404 step "random_jpg" is unknown; did you mean "random_jpeg"?
    """
    if isinstance(data, Mapping) and "steps" in data:
        try:
            data = {**data, "steps": steps_from_list(data["steps"])}
        except ConfigError as error:
            outer = complaints("step", STEPS, {**data, "steps": ()})
            raise ConfigError("E404", " ".join([*outer, error.cause])) from error
    return build("step", STEPS, data)


def steps_from_list(data: Any) -> tuple[Step, ...]:
    """The steps of a list, or all that is wrong with them in one error.

    Raises:
        ConfigError: E404.
    """
    if not isinstance(data, (list, tuple)):
        raise ConfigError("E404", "steps must be a list of steps.")
    made, wrong = [], []
    for each in data:
        try:
            made.append(step_from_dict(each))
        except ConfigError as error:
            wrong.append(error.cause)
    if wrong:
        raise ConfigError("E404", " ".join(wrong))
    return tuple(made)
