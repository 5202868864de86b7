"""`realesr upscale`: make pictures larger and better."""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from realesr.commands.deciding import OPTIONS, Deciding
from realesr.commands.marking import Marking
from realesr.commands.options import (
    MOST_PIXELS,
    AsJson,
    Force,
    Inputs,
    Isolated,
    MaxPixels,
    Output,
    Salvage,
)
from realesr.commands.report import finish, say
from realesr.commands.upscaling import ChosenModel, Run, check_formats, choose_enlargement
from realesr.errors import ParameterError
from realesr.gate import Limits
from realesr.inference.pipeline import Wishes
from realesr.inference.reading import Reading
from realesr.models.catalogue import DEFAULT_MODEL

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
    GIF = "gif"


class Alpha(StrEnum):
    """What enlarges transparency."""

    MODEL = "model"
    LANCZOS = "lanczos"


def upscale(
    context: typer.Context,
    inputs: Inputs,
    output: Output,
    model: Annotated[
        str, typer.Option(help="A name of `realesr models list`, or a weights file.")
    ] = DEFAULT_MODEL,
    scale: Annotated[
        float | None, typer.Option(help="Factor, 0.25 to 16; the model's own by default.")
    ] = None,
    size: Annotated[
        str | None, typer.Option(metavar="WxH", help="Exact size of results, such as 1920x1080.")
    ] = None,
    long_edge: Annotated[
        int | None, typer.Option(min=1, help="The longer side of results, in pixels.")
    ] = None,
    tile: Annotated[str, typer.Option(help="auto, or a tile's side in pixels.")] = "auto",
    overlap: Annotated[
        int | None, typer.Option(min=0, help="Pixels read around a tile; chosen by default.")
    ] = None,
    device: Annotated[Device, typer.Option(help="Where to run.")] = Device.AUTO,
    precision: Annotated[Precision, typer.Option(help="Numbers inside the network.")] = (
        Precision.AUTO
    ),
    denoise: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="How much noise goes, for models with a partner."),
    ] = None,
    strength: Annotated[
        float, typer.Option(min=0, max=1, help="1 is the model alone, 0 plain bicubic.")
    ] = 1.0,
    fix_colour: Annotated[
        bool,
        typer.Option(
            "--fix-colour/--no-fix-colour", help="Hold the colours to those of the input."
        ),
    ] = False,
    sharpen: Annotated[
        float, typer.Option(min=0, max=2, help="Sharpen the result; 0 is none.")
    ] = 0.0,
    keep_grain: Annotated[
        float, typer.Option(min=0, max=1, help="Put back grain that the model took out.")
    ] = 0.0,
    shrink: Annotated[
        float,
        typer.Option(
            min=1, max=8, help="Shrink first, so many times: for what was enlarged before."
        ),
    ] = 1.0,
    consistent: Annotated[
        bool | None,
        typer.Option(
            "--consistent/--no-consistent",
            help="Move the result until it is the input once more when shrunk.",
        ),
    ] = None,
    auto: Annotated[
        bool,
        typer.Option("--auto", help="Look at each picture and decide what was not asked for."),
    ] = False,
    alpha: Annotated[Alpha, typer.Option(help="What enlarges transparency.")] = Alpha.MODEL,
    all_frames: Annotated[
        bool, typer.Option("--all-frames", help="Every frame of an animation; PNG, WebP or GIF.")
    ] = False,
    strip_gps: Annotated[
        bool, typer.Option("--strip-gps", help="Leave out where a picture was taken.")
    ] = False,
    provenance: Annotated[
        bool,
        typer.Option(
            "--provenance/--no-provenance",
            help="Say in each result's metadata (XMP) that it is enlarged, by what and how.",
        ),
    ] = True,
    watermark: Annotated[
        bool,
        typer.Option(
            "--watermark",
            help="Lay a faint mark over the pixels that `realesr inspect` finds. Fragile.",
        ),
    ] = False,
    format: Annotated[Format | None, typer.Option(help="Of the results; PNG by default.")] = None,
    quality: Annotated[
        int | None, typer.Option(min=1, max=100, help="For JPEG, WebP and AVIF.")
    ] = None,
    salvage: Salvage = False,
    isolated: Isolated = False,
    max_pixels: MaxPixels = MOST_PIXELS,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Make pictures larger and better with a model.

    A folder is searched for pictures and its tree is mirrored. A run that was stopped or killed
    goes on where it was when it is started again.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    if tile != "auto" and not tile.isdigit():
        raise ParameterError("E001", f"tile {tile!r} is no number.", "Use auto or pixels.")
    if isolated and all_frames:
        raise ParameterError(
            "E001", "--isolated and --all-frames contradict each other.", "Leave one of them out."
        )
    if auto and all_frames:
        raise ParameterError(
            "E001",
            "--auto and --all-frames contradict each other: frames would be decided one by one.",
            "Leave one of them out.",
        )
    suffix = f".{format}" if format else None
    check_formats(output, suffix, quality=quality, all_frames=all_frames)
    chosen = ChosenModel(model, denoise)
    wishes = Wishes(
        enlargement=choose_enlargement(scale, size, long_edge, own=chosen.spec.scale),
        reading=Reading(Limits(max_pixels=max_pixels), salvage, isolated),
        quality=quality,
        alpha=alpha.value,
        strip_gps=strip_gps,
        all_frames=all_frames,
    )

    def build(loaded: LoadedModel, finish: Mapping[str, Any]) -> Upscaler:
        from realesr.inference.finishing import Finish
        from realesr.inference.upscaler import Upscaler

        prepared = Upscaler(
            loaded,
            scale=wishes.enlargement.scale,
            tile="auto" if tile == "auto" else int(tile),
            overlap=overlap,
            precision=precision,
            device=device,
            finish=Finish(**finish),
        )
        if not as_json:
            say(prepared.describe())
        return prepared

    values = {name: context.params[name] for name in OPTIONS}
    asked = frozenset(name for name in OPTIONS if _is_given(context, name))
    deciding = Deciding(chosen, values, asked, build, auto=auto)
    # Where and in what tiles it runs is not among these: that may change when memory runs out,
    # and no finished result need be made again for it.
    marks = {"provenance": provenance, "watermark": watermark}
    settings = {**deciding.settings, "precision": precision.value, "overlap": overlap, **marks}
    more = {"alpha": alpha.value, "overlap": overlap, "quality": quality, "all_frames": all_frames}
    marking = Marking(deciding, wishes.enlargement, more, **marks, quiet=as_json)
    with Run(output, wishes, chosen, settings=settings, force=force, as_json=as_json) as run:
        run.plan(inputs, suffix)
        run.work(functools.cache(marking.enlarge))
    finish(run.report, as_json=as_json, announced=True)


def _is_given(context: typer.Context, name: str) -> bool:
    """Whether a person gave an option."""
    source = context.get_parameter_source(name)
    return source is not None and source.name not in ("DEFAULT", "DEFAULT_MAP")
