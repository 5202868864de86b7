"""What did happen to a picture: each operation is plain numbers and one method, ``apply``.

To add one: a file with a frozen dataclass like ``Blur``, and its name in ``table.py`` and in
``__init__.py``; ``docs/degradations.md`` goes through it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from torch import Tensor

from realesr.degradations import filters, jpeg, kernels, noise
from realesr.degradations.spans import Checked, Span
from realesr.errors import ParameterError, PictureError

Size = tuple[int, int]
Shape = Literal["gaussian", "generalised", "plateau"]


@runtime_checkable
class Operation(Protocol):
    """One thing that happened: deterministic, on any device, leaves its input alone."""

    def apply(self, image: Tensor, original_size: Size) -> Tensor:
        """The picture after it happened.

        Args:
            image: (N, 3, H, W), float32, [0, 1]; filters may overshoot a little.
            original_size: (height, width) of the picture before the first operation.
        """
        ...


def check_image(image: Tensor) -> None:
    """Refuse what is not a batch of RGB pictures in float32 made of finite numbers.

    Raises:
        ParameterError: E002 for another shape or dtype.
        PictureError: E111 for pixels that are not numbers. On a GPU nobody looks, because the CPU
            would have to wait for it at each operation; ``degrade_batch`` looks once.
    """
    if not isinstance(image, Tensor) or image.ndim != 4 or image.shape[1] != 3:
        shape = tuple(image.shape) if isinstance(image, Tensor) else type(image).__name__
        raise ParameterError("E002", f"A picture is a tensor (N, 3, height, width), got {shape}.")
    if image.dtype != torch.float32:
        raise ParameterError("E002", f"A picture is float32 in [0, 1], got {image.dtype}.")
    if 0 in image.shape:
        raise ParameterError("E003", f"The picture has no pixels: {tuple(image.shape)}.")
    if not image.is_cuda:
        check_finite(image)


def check_finite(image: Tensor) -> None:
    """Refuse pixels that are not numbers.

    Raises:
        PictureError: E111.
    """
    # One sum finds NaN and infinity in a single pass; only then is it worth counting them, and
    # finite numbers may be so large that only their sum is not.
    if not bool(torch.isfinite(image.sum())) and (count := int((~torch.isfinite(image)).sum())):
        raise PictureError("E111", f"The picture has {count} values that are not finite numbers.")


@dataclass(frozen=True, kw_only=True)
class Blur(Checked):
    """Out of focus or smeared: each pixel becomes a weighted mean of its neighbours.

    The kernel is isotropic when ``sigma_x == sigma_y``.
    Reference: Real-ESRGAN (Wang et al. 2021), section 3.1, "Blur".

    >>> round(float(Blur(size=7, sigma_x=1.0, sigma_y=1.0).kernel().sum()), 12)
    1.0
    """

    shape: Shape = "gaussian"
    size: Annotated[int, Span(1, 101, unit="px", help="side of the kernel, odd")] = 21
    sigma_x: Annotated[float, Span(0.01, 50, unit="px", help="width along the first axis")]
    sigma_y: Annotated[float, Span(0.01, 50, unit="px", help="width along the second axis")]
    angle: Annotated[float, Span(-6.2832, 6.2832, unit="rad", help="turn of the axes")] = 0.0
    beta: Annotated[float, Span(0.05, 20, help="flatness of the top; a Gaussian has 1")] = 1.0

    def contradictions(self) -> Iterator[str]:
        """A kernel needs a middle."""
        yield from odd(self.size)

    def kernel(self) -> Tensor:
        """The kernel, (size, size), float64, sums to 1."""
        return kernels.gaussian_family(
            self.shape, self.size, self.sigma_x, self.sigma_y, self.angle, self.beta
        )

    def apply(self, image: Tensor, original_size: Size) -> Tensor:
        """The picture, blurred; borders are mirrored."""
        check_image(image)
        if self.shape == "gaussian" and self.sigma_x == self.sigma_y:
            return filters.convolve_twice(image, kernels.gaussian_line(self.size, self.sigma_x))
        return filters.convolve(image, self.kernel())


@dataclass(frozen=True, kw_only=True)
class Sinc(Checked):
    """Ringing and overshoot: what sharpening and resampling with a hard cut-off leave at edges.

    Reference: Real-ESRGAN, section 3.3, "Ringing and overshoot artifacts".

    >>> bool(Sinc(size=11, cutoff=1.2).kernel().min() < 0)
    True
    """

    size: Annotated[int, Span(1, 101, unit="px", help="side of the kernel, odd")] = 21
    cutoff: Annotated[
        float, Span(0.05, 3.1416, unit="rad/px", help="finest wave that passes; pi keeps all")
    ]

    def contradictions(self) -> Iterator[str]:
        """A kernel needs a middle."""
        yield from odd(self.size)

    def kernel(self) -> Tensor:
        """The kernel, (size, size), float64, sums to 1; some of it is negative."""
        return kernels.sinc(self.size, self.cutoff)

    def apply(self, image: Tensor, original_size: Size) -> Tensor:
        """The picture without its finest waves; edges overshoot [0, 1], and this is kept."""
        check_image(image)
        return filters.convolve(image, self.kernel())


def odd(size: int) -> Iterator[str]:
    """The complaint about a kernel without a middle."""
    if size % 2 == 0:
        yield f"size must be odd, so that the kernel has a middle, got {size}."


@dataclass(frozen=True, kw_only=True)
class Resize(Checked):
    """Another number of pixels, counted from the original side: floor(side · factor).

    Because the factor is relative to the original, the same operation fits another photo. With
    ``standard="reference"`` the pixels are taken where the nominal factor puts them, as the
    reference's first resize does, not where the two sizes put them; they differ by up to a pixel
    at the far end. ``antialias`` widens bilinear and bicubic when they shrink; the reference does
    not. Bicubic overshoots [0, 1] at edges, and this is kept.

    Reference: Real-ESRGAN, section 3.1, "Resize".

    >>> half = Resize(factor=0.5, mode="area")
    >>> half.apply(torch.rand(1, 3, 9, 6), (9, 6)).shape
    torch.Size([1, 3, 4, 3])
    """

    factor: Annotated[float, Span(0.005, 16, help="new side / original side")]
    mode: Literal["area", "bilinear", "bicubic"] = "bicubic"
    antialias: bool = False
    standard: Literal["size", "reference"] = "size"

    def contradictions(self) -> Iterator[str]:
        """The reference's positions have no antialiased filter."""
        yield from one_way(self.antialias, self.standard)

    def size(self, original_size: Size) -> Size:
        """The (height, width) it leads to; never less than one pixel.

        >>> Resize(factor=1 / 3).size((399, 2))
        (133, 1)
        """
        height, width = (max(1, math.floor(side * self.factor)) for side in original_size)
        return height, width

    def apply(self, image: Tensor, original_size: Size) -> Tensor:
        """The picture at its new size."""
        check_image(image)
        target = self.size(original_size)
        now = image.shape[-2:]
        if self.standard == "reference" and self.mode != "area":
            ratio = [self.factor * was / side for was, side in zip(original_size, now, strict=True)]
            return sample(image, target, self.mode, ratio)
        if target == now:
            return image
        if self.mode == "area":
            return F.interpolate(image, size=target, mode="area")
        if self.mode == "bilinear" and not self.antialias:
            return sample(image, target, self.mode, [None, None])
        if self.antialias:
            return antialiased(image, target, self.mode)
        return F.interpolate(image, size=target, mode=self.mode, align_corners=False)


