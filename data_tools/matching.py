"""Which pictures are the same: to the pixel, to the eye, or one a part of the other.

Each function takes pictures of an album in the order of their worth and tells which of them go
because one before them, that stays, is the same. Memory grows with the number of pictures, not with
its square, however many of them are copies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from data_tools.album import Album
from data_tools.prints import MIRROR, SIZE

Array = npt.NDArray[Any]
Copies = dict[int, tuple[int, float]]
"""By the place of each copy: the place of the picture that stays, and how alike they are."""

_AT_ONCE = 128
_BEFORE = 2048
_MARKS_AT_ONCE = 1 << 16
_STARTS = range(0, 64, 8)
_NARROWEST = 16
_CROWD = 40
"""A pattern that this many pictures share says nothing about any of them."""
_MARK_BITS = 12
_FEWEST = 6
_STRAY = 0.3
_SPANNED = 0.2


def exact_copies(album: Album, members: Array, threshold: float = 0) -> Copies:
    """Pictures with equal pixels.

    Args:
        album: What pictures are known by.
        members: The numbers of those that are compared, worthiest first; (n,) int64.
        threshold: Not asked for.
    """
    _, first, which = np.unique(album.pixels[members], return_index=True, return_inverse=True)
    stays = first[which]
    return {
        int(place): (int(stays[place]), 0.0)
        for place in np.flatnonzero(stays != np.arange(len(members)))
    }


def near_copies(album: Album, members: Array, bits: float) -> Copies:
    """Pictures that look the same, upright or mirrored; alike is how many bits differ.

    Args:
        album: What pictures are known by.
        members: The numbers of those that are compared, worthiest first; (n,) int64.
        bits: How many of 256 may differ.
    """
    found: Copies = {}
    staying = np.zeros(len(members), bool)
    for start in range(0, len(members), _AT_ONCE):
        # Compared with all that stay so far, and with those of the same batch one by one.
        batch = np.arange(start, min(start + _AT_ONCE, len(members)))
        looks = album.looks[members[batch]]
        fewest, nearest = _nearest(album, members, looks, np.flatnonzero(staying[:start]))
        among = _differing(looks, looks[:, 0])
        for row, place in enumerate(batch):
            before = np.flatnonzero(staying[batch[:row]])
            if len(before) and among[row, before].min() < fewest[row]:
                nearest[row] = start + before[among[row, before].argmin()]
                fewest[row] = among[row, before].min()
            if fewest[row] <= bits:
                found[int(place)] = (int(nearest[row]), float(fewest[row]))
            else:
                staying[place] = True
    return found


def _nearest(album: Album, members: Array, looks: Array, places: Array) -> tuple[Array, Array]:
    """In how many bits looks differ from the most alike of those at places, and which that is."""
    fewest, nearest = np.full(len(looks), 257, np.int16), np.zeros(len(looks), np.int64)
    for start in range(0, len(places), _BEFORE):
        some = places[start : start + _BEFORE]
        differing = _differing(looks, album.looks[members[some], 0])
        best = differing.argmin(1)
        least = differing[np.arange(len(looks)), best]
        nearest = np.where(least < fewest, some[best], nearest)
        fewest = np.minimum(fewest, least)
    return fewest, nearest


def _differing(looks: Array, upright: Array) -> Array:
    """The fewest bits in which mirrored looks (n, 4, 4) differ from upright ones (m, 4)."""
    fewest = np.full((len(looks), len(upright)), 256, np.int16)
    for mirror in range(looks.shape[1]):
        bits = np.zeros_like(fewest)
        for word in range(upright.shape[1]):
            bits += np.bitwise_count(looks[:, mirror, word, None] ^ upright[None, :, word])
        fewest = np.minimum(fewest, bits)
    return fewest


def part_copies(album: Album, members: Array, share: float) -> Copies:
    """Pictures of which a part is in another; alike is the share of the smaller one.

    Tiles of both agree, and so does where they are.

    Args:
        album: What pictures are known by.
        members: The numbers of those that are compared, worthiest first; (n,) int64.
        share: Which part of the smaller picture must lie in the other.
    """
    alike: dict[int, list[tuple[int, float]]] = defaultdict(list)
    rank = np.full(len(album), -1, np.int64)
    rank[members] = np.arange(len(members))
    for one, other, marks in _agreeing(album, rank):
        part = _common_part(album, one, other, marks)
        if part >= share:
            first, second = sorted((int(rank[one]), int(rank[other])))
            alike[second].append((first, part))
    found: Copies = {}
    for place in sorted(alike):
        staying = [one for one in alike[place] if one[0] not in found]
        if staying:
            found[place] = max(staying, key=lambda one: (one[1], -one[0]))
    return found


KINDS: dict[str, Callable[[Album, Array, float], Copies]] = {
    "exact": exact_copies,
    "near": near_copies,
    "tiles": part_copies,
}
"""By the name of the rule, the surest first."""


def _agreeing(album: Album, rank: Array) -> Iterator[tuple[int, int, Array]]:
    """Two pictures with a rank, and which of their marks match, (n, 2); where they are enough."""
    ends = album.ends
    pairs = _near_marks(album.marks, ends, rank)
    owners = np.searchsorted(ends, pairs, "right") - 1
    order = np.lexsort((owners[:, 1], owners[:, 0]))
    pairs, owners = pairs[order], owners[order]
    edges = np.flatnonzero((np.diff(owners, axis=0) != 0).any(1)) + 1
    for start, stop in pairwise([0, *edges.tolist(), len(pairs)]):
        if stop - start >= _FEWEST:
            one, other = owners[start]
            yield int(one), int(other), pairs[start:stop] - ends[owners[start]]


def _near_marks(marks: Array, ends: Array, rank: Array) -> Array:
    """Pairs of marks of two pictures that differ in few bits, the lower number first.

    Marks that differ in few bits are equal in some run of bits. The more marks there are, the
    longer the runs, so that few are equal by chance.
    """
    counts = np.diff(ends)
    total = int(counts[rank >= 0].sum())
    width = min(max(_NARROWEST, total.bit_length() + 2), 32)
    found = [np.zeros((0, 2), np.int64)]
    for start in _STARTS:
        for groups in _equal_runs(marks, counts, rank, start, width):
            rows, columns = np.triu_indices(groups.shape[1], 1)
            one, other = groups[:, rows].ravel(), groups[:, columns].ravel()
            few = np.bitwise_count(marks[one] ^ marks[other]) <= _MARK_BITS
            one, other = one[few], other[few]
            apart = np.searchsorted(ends, one, "right") != np.searchsorted(ends, other, "right")
            found.append(np.sort(np.column_stack([one[apart], other[apart]]), axis=1))
    return np.unique(np.concatenate(found), axis=0)


def _equal_runs(
    marks: Array, counts: Array, rank: Array, start: int, width: int
) -> Iterator[Array]:
    """Numbers of marks whose bits from ``start`` are equal, in groups of one size each."""
    # The run above and the number below it in one word, so that sorting needs no room of its own.
    words = np.empty(int(counts[rank >= 0].sum()), np.uint64)
    filled = 0
    asked = np.repeat(rank >= 0, counts)
    for first in range(0, len(marks), _MARKS_AT_ONCE):
        numbers = first + np.flatnonzero(asked[first : first + _MARKS_AT_ONCE])
        some = marks[numbers]
        turned = (some >> np.uint64(start)) | (some << np.uint64((64 - start) % 64))
        runs = turned & np.uint64((1 << width) - 1)
        words[filled : filled + len(numbers)] = runs << np.uint64(32) | numbers.astype(np.uint64)
        filled += len(numbers)
    words.sort()
    firsts, lasts = _groups(words)
    lengths = lasts - firsts + 1
    for length in np.unique(lengths[lengths <= _CROWD]):
        chosen = firsts[lengths == length]
        for first in range(0, len(chosen), _MARKS_AT_ONCE // _CROWD):
            some = chosen[first : first + _MARKS_AT_ONCE // _CROWD]
            groups = words[some[:, None] + np.arange(length)]
            yield (groups & np.uint64(0xFFFFFFFF)).astype(np.int64)


def _groups(words: Array) -> tuple[Array, Array]:
    """The first and the last of the sorted words with equal runs, where they are two or more."""
    # Whether a word's run is that of the word before it; most are alone.
    same = np.zeros(len(words) + 1, bool)
    for first in range(0, len(words), _MARKS_AT_ONCE):
        runs = words[first : first + _MARKS_AT_ONCE + 1] >> np.uint64(32)
        same[first + 1 : first + len(runs)] = runs[1:] == runs[:-1]
    return np.flatnonzero(~same[:-1] & same[1:]), np.flatnonzero(same[:-1] & ~same[1:])


def _common_part(album: Album, one: int, other: int, pairs: Array) -> float:
    """The share of the smaller picture that lies in the other; 0 where too few tiles agree.

    Two tiles that match say how large one picture is in the other, how it is mirrored and where it
    lies. Tiles of the same picture all say the same.

    Args:
        album: What pictures are known by.
        one: The number of a picture.
        other: Of another.
        pairs: Numbers of marks that match, (n, 2).
    """
    ours, theirs = album.places(one)[pairs[:, 0]], album.places(other)[pairs[:, 1]]
    our_size, their_size = album.sizes[one], album.sizes[other]
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
        corners = np.sort(turn * np.stack([np.zeros(2), our_size]) + shift, axis=0)
        low, high = np.maximum(corners[0], 0), np.minimum(corners[1], their_size)
        common = float(np.prod(np.maximum(high - low, 0)))
        # A word on two pages agrees with itself, but spans little of what then would be common.
        spanned = float(np.prod(np.ptp(places, axis=0)) * zoom**2)
        if spanned >= _SPANNED * common:
            smaller = min(np.prod(our_size) * zoom**2, float(np.prod(their_size)))
            best = max(best, common / float(smaller))
    return min(best, 1.0)
