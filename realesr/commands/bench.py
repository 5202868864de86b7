"""`realesr bench`: how fast, how much memory and how exact, on this machine."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from realesr.commands.options import AsJson
from realesr.commands.report import say
from realesr.errors import ParameterError
from realesr.images.safefile import make_folder, refuse_overwriting, write_file
from realesr.inference.batch import INTERRUPTED
from realesr.models.catalogue import DEFAULT_MODEL

if TYPE_CHECKING:
    from realesr.quality.bench import Case

EXAMPLE = "Example: realesr bench --model lab-x4 --side 256 --side 512 --plot bench.png"


def bench(
    model: Annotated[
        list[str], typer.Option("--model", help="A model to measure; may be given again.")
    ] = [DEFAULT_MODEL],  # noqa: B006  typer reads it and never changes it
    side: Annotated[
        list[int], typer.Option("--side", min=16, help="Side of the square input, in pixels.")
    ] = [256, 512, 1024],  # noqa: B006
    repeats: Annotated[int, typer.Option(min=1, help="Runs; the median counts.")] = 5,
    plain: Annotated[
        bool, typer.Option(help="Run plain fp32 PyTorch and other engines beside it.")
    ] = True,
    plot: Annotated[Path | None, typer.Option(help="Where to draw the figures.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure models on this machine, beside plain PyTorch as the reference runs it.

    The ratio says how many times as fast; the last columns say how near the result is to fp32 and
    what memory it took above the loaded program.
    """
    from realesr.models.locating import locate
    from realesr.quality.bench import as_document, as_table, measure

    if plot is not None:
        _check_plot(plot)
    for name in model:
        locate(name)
    cases: list[Case] = []
    stopped = ""
    try:
        for case in measure(model, side, repeats=repeats, plain=plain):
            cases.append(case)
            say(f"{case.model} at {case.side} px: {case.seconds:.3f} s")
    except KeyboardInterrupt:
        stopped = f"Stopped after {len(cases)} of {len(model) * len(side)} measurements."
    if plot is not None and cases:
        _draw(cases, plot)
    document = {**as_document(cases), "stopped": stopped or None}
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2) if as_json else as_table(cases))
    if stopped:
        say(stopped)
        raise typer.Exit(INTERRUPTED)


def _check_plot(path: Path) -> None:
    """Refuse before anything is measured a plot that could not be drawn afterwards."""
    if path.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise ParameterError("E001", f"{path.name} is no picture.", "Name a .png, .svg or .pdf.")
    refuse_overwriting(path, force=True)
    make_folder(path.parent)


def _draw(cases: list[Case], path: Path) -> None:
    """Seconds for each megapixel of input, ours and plain, one group of bars a case."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 0.7 + 0.5 * len(cases)), layout="constrained")
    axes = figure.subplots()
    labels = [f"{case.model}\n{case.side}×{case.side}" for case in cases]
    for offset, name, colour, values in (
        (0.2, "plain fp32 PyTorch", "#999999", [case.plain_seconds for case in cases]),
        (-0.2, "realesr, default settings", "#0072B2", [case.seconds for case in cases]),
    ):
        places = [index + offset for index in range(len(cases))]
        rates = [
            (value or 0) / case.side**2 * 1e6 for value, case in zip(values, cases, strict=True)
        ]
        bars = axes.barh(places, rates, height=0.38, color=colour, label=name)
        axes.bar_label(bars, fmt="%.1f", padding=3, fontsize=10)
    axes.set_yticks(range(len(cases)), labels, fontsize=10)
    axes.invert_yaxis()
    axes.set_xlabel("seconds for each megapixel of input (less is better)", fontsize=11)
    axes.margins(x=0.12)
    axes.legend(fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    data = BytesIO()
    figure.savefig(data, format=path.suffix[1:].lower(), dpi=120)
    write_file(path, data.getvalue(), force=True)
