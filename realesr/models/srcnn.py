"""SRCNN, the first convolutional super-resolution: three layers on a bicubic picture."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F


class SRCNN(nn.Module):
    """Enlarge by bicubic, then extract patches, map them, and rebuild the picture.

    Args:
        scale: Enlargement factor.
        features: Filters of the first layer, 9x9.
        mappings: Filters of the second layer, 1x1; the third is 5x5.
        channels: Colour channels of input and output.

    Reference:
        C. Dong et al., Image Super-Resolution Using Deep Convolutional Networks, TPAMI 2016,
        section 3; sizes 9-1-5.
    """

    def __init__(
        self, scale: int = 4, features: int = 64, mappings: int = 32, channels: int = 3
    ) -> None:
        super().__init__()
        self.scale = scale
        self.multiple_of = 1
        self.conv1 = nn.Conv2d(channels, features, 9, padding=4)
        self.conv2 = nn.Conv2d(features, mappings, 1)
        self.conv3 = nn.Conv2d(mappings, channels, 5, padding=2)

    @property
    def radius(self) -> int:
        """How far an output pixel looks, in input pixels.

        The layers reach 6 pixels of the enlarged picture, and bicubic 2 input pixels beyond those.
        """
        last_reached = (self.scale - 1 + 6 + 0.5) / self.scale - 0.5
        return int(last_reached) + 2

    def full_precision_modules(self) -> list[nn.Module]:
        """What must stay in float32 when the rest runs in half precision: the last convolution."""
        return [self.conv3]

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Enlarge a batch.

        Args:
            image: N x C x H x W, float32 in [0, 1].

        Returns:
            N x C x (scale H) x (scale W), float32, not clamped.
        """
        enlarged = F.interpolate(
            image, scale_factor=self.scale, mode="bicubic", align_corners=False
        )
        features = F.relu(self.conv1(enlarged.to(self.conv1.weight.dtype)))
        features = F.relu(self.conv2(features))
        return self.conv3(features.to(self.conv3.weight.dtype))  # type: ignore[no-any-return]
