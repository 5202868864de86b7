"""`realesr inspect`: what is wrong with pictures, and which model suits each."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from realesr.commands.saying import printable, say
from realesr.errors import ParameterError, PictureError
from realesr.gate import Limits
from realesr.inference.reading import Reading
from realesr.inference.walking import find_pictures

if TYPE_CHECKING:
    from realesr.quality.checkup import Checkup

EXAMPLE = "Example: realesr inspect photo.jpg"
_SOME_REFUSED = 3


def inspect(
    inputs: Annotated[list[Path], typer.Argument(help="Pictures, or folders of pictures.")],
    salvage: Annotated[
        bool, typer.Option("--salvage", help="Keep what can be read of pictures that are cut off.")
    ] = False,
    isolated: Annotated[
        bool,
        typer.Option("--isolated", help="Decode in a process of its own: for files of strangers."),
    ] = False,
    max_pixels: Annotated[
        int, typer.Option(min=1, help="Refuse larger pictures before decoding them.")
    ] = Limits().max_pixels,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document on standard output.")
    ] = False,
) -> None:
    """Say what is wrong with pictures: noise, blur, JPEG, enlarging and more, and what may help.

    Every figure is an estimate from the pixels, with how sure it is; of a JPEG file the quality is
    read from its tables. Nothing is written.
    """
    found = find_pictures(inputs, Path(os.devnull))
    if not found:
        raise ParameterError("E007", "no picture was found in what you named.", "Check the path.")
    reading = Reading(Limits(max_pixels=max_pixels), salvage, isolated)
    entries: list[dict[str, object]] = []
    refused = 0
    for item in found:
        try:
            checkup = _examine(item.path, reading)
        except PictureError as error:
            refused += 1
            entries.append({"file": str(item.path), "error": error.as_dict()})
            say(str(error))
            continue
        entries.append({"file": str(item.path), **checkup.as_dict()})
        if not as_json:
            _tell(item.path, checkup)
    if as_json:
        alone = len(found) == 1 and found[0].listed
        typer.echo(json.dumps(entries[0] if alone else {"files": entries}, indent=2))
    if refused:
        raise typer.Exit(_SOME_REFUSED)


def _examine(path: Path, reading: Reading) -> Checkup:
    reading.header(path)
    # Only now, so that a refusal takes no time.
    from realesr.quality.checkup import inspect as look
    from realesr.quality.estimators import tables_of

    picture = reading.picture(path)
    for notice in picture.notices:
        say(f"{path}: {notice}")
    return look(picture, tables=tables_of(path))


def _tell(path: Path, checkup: Checkup) -> None:
    typer.echo(printable(f"{path} ({checkup.width}×{checkup.height})"))
    for name, finding in checkup.findings.items():
        mark = "!" if finding.matters else " "
        typer.echo(f"{mark} {name:<12} {finding.confidence:>4.0%}  {finding.sentence}")
    typer.echo("  models, the best first:")
    for place, model in enumerate(checkup.models, 1):
        typer.echo(f"  {place:>2}. {model.name:<29} {model.reason}")
