"""How far apart two pictures are as sums of waves."""

from __future__ import annotations

import torch


def frequency(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The mean distance of the Fourier coefficients: every wave counts, however faint.

    The pixel losses hardly notice a missing fine texture, because its energy is small; here it is
    as many coefficients as everything coarse.

    Args:
        prediction: N x C x H x W, in [0, 1].
        target: Of the same shape.

    Returns:
        A scalar. The transform keeps energy (``norm="ortho"``), so noise weighs as in L1. Computed
        in float32, because half precision has no transform.

    Reference:
        S.-J. Cho et al., Rethinking Coarse-to-Fine Approach in Single Image Deblurring, ICCV 2021,
        the frequency term of its loss (here with the modulus, which prefers no phase).

    >>> flat = torch.full((1, 1, 4, 4), 0.5)
    >>> float(frequency(flat, torch.zeros(1, 1, 4, 4)))  # one coefficient of 16, of size 0.5 * 4
    0.125
    """
    spectrum: torch.Tensor = torch.fft.fft2((prediction - target).float(), norm="ortho")
    return spectrum.abs().mean()
