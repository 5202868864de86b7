"""A result beside the truth, in whatever form they come, and the figure that compares them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from realesr.errors import ParameterError

Picture = NDArray[np.uint8] | NDArray[np.uint16] | Tensor
Colour = Literal["rgb", "y"]

_LUMA = (65.481, 128.553, 24.966)  # of BT.601, from [0, 1] to 16..235


@dataclass(frozen=True)
class Score:
    """A figure and how it was made.

    Attributes:
        name: Of the metric, such as ``"PSNR"``.
        value: The figure.
        unit: Such as ``"dB"``; empty for a pure number.
        protocol: What must be equal before two such figures may be compared.
        parts: What the figure is made of, where that says more.

    >>> print(Score("PSNR", 28.5263, "dB", "RGB, 8-bit, border 4 px"))
    PSNR 28.5263 dB (RGB, 8-bit, border 4 px)
    """

    name: str
    value: float
    unit: str
    protocol: str
    parts: Mapping[str, float] = field(default_factory=dict)

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        figure = f"{self.value:.4f} {self.unit}".rstrip()
        return f"{self.name} {figure} ({self.protocol})"


@dataclass(frozen=True)
class Pair:
    """Two pictures of one size, without their border.

    Attributes:
        result: What was made, 1 x 3 x H x W, float64, [0, 1], on the CPU.
        truth: What it should be, alike.
        depth: Of what was given: ``"8-bit"``, ``"16-bit"`` or ``"float"``.
        border: Pixels that were left out on each side.
    """

    result: Tensor
    truth: Tensor
    depth: str
    border: int

    @staticmethod
    def of(result: Picture, truth: Picture, border: int, least: int = 1) -> Pair:
        """Open two pictures.

        Raises:
            ParameterError: E002 or E005 for what is no picture, E003 for sizes that differ or are
                under ``least`` pixels within the border.
        """
        made, true = as_float(result), as_float(truth)
        if made.shape != true.shape:
            raise ParameterError(
                "E003",
                f"the result is {made.shape[3]}x{made.shape[2]} and the truth "
                f"{true.shape[3]}x{true.shape[2]}.",
                "Compare pictures of one size.",
            )
        if border < 0 or min(made.shape[2:]) - 2 * border < least:
            raise ParameterError(
                "E003",
                f"{made.shape[3]}x{made.shape[2]} with a border of {border} is too small to be "
                f"measured.",
                f"At least {least} pixels must be left within the border.",
            )
        rows, columns = (slice(border, side - border) for side in made.shape[2:])
        depths = sorted({_depth(result), _depth(truth)})
        depth = " against ".join(depths)
        return Pair(made[..., rows, columns], true[..., rows, columns], depth, border)

    def planes(self, colour: Colour) -> tuple[Tensor, Tensor]:
        """Both as 1 x 3 x H x W of 0 to 255, or as 1 x 1 x H x W of 16 to 235."""
        if colour == "rgb":
            return 255 * self.result, 255 * self.truth
        if colour != "y":
            raise ParameterError("E001", f"there is no colour {colour!r}.", "Use rgb or y.")
        luma = self.result.new_tensor(_LUMA).view(1, 3, 1, 1)
        made, true = (16 + (each * luma).sum(1, keepdim=True) for each in (self.result, self.truth))
        return made, true

    def protocol(self, colour: Colour) -> str:
        """What was compared, in words."""
        seen = "RGB" if colour == "rgb" else "Y of BT.601 (16..235)"
        return f"{seen}, {self.depth}, border {self.border} px"


def as_float(picture: Picture) -> Tensor:
    """A picture of any accepted form: 1 x 3 x H x W, float64; gray becomes three equal channels.

    Raises:
        ParameterError: E002 or E005 for what is no picture.
    """
    if isinstance(picture, Tensor):
        if picture.ndim != 4 or picture.shape[0] != 1 or picture.shape[1] not in (1, 3):
            raise ParameterError(
                "E002",
                f"a tensor of shape {tuple(picture.shape)} is not one picture.",
                "Give 1 x 3 x H x W, in [0, 1].",
            )
        return picture.detach().cpu().double().expand(1, 3, -1, -1)
    planes = picture[..., None] if picture.ndim == 2 else picture
    if (
        planes.ndim != 3
        or planes.shape[2] not in (1, 3)
        or planes.dtype not in (np.uint8, np.uint16)
    ):
        raise ParameterError(
            "E005",
            f"an array of shape {picture.shape} and type {picture.dtype} is not measured.",
            "Give H x W or H x W x 3, uint8 or uint16, without transparency.",
        )
    unit = planes.astype(np.float64) / np.iinfo(planes.dtype).max
    return torch.from_numpy(unit).permute(2, 0, 1)[None].expand(1, 3, -1, -1)


def _depth(picture: Picture) -> str:
    return "float" if isinstance(picture, Tensor) else f"{8 * picture.dtype.itemsize}-bit"
