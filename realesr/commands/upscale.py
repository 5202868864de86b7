"""`realesr upscale`: make pictures larger and better."""

from __future__ import annotations

import functools
import logging
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from realesr.commands.report import TileBar, finish, say
from realesr.errors import ParameterError, RealesrError
from realesr.gate import Limits, check_output, inspect_header, output_format
from realesr.inference.batch import (
    Job,
    Outcome,
    Report,
    plan_jobs,
    refuse_existing,
    upscale_file,
)
from realesr.models.catalogue import DEFAULT_MODEL, find_model, known_models

if TYPE_CHECKING:
    from realesr.inference.upscaler import Upscaler
    from realesr.models.loading import LoadedModel

EXAMPLE = "Example: realesr upscale photo.jpg -o photo_x4.png"


class Precision(StrEnum):
    """The number types a network can run in."""

    AUTO = "auto"
    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"


class Device(StrEnum):
    """Where a network can run."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class Format(StrEnum):
    """What results can be written as."""

    PNG = "png"
    JPG = "jpg"
    WEBP = "webp"
    TIFF = "tiff"
    AVIF = "avif"


def upscale(
    inputs: Annotated[list[Path], typer.Argument(help="Pictures, or folders of pictures.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="A picture's name, or a folder.")],
    model: Annotated[
        str, typer.Option(help="A name of `realesr models list`, or a weights file.")
    ] = DEFAULT_MODEL,
    scale: Annotated[
        float | None, typer.Option(help="Factor, 0.25 to 16; the model's own by default.")
    ] = None,
    tile: Annotated[str, typer.Option(help="auto, or a tile's side in pixels.")] = "auto",
    device: Annotated[Device, typer.Option(help="Where to run.")] = Device.AUTO,
    precision: Annotated[Precision, typer.Option(help="Numbers inside the network.")] = (
        Precision.AUTO
    ),
    format: Annotated[Format | None, typer.Option(help="Of the results; PNG by default.")] = None,
    quality: Annotated[
        int | None, typer.Option(min=1, max=100, help="For JPEG, WebP and AVIF.")
    ] = None,
    max_pixels: Annotated[
        int, typer.Option(min=1, help="Refuse larger pictures before decoding them.")
    ] = Limits().max_pixels,
    force: Annotated[bool, typer.Option("--force", help="Replace results that exist.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document on standard output.")
    ] = False,
) -> None:
    """Make pictures larger and better with a model.

    A folder is searched for pictures, its tree is mirrored, and what is there already is skipped.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    limits = Limits(max_pixels=max_pixels)
    stranger = model not in {spec.name for spec in known_models()}
    loaded = _load(model) if stranger else None
    spec = loaded.spec if loaded else find_model(model)
    factor = scale if scale is not None else float(spec.scale)
    jobs = plan_jobs(inputs, output, label=f"x{factor:g}", suffix=f".{format}" if format else None)
    if not jobs:
        raise ParameterError("E007", "no picture was found in what you named.", "Check the path.")
    report = Report()
    ready = [job for job in jobs if _let_through(job, factor, limits, force, report)]

    @functools.cache
    def upscaler() -> Upscaler:
        prepared = _prepare(loaded or _load(model), scale, tile, precision, device)
        if not as_json:
            say(prepared.describe())
        return prepared

    for number, job in enumerate(ready, start=1):
        with TileBar(f"{number}/{len(ready)} {job.source.name}") as bar:
            outcome = upscale_file(
                job, upscaler, limits=limits, force=force, quality=quality, progress=bar.show
            )
        report.outcomes.append(outcome)
    finish(report, as_json=as_json)


def _load(model: str) -> LoadedModel:
    from realesr.models.loading import load_model

    return load_model(model, device="cpu")


def _let_through(job: Job, factor: float, limits: Limits, force: bool, report: Report) -> bool:
    """Judge a file by its header, before torch is even loaded."""
    outcome = refuse_existing(job, force=force)
    if outcome is None:
        try:
            header = inspect_header(job.source, limits)
            height, width = round(header.height * factor), round(header.width * factor)
            check_output(max(1, width), max(1, height), output_format(job.target))
            return True
        except RealesrError as error:
            outcome = Outcome(job.source, "refused", error=error)
    report.outcomes.append(outcome)
    return False


def _prepare(
    model: LoadedModel, scale: float | None, tile: str, precision: Precision, device: Device
) -> Upscaler:
    if tile != "auto" and not tile.isdigit():
        raise ParameterError("E001", f"tile {tile!r} is no number.", "Use auto or pixels.")
    from realesr.inference.upscaler import Upscaler

    return Upscaler(
        model,
        scale=scale,
        tile="auto" if tile == "auto" else int(tile),
        precision=precision,
        device=device,
    )
