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
        place = self.folder / f"{block:06}"
        while True:
            if not place.is_dir():
                self._make(block, place)
            try:
                os.utime(place)
                return as_rgb(read_picture(place / name).pixels)
            except (OSError, PictureError):
                # Another process may have made room between two of these lines.
                if place.is_dir():
                    raise

    def _make(self, block: int, place: Path) -> None:
        from filelock import FileLock

        make_folder(self.folder)
        with FileLock(self.folder / f"{block:06}.lock"):
            if place.is_dir():
                return
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
        ages = []
        for place in self.folder.glob("[0-9]*[0-9]"):
            try:
                ages.append((place.stat().st_mtime_ns, place))
            except FileNotFoundError:
                continue
        for _, place in sorted(ages)[: -self.kept]:
            gone = place.with_name(f".{place.name}-{secrets.token_hex(4)}")
            try:
                place.rename(gone)
            except FileNotFoundError:
                continue
            shutil.rmtree(gone, ignore_errors=True)
