"""What a report is about: a data set that was built, or a folder of pictures as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from data_tools.building import PLAN
from data_tools.items import FileItem, Item, Trouble
from data_tools.judging import Record, judge
from data_tools.looking import open_header
from data_tools.manifest import MANIFEST, REJECTED, read_rows
from data_tools.reducing import Candidate, reduce
from data_tools.report.measuring import Sight, sight
from data_tools.rules import RULES
from data_tools.settings import Build, Source, build_from
from data_tools.sources import everything
from data_tools.working import in_order
from realesr.errors import ConfigError, PictureError
from realesr.images.decoding import decode

_OTHER = re.compile(r"(?:same pixels as|looks like|It and) (.+?)(?:: \d|\.(?: That|$)| share )")


@dataclass(frozen=True)
class Entry:
    """One picture of the report.

    Attributes:
        name: What to call it.
        source: The picture it was made from; itself where nothing was made.
        licence: As it is recorded.
        author: Likewise.
        split: Likewise.
        size: Width and height.
        mode: ``L``, ``LA``, ``RGB`` or ``RGBA``.
        bits: 8 or 16.
        scores: By the names of the rules.
    """

    name: str
    source: str
    licence: str
    author: str
    split: str
    size: tuple[int, int]
    mode: str
    bits: int
    scores: dict[str, float | None]


@dataclass(frozen=True)
class Left:
    """One rule that left one picture out.

    Attributes:
        source: The picture.
        rule: The rule's name.
        score: What was measured, where a number was.
        sentence: Why, in words.
        other: The picture it is a copy of, for the rules about copies.
    """

    source: str
    rule: str
    score: float | None
    sentence: str
    other: str = ""


@dataclass
class Material:
    """All that a report is made of.

    Attributes:
        folder: What was named.
        built: Whether it is a data set that was built.
        entries: The pictures in it.
        left: What was left out, or would be.
        thresholds: By the names of the rules.
        sources: What it was built from.
        items: How to read pictures, by name; of a built set those that are in it.
        sights: Pictures that were looked at, by name; of a large set not all.
    """

    folder: Path
    built: bool
    entries: list[Entry] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    thresholds: dict[str, float | None] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    items: dict[str, Item] = field(default_factory=dict)
    sights: dict[str, Sight] = field(default_factory=dict)


def unheard(stage: str, done: int, total: int) -> None:
    """Nobody is told how far it is."""


def gather(
    folder: Path, workers: int = 1, told: Callable[[str, int, int], None] = unheard
) -> Material:
    """Read the tables of a data set; or judge every picture of any source as a build would.

    Args:
        folder: A data set's folder; or a folder of pictures, an archive, a list, ``samples``.
        workers: Processes that judge pictures.
        told: Called with the stage, how many pictures are done, and of how many.

    Raises:
        ConfigError: E404 when there is no such source, or no picture in it.
    """
    built = (folder / MANIFEST).is_file()
    material = _built(folder) if built else _plain(folder, workers, told)
    if not material.entries and not material.left:
        raise ConfigError("E404", f"{folder} holds no pictures.", "Name what holds some.")
    return material


def _built(folder: Path) -> Material:
    plan = _plan(folder)
    material = Material(folder, True, thresholds=_thresholds(plan), sources=plan.sources)
    for row in read_rows(folder / MANIFEST):
        name = str(row["file"])
        material.entries.append(
            Entry(
                name,
                row["source"],
                row["licence"],
                row["author"] or "",
                row["split"] or "",
                (row["width"], row["height"]),
                row["mode"],
                row["bits"],
                {rule.name: row.get(rule.name) for rule in RULES},
            )
        )
        material.items[name] = FileItem(name, folder / name)
    if (folder / REJECTED).is_file():
        for row in read_rows(folder / REJECTED):
            material.left.append(as_left(row["source"], row["rule"], row["score"], row["sentence"]))
    return material


def _plan(folder: Path) -> Build:
    """What the set was built from; nothing where that was not written down."""
    try:
        plain = json.loads((folder / PLAN).read_bytes())
        return build_from({key: plain[key] for key in plain if key not in ("version", "digest")})
    except (OSError, ValueError, ConfigError):
        return Build(sources=())


def _plain(folder: Path, workers: int, told: Callable[[str, int, int], None]) -> Material:
    build = Build(sources=(Source(path=str(folder)),))
    material = Material(folder, False, thresholds=_thresholds(build), sources=build.sources)
    records = []
    for record in in_order(partial(_judge, build), _items(material), workers):
        records.append(record)
        told("judged", len(records), 0)
    candidates = [
        Candidate(number, each.source, each.sha256, "", each.scores["jpeg"] or 101, each.print)
        for number, each in enumerate(records)
        if each.passed and each.print
    ]
    copies = reduce(candidates, build).rejections
    for number, record in enumerate(records):
        if record.width:
            material.entries.append(_entry(record))
        for each in (*record.rejections, *([copies[number]] if number in copies else [])):
            material.left.append(as_left(record.source, each.rule, each.score, each.sentence))
    return material


def _items(material: Material) -> Iterator[Item]:
    """The pictures of a plain source; those that are cheap to read again are kept in mind."""
    for each in everything(material.sources, material.folder / ".none"):
        if isinstance(each, Trouble):
            material.left.append(as_left(each.name, "readable", None, str(each.refusal)))
            continue
        if not each.costly:
            material.items[each.name] = each
        yield each


def _judge(build: Build, item: Item) -> Record:
    return judge(item, build)[0]


def _entry(record: Record) -> Entry:
    return Entry(
        record.source,
        record.source,
        record.credit.licence,
        record.credit.author,
        record.credit.split,
        (record.width, record.height),
        record.mode,
        record.bits,
        record.scores,
    )


def as_left(source: str, rule: str, score: float | None, sentence: str) -> Left:
    """A rejection; of a copy, with the name of the picture it is a copy of."""
    found = _OTHER.search(sentence) if rule in ("exact", "near", "tiles") else None
    return Left(source, rule, score, sentence, found[1] if found else "")


def _thresholds(build: Build) -> dict[str, float | None]:
    return {rule.name: getattr(build.select, rule.name) for rule in RULES}


def find(material: Material, names: Iterable[str]) -> list[Item]:
    """How to read pictures of the set, and of what was left out while its sources are still there.

    Sources on the Hub are not asked.
    """
    wanted = dict.fromkeys(names)
    found = {name: material.items[name] for name in wanted if name in material.items}
    if wanted.keys() - found.keys():
        here = [each for each in material.sources if Path(each.path).exists()]
        for item in everything(here, material.folder):
            if item.name in wanted and not isinstance(item, Trouble):
                found.setdefault(item.name, item)
    return list(found.values())


def look_at(items: Iterable[Item], workers: int = 1) -> Iterator[tuple[str, Sight | None]]:
    """Measure pictures; None for those that cannot be read.

    Args:
        items: The pictures.
        workers: Processes.
    """
    return in_order(_look, items, workers)


def _look(item: Item) -> tuple[str, Sight | None]:
    try:
        data = item.read()
        return item.name, sight(decode(data, open_header(data, item.name), item.name).pixels)
    except PictureError:
        return item.name, None


def evenly(entries: Sequence[Any], count: int) -> list[Any]:
    """So many of them at most, evenly spread.

    >>> evenly([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 4)
    [0, 2, 5, 7]
    """
    if len(entries) <= count or count <= 0:
        return list(entries)
    return [entries[number * len(entries) // count] for number in range(count)]
