"""Two ways in which restored pictures go wrong, as numbers: false colours, and a regular grid."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from realesr.train.validation import FixedPair

LEVELS = 255.0


def colour_drift(pairs: Sequence[FixedPair], outputs: Sequence[Tensor]) -> tuple[float, str]:
    """How much further from the truth's colours the results are than the input is.

    Compared over a coarse grid of 4 x 4 fields a picture, where noise and texture are averaged
    away. The input's own distance (vignettes, exposure, a cast) is not the network's fault.

    Returns:
        The excess of the worst colour in levels of 255, root mean square, and the tint in words.
    """
    result, given, tints = [], [], []
    for pair, output in zip(pairs, outputs, strict=True):
        truth, fields = _fields(pair.hr), _fields(output.clamp(0, 1))
        result.append((fields - truth).square().mean(dim=(0, 2, 3)))
        given.append((_fields(pair.lr) - truth).square().mean(dim=(0, 2, 3)))
        tints.append((fields - truth).mean(dim=(0, 2, 3)))
    excess = (torch.stack(result).mean(0).sqrt() - torch.stack(given).mean(0).sqrt()).max()
    tint = torch.stack(tints).mean(0).tolist()
    names = zip(("red", "green", "blue"), tint, strict=True)
    return max(0.0, float(excess)), ", ".join(f"{name} {value:+.1f}" for name, value in names)


def _fields(image: Tensor) -> Tensor:
    return F.adaptive_avg_pool2d(image.float(), 4) * LEVELS


def grid_strength(pairs: Sequence[FixedPair], outputs: Sequence[Tensor]) -> float:
    """How much stronger than in the truth a pattern of the pixel shuffle's period is.

    Judged in the flatter half of each picture, where the eye sees it first.

    Returns:
        Levels of 255, root mean square, averaged over the pictures; 0 at scale 1.
    """
    excess = []
    for pair, output in zip(pairs, outputs, strict=True):
        truth = _windows(pair.hr, pair.scale)
        activity = truth.var(dim=(-2, -1)).mean(1)
        flat = activity <= activity.median()
        ours = _windows(output.clamp(0, 1), pair.scale)[flat]
        energy = _period(ours, pair.scale) - _period(truth[flat], pair.scale)
        excess.append(math.sqrt(max(0.0, energy)))
    return sum(excess) / len(excess)


def _windows(image: Tensor, scale: int) -> Tensor:
    """Overlapping squares of 8 (in small pictures 4) periods: (n, 3, side, side), in levels."""
    side = (8 if min(image.shape[-2:]) >= 8 * scale else 4) * scale
    step = side // 2
    squares = image[0].float().unfold(1, side, step).unfold(2, side, step)
    return squares.permute(1, 2, 0, 3, 4).flatten(0, 1) * LEVELS


def _period(windows: Tensor, scale: int) -> float:
    """The energy of what repeats every ``scale`` pixels and is no mere part of the texture.

    Energy at the multiples of the frequency 1 / scale, less what the frequencies between them
    foretell: texture and noise have both alike, a grid only the first.
    """
    if scale == 1:
        return 0.0
    side = windows.shape[-1]
    hann = torch.hann_window(side, device=windows.device)
    weights = hann[:, None] * hann[None, :]
    flat = windows - windows.mean(dim=(-2, -1), keepdim=True)
    power = torch.fft.fft2(flat * weights).abs().square().mean(dim=(0, 1)) / weights.sum() ** 2
    period, half = side // scale, side // scale // 2
    shifted = [power.roll(step, dims) for step in (half, -half) for dims in (0, 1)]
    # Spectra fall like powers: the geometric mean of the neighbours foretells the middle.
    foretold = torch.stack(shifted).clamp_min(1e-12).log().mean(0).exp()
    excess = (power - foretold)[::period, ::period].clone()
    excess[0, 0] = 0
    return max(0.0, float(excess.sum()))
