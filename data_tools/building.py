"""A data set from its sources: judge each picture, reduce them all, shape what is kept, write down.

::

    sources -> judge (each picture alone) -> reduce (all together) -> shape -> manifest

Every stage is done in pieces that are written down, so the same command goes on where a stopped
one was, and ends with the same bytes. The manifest comes last: where it is, the set is whole.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from data_tools.items import HeldItem, Item, Trouble
from data_tools.journal import Journal, Piece
from data_tools.judging import Record, record_from
from data_tools.manifest import (
    COLUMNS,
    MANIFEST,
    METADATA,
    OF_SPLIT,
    REJECTED,
    REJECTIONS,
    write_table,
)
from data_tools.pieces import Done, Judging, Kept, Shaping, Stage, do_piece
from data_tools.reducing import Candidate, Verdict, reduce
from data_tools.settings import Build
from data_tools.shaping import is_our_name
from data_tools.sources import everything
from data_tools.working import in_order
from realesr.errors import ConfigError
from realesr.images.safefile import make_folder, write_file

PLAN = "build.json"
UNFINISHED = ".build"
VERSION = 1
"""Of the rules and the files; another one finds nothing done before."""

Told = Callable[[str, int, int], None]
Engine = Literal["processes", "ray"]


@dataclass
class Outcome:
    """What a build did.

    Attributes:
        output: The data set.
        found: Pictures in the sources.
        kept: Of them.
        files: Written.
        rejected: Pictures left out, by rule; one may count for several.
        unread: Pictures and archives that could not be read.
        resumed: Whether part of it was done by an earlier call.
    """

    output: Path
    found: int = 0
    kept: int = 0
    files: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    unread: int = 0
    resumed: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {**vars(self), "output": str(self.output), "rejected": dict(self.rejected)}


def build(
    plan: Build,
    output: Path,
    *,
    workers: int = 1,
    engine: Engine = "processes",
    told: Told = lambda *_: None,
) -> Outcome:
    """Build a data set, or go on where a stopped build was.

    Args:
        plan: What to do.
        output: The folder of the data set; made if need be.
        workers: Processes that work on pictures.
        engine: Whose processes: this machine's, or those of Ray, perhaps on many machines. The
            set is the same, and one may go on where the other was stopped.
        told: Called with the stage, how many pictures are done, and how many there are.

    Raises:
        ConfigError: E404 for a source that is not there, E505 when the folder holds another set.
        ResourceError: E301 or E302.
    """
    digest = _digest(plan)
    if (output / MANIFEST).exists():
        return _finished(output, digest)
    _check_folder(output, digest)
    begun = (output / UNFINISHED).exists()
    make_folder(output / UNFINISHED)
    write_file(output / UNFINISHED / PLAN, digest.encode(), force=True)
    run = _Run(plan, output, workers, engine, told)
    run.check()
    run.judge()
    verdict = run.reduce()
    run.shape(verdict)
    return run.finish(verdict, begun)


class _Run:
    """One call of ``build``."""

    def __init__(self, plan: Build, output: Path, workers: int, engine: Engine, told: Told) -> None:
        self.plan, self.output, self.told = plan, output, told
        self.workers, self.engine = workers, engine
        folder, digest = output / UNFINISHED, _digest(plan)
        self.kept_bytes = folder / "pictures"
        self.judged = Journal(folder / "judged", digest)
        self.shaped = Journal(folder / "shaped", digest)
        self.outcome = Outcome(output)
        make_folder(self.kept_bytes)

    def check(self) -> None:
        """Refuse what not all machines see, before anything is done."""
        if self.engine == "ray":
            from data_tools.cluster import check_seen

            places = (Path(source.path) for source in self.plan.sources)
            check_seen([place.absolute() for place in places if place.exists()], self.workers)

    def items(self) -> Iterator[Item | Trouble]:
        return everything(self.plan.sources, self.output)

    def run(self, stage: Stage[Any, Any], pieces: Iterator[Piece]) -> Iterator[Done]:
        """Do a stage to all pieces, by processes of this machine or by Ray's."""
        if self.engine == "ray":
            from data_tools.cluster import on_ray

            return on_ray(stage, pieces, self.workers)
        return in_order(partial(do_piece, stage=stage), pieces, self.workers)

    def judge(self) -> None:
        """Judge every picture that was not judged before."""
        places, total = set(), self._count()
        stage = Judging(self.plan, self.kept_bytes)
        keyed = ((_key(item), item) for item in self.items())
        for place, count, fresh in self.run(stage, self.judged.pieces(keyed)):
            places.add(place)
            self.outcome.found += count
            self.outcome.resumed |= not fresh
            self.told("judged", self.outcome.found, total)
        self.judged.forget_others(places.__contains__)
        if not self.outcome.found:
            raise ConfigError("E404", "There is no picture in the sources.", "Check their paths.")

    def _count(self) -> int:
        """How many pictures there are; 0 where that is only known by reading them."""
        count = 0
        for item in self.items():
            if not isinstance(item, Trouble) and item.costly:
                return 0
            count += 1
        return count

    def records(self) -> Iterator[Record]:
        return map(record_from, self.judged.results())

    def reduce(self) -> Verdict:
        """Find copies, test pictures and splits."""
        candidates = (
            Candidate(
                number,
                record.source,
                record.sha256,
                record.credit.split,
                record.scores["jpeg"] or 101.0,
                record.print,
            )
            for number, record in enumerate(self.records())
            if record.passed and record.print
        )
        return reduce(candidates, self.plan)

    def shape(self, verdict: Verdict) -> None:
        """Write the files of every picture that is kept."""
        for split in sorted(set(verdict.splits.values())):
            make_folder(self.output / split)
        done, total = 0, len(verdict.splits)
        places = set()
        stage = Shaping(self.plan, self.output)
        for place, count, _ in self.run(stage, self.shaped.pieces(self._kept(verdict))):
            places.add(place)
            done += count
            self.told("shaped", done, total)
        self.shaped.forget_others(places.__contains__)

    def _kept(self, verdict: Verdict) -> Iterator[tuple[str, Kept]]:
        for number, (item, record) in enumerate(zip(self.items(), self.records(), strict=True)):
            if number in verdict.splits and record.print and not isinstance(item, Trouble):
                source = self._held(item, record) if item.costly else item
                facts = record.as_dict() | {"print": None, "phash": record.print.phash}
                yield (
                    f"{record.sha256} {record.source} {verdict.splits[number]}",
                    Kept(source, facts, verdict.splits[number]),
                )

    def _held(self, item: Item, record: Record) -> Item | Path:
        """Where the bytes are that were kept; themselves, for machines that do not see this one."""
        held = self.kept_bytes / record.sha256
        return HeldItem(item.name, held.read_bytes()) if self.engine == "ray" else held

    def finish(self, verdict: Verdict, begun: bool) -> Outcome:
        """Write the tables, the plan, and at last the manifest.

        Args:
            verdict: What became of the pictures.
            begun: Whether an earlier call may have left files of pictures that have changed since.
        """
        outcome = self.outcome
        outcome.kept = len(verdict.splits)
        write_table(self.output / REJECTED, self._rejections(verdict), REJECTIONS)
        plain = {"version": VERSION, "digest": _digest(self.plan), **self.plan.as_dict()}
        text = json.dumps(plain, indent=2, ensure_ascii=False) + "\n"
        write_file(self.output / PLAN, text.encode(), force=True)
        for split in set(verdict.splits.values()):
            mine = (
                {"file_name": row["file"].partition("/")[2], **row}
                for row in self._rows()
                if row["split"] == split
            )
            write_table(self.output / split / METADATA, mine, OF_SPLIT)
        if begun:
            self._sweep()
        outcome.files = write_table(self.output / MANIFEST, self._rows(), COLUMNS)
        Journal(self.output / UNFINISHED, "").remove()
        return outcome

    def _sweep(self) -> None:
        """Take away what an earlier call made of pictures that have changed since."""
        listed = {row["file"] for row in self._rows()}
        for path in self.output.glob("*/*"):
            name = path.relative_to(self.output).as_posix()
            if is_our_name(path.name) and name not in listed:
                path.unlink()
        for path in self.output.glob(".realesr-*.tmp"):
            path.unlink()
        for folder in {path.parent for path in self.output.glob("*/" + METADATA)}:
            if not any(folder.name == name.partition("/")[0] for name in listed):
                (folder / METADATA).unlink()
                folder.rmdir()

    def _rows(self) -> Iterator[dict[str, Any]]:
        return (row for result in self.shaped.results() for row in result["rows"])

    def _rejections(self, verdict: Verdict) -> Iterator[dict[str, Any]]:
        """Why pictures were left out, in their order; then what could not be made of kept ones."""
        for number, record in enumerate(self.records()):
            found = list(record.rejections)
            if number in verdict.rejections:
                found.append(verdict.rejections[number])
            for each in found:
                self.outcome.rejected[each.rule] += 1
                self.outcome.unread += each.rule == "readable"
                yield {"source": record.source, **vars(each)}
        for result in self.shaped.results():
            for row in result["unmade"]:
                self.outcome.rejected[row["rule"]] += 1
                yield row


