"""Finding pictures: every folder once, whatever links lead to it, nothing passed over unsaid."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

PICTURE_SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".avif", ".gif",
)  # fmt: skip

Identity = tuple[int, int]


@dataclass(frozen=True)
class Found:
    """A picture, or a folder that cannot be read.

    Attributes:
        path: Where it is.
        folder: The folder it lies in, seen from the input it was found under.
        listed: Whether a person named it; False when it was found in a folder.
    """

    path: Path
    folder: Path
    listed: bool


def find_pictures(
    inputs: Iterable[Path], output: Path, results: Iterable[Path] = ()
) -> list[Found]:
    """Every picture among the inputs, in the order of names, each once.

    Hidden files and folders are passed over, and so are the folder of results where it lies inside
    an input, and results that are known as such. Links to folders are followed; a folder that was
    seen before, as in a loop of links, is not entered again. A folder that cannot be read is found
    in place of its pictures, so that the report can refuse it.

    Args:
        inputs: Files and folders.
        output: Where results go, a file or a folder; it need not exist.
        results: Files known to be results.
    """
    seen_folders: set[Identity] = set()
    seen_files = {whereabouts(path) for path in results}
    inside = _identity(output) if os.path.isdir(output) else None  # noqa: PTH112
    found = []
    for start in inputs:
        for item in _under(start, seen_folders, inside):
            place = whereabouts(item.path)
            if place not in seen_files:
                seen_files.add(place)
                found.append(item)
    return found


def _under(start: Path, seen: set[Identity], results: Identity | None) -> Iterator[Found]:
    # Of a name that is too long pathlib would not say "no", but raise.
    if not os.path.isdir(start):  # noqa: PTH112
        yield Found(start, Path(), True)
        return
    identity = _identity(start)
    if identity is not None and identity in seen:
        return
    stack = [(start, Path())]
    while stack:
        here, folder = stack.pop()
        identity = _identity(here)
        if identity in seen or (identity == results and here != start):
            continue
        if identity is not None:
            seen.add(identity)
        try:
            with os.scandir(here) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError:
            yield Found(here, folder.parent, False)
            continue
        folders = []
        for entry in entries:
            if entry.name.startswith("."):
                continue
            path = here / entry.name
            if _is_folder(entry):
                folders.append((path, folder / entry.name))
            elif path.suffix.lower() in PICTURE_SUFFIXES:
                yield Found(path, folder, False)
        stack += reversed(folders)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # A link that leads to itself.
        return False


def _identity(folder: Path) -> Identity | None:
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def whereabouts(path: Path) -> Path:
    """A file's name in its true folder: two links in one folder stay two pictures."""
    return Path(os.path.realpath(path.parent)) / path.name
