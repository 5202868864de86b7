"""The same picture twice: to the bit, or to the eye.

A perceptual hash keeps which of a picture's coarse patterns are strong, in 256 bits; after
scaling, compression, noise or another brightness few of them change, and between different pictures
about half do.

Reference: Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010, the
DCT hash, as the package imagehash computes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from realesr.errors import ParameterError
from realesr.quality.estimators.planes import Pixels, colours

NEAR = 64
"""Bits of 256 that may differ in copies: 2 % cut off change up to about 60, and of thirty-six
thousand pairs of different pictures the nearest differed in 94."""
_SIDE = 16
_AT_ONCE = 1024


@dataclass(frozen=True)
class Fingerprint:
    """What a picture is known by.

    Attributes:
        sha256: Of its pixels, size and depth: equal for equal pictures, whatever their files.
        phash: 64 hexadecimal digits: near for pictures that look the same.
    """

    sha256: str
    phash: str


@dataclass(frozen=True)
class Match:
    """Two pictures that are one.

    Attributes:
        first: The number of the earlier.
        second: The number of the later, in the other list where there are two.
        exact: Whether all pixels are equal.
        bits: In how many of 256 bits their perceptual hashes differ.
    """

    first: int
    second: int
    exact: bool
    bits: int


def fingerprint(pixels: Pixels) -> Fingerprint:
    """The fingerprint of a picture.

    Args:
        pixels: HW or HWC, uint8 or uint16.

    Raises:
        ParameterError: E001 for what is no picture, or without the package imagehash.
    """
    levels = np.rint(colours(pixels)).astype(np.uint8)
    exact = hashlib.sha256(repr((pixels.shape, pixels.dtype.str)).encode())
    exact.update(np.ascontiguousarray(pixels).data)
    try:
        import imagehash
    except ImportError as error:
        raise ParameterError(
            "E001", "Looking for copies needs imagehash.", "Run `pip install 'realesr[train]'`."
        ) from error
    from PIL import Image

    near = imagehash.phash(Image.fromarray(levels[..., 0] if levels.shape[2] == 1 else levels), 16)
    return Fingerprint(exact.hexdigest(), str(near))


def copies(prints: Sequence[Fingerprint], near: int = NEAR) -> list[Match]:
    """Every picture that was there before, each with the first one like it.

    Args:
        prints: The pictures.
        near: In how many of 256 bits copies may differ.
    """
    found: dict[int, Match] = {}
    for match in _matches(prints, prints, near):
        if match.first < match.second:
            found.setdefault(match.second, match)
    return [found[second] for second in sorted(found)]


def common(
    prints: Sequence[Fingerprint], others: Sequence[Fingerprint], near: int = NEAR
) -> list[Match]:
    """Every one of the others that is among the pictures, each with its nearest."""
    found: dict[int, Match] = {}
    for match in _matches(prints, others, near):
        if match.second not in found or match.bits < found[match.second].bits:
            found[match.second] = match
    return [found[second] for second in sorted(found)]


def _matches(
    prints: Sequence[Fingerprint], others: Sequence[Fingerprint], near: int
) -> Iterator[Match]:
    """All pairs that are near, by the number of the first."""
    if not prints or not others:
        return
    ours, theirs = _words(prints), _words(others)
    for start in range(0, len(ours), _AT_ONCE):
        part = ours[start : start + _AT_ONCE]
        bits = sum(
            np.bitwise_count(part[:, None, word] ^ theirs[None, :, word]).astype(np.int16)
            for word in range(ours.shape[1])
        )
        for row, second in zip(*np.nonzero(np.asarray(bits) <= near), strict=True):
            first = start + int(row)
            exact = prints[first].sha256 == others[second].sha256
            yield Match(first, int(second), exact, int(np.asarray(bits)[row, second]))


def _words(prints: Sequence[Fingerprint]) -> npt.NDArray[np.uint64]:
    digits = bytes.fromhex("".join(each.phash for each in prints))
    return np.frombuffer(digits, np.uint64).reshape(len(prints), -1)
