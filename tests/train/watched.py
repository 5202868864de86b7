"""Fixed pairs and tiny networks that the tests of the watching share."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from realesr.degradations import presets
from realesr.models.compact import Compact
from realesr.train.sources import open_source
from realesr.train.validation import FixedPair, fixed_pairs

SCALE = 4


def small_pairs(side: int = 128, recipe=presets.gentle) -> list[FixedPair]:
    pictures = open_source("samples:astronaut,chelsea,coffee")
    return fixed_pairs(pictures, recipe(SCALE), seed=1, side=side)


def network(seed: int = 0, *, features: int = 12, from_nearest: bool = False) -> Compact:
    """A tiny network, from random weights or as nearest-neighbour enlargement."""
    built = Compact(SCALE, features=features, convolutions=2)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in built.parameters():
            if weight.ndim == 4:
                fan = weight[0].numel()
                weight.copy_(torch.randn(weight.shape, generator=generator) * (1.5 / fan) ** 0.5)
            elif weight.numel() != features:
                weight.zero_()
        if from_nearest:
            built.body[-1].weight.zero_()
    return built


def learn(built, pairs, targets, steps, *, rate=3e-3, generator=None):
    """Plain steps of Adam towards targets; yields after each."""
    adam = torch.optim.Adam(built.parameters(), rate)
    for step in range(steps):
        pair, target = pairs[step % len(pairs)], targets[step % len(pairs)]
        loss = F.l1_loss(built(pair.lr), target)
        adam.zero_grad()
        loss.backward()
        adam.step()
        yield step + 1, float(loss.detach())


def checkerboard(pair: FixedPair, levels: float):
    """A pattern of the pixel shuffle's period: single bright pixels."""
    rows, columns = pair.hr.shape[-2:]
    pattern = torch.zeros(1, 1, rows, columns)
    pattern[:, :, :: pair.scale, :: pair.scale] = levels / 255
    return pattern
