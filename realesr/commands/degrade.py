"""`realesr degrade`: what may happen to pictures, made to happen, with a biography to replay."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from realesr.commands.report import announce, finish, printable
from realesr.errors import (
    ConfigError,
    Notice,
    ParameterError,
    RealesrError,
    ResourceError,
)
from realesr.gate import Limits, check_output, inspect_header, output_format
from realesr.images import Picture, from_tensor, plan_output, read_picture, to_tensor, write_picture
from realesr.images.safefile import make_folder, refuse_overwriting, write_file
from realesr.inference.batch import (
    PICTURE_SUFFIXES,
    Job,
    Outcome,
    Report,
    plan_jobs,
    refuse_existing,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from realesr.degradations import Trace

# Written out, because the presets themselves need torch and the help page should not.
PRESETS = (
    "real_esrgan",
    "real_esrgan_exact",
    "bsrgan",
    "bicubic_only",
    "gentle",
    "chat_app",
    "web_thumbnail",
    "document_scan",
    "satellite",
    "phone_night",
)
EXAMPLE = "Example: realesr degrade photo.png -o photo_lr.png --seed 7 --trace photo_lr.json"


@dataclass(frozen=True)
class Plan:
    """One result: where its files go, and the seed it is drawn with."""

    job: Job
    seed: int
    trace: Path | None
    stages: Path | None


@dataclass
class DegradeReport(Report):
    """A report that also tells, with ``--json``, what happened to each picture."""

    traces: dict[Path, Trace] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Plain values; each result carries its trace."""
        files = []
        for outcome in self.outcomes:
            trace = self.traces.get(outcome.target) if outcome.target else None
            plain = json.loads(trace.to_json()) if trace else None
            files.append({**outcome.as_dict(), "trace": plain})
        return {**super().as_dict(), "files": files}


