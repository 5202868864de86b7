"""`realesr honesty`: what a model made up, and where it contradicts its input, as pictures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from realesr.commands.options import (
    MOST_PIXELS,
    AsJson,
    Force,
    Inputs,
    MaxPixels,
    Output,
    no_picture,
)
from realesr.commands.saying import printable, say
from realesr.commands.upscaling import ChosenModel
from realesr.errors import PictureError, RealesrError
from realesr.gate import Limits
from realesr.images.safefile import make_folder
from realesr.inference.batch import Job, plan_jobs, refuse_existing
from realesr.inference.reading import Reading
from realesr.models.catalogue import DEFAULT_MODEL, ModelSpec, find_model
from realesr.models.locating import place_of

if TYPE_CHECKING:
    from realesr.inference.upscaler import Upscaler

EXAMPLE = "Example: realesr honesty photo.jpg -o maps"
_SOME_REFUSED = 3


def honesty(
    inputs: Inputs,
    output: Output,
    model: Annotated[
        str, typer.Option(help="A name of `realesr models list`, or a weights file.")
    ] = DEFAULT_MODEL,
    second: Annotated[
        str | None,
        typer.Option(help="A second opinion; the model's faithful partner where it has one."),
    ] = None,
    max_pixels: MaxPixels = MOST_PIXELS,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Show what a model made up: two maps beside each other, and a number for each.

    Left: where the result, made small again, contradicts the picture. Right: where made-up detail
    is likely. Each picture is enlarged about ten times over.
    """
    jobs = plan_jobs(inputs, output, label="honesty")
    if not jobs:
        raise no_picture()
    chosen = ChosenModel(model, None)
    work = _Work(
        chosen,
        second or faithful_partner(chosen.spec),
        Reading(Limits(max_pixels=max_pixels)),
        force,
    )
    entries: list[dict[str, object]] = []
    for job in jobs:
        existing = refuse_existing(job, force=force)
        try:
            if existing is not None:
                entries.append(existing.as_dict())
                say(str(existing.error or existing.notices[0]))
                continue
            entries.append(work.do(job))
        except PictureError as error:
            entries.append(
                {"source": str(job.source), "state": "refused", "error": error.as_dict()}
            )
            say(str(error))
            continue
        if not as_json:
            _tell(job, entries[-1])
    if as_json:
        typer.echo(json.dumps({"files": entries}, indent=2))
    if any(entry["state"] == "refused" for entry in entries):
        raise typer.Exit(_SOME_REFUSED)


@dataclass
class _Work:
    chosen: ChosenModel
    second: str | None
    reading: Reading
    force: bool
    upscalers: tuple[Upscaler, Upscaler | None] | None = None

    def do(self, job: Job) -> dict[str, object]:
        """Enlarge one picture, draw its maps, and say their numbers."""
        self.reading.header(job.source)
        picture = self.reading.picture(job.source)
        # Only now, so that a refusal takes no time.
        import numpy as np

        from realesr.images import Picture, write_picture
        from realesr.quality.honesty import consistency_map, invention_map

        upscaler, partner = self.upscalers = self.upscalers or self._prepare()
        low = picture.pixels
        result = upscaler(low)
        maps = (
            consistency_map(result, low),
            invention_map(upscaler, low, result, partner=partner),
        )
        sheet = np.hstack([each.picture(result) for each in maps])
        make_folder(job.target.parent)
        write_picture(Picture(sheet), job.target, force=self.force)
        found = {each.name: each.as_dict() for each in maps}
        source, target = str(job.source), str(job.target)
        return {"source": source, "state": "done", "target": target, **found}

    def _prepare(self) -> tuple[Upscaler, Upscaler | None]:
        from realesr.inference.upscaler import Upscaler

        upscaler = Upscaler(self.chosen.load())
        if self.second is None:
            return upscaler, None
        return upscaler, Upscaler(ChosenModel(self.second, None).load(), scale=upscaler.scale)


def faithful_partner(spec: ModelSpec) -> str | None:
    """The faithful model beside one that draws detail, where it needs no download.

    >>> faithful_partner(find_model("lab-x4")), faithful_partner(find_model("bicubic"))
    ('lab-x4-fidelity', None)
    """
    name = spec.blend_with
    if name is None or "fidelity" not in name:
        return None
    try:
        return None if place_of(find_model(name)) == "remote" else name
    except RealesrError:
        return None


def _tell(job: Job, entry: dict[str, object]) -> None:
    typer.echo(printable(f"done {job.source} → {job.target}"))
    for name in ("consistency", "invention"):
        found = entry[name]
        assert isinstance(found, dict)
        typer.echo(f"  {name}: {found['value']:.2f} {found['unit']} ({found['protocol']})")
