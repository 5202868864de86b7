"""Colours that belong together, drawn in OKLab, where equal steps look equal.

Reference:
    Ottosson, "A perceptual color space for image processing", 2020.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from data_tools.synthetic.canvas import Draws, Plane

_TO_ROOTS = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
_TO_LINEAR = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


def srgb(oklab: npt.NDArray[Any]) -> Plane:
    """OKLab (..., 3) as sRGB in [0, 1]; what no screen can show is clipped.

    >>> srgb(np.array([1.0, 0.0, 0.0])).round(3).tolist()
    [1.0, 1.0, 1.0]
    """
    linear = np.clip((oklab @ _TO_ROOTS.T) ** 3 @ _TO_LINEAR.T, 0, 1)
    curved = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(curved.astype(np.float32))


def oklab(colours: npt.NDArray[Any]) -> Plane:
    """SRGB in [0, 1] (..., 3) as OKLab, the way back from `srgb`.

    >>> oklab(np.array([1.0, 1.0, 1.0])).round(3).tolist()
    [1.0, 0.0, 0.0]
    """
    curved = np.clip(colours, 0, 1).astype(np.float64)
    linear = np.where(curved <= 0.04045, curved / 12.92, ((curved + 0.055) / 1.055) ** 2.4)
    roots = np.cbrt(linear @ np.linalg.inv(_TO_LINEAR).T)
    return np.asarray(roots @ np.linalg.inv(_TO_ROOTS).T, np.float32)


def lch(lightness: Any, chroma: Any, hue: Any) -> Plane:
    """Lightness in [0, 1], chroma (0 gray, 0.3 vivid) and hue in degrees, as sRGB."""
    angle = np.radians(hue)
    parts = (lightness, chroma * np.cos(angle), chroma * np.sin(angle))
    return srgb(np.stack(np.broadcast_arrays(*parts), axis=-1))


@dataclass(frozen=True)
class Palette:
    """A few hues that go together, how vivid they are, and how light.

    Args:
        hues: In degrees.
        chroma: Of the most vivid colours.
        lightness: The middle of it.
        spread: How far lightness strays, as a deviation.
    """

    hues: tuple[float, ...]
    chroma: float
    lightness: float
    spread: float

    def colours(self, generator: Draws, count: int) -> Plane:
        """So many colours, ``(count, 3)`` sRGB in [0, 1].

        Most are muted and a few are vivid, as in photographs.
        """
        hue = generator.choice(self.hues, count) + generator.normal(0, 14, count)
        lightness = np.clip(generator.normal(self.lightness, self.spread, count), 0.06, 0.97)
        room = 1 - np.abs(2 * lightness - 1) ** 2
        chroma = self.chroma * generator.beta(1.2, 1.8, count) * room
        return lch(lightness, chroma, hue)


def palette(generator: Draws) -> Palette:
    """Hues that sit side by side, face each other or stand in a triangle."""
    # Blue to yellow is the axis along which natural colours vary most (Ruderman et al. 1998).
    first = float(generator.choice([75.0, 250.0, 40.0, 130.0, 200.0, 330.0]))
    first += float(generator.normal(0, 18))
    steps = ((0, 25, -25), (0, 180, 20), (0, 120, 240), (0, 150, 210), (0, 40, 80, 190))
    chosen = steps[int(generator.integers(len(steps)))]
    return Palette(
        tuple(first + step for step in chosen),
        chroma=float(generator.uniform(0.07, 0.24)),
        lightness=float(generator.uniform(0.42, 0.6)),
        spread=float(generator.uniform(0.15, 0.22)),
    )


def earth(generator: Draws) -> Palette:
    """The hues of wood, soil, stone and hair."""
    hue = float(generator.normal(65, 14))
    return Palette(
        (hue, hue - 15, hue + 20),
        chroma=float(generator.uniform(0.03, 0.15)),
        lightness=float(generator.uniform(0.48, 0.66)),
        spread=float(generator.uniform(0.12, 0.2)),
    )


def ramp(generator: Draws, values: Plane, stops: int = 5, chosen: Palette | None = None) -> Plane:
    """A plane in [0, 1] as colours that run from dark to light through a palette."""
    colours = (chosen or palette(generator)).colours(generator, stops)
    order = np.argsort(colours @ np.array([0.299, 0.587, 0.114], np.float32))
    places = np.linspace(0, 1, stops)
    fine = np.linspace(0, 1, 1024)
    table = np.stack([np.interp(fine, places, colours[order, c]) for c in range(3)], axis=1)
    indices = np.clip(values * 1023, 0, 1023).astype(np.int32)
    return np.asarray(table.astype(np.float32)[indices])
