"""What a disk may hold after the power went: what was promised to it, and any of the rest.

A written byte is sure after ``fsync`` of its file, a name after ``fsync`` of its folder. Before
that, each may be there or not, in any order; a file may be short, or long and full of zeros.
(The model of ALICE, Pillai et al., OSDI 2014, with renames that happen or do not.)
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class File:
    """Bytes: as they are, and as they surely were on the disk last."""

    now: bytes = b""
    sure: bytes = b""

    def after_a_cut(self, chance: random.Random) -> bytes:
        """What may be left of it."""
        length = chance.randint(min(len(self.sure), len(self.now)), len(self.now))
        zeros = self.now[:length] + bytes(len(self.now) - length)
        return chance.choice([self.now, self.sure, self.now[:length], zeros])

    def synchronise(self) -> None:
        """All of it is on the disk."""
        self.sure = self.now


@dataclass
class Folder:
    """Names: as they are, as they surely were last, and what changed since."""

    now: dict[str, File | Folder] = field(default_factory=dict)
    sure: dict[str, File | Folder] = field(default_factory=dict)
    changes: list[dict[str, File | Folder | None]] = field(default_factory=list)

    def change(self, change: dict[str, File | Folder | None]) -> None:
        """Names get a new meaning, or none; all of them at once."""
        self.changes.append(change)
        _apply(self.now, change)

    def after_a_cut(self, chance: random.Random) -> dict[str, File | Folder]:
        """Which names may be left."""
        left, share = dict(self.sure), chance.choice([0.0, 0.3, 0.7, 1.0])
        for change in self.changes:
            if chance.random() <= share:
                _apply(left, change)
        return left

    def synchronise(self) -> None:
        """All names are on the disk; not what they name."""
        self.sure, self.changes = dict(self.now), []


def _apply(names: dict[str, File | Folder], change: dict[str, File | Folder | None]) -> None:
    for name, meaning in change.items():
        if meaning is None:
            names.pop(name, None)
        else:
            names[name] = meaning


class Disk:
    """A folder of the real disk, followed call by call from a moment when all of it was sure."""

    def __init__(self, root: Path) -> None:
        self.root, self._paused = root, False
        self.top = self._read(root)
        self._opened: dict[int, tuple[Path, File | Folder]] = {}

    def after_a_cut(self, chance: random.Random, target: Path) -> None:
        """Write to ``target`` what may be left when the power goes now."""
        self._write(self.top, chance, target)

    @contextmanager
    def followed(self, before_each: Any) -> Iterator[None]:
        """Follow the calls made inside; ``before_each`` is called before each of them."""
        names = ("open", "write", "fsync", "close", "mkdir", "rename", "unlink", "rmdir")
        real = {name: getattr(os, name) for name in names}

        def wrap(name: str) -> Any:
            def call(*words: Any, **options: Any) -> Any:
                if self._paused:
                    return real[name](*words, **options)
                self._paused = True
                before_each()
                self._paused = False
                result = real[name](*words, **options)
                getattr(self, f"_seen_{name}")(result, *words, **options)
                return result

            return call

        for name in names:
            setattr(os, name, wrap(name))
        try:
            yield
        finally:
            for name, function in real.items():
                setattr(os, name, function)

    def _read(self, place: Path) -> File | Folder:
        if place.is_file():
            data = place.read_bytes()
            return File(data, data)
        inside = {child.name: self._read(child) for child in place.iterdir()}
        return Folder(inside, dict(inside))

    def _write(self, thing: File | Folder, chance: random.Random, target: Path) -> None:
        if isinstance(thing, File):
            target.write_bytes(thing.after_a_cut(chance))
            return
        target.mkdir()
        for name, inside in thing.after_a_cut(chance).items():
            self._write(inside, chance, target / name)

    def _place(self, path: Any, dir_fd: int | None = None) -> Path:
        return Path(path) if dir_fd is None else self._opened[dir_fd][0] / path

    def _find(self, path: Path) -> File | Folder:
        thing = self.top
        for name in path.relative_to(self.root).parts:
            assert isinstance(thing, Folder)
            thing = thing.now[name]
        return thing

    def _folder_of(self, path: Path) -> Folder:
        folder = self._find(path.parent)
        assert isinstance(folder, Folder)
        return folder

    def _seen_open(
        self, result: int, path: Any, flags: int, *_: Any, dir_fd: int | None = None
    ) -> None:
        place = self._place(path, dir_fd)
        if flags & os.O_CREAT:
            self._folder_of(place).change({place.name: File()})
        self._opened[result] = place, self._find(place)

    def _seen_write(self, result: int, descriptor: int, data: Any) -> None:
        file = self._opened[descriptor][1]
        assert isinstance(file, File)
        file.now += bytes(memoryview(data)[:result])

    def _seen_fsync(self, result: None, descriptor: int) -> None:
        self._opened[descriptor][1].synchronise()

    def _seen_close(self, result: None, descriptor: int) -> None:
        self._opened.pop(descriptor, None)

    def _seen_mkdir(self, result: None, path: Any, *_: Any) -> None:
        self._folder_of(Path(path)).change({Path(path).name: Folder()})

    def _seen_rename(self, result: None, old: Any, new: Any) -> None:
        thing = self._find(Path(old))
        self._folder_of(Path(old)).change({Path(old).name: None, Path(new).name: thing})

    def _seen_unlink(self, result: None, path: Any, dir_fd: int | None = None) -> None:
        place = self._place(path, dir_fd)
        self._folder_of(place).change({place.name: None})

    _seen_rmdir = _seen_unlink
