"""What may happen to a picture: ranges and probabilities that draw operations.

A step draws the same number of chances whatever its ranges are, so narrowing one range changes no
other draw. ``draw.py`` draws any operation; steps made of steps stand in ``combinations.py``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol, get_args, runtime_checkable

import torch

from realesr.degradations.chances import (
    around_one,
    between,
    chances,
    one_of,
    pick,
    seed_from,
    sums_to_one,
)
from realesr.degradations.operations import (
    Blur,
    GaussianNoise,
    Jpeg,
    Operation,
    PoissonNoise,
    Resize,
    Shape,
    Sinc,
    one_way,
)
from realesr.degradations.spans import Checked, Span

Operations = tuple[Operation, ...]
Share = Annotated[float, Span(0, 1, help="probability")]
Mode = Literal["area", "bilinear", "bicubic"]
# The sizes that the training code draws from; its option `blur_kernel_size` changes nothing.
SIZES = tuple(range(7, 22, 2))


@runtime_checkable
class Step(Protocol):
    """A distribution over operations."""

    def sample(self, generator: torch.Generator) -> Operations:
        """What happens this time; empty when nothing does."""
        ...


@dataclass(frozen=True, kw_only=True)
class RandomBlur(Checked):
    """A kernel of random size, family and shape, or a sinc.

    ``plateau="reference"`` draws the plateau's beta as the training code does: half of the draws
    are the lower end, 1, exactly. The generalised beta is below 1 as often as above.

    >>> RandomBlur(sinc=1.0).sample(torch.Generator())[0].__class__.__name__
    'Sinc'
    """

    sizes: Annotated[tuple[int, ...], Span(1, 101, unit="px", help="sides of the kernel")] = SIZES
    sigma: Annotated[tuple[float, float], Span(0.01, 50, unit="px", help="width")] = (0.2, 3.0)
    angle: Annotated[tuple[float, float], Span(-6.2832, 6.2832, unit="rad", help="turn")] = (
        -math.pi,
        math.pi,
    )
    isotropic: Share = 0.45
    anisotropic: Share = 0.25
    generalised_isotropic: Share = 0.12
    generalised_anisotropic: Share = 0.03
    plateau_isotropic: Share = 0.12
    plateau_anisotropic: Share = 0.03
    generalised_beta: Annotated[tuple[float, float], Span(0.05, 20, help="flatness")] = (0.5, 4.0)
    plateau_beta: Annotated[tuple[float, float], Span(0.05, 20, help="flatness")] = (1.0, 2.0)
    plateau: Literal["uniform", "reference"] = "uniform"
    sinc: Share = 0.1
    cutoff: Annotated[tuple[float, float], Span(0.05, 3.1416, unit="rad/px", help="of a sinc")] = (
        math.pi / 5,
        math.pi,
    )
    small_cutoff: Annotated[
        tuple[float, float], Span(0.05, 3.1416, unit="rad/px", help="of a sinc under 13 px")
    ] = (math.pi / 3, math.pi)

    def contradictions(self) -> Iterator[str]:
        """Sizes must be odd, and one of the families must come."""
        yield from (f"sizes must be odd, got {size}." for size in self.sizes if size % 2 == 0)
        yield from sums_to_one("the six kernel probabilities", *self._weights())

    def _weights(self) -> tuple[float, ...]:
        return (
            self.isotropic,
            self.anisotropic,
            self.generalised_isotropic,
            self.generalised_anisotropic,
            self.plateau_isotropic,
            self.plateau_anisotropic,
        )

    def sample(self, generator: torch.Generator) -> Operations:
        """One Blur or one Sinc."""
        is_sinc, which, kind, along, across, turn, side, flat, cut = chances(generator, 9)
        size = one_of(which, self.sizes)
        if is_sinc < self.sinc:
            cutoff = between(cut, self.small_cutoff if size < 13 else self.cutoff)
            return (Sinc(size=size, cutoff=cutoff),)
        shape, turned = pick(kind, KERNELS, self._weights())
        sigma = between(along, self.sigma)
        beta = 1.0
        if shape == "generalised":
            beta = around_one(flat, side, self.generalised_beta)
        elif shape == "plateau" and self.plateau == "reference":
            beta = around_one(flat, side, self.plateau_beta)
        elif shape == "plateau":
            beta = between(flat, self.plateau_beta)
        blur = Blur(
            shape=shape,
            size=size,
            sigma_x=sigma,
            sigma_y=between(across, self.sigma) if turned else sigma,
            angle=between(turn, self.angle) if turned else 0.0,
            beta=beta,
        )
        return (blur,)


KERNELS: list[tuple[Shape, bool]] = [
    (shape, turned) for shape in get_args(Shape) for turned in (False, True)
]


@dataclass(frozen=True, kw_only=True)
class RandomResize(Checked):
    """Larger, smaller or as it is, by one of several interpolations.

    The ranges count from ``base`` times the original side: 1 in the first order, 1 / scale in the
    second, so the second order ends near the final size whatever the first one did.

    >>> RandomResize(up=0, down=0, keep=1, base=0.25).sample(torch.Generator())[0].factor
    0.25
    """

    up: Share = 0.2
    down: Share = 0.7
    keep: Share = 0.1
    up_range: Annotated[tuple[float, float], Span(1, 16, help="when larger")] = (1.0, 1.5)
    down_range: Annotated[tuple[float, float], Span(0.01, 1, help="when smaller")] = (0.15, 1.0)
    base: Annotated[float, Span(0.01, 16, help="what 1 means, as a share of the original")] = 1.0
    modes: tuple[Mode, ...] = ("area", "bilinear", "bicubic")
    antialias: bool = False
    standard: Literal["size", "reference"] = "size"

    def contradictions(self) -> Iterator[str]:
        """One of the three must come, and antialias does not go with the reference's positions."""
        yield from sums_to_one("up, down and keep", self.up, self.down, self.keep)
        yield from one_way(self.antialias, self.standard)

    def sample(self, generator: torch.Generator) -> Operations:
        """One Resize."""
        way, how_far, which = chances(generator, 3)
        span = pick(
            way, (self.up_range, self.down_range, (1.0, 1.0)), (self.up, self.down, self.keep)
        )
        resize = Resize(
            factor=between(how_far, span) * self.base,
            mode=one_of(which, self.modes),
            antialias=self.antialias,
            standard=self.standard,
        )
        return (resize,)


