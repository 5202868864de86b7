"""`realesr inspect`: what is wrong with pictures, and which model suits each."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from realesr.commands.options import (
    MOST_PIXELS,
    AsJson,
    Inputs,
    Isolated,
    MaxPixels,
    Salvage,
    no_picture,
)
from realesr.commands.saying import printable, say
from realesr.errors import PictureError
from realesr.gate import Limits
from realesr.inference.reading import Reading
from realesr.inference.walking import find_pictures
from realesr.models.catalogue import known_models

if TYPE_CHECKING:
    from realesr.provenance import Mark, Provenance
    from realesr.quality.checkup import Checkup

EXAMPLE = "Example: realesr inspect photo.jpg"
_SOME_REFUSED = 3


def inspect(
    inputs: Inputs,
    salvage: Salvage = False,
    isolated: Isolated = False,
    max_pixels: MaxPixels = MOST_PIXELS,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with pictures: noise, blur, JPEG, enlarging and more, and what may help.

    Every figure is an estimate from the pixels, with how sure it is; of a JPEG file the quality is
    read from its tables. What a picture says of how it was made (its provenance), and a watermark
    of `realesr upscale`, are read too. Nothing is written.
    """
    found = find_pictures(inputs, Path(os.devnull))
    if not found:
        raise no_picture()
    reading = Reading(Limits(max_pixels=max_pixels), salvage, isolated)
    entries: list[dict[str, object]] = []
    refused = 0
    for item in found:
        try:
            checkup, origin = _examine(item.path, reading)
        except PictureError as error:
            refused += 1
            entries.append({"file": str(item.path), "error": error.as_dict()})
            say(str(error))
            continue
        entries.append({"file": str(item.path), **checkup.as_dict(), **origin.as_dict()})
        if not as_json:
            _tell(item.path, checkup, origin)
    if as_json:
        alone = len(found) == 1 and found[0].listed
        typer.echo(json.dumps(entries[0] if alone else {"files": entries}, indent=2))
    if refused:
        raise typer.Exit(_SOME_REFUSED)


@dataclass(frozen=True)
class _Origin:
    """What a picture says of how it was made, and what its pixels say."""

    said: Provenance | None
    source_type: str
    mark: Mark | None

    def as_dict(self) -> dict[str, object]:
        return {
            "provenance": self.said.as_dict() if self.said else None,
            "source_type": self.source_type or None,
            "watermark": self.mark.as_dict() if self.mark else None,
        }

    def sentences(self) -> Iterator[str]:
        if self.said:
            yield from self.said.sentences()
        elif self.source_type:
            yield f"IPTC digital source type: {self.source_type}."
        else:
            yield "Nothing is said of how it was made."
        if self.mark:
            known = [
                spec.name
                for spec in known_models()
                if self.mark.digits and (spec.sha256 or "").startswith(self.mark.digits)
            ]
            whose = f", of weights {self.mark.digits}…" if self.mark.digits else ""
            whose += f" ({' or '.join(known)})" if known else ""
            yield f"Watermark of realesr found{whose}; strength {self.mark.strength:g}, 6 is least."


def _examine(path: Path, reading: Reading) -> tuple[Checkup, _Origin]:
    reading.header(path)
    # Only now, so that a refusal takes no time.
    from realesr.provenance import find_watermark, from_packet
    from realesr.quality.checkup import inspect as look
    from realesr.quality.estimators import tables_of

    picture = reading.picture(path)
    for notice in picture.notices:
        say(f"{path}: {notice}")
    said, source_type = from_packet(picture.xmp)
    origin = _Origin(said, source_type, find_watermark(picture.pixels))
    return look(picture, tables=tables_of(path)), origin


def _tell(path: Path, checkup: Checkup, origin: _Origin) -> None:
    typer.echo(printable(f"{path} ({checkup.width}×{checkup.height})"))
    for name, finding in checkup.findings.items():
        mark = "!" if finding.matters else " "
        typer.echo(f"{mark} {name:<12} {finding.confidence:>4.0%}  {finding.sentence}")
    typer.echo("  how it was made:")
    for sentence in origin.sentences():
        typer.echo(printable(f"    {sentence}"))
    typer.echo("  models, the best first:")
    for place, model in enumerate(checkup.models, 1):
        typer.echo(f"  {place:>2}. {model.name:<29} {model.reason}")
