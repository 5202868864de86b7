"""A small store on the disk for data that can only be read in large pieces, shared by processes.

A row group of a parquet file is fetched by the first process that needs one of its pictures, the
others wait for it, and its pictures lie there as files until newer blocks have taken the room.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from realesr.errors import PictureError
from realesr.images import read_picture
from realesr.images.safefile import cannot_write, make_folder
from realesr.train.pictures import Pixels, as_rgb

KEPT = 24
"""More than an order has in use at a time, even twice."""


class Blocks:
    """Blocks of pictures in a folder.

    Args:
        folder: Where they lie; of one data set only.
        fetch: Gives the names and contents of the pictures of a block.
        kept: How many blocks stay.
    """

    def __init__(
        self, folder: Path, fetch: Callable[[int], Iterator[tuple[str, bytes]]], kept: int = KEPT
    ) -> None:
        self.folder, self.fetch, self.kept = folder, fetch, kept

    def read(self, block: int, name: str) -> Pixels:
        """One picture of a block, as RGB.

        Raises:
            PictureError: E1xx, naming it.
            NetworkError: E605, when its block could not be fetched.
            ResourceError: E302, when the disk is full.
        """
        from filelock import FileLock

        place = self.folder / f"{block:06}"
        try:
            return _picture(place, name)
        except FileNotFoundError:
            make_folder(self.folder)
        except PictureError as refusal:
            # E100: no such file, as the block went away between a look and the reading.
            if refusal.code != "E100":
                raise
        # Whoever holds the lock of a block keeps others from making it and from taking it away.
        with FileLock(self._lock(place)):
            if not place.is_dir():
                self._make(block, place)
            return _picture(place, name)

    def _lock(self, place: Path) -> Path:
        return place.with_suffix(".lock")

    def _make(self, block: int, place: Path) -> None:
        unfinished = self.folder / f".{block:06}-{secrets.token_hex(4)}"
        try:
            unfinished.mkdir()
            for name, data in self.fetch(block):
                (unfinished / name).write_bytes(data)
            unfinished.rename(place)
        except OSError as error:
            raise cannot_write(self.folder, 0, error) from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        self._make_room()

    def _make_room(self) -> None:
        """Take away the blocks that nobody has asked for the longest."""
        from filelock import FileLock, Timeout

        ages = []
        for place in self.folder.glob("[0-9]*[0-9]"):
            try:
                ages.append((place.stat().st_mtime_ns, place))
            except FileNotFoundError:
                continue
        for _, place in sorted(ages)[: -self.kept]:
            try:
                with FileLock(self._lock(place), timeout=0):
                    gone = place.with_name(f".{place.name}-{secrets.token_hex(4)}")
                    place.rename(gone)
            except (Timeout, FileNotFoundError):
                continue
            shutil.rmtree(gone, ignore_errors=True)


def _picture(place: Path, name: str) -> Pixels:
    """A picture of a block, which thereby is the one that was asked for last.

    Raises:
        FileNotFoundError: When the block is not there.
        PictureError: E1xx for the picture.
    """
    os.utime(place)
    return as_rgb(read_picture(place / name).pixels)
