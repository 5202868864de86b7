"""The averaged weights: calmer than those of any one step, and what is published."""

from __future__ import annotations

import copy

import torch
from torch import nn


class Average:
    """An exponential moving average of a network's weights.

    After step ``n`` the old average counts ``min(decay, (1 + n) / (10 + n))``, so that a short run
    is not still half its random start; after 10,000 steps at 0.999 that is the plain average.

    Args:
        network: Whose weights are averaged; copied, in float32.
        decay: The share of the old average in the long run.

    Reference:
        Polyak and Juditsky, Acceleration of Stochastic Approximation by Averaging, 1992; the decay
        0.999 is that of Real-ESRGAN (section 4.1), the slow start that of TensorFlow's
        ``ExponentialMovingAverage``.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).float().requires_grad_(False).eval()
        self.decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Move the average towards the weights after step ``step`` (the first is 1)."""
        decay = min(self.decay, (1 + step) / (10 + step))
        averages = list(self.network.state_dict().values())
        torch._foreach_lerp_(averages, list(network.state_dict().values()), 1 - decay)
