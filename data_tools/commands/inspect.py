"""`realesr-data inspect`: what is in a data set or a folder, on one page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from data_tools.commands.progress import StageLine
from realesr.commands.options import AsJson, Workers
from realesr.commands.report import printable
from realesr.errors import ParameterError

EXAMPLE = "Example: realesr-data inspect dataset -o report.html"


def inspect(
    source: Annotated[
        str,
        typer.Argument(
            help="The folder of a data set that was built; or pictures as they are: a folder, an "
            "archive, a CSV or parquet list, samples."
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The page to write.")] = Path(
        "report.html"
    ),
    pictures: Annotated[
        int,
        typer.Option(min=0, help="How many to take colours and frequencies from; 0 is all."),
    ] = 400,
    workers: Workers = 0,
    force: Annotated[bool, typer.Option("--force", help="Replace a page that is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a page about a data set: pictures, scores, copies, colours, licences.

    Of pictures as they are it says what a build would leave out, and why. The page is one file,
    needs no network and nothing beside it.
    """
    from data_tools.report import document, report
    from data_tools.working import processors

    if output.suffix.lower() not in (".html", ".htm"):
        raise ParameterError("E001", f"{output.name} is no page.", "Name a file ending in .html.")
    if source.startswith("hf://"):
        raise ParameterError(
            "E001", f"{source} is not on this machine.", "Build it first: realesr-data build."
        )
    line = StageLine()
    try:
        material = report(
            Path(source),
            output,
            most=pictures,
            workers=workers or processors(),
            force=force,
            told=line.update,
        )
    finally:
        line.close()
    said = {**document(material), "report": str(output)}
    if as_json:
        typer.echo(json.dumps(said, ensure_ascii=False, indent=2))
        return
    for sentence in said["findings"]:
        typer.echo(printable(sentence))
    typer.echo(printable(f"→ {output} ({output.stat().st_size / 1e6:.1f} MB)"))
