"""What a discriminator's opinion costs: itself when it is wrong, the generator when it is right."""

from __future__ import annotations

from typing import Literal

import torch
from torch.nn import functional as F

Kind = Literal["vanilla", "lsgan", "hinge"]


def adversarial(
    logits: torch.Tensor, real: bool, kind: Kind = "vanilla", *, for_generator: bool = False
) -> torch.Tensor:
    """How far the discriminator's opinion is from "real" or "made".

    The discriminator's loss is the sum of its two halves, ``adversarial(d(photo), True, kind)`` and
    ``adversarial(d(made), False, kind)``; the generator's is ``adversarial(d(made), True, kind,
    for_generator=True)``: it wants its pictures to be called real.

    Args:
        logits: The discriminator's answers, of any shape; above 0 (``lsgan``: near 1) means "real".
        real: What they should have been.
        kind: ``"vanilla"``: cross entropy; ``"lsgan"``: squared distance to 1 or 0; ``"hinge"``:
            answers beyond 1 or -1 cost nothing any more.
        for_generator: With ``hinge`` the generator's wish has no limit, so it never stops learning
            from a discriminator that is sure. The other kinds are the same for both.

    Returns:
        A scalar: the mean over all answers.

    Raises:
        ValueError: For another kind.

    Reference:
        I. Goodfellow et al., Generative Adversarial Nets, NeurIPS 2014, section 3, the generator's
        non-saturating form. X. Mao et al., Least Squares GANs, ICCV 2017, equation 9, without its
        halves. J. Lim and J. Ye, Geometric GAN, arXiv:1705.02894, for hinge.

    >>> round(float(adversarial(torch.zeros(2), True)), 4)  # "perhaps" costs log 2
    0.6931
    """
    if kind == "vanilla":
        return F.softplus(-logits if real else logits).mean()
    if kind == "lsgan":
        return (logits - float(real)).square().mean()
    if kind == "hinge":
        wished = -logits if real else logits
        return wished.mean() if for_generator else torch.relu(1 + wished).mean()
    raise ValueError(f"kind must be vanilla, lsgan or hinge, not {kind!r}")
