"""The plots of a report, as SVG: one idea each, small enough to be read on a telephone."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from data_tools.report.measuring import CHROMA, FREQUENCIES, LEVELS, PLANE
from data_tools.rules import Rule
from data_tools.synthetic.colours import srgb
from realesr.figures import AMBER, BLUE, GREEN, INK, ORANGE, SOFT, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

Array = npt.NDArray[Any]

WIDE, TALL = 4.6, 2.7
_FILES: Any = {"svg.hashsalt": "realesr", "svg.fonttype": "path"}


@contextmanager
def _drawn(
    width: float = WIDE, height: float = TALL, left: float = 0.62
) -> Iterator[tuple[Figure, Axes, list[str]]]:
    """A figure to draw in; its SVG is the list's one entry afterwards."""
    import matplotlib
    from matplotlib.figure import Figure

    done: list[str] = []
    with style(), matplotlib.rc_context(_FILES):
        figure = Figure(figsize=(width, height), facecolor="none")
        # Margins in inches; finding them anew for every plot would take half of the time.
        figure.subplots_adjust(left / width, 0.5 / height, 1 - 0.1 / width, 1 - 0.26 / height)
        axes = figure.add_subplot()
        axes.set_facecolor("none")
        yield figure, axes, done
        data = io.StringIO()
        figure.savefig(data, format="svg", metadata={"Date": None, "Creator": None})
        done.append(data.getvalue())


