"""The U-Net discriminator: an opinion for every pixel on whether it looks real."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import spectral_norm


def _normed(before: int, after: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    return spectral_norm(nn.Conv2d(before, after, kernel, stride, padding=1, bias=False))


class UNetDiscriminator(nn.Module):
    """Down three times, up three times, with the activations of the way down added back.

    Spectral normalisation keeps each layer's gain at one, which steadies the training. Parameter
    names are those of the original (``weight_orig``, ``weight_u``, ``weight_v``), so official
    weights load as they are.

    Args:
        features: Channels at full size.
        channels: Colour channels of the picture.

    Reference:
        Real-ESRGAN (X. Wang et al., ICCV Workshops 2021), section 3.4; T. Miyato et al., Spectral
        Normalization for Generative Adversarial Networks, ICLR 2018.
    """

    def __init__(self, features: int = 64, channels: int = 3) -> None:
        super().__init__()
        self.conv0 = nn.Conv2d(channels, features, 3, padding=1)
        self.conv1 = _normed(features, 2 * features, 4, 2)
        self.conv2 = _normed(2 * features, 4 * features, 4, 2)
        self.conv3 = _normed(4 * features, 8 * features, 4, 2)
        self.conv4 = _normed(8 * features, 4 * features, 3)
        self.conv5 = _normed(4 * features, 2 * features, 3)
        self.conv6 = _normed(2 * features, features, 3)
        self.conv7 = _normed(features, features, 3)
        self.conv8 = _normed(features, features, 3)
        self.conv9 = nn.Conv2d(features, 1, 3, padding=1)

    @property
    def multiple_of(self) -> int:
        """Input sides must be multiples of this."""
        return 8

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Judge a batch.

        Args:
            image: N x C x H x W, float32 in [0, 1]; sides multiples of 8.

        Returns:
            N x 1 x H x W logits: above 0 means "looks real".
        """
        full = F.leaky_relu(self.conv0(image), 0.2)
        half = F.leaky_relu(self.conv1(full), 0.2)
        quarter = F.leaky_relu(self.conv2(half), 0.2)
        features = F.leaky_relu(self.conv3(quarter), 0.2)
        ascent = ((self.conv4, quarter), (self.conv5, half), (self.conv6, full))
        for layer, skipped in ascent:
            enlarged = F.interpolate(features, scale_factor=2, mode="bilinear", align_corners=False)
            features = F.leaky_relu(layer(enlarged), 0.2) + skipped
        for layer in (self.conv7, self.conv8):
            features = F.leaky_relu(layer(features), 0.2)
        return self.conv9(features)  # type: ignore[no-any-return]
