"""How different two pictures look to a network that learned to tell objects apart."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch
from torch import nn

from realesr.errors import ParameterError
from realesr.models.backbones import load_backbone

_SHARES = {
    "vgg19": {2: 0.1, 7: 0.1, 16: 1.0, 25: 1.0, 34: 1.0},
    "squeezenet": {0: 0.1, 4: 0.1, 7: 1.0, 10: 1.0, 12: 1.0},
}


class Perceptual(nn.Module):
    """The L1 distance of features, from fine to coarse, before the activations.

    Features forgive a blade of grass that stands elsewhere and mind that there is none, so the
    generator is free to draw texture where the pixel losses make it paint the average.

    Args:
        backbone: ``"vgg19"``, as the paper has it, or ``"squeezenet"``: light enough for a CPU.
        weights: A file or folder; when None the folders of ``REALESR_WEIGHTS`` are searched, then
            the published file is fetched.

    Raises:
        ParameterError: E001 for another backbone.
        ModelError: E205 for weights of another network, E209 for a file that is not there.
        NetworkError: E604 offline, E605 when the download failed.

    Reference:
        J. Johnson et al., Perceptual Losses for Real-Time Style Transfer and Super-Resolution, ECCV
        2016; ESRGAN (X. Wang et al., ECCV Workshops 2018), section 3.3, for "before the
        activation"; Real-ESRGAN (X. Wang et al., ICCV Workshops 2021), section 4.1, for the layers
        of VGG19 and their shares.
    """

    def __init__(
        self,
        backbone: Literal["vgg19", "squeezenet"] = "vgg19",
        weights: str | Path | None = None,
    ) -> None:
        super().__init__()
        self.network = load_backbone(backbone, weights)
        self.shares = _SHARES[backbone]

    def forward(self, prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """The distance of a batch from its targets.

        Args:
            prediction: N x 3 x H x W, RGB in [0, 1]; sides of at least 17.
            target: Of the same shape; no gradient reaches it.

        Returns:
            A scalar without a unit.

        Raises:
            ParameterError: E003 for pictures too small to be seen by the network.
        """
        if min(prediction.shape[-2:]) < self.network.smallest:
            raise ParameterError(
                "E003",
                f"a patch of {prediction.shape[-1]}x{prediction.shape[-2]} is too small for the "
                f"perceptual loss.",
                f"Use patches of at least {self.network.smallest} pixels.",
            )
        with torch.no_grad():
            wanted = self.network(target)
        seen = self.network(prediction)
        distances = [
            share * (seen[station] - wanted[station]).abs().mean(dtype=torch.float32)
            for station, share in self.shares.items()
        ]
        return torch.stack(distances).sum()
