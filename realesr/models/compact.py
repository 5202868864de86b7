"""The compact network (SRVGGNetCompact): a plain column of convolutions, quick enough for a CPU."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, cast

import torch
from torch import nn
from torch.nn import functional as F

Activation = Literal["prelu", "relu", "leakyrelu"]


def _activation(kind: Activation, features: int) -> nn.Module:
    if kind == "prelu":
        return nn.PReLU(num_parameters=features)
    return nn.ReLU() if kind == "relu" else nn.LeakyReLU(negative_slope=0.1)


class Compact(nn.Module):
    """Convolutions at low resolution, one pixel shuffle at the end, plus the enlarged input.

    The network learns only what nearest-neighbour enlargement misses. Parameter names are those of
    SRVGGNetCompact, so official weights load as they are.

    Args:
        scale: Enlargement factor.
        features: Channels inside.
        convolutions: Convolutions between the first and the last.
        activation: ``"prelu"`` (all official weights), ``"relu"`` or ``"leakyrelu"``.
        channels: Colour channels of input and output.

    Reference:
        X. Wang et al., Real-ESRGAN: Training Real-World Blind Super-Resolution with Pure Synthetic
        Data, ICCV Workshops 2021; the network appeared with its release 0.2.3.
    """

    def __init__(
        self,
        scale: int = 4,
        features: int = 64,
        convolutions: int = 16,
        activation: Activation = "prelu",
        channels: int = 3,
    ) -> None:
        super().__init__()
        self.scale = scale
        widths = [channels] + [features] * (convolutions + 1)
        self.body = nn.ModuleList()
        for before, after in pairwise(widths):
            self.body.append(nn.Conv2d(before, after, 3, padding=1))
            self.body.append(_activation(activation, after))
        self.body.append(nn.Conv2d(features, channels * scale**2, 3, padding=1))
        self._begin(activation)

    def _begin(self, activation: Activation) -> None:
        """First weights that keep the signal's strength from layer to layer (He et al. 2015).

        PyTorch's own let it fade to nothing within sixteen layers without a shortcut, and training
        stands still for a thousand steps. The last layer begins small: near nearest-neighbour.
        """
        slope = {"prelu": 0.25, "relu": 0.0, "leakyrelu": 0.1}[activation]
        layers = [layer for layer in self.body if isinstance(layer, nn.Conv2d)]
        for layer in layers:
            nn.init.kaiming_normal_(layer.weight, a=slope)
            nn.init.zeros_(cast(torch.Tensor, layer.bias))
        with torch.no_grad():
            layers[-1].weight *= 0.1

    @property
    def radius(self) -> int:
        """How far an output pixel looks, in input pixels: one for each 3x3 convolution."""
        return sum(isinstance(layer, nn.Conv2d) for layer in self.body)

    @property
    def multiple_of(self) -> int:
        """Input sides must be multiples of this."""
        return 1

    def full_precision_modules(self) -> list[nn.Module]:
        """What must stay in float32 when the rest runs in half precision: the last convolution."""
        return [self.body[-1]]

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Enlarge a batch.

        Args:
            image: N x C x H x W, float32 in [0, 1].

        Returns:
            N x C x (scale H) x (scale W), float32, not clamped.
        """
        first, last = cast(nn.Conv2d, self.body[0]), cast(nn.Conv2d, self.body[-1])
        features = image.to(first.weight.dtype)
        for layer in self.body[:-1]:
            features = layer(features)
        detail = F.pixel_shuffle(last(features.to(last.weight.dtype)), self.scale)
        return detail + F.interpolate(image, scale_factor=self.scale, mode="nearest")
