"""What can be measured of a result, by the names that a person types."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from realesr.errors import ParameterError
from realesr.quality import metrics
from realesr.quality.pairs import Score

if TYPE_CHECKING:
    from realesr.degradations import Trace

Pixels = np.ndarray


@dataclass(frozen=True, eq=False)
class Case:
    """One picture, degraded once: every model is given the same one.

    Attributes:
        dataset: Which data set it is of.
        recipe: What it was degraded by.
        picture: Its name there.
        truth: H x W x 3, uint8 or uint16; sides are multiples of the scale.
        low: What the models are given, uint8.
        trace: What happened to it.
    """

    dataset: str
    recipe: str
    picture: str
    truth: Pixels
    low: Pixels
    trace: Trace

    @property
    def border(self) -> int:
        """Pixels left out on each side of what is compared: the scale."""
        return self.trace.scale


@dataclass(frozen=True)
class Measure:
    """A figure of a result.

    Attributes:
        name: What a person types.
        heading: What stands above the column.
        best: ``"high"`` or ``"low"``.
        digits: After the point.
        score: Compares a result with its case.
        least: Side in pixels that the truth must have, without the border.
    """

    name: str
    heading: str
    best: str
    digits: int
    score: Callable[[Pixels, Case], Score]
    least: int = 1

    @property
    def title(self) -> str:
        """The heading and which way is better.

        >>> MEASURES["lpips"].title
        'LPIPS ↓'
        """
        return f"{self.heading} {'↑' if self.best == 'high' else '↓'}"

    def shown(self, value: float) -> str:
        """A figure with its digits."""
        return f"{value:.{self.digits}f}"

    def fits(self, case: Case) -> bool:
        """Whether the picture is large enough for it."""
        height, width = case.truth.shape[:2]
        return bool(min(height, width) - 2 * case.border >= self.least)


_ALL = (
    Measure("psnr", "PSNR, dB", "high", 2, lambda r, c: metrics.psnr(r, c.truth, border=c.border)),
    Measure(
        "psnr-y",
        "PSNR of Y, dB",
        "high",
        2,
        lambda r, c: metrics.psnr(r, c.truth, border=c.border, colour="y"),
    ),
    Measure(
        "ssim", "SSIM", "high", 4, lambda r, c: metrics.ssim(r, c.truth, border=c.border), least=7
    ),
    Measure(
        "ssim-rgb",
        "SSIM of RGB",
        "high",
        4,
        lambda r, c: metrics.ssim(r, c.truth, border=c.border, colour="rgb"),
        least=7,
    ),
    Measure(
        "ms-ssim",
        "MS-SSIM",
        "high",
        4,
        lambda r, c: metrics.ms_ssim(r, c.truth, border=c.border),
        least=176,
    ),
    Measure("lpips", "LPIPS", "low", 4, lambda r, c: metrics.lpips(r, c.truth), least=17),
    Measure(
        "colour-shift",
        "colour shift",
        "low",
        2,
        lambda r, c: metrics.colour_shift(r, c.truth, border=c.border),
    ),
    Measure(
        "consistency",
        "consistency, dB",
        "high",
        2,
        lambda r, c: metrics.consistency(r, c.low, trace=c.trace),
    ),
    Measure("niqe", "NIQE", "low", 2, lambda r, c: metrics.niqe(r), least=192),
)
MEASURES = {measure.name: measure for measure in _ALL}


def usual() -> list[str]:
    """What is measured where nobody says: LPIPS only where its weights are on this machine."""
    names = ["psnr", "ssim", "lpips", "consistency"]
    return [name for name in names if name != "lpips" or metrics.lpips_is_here()]


def chosen(names: Sequence[str]) -> tuple[Measure, ...]:
    """The measures of these names, each once.

    Raises:
        ParameterError: E001 with the nearest name there is.

    >>> [measure.heading for measure in chosen(["ssim"])]
    ['SSIM']
    """
    for name in names:
        if name not in MEASURES:
            near = difflib.get_close_matches(name, MEASURES, n=1, cutoff=0)
            raise ParameterError(
                "E001",
                f"there is no measure {name!r}; did you mean {near[0]}?",
                f"There are {', '.join(MEASURES)}.",
            )
    return tuple(MEASURES[name] for name in dict.fromkeys(names))
