"""The curves of a run, drawn from its journal: during it or long after.

::

    draw_curves("runs/photos")                       # writes runs/photos/curves.png
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from realesr.errors import ConfigError
from realesr.figures import AMBER, BLUE, GREEN, INK, ORANGE, SOFT
from realesr.figures import style as house_style
from realesr.images.safefile import write_file
from realesr.train.journal import Journal

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Lines = list[dict[str, Any]]
# What the generator's loss is the sum of.
TERMS = ("pixel", "perceptual", "gan", "artifact", "frequency")


def draw_curves(output: Path | str, path: Path | str | None = None) -> Path:
    """Draw losses, scores, the discriminator's opinions and the learning rate of a run.

    What the run did not write down has no panel. Where an alarm spoke there is a vertical line.

    Args:
        output: The run's folder.
        path: Where the PNG goes; ``output/curves.png`` by default.

    Returns:
        The PNG's path.

    Raises:
        ConfigError: E404 when the folder holds no journal.
    """
    from matplotlib.figure import Figure

    output = Path(output)
    lines = Journal.read(output)
    panels = [draw for holds, draw in _PANELS if any(holds(line) for line in lines)]
    if not panels:
        raise ConfigError(
            "E404", f"{output} holds no metrics.jsonl with curves.", "Name the run's output folder."
        )
    columns = min(2, len(panels))
    rows = math.ceil(len(panels) / columns)
    with house_style():
        figure = Figure(figsize=(6.4 * columns, 3.6 * rows), dpi=120)
        figure.set_layout_engine("constrained", w_pad=0.12, h_pad=0.14)
        for place, draw in enumerate(panels):
            _panel(figure.add_subplot(rows, columns, place + 1), draw, lines)
    path = Path(path) if path is not None else output / "curves.png"
    data = io.BytesIO()
    figure.savefig(data, format="png")
    return write_file(path, data.getvalue(), force=True)


def series(lines: Lines, kind: str, name: str) -> tuple[list[int], list[float]]:
    """One value over the steps, without those that are no number."""
    found = [(line["step"], line[name]) for line in lines if _has(line, kind, name)]
    return [step for step, _ in found], [float(value) for _, value in found]


def smooth(values: Sequence[float], share: float = 0.05) -> list[float]:
    """Means over a centred window that is a share of the whole.

    >>> smooth([0.0, 3.0, 0.0, 3.0], share=0.75)
    [1.5, 1.0, 2.0, 1.5]
    """
    reach = int(len(values) * share / 2)
    return [
        sum(piece) / len(piece)
        for place in range(len(values))
        if (piece := values[max(0, place - reach) : place + reach + 1])
    ]


def _has(line: dict[str, Any], kind: str, name: str) -> bool:
    return line["kind"] == kind and isinstance(line.get(name), int | float)


def _panel(axes: Axes, draw: Callable[[Axes, Lines], None], lines: Lines) -> None:
    """One plot over the steps, with a line where an alarm spoke."""
    axes.set_xlabel("step")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.margins(x=0.01, y=0.12)
    draw(axes, lines)
    for alarm in (line for line in lines if line["kind"] == "alarm"):
        axes.axvline(alarm["step"], color=ORANGE, linewidth=0.8, alpha=0.6, linestyle=":")
        across = axes.get_xaxis_transform()
        words = axes.text(alarm["step"], 0.99, str(alarm.get("code", "")), transform=across)
        words.set(rotation=90, ha="right", va="top", fontsize=7, color=ORANGE)
    if axes.get_legend_handles_labels()[0]:
        axes.legend()


def _losses(axes: Axes, lines: Lines) -> None:
    axes.set_title("Loss of the generator")
    names = [name for name in ("loss", *TERMS) if series(lines, "train", name)[0]]
    # A single term is the loss itself.
    names = names if len(names) > 2 else names[:1]
    for name, colour in zip(names, _CYCLE, strict=False):
        steps, values = series(lines, "train", name)
        axes.plot(steps, values, color=colour, linewidth=0.6, alpha=0.3)
        axes.plot(steps, smooth(values), color=colour, linewidth=1.6, label=name)
    shown = [value for name in names for value in series(lines, "train", name)[1]]
    if min(shown, default=0) > 0:
        axes.set_yscale("log")


def _score(name: str, title: str) -> Callable[[Axes, Lines], None]:
    def draw(axes: Axes, lines: Lines) -> None:
        axes.set_title(title)
        steps, values = series(lines, "validation", name)
        axes.plot(
            steps, values, color=BLUE, linewidth=1.8, marker="o", markersize=3, label="this run"
        )
        if values:
            axes.annotate(
                f"{values[-1]:.4g}",
                (steps[-1], values[-1]),
                textcoords="offset points",
                xytext=(0, 6),
                ha="right",
                fontsize=9,
                color=BLUE,
            )
        steps, values = series(lines, "validation", f"{name}_bicubic")
        axes.plot(steps, values, color=SOFT, linewidth=1.4, linestyle="--", label="bicubic")

    return draw


def _opinions(axes: Axes, lines: Lines) -> None:
    axes.set_title("What the discriminator takes for real")
    for name, label, colour, style in (
        ("d_real", "real pictures", GREEN, "-"),
        ("d_fake", "results", AMBER, "--"),
    ):
        steps, values = series(lines, "train", name)
        axes.plot(steps, values, color=colour, linewidth=0.6, alpha=0.3)
        axes.plot(steps, smooth(values), style, color=colour, linewidth=1.6, label=label)
    axes.set_ylim(-0.02, 1.02)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")


def _rates(axes: Axes, lines: Lines) -> None:
    axes.set_title("Learning rate")
    # Dashed, so that one that hides the other does not hide it.
    for role, colour, style in (("generator", BLUE, "-"), ("discriminator", AMBER, "--")):
        steps, values = series(lines, "train", f"{role}_learning_rate")
        if steps:
            axes.plot(steps, values, style, color=colour, linewidth=1.8, label=role)
    axes.set_ylim(bottom=0)
    axes.ticklabel_format(axis="y", style="sci", scilimits=(-3, 3))


_CYCLE = (INK, BLUE, AMBER, GREEN, ORANGE, SOFT)
_PANELS: tuple[tuple[Callable[[dict[str, Any]], bool], Callable[[Axes, Lines], None]], ...] = (
    (lambda line: _has(line, "train", "loss"), _losses),
    (lambda line: _has(line, "validation", "psnr"), _score("psnr", "PSNR, dB (higher is better)")),
    (lambda line: _has(line, "validation", "lpips"), _score("lpips", "LPIPS (lower is better)")),
    (lambda line: _has(line, "train", "d_real"), _opinions),
    (lambda line: _has(line, "train", "generator_learning_rate"), _rates),
)
