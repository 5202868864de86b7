"""How a picture is exposed: how bright it is, what was lost in black and in white, its contrast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from realesr.quality.estimators.planes import Estimate, Pixels, luma

_ENOUGH = 4096


@dataclass(frozen=True)
class Exposure(Estimate):
    """The median brightness, in levels of 256.

    Attributes:
        black: The share of pixels that are black, to a level.
        white: The share of pixels that are white, to a level.
        contrast: Levels from the darkest hundredth to the brightest.
    """

    black: float = 0.0
    white: float = 0.0
    contrast: float = 0.0


def exposure(pixels: Pixels) -> Exposure:
    """How bright a picture is and how much of the range it uses.

    Args:
        pixels: HW or HWC, uint8 or uint16.
    """
    step = max(1, int(np.sqrt(pixels.shape[0] * pixels.shape[1] / 250_000)))
    light = luma(pixels[::step, ::step])
    low, middle, high = np.quantile(light, (0.01, 0.5, 0.99))
    return Exposure(
        float(middle),
        "levels",
        min(1.0, light.size / _ENOUGH),
        float((light < 1).mean()),
        float((light > 254).mean()),
        float(high - low),
    )