def degrade(
    inputs: Annotated[list[Path], typer.Argument(help="Pictures, or folders of pictures.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="A picture's name, or a folder.")],
    recipe: Annotated[
        str | None,
        typer.Option(help=f"One of {', '.join(PRESETS)}; or a .json or .toml file. [real_esrgan]"),
    ] = None,
    scale: Annotated[
        int | None,
        typer.Option(
            min=1, max=8, help="HR side / LR side, for a preset. [4; 2 for document_scan]"
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Of the first result; the next takes one more. [0]")
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=10_000, help="Results for each picture.")] = 1,
    trace: Annotated[
        Path | None, typer.Option(help="Where to write what happened: a .json file, or a folder.")
    ] = None,
    stages: Annotated[
        Path | None, typer.Option(help="A folder for each stage's picture and a contact sheet.")
    ] = None,
    replay: Annotated[
        Path | None, typer.Option(help="A trace: the same happens to these pictures.")
    ] = None,
    max_pixels: Annotated[
        int, typer.Option(min=1, help="Refuse larger pictures before decoding them.")
    ] = Limits().max_pixels,
    force: Annotated[bool, typer.Option("--force", help="Replace results that exist.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document on standard output.")
    ] = False,
) -> None:
    """Degrade pictures by a recipe, and write down what happened.

    The picture is cut at the right and bottom to a multiple of the scale.
    """
    if replay and (recipe or scale or seed is not None or count > 1):
        raise ParameterError(
            "E001",
            "--replay takes recipe, scale and seed from the trace and gives one result.",
            "Leave --recipe, --scale, --seed and --count out.",
        )
    limits = Limits(max_pixels=max_pixels)
    jobs = plan_jobs(inputs, output, label="lr")
    if not jobs:
        raise ParameterError("E007", "no picture was found in what you named.", "Check the path.")
    plans = plan_results(jobs, output, seed or 0, count, trace, stages)
    report = DegradeReport()
    ready = [plan for plan in plans if _let_through(plan, limits, force, report)]
    draw = tracer(recipe, scale, replay) if ready or not report.outcomes else None
    for plan in ready:
        assert draw is not None
        report.outcomes.append(degrade_file(plan, draw, limits, force, report.traces))
    written = {plan.job.target: plan for plan in ready}
    for outcome in report.outcomes:
        announce(outcome, as_json=as_json)
        if outcome.target in report.traces and not as_json:
            tell(report.traces[outcome.target], written[outcome.target])
    finish(report, as_json=as_json, announced=True)


def tell(trace: Trace, plan: Plan) -> None:
    """Say what was drawn, and where the files beside the picture are."""
    parts = [f"{trace.recipe}, scale {trace.scale}, seed {trace.seed}"]
    parts += [f"trace in {plan.trace}"] if plan.trace else []
    parts += [f"stages in {plan.stages}"] if plan.stages else []
    typer.echo(printable("  " + "; ".join(parts)))


def plan_results(
    jobs: list[Job], output: Path, seed: int, count: int, trace: Path | None, stages: Path | None
) -> list[Plan]:
    """Name every file of every result before any work starts.

    Raises:
        ParameterError: E006 when several results would go into one file.
    """
    total = len(jobs) * count
    for name, path, suffixes in (("-o", output, PICTURE_SUFFIXES), ("--trace", trace, (".json",))):
        if total > 1 and path is not None and path.suffix.lower() in suffixes:
            raise ParameterError(
                "E006",
                f"{total} results cannot go into the one file {path.name} ({name}).",
                "Name a folder instead.",
            )
    plans = []
    for place in range(total):
        job, number = jobs[place // count], place % count + 1
        if count > 1:
            target = job.target.with_name(f"{job.target.stem}_{number}{job.target.suffix}")
            job = replace(job, target=target)
        # What is written beside a picture mirrors the tree of the results.
        inside = job.target.relative_to(output) if job.target != output else Path(output.name)
        to_file = trace is not None and trace.suffix.lower() == ".json"
        beside = trace if to_file or trace is None else trace / inside.with_suffix(".json")
        plans.append(
            Plan(job, seed + place, beside, stages / inside.with_suffix("") if stages else None)
        )
    return plans


def _let_through(plan: Plan, limits: Limits, force: bool, report: Report) -> bool:
    """Judge a file by its header and the names of the results, before torch is even loaded."""
    outcome = refuse_existing(plan.job, force=force)
    if outcome is None:
        try:
            header = inspect_header(plan.job.source, limits)
            check_output(header.width, header.height, output_format(plan.job.target))
            if plan.trace:
                refuse_overwriting(plan.trace, force=force)
            if plan.stages:
                from realesr.commands.contact_sheet import refuse_earlier

                refuse_earlier(plan.stages, force=force)
            return True
        except RealesrError as error:
            outcome = Outcome(plan.job.source, "refused", error=error)
    report.outcomes.append(outcome)
    return False


def tracer(recipe: str | None, scale: int | None, replay: Path | None) -> Callable[[int], Trace]:
    """What gives each seed its trace: a preset, a recipe file, or always the same trace.

    Raises:
        ConfigError: E404 for an unknown name, or a file that does not add up.
    """
    from realesr.degradations import Trace, load_recipe, presets
    from realesr.degradations.documents import text_of

    if replay:
        text = text_of(replay)
        try:
            trace = Trace.from_json(text)
        except ConfigError as error:
            raise ConfigError("E404", f"{replay.name}: {error.cause}", error.next_step) from error
        return lambda seed: trace
    name = recipe or "real_esrgan"
    if Path(name).suffix.lower() not in (".json", ".toml"):
        return presets.preset(name, scale or presets.own_scale(name)).sample
    loaded = load_recipe(name)
    if scale not in (None, loaded.scale):
        raise ConfigError("E404", f"{name} is for scale {loaded.scale}, not {scale}.")
    return loaded.sample


def degrade_file(
    plan: Plan,
    draw: Callable[[int], Trace],
    limits: Limits,
    force: bool,
    traces: dict[Path, Trace],
) -> Outcome:
    """Read, degrade and write one file; a picture's refusal is an outcome, not an exception.

    Args:
        plan: What to read and where to write.
        draw: Gives a seed its trace.
        limits: What is too large to read.
        force: Replace results that exist.
        traces: Receives the trace under the result's name.
    """
    started = time.perf_counter()
    source, target = plan.job.source, plan.job.target
    try:
        picture = read_picture(source, limits=limits)
        trace = draw(plan.seed)
        hr, notices = as_hr(picture, trace.scale)
        strip = list(trace.stages(hr)) if plan.stages else []
        lr = strip[-1][1] if strip else trace.apply(hr)
        profile = None if picture.is_gray else picture.icc
        notices += unexpected_size(hr, lr, trace.scale)
        result = Picture(pixels=from_tensor(lr, "uint8"), icc=profile, dpi=picture.dpi)
        notices = [*picture.notices, *notices, *plan_output(result, target)]
        make_folder(target.parent)
        write_picture(result, target, force=force)
        if plan.trace:
            make_folder(plan.trace.parent)
            write_file(plan.trace, trace.to_text().encode(), force=force)
        if plan.stages:
            from realesr.commands.contact_sheet import write_stages

            make_folder(plan.stages)
            write_stages(plan.stages, hr, strip, force=force)
    except RealesrError as error:
        return Outcome(source, "refused", error=error)
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and "memory" not in str(error):
            raise
        cause = f"{source.name} does not fit into memory."
        refusal = ResourceError("E301", cause, "Crop it, or close other programs.")
        return Outcome(source, "refused", error=refusal)
    traces[target] = trace
    seconds = time.perf_counter() - started
    size = result.pixels.shape[:2]
    return Outcome(source, "done", target, notices=tuple(notices), size=size, seconds=seconds)


def as_hr(picture: Picture, scale: int) -> tuple[torch.Tensor, list[Notice]]:
    """The picture as operations take it: RGB, opaque, sides cut to multiples of the scale."""
    pixels, notices = picture.pixels, []
    if picture.has_alpha:
        pixels = pixels[..., :-1]
        notices.append(Notice("W116", "transparency is left out."))
    hr = to_tensor(pixels)
    height, width = hr.shape[-2:]
    fitting = (height - height % scale, width - width % scale)
    if fitting != (height, width) and min(fitting) > 0:
        hr = hr[..., : fitting[0], : fitting[1]]
        multiple = f"a multiple of {scale}"
        notices.append(
            Notice("W117", f"cut from {width}x{height} to {fitting[1]}x{fitting[0]}, {multiple}.")
        )
    return hr.expand(1, 3, -1, -1).contiguous(), notices


def unexpected_size(hr: torch.Tensor, lr: torch.Tensor, scale: int) -> list[Notice]:
    """A remark where the resizes of an edited trace or a recipe do not lead to the scale."""
    height, width = (side // scale for side in hr.shape[-2:])
    if (height, width) == tuple(lr.shape[-2:]):
        return []
    got = f"{lr.shape[-1]}x{lr.shape[-2]}"
    sentence = f"the result is {got}, not {width}x{height} as scale {scale} says."
    return [Notice("W120", sentence)]
