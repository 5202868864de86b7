"""Kernels as formulas: the Gaussian family and the sinc, in float64, without randomness.

Reference: Real-ESRGAN (Wang et al. 2021), sections 3.1 (blur) and 3.3 (sinc).
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor


@lru_cache(maxsize=32)
def grid(size: int) -> tuple[Tensor, Tensor]:
    """The coordinates x and y of a kernel's cells in pixels, counted from its middle.

    >>> grid(3)[0][0].tolist(), grid(3)[1][:, 0].tolist()
    ([-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0])
    """
    axis = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    return x, y


def squared_distance(size: int, sigma_x: float, sigma_y: float, angle: float) -> Tensor:
    """How far each cell is from the middle, in widths, squared: q = xᵀ Σ⁻¹ x.

    Σ = R diag(σx², σy²) Rᵀ: an ellipse with half-axes σx and σy, turned by ``angle`` (radian).

    >>> squared_distance(3, 2.0, 1.0, 0.0)[1].tolist()
    [0.25, 0.0, 0.25]
    """
    x, y = grid(size)
    cosine, sine = math.cos(angle), math.sin(angle)
    along, across = x * cosine + y * sine, y * cosine - x * sine
    return (along / sigma_x) ** 2 + (across / sigma_y) ** 2


def gaussian_family(
    shape: str, size: int, sigma_x: float, sigma_y: float, angle: float = 0.0, beta: float = 1.0
) -> Tensor:
    """A blur kernel, (size, size), that sums to 1.

    ===============  ======================  ==========================================
    ``gaussian``     exp(-q / 2)             light spread by a lens, roughly
    ``generalised``  exp(-qᵝ / 2)            β < 1 has heavier tails, β > 1 a flatter top
    ``plateau``      1 / (1 + qᵝ)            a top that is flat, and slow tails
    ===============  ======================  ==========================================

    >>> flat = gaussian_family("plateau", 7, 2.0, 2.0, beta=2.0)
    >>> round(float(flat.sum()), 12)
    1.0
    """
    q = squared_distance(size, sigma_x, sigma_y, angle)
    if shape == "gaussian":
        kernel = torch.exp(-q / 2)
    elif shape == "generalised":
        kernel = torch.exp(-(q**beta) / 2)
    else:
        kernel = 1 / (1 + q**beta)
    return kernel / kernel.sum()


def bessel_j1(x: Tensor) -> Tensor:
    """The Bessel function J₁ by its own integral, ∫ cos(τ - x sin τ) dτ / π over [0, π].

    The mean over evenly spaced τ is exact to rounding once they outnumber the waves; torch's own
    ``bessel_j1`` is off by up to 4e-7.

    >>> round(float(bessel_j1(torch.tensor([1.0], dtype=torch.float64))), 12)
    0.440050585745
    """
    nodes = 24 + int(float(x.max()) * 0.6)
    turn = (torch.arange(nodes, dtype=torch.float64) + 0.5) * (math.pi / nodes)
    return torch.cos(turn - x[..., None] * torch.sin(turn)).mean(dim=-1)


def sinc(size: int, cutoff: float) -> Tensor:
    """The ideal low-pass filter in two dimensions: it rings at edges, as over-sharpening does.

    k(r) = ω J₁(ω r) / (2π r), and ω² / 4π in the middle, with the cutoff ω in radian per pixel
    (at π nearly everything passes). Scaled to sum 1; the negative lobes stay.

    >>> kernel = sinc(9, 1.5)
    >>> bool(kernel.min() < 0), round(float(kernel.sum()), 12)
    (True, 1.0)
    """
    x, y = grid(size)
    # Many cells share a radius: 66 different ones in 21x21.
    squares, cell = torch.unique(x**2 + y**2, return_inverse=True)
    radius = squares.clamp(min=1e-30).sqrt()
    lobes = cutoff * bessel_j1(cutoff * radius) / (2 * math.pi * radius)
    kernel = torch.where(squares > 0, lobes, cutoff**2 / (4 * math.pi))[cell]
    return kernel / kernel.sum()


@lru_cache(maxsize=8)
def gaussian_line(size: int, sigma: float) -> Tensor:
    """One line of an isotropic Gaussian, (size,): the plane is this line times itself.

    >>> line = gaussian_line(5, 1.0)
    >>> plane = gaussian_family("gaussian", 5, 1.0, 1.0)
    >>> bool(torch.allclose(torch.outer(line, line), plane))
    True
    """
    axis = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    line = torch.exp(-((axis / sigma) ** 2) / 2)
    return line / line.sum()
