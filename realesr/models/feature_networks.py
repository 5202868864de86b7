"""Two networks that learned to tell objects apart; what they see on the way measures likeness.

Both keep torchvision's parameter names, so its weights load as they are, and both give their
features *before* the activation, which keeps what an activation would set to zero.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

_MEAN = (0.485, 0.456, 0.406)  # of ImageNet's pictures, red, green, blue
_DEVIATION = (0.229, 0.224, 0.225)
_VGG19 = (64, 64, 0, 128, 128, 0, 256, 256, 256, 256, 0, 512, 512, 512, 512, 0, 512, 512, 512, 512)


class FeatureNetwork(nn.Module):
    """A frozen chain of layers that is read at some of its stations.

    Attributes:
        stations: Indices in ``features`` of the layers that can be read.
        smallest: The least height and width it takes.
        trained_by: Whose weights it has: which channel sees what differs between trainings.
    """

    stations: tuple[int, ...]
    smallest: int
    trained_by: str = "torchvision"
    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(self, layers: Sequence[nn.Module]) -> None:
        super().__init__()
        self.features = nn.Sequential(*layers)
        for name, values in (("mean", _MEAN), ("deviation", _DEVIATION)):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1), persistent=False)
        self.requires_grad_(False)
        self.eval()

    def forward(self, image: torch.Tensor) -> dict[int, torch.Tensor]:
        """What the network sees at each station, before the activation.

        Args:
            image: N x 3 x H x W, RGB in [0, 1]; sides of at least ``smallest``.

        Returns:
            Feature maps by station, from fine to coarse.
        """
        seen, current = {}, (image - self.mean) / self.deviation
        for index, layer in enumerate(self.features):
            current = layer(current)
            if index in self.stations:
                seen[index] = current
            if isinstance(layer, Fire):
                current = torch.relu(current)
        return seen

    def train(self, mode: bool = True) -> FeatureNetwork:
        """Stay frozen: a measure that changed while it is used would measure nothing."""
        return super().train(False)


class VGG19(FeatureNetwork):
    """The sixteen convolutions of VGG-19, read at the last of each of its five sizes.

    Reference: K. Simonyan and A. Zisserman, Very Deep Convolutional Networks for Large-Scale Image
        Recognition, ICLR 2015, table 1, column E.
    """

    stations = (2, 7, 16, 25, 34)  # conv1_2, conv2_2, conv3_4, conv4_4, conv5_4
    smallest = 16

    def __init__(self) -> None:
        layers: list[nn.Module] = []
        before = 3
        for channels in _VGG19:
            if channels:
                layers += [nn.Conv2d(before, channels, 3, padding=1), nn.ReLU()]
                before = channels
            else:
                layers.append(nn.MaxPool2d(2))
        super().__init__(layers[:-1])


class Fire(nn.Module):
    """Few channels (squeeze), then many by 1x1 and by 3x3 filters (expand), side by side."""

    def __init__(self, before: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze1x1 = nn.Conv2d(before, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Features of the next layer, before its activation."""
        squeezed = torch.relu(self.squeeze1x1(features))
        return torch.cat([self.expand1x1(squeezed), self.expand3x3(squeezed)], dim=1)


class SqueezeNet(FeatureNetwork):
    """SqueezeNet 1.1: the same kind of eyes in 3 MB instead of 80, and far faster.

    Reference: F. Iandola et al., SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and
        <0.5MB model size, arXiv:1602.07360; version 1.1 is of the authors' repository.
    """

    stations = (0, 4, 7, 9, 10, 11, 12)  # the first layer, then the last fire of each group
    smallest = 17

    def __init__(self) -> None:
        layers: list[nn.Module] = [nn.Conv2d(3, 64, 3, stride=2), nn.ReLU()]
        before = 64
        for squeezed, expanded, fires in ((16, 64, 2), (32, 128, 2), (48, 192, 2), (64, 256, 2)):
            if squeezed != 64:  # the last four fires work at the same size
                layers.append(nn.MaxPool2d(3, 2, ceil_mode=True))
            for _ in range(fires):
                layers.append(Fire(before, squeezed, expanded))
                before = 2 * expanded
        super().__init__(layers)
