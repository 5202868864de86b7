"""What the two networks are told: each term of the generator's loss, and the discriminator's."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import torch
from torch import Tensor

from realesr import losses
from realesr.quality.metrics import Lpips
from realesr.train.config import TrainConfig
from realesr.train.pairs import Batch

PIXEL: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "l1": losses.l1,
    "charbonnier": losses.charbonnier,
    "mse": losses.mse,
}


class GeneratorObjective:
    """The terms of the generator's loss, each already weighted.

    Args:
        config: Weights, kinds and where the unsharp mask counts.
        device: Where the perceptual network shall be.
        autocast: The number type for the perceptual network's passes.

    Reference:
        Real-ESRGAN, section 3.4 and 4.1: L1, perceptual and adversarial loss with the weights 1, 1
        and 0.1; sharpened pictures as targets of the first two.
    """

    def __init__(
        self,
        config: TrainConfig,
        device: torch.device,
        autocast: Callable[[], AbstractContextManager[object]],
    ) -> None:
        self.config, self.autocast = config, autocast
        self.pixel = PIXEL[config.losses.pixel]
        self.perceptual = _perceptual(config)
        if self.perceptual is not None:
            self.perceptual.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def terms(
        self, fake: Tensor, batch: Batch, logits: Tensor | None, smoothed: Tensor | None
    ) -> dict[str, Tensor]:
        """Every term by name; the loss is their sum.

        Args:
            fake: What the generator made, N x 3 x H x W.
            batch: What it was made from and should have been.
            logits: The discriminator's opinion of ``fake``; None in the RealESRNet stage.
            smoothed: What the averaged weights made, for the artifact loss; None without it.
        """
        weights, sharpen = self.config.losses, self.config.sharpen
        pixel_target = batch.sharp if sharpen.pixel else batch.hr
        terms = {"pixel": weights.pixel_weight * self.pixel(fake, pixel_target)}
        if self.perceptual is not None:
            target = batch.sharp if sharpen.perceptual else batch.hr
            with self.autocast():
                distance = self.perceptual(fake, target).mean()
            terms["perceptual"] = weights.perceptual_weight * distance
        if weights.structure_weight:
            terms["structure"] = weights.structure_weight * losses.structure(fake, pixel_target)
        if weights.frequency_weight:
            terms["frequency"] = weights.frequency_weight * losses.frequency(fake, pixel_target)
        if smoothed is not None:
            found = losses.artifact(fake, smoothed, pixel_target)
            terms["artifact"] = weights.artifact_weight * found
        if logits is not None and self.config.gan is not None:
            gan = self.config.gan
            terms["gan"] = gan.weight * losses.adversarial(
                logits, real=True, kind=gan.kind, for_generator=True
            )
        return terms


def _perceptual(config: TrainConfig) -> losses.Perceptual | Lpips | None:
    kind, weights = config.losses.perceptual, config.losses.perceptual_weights or None
    if kind == "none":
        return None
    return Lpips(weights) if kind == "lpips" else losses.Perceptual(kind, weights=weights)


def opinion(logits: Tensor, kind: str) -> Tensor:
    """How probable the discriminator finds it that what it saw is real, 0 to 1, on average.

    Least squares teaches 0 and 1 themselves, the other kinds teach logits.
    """
    seen = logits.detach().float()
    return (seen.clamp(0, 1) if kind == "lsgan" else torch.sigmoid(seen)).mean()
