"""What an evaluation found: a row for each picture, means with their doubt, paired comparisons."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from realesr.errors import RealesrError
from realesr.models.catalogue import ModelSpec
from realesr.quality.evaluation.measures import MEASURES, Measure
from realesr.quality.evaluation.statistics import corrected, interval, luck


@dataclass(frozen=True)
class Subject:
    """A model that was measured.

    Attributes:
        name: As it stands in the tables.
        spec: What is known of it.
        parameters: Numbers that were learned; 0 for a plain filter.
        milliseconds: Median of a whole call on 256x256 pixels with default settings; None where
            it was not measured.
    """

    name: str
    spec: ModelSpec
    parameters: int
    milliseconds: float | None = None


@dataclass(frozen=True)
class Row:
    """One model on one picture.

    Attributes:
        dataset: Which data set the picture is of.
        recipe: What it was degraded by.
        picture: Its name.
        seed: Of its degradation: replaying the recipe with it gives the same input.
        width: Of the truth, in pixels, as it was compared.
        height: The same.
        model: Which model.
        seconds: The model's time for it, array to array.
        scores: Figures by the measure's name.
    """

    dataset: str
    recipe: str
    picture: str
    seed: int
    width: int
    height: int
    model: str
    seconds: float
    scores: dict[str, float]


@dataclass(frozen=True)
class Mean:
    """The mean over a group's pictures and its 95 % bootstrap interval."""

    value: float
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Comparison:
    """Two models on the same pictures.

    Attributes:
        first: A model.
        second: The model it is compared with.
        measure: The figure's name.
        difference: The mean of first minus second.
        low: Lower end of its 95 % bootstrap interval.
        high: Upper end.
        chance: Probability that luck alone sets two equals so far apart (sign-flip test).
        wins: Pictures on which the first is better.
        count: Pictures in all.
    """

    first: str
    second: str
    measure: str
    difference: float
    low: float
    high: float
    chance: float
    wins: int
    count: int


@dataclass(frozen=True, eq=False)
class Worst:
    """The place where a model failed most: a square of the truth and what was made of it."""

    dataset: str
    recipe: str
    picture: str
    model: str
    left: int
    top: int
    psnr: float
    low: np.ndarray
    result: np.ndarray
    truth: np.ndarray


@dataclass(frozen=True)
class Refused:
    """A model or picture that was left out, and why."""

    what: str
    error: RealesrError


@dataclass
class Evaluation:
    """Everything that was found; tables and pictures are made of it.

    Attributes:
        subjects: The models, in the order they were named.
        measures: What was measured.
        seed: Of the whole: every picture's own follows from it and its name.
        precision: Number type that results were computed in.
        rows: One for each model and picture.
        protocols: How each figure was made, by the measure's name.
        refused: Models and pictures left out.
        worst: The places where models failed most, worst first for each model.
        stopped: A sentence, where it ended early.
    """

    subjects: list[Subject]
    measures: tuple[Measure, ...]
    seed: int = 0
    precision: str = "fp32"
    rows: list[Row] = field(default_factory=list)
    protocols: dict[str, str] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    worst: list[Worst] = field(default_factory=list)
    stopped: str = ""

    @property
    def groups(self) -> list[tuple[str, str]]:
        """Each (data set, recipe), in order."""
        return list(dict.fromkeys((row.dataset, row.recipe) for row in self.rows))

    @cached_property
    def _table(self) -> dict[tuple[str, str, str], dict[str, Row]]:
        table: dict[tuple[str, str, str], dict[str, Row]] = {}
        for row in self.rows:
            table.setdefault((row.dataset, row.recipe, row.model), {})[row.picture] = row
        return table

    def figures(self, model: str, group: tuple[str, str], measure: str) -> dict[str, float]:
        """A model's figures by picture; without the pictures too small for the measure."""
        rows = self._table.get((*group, model), {})
        return {name: row.scores[measure] for name, row in rows.items() if measure in row.scores}

    def mean(self, model: str, group: tuple[str, str], measure: str) -> Mean | None:
        """The mean over the pictures of a group; None where nothing was measured."""
        found = list(self.figures(model, group, measure).values())
        if not found:
            return None
        return Mean(float(np.mean(found)), *interval(found, seed=self.seed), len(found))

    def compare(
        self, first: str, second: str, group: tuple[str, str], measure: str
    ) -> Comparison | None:
        """Two models on the pictures both were measured on; None where there is none."""
        one, other = (self.figures(each, group, measure) for each in (first, second))
        pairs = [(one[name], other[name]) for name in one if name in other]
        if not pairs:
            return None
        differences = [0.0 if a == b else a - b for a, b in pairs]
        sign = 1 if MEASURES[measure].best == "high" else -1
        return Comparison(
            first, second, measure, float(np.mean(differences)),
            *interval(differences, seed=self.seed), luck(differences, seed=self.seed),
            sum(sign * each > 0 for each in differences), len(differences),
        )  # fmt: skip

    def comparisons(
        self, group: tuple[str, str], measure: str, against: str
    ) -> list[tuple[Comparison, float]]:
        """Every other model beside one, each with its chance corrected for the number of looks."""
        others = [each.name for each in self.subjects if each.name != against]
        made = [self.compare(name, against, group, measure) for name in others]
        found = [each for each in made if each is not None]
        return list(zip(found, corrected([each.chance for each in found]), strict=True))

    def best(self, group: tuple[str, str], measure: Measure) -> str | None:
        """The model with the best mean."""
        means = {each.name: self.mean(each.name, group, measure.name) for each in self.subjects}
        sign = 1 if measure.best == "high" else -1
        there = {name: sign * mean.value for name, mean in means.items() if mean is not None}
        return max(there, key=lambda name: there[name]) if there else None
