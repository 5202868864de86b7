"""Where the generator draws what is not there: restless errors that the averaged weights avoid."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

_WINDOW = 7
_EXPONENT = 0.2


def artifact(prediction: Tensor, smoothed_prediction: Tensor, target: Tensor) -> Tensor:
    """The L1 distance, counted only where an error looks like an artifact.

    An error counts the more, the more it varies around it and in the whole picture, and not at all
    where the averaged weights (EMA) are further from the target: there the generator is on its way
    to real detail.

    Args:
        prediction: What the generator made, N x C x H x W, in [0, 1]; sides of at least 4.
        smoothed_prediction: What its averaged weights make of the same input.
        target: What it should be.

    Returns:
        A scalar. The map of where errors count is a constant: no gradient runs through it.

    Reference:
        J. Liang, H. Zeng and L. Zhang, Details or Artifacts: A Locally Discriminative Learning
        Approach to Realistic Image Super-Resolution (LDL), CVPR 2022, section 3.
    """
    places = artifact_map(prediction, smoothed_prediction, target)
    return (places * (prediction - target).abs()).mean()


@torch.no_grad()
def artifact_map(prediction: Tensor, smoothed_prediction: Tensor, target: Tensor) -> Tensor:
    """How much an error counts at each pixel, N x 1 x H x W, at least 0.

    With r the absolute error summed over colours: the variance of r in the 7 x 7 pixels around,
    times the fifth root of its variance in the whole picture, and 0 where the averaged weights err
    more.
    """
    error = (prediction - target).float().abs().sum(1, keepdim=True)
    smoothed_error = (smoothed_prediction - target).float().abs().sum(1, keepdim=True)
    whole = error.var(dim=(1, 2, 3), keepdim=True) ** _EXPONENT
    return torch.where(error < smoothed_error, 0.0, whole * _variance_around(error))


def _variance_around(error: Tensor) -> Tensor:
    """The variance, with n - 1, of the 7 x 7 pixels around each; the edge is mirrored."""
    around = F.pad(error, (_WINDOW // 2,) * 4, mode="reflect")
    mean = F.avg_pool2d(around, _WINDOW, 1)
    square = F.avg_pool2d(around.square(), _WINDOW, 1)
    count = _WINDOW**2
    return (square - mean.square()).clamp(min=0) * (count / (count - 1))
