"""Lesson 9: fine-tuning and publishing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from course.exercises import MistakeError, ask, exercise
from realesr.hub.licences import Part, examine
from realesr.randomness import derive

Row = Sequence[float]


def _ignores_budget(shares: Row, mine: Row, others: Row, budget: float) -> float:
    return shares[int(np.argmax(mine))]


def _keeps_others(shares: Row, mine: Row, others: Row, budget: float) -> float:
    return shares[int(np.argmax(others))]


def _place(shares: Row, mine: Row, others: Row, budget: float) -> float:
    allowed = [n for n in range(len(shares)) if others[0] - others[n] <= budget]
    return max(allowed, key=lambda n: mine[n])


def _largest(shares: Row, mine: Row, others: Row, budget: float) -> float:
    return max(
        share for share, other in zip(shares, others, strict=True) if others[0] - other <= budget
    )


@exercise(
    "09.1",
    wrong=[
        ("over the budget", _ignores_budget),
        ("not the best on mine", _keeps_others),
        ("its place in the list", _place),
        ("not the best on mine", _largest),
    ],
)
def choose(answer: Any) -> None:
    """A mix within a budget."""
    shares = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    cases = [
        ([20.0, 21.5, 23.0, 24.0, 23.8, 23.5], [26.0, 26.2, 25.9, 25.6, 25.4, 24.0], 0.7),
        ([20.0, 22.0, 23.0, 23.5, 24.0, 24.5], [26.0, 25.9, 25.7, 25.0, 24.0, 22.0], 0.5),
        ([20.0, 21.0, 22.0, 23.0, 24.0, 25.0], [26.0, 25.0, 24.0, 23.0, 22.0, 21.0], 0.1),
    ]
    for mine, others, budget in cases:
        right = _right(shares, mine, others, budget)
        found = float(ask(answer, list(shares), list(mine), list(others), budget))
        if found == right:
            continue
        if found not in shares:
            raise MistakeError(f"You say {found:g}: is it its place in the list, not the share?")
        place = shares.index(found)
        if others[0] - others[place] > budget:
            raise MistakeError(
                f"Share {found:g} loses {others[0] - others[place]:.1f} dB on the others, over the "
                f"budget of {budget} dB."
            )
        raise MistakeError(
            f"Share {found:g} keeps the budget but is not the best on mine: {right:g} is."
        )


def _right(shares: Row, mine: Row, others: Row, budget: float) -> float:
    return shares[int(_place(shares, mine, others, budget))]


def _of_values(values: Any, seed: int) -> Any:
    return np.percentile(values, [2.5, 97.5])


def _without_putting_back(values: Any, seed: int) -> Any:
    chance = np.random.default_rng(seed)
    means = [chance.permutation(values).mean() for _ in range(1000)]
    return np.percentile(means, [2.5, 97.5])


def _half(values: Any, seed: int) -> Any:
    draws = np.random.default_rng(seed).choice(values, (1000, len(values))).mean(1)
    return np.percentile(draws, [25, 75])


@exercise(
    "09.2",
    wrong=[
        ("single values", _of_values),
        ("putting back", _without_putting_back),
        ("too narrow", _half),
        ("two numbers", lambda values, seed: float(np.mean(values))),
    ],
)
def interval(answer: Any) -> None:
    """The bootstrap's interval of a mean."""
    inside, cases = 0, 60
    for number in range(cases):
        chance = np.random.default_rng(derive(number, "interval"))
        values = chance.normal(1.0, 0.5, 24)
        found = np.ravel(ask(answer, values, number))
        if len(found) != 2:
            raise MistakeError("Give two numbers back: the lower and the upper end.")
        low, high = sorted(float(value) for value in found)
        if high - low < 1e-9:
            raise MistakeError(
                "All your draws have the same mean: draw with putting back, so that some values "
                "come twice and some not at all."
            )
        inside += low <= 1.0 <= high
        doubt = 4 * values.std() / len(values) ** 0.5
        if high - low > 2 * doubt:
            raise MistakeError(
                "Far too wide: that is where single values lie. The mean of many is surer."
            )
        if high - low < 0.6 * doubt:
            raise MistakeError("It is too narrow: 95 % lie between the percentiles 2.5 and 97.5.")
    if not 0.82 * cases <= inside:
        raise MistakeError(f"The true mean lies in only {inside} of {cases} of your intervals.")


GOOD = {
    "summary": "Enlarges scans of printed maps four times.",
    "purpose": "Maps scanned at 150 to 300 dpi.",
    "not_for": "Navigation and courts, where a made-up line does harm.",
    "licence": "CC-BY-SA-4.0",
}
_PROMISE = re.compile(r"\b(best|perfect|any|every|always|never|lossless|100 ?%)\b", re.IGNORECASE)


@exercise(
    "09.3",
    wrong=[
        ("share", {**GOOD, "licence": "MIT"}),
        ("nobody can keep", {**GOOD, "summary": "The best model for any map."}),
        ("would do harm", {**GOOD, "not_for": "Nothing."}),
        ("missing: not_for", {key: text for key, text in GOOD.items() if key != "not_for"}),
        ("a dictionary", "Enlarges maps."),
    ],
)
def card(answer: Any) -> None:
    """The words only a person can write."""
    if not isinstance(answer, dict):
        raise MistakeError('Give a dictionary, such as {"summary": "...", ...}.')
    if missing := [key for key in GOOD if not str(answer.get(key) or "").strip(" .")]:
        raise MistakeError(f"What is missing: {', '.join(missing)}.")
    for key in ("summary", "purpose"):
        if promise := _PROMISE.search(str(answer[key])):
            raise MistakeError(f'"{promise[0]}" in {key} is a promise that nobody can keep.')
    if len(str(answer["not_for"]).split()) < 4:
        raise MistakeError(
            "not_for is too short: name a use where a made-up line or name would do harm."
        )
    doubts = list(examine(str(answer["licence"]), [Part("maps", "pictures", "CC-BY-SA-4.0")]))
    if doubts:
        raise MistakeError(
            f"The licence does not fit: {doubts[0].sentence} CC-BY-SA wants what is made from it "
            "to be shared alike."
        )
