"""What people do to pictures on purpose, or keep from film: halos of sharpening, and grain."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor

from realesr.degradations import filters, jpeg, kernels, noise
from realesr.degradations.operations import Size, check_image
from realesr.degradations.spans import Checked, Span

LUMA = jpeg.FLOAT_TO_YCC[0]


def bell(sigma: float) -> Tensor:
    """The taps of a Gaussian out to 4 standard deviations, float64, sum 1.

    >>> len(bell(1.5))
    13
    """
    return kernels.gaussian_line(2 * math.ceil(4 * sigma) + 1, sigma)


def soften(image: Tensor, taps: Tensor) -> Tensor:
    """Blur along the rows and then along the columns; as many pixels are lost as taps reach out.

    >>> soften(torch.ones(1, 1, 9, 7), bell(0.5)).shape
    torch.Size([1, 1, 5, 3])
    """
    channels = image.shape[1]
    weights = taps.to(image).expand(channels, 1, 1, -1)
    rows = F.conv2d(image, weights, groups=channels)
    return F.conv2d(rows, weights.transpose(2, 3), groups=channels)


def oversharpen(image: Tensor, amount: float, radius: float) -> Tensor:
    """Sharpen brightness so far that every edge gets a bright and a dark halo.

    ``x + amount (y - gaussian(radius) * y)`` with y the luma, so halos are gray, as cameras make
    them. Beside a step of height s the overshoot is ``amount s (1 - g(0)) / 2``, where g(0) is the
    middle tap of the Gaussian: nearly half the step at amount 1.

    Args:
        image: ``(n, 3, h, w)``, range [0, 1].
        amount: How much of the difference is added; 0 does nothing, 1 is strong.
        radius: Standard deviation of the Gaussian in pixels: how wide the halo is.

    Returns:
        ``(n, 3, h, w)``, clamped to [0, 1].

    Reference: Gonzalez and Woods, Digital Image Processing, "Unsharp masking and highboost
        filtering".

    >>> flat = torch.full((1, 3, 4, 4), 0.5)
    >>> bool(torch.allclose(oversharpen(flat, 2.0, 1.0), flat))
    True
    """
    taps = bell(radius)
    reach = len(taps) // 2
    weights = torch.tensor(LUMA, device=image.device).view(1, 3, 1, 1)
    luma = (image * weights).sum(1, keepdim=True)
    soft = soften(filters.mirror(luma, reach, reach), taps)
    return (image + amount * (luma - soft)).clamp(0, 1)


def grain(image: Tensor, size: float, gray: bool, seed: int) -> Tensor:
    """Noise of variance 1 whose neighbours resemble each other over ``size`` pixels.

    White noise, blurred by a Gaussian with taps g and divided by the sum of g squared, which is
    what the blur leaves of its standard deviation. At distance d the correlation is
    ``exp(-d^2 / (4 size^2))``.

    Args:
        image: ``(n, 3, h, w)``; only its size counts. Each picture has its own field.
        size: Standard deviation of the blur in pixels.
        gray: One field for all channels, ``(n, 1, h, w)``: black-and-white film.
        seed: The same seed gives the same field.

    >>> round(float(grain(torch.zeros(1, 3, 200, 200), 2.0, False, 0).std()), 1)
    1.0
    """
    taps = bell(size)
    count, channels, height, width = image.shape
    more = len(taps) - 1
    wider = image.new_empty(count, channels, height + more, width + more)
    return soften(noise.gaussian(wider, gray, seed), taps) / float((taps**2).sum())


def film_grain(image: Tensor, strength: float, field: Tensor) -> Tensor:
    """Grain that is strongest in the middle tones and gone in pure black and white.

    Film is covered by opaque grains: where a share u is covered, a point is dark with probability
    u, so its variance is ``u (1 - u)``: the field is scaled by ``2 strength sqrt(u (1 - u))``.

    Args:
        image: ``(n, 3, h, w)``, range [0, 1].
        strength: Standard deviation at middle gray, in levels of 255.
        field: From ``grain``, ``(n, 1 or 3, h, w)``: one channel is black-and-white film.

    Returns:
        ``(n, 3, h, w)``, clamped to [0, 1].

    Reference: Newson, Faraj, Delon and Galerne, Analysis of a Physically Realistic Film Grain
        Model, and a Gaussian Film Grain Synthesis Algorithm, SSVM 2017.

    >>> gray = torch.full((1, 3, 1, 1), 0.5)
    >>> film_grain(gray, 25.5, torch.ones(1, 1, 1, 1)).flatten().tolist()
    [0.6000000238418579, 0.6000000238418579, 0.6000000238418579]
    """
    covered = image.clamp(0, 1)
    deviation = 2 * strength / 255 * (covered * (1 - covered)).sqrt()
    return (image + deviation * field).clamp(0, 1)


@dataclass(frozen=True, kw_only=True)
class Oversharpen(Checked):
    """Sharpened too far, by a camera or a person: halos along every edge."""

    amount: Annotated[float, Span(0, 10, help="share of the difference that is added")]
    radius: Annotated[float, Span(0.1, 20, unit="px", help="how wide the halo is")]

    def apply(self, image: Tensor, original_size: Size) -> Tensor:
        """The picture with halos, in [0, 1]; borders are mirrored."""
        check_image(image)
        return oversharpen(image, self.amount, self.radius)


@dataclass(frozen=True, kw_only=True)
class FilmGrain(Checked):
    """The grain of film: clumps, not pixels, and most of it in the middle tones."""

    size: Annotated[float, Span(0.1, 10, unit="px", help="how wide a clump of grains is")]
    strength: Annotated[float, Span(0, 100, unit="/255", help="deviation at middle gray")]
    gray: bool = True
    seed: Annotated[int, Span(0, 2**53 - 1, help="where the grains lie")]

    def apply(self, image: Tensor, original_size: Size) -> Tensor:
        """The picture with grain, in [0, 1]."""
        check_image(image)
        return film_grain(image, self.strength, grain(image, self.size, self.gray, self.seed))
