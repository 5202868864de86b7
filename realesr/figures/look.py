"""Colours and settings, on light and on dark ground."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

# Okabe and Ito's colours, which people with any colour vision tell apart.
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
AMBER, SKY, YELLOW, BLACK = "#E69F00", "#56B4E9", "#F0E442", "#000000"
MEASURED, MADE_UP = BLUE, ORANGE
SERIES = (BLUE, ORANGE, GREEN, PURPLE, AMBER, SKY)
MAGNITUDE = "cividis"
INK, SOFT, LINE, PAPER = "#19191e", "#6b6b70", "#e4e4e0", "#ffffff"
SURROUND = "#d6d6d6"
DOTS = 100
"""Pixels an inch: at this density 10 pt letters are 14 px high."""


@dataclass(frozen=True)
class Ground:
    """What a figure stands on: the colours of paper, ink, quiet lines and pictures' surround."""

    paper: str
    ink: str
    soft: str
    line: str
    surround: str
    series: tuple[str, ...]


LIGHT = Ground(PAPER, INK, SOFT, LINE, SURROUND, SERIES)
DARK = Ground(
    "#1b1b1f", "#ececf0", "#a9a9b2", "#3a3a42", "#3a3a3a", (SKY, AMBER, GREEN, PURPLE, YELLOW, BLUE)
)


def rules(*, dark: bool = False) -> dict[str, Any]:
    """Matplotlib's settings for this look.

    >>> rules()["font.size"], rules(dark=True)["figure.facecolor"]
    (10, '#1b1b1f')
    """
    from cycler import cycler

    ground = DARK if dark else LIGHT
    return {
        "font.size": 10,
        "axes.titlesize": 10.5,
        "axes.titlelocation": "left",
        "axes.labelsize": 10,
        "xtick.labelsize": 9,
        "ytick.labelsize": 9,
        "legend.fontsize": 9,
        "legend.frameon": False,
        "figure.facecolor": ground.paper,
        "axes.facecolor": ground.paper,
        "savefig.facecolor": "auto",
        "text.color": ground.ink,
        "axes.labelcolor": ground.ink,
        "axes.titlecolor": ground.ink,
        "axes.edgecolor": ground.soft,
        "xtick.color": ground.soft,
        "ytick.color": ground.soft,
        "xtick.labelcolor": ground.ink,
        "ytick.labelcolor": ground.ink,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.8,
        "axes.axisbelow": True,
        "axes.grid": True,
        "grid.color": ground.line,
        "grid.linewidth": 0.8,
        "lines.linewidth": 1.8,
        "axes.prop_cycle": cycler(color=list(ground.series)),
        "image.cmap": MAGNITUDE,
        "image.interpolation": "nearest",
    }


@contextmanager
def style(*, dark: bool = False) -> Iterator[Ground]:
    """Draw in this look inside the ``with``; what was set before comes back after it."""
    import matplotlib

    settings: Any = rules(dark=dark)
    with matplotlib.rc_context(settings):
        yield DARK if dark else LIGHT


def signed_colours(*, dark: bool = False) -> Colormap:
    """From blue over gray to orange: zero is gray, and stays it."""
    from matplotlib.colors import LinearSegmentedColormap

    ends = (SKY, "#606060", AMBER) if dark else (BLUE, "#c8c8c8", ORANGE)
    return LinearSegmentedColormap.from_list("signed", ends)
