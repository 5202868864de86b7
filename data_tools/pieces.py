"""What is done to pictures, a few at a time: judging them, making the files of those kept.

A stage is work that any process or machine may do, and keeping, which is done where the set is. A
piece that was done before is not done again; that it is done is written down last.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from data_tools.items import Item, Trouble
from data_tools.journal import Piece
from data_tools.judging import Record, judge, unreadable
from data_tools.rules import RULES
from data_tools.settings import Build
from data_tools.shaping import Shaped, shape, write_files
from realesr.errors import PictureError
from realesr.images.safefile import write_file

Part = TypeVar("Part", contravariant=True)
Made = TypeVar("Made")
Done = tuple[Path, int, bool]
"""Of a piece: where that it is done is written down, its pictures, and whether it was done now."""


class Stage(Protocol[Part, Made]):
    """What is done to every picture: the work, by whichever process, and keeping what it made."""

    def work(self, part: Part) -> Made:
        """Read and compute; nothing is written, so any machine may do it."""

    def keep(self, made: Made) -> dict[str, Any]:
        """Write the bytes that were made, and say what is to be written down of the picture."""


def do_piece(piece: Piece, *, stage: Stage[Any, Any]) -> Done:
    """Work on some pictures and write that down, unless it was done before."""
    fresh = not piece.place.exists()
    if fresh:
        piece.write([stage.keep(stage.work(item)) for item in piece.items])
    return piece.place, len(piece.items), fresh


@dataclass(frozen=True)
class Judging:
    """From an item to its record.

    Attributes:
        plan: Licences and thresholds.
        kept_bytes: Where the bytes of pictures go that are costly to read twice.
    """

    plan: Build
    kept_bytes: Path

    def work(self, part: Item | Trouble) -> tuple[dict[str, Any], bytes]:
        """The record as plain values, and bytes where they are to be kept."""
        if isinstance(part, Trouble):
            return Record(part.name, rejections=(unreadable(part.refusal),)).as_dict(), b""
        record, data = judge(part, self.plan)
        return record.as_dict(), data if part.costly and record.passed else b""

    def keep(self, made: tuple[dict[str, Any], bytes]) -> dict[str, Any]:
        """Keep the bytes."""
        record, data = made
        if data:
            write_file(self.kept_bytes / record["sha256"], data, force=True)
        return record


class Kept(NamedTuple):
    """A picture to be shaped: where its bytes are, what is known of it, its split."""

    source: Item | Path
    facts: dict[str, Any]
    split: str


@dataclass(frozen=True)
class Shaping:
    """From a picture that is kept to its files.

    Attributes:
        plan: What to make of pictures.
        output: The folder of the set.
    """

    plan: Build
    output: Path

    def work(self, part: Kept) -> tuple[str, list[Shaped], dict[str, Any]]:
        """The split, the files, and what is to be written down."""
        facts = part.facts
        data = part.source.read_bytes() if isinstance(part.source, Path) else part.source.read()
        if hashlib.sha256(data).hexdigest() != facts["sha256"]:
            raise PictureError(
                "E104", f"{facts['source']} changed while the set was built.", "Build it again."
            )
        size = (facts["width"], facts["height"])
        how = self.plan.shape
        made = list(shape(facts["source"], data, facts["sha256"], size, facts["format"], how))
        files = [each for each in made if isinstance(each, Shaped)]
        unmade = [
            {
                "source": facts["source"],
                "rule": "shape",
                "score": float(min(size)),
                "threshold": float(how.crop),
                "sentence": each,
            }
            for each in made
            if isinstance(each, str)
        ]
        return part.split, files, {"rows": [_row(part, file) for file in files], "unmade": unmade}

    def keep(self, made: tuple[str, list[Shaped], dict[str, Any]]) -> dict[str, Any]:
        """Write the files."""
        split, files, told = made
        write_files(self.output / split, files)
        return told


def _row(kept: Kept, file: Shaped) -> dict[str, Any]:
    facts = kept.facts
    credit = facts["credit"]
    return {
        "file": f"{kept.split}/{file.name}",
        "source": facts["source"],
        "licence": credit["licence"],
        "author": credit["author"],
        "origin": credit["origin"],
        "split": kept.split,
        "sha256": file.sha256,
        "phash": facts["phash"],
        "width": file.width,
        "height": file.height,
        "mode": facts["mode"],
        "bits": facts["bits"],
        **{rule.name: facts["scores"][rule.name] for rule in RULES},
    }
