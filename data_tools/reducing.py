"""What only all pictures together show: copies, parts of others, splits.

``reduce`` is a pure function of the records in their order, whoever made them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from data_tools.matching import KINDS
from data_tools.prints import Print
from data_tools.rules import Rejection
from data_tools.settings import Build
from realesr.randomness import derive

TRAIN, VALIDATION = "train", "validation"


@dataclass(frozen=True)
class Candidate:
    """A picture that every rule about one picture let pass.

    Attributes:
        number: Its place among all pictures.
        source: What it is called.
        sha256: Of its bytes.
        split: The split its source puts it in, or nothing.
        jpeg: The quality of its compression; 101 without one.
        print: What it is known by.
    """

    number: int
    source: str
    sha256: str
    split: str
    jpeg: float
    print: Print

    def worth(self) -> tuple[float, ...]:
        """Of copies the largest is kept, then the least compressed, then the first.

        One that is held out comes before all: what is trained on must not hold it.
        """
        held_out = self.split not in ("", TRAIN)
        return (-held_out, -float(self.print.size.prod()), -self.jpeg, self.number)


@dataclass(frozen=True)
class Verdict:
    """What became of the candidates.

    Attributes:
        splits: The split of each that is kept, by number.
        rejections: Why each other is left out, by number.
    """

    splits: dict[int, str]
    rejections: dict[int, Rejection]


def reduce(candidates: Sequence[Candidate], build: Build) -> Verdict:
    """Find copies, and share the rest among the splits."""
    rejections: dict[int, Rejection] = {}
    left = sorted(candidates, key=Candidate.worth)
    for rule, find in KINDS.items():
        threshold = getattr(build.select, rule)
        if threshold is None or threshold is False:
            continue
        copies = find([each.print for each in left], float(threshold))
        for place, (original, alike) in copies.items():
            rejection = _said(rule, alike, threshold, left[place], left[original])
            rejections[left[place].number] = rejection
        left = [each for place, each in enumerate(left) if place not in copies]
    return Verdict({each.number: split_of(each, build.validation) for each in left}, rejections)


def split_of(candidate: Candidate, validation: float) -> str:
    """The split of a picture: its source's, or by chance, from its bytes alone.

    So a picture stays in its split when others come or go.
    """
    if candidate.split:
        return candidate.split
    drawn = derive(0, "split", candidate.sha256) / 2**63
    return VALIDATION if drawn < validation else TRAIN


_SENTENCES = {
    "exact": "It has the same pixels as {other}.",
    "near": "It looks like {other}: {alike:.0f} of 256 bits differ.",
    "tiles": "It and {other} share {alike:.0%} of the smaller one.",
}


def _said(
    rule: str, alike: float, threshold: float, copy: Candidate, original: Candidate
) -> Rejection:
    sentence = _SENTENCES[rule].format(other=original.source, alike=alike)
    if original.split not in ("", TRAIN) and copy.split != original.split:
        sentence += f" That one is held out as {original.split}."
    if rule == "exact":
        return Rejection(rule, None, None, sentence)
    return Rejection(rule, alike, threshold, sentence)
