"""Where pictures come from: folders, parquet files, data sets of the Hub, scikit-image's samples.

``open_source`` turns one line of a configuration into ``Pictures``, which are read by number::

    pictures = open_source("photos")            # a folder and those inside it
    pictures = open_source("photos.parquet")    # or a folder of such files
    pictures = open_source("hf://user/name")    # a data set of the Hub, read piece by piece
    pictures = open_source("samples:coffee")    # comes with scikit-image, needs no network
"""

from __future__ import annotations

import bisect
import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from realesr.errors import ConfigError
from realesr.images import read_picture

Pixels = npt.NDArray[Any]

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".avif")
SAMPLES = (
    "astronaut.png", "brick.png", "camera.png", "chelsea.png", "coffee.png", "coins.png",
    "grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png", "moon.png",
    "motorcycle_left.png", "motorcycle_right.png", "retina.jpg", "rocket.jpg",
)  # fmt: skip
"""The photographs that lie in scikit-image's package itself; its others would be downloaded."""


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

    def fingerprint(self) -> str:
        """Another text when the data is another: made of names and sizes, no picture is read."""

    def blocks(self) -> Sequence[int]:
        """Sizes of the runs of pictures that are cheap to read together."""


def open_source(text: str) -> Pictures:
    """The pictures that one line of a configuration names.

    Args:
        text: A folder, a picture, ``samples`` or ``samples:coffee,rocket``.

    Raises:
        ConfigError: E404 when there is no such source, or no picture in it.
    """
    if text.partition(":")[0] == "samples":
        return _samples(text)
    path = Path(text)
    if path.is_dir():
        return PictureFiles(_found(path), path)
    if path.suffix.lower() in SUFFIXES and path.is_file():
        return PictureFiles([path], path.parent)
    raise ConfigError(
        "E404",
        f"There are no pictures at {text}: it is no folder and no picture.",
        "Paths are relative to the folder the command is run in.",
    )


def open_sources(texts: Iterable[str]) -> Pictures:
    """The pictures of several sources, one after the other.

    Raises:
        ConfigError: E404.
    """
    return joined([open_source(text) for text in texts])


def joined(sources: Sequence[Pictures]) -> Pictures:
    """Several sources as one."""
    return sources[0] if len(sources) == 1 else Joined(sources)


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

    def fingerprint(self) -> str:
        """Of names and sizes on disk."""
        return digest([self.name(n), path.stat().st_size] for n, path in enumerate(self.paths))

    def blocks(self) -> Sequence[int]:
        """One block: any file is as cheap as any other."""
        return (len(self.paths),)


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

    def fingerprint(self) -> str:
        """Of the source and the choice."""
        return digest([self.source.fingerprint(), *self.indices])

    def blocks(self) -> Sequence[int]:
        """One block; what is cheap to read together is not known here."""
        return (len(self),)


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


def _found(folder: Path) -> list[Path]:
    """Every picture under a folder, by name; hidden ones are passed over."""
    found: list[Path] = []
    seen: set[str] = set()
    for here, folders, files in os.walk(folder, followlinks=True):
        # A link that leads back up would be walked for ever.
        real = os.path.realpath(here)
        fresh = real not in seen
        seen.add(real)
        folders[:] = [each for each in folders if fresh and not each.startswith(".")]
        found += [
            Path(here, name)
            for name in files
            if fresh and not name.startswith(".") and name.lower().endswith(SUFFIXES)
        ]
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def _samples(text: str) -> Pictures:
    import skimage

    folder = Path(skimage.__file__).parent / "data"
    there = {Path(name).stem: folder / name for name in SAMPLES if (folder / name).is_file()}
    _, colon, listed = text.partition(":")
    wanted = [name.strip() for name in listed.split(",")] if colon else list(there)
    strange = [name for name in wanted if name not in there]
    if strange:
        raise ConfigError(
            "E404",
            f"{text}: there is no sample {', '.join(repr(name) for name in strange)}.",
            f"There are {', '.join(there)}." if there else "Install scikit-image anew.",
        )
    return PictureFiles([there[name] for name in wanted], folder)
