"""Which pictures are the same: to the pixel, to the eye, or one a part of the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from data_tools.prints import MIRROR, SIZE, Print

Array = npt.NDArray[Any]

_AT_ONCE = 1024
_BANDS = 4
_CROWD = 40
"""A pattern that this many pictures share says nothing about any of them."""
_MARK_BITS = 12
_FEWEST = 6
_STRAY = 0.3
_SPANNED = 0.2


@dataclass(frozen=True)
class Match:
    """Two pictures that are one.

    Attributes:
        first: The number of one.
        second: The number of the other, larger than ``first``.
        rule: ``exact``, ``near`` or ``tiles``.
        score: Bits of 256 that differ (``near``), or the share of the smaller picture that lies in
            the other (``tiles``); 0 for ``exact``.
    """

    first: int
    second: int
    rule: str
    score: float


def exact_matches(prints: Sequence[Print]) -> Iterator[Match]:
    """Pictures with equal pixels, each with the first such."""
    first: dict[bytes, int] = {}
    for number, each in enumerate(prints):
        if first.setdefault(each.pixels, number) != number:
            yield Match(first[each.pixels], number, "exact", 0.0)


def near_matches(prints: Sequence[Print], bits: float) -> Iterator[Match]:
    """Pictures that look the same, upright or mirrored.

    Args:
        prints: The pictures.
        bits: How many of 256 may differ.
    """
    if len(prints) < 2:
        return
    looks = np.stack([each.looks for each in prints])
    upright = looks[:, 0]
    for start in range(0, len(prints), _AT_ONCE):
        part = looks[start : start + _AT_ONCE]
        nearest = np.full((len(part), len(prints)), 256, np.int16)
        for mirror in range(part.shape[1]):
            differing = sum(
                np.bitwise_count(part[:, mirror, word, None] ^ upright[None, :, word])
                .astype(np.int16)
                for word in range(upright.shape[1])
            )  # fmt: skip
            nearest = np.minimum(nearest, np.asarray(differing))
        for row, second in zip(*np.nonzero(nearest <= bits), strict=True):
            if start + int(row) < int(second):
                yield Match(start + int(row), int(second), "near", float(nearest[row, second]))


def tile_matches(prints: Sequence[Print], share: float) -> Iterator[Match]:
    """Pictures of which a part is in another: tiles agree, and so does where they are.

    Args:
        prints: The pictures.
        share: Which part of the smaller picture must lie in the other.
    """
    owners = np.concatenate(
        [np.full(len(each.marks), number) for number, each in enumerate(prints)] or [np.zeros(0)]
    ).astype(np.int64)
    if not len(owners):
        return
    marks = np.concatenate([each.marks for each in prints])
    inside = np.concatenate([np.arange(len(each.marks)) for each in prints])
    pairs = _near_marks(marks, owners)
    firsts, seconds = owners[pairs[:, 0]], owners[pairs[:, 1]]
    order = np.lexsort((seconds, firsts))
    pairs, firsts, seconds = pairs[order], firsts[order], seconds[order]
    edges = np.flatnonzero((np.diff(firsts) != 0) | (np.diff(seconds) != 0)) + 1
    for start, stop in pairwise([0, *edges.tolist(), len(pairs)]):
        if stop - start < _FEWEST:
            continue
        first, second = int(firsts[start]), int(seconds[start])
        found = _common_part(prints[first], prints[second], inside[pairs[start:stop]])
        if found >= share:
            yield Match(first, second, "tiles", found)


def _near_marks(marks: Array, owners: Array) -> Array:
    """Pairs of marks of two pictures that differ in few bits, the lower number first."""
    found = []
    width = 64 // _BANDS
    for band in range(_BANDS):
        parts = (marks >> np.uint64(band * width)) & np.uint64((1 << width) - 1)
        order = np.argsort(parts, kind="stable")
        ranked = parts[order]
        ends = np.flatnonzero(np.diff(ranked)) + 1
        starts = np.concatenate([[0], ends])
        lengths = np.diff(np.concatenate([starts, [len(order)]]))
        for length in np.unique(lengths[(lengths > 1) & (lengths <= _CROWD)]):
            groups = order[starts[lengths == length][:, None] + np.arange(length)]
            rows, columns = np.triu_indices(int(length), 1)
            one, other = groups[:, rows].ravel(), groups[:, columns].ravel()
            few = np.bitwise_count(marks[one] ^ marks[other]) <= _MARK_BITS
            few &= owners[one] != owners[other]
            pair = np.column_stack([one[few], other[few]])
            found.append(np.where((pair[:, :1] < pair[:, 1:]), pair, pair[:, ::-1]))
    everything = np.concatenate(found) if found else np.zeros((0, 2), np.int64)
    return np.unique(everything, axis=0)


def _common_part(one: Print, other: Print, pairs: Array) -> float:
    """The share of the smaller picture that lies in the other; 0 where too few tiles agree.

    Two tiles that match say how large one picture is in the other, how it is mirrored and where it
    lies. Tiles of the same picture all say the same.

    Args:
        one: A picture.
        other: Another.
        pairs: Numbers of marks that match, (n, 2).
    """
    ours, theirs = one.places[pairs[:, 0]], other.places[pairs[:, 1]]
    ways = ours[:, MIRROR].astype(int) ^ theirs[:, MIRROR].astype(int)
    zooms = theirs[:, SIZE] / ours[:, SIZE]
    best = 0.0
    for leader in range(len(pairs)):
        way, zoom = ways[leader], zooms[leader]
        turn = np.array([-zoom if way & 1 else zoom, -zoom if way & 2 else zoom])
        shift = theirs[leader, :SIZE] - turn * ours[leader, :SIZE]
        off = np.abs(theirs[:, :SIZE] - turn * ours[:, :SIZE] - shift).max(1)
        agree = (ways == way) & (off < _STRAY * theirs[:, SIZE])
        agree &= np.abs(np.log2(zooms / zoom)) < _STRAY
        places = np.unique(ours[agree, :SIZE].round(), axis=0)
        if len(places) < _FEWEST:
            continue
        corners = np.sort(turn * np.stack([np.zeros(2), one.size]) + shift, axis=0)
        low, high = np.maximum(corners[0], 0), np.minimum(corners[1], other.size)
        common = float(np.prod(np.maximum(high - low, 0)))
        # A word on two pages agrees with itself, but spans little of what then would be common.
        spanned = float(np.prod(np.ptp(places, axis=0)) * zoom**2)
        if spanned >= _SPANNED * common:
            smaller = min(np.prod(one.size) * zoom**2, float(np.prod(other.size)))
            best = max(best, common / float(smaller))
    return min(best, 1.0)