def _whole(axis: Axis) -> None:
    """Pictures are counted in whole ones."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(5, integer=True))


def scores(rule: Rule, kept: Sequence[float], left: Sequence[float], limit: float | None) -> str:
    """How often each score of a rule is there, and where its threshold lies."""
    with _drawn() as (_, axes, done):
        every = np.array([*kept, *left, *([limit] if limit is not None else [])], float)
        low, high = np.percentile(every, [0, 99.5])
        high = max(high, float(limit or low))
        edges = np.linspace(low, high if high > low else low + 1, 41)
        parts = [np.clip(kept, low, edges[-1]), np.clip(left, low, edges[-1])]
        colours, labels = [BLUE, AMBER], ["kept", "left out"]
        axes.hist(parts, edges.tolist(), stacked=True, color=colours, label=labels, rwidth=0.92)
        if limit is not None:
            axes.axvline(limit, color=ORANGE, linewidth=1.6, linestyle=(0, (4, 2)))
            words = f"{rule.passes} {limit:g}"
            right = limit > (edges[0] + edges[-1]) / 2
            axes.annotate(
                words,
                (limit, 0.97),
                xycoords=("data", "axes fraction"),
                xytext=(-4 if right else 4, 0),
                textcoords="offset points",
                ha="right" if right else "left",
                va="top",
                color=ORANGE,
            )
        axes.set(xlabel=f"{rule.name} ({rule.unit})", ylabel="pictures")
        if len(left):
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderpad=0)
        _whole(axes.yaxis)
    return done[0]


def counts(named: Mapping[str, int], colour: str, words: str) -> str:
    """Bars, the longest first, each with its number."""
    items = sorted(named.items(), key=lambda item: (-item[1], item[0]))[:15][::-1]
    names = [name if len(name) < 24 else f"{name[:22]}…" for name, _ in items]
    room = 0.25 + 0.085 * max(map(len, names))
    with _drawn(height=0.8 + 0.3 * len(items), left=room) as (_, axes, done):
        bars = axes.barh(np.arange(len(items)), [count for _, count in items], 0.7, color=colour)
        axes.set_yticks(np.arange(len(items)), names, color=INK)
        axes.bar_label(bars, [f" {count:,}" for _, count in items], color=INK, fontsize=9)
        axes.margins(x=0.14)
        axes.grid(False, axis="y")
        _whole(axes.xaxis)
        axes.set_xlabel(words)
    return done[0]


def sizes(widths: Sequence[int], heights: Sequence[int]) -> str:
    """Each picture's width and height."""
    from matplotlib.ticker import NullFormatter, ScalarFormatter

    with _drawn(height=3.2) as (_, axes, done):
        places, often = np.unique(np.stack([widths, heights], 1), axis=0, return_counts=True)
        area = 14 + 90 * np.sqrt(often / often.max()) if len(places) > 1 else np.array([60.0])
        axes.scatter(places[:, 0], places[:, 1], area, BLUE, alpha=0.45, linewidths=0)
        axes.set(xscale="log", yscale="log", xlabel="width (px)", ylabel="height (px)")
        least, most = places.min() / 1.3, places.max() * 1.3
        axes.set(xlim=(least, most), ylim=(least, most))
        axes.plot([least, most], [least, most], color=SOFT, linewidth=0.8, linestyle=":")
        every = [side * 2**octave for octave in range(10) for side in (32, 48)]
        ticks = [tick for tick in every if least < tick < most]
        ticks = ticks[:: 1 + len(ticks) // 7]
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_ticks(ticks)
            axis.set_major_formatter(ScalarFormatter())
            axis.set_minor_formatter(NullFormatter())
    return done[0]


def levels(every: Array) -> str:
    """How often each level of red, green, blue and brightness is there, over all pictures."""
    with _drawn() as (_, axes, done):
        mean = every.mean(0)
        at = (np.arange(LEVELS) + 0.5) * 256 / LEVELS
        axes.fill_between(at, 100 * mean[3], color="#c9c9c4", label="brightness")
        for row, colour, label in ((0, ORANGE, "red"), (1, GREEN, "green"), (2, BLUE, "blue")):
            axes.plot(at, 100 * mean[row], color=colour, linewidth=1.5, label=label)
        axes.set(xlabel="level", ylabel="pixels (%)", xlim=(0, 256), ylim=(0, None))
        axes.set_xticks([0, 64, 128, 192, 255])
        axes.legend(ncols=2)
    return done[0]


def colours(every: Array) -> str:
    """Which colours there are, each cell in its own colour, the more the stronger."""
    with _drawn(width=3.6, height=3.3) as (_, axes, done):
        mean = every.mean(0)
        middle = (np.arange(PLANE) + 0.5) * 2 * CHROMA / PLANE - CHROMA
        plane = np.stack(np.broadcast_arrays(0.72, middle[None, :], middle[:, None]), axis=-1)
        strength = np.clip(1 + np.log10(np.maximum(mean, 1e-9) / mean.max()) / 4, 0, 1)
        picture = np.concatenate([srgb(plane), strength[..., None].astype(np.float32)], axis=2)
        reach = (-CHROMA, CHROMA, -CHROMA, CHROMA)
        axes.imshow(picture, origin="lower", extent=reach, interpolation="nearest")
        axes.grid(False)
        axes.axhline(0, color=SOFT, linewidth=0.6)
        axes.axvline(0, color=SOFT, linewidth=0.6)
        axes.set(xlabel="green to red (a)", ylabel="blue to yellow (b)")
        axes.set_xticks([-0.2, 0, 0.2])
        axes.set_yticks([-0.2, 0, 0.2])
    return done[0]


def power(every: Array) -> str:
    """Power over frequency: the middle picture, the middle 80 %, and 1 / frequency**2."""
    with _drawn() as (_, axes, done):
        # Contrast differs from picture to picture; the shape of the curve is what matters.
        even = every / np.exp(np.log(np.maximum(every, 1e-9)).mean(1, keepdims=True))
        low, middle, high = np.percentile(even, [10, 50, 90], axis=0)
        axes.fill_between(FREQUENCIES, low, high, color=BLUE, alpha=0.2, linewidth=0, label="80 %")
        axes.plot(FREQUENCIES, middle, color=BLUE, linewidth=1.8, label="median")
        start = len(FREQUENCIES) // 3
        law = middle[start] * (FREQUENCIES / FREQUENCIES[start]) ** -2.0
        axes.plot(FREQUENCIES, law, color=SOFT, linewidth=1, linestyle="--", label="1 / f²")
        axes.set(xscale="log", yscale="log")
        axes.set(xlabel="frequency (cycles a pixel)", ylabel="power")
        axes.set_xticks([0.01, 0.03, 0.1, 0.3], ["0.01", "0.03", "0.1", "0.3"])
        axes.set_xticks([], minor=True)
        axes.tick_params(labelleft=False)
        axes.legend()
    return done[0]


def slopes(every: Sequence[float]) -> str:
    """How steeply power falls, for each picture."""
    with _drawn() as (_, axes, done):
        edges = np.linspace(min(-4.0, *every), max(-0.5, *every), 36)
        axes.hist(every, edges.tolist(), color=BLUE, rwidth=0.92)
        axes.axvline(-2, color=SOFT, linewidth=1, linestyle="--")
        axes.set(xlabel="exponent of power over frequency", ylabel="pictures")
        _whole(axes.yaxis)
    return done[0]
