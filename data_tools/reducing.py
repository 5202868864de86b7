"""What only all pictures together show: copies, parts of others, splits.

``reduce`` is a pure function of the records in their order, whoever made them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from data_tools.matching import Match, exact_matches, near_matches, tile_matches
from data_tools.prints import Print
from data_tools.rules import Rejection
from data_tools.settings import Build, Select
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
    left = list(candidates)
    partners: dict[int, list[Match]] = defaultdict(list)
    for match in _matches([each.print for each in left], build.select):
        partners[match.first].append(match)
        partners[match.second].append(match)
    kept: set[int] = set()
    for place in sorted(range(len(left)), key=lambda place: left[place].worth()):
        taken = [one for one in partners[place] if _partner(one, place) in kept]
        if not taken:
            kept.add(place)
            continue
        match = min(taken, key=lambda one: (_ORDER.index(one.rule), one.score))
        original = left[_partner(match, place)]
        rejections[left[place].number] = _said(match, left[place], original, build.select)
    chosen = [left[place] for place in sorted(kept)]
    return Verdict({each.number: split_of(each, build.validation) for each in chosen}, rejections)


def split_of(candidate: Candidate, validation: float) -> str:
    """The split of a picture: its source's, or by chance, from its bytes alone.

    So a picture stays in its split when others come or go.
    """
    if candidate.split:
        return candidate.split
    drawn = derive(0, "split", candidate.sha256) / 2**63
    return VALIDATION if drawn < validation else TRAIN


_ORDER = ("exact", "near", "tiles")


def _matches(prints: Sequence[Print], select: Select) -> list[Match]:
    matches: list[Match] = []
    if select.exact:
        matches += exact_matches(prints)
    if select.near is not None:
        matches += near_matches(prints, select.near)
    if select.tiles is not None:
        matches += tile_matches(prints, select.tiles)
    return matches


def _partner(match: Match, place: int) -> int:
    return match.second if match.first == place else match.first


def _said(match: Match, copy: Candidate, original: Candidate, select: Select) -> Rejection:
    words = {
        "exact": "It has the same pixels as {other}.",
        "near": "It looks like {other}: {score:.0f} of 256 bits differ.",
        "tiles": "It and {other} share {score:.0%} of the smaller one.",
    }[match.rule]
    threshold = {"exact": None, "near": select.near, "tiles": select.tiles}[match.rule]
    score = None if match.rule == "exact" else match.score
    sentence = words.format(other=original.source, score=match.score)
    held_out = original.split not in ("", TRAIN) and copy.split != original.split
    if held_out:
        sentence += f" That one is held out as {original.split}."
    return Rejection(match.rule, score, threshold, sentence)
