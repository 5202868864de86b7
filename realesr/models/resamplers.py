"""Nearest, bilinear, bicubic and Lanczos as networks without weights: what models must beat."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import torch
from torch import nn
from torch.nn import functional as F

Kind = Literal["nearest", "bilinear", "bicubic", "lanczos"]


def _box(distance: torch.Tensor) -> torch.Tensor:
    return (distance.abs() < 0.5).to(distance.dtype)


def _triangle(distance: torch.Tensor) -> torch.Tensor:
    return (1 - distance.abs()).clamp(min=0)


def _cubic(distance: torch.Tensor) -> torch.Tensor:
    """Keys' cubic with a = -0.75, as PyTorch and OpenCV have it (Pillow and MATLAB take -0.5)."""
    a, d = -0.75, distance.abs()
    near = (a + 2) * d**3 - (a + 3) * d**2 + 1
    far = a * (d**3 - 5 * d**2 + 8 * d - 4)
    return torch.where(d <= 1, near, torch.where(d < 2, far, torch.zeros_like(d)))


def _lanczos(distance: torch.Tensor) -> torch.Tensor:
    window = torch.sinc(distance) * torch.sinc(distance / 3)
    return torch.where(distance.abs() < 3, window, torch.zeros_like(distance))


_KERNELS: dict[Kind, tuple[int, Callable[[torch.Tensor], torch.Tensor]]] = {
    "nearest": (0, _box),
    "bilinear": (1, _triangle),
    "bicubic": (2, _cubic),
    "lanczos": (3, _lanczos),
}


def phase_weights(kind: Kind, scale: int) -> torch.Tensor:
    """What each of the ``scale`` output pixels over one input pixel takes from its neighbours.

    Args:
        kind: The filter.
        scale: Enlargement factor.

    Returns:
        ``scale`` x (2 reach + 1), float32; every row sums to 1. Column ``reach`` is the pixel
        itself.

    >>> phase_weights("bilinear", 2)
    tensor([[0.2500, 0.7500, 0.0000],
            [0.0000, 0.7500, 0.2500]])
    """
    reach, kernel = _KERNELS[kind]
    centre = (torch.arange(scale, dtype=torch.float64) + 0.5) / scale - 0.5
    offsets = torch.arange(-reach, reach + 1, dtype=torch.float64)
    weights = kernel(offsets - centre[:, None])
    return (weights / weights.sum(dim=1, keepdim=True)).float()


class Resampler(nn.Module):
    """Enlarge by a fixed filter, so that a model can be compared with none.

    At a whole factor every input pixel becomes ``scale`` by ``scale`` output pixels whose weights
    are the same everywhere, so they are worked out once, exactly, and a tile gives the very pixels
    that the whole picture gives. Computes in float32 whatever the precision asked for.

    Beyond the picture, Lanczos leaves the missing neighbours out, as Pillow does; the others repeat
    the border, as PyTorch does.

    Args:
        kind: ``"nearest"``, ``"bilinear"``, ``"bicubic"`` (a = -0.75) or ``"lanczos"`` (3 lobes).
        scale: Enlargement factor, 1 to 16.

    Raises:
        ValueError: For another kind or scale.

    Reference:
        R. Keys, Cubic Convolution Interpolation for Digital Image Processing, IEEE TASSP 29, 1981;
        C. E. Duchon, Lanczos Filtering in One and Two Dimensions, J. Applied Meteorology 18, 1979.

    >>> Resampler("nearest", 2)(torch.tensor([[[[0.0, 1.0]]]]))
    tensor([[[[0., 0., 1., 1.],
              [0., 0., 1., 1.]]]])
    """

    def __init__(self, kind: Kind = "bicubic", scale: int = 4) -> None:
        super().__init__()
        if kind not in get_args(Kind):
            raise ValueError(f"a resampler is one of {', '.join(get_args(Kind))}, got {kind!r}")
        if not 1 <= scale <= 16:
            raise ValueError(f"a resampler has scales 1 to 16, got {scale}")
        self.kind = kind
        self.scale = scale
        self.multiple_of = 1
        # Not a buffer: that would be rounded when the network is cast to half precision.
        self._weights = phase_weights(kind, scale)

    @property
    def radius(self) -> int:
        """How far an output pixel looks, in input pixels."""
        return _KERNELS[self.kind][0]

    def full_precision_modules(self) -> list[nn.Module]:
        """None: there is nothing in here that could be narrowed."""
        return []

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Enlarge a batch.

        Args:
            image: N x C x H x W, float in [0, 1].

        Returns:
            N x C x (scale H) x (scale W), float32, not clamped.
        """
        wide = self._widen(image.float())
        return self._widen(wide.transpose(2, 3)).transpose(2, 3).contiguous()

    def _widen(self, image: torch.Tensor) -> torch.Tensor:
        """Enlarge along the last axis."""
        if self.kind != "lanczos":
            return self._filter(image, "replicate")
        present = torch.ones_like(image[:1, :1, :1])
        return self._filter(image, "constant") / self._filter(present, "constant")

    def _filter(self, image: torch.Tensor, border: str) -> torch.Tensor:
        weights = self._weights.to(image.device)
        padded = F.pad(image, (self.radius, self.radius, 0, 0), border)
        return (padded.unfold(3, weights.shape[1], 1) @ weights.T).flatten(3)
