"""What a build has done so far, so that a stopped one goes on and ends as if it never was.

A build works in pieces of some pictures. Each piece, once done, is a file in ``.build``, named by
its number and by what it was made from. A piece whose file is there is not done again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from realesr.images.safefile import make_folder, write_file

Part = TypeVar("Part")
AT_ONCE = 16
"""Pictures of a piece."""


@dataclass(frozen=True)
class Piece:
    """Some pictures, and the file that says they are done.

    Attributes:
        items: What is worked on.
        place: The file.
    """

    items: tuple[Any, ...]
    place: Path

    def done(self) -> Any | None:
        """What was written down, or None."""
        try:
            return json.loads(self.place.read_bytes())
        except (FileNotFoundError, ValueError):
            return None

    def write(self, result: Any) -> None:
        """Write down that it is done; before that it counts as not begun."""
        data = json.dumps(result, separators=(",", ":")).encode()
        write_file(self.place, data, force=True)


class Journal:
    """The pieces of one stage of a build.

    Args:
        folder: Where they are written down; made if need be.
        plan: What the whole build is told; another plan finds nothing done.
    """

    def __init__(self, folder: Path, plan: str) -> None:
        self.folder, self.plan = folder, plan
        make_folder(folder)

    def pieces(self, items: Iterable[tuple[str, Any]]) -> Iterator[Piece]:
        """Cut items into pieces.

        Args:
            items: Each with a text that changes when its result would.
        """
        for number, group in enumerate(_grouped(items)):
            keys = json.dumps([self.plan, *(key for key, _ in group)]).encode()
            name = f"{number:07}-{hashlib.sha256(keys).hexdigest()[:16]}.json"
            yield Piece(tuple(item for _, item in group), self.folder / name)

    def results(self) -> Iterator[Any]:
        """What is written down of all pieces, in order."""
        for place in sorted(self.folder.glob("*.json")):
            yield from json.loads(place.read_bytes())

    def forget_others(self, places: Callable[[Path], bool]) -> None:
        """Take away pieces that were made from something else."""
        for place in self.folder.glob("*.json"):
            if not places(place):
                place.unlink()

    def remove(self) -> None:
        """Take it all away."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _grouped(items: Iterable[tuple[str, Any]]) -> Iterator[Sequence[tuple[str, Any]]]:
    group: list[tuple[str, Any]] = []
    for item in items:
        group.append(item)
        if len(group) == AT_ONCE:
            yield group
            group = []
    if group:
        yield group
