"""After the network: how strong, how sharp, whose colours, how much grain."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F

from realesr.errors import ParameterError

COLOUR_SIGMA = 4.0
SHARPEN_SIGMA = 1.5


@dataclass(frozen=True, kw_only=True)
class Finish:
    """What is done to the network's answer, tile by tile.

    Attributes:
        strength: 1 is the network alone, 0 plain bicubic, between them a blend.
        fix_colour: Give the result the input's low frequencies: it cannot drift in colour.
        sharpen: Unsharp mask of 1.5 output pixels; 0 is none, 1 doubles the fine detail.
        keep_grain: How much of the fine structure that the network took out is put back, 0 to 1.

    Raises:
        ParameterError: E001 for a number outside its range.

    >>> Finish().reach, Finish(fix_colour=True).reach
    (0, 14)
    """

    strength: float = 1.0
    fix_colour: bool = False
    sharpen: float = 0.0
    keep_grain: float = 0.0

    def __post_init__(self) -> None:
        for name, most in (("strength", 1), ("sharpen", 2), ("keep_grain", 1)):
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise ParameterError("E001", f"{name} {value} is outside 0 to {most}.")

    @property
    def reach(self) -> int:
        """How far this looks beyond a pixel, in pixels of the input."""
        if self.fix_colour or self.keep_grain:
            return _blur_radius(COLOUR_SIGMA) + 2
        return _blur_radius(SHARPEN_SIGMA) if self.sharpen else 2 if self.strength < 1 else 0

    def apply(self, enlarged: torch.Tensor, source: torch.Tensor) -> torch.Tensor:
        """Finish a batch.

        Args:
            enlarged: N x 3 x (scale H) x (scale W), float32, the network's answer.
            source: N x 3 x H x W, float32 in [0, 1], what it was given.

        Returns:
            The shape of ``enlarged``, not clamped.
        """
        scale = enlarged.shape[2] // source.shape[2]
        if self.strength < 1:
            enlarged = torch.lerp(_enlarge(source, scale, "bicubic"), enlarged, self.strength)
        if self.fix_colour or self.keep_grain:
            missing = source - F.avg_pool2d(enlarged, scale)
            coarse = _blur(missing, COLOUR_SIGMA)
            if self.fix_colour:
                enlarged = enlarged + _enlarge(coarse, scale, "bilinear")
            if self.keep_grain:
                grain = _enlarge(missing - coarse, scale, "bicubic")
                enlarged = enlarged + self.keep_grain * grain
        if self.sharpen:
            enlarged = enlarged + self.sharpen * (enlarged - _blur(enlarged, SHARPEN_SIGMA))
        return enlarged


def _enlarge(image: torch.Tensor, scale: int, mode: str) -> torch.Tensor:
    return F.interpolate(image, scale_factor=scale, mode=mode, align_corners=False)


def _blur_radius(sigma: float) -> int:
    return round(3 * sigma)


def _blur(image: torch.Tensor, sigma: float) -> torch.Tensor:
    """A separable Gaussian with the border repeated."""
    radius = _blur_radius(sigma)
    offsets = torch.arange(-radius, radius + 1, dtype=image.dtype, device=image.device)
    weights = torch.exp(-(offsets**2) / (2 * sigma**2))
    weights = (weights / weights.sum()).expand(image.shape[1], 1, 1, -1)
    padded = F.pad(image, (radius,) * 4, mode="replicate")
    across = F.conv2d(padded, weights, groups=image.shape[1])
    return F.conv2d(across, weights.transpose(2, 3), groups=image.shape[1])