@dataclass(frozen=True, kw_only=True)
class RandomNoise(Checked):
    """Gaussian or Poisson noise, in colour or gray.

    ``levels="reference"`` counts the picture's values, ``"photons"`` always takes 256.

    >>> RandomNoise(gaussian=1.0, gray=1.0).sample(torch.Generator())[0].gray
    True
    """

    gaussian: Annotated[float, Span(0, 1, help="probability of Gaussian; else Poisson")] = 0.5
    sigma: Annotated[tuple[float, float], Span(0, 255, unit="levels of 255", help="Gaussian")] = (
        1.0,
        30.0,
    )
    scale: Annotated[tuple[float, float], Span(0, 20, help="Poisson strength")] = (0.05, 3.0)
    gray: Share = 0.4
    levels: Literal["photons", "reference"] = "photons"

    def sample(self, generator: torch.Generator) -> Operations:
        """One GaussianNoise or one PoissonNoise."""
        kind, sigma, scale, gray, seed = chances(generator, 5)
        in_gray, own_seed = gray < self.gray, seed_from(seed)
        if kind < self.gaussian:
            strength = between(sigma, self.sigma)
            return (GaussianNoise(sigma=strength, gray=in_gray, seed=own_seed),)
        strength = between(scale, self.scale)
        levels = 256 if self.levels == "photons" else None
        return (PoissonNoise(scale=strength, gray=in_gray, seed=own_seed, levels=levels),)


@dataclass(frozen=True, kw_only=True)
class RandomJpeg(Checked):
    """JPEG of random quality: whole numbers for libjpeg, any number for the reference.

    >>> RandomJpeg(quality=(90, 90)).sample(torch.Generator())[0].quality
    90.0
    """

    quality: Annotated[tuple[float, float], Span(1, 100, help="100 is the finest")] = (30.0, 95.0)
    standard: Literal["libjpeg", "reference"] = "libjpeg"

    def contradictions(self) -> Iterator[str]:
        """Some whole quality must be in the range where only whole ones are drawn."""
        low, high = self._whole()
        if self.standard == "libjpeg" and low > high:
            yield f"quality must hold a whole number for libjpeg, got {self.quality}."

    def _whole(self) -> tuple[int, int]:
        return math.ceil(self.quality[0]), math.floor(self.quality[1])

    def sample(self, generator: torch.Generator) -> Operations:
        """One Jpeg."""
        (chance,) = chances(generator, 1)
        if self.standard == "reference":
            return (Jpeg(quality=between(chance, self.quality), standard="reference"),)
        low, high = self._whole()
        return (Jpeg(quality=low + int(chance * (high - low + 1))),)
