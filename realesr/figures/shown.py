"""A finished figure with its words, and how a notebook shows it."""

from __future__ import annotations

import base64
import html
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from realesr.errors import ParameterError
from realesr.figures.look import DOTS, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Shown:
    """A finished figure with its words; a notebook shows it with its alternative text.

    Args:
        figure: What was drawn.
        alt: What is to be seen, for who cannot see it: at least fifteen letters.
        caption: What to notice, below the figure.
        density: Pixels of the file for each pixel on the page.

    Raises:
        ParameterError: E001 without these words, or with an axis that does not say what it shows.
    """

    figure: Figure
    alt: str
    caption: str
    density: int = 2

    def __post_init__(self) -> None:
        if len(self.alt) < 15 or not self.caption:
            raise ParameterError(
                "E001", "a figure has an alternative text and a caption.", "Say what is to be seen."
            )
        for axes in self.figure.axes:
            if axes.axison and not (axes.get_xlabel() or axes.get_ylabel()):
                raise ParameterError(
                    "E001", "a plot's axes have no labels.", 'axes.set(xlabel="what / unit", ...)'
                )

    def png(self) -> bytes:
        """The figure as a file."""
        data = io.BytesIO()
        self.figure.savefig(data, format="png", dpi=self.density * DOTS)
        return data.getvalue()

    def html(self) -> str:
        """The figure with its words, complete in itself, never wider than the page."""
        width = round(self.figure.get_figwidth() * DOTS)
        data = base64.b64encode(self.png()).decode()
        return (
            f'<figure style="margin: 0.8em 0"><img src="data:image/png;base64,{data}" '
            f'width="{width}" style="max-width: 100%; height: auto" '
            f'alt="{html.escape(self.alt)}"><figcaption style="max-width: 46em">'
            f"{html.escape(self.caption)}</figcaption></figure>"
        )

    def _repr_html_(self) -> str:
        return self.html()


@contextmanager
def plot(
    columns: int = 1,
    rows: int = 1,
    *,
    alt: str,
    caption: str,
    size: tuple[float, float] = (6.4, 3.4),
    dark: bool = False,
    **sharing: Any,
) -> Iterator[Any]:
    """Axes to draw on; a notebook shows the figure when the ``with`` ends.

    Args:
        columns: Plots side by side.
        rows: Plots one below the other.
        alt: What is to be seen, in words.
        caption: What to notice.
        size: Width and height of the whole in inches of 100 pixels.
        dark: On dark ground.
        **sharing: For ``Figure.subplots``, such as ``sharey=True``.

    Yields:
        The axes; several as matplotlib's array of them.
    """
    from matplotlib.figure import Figure

    with style(dark=dark):
        figure = Figure(figsize=size, dpi=DOTS, layout="constrained")
        yield figure.subplots(rows, columns, **sharing)
        for axes in figure.axes:
            if axes.get_legend_handles_labels()[0] and axes.get_legend() is None:
                axes.legend()
        display(Shown(figure, alt, caption))


def display(shown: Shown) -> None:
    """Show a figure where a notebook runs; elsewhere nothing happens."""
    if "IPython" in sys.modules:
        from IPython import get_ipython
        from IPython.display import display as show

        if get_ipython() is not None:
            show(shown)  # type: ignore[no-untyped-call]
