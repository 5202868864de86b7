"""One picture of a source before it is read: what it is called, whose it is, how to get its bytes.

Items are small and go to other processes; the bytes are read there, one picture at a time.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from realesr.errors import PictureError
from realesr.gate import Limits
from realesr.hub.licences import UNKNOWN

MOST_BYTES = Limits().max_bytes


@dataclass(frozen=True)
class Credit:
    """Whose picture it is.

    Attributes:
        licence: An SPDX name, or ``unknown``.
        author: Who made it, or nothing.
        split: The split that its source puts it in, or nothing.
        origin: Where its source says it came from, such as a URL, or nothing.
    """

    licence: str = UNKNOWN
    author: str = ""
    split: str = ""
    origin: str = ""


NOBODY = Credit()
"""Nothing is known of whose it is."""


class Item(Protocol):
    """A picture, unread."""

    @property
    def name(self) -> str:
        """What to call it: its source and its place there."""

    @property
    def credit(self) -> Credit:
        """Whose it is."""

    @property
    def key(self) -> str:
        """Another text when its bytes are others, as far as that is seen without reading them."""

    @property
    def costly(self) -> bool:
        """Whether reading it a second time is slow, so that its bytes are better kept."""

    def read(self) -> bytes:
        """Its bytes, whole.

        Raises:
            PictureError: E1xx.
        """


@dataclass(frozen=True)
class Trouble:
    """Something in a source that could not be read at all, such as half an archive.

    Attributes:
        name: What it is.
        refusal: Why, with its code.
    """

    name: str
    refusal: PictureError


@dataclass(frozen=True)
class FileItem:
    """A picture in a file of its own."""

    name: str
    path: Path
    credit: Credit = NOBODY
    costly = False

    @property
    def key(self) -> str:
        """Name, size and time."""
        try:
            said = self.path.stat()
        except OSError:
            return self.name
        return f"{self.name} {said.st_size} {said.st_mtime_ns}"

    def read(self) -> bytes:
        """The file.

        Raises:
            PictureError: E100, E101 or E106.
        """
        try:
            if not self.path.is_file():
                raise PictureError("E100", f"{self.name} is no file.", "Check the list it is in.")
            check_bytes(self.name, self.path.stat().st_size)
            return self.path.read_bytes()
        except (OSError, ValueError) as error:
            reason = (getattr(error, "strerror", None) or "not a possible name").lower()
            raise PictureError(
                "E100", f"{self.name} cannot be opened: {reason}.", "Check the path and the disk."
            ) from error


@dataclass(frozen=True)
class HeldItem:
    """A picture whose bytes had to be read on the way, as in a packed archive."""

    name: str
    data: bytes
    credit: Credit = NOBODY
    costly = True

    @property
    def key(self) -> str:
        """Name and contents."""
        return f"{self.name} {hashlib.sha256(self.data).hexdigest()}"

    def read(self) -> bytes:
        """The bytes.

        Raises:
            PictureError: E101.
        """
        check_bytes(self.name, len(self.data))
        return self.data


def check_bytes(name: str, size: int) -> None:
    """Refuse what is empty or too large to be read at once.

    Raises:
        PictureError: E101 or E106.
    """
    if size == 0:
        raise PictureError("E101", f"{name} is empty (0 bytes).", "Copy it again.")
    if size > MOST_BYTES:
        raise PictureError(
            "E106",
            f"{name} is {size / 1e6:,.0f} MB; the limit here is {MOST_BYTES / 1e6:,.0f} MB.",
            "Crop or shrink it first.",
        )
