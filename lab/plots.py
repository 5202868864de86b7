"""Plots for the pages: matplotlib in the one look of all figures, as SVG that follows the page.

The letters take the page's font and colours, so that one drawing serves light and dark; what is
shown has a title, a sentence on what to notice, and words for who cannot see it.
"""

from __future__ import annotations

import html
import io
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from realesr import figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Plane = npt.NDArray[Any]

_ONE_AT_A_TIME = threading.Lock()  # matplotlib's settings are those of the whole program
_COLOURS = {
    figures.INK: "var(--body-text-color)",
    figures.SOFT: "var(--body-text-color-subdued)",
    figures.LINE: "var(--plot-line)",
    figures.BLUE.lower(): "var(--plot-measured)",
    figures.ORANGE.lower(): "var(--plot-made-up)",
}


class Drawing:
    """A plot while it is drawn, and then its SVG.

    Attributes:
        axes: What to draw on.
        svg: The finished drawing, once the ``with`` has ended.
    """

    def __init__(self, axes: Axes) -> None:
        self.axes = axes
        self.svg = ""

    def figure(self, title: str, caption: str, alt: str) -> str:
        """The drawing with its words, as HTML."""
        name = html.escape(alt, quote=True)
        return (
            f'<figure class="plot"><h4>{html.escape(title)}</h4>'
            f'<div role="img" aria-label="{name}">{self.svg}</div>'
            f"<figcaption>{html.escape(caption)}</figcaption></figure>"
        )


@contextmanager
def drawing(width: float = 3.3, height: float = 2.5, beside: float = 0.1) -> Iterator[Drawing]:
    """Axes to draw one plot on.

    Args:
        width: In inches of 100 pixels.
        height: The same.
        beside: Room to the right of the axes.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    settings = {"svg.fonttype": "none", "figure.facecolor": "none"}
    with _ONE_AT_A_TIME, figures.style(), rc_context({**settings, "axes.facecolor": "none"}):
        figure = Figure(figsize=(width, height), dpi=figures.DOTS)
        # Fixed margins: finding the best ones takes longer than all the rest.
        margins = {"left": 0.68 / width, "right": 1 - beside / width}
        figure.subplots_adjust(bottom=0.5 / height, top=1 - 0.1 / height, **margins)
        drawn = Drawing(figure.subplots())
        yield drawn
        if drawn.axes.get_legend_handles_labels()[0]:
            drawn.axes.legend()
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
        drawn.svg = _as_part_of_a_page(text.getvalue())


def _as_part_of_a_page(svg: str) -> str:
    """Without its head, with the page's colours and font, and hidden from screen readers."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<style[^>]*>.*?</style>", "<g></g>", svg, count=1, flags=re.DOTALL)
    used = set(re.findall(r"url\(#([^)]+)\)|href=\"#([^\"]+)\"", svg))
    kept = {name for pair in used for name in pair}
    svg = re.sub(r' id="([^"]+)"', lambda found: found[0] if found[1] in kept else "", svg)
    for colour, variable in _COLOURS.items():
        svg = svg.replace(colour, variable)
    svg = re.sub(r"font-family: [^;\"]+", "font-family: inherit", svg)
    height, width = (re.search(rf' {side}="([\d.]+)pt"', svg) for side in ("height", "width"))
    assert height and width
    svg = svg.replace(height[0], "", 1).replace(width[0], "", 1)
    return svg.replace("<svg", '<svg aria-hidden="true" focusable="false"', 1)


def kernel_picture(kernel: Plane) -> Drawing:
    """The kernel, a square for each weight; gray is zero."""
    with drawing(beside=0.62) as drawn:
        limit = float(np.abs(kernel).max())
        half = kernel.shape[0] / 2
        signed = bool(kernel.min() < 0)
        shown = drawn.axes.imshow(
            kernel,
            cmap=figures.signed_colours() if signed else figures.MAGNITUDE,
            vmin=-limit if signed else 0,
            vmax=limit,
            extent=(-half, half, half, -half),
        )
        drawn.axes.grid(visible=False)
        drawn.axes.set(xlabel="across / px", ylabel="down / px")
        bar = drawn.axes.figure.colorbar(shown, ax=drawn.axes, fraction=0.06, pad=0.05)
        bar.ax.set_ylabel("weight")
        bar.outline.set_visible(False)
    return drawn