def _key(item: Item | Trouble) -> str:
    return f"{item.name} {item.refusal}" if isinstance(item, Trouble) else _credited(item)


def _credited(item: Item) -> str:
    return f"{item.key} {item.credit}"


def _digest(plan: Build) -> str:
    text = json.dumps({"version": VERSION, **plan.as_dict()}, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _check_folder(output: Path, digest: str) -> None:
    """Refuse a folder that holds anything but this very build, unfinished."""
    begun = output / UNFINISHED / PLAN
    if begun.exists():
        if begun.read_text() != digest:
            raise _another(output)
    elif output.is_dir() and any(not one.name.startswith(".") for one in output.iterdir()):
        raise _another(output)


def _finished(output: Path, digest: str) -> Outcome:
    """Say that it was done before, or refuse to build over another set."""
    from data_tools.manifest import read_rows

    try:
        plain = json.loads((output / PLAN).read_bytes())
    except (OSError, ValueError):
        raise _another(output) from None
    if plain.get("digest") != digest:
        raise _another(output)
    Journal(output / UNFINISHED, "").remove()
    outcome = Outcome(output, resumed=True)
    kept = set()
    for row in read_rows(output / MANIFEST):
        outcome.files += 1
        kept.add(row["source"])
    left_out = set()
    for row in read_rows(output / REJECTED):
        outcome.rejected[row["rule"]] += 1
        outcome.unread += row["rule"] == "readable"
        left_out.add(row["source"])
    outcome.kept, outcome.found = len(kept), len(kept | left_out)
    return outcome


def _another(output: Path) -> ConfigError:
    return ConfigError(
        "E505",
        f"{output} holds something else than this very build: its settings or its sources differ, "
        "or it was made by hand.",
        "Name another folder, or take that one away; build.json in it says what it was built from.",
    )
