"""What only all pictures together show: copies, parts of others, splits.

``reduce`` is a pure function of the records in their order, whoever made them.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from data_tools.album import Album
from data_tools.matching import KINDS, Array
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


@dataclass(frozen=True)
class Verdict:
    """What became of the candidates.

    Attributes:
        splits: The split of each that is kept, by number.
        rejections: Why each other is left out, by number.
    """

    splits: dict[int, str]
    rejections: dict[int, Rejection]


class _Known(NamedTuple):
    """What is said of a candidate once its print is in the album."""

    number: int
    source: str
    stated: str
    split: str


def reduce(candidates: Iterable[Candidate], build: Build) -> Verdict:
    """Find copies, and share the rest among the splits.

    Args:
        candidates: Taken one by one; about 1.5 kB of each are kept in memory.
        build: Thresholds, and the share that is held out.
    """
    with Album() as album:
        known, qualities = list[_Known](), array("d")
        for each in candidates:
            album.add(each.print)
            qualities.append(each.jpeg)
            split = split_of(each, build.validation)
            known.append(_Known(each.number, each.source, each.split, split))
        left, rejections = _without_copies(album, known, qualities, build.select)
    return Verdict({known[each].number: known[each].split for each in left.tolist()}, rejections)


def _without_copies(
    album: Album, known: Sequence[_Known], qualities: array[float], select: Select
) -> tuple[Array, dict[int, Rejection]]:
    """The places of those that stay, and why each other goes."""
    left = _by_worth(album, known, qualities)
    rejections: dict[int, Rejection] = {}
    for rule, find in KINDS.items():
        threshold = getattr(select, rule)
        if threshold is None or threshold is False:
            continue
        copies = find(album, left, float(threshold))
        for place, (original, alike) in copies.items():
            copy = known[left[place]]
            rejections[copy.number] = _said(rule, alike, threshold, copy, known[left[original]])
        left = np.delete(left, list(copies))
    return left, rejections


def _by_worth(album: Album, known: Sequence[_Known], qualities: array[float]) -> Array:
    """Of copies the largest is kept, then the least compressed, then the first.

    One that is held out comes before all: what is trained on must not hold it.
    """
    held_out = np.array([each.stated not in ("", TRAIN) for each in known], bool)
    numbers = np.array([each.number for each in known], np.int64)
    pixels = album.sizes.prod(1)
    return np.lexsort((numbers, -np.frombuffer(qualities, np.float64), -pixels, ~held_out))


def split_of(candidate: Candidate, validation: float) -> str:
    """The split of a picture: its source's, or by chance, from its bytes alone.

    So a picture stays in its split when others come or go.
    """
    if candidate.split:
        return sys.intern(candidate.split)
    drawn = derive(0, "split", candidate.sha256) / 2**63
    return VALIDATION if drawn < validation else TRAIN


_SENTENCES = {
    "exact": "It has the same pixels as {other}.",
    "near": "It looks like {other}: {alike:.0f} of 256 bits differ.",
    "tiles": "It and {other} share {alike:.0%} of the smaller one.",
}


def _said(rule: str, alike: float, threshold: float, copy: _Known, original: _Known) -> Rejection:
    sentence = _SENTENCES[rule].format(other=original.source, alike=alike)
    if original.stated not in ("", TRAIN) and copy.stated != original.stated:
        sentence += f" That one is held out as {original.stated}."
    if rule == "exact":
        return Rejection(rule, None, None, sentence)
    return Rejection(rule, alike, threshold, sentence)
