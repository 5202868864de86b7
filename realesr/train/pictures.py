"""Pictures by number: files, several sources as one, some of a source."""

from __future__ import annotations

import bisect
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from realesr.errors import ConfigError
from realesr.images import read_picture

Pixels = npt.NDArray[Any]

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".avif")


class Pictures(Protocol):
    """Pictures by number, in an order that never changes while the data does not."""

    def __len__(self) -> int:
        """How many there are."""

    def name(self, index: int) -> str:
        """What to call this one in a sentence."""

    def read(self, index: int) -> Pixels:
        """The picture: ``(height, width, 3)``, RGB, uint8 or uint16.

        Raises:
            PictureError: E1xx, naming it.
        """

    def identity(self, index: int) -> str:
        """Where it is: equal for the same picture of two sources."""

    def fingerprint(self) -> str:
        """Another text when the data is another; made without decoding a picture."""

    def blocks(self) -> Sequence[int]:
        """Sizes of the runs of pictures that are cheap to read together."""


class PictureFiles:
    """Files, each one picture.

    Args:
        paths: The files, in order.
        folder: What their names are told relative to.

    Raises:
        ConfigError: E404 without files.
    """

    def __init__(self, paths: Iterable[Path | str], folder: Path | None = None) -> None:
        self.paths = tuple(Path(path) for path in paths)
        self.folder = folder
        if not self.paths:
            raise ConfigError(
                "E404",
                f"There are no pictures in {folder}." if folder else "There are no pictures.",
                f"Pictures end in {', '.join(SUFFIXES)}.",
            )

    def __len__(self) -> int:
        """How many files."""
        return len(self.paths)

    def name(self, index: int) -> str:
        """The path inside the folder."""
        path = self.paths[index]
        return path.relative_to(self.folder).as_posix() if self.folder else path.name

    def read(self, index: int) -> Pixels:
        """Read and decode; 16 bits stay 16 bits.

        Raises:
            PictureError: E1xx.
        """
        return as_rgb(read_picture(self.paths[index]).pixels)

    def identity(self, index: int) -> str:
        """The path, without links."""
        return str(self.paths[index].resolve())

    def fingerprint(self) -> str:
        """Of names, sizes on disk, and the last bytes of each file."""
        return digest([self.name(n), *_ending(path)] for n, path in enumerate(self.paths))

    def blocks(self) -> Sequence[int]:
        """One block: any file is as cheap as any other."""
        return (len(self.paths),)


def joined(sources: Sequence[Pictures]) -> Pictures:
    """Several sources as one."""
    return sources[0] if len(sources) == 1 else Joined(sources)


class Joined:
    """Several sources as one."""

    def __init__(self, sources: Sequence[Pictures]) -> None:
        if not sources:
            raise ConfigError("E404", "There are no pictures to learn from.")
        self.sources = tuple(sources)
        self._ends = list(accumulate(len(source) for source in sources))

    def __len__(self) -> int:
        """How many pictures in all."""
        return self._ends[-1]

    def _place(self, index: int) -> tuple[Pictures, int]:
        if not 0 <= index < len(self):
            raise IndexError(f"picture {index} of {len(self)}")
        number = bisect.bisect_right(self._ends, index)
        source = self.sources[number]
        return source, index - self._ends[number] + len(source)

    def name(self, index: int) -> str:
        """What its source calls it."""
        source, inside = self._place(index)
        return source.name(inside)

    def read(self, index: int) -> Pixels:
        """Read it from its source."""
        source, inside = self._place(index)
        return source.read(inside)

    def identity(self, index: int) -> str:
        """Where it is in its source."""
        source, inside = self._place(index)
        return source.identity(inside)

    def fingerprint(self) -> str:
        """Of all fingerprints, in order."""
        return digest(source.fingerprint() for source in self.sources)

    def blocks(self) -> Sequence[int]:
        """All blocks, in order."""
        return [size for source in self.sources for size in source.blocks()]


class Chosen:
    """Some pictures of a source, in an order of their own.

    Args:
        source: The source.
        indices: Their numbers there.
    """

    def __init__(self, source: Pictures, indices: Sequence[int]) -> None:
        self.source, self.indices = source, tuple(indices)

    def __len__(self) -> int:
        """How many were chosen."""
        return len(self.indices)

    def name(self, index: int) -> str:
        """What its source calls it."""
        return self.source.name(self.indices[index])

    def read(self, index: int) -> Pixels:
        """Read it from its source."""
        return self.source.read(self.indices[index])

    def identity(self, index: int) -> str:
        """Where it is in its source."""
        return self.source.identity(self.indices[index])

    def fingerprint(self) -> str:
        """Of the source and the choice."""
        return digest([self.source.fingerprint(), *self.indices])

    def blocks(self) -> Sequence[int]:
        """What is left of the source's blocks; one block in another order than the source's."""
        if any(later < sooner for sooner, later in pairwise(self.indices)):
            return (len(self),)
        ends = list(accumulate(self.source.blocks()))
        left = Counter(bisect.bisect_right(ends, index) for index in self.indices)
        return [left[block] for block in sorted(left)]


def without(pictures: Pictures, others: Pictures) -> list[int]:
    """The numbers of the pictures that are not among the others.

    Raises:
        ConfigError: E404 when none is left.
    """
    taken = {others.identity(index) for index in range(len(others))}
    left = [index for index in range(len(pictures)) if pictures.identity(index) not in taken]
    if not left:
        raise ConfigError(
            "E404",
            "Every picture is held out, so there is none to learn from.",
            "Name fewer in data.held_out, or more in data.pictures.",
        )
    return left


def _ending(path: Path) -> tuple[int, str]:
    """A file's length and a digest of its last bytes, which in a compressed one follow from all."""
    length = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, length - 4096))
        return length, hashlib.sha256(file.read()).hexdigest()[:16]


def digest(parts: Iterable[Any]) -> str:
    """A short name for plain data: the first 32 digits of a SHA-256.

    >>> digest(["a", 1]) == digest(["a", 1]) != digest(["a", 2])
    True
    """
    return hashlib.sha256(json.dumps(list(parts)).encode()).hexdigest()[:32]


def as_rgb(pixels: Pixels) -> Pixels:
    """Three channels: gray three times, alpha left out."""
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    colours = pixels[..., :3] if pixels.shape[-1] >= 3 else pixels[..., :1]
    return np.broadcast_to(colours, (*colours.shape[:2], 3))
