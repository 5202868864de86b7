"""`realesr degrade`: what may happen to pictures, made to happen, with a biography to replay."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from realesr.commands.degrading import (
    Plan,
    check_names,
    degrade_file,
    let_through,
    plan_results,
    tracer,
    write_degraded,
)
from realesr.commands.holding import stops_held
from realesr.commands.options import (
    MOST_PIXELS,
    AsJson,
    Force,
    Inputs,
    Isolated,
    MaxPixels,
    Output,
    Salvage,
    no_picture,
)
from realesr.commands.report import announce, finish, printable
from realesr.errors import ParameterError
from realesr.gate import Limits
from realesr.inference.batch import PICTURE_SUFFIXES, Outcome, Report, plan_jobs
from realesr.inference.claiming import Claim
from realesr.inference.pipeline import DISK_FULL
from realesr.inference.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable

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
    inputs: Inputs,
    output: Output,
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
    salvage: Salvage = False,
    isolated: Isolated = False,
    max_pixels: MaxPixels = MOST_PIXELS,
    force: Force = False,
    as_json: AsJson = False,
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
    check_names(output, trace, stages, recipe, replay)
    to_folder = output.suffix.lower() not in PICTURE_SUFFIXES
    with Claim(output) if to_folder else contextlib.nullcontext():
        jobs = plan_jobs(inputs, output, label="lr")
        if not jobs:
            raise no_picture()
        plans = plan_results(jobs, output, seed or 0, count, trace, stages)
        reading = Reading(Limits(max_pixels=max_pixels), salvage, isolated)
        run = _Run(plans, reading, force=force, as_json=as_json)
        run.work(lambda: tracer(recipe, scale, replay))
    finish(run.report, as_json=as_json, announced=True)


class _Run:
    """One call of the command; every result that was planned ends up in ``report`` once."""

    def __init__(self, plans: list[Plan], reading: Reading, *, force: bool, as_json: bool) -> None:
        self.report = DegradeReport()
        self._plans, self._reading = plans, reading
        self._force, self._as_json = force, as_json
        self._outcomes: dict[Path, Outcome] = {}

    def work(self, tracer: Callable[[], Callable[[int], Trace]]) -> None:
        """Judge every picture by its header, then degrade those that may be."""
        try:
            self._work(tracer)
        except KeyboardInterrupt:
            self.report.interrupted = True
            self.report.stopped = "Stopped. What is done is there and whole."
        self.report.outcomes = [
            self._outcomes.get(plan.job.target) or Outcome.missed(plan.job) for plan in self._plans
        ]

    def _work(self, tracer: Callable[[], Callable[[int], Trace]]) -> None:
        ready = []
        for plan in self._plans:
            judged = let_through(plan, self._reading, force=self._force)
            if judged:
                self._tell(plan, judged)
            else:
                ready.append(plan)
        draw = tracer() if ready else None
        for plan in ready:
            assert draw is not None
            made = degrade_file(plan, draw, self._reading)
            with stops_held():
                if isinstance(made, Outcome):
                    outcome = made
                else:
                    outcome = write_degraded(plan, made, force=self._force)
                    self.report.traces[plan.job.target] = made.trace
                self._tell(plan, outcome)
            if outcome.error and outcome.error.code == DISK_FULL:
                self.report.stopped = "Stopped: the disk is full."
                return

    def _tell(self, plan: Plan, outcome: Outcome) -> None:
        self._outcomes[plan.job.target] = outcome
        announce(outcome, as_json=self._as_json)
        trace = self.report.traces.get(plan.job.target)
        if trace and outcome.state == "done" and not self._as_json:
            tell(trace, plan)


def tell(trace: Trace, plan: Plan) -> None:
    """Say what was drawn, and where the files beside the picture are."""
    parts = [f"{trace.recipe}, scale {trace.scale}, seed {trace.seed}"]
    parts += [f"trace in {plan.trace}"] if plan.trace else []
    parts += [f"stages in {plan.stages}"] if plan.stages else []
    typer.echo(printable("  " + "; ".join(parts)))