def one_way(antialias: bool, standard: str) -> Iterator[str]:
    """The complaint about an antialiased filter at the reference's positions."""
    if antialias and standard == "reference":
        yield 'antialias needs standard="size": the reference has no antialiased filter.'


def antialiased(image: Tensor, size: Size, mode: str = "bicubic") -> Tensor:
    """Interpolation whose filter is as wide as what becomes one pixel, as photo software has it.

    Rows first: at once, torch 2.13 is wrong where the result is one pixel wide.
    """
    for step in ((size[0], image.shape[-1]), size):
        image = F.interpolate(image, size=step, mode=mode, align_corners=False, antialias=True)
    return image


def sample(image: Tensor, size: Size, mode: str, ratio: Sequence[float | None]) -> Tensor:
    """Interpolation at positions spaced by 1 / ratio; None is the sizes' own ratio."""
    kernel = {
        "bilinear": torch.ops.aten.upsample_bilinear2d,
        "bicubic": torch.ops.aten.upsample_bicubic2d,
    }[mode]
    result: Tensor
    if mode == "bicubic" or image.device.type != "cpu":
        result = kernel(image, list(size), False, *ratio)
        return result
    # Cut among threads, bilinear rounds differently at the cuts, unless the four channels of a
    # pixel lie together; with one thread the values are the same either way.
    batch, channels, height, width = image.shape
    together = image.new_empty(batch, height, width, channels + 1).movedim(-1, 1)
    together[:, :channels], together[:, channels] = image, 0
    result = kernel(together, list(size), False, *ratio)
    return result[:, :channels].contiguous()


Seed = Annotated[int, Span(0, 2**63 - 1, help="the noise field's own seed")]


