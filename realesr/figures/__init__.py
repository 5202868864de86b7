"""The one look of every figure: in the lessons, the documents, the reports and the lab.

Blue is what was measured, orange what was made up. Magnitudes are shown in cividis, signed values
around gray, pictures on neutral gray with their pixels repeated, never smoothed, and always the
same crop of each. The order is input, result, truth, difference::

    from realesr import figures

    figures.strip({"input": low, "truth": high}, alt="...", caption="...")
    with figures.plot(alt="...", caption="...") as axes:
        axes.plot(x, y)
        axes.set(xlabel="sigma / px", ylabel="PSNR / dB")

Matplotlib is loaded when the first figure is drawn.
"""

from realesr.figures.look import (
    AMBER,
    BLACK,
    BLUE,
    DARK,
    DOTS,
    GREEN,
    INK,
    LIGHT,
    LINE,
    MADE_UP,
    MAGNITUDE,
    MEASURED,
    ORANGE,
    PAPER,
    PURPLE,
    SERIES,
    SKY,
    SOFT,
    SURROUND,
    YELLOW,
    Ground,
    rules,
    signed_colours,
    style,
)
from realesr.figures.shown import Shown, display, plot
from realesr.figures.strips import Magnitude, Signed, as_pixels, strip

__all__ = [
    "AMBER",
    "BLACK",
    "BLUE",
    "DARK",
    "DOTS",
    "GREEN",
    "INK",
    "LIGHT",
    "LINE",
    "MADE_UP",
    "MAGNITUDE",
    "MEASURED",
    "ORANGE",
    "PAPER",
    "PURPLE",
    "SERIES",
    "SKY",
    "SOFT",
    "SURROUND",
    "YELLOW",
    "Ground",
    "Magnitude",
    "Shown",
    "Signed",
    "as_pixels",
    "display",
    "plot",
    "rules",
    "signed_colours",
    "strip",
    "style",
]
