"""A world of two numbers, where a network that makes and one that judges can be watched."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

EDGE = 1.8
HEAPS = 8


def ring(count: int, generator: Generator) -> Tensor:
    """Real points: eight heaps on a circle of radius 1.

    Args:
        count: How many points.
        generator: Where chance comes from.

    Returns:
        count x 2.
    """
    angle = torch.randint(HEAPS, (count,), generator=generator) * (2 * torch.pi / HEAPS)
    middle = torch.stack([angle.cos(), angle.sin()], 1)
    return middle + 0.05 * torch.randn(count, 2, generator=generator)


def column(outputs: int, generator: Generator, *, calm: bool = False) -> nn.Sequential:
    """Three small layers from two numbers to ``outputs``, first weights drawn after He.

    Args:
        outputs: 2 for what makes points, 1 for what judges them.
        generator: Where the first weights come from.
        calm: Hold the largest gain of every layer at 1 (spectral normalisation).
    """
    widths = (2, 64, 64, outputs)
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layer = nn.Linear(before, after)
        with torch.no_grad():
            drawn = torch.randn(after, before, generator=generator)
            layer.weight.copy_(drawn * (2 / before) ** 0.5)
            layer.bias.zero_()
        layers += [spectral_norm(layer) if calm else layer, nn.ReLU()]
    ends: list[nn.Module] = [Inside()] if outputs == 2 else []
    return nn.Sequential(*layers[:-1], *ends)


class Inside(nn.Module):
    """Keeps points in the square that is looked at."""

    def forward(self, points: Tensor) -> Tensor:
        """N x 2 of any size in, N x 2 within the square out."""
        return EDGE * torch.tanh(points / EDGE)


def heaps(points: Tensor) -> int:
    """How many of the eight heaps hold at least one point of fifty.

    >>> heaps(ring(2000, Generator().manual_seed(0)))
    8
    """
    angle = torch.arange(HEAPS) * (2 * torch.pi / HEAPS)
    middles = torch.stack([angle.cos(), angle.sin()], 1)
    away, nearest = torch.cdist(points, middles).min(1)
    counts = torch.bincount(nearest[away < 0.25], minlength=HEAPS)
    return int((counts >= len(points) / 50).sum())


@torch.no_grad()
def opinions(judge: nn.Module, side: int = 80) -> Tensor:
    """How real the judge finds each place of the square, 0 to 1: side x side."""
    line = torch.linspace(-EDGE, EDGE, side)
    places = torch.stack(torch.meshgrid(line, line, indexing="xy"), 2).reshape(-1, 2)
    return torch.sigmoid(judge(places)).reshape(side, side)


def steepest(judge: nn.Module, side: int = 80) -> float:
    """The largest slope of the judge's answer (the logit) anywhere in the square."""
    line = torch.linspace(-EDGE, EDGE, side)
    places = torch.stack(torch.meshgrid(line, line, indexing="xy"), 2).reshape(-1, 2)
    places.requires_grad_(True)
    (slope,) = torch.autograd.grad(judge(places).sum(), places)
    return float(slope.norm(dim=1).max())


def draw(axes: Any, title: str, judge: nn.Module, real: Tensor, made: Tensor) -> None:
    """The judge's opinion as ground, real points in blue, made ones in orange.

    Args:
        axes: Where to.
        title: Above it.
        judge: Whose opinion.
        real: N x 2.
        made: N x 2.
    """
    from realesr import figures

    ground = opinions(judge).numpy()
    bounds = (-EDGE, EDGE, -EDGE, EDGE)
    axes.imshow(ground, extent=bounds, origin="lower", cmap="gray", vmin=-0.5, vmax=1.1)
    for points, colour in ((real, figures.MEASURED), (made, figures.MADE_UP)):
        shown: np.ndarray = points[:300].detach().numpy()
        axes.plot(*shown.T, ".", color=colour, markersize=3)
    axes.grid(False)
    axes.set(title=title, xlabel="first number", xlim=(-EDGE, EDGE), ylim=(-EDGE, EDGE))
    axes.set_aspect("equal")
