"""A folder of synthetic pictures, and a list that says whose they are: nobody's."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from data_tools.synthetic import KINDS, make
from data_tools.synthetic.canvas import Size, sides
from data_tools.working import in_order
from realesr.errors import ParameterError, PictureError
from realesr.gate import inspect_header
from realesr.images import Picture, write_picture
from realesr.images.safefile import make_folder, write_file

LIST_NAME = "pictures.csv"
LICENCE = "CC0-1.0"
AUTHOR = "realesr-data synth"


@dataclass(frozen=True)
class Plan:
    """One picture to be made: which, from which seed, and under what name."""

    kind: str
    seed: int

    @property
    def name(self) -> str:
        """The file's name, which says all that the picture follows from but its size."""
        return f"{self.kind}-{self.seed:06d}.png"


@dataclass(frozen=True)
class Made:
    """What became of one plan."""

    plan: Plan
    state: Literal["done", "skipped"]
    path: Path


def plan_pictures(kinds: Sequence[str], count: int, seed: int = 0) -> list[Plan]:
    """So many pictures, the kinds in turn, the seeds upwards.

    Raises:
        ParameterError: E001 for an unknown kind or a negative seed.

    >>> [plan.name for plan in plan_pictures(["leaves", "text"], 3, seed=8)]
    ['leaves-000008.png', 'text-000009.png', 'leaves-000010.png']
    """
    for kind in kinds:
        if kind not in KINDS:
            raise ParameterError(
                "E001", f"no kind is called {kind}.", f"There are {', '.join(KINDS)}."
            )
    if seed < 0:
        raise ParameterError("E001", f"a seed is 0 or more, not {seed}.")
    return [Plan(kinds[number % len(kinds)], seed + number) for number in range(count)]


def write_pictures(
    folder: Path, plans: Sequence[Plan], size: Size, *, workers: int = 1, force: bool = False
) -> Iterator[Made]:
    """Make pictures; what is there already in this size is left as it is.

    Each file appears whole or not at all, so a run that was killed is simply begun again.

    Args:
        folder: Made if absent; also receives ``pictures.csv`` with licence and author of each.
        plans: What ``plan_pictures`` gave.
        size: The side in pixels, or height and width.
        workers: Processes.
        force: Make again what is there.

    Raises:
        ParameterError: E001 for a size outside 16 to 8192.
        PictureError: E113 when a name is taken by another picture, E114 when it cannot be written.
        ResourceError: E302 when the disk is full.
    """
    sides(size)
    make_folder(folder)
    write_list(folder, plans)
    yield from in_order(partial(_write, folder=folder, size=size, force=force), plans, workers)


def _write(plan: Plan, *, folder: Path, size: Size, force: bool) -> Made:
    path = folder / plan.name
    if path.exists() and not force:
        header = inspect_header(path)
        if (header.height, header.width) != sides(size):
            raise PictureError(
                "E113",
                f"{path} exists and is {header.width}×{header.height}.",
                "Name another folder, or --force.",
            )
        return Made(plan, "skipped", path)
    write_picture(Picture(make(plan.kind, plan.seed, size)), path, force=force)
    return Made(plan, "done", path)


def write_list(folder: Path, plans: Sequence[Plan]) -> Path:
    """Write down licence and author of every picture, those of earlier runs included."""
    path = folder / LIST_NAME
    names = {plan.name for plan in plans}
    if path.exists():
        with path.open(encoding="utf-8", newline="") as lines:
            names |= {row["file"] for row in csv.DictReader(lines) if row.get("file")}
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["file", "licence", "author", "source"])
    for name in sorted(names):
        table.writerow([name, LICENCE, AUTHOR, f"synthetic:{Path(name).stem}"])
    return write_file(path, text.getvalue().encode(), force=True)
