"""What is done to a few pictures at a time, in whichever process: judging, writing files.

A piece that was done before is not done again; that it is done is written down last.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

from data_tools.items import Item, Trouble
from data_tools.journal import Piece
from data_tools.judging import Record, judge, unreadable
from data_tools.rules import RULES
from data_tools.settings import Build
from data_tools.shaping import Shaped, shape, write_files
from realesr.errors import PictureError
from realesr.images.safefile import write_file


class Kept(NamedTuple):
    """A picture to be shaped: where its bytes are, what is known of it, its split."""

    source: Item | Path
    facts: dict[str, Any]
    split: str


def judge_piece(piece: Piece, *, plan: Build, kept_bytes: Path) -> tuple[Path, int, bool]:
    """Judge some pictures, unless that was done; where, how many, and whether it was done now."""
    if piece.place.exists():
        return piece.place, len(piece.items), False
    found = []
    for item in piece.items:
        if isinstance(item, Trouble):
            found.append(Record(item.name, rejections=(unreadable(item.refusal),)).as_dict())
            continue
        record, data = judge(item, plan)
        found.append(record.as_dict())
        if item.costly and record.passed:
            write_file(kept_bytes / record.sha256, data, force=True)
    piece.write(found)
    return piece.place, len(found), True


def shape_piece(piece: Piece, *, plan: Build, output: Path) -> tuple[Path, int]:
    """Write the files of some pictures, unless that was done."""
    if not piece.place.exists():
        rows: list[dict[str, Any]] = []
        unmade: list[dict[str, Any]] = []
        for kept in piece.items:
            _shape_picture(kept, plan, output, rows, unmade)
        piece.write([{"rows": rows, "unmade": unmade}])
    return piece.place, len(piece.items)


def _shape_picture(
    kept: Kept, plan: Build, output: Path, rows: list[Any], unmade: list[Any]
) -> None:
    facts = kept.facts
    data = kept.source.read_bytes() if isinstance(kept.source, Path) else kept.source.read()
    if hashlib.sha256(data).hexdigest() != facts["sha256"]:
        raise PictureError(
            "E104", f"{facts['source']} changed while the set was built.", "Build it again."
        )
    size = (facts["width"], facts["height"])
    made: list[Shaped] = []
    for each in shape(facts["source"], data, facts["sha256"], size, facts["format"], plan.shape):
        if isinstance(each, Shaped):
            made.append(each)
            rows.append(_row(kept, each))
        else:
            unmade.append(
                {
                    "source": facts["source"],
                    "rule": "shape",
                    "score": float(min(size)),
                    "threshold": float(plan.shape.crop),
                    "sentence": each,
                }
            )
    write_files(output / kept.split, made)


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
