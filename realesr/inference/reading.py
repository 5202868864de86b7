"""How the pictures of a run are read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from realesr.gate import Header, Limits, inspect_header
from realesr.images import Picture, read_picture

if TYPE_CHECKING:
    from realesr.images.apart import Apart

_PATIENCE = 60.0  # seconds


@dataclass(frozen=True)
class Reading:
    """What is too large, and what is done about pictures that are cut off or not to be trusted.

    Attributes:
        limits: What is too large to read.
        salvage: Keep what can be read of pictures that are cut off.
        isolated: Decode in a process of its own.
    """

    limits: Limits
    salvage: bool = False
    isolated: bool = False

    def header(self, path: Path) -> Header:
        """What a file says it holds; refusals as those of ``picture``."""
        if not self.salvage:
            return inspect_header(path, self.limits)
        from realesr.images.salvage import header_of_rest

        return header_of_rest(path, self.limits)

    def picture(self, path: Path) -> Picture:
        """The picture in a file."""
        if self.isolated:
            return self._apart.read(path, salvage=self.salvage)
        return read_picture(path, limits=self.limits, salvage=self.salvage)

    @cached_property
    def _apart(self) -> Apart:
        from realesr.images.apart import Apart

        return Apart(limits=self.limits, seconds=_PATIENCE)