@dataclass(frozen=True, kw_only=True)
class GaussianNoise(Checked):
    """Hiss of sensor and amplifier: every pixel is off by a normal deviate.

    Reference: Real-ESRGAN, section 3.1, "Noise".

    >>> noisy = GaussianNoise(sigma=10, seed=1).apply(torch.full((1, 3, 64, 64), 0.5), (64, 64))
    >>> round(float(noisy.std() * 255))
    10
    """

    sigma: Annotated[float, Span(0, 255, unit="levels of 255", help="standard deviation")]
    gray: bool = False
    seed: Seed

    def apply(self, image: Tensor, original_size: Size) -> Tensor:
        """The picture with noise, clipped to [0, 1]."""
        check_image(image)
        field = noise.gaussian(image, self.gray, self.seed)
        return (image + field * (self.sigma / 255)).clamp_(0, 1)


@dataclass(frozen=True, kw_only=True)
class PoissonNoise(Checked):
    """Shot noise: light comes in photons, so the noise grows with the root of the brightness.

    ``levels`` is the number of photons at full brightness; None counts the different values of
    the picture, as the reference does. Reference: Real-ESRGAN, section 3.1, "Noise".

    >>> noise = PoissonNoise(scale=1.0, seed=1, levels=256)
    >>> noisy = noise.apply(torch.full((1, 3, 64, 64), 0.25), (64, 64))
    >>> round(float(noisy.std() * 256)), round((0.25 * 256) ** 0.5)
    (8, 8)
    """

    scale: Annotated[float, Span(0, 20, help="strength; 1 is the photons' own")]
    gray: bool = False
    seed: Seed
    levels: Annotated[int, Span(1, 1024, unit="photons", help="at full brightness")] | None = 256

    def apply(self, image: Tensor, original_size: Size) -> Tensor:
        """The picture with noise, clipped to [0, 1]."""
        check_image(image)
        field = noise.poisson(image, self.gray, self.seed, self.levels)
        return (image + field * self.scale).clamp_(0, 1)


@dataclass(frozen=True, kw_only=True)
class Jpeg(Checked):
    """Written as JPEG and read again: blocks of 8x8 pixels become waves whose amounts are rounded.

    ``jpeg.py`` is a lesson on it. ``libjpeg`` rounds the quality to a whole number and gives what
    libjpeg gives; ``reference`` is the training code's approximation.
    Reference: Real-ESRGAN, section 3.1, "JPEG compression".

    >>> picture = torch.rand(1, 3, 24, 24, generator=torch.Generator().manual_seed(0))
    >>> coarse, fine = (Jpeg(quality=quality).apply(picture, (24, 24)) for quality in (30, 90))
    >>> bool((coarse - picture).abs().mean() > (fine - picture).abs().mean())
    True
    """

    quality: Annotated[float, Span(1, 100, help="100 is the finest")]
    standard: Literal["libjpeg", "reference"] = "libjpeg"

    def apply(self, image: Tensor, original_size: Size) -> Tensor:
        """The picture after JPEG, in [0, 1]."""
        check_image(image)
        if self.standard == "reference":
            return jpeg.reference(image, self.quality)
        return jpeg.libjpeg(image, round(self.quality))


@dataclass(frozen=True, kw_only=True)
class UnsharpMask(Checked):
    """Sharper edges, as photo programs and the reference's training targets have them.

    Reference: the sharpened ground truth of Real-ESRGAN's training.

    >>> edge = torch.zeros(1, 3, 64, 64).index_fill_(3, torch.arange(32), 0.6)
    >>> bool(UnsharpMask().apply(edge, (64, 64)).max() > edge.max())
    True
    """

    amount: Annotated[float, Span(0, 5, help="how much of the difference is added")] = 0.5
    radius: Annotated[int, Span(2, 100, unit="px", help="side of the blur's kernel")] = 50
    threshold: Annotated[
        float, Span(0, 255, unit="levels of 255", help="smaller differences are left alone")
    ] = 10.0

    def apply(self, image: Tensor, original_size: Size) -> Tensor:
        """The picture, sharpened, in [0, 1]."""
        check_image(image)
        return filters.unsharp_mask(image, self.amount, self.radius, self.threshold)


@dataclass(frozen=True, kw_only=True)
class Round(Checked):
    """Stored in 8 bit: clipped to [0, 1] and rounded to 256 levels. Recipes end with it.

    >>> Round().apply(torch.full((1, 3, 1, 1), 1.2), (1, 1)).max().item()
    1.0
    """

    def apply(self, image: Tensor, original_size: Size) -> Tensor:
        """The picture on the 256 levels of 8 bit."""
        check_image(image)
        return image.clamp(0, 1).mul_(255).round_().div_(255)
