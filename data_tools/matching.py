"""Which pictures are the same: to the pixel, to the eye, or one a part of the other.

Each function takes pictures in the order of their worth and tells which of them go because one
before them, that stays, is the same. Memory grows with the number of pictures, not with its square,
however many of them are copies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from data_tools.prints import MIRROR, SIZE, Print

Array = npt.NDArray[Any]
Copies = dict[int, tuple[int, float]]
"""By the place of each copy: the place of the picture that stays, and how alike they are."""

_AT_ONCE = 128
_STARTS = range(0, 64, 8)
_NARROWEST = 16
_CROWD = 40
"""A pattern that this many pictures share says nothing about any of them."""
_MARK_BITS = 12
_FEWEST = 6
_STRAY = 0.3
_SPANNED = 0.2


def exact_copies(prints: Sequence[Print], threshold: float = 0) -> Copies:
    """Pictures with equal pixels."""
    first: dict[bytes, int] = {}
    found: Copies = {}
    for place, each in enumerate(prints):
        if first.setdefault(each.pixels, place) != place:
            found[place] = (first[each.pixels], 0.0)
    return found


def near_copies(prints: Sequence[Print], bits: float) -> Copies:
    """Pictures that look the same, upright or mirrored; alike is how many bits differ.

    Args:
        prints: The pictures.
        bits: How many of 256 may differ.
    """
    found: Copies = {}
    staying = np.zeros(len(prints), bool)
    looks = np.array([each.looks for each in prints], np.uint64).reshape(len(prints), 4, 4)
    for start in range(0, len(prints), _AT_ONCE):
        # Compared with all that stay so far, and with those of the same batch one by one.
        before = np.flatnonzero(staying[:start])
        stop = min(start + _AT_ONCE, len(prints))
        others = np.concatenate([before, np.arange(start, stop)])
        differing = _differing(looks[start:stop], looks[others, 0])
        for row, place in enumerate(range(start, stop)):
            candidates = np.flatnonzero(staying[others] & (others < place))
            if len(candidates):
                nearest = candidates[differing[row, candidates].argmin()]
                if differing[row, nearest] <= bits:
                    found[place] = (int(others[nearest]), float(differing[row, nearest]))
                    continue
            staying[place] = True
    return found


def _differing(looks: Array, upright: Array) -> Array:
    """The fewest bits in which mirrored looks (n, 4, 4) differ from upright ones (m, 4)."""
    fewest = np.full((len(looks), len(upright)), 256, np.int16)
    for mirror in range(looks.shape[1]):
        bits = np.zeros_like(fewest)
        for word in range(upright.shape[1]):
            bits += np.bitwise_count(looks[:, mirror, word, None] ^ upright[None, :, word])
        fewest = np.minimum(fewest, bits)
    return fewest


def part_copies(prints: Sequence[Print], share: float) -> Copies:
    """Pictures of which a part is in another; alike is the share of the smaller one.

    Tiles of both agree, and so does where they are.

    Args:
        prints: The pictures.
        share: Which part of the smaller picture must lie in the other.
    """
    alike: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for first, second, marks in _agreeing(prints):
        part = _common_part(prints[first], prints[second], marks)
        if part >= share:
            alike[second].append((first, part))
    found: Copies = {}
    for place in sorted(alike):
        staying = [one for one in alike[place] if one[0] not in found]
        if staying:
            found[place] = max(staying, key=lambda one: (one[1], -one[0]))
    return found


KINDS: dict[str, Callable[[Sequence[Print], float], Copies]] = {
    "exact": exact_copies,
    "near": near_copies,
    "tiles": part_copies,
}
"""By the name of the rule, the surest first."""


def _agreeing(prints: Sequence[Print]) -> Iterator[tuple[int, int, Array]]:
    """Two pictures, and the numbers of marks that match, (n, 2); where they are enough."""
    if not any(len(each.marks) for each in prints):
        return
    owners = np.concatenate([np.full(len(each.marks), n) for n, each in enumerate(prints)])
    inside = np.concatenate([np.arange(len(each.marks)) for each in prints])
    pairs = _near_marks(np.concatenate([each.marks for each in prints]), owners)
    firsts, seconds = owners[pairs[:, 0]], owners[pairs[:, 1]]
    order = np.lexsort((seconds, firsts))
    pairs, firsts, seconds = pairs[order], firsts[order], seconds[order]
    edges = np.flatnonzero((np.diff(firsts) != 0) | (np.diff(seconds) != 0)) + 1
    for start, stop in pairwise([0, *edges.tolist(), len(pairs)]):
        if stop - start >= _FEWEST:
            yield int(firsts[start]), int(seconds[start]), inside[pairs[start:stop]]


def _near_marks(marks: Array, owners: Array) -> Array:
    """Pairs of marks of two pictures that differ in few bits, the lower number first.

    Marks that differ in few bits are equal in some run of bits. The more marks there are, the
    longer the runs, so that few are equal by chance.
    """
    width = np.uint64(min(max(_NARROWEST, len(marks).bit_length() + 2), 32))
    found = [np.zeros((0, 2), np.int64)]
    for start in _STARTS:
        turned = (marks >> np.uint64(start)) | (marks << np.uint64((64 - start) % 64))
        runs = turned & ((np.uint64(1) << width) - np.uint64(1))
        order = np.argsort(runs, kind="stable")
        starts = np.concatenate([[0], np.flatnonzero(np.diff(runs[order])) + 1])
        lengths = np.diff(np.append(starts, len(order)))
        for length in np.unique(lengths[(lengths > 1) & (lengths <= _CROWD)]):
            groups = order[starts[lengths == length][:, None] + np.arange(length)]
            rows, columns = np.triu_indices(int(length), 1)
            one, other = groups[:, rows].ravel(), groups[:, columns].ravel()
            few = np.bitwise_count(marks[one] ^ marks[other]) <= _MARK_BITS
            few &= owners[one] != owners[other]
            pair = np.column_stack([one[few], other[few]])
            found.append(np.sort(pair, axis=1))
    return np.unique(np.concatenate(found), axis=0)


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
