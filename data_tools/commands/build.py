"""`realesr-data build`: judge pictures, keep the good ones, write down every decision."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from data_tools.commands.progress import StageLine
from realesr.commands.options import AsJson, Workers
from realesr.commands.report import printable
from realesr.commands.saying import say
from realesr.errors import ParameterError

if TYPE_CHECKING:
    from data_tools.settings import Build

EXAMPLE = "Example: realesr-data build photos scans.zip -o dataset --licence CC0-1.0"


def build(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="CONFIG|SOURCE...",
            help="A .toml file, or sources: folders, pictures, zip and tar archives, CSV and "
            "parquet lists, s3://bucket/photos and the like, hf://user/name, samples.",
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="The folder of the data set.")],
    licence: Annotated[
        str | None, typer.Option(help="Of pictures whose source does not say. [unknown]")
    ] = None,
    author: Annotated[
        str | None, typer.Option(help="Of pictures whose source does not say.")
    ] = None,
    allow: Annotated[
        list[str], typer.Option("--allow", help="A licence to take; all others are left out.")
    ] = [],  # noqa: B006  typer reads it and never changes it
    changes: Annotated[
        list[str],
        typer.Option("--set", help="key=value, such as select.noise=4 or shape.crop=480."),
    ] = [],  # noqa: B006
    workers: Workers = 0,
    engine: Annotated[
        Literal["processes", "ray"],
        typer.Option(help="Whose processes: this machine's, or Ray's, on as many as it has."),
    ] = "processes",
    as_json: AsJson = False,
) -> None:
    """Build a data set; stopped at any moment, the same command goes on.

    Pictures stay as they are, byte for byte, unless shape.* asks for copies or sub-images. Every
    picture that is left out has a row in rejected.parquet that says why.
    """
    try:
        from data_tools.building import build as run
    except ImportError as error:
        raise ParameterError(
            "E001", f"Building needs {error.name}.", "Run `pip install 'realesr[data]'`."
        ) from error
    from data_tools.working import processors
    from realesr.inference.claiming import Claim

    plan = _plan(inputs, licence, author, allow, changes)
    line = StageLine()
    with Claim(output):
        outcome = run(
            plan, output, workers=workers or processors(), engine=engine, told=line.update
        )
    line.close()
    if as_json:
        typer.echo(json.dumps(outcome.as_dict(), ensure_ascii=False, indent=2))
    else:
        typer.echo(
            printable(
                f"{outcome.found:,} found: {outcome.kept:,} kept in {outcome.files:,} files, "
                f"{outcome.found - outcome.kept:,} left out → {output}"
            )
        )
        for rule, count in sorted(outcome.rejected.items(), key=lambda each: (-each[1], each[0])):
            typer.echo(f"  {rule:<10} {count:>8,}")
    if outcome.unread:
        say(f"{outcome.unread:,} could not be read; rejected.parquet says which and why.")
        raise typer.Exit(3)


def _plan(
    inputs: list[str],
    licence: str | None,
    author: str | None,
    allow: list[str],
    changes: list[str],
) -> Build:
    from data_tools.settings import build_from, read_build

    if inputs[0].lower().endswith(".toml"):
        if len(inputs) > 1 or licence or author or allow:
            raise ParameterError(
                "E001",
                "a configuration names its sources and licences itself.",
                "Give it alone; --set changes what it says.",
            )
        return read_build(Path(inputs[0]), changes)
    known = {"licence": licence, "author": author}
    given = {name: value for name, value in known.items() if value is not None}
    sources = [{"path": path, **given} for path in inputs]
    return build_from({"sources": sources, "licences": allow}, changes)
