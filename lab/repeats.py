"""A class sends the same picture thirty times: the second answer comes from memory.

Results lie in memory only, never on a disk, and go by the rules by which photos go.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

MOST_BYTES = 96 << 20
_LARGEST_SHARE = 4  # one result may fill a quarter of it

About = TypeVar("About")


@dataclass(frozen=True)
class Kept(Generic[About]):
    """A finished result.

    Attributes:
        files: Their names and contents; a file that stands there twice is held once.
        about: What else there is to say of it.
        since: When it was made.
        photo: The sha256 of the photo it was made from.
    """

    files: tuple[tuple[str, bytes], ...]
    about: About
    since: float
    photo: str

    @property
    def size(self) -> int:
        """Bytes held."""
        return sum(len(content) for content in {id(each): each for _, each in self.files}.values())

    def lay(self, folder: Path) -> list[Path]:
        """Write the files into a folder, in the order in which they were kept."""
        laid = []
        for name, content in self.files:
            path = folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            laid.append(path)
        return laid


class Repeats(Generic[About]):
    """Finished results by photo and settings, the least used ones going first.

    Args:
        seconds: How long one is kept.
        most_bytes: How much is kept.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        seconds: float,
        most_bytes: int = MOST_BYTES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._seconds, self._most_bytes, self._clock = seconds, most_bytes, clock
        self._kept: dict[tuple[str, str, str], Kept[About]] = {}
        self._lock = threading.Lock()

    def find(self, photo: Path, settings: str) -> Kept[About] | None:
        """The result for a photo with these contents and name and these settings, if it is kept.

        Results are named after the photo, and what one visitor called theirs is nobody else's.
        """
        key = (sha256_of(photo), photo.name, settings)
        with self._lock:
            kept = self._kept.pop(key, None)
            if kept is None or kept.since + self._seconds <= self._clock():
                return None
            self._kept[key] = kept  # used last
            return kept

    def keep(self, photo: Path, settings: str, files: Sequence[Path], about: About) -> None:
        """Keep a result, unless it is too large to be worth its room."""
        distinct = dict.fromkeys(files)
        if sum(path.stat().st_size for path in distinct) > self._most_bytes // _LARGEST_SHARE:
            return
        read = {path: path.read_bytes() for path in distinct}
        held = tuple((path.name, read[path]) for path in files)
        kept = Kept(held, about, self._clock(), sha256_of(photo))
        with self._lock:
            self._kept[kept.photo, photo.name, settings] = kept
            while self.size > self._most_bytes:
                self._kept.pop(next(iter(self._kept)))

    def forget(self, photo: Path) -> None:
        """Forget what was made from a photo that its owner takes away."""
        gone = sha256_of(photo)
        with self._lock:
            for key in [key for key in self._kept if key[0] == gone]:
                del self._kept[key]

    def look(self) -> None:
        """Forget what is too old."""
        old = self._clock() - self._seconds
        with self._lock:
            for key in [key for key, kept in self._kept.items() if kept.since <= old]:
                del self._kept[key]

    @property
    def size(self) -> int:
        """Bytes held in all."""
        return sum(kept.size for kept in self._kept.values())


def sha256_of(file: Path) -> str:
    """The sha256 of a file's contents; empty for one that is gone."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        return ""
