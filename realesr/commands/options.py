"""Options that several commands take, each in the same words; and what is said of no pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from realesr.errors import ParameterError
from realesr.gate import Limits

MOST_PIXELS = Limits().max_pixels

Inputs = Annotated[list[Path], typer.Argument(help="Pictures, or folders of pictures.")]
Output = Annotated[Path, typer.Option("-o", "--output", help="A picture's name, or a folder.")]
Salvage = Annotated[
    bool, typer.Option("--salvage", help="Keep what can be read of pictures that are cut off.")
]
Isolated = Annotated[
    bool,
    typer.Option("--isolated", help="Decode in a process of its own: for files of strangers."),
]
MaxPixels = Annotated[int, typer.Option(min=1, help="Refuse larger pictures before decoding them.")]
Force = Annotated[bool, typer.Option("--force", help="Replace results that exist.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Workers = Annotated[
    int, typer.Option(min=0, max=256, help="Processes; 0 is one for each processor.")
]


def no_picture() -> ParameterError:
    """The refusal of names behind which there is no picture."""
    return ParameterError("E007", "no picture was found in what you named.", "Check the path.")
