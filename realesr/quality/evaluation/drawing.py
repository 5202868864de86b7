"""An evaluation to look at: the worst places as crops, quality against time and size."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from realesr.errors import ParameterError
from realesr.figures import BLACK, SERIES, SURROUND, style
from realesr.quality.evaluation.measures import Measure
from realesr.quality.evaluation.results import Evaluation, Worst

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CELL, GAP, HEAD, CAPTION = 288, 12, 34, 30
SHARPEST = 4  # how many times the difference is enlarged in brightness


def worst_places(found: Evaluation) -> bytes:
    """A PNG with a row for each place where a model failed most.

    From left to right: what the model was given, what it made, the truth, and their difference,
    four times as strong around gray. Pixels stay pixels.

    Raises:
        ParameterError: E007 when no place was kept.
    """
    from matplotlib.figure import Figure

    order = {subject.name: place for place, subject in enumerate(found.subjects)}
    rows = sorted(found.worst, key=lambda each: (order[each.model], each.psnr))
    if not rows:
        raise ParameterError("E007", "no worst places were kept.", "Evaluate with worst=2.")
    width = 4 * (CELL + GAP) + GAP
    height = HEAD + len(rows) * (CELL + CAPTION + GAP) + GAP
    figure = Figure(figsize=(width / 100, height / 100), dpi=100, facecolor=SURROUND)
    for column, title in enumerate(("input", "result", "truth", "difference ×4")):
        left = (GAP + column * (CELL + GAP)) / width
        figure.text(left, 1 - 22 / height, title, fontsize=12, weight="bold")
    for number, row in enumerate(rows):
        top = HEAD + number * (CELL + CAPTION + GAP)
        words = (
            f"{row.model}: {row.picture} ({row.dataset}, {row.recipe}), at {row.left}, {row.top}: "
            f"{row.psnr:.1f} dB there"
        )
        figure.text(GAP / width, 1 - (top + 20) / height, words, fontsize=10)
        for column, pixels in enumerate(_panels(row)):
            place = (GAP + column * (CELL + GAP), height - top - CAPTION - CELL)
            axes = figure.add_axes(
                (place[0] / width, place[1] / height, CELL / width, CELL / height)
            )
            axes.imshow(pixels, interpolation="nearest")
            axes.set_axis_off()
    return _png(figure)


def _panels(row: Worst) -> list[np.ndarray]:
    difference = row.result.astype(float) - row.truth
    shown = np.clip(128 + SHARPEST * difference, 0, 255).round().astype(np.uint8)
    return [row.low, row.result, row.truth, shown]


def quality_plot(found: Evaluation, group: tuple[str, str] | None = None) -> bytes:
    """A PNG with quality over time and over parameters, a point for each model.

    Args:
        found: The evaluation; without times only the parameters are drawn.
        group: Data set and recipe; the first when None.

    Raises:
        ParameterError: E007 when nothing was measured.
    """
    from matplotlib.figure import Figure

    if not found.groups:
        raise ParameterError("E007", "nothing was measured that could be drawn.")
    group = group or found.groups[0]
    measures = [each for each in found.measures if each.name in ("psnr", "ssim", "lpips")]
    measures = measures[:2] or list(found.measures[:1])
    timed = all(subject.milliseconds is not None for subject in found.subjects)
    across = ["milliseconds", "parameters"] if timed else ["parameters"]
    size = (1.6 + 4.2 * len(across), 3.4 * len(measures))
    with style():
        figure = Figure(figsize=size, dpi=110, layout="constrained")
        grid = figure.subplots(len(measures), len(across), squeeze=False, sharey="row")
        points: Sequence[Any] = []
        for row, measure in zip(grid, measures, strict=True):
            for axes, what in zip(row, across, strict=True):
                points = _scatter(axes, found, group, measure, what)
            row[0].set_ylabel(measure.title)
        figure.legend(
            points, [each.name for each in found.subjects], loc="outside right upper", fontsize=8
        )
        figure.suptitle(f"{group[0]}, degraded by {group[1]}", fontsize=11)
    return _png(figure)


_MARKERS = "osD^vP*Xph<>"
_COLOURS = (*SERIES, BLACK)


def _scatter(
    axes: Any, found: Evaluation, group: tuple[str, str], measure: Measure, what: str
) -> Sequence[Any]:
    points = []
    for place, subject in enumerate(found.subjects):
        mean = found.mean(subject.name, group, measure.name)
        low, value, high = (mean.low, mean.value, mean.high) if mean else (np.nan,) * 3
        (point, *_) = axes.errorbar(
            getattr(subject, what), value, [[value - low], [high - value]],
            fmt=_MARKERS[place % len(_MARKERS)], color=_COLOURS[place % len(_COLOURS)],
            markersize=8, elinewidth=0.6, alpha=0.9,
        )  # fmt: skip
        points.append(point)
    if what == "parameters":
        # Plain filters have none, which no logarithm shows.
        axes.set_xscale("symlog", linthresh=10_000, linscale=0.5)
        axes.set_xlim(left=-2000)
        axes.set_xlabel("parameters")
    else:
        from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel("ms on 256×256 pixels, this machine")
    if measure.best == "low":
        axes.invert_yaxis()
    return points


def _png(figure: Figure) -> bytes:
    data = BytesIO()
    figure.savefig(data, format="png")
    return data.getvalue()
