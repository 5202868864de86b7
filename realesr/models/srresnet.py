"""SRResNet, the generator of SRGAN, in the form without batch normalisation that BasicSR trains."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F


class ResidualBlock(nn.Module):
    """Two convolutions whose result is added to what came in."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(features, features, 3, padding=1)
        self.conv2 = nn.Conv2d(features, features, 3, padding=1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """N x F x H x W in and out."""
        return image + self.conv2(F.relu(self.conv1(image)))  # type: ignore[no-any-return]


class SRResNet(nn.Module):
    """Residual blocks at low resolution, pixel shuffles, and the bilinear picture added at the end.

    Parameter names are those of BasicSR's MSRResNet.

    Args:
        scale: Enlargement factor: 2, 3 or 4.
        features: Channels inside.
        blocks: Number of residual blocks.
        channels: Colour channels of input and output.

    Raises:
        ValueError: For another scale.

    Reference:
        C. Ledig et al., Photo-Realistic Single Image Super-Resolution Using a Generative
        Adversarial Network, CVPR 2017, section 2.1; batch normalisation left out as in ESRGAN
        (X. Wang et al., ECCV Workshops 2018), section 3.1.
    """

    def __init__(
        self, scale: int = 4, features: int = 64, blocks: int = 16, channels: int = 3
    ) -> None:
        super().__init__()
        if scale not in (2, 3, 4):
            raise ValueError(f"SRResNet has scales 2, 3 and 4, got {scale}")
        self.scale = scale
        self.multiple_of = 1
        self.shuffles = [2, 2] if scale == 4 else [scale]
        self.conv_first = nn.Conv2d(channels, features, 3, padding=1)
        self.body = nn.Sequential(*(ResidualBlock(features) for _ in range(blocks)))
        for number, factor in enumerate(self.shuffles, start=1):
            layer = nn.Conv2d(features, features * factor**2, 3, padding=1)
            self.add_module(f"upconv{number}", layer)
        self.conv_hr = nn.Conv2d(features, features, 3, padding=1)
        self.conv_last = nn.Conv2d(features, channels, 3, padding=1)

    @property
    def radius(self) -> int:
        """How far an output pixel looks, in input pixels: one for each convolution before the end.

        The two at full size reach 2 pixels of the output; each shuffle divides that, rounding up,
        and its convolution adds a pixel.
        """
        reach = 2
        for factor in self.shuffles:
            reach = -(-reach // factor) + 1
        return 2 * len(self.body) + 1 + reach

    def full_precision_modules(self) -> list[nn.Module]:
        """What must stay in float32 when the rest runs in half precision: the last convolution."""
        return [self.conv_last]

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Enlarge a batch.

        Args:
            image: N x C x H x W, float32 in [0, 1].

        Returns:
            N x C x (scale H) x (scale W), float32, not clamped.
        """
        features = F.leaky_relu(self.conv_first(image.to(self.conv_first.weight.dtype)), 0.1)
        features = self.body(features)
        for number, factor in enumerate(self.shuffles, start=1):
            widened = self.get_submodule(f"upconv{number}")(features)
            features = F.leaky_relu(F.pixel_shuffle(widened, factor), 0.1)
        features = F.leaky_relu(self.conv_hr(features), 0.1)
        detail = self.conv_last(features.to(self.conv_last.weight.dtype))
        base = F.interpolate(image, scale_factor=self.scale, mode="bilinear", align_corners=False)
        return detail + base  # type: ignore[no-any-return]