def kernel_profile(kernel: Plane) -> Drawing:
    """The weights through the middle, across and down."""
    middle = kernel.shape[0] // 2
    place = np.arange(kernel.shape[0]) - middle
    with drawing() as drawn:
        drawn.axes.plot(place, kernel[middle], color=figures.BLUE, label="across", marker=".")
        drawn.axes.plot(
            place, kernel[:, middle], color=figures.ORANGE, label="down", marker=".", ls="--"
        )
        drawn.axes.set(xlabel="place / px", ylabel="weight")
    return drawn


def frequency_response(kernel: Plane) -> Drawing:
    """How much of each wave passes the kernel, across and down."""
    response = np.abs(np.fft.rfft2(kernel, s=(256, 256)))
    waves = np.linspace(0, 0.5, 129)
    with drawing() as drawn:
        drawn.axes.plot(waves, 100 * response[0], color=figures.BLUE, label="across")
        drawn.axes.plot(waves, 100 * response[:129, 0], color=figures.ORANGE, label="down", ls="--")
        drawn.axes.set(
            xlabel="fineness / waves per px", ylabel="passes / %", xlim=(0, 0.5), ylim=(-4, None)
        )
    return drawn


def radial_spectrum(light: Plane) -> tuple[Plane, Plane]:
    """Mean power of the waves of each fineness, whatever their direction.

    Args:
        light: H x W, brightness in levels of 255.

    Returns:
        Waves per pixel from 0 to 0.5, and the power in squared levels.

    >>> waves, power = radial_spectrum(np.tile(np.cos(np.arange(64) * np.pi / 4), (64, 1)))
    >>> round(float(waves[power.argmax()]), 2)
    0.12
    """
    height, width = light.shape
    window = np.hanning(height + 2)[1:-1, None] * np.hanning(width + 2)[None, 1:-1]
    flat = (light - light.mean()) * window
    power = np.abs(np.fft.rfft2(flat)) ** 2 / (window**2).sum()
    down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    count = max(8, min(height, width) // 4)
    ring = (np.hypot(down, across) * 2 * count).astype(int)
    inside = ring < count
    total = np.bincount(ring[inside], power[inside], count)
    number = np.bincount(ring[inside], minlength=count)
    return (np.arange(count) + 0.5) / (2 * count), total / np.maximum(number, 1)


def spectra(before: Plane, after: Plane) -> Drawing:
    """The radial power spectra of two pictures of one scene; fineness in the first one's px."""
    ratio = after.shape[1] / before.shape[1]
    with drawing() as drawn:
        for light, name, line, unit in (
            (before, "before", {"color": figures.BLUE}, 1.0),
            (after, "after", {"color": figures.ORANGE, "ls": "--"}, ratio),
        ):
            waves, power = radial_spectrum(light)
            drawn.axes.semilogy(waves * unit, np.maximum(power / unit**2, 1e-3), label=name, **line)
        drawn.axes.set(xlabel="fineness / waves per px before", ylabel="power / levels² px²")
    return drawn


def change_histogram(change: Plane) -> Drawing:
    """How often pixels were moved by how much."""
    limit = max(2, int(np.ceil(np.percentile(np.abs(change), 99.5))))
    width = max(1, round(limit / 40))
    edges = np.arange(-limit - width / 2, limit + width, width)
    counts, _ = np.histogram(change, edges)
    with drawing() as drawn:
        drawn.axes.bar(
            edges[:-1] + width / 2, 100 * counts / change.size, width, color=figures.BLUE
        )
        drawn.axes.set(xlabel="change / levels of 255", ylabel="share of values / %")
    return drawn


def draw_histogram(
    values: Sequence[float], usual: tuple[float, float] | None, now: float | None, label: str
) -> Drawing:
    """What a recipe drew, the range it says it draws from, and the value on show."""
    with drawing(6.4, 2.6) as drawn:
        drawn.axes.hist(values, 30, color=figures.BLUE, label="drawn")
        if usual:
            for end in usual:
                drawn.axes.axvline(end, color=figures.INK, ls=":", lw=1.5)
            drawn.axes.plot([], [], color=figures.INK, ls=":", label="the recipe's range")
        if now is not None:
            drawn.axes.axvline(now, color=figures.ORANGE, lw=2.5, label="on show")
        drawn.axes.set(xlabel=label, ylabel="draws")
    return drawn
