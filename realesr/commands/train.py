"""`realesr train`: learn from pictures, stop and go on at any time."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from realesr.commands.options import AsJson

EXAMPLE = "Example: realesr train configs/classroom.toml --set data.workers=2"


def train(
    config: Annotated[Path, typer.Argument(help="A TOML file; configs/ has some to begin with.")],
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the newest saved step of the output.")
    ] = False,
    changes: Annotated[
        list[str], typer.Option("--set", help="key=value, instead of what the file says.")
    ] = [],  # noqa: B006  typer reads it and never changes it
    as_json: AsJson = False,
) -> None:
    """Train a network as a configuration says; Ctrl-C saves and stops, --resume goes on."""
    from realesr.train.config_files import read_config
    from realesr.train.run import train as run

    ended = run(read_config(config, changes), resume=resume, stream=sys.stderr)
    if as_json:
        document = {
            "step": ended.step,
            "folder": str(ended.folder),
            "finished": not ended.signal,
        }
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        typer.echo(ended.folder)
    if ended.signal:
        raise typer.Exit(128 + ended.signal)
