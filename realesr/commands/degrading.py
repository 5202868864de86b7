"""The work behind `realesr degrade`: what is planned, what is drawn, what is written."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from realesr.errors import ConfigError, Notice, ParameterError, RealesrError, ResourceError
from realesr.gate import check_output, output_format
from realesr.images import Picture, from_tensor, plan_output, to_tensor, write_picture
from realesr.images.safefile import (
    check_folder,
    check_target,
    make_folder,
    refuse_overwriting,
    write_file,
)
from realesr.inference.batch import PICTURE_SUFFIXES, Job, Outcome, refuse_existing
from realesr.inference.reading import Reading
from realesr.inference.walking import whereabouts

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from realesr.degradations import Operation, Trace


@dataclass(frozen=True)
class Plan:
    """One result: where its files go, and the seed it is drawn with."""

    job: Job
    seed: int
    trace: Path | None
    stages: Path | None


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


def check_names(
    output: Path, trace: Path | None, stages: Path | None, recipe: str | None, replay: Path | None
) -> None:
    """Refuse two wishes for one file.

    Raises:
        ParameterError: E006, with both.
    """
    named = [
        ("-o", output, output.suffix.lower() in PICTURE_SUFFIXES),
        ("--trace", trace, trace is not None and trace.suffix.lower() == ".json"),
        ("--stages", stages, False),
        ("--recipe", Path(recipe) if recipe else None, True),
        ("--replay", replay, True),
    ]
    for (one, first, is_file), (other, second, is_other_file) in itertools.combinations(named, 2):
        if first is None or second is None or not (is_file or is_other_file):
            continue
        if whereabouts(first) == whereabouts(second):
            raise ParameterError(
                "E006", f"{one} and {other} are the same, {first}.", "Give them different names."
            )


def let_through(plan: Plan, reading: Reading, *, force: bool) -> Outcome | None:
    """Judge a file by its header and the names of the results, before torch is even loaded.

    Returns:
        Why it is not degraded; None when it may be.
    """
    job = plan.job
    if outcome := refuse_existing(job, force=force):
        return outcome
    try:
        header = reading.header(job.source)
        check_output(header.width, header.height, output_format(job.target))
        check_target(job.target)
        if plan.trace:
            refuse_overwriting(plan.trace, force=force)
            check_folder(plan.trace.parent)
        if plan.stages:
            from realesr.commands.contact_sheet import refuse_earlier

            refuse_earlier(plan.stages, force=force)
            check_folder(plan.stages)
    except RealesrError as error:
        return Outcome.refused(job, error)
    return None


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


@dataclass(frozen=True, eq=False)
class Degraded:
    """A result that is still to be written.

    Attributes:
        trace: What happened.
        result: The picture to write.
        hr: The picture before the first operation.
        strip: Each operation and the picture after it, where stages are wanted.
        notices: What a person should know.
        started: When the reading began.
    """

    trace: Trace
    result: Picture
    hr: torch.Tensor
    strip: list[tuple[Operation, torch.Tensor]]
    notices: tuple[Notice, ...]
    started: float


def degrade_file(plan: Plan, draw: Callable[[int], Trace], reading: Reading) -> Degraded | Outcome:
    """Read and degrade one file; a picture's refusal is an outcome, not an exception.

    Args:
        plan: What to read.
        draw: Gives a seed its trace.
        reading: How to read it.
    """
    started = time.perf_counter()
    job = plan.job
    try:
        picture = reading.picture(job.source)
        trace = draw(plan.seed)
        hr, notices = as_hr(picture, trace.scale)
        strip = list(trace.stages(hr)) if plan.stages else []
        lr = strip[-1][1] if strip else trace.apply(hr)
        notices += unexpected_size(hr, lr, trace.scale)
        result = as_lr(picture, lr)
        told = (*picture.notices, *notices, *plan_output(result, job.target))
    except RealesrError as error:
        return Outcome.refused(job, error)
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError) and "memory" not in str(error):
            raise
        cause = f"{job.source.name} does not fit into memory."
        refusal = ResourceError("E301", cause, "Crop it, or close other programs.")
        return Outcome.refused(job, refusal)
    return Degraded(trace, result, hr, strip, told, started)


def write_degraded(plan: Plan, made: Degraded, *, force: bool) -> Outcome:
    """Write a result and what goes beside it: all of them, or none."""
    job = plan.job
    try:
        with _all_or_nothing(plan):
            if plan.trace:
                make_folder(plan.trace.parent)
                write_file(plan.trace, made.trace.to_text().encode(), force=force)
            if plan.stages:
                from realesr.commands.contact_sheet import write_stages

                make_folder(plan.stages)
                write_stages(plan.stages, made.hr, made.strip, force=force)
            # Last: a result that is there has all that was asked for beside it.
            make_folder(job.target.parent)
            write_picture(made.result, job.target, force=force)
    except RealesrError as error:
        return Outcome.refused(job, error)
    size = made.result.height, made.result.width
    seconds = time.perf_counter() - made.started
    return Outcome(job.source, "done", job.target, notices=made.notices, size=size, seconds=seconds)


@contextmanager
def _all_or_nothing(plan: Plan) -> Iterator[None]:
    """Take away again what was written beside a picture that then could not be."""
    try:
        yield
    except RealesrError as fault:
        if fault.code == "E113":
            raise  # What is there is somebody else's.
        beside = [plan.trace] if plan.trace else []
        if plan.stages:
            from realesr.commands.contact_sheet import earlier

            beside += earlier(plan.stages)
        for path in beside:
            with contextlib.suppress(OSError):
                path.unlink()
        raise


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


def as_lr(picture: Picture, lr: torch.Tensor) -> Picture:
    """The result as it is written, with what of the picture's own data still fits."""
    profile = None if picture.is_gray else picture.icc
    return Picture(pixels=from_tensor(lr, "uint8"), icc=profile, dpi=picture.dpi)


def unexpected_size(hr: torch.Tensor, lr: torch.Tensor, scale: int) -> list[Notice]:
    """A remark where the resizes of an edited trace or a recipe do not lead to the scale."""
    height, width = (side // scale for side in hr.shape[-2:])
    if (height, width) == tuple(lr.shape[-2:]):
        return []
    got = f"{lr.shape[-1]}x{lr.shape[-2]}"
    sentence = f"the result is {got}, not {width}x{height} as scale {scale} says."
    return [Notice("W120", sentence)]
