"""`realesr-data verify`: a published data set read back and compared, picture by picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from realesr.commands.options import AsJson
from realesr.commands.report import BatchBar, printable, say

EXAMPLE = "Example: realesr-data verify ada/old-maps --against sets/maps"


def verify(
    repo: Annotated[str, typer.Argument(help="user/name on the Hub, perhaps @revision.")],
    against: Annotated[
        Path | None, typer.Option(help="The built data set that it must be equal to.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch a published data set and compare every file and picture with its sha256."""
    from data_tools.publishing.checking import verify as compare
    from data_tools.publishing.shards import read_manifest

    if against is not None:
        read_manifest(against)
    bar = BatchBar(1, 1)
    found = compare(repo, against, told=lambda done, total: bar.show(repo, done / max(total, 1)))
    bar.clear()
    if as_json:
        typer.echo(json.dumps(found.as_dict(), ensure_ascii=False, indent=2))
    else:
        state = "every sha256 is right" if not found.faults else f"{len(found.faults)} differ"
        typer.echo(
            f"{found.repository} at {found.commit[:12]}: {found.files} files, "
            f"{found.pictures:,} pictures, {state}"
        )
    for fault in found.faults[:20]:
        say(printable(fault))
    if found.faults:
        raise typer.Exit(3)
