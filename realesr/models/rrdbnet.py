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
    """The generator of ESRGAN and Real-ESRGAN, for scales 1, 2, 4 and 8.

    Everything heavy happens at the size of the folded input. Real-ESRGAN folds for scales 2 and 1
    (pixel unshuffle by 2 and 4), so the same body and the same two enlargements serve all three;
    older ESRGAN models have one enlargement for each doubling instead (``fold=1``). Parameter names
    are those of BasicSR.

    Args:
        scale: Enlargement factor: 1, 2, 4 or 8.
        features: Channels between blocks.
        blocks: Number of RRDBs: 23, or 6 in the small anime model.
        growth: Channels each convolution of a dense block adds.
        channels: Colour channels of input and output.
        fold: Side of the squares of pixels that become channels; None for 4 / scale, at least 1.

    Raises:
        ValueError: For a scale that is no power of 2.

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
        fold: int | None = None,
    ) -> None:
        super().__init__()
        if scale not in (1, 2, 4, 8):
            raise ValueError(f"RRDBNet has scales 1, 2, 4 and 8, got {scale}")
        self.scale = scale
        self.multiple_of = max(1, 4 // scale) if fold is None else fold
        self.doublings = (scale * self.multiple_of).bit_length() - 1
        self.conv_first = nn.Conv2d(channels * self.multiple_of**2, features, 3, padding=1)
        self.body = nn.Sequential(*(RRDB(features, growth) for _ in range(blocks)))
        self.conv_body = nn.Conv2d(features, features, 3, padding=1)
        for number in range(1, self.doublings + 1):
            self.add_module(f"conv_up{number}", nn.Conv2d(features, features, 3, padding=1))
        self.conv_hr = nn.Conv2d(features, features, 3, padding=1)
        self.conv_last = nn.Conv2d(features, channels, 3, padding=1)

    @property
    def radius(self) -> int:
        """How far an output pixel looks, in input pixels.

        At the folded size: fifteen for each block, one for each of the two convolutions around
        them, and what the convolutions after them reach. Those two reach 2 pixels of the output;
        each enlargement halves what was reached so far and adds a pixel for its own convolution.
        """
        reach = 2
        for _ in range(self.doublings):
            reach = (reach + 1 + 1) // 2
        return (15 * len(self.body) + 2 + reach) * self.multiple_of

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
        for number in range(1, self.doublings + 1):
            enlarged = F.interpolate(features, scale_factor=2, mode="nearest")
            features = F.leaky_relu(self.get_submodule(f"conv_up{number}")(enlarged), 0.2)
        features = F.leaky_relu(self.conv_hr(features), 0.2)
        return self.conv_last(features.to(self.conv_last.weight.dtype))  # type: ignore[no-any-return]
