"""Corners darker than the middle, as wide lenses make them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from realesr.degradations.further.sensor import from_linear_light, to_linear_light
from realesr.degradations.operations import Size, check_image
from realesr.degradations.spans import Checked, Span


def vignette(light: Tensor, angle: float) -> Tensor:
    """The light that arrives under an angle t to the axis of the lens: ``cos(t)^4`` of it.

    Args:
        light: ``(n, 3, h, w)``, linear.
        angle: The angle of view at the corners in radians; the middle has 0.

    Reference: Gardner, Validity of the Cosine-Fourth-Power Law of Illumination, J. Res. NBS 1947.

    >>> dark = vignette(torch.ones(1, 3, 3, 3), math.pi / 4)[0, 0]
    >>> round(float(dark[1, 1]), 2), round(float(dark[0, 0]), 2)
    (1.0, 0.25)
    """
    height, width = light.shape[-2:]
    down = torch.linspace(-1, 1, height) if height > 1 else torch.zeros(1)
    across = torch.linspace(-1, 1, width) if width > 1 else torch.zeros(1)
    y, x = down[:, None] * height, across[None, :] * width
    distance = torch.hypot(x, y) / math.hypot(height, width)
    # cos(atan(q))^4 = 1 / (1 + q^2)^2
    share = (1 + (distance * math.tan(angle)) ** 2) ** -2
    return light * share.to(light.device)


@dataclass(frozen=True, kw_only=True)
class Vignette(Checked):
    """Taken with a wide lens: the corners get less light than the middle."""

    angle: Annotated[float, Span(0, 1.2, unit="rad", help="angle of view at the corners")]

    def apply(self, image: Tensor, original_size: Size) -> Tensor:
        """The picture with dark corners, in [0, 1]."""
        check_image(image)
        light = vignette(to_linear_light(image.clamp(0, 1)), self.angle)
        return from_linear_light(light).clamp(0, 1)
