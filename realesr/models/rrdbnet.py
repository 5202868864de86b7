"""RRDBNet, the generator of ESRGAN and Real-ESRGAN: residual-in-residual dense blocks."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F


class ResidualDenseBlock(nn.Module):
    """Five convolutions, each reading everything before it; a fifth of the result is added.

    Reference: ESRGAN (X. Wang et al., ECCV Workshops 2018), section 3.1 and figure 4.
    """

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(features, growth, 3, padding=1)
        self.conv2 = nn.Conv2d(features + growth, growth, 3, padding=1)
        self.conv3 = nn.Conv2d(features + 2 * growth, growth, 3, padding=1)
        self.conv4 = nn.Conv2d(features + 3 * growth, growth, 3, padding=1)
        self.conv5 = nn.Conv2d(features + 4 * growth, features, 3, padding=1)
        for layer in (self.conv1, self.conv2, self.conv3, self.conv4, self.conv5):
            nn.init.kaiming_normal_(layer.weight)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
            with torch.no_grad():
                layer.weight.mul_(0.1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """N x F x H x W in and out."""
        seen = image
        for layer in (self.conv1, self.conv2, self.conv3, self.conv4):
            seen = torch.cat((seen, F.leaky_relu(layer(seen), 0.2)), dim=1)
        return image + 0.2 * self.conv5(seen)  # type: ignore[no-any-return]


class RRDB(nn.Module):
    """Three dense blocks in a row, inside one more residual connection."""

    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.rdb1 = ResidualDenseBlock(features, growth)
        self.rdb2 = ResidualDenseBlock(features, growth)
        self.rdb3 = ResidualDenseBlock(features, growth)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """N x F x H x W in and out."""
        return image + 0.2 * self.rdb3(self.rdb2(self.rdb1(image)))  # type: ignore[no-any-return]


class RRDBNet(nn.Module):
    """The generator of Real-ESRGAN, for scales 1, 2 and 4.

    Everything heavy happens at a quarter of the output side. Scales 2 and 1 first fold the picture
    (pixel unshuffle by 2 or 4), so the same body serves all three. Parameter names are those of
    BasicSR.

    Args:
        scale: Enlargement factor: 1, 2 or 4.
        features: Channels between blocks.
        blocks: Number of RRDBs: 23, or 6 in the small anime model.
        growth: Channels each convolution of a dense block adds.
        channels: Colour channels of input and output.

    Reference:
        ESRGAN (X. Wang et al., ECCV Workshops 2018), section 3.1; Real-ESRGAN (X. Wang et al.,
        ICCV Workshops 2021), section 3.4 for the pixel unshuffle.
    """

    def __init__(
        self,
        scale: int = 4,
        features: int = 64,
        blocks: int = 23,
        growth: int = 32,
        channels: int = 3,
    ) -> None:
        super().__init__()
        if scale not in (1, 2, 4):
            raise ValueError(f"RRDBNet has scales 1, 2 and 4, got {scale}")
        self.scale = scale
        self.conv_first = nn.Conv2d(channels * self.multiple_of**2, features, 3, padding=1)
        self.body = nn.Sequential(*(RRDB(features, growth) for _ in range(blocks)))
        self.conv_body = nn.Conv2d(features, features, 3, padding=1)
        self.conv_up1 = nn.Conv2d(features, features, 3, padding=1)
        self.conv_up2 = nn.Conv2d(features, features, 3, padding=1)
        self.conv_hr = nn.Conv2d(features, features, 3, padding=1)
        self.conv_last = nn.Conv2d(features, channels, 3, padding=1)

    @property
    def radius(self) -> int:
        """How far an output pixel looks, in input pixels.

        At the folded size: fifteen for each block, one for each of the two convolutions around
        them, and two for the four after the enlargement (three at x4 reach two at x2, one more
        makes three, which reach two at x1).
        """
        return (15 * len(self.body) + 4) * self.multiple_of

    @property
    def multiple_of(self) -> int:
        """Input sides must be multiples of this: the fold of the pixel unshuffle."""
        return 4 // self.scale

    def full_precision_modules(self) -> list[nn.Module]:
        """What must stay in float32 when the rest runs in half precision: the last convolution."""
        return [self.conv_last]

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Enlarge a batch.

        Args:
            image: N x C x H x W, float32 in [0, 1]; sides multiples of ``multiple_of``.

        Returns:
            N x C x (scale H) x (scale W), float32, not clamped.
        """
        image = image.to(self.conv_first.weight.dtype)
        shallow = self.conv_first(F.pixel_unshuffle(image, self.multiple_of))
        features = shallow + self.conv_body(self.body(shallow))
        for layer in (self.conv_up1, self.conv_up2):
            enlarged = F.interpolate(features, scale_factor=2, mode="nearest")
            features = F.leaky_relu(layer(enlarged), 0.2)
        features = F.leaky_relu(self.conv_hr(features), 0.2)
        return self.conv_last(features.to(self.conv_last.weight.dtype))  # type: ignore[no-any-return]
