"""How far apart the colours of two pictures are, pixel by pixel."""

from __future__ import annotations

import torch


def l1(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The mean absolute difference: every error counts as much as it is large.

    Args:
        prediction: N x C x H x W, in [0, 1].
        target: Of the same shape.

    Returns:
        A scalar, in the unit of the pictures.

    >>> float(l1(torch.tensor([0.0, 0.5]), torch.tensor([0.25, 0.25])))
    0.25
    """
    return (prediction - target).abs().mean()


def mse(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The mean squared difference: a large error counts much more than many small ones.

    Minimising it maximises PSNR, and averages all pictures that could be right: soft edges.

    >>> float(mse(torch.tensor([0.0, 0.5]), torch.tensor([0.5, 0.5])))
    0.125
    """
    return (prediction - target).square().mean()


def charbonnier(
    prediction: torch.Tensor, target: torch.Tensor, *, epsilon: float = 1e-3
) -> torch.Tensor:
    """L1 with a round tip: below ``epsilon`` it is smooth, so the last steps do not jitter.

    Args:
        prediction: N x C x H x W, in [0, 1].
        target: Of the same shape.
        epsilon: Where the tip begins to be round, in the unit of the pictures.

    Reference:
        W.-S. Lai et al., Deep Laplacian Pyramid Networks, CVPR 2017, section 3.2.

    >>> round(float(charbonnier(torch.tensor([0.003]), torch.tensor([-0.001]), epsilon=0.003)), 6)
    0.005
    """
    return ((prediction - target).square() + epsilon**2).sqrt().mean()
