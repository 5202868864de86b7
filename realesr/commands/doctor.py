"""`realesr doctor`: what is wrong with a training run, before an hour is spent on it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from realesr.commands.options import AsJson
from realesr.commands.saying import printable, show

EXAMPLE = "Example: realesr doctor configs/classroom.toml"
_MARKS = {"stop": "STOP", "warning": "warning", "note": "-"}


def doctor(
    config: Annotated[Path, typer.Argument(help="A TOML file, as `realesr train` takes it.")],
    changes: Annotated[
        list[str], typer.Option("--set", help="key=value, instead of what the file says.")
    ] = [],  # noqa: B006  typer reads it and never changes it
    pictures: Annotated[
        int, typer.Option(min=0, help="How many pictures to look at, spread evenly; 0 for all.")
    ] = 1000,
    steps: Annotated[bool, typer.Option(help="Make a few steps: memory, time and disk.")] = True,
    as_json: AsJson = False,
) -> None:
    """Look at a run's pictures, memory, time and disk; ends with 0 when training can start.

    Nothing is written. Ends with 2 when training cannot start, and says why.
    """
    from realesr.train.config_files import read_config
    from realesr.train.doctor import examine

    watched = sys.stderr.isatty()

    def progress(done: int, total: int) -> None:
        if watched:
            show(f"\r\x1b[Klooking at picture {done:,} of {total:,}")

    report = examine(read_config(config, changes), most=pictures, steps=steps, progress=progress)
    if watched:
        show("\r\x1b[K")
    if as_json:
        typer.echo(json.dumps(report.as_dict(), ensure_ascii=False, indent=2))
    else:
        for finding in report.findings:
            typer.echo(printable(f"{_MARKS[finding.weight]} {finding.sentence}"))
        verdict = "can start" if report.can_start else "cannot start"
        typer.echo(printable(f"{report.name}: training {verdict}."))
    if not report.can_start:
        raise typer.Exit(2)
