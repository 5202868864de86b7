"""How close a result is to the truth: figures that say how they were made.

Every function takes the result first and the truth second, each an HWC or HW array of uint8 or
uint16, or a 1 x 3 x H x W tensor in [0, 1], and gives a ``Score``: the number together with the
protocol that it follows, because the same two pictures have many PSNRs.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from realesr.degradations.operations import antialiased
from realesr.errors import ParameterError
from realesr.models.backbones import PUBLISHED, load_backbone, load_linear
from realesr.quality.naturalness import niqe
from realesr.quality.pairs import Colour, Pair, Picture, Score, as_float

if TYPE_CHECKING:
    from realesr.degradations import Trace

__all__ = [
    "Lpips",
    "Score",
    "colour_shift",
    "consistency",
    "lpips",
    "lpips_is_here",
    "ms_ssim",
    "niqe",
    "psnr",
    "ssim",
]

_SCALES = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def psnr(result: Picture, truth: Picture, *, border: int = 0, colour: Colour = "rgb") -> Score:
    """Peak signal-to-noise ratio: how small the mean squared error is, on a logarithmic scale.

    Args:
        result: What was made.
        truth: What it should be.
        border: Pixels left out on each side; tables of x4 upscalers leave out 4.
        colour: ``"rgb"``, or ``"y"``: only the brightness of BT.601, 16 to 235, not rounded. The
            peak is 255 for both.

    Returns:
        Decibels; infinite for equal pictures.

    Raises:
        ParameterError: E002 or E005 for what is no picture, E003 for sizes that differ or are too
            small.

    Reference:
        Z. Wang and A. Bovik, Mean Squared Error: Love It or Leave It?, IEEE Signal Processing
        Magazine 26(1), 2009.

    >>> import numpy as np
    >>> black, dark = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 16, np.uint8)
    >>> print(psnr(dark, black))
    PSNR 24.0484 dB (RGB, 8-bit, border 0 px)
    """
    pair = Pair.of(result, truth, border)
    made, true = pair.planes(colour)
    error = float(((made - true) / 255).square().mean())
    value = -10 * math.log10(error) if error else math.inf
    return Score("PSNR", value, "dB", pair.protocol(colour))


def ssim(result: Picture, truth: Picture, *, border: int = 0, colour: Colour = "y") -> Score:
    """Structural similarity: do brightness, contrast and pattern agree, window by window?

    Args:
        result: What was made.
        truth: What it should be.
        border: Pixels left out on each side.
        colour: ``"y"``: the brightness of BT.601, 16 to 235, data range 219; or ``"rgb"``: the mean
            of the three channels, data range 255.

    Returns:
        At most 1, which equal pictures have. Windows of 7 x 7 that lie inside the picture, all
        pixels alike, variances with n - 1 (scikit-image's defaults).

    Raises:
        ParameterError: E002 or E005 for what is no picture, E003 for sizes that differ or are under
            7 pixels within the border.

    Reference:
        Z. Wang et al., Image Quality Assessment: From Error Visibility to Structural Similarity,
        IEEE Transactions on Image Processing 13(4), 2004, equation 13.
    """
    pair = Pair.of(result, truth, border, least=7)
    similar, _ = _similarity(*pair.planes(colour), _mean_of_seven, 49 / 48, _range_of(colour))
    return Score("SSIM", float(similar.mean()), "", f"{pair.protocol(colour)}, window 7x7")


def ms_ssim(result: Picture, truth: Picture, *, border: int = 0, colour: Colour = "y") -> Score:
    """SSIM at five sizes: contrast and pattern at each, brightness at the smallest.

    Args:
        result: What was made.
        truth: What it should be.
        border: Pixels left out on each side.
        colour: As for ``ssim``.

    Returns:
        From 0 to 1, which equal pictures have. Gaussian windows of 11 x 11 (sigma 1.5) inside the
        picture, at the smallest size over its mirrored edge too (torchmetrics' choice); each size
        is the mean of 2 x 2 pixels of the one before.

    Raises:
        ParameterError: E002 or E005 for what is no picture, E003 for sizes that differ or are under
            176 pixels within the border.

    Reference:
        Z. Wang et al., Multi-Scale Structural Similarity for Image Quality Assessment, Asilomar
        2003, equation 7.
    """
    pair = Pair.of(result, truth, border, least=176)
    made, true = pair.planes(colour)
    value = 1.0
    for share in _SCALES[:-1]:
        _, pattern = _similarity(made, true, _gaussian_mean, 1.0, _range_of(colour))
        value *= max(float(pattern.mean()), 0.0) ** share
        made, true = F.avg_pool2d(made, 2), F.avg_pool2d(true, 2)
    made, true = (F.pad(each, (5,) * 4, mode="reflect") for each in (made, true))
    similar, _ = _similarity(made, true, _gaussian_mean, 1.0, _range_of(colour))
    value *= max(float(similar.mean()), 0.0) ** _SCALES[-1]
    return Score("MS-SSIM", value, "", f"{pair.protocol(colour)}, window 11x11 Gaussian, 5 sizes")


def lpips(result: Picture, truth: Picture, *, network: Lpips | None = None) -> Score:
    """Learned perceptual distance: how differently a network that knows objects sees the two.

    Args:
        result: What was made.
        truth: What it should be.
        network: The network; when None it is loaded once and kept.

    Returns:
        0 for equal pictures; lower is better. The whole picture counts, without a border.

    Raises:
        ParameterError: E002 or E005 for what is no picture, E003 for sizes that differ or are under
            17 pixels.
        ModelError: E205 for weights of another network.
        NetworkError: E604 or E605 when the weights are not here and cannot be fetched.
    """
    network = network or _kept()
    pair = Pair.of(result, truth, 0, least=17)
    place = next(network.parameters())
    with torch.inference_mode():
        distance = network(pair.result.to(place), pair.truth.to(place))
    return Score("LPIPS", float(distance), "", f"RGB, {pair.depth}, {network.protocol}")


def lpips_is_here() -> bool:
    """Whether LPIPS needs no download: its two files are on this machine."""
    return all(PUBLISHED[name].find() for name in ("squeezenet", "lpips-squeeze"))


def colour_shift(result: Picture, truth: Picture, *, border: int = 0) -> Score:
    """How far the mean colour moved: a tint that pixel by pixel is too small to see.

    Returns:
        Levels of 255: the largest of the three channels' shifts, with its sign dropped; ``parts``
        has each with its sign (above 0: the result has more of it).

    Raises:
        ParameterError: E002 or E005 for what is no picture, E003 for sizes that differ.

    >>> import numpy as np
    >>> gray, warm = np.full((2, 2, 3), 100, np.uint8), np.full((2, 2, 3), (103, 100, 98), np.uint8)
    >>> shift = colour_shift(warm, gray)
    >>> {name: round(part, 6) for name, part in shift.parts.items()}
    {'red': 3.0, 'green': 0.0, 'blue': -2.0}
    """
    pair = Pair.of(result, truth, border)
    made, true = pair.planes("rgb")
    shifts = (made - true).mean(dim=(0, 2, 3)).tolist()
    parts = dict(zip(("red", "green", "blue"), shifts, strict=True))
    value = max(map(abs, shifts))
    return Score("Colour shift", value, "levels of 255", pair.protocol("rgb"), parts)


def consistency(result: Picture, low: Picture, *, trace: Trace | None = None) -> Score:
    """Does the result, degraded again, give the input? What was made up beyond it costs nothing.

    Args:
        result: What was made of ``low``.
        low: The input.
        trace: What had happened to the input, where that is known: it is replayed, noise included.
            When None the result is shrunk by antialiased bicubic (a = -0.5).

    Returns:
        PSNR between the input and the result made as small, rounded to the input's depth. Rounding
        alone keeps it near 59 dB for 8 bit, where it is not infinite.

    Raises:
        ParameterError: E002 or E005 for what is no picture, E003 for a result that is smaller than
            the input, or not ``trace.scale`` times as large.

    >>> import numpy as np
    >>> enlarged = np.full((8, 8, 3), 60, np.uint8)
    >>> print(consistency(enlarged, np.full((2, 2, 3), 62, np.uint8)))
    Consistency 42.1102 dB (RGB, 8-bit, border 0 px, shrunk by antialiased bicubic)
    """
    large, small = as_float(result), as_float(low)
    height, width = small.shape[2:]
    fits = min(large.shape[2] - height, large.shape[3] - width) >= 0
    if trace is not None:
        fits = tuple(large.shape[2:]) == (height * trace.scale, width * trace.scale)
    if not fits:
        raise ParameterError(
            "E003",
            f"a result of {large.shape[3]}x{large.shape[2]} was not made of {width}x{height}.",
            "Give the result and the input it was made of.",
        )
    if trace is None:
        again = antialiased(large, (height, width))
        how = "shrunk by antialiased bicubic"
    else:
        again = trace.apply(large.float()).double()
        how = "degraded again by its own trace"
    if not isinstance(low, Tensor):
        top = 255 if low.dtype.itemsize == 1 else 65535
        again = again.mul(top).round() / top
    score = psnr(again.clamp(0, 1), small)
    protocol = Pair.of(low, low, 0).protocol("rgb")
    return Score("Consistency", score.value, "dB", f"{protocol}, {how}")


class Lpips(nn.Module):
    """The network behind ``lpips``: SqueezeNet 1.1 and the linear layers of version 0.1.

    Args:
        backbone: SqueezeNet's weights; when None the folders of ``REALESR_WEIGHTS`` are searched,
            then torchvision's file is fetched.
        linear: The linear layers' weights; the same.

    Attributes:
        protocol: Which weights these are. Published figures have torchvision's; those of
            SqueezeNet's authors (DeepScale) order pictures as well, at other values.

    Raises:
        ModelError: E205 for weights of another network, E209 for a file that is not there.
        NetworkError: E604 offline, E605 when a download failed.

    Reference:
        R. Zhang et al., The Unreasonable Effectiveness of Deep Features as a Perceptual Metric,
        CVPR 2018, section 3 and equation 1.
    """

    def __init__(
        self, backbone: str | Path | None = None, linear: str | Path | None = None
    ) -> None:
        super().__init__()
        self.network = load_backbone("squeezenet", backbone)
        self.linear = nn.ParameterList(
            nn.Parameter(each, requires_grad=False) for each in load_linear(linear)
        )
        comparable = "" if self.network.trained_by == "torchvision" else ", own scale"
        self.protocol = (
            f"SqueezeNet 1.1 trained by {self.network.trained_by}{comparable}, "
            "linear layers v0.1, whole picture, ImageNet's mean and deviation"
        )

    def forward(self, result: Tensor, truth: Tensor) -> Tensor:
        """The distance of each picture of a batch.

        Args:
            result: N x 3 x H x W, RGB in [0, 1]; sides of at least 17.
            truth: Of the same shape.

        Returns:
            N distances.
        """
        made, true = self.network(result), self.network(truth)
        distance = result.new_zeros(result.shape[0])
        for weight, station in zip(self.linear, self.network.stations, strict=True):
            difference = _directions(made[station]) - _directions(true[station])
            distance = distance + (weight * difference.square()).sum(1).mean(dim=(1, 2))
        return distance


@cache
def _kept() -> Lpips:
    return Lpips()


def _directions(features: Tensor) -> Tensor:
    """What is seen at each place, as a direction: after the activation, of length one."""
    active = features.float().relu()
    # This norm's gradient is 0 where nothing is seen; that of a root would be no number.
    length: Tensor = torch.linalg.vector_norm(active, dim=1, keepdim=True)
    return active / (length + 1e-10)


def _similarity(
    made: Tensor, true: Tensor, mean: Any, sample: float, data_range: float
) -> tuple[Tensor, Tensor]:
    """SSIM of every window, and its part that is about contrast and pattern.

    ``sample`` turns the variance of a window into an estimate for what it was drawn from.
    """
    first, second = mean(made), mean(true)
    moments = made * made, true * true, made * true
    squares, others, products = (mean(each) for each in moments)
    variances = sample * (squares - first * first + others - second * second)
    covariance = sample * (products - first * second)
    steady, steadier = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    pattern = (2 * covariance + steadier) / (variances + steadier)
    brightness = (2 * first * second + steady) / (first * first + second * second + steady)
    return brightness * pattern, pattern


def _mean_of_seven(planes: Tensor) -> Tensor:
    return F.avg_pool2d(F.avg_pool2d(planes, (7, 1), 1), (1, 7), 1)


def _gaussian_mean(planes: Tensor) -> Tensor:
    taps = torch.arange(-5, 6, dtype=planes.dtype)
    taps = torch.exp(-taps.square() / (2 * 1.5**2))
    taps = (taps / taps.sum()).expand(planes.shape[1], 1, 1, 11)
    rows = F.conv2d(planes, taps, groups=planes.shape[1])
    return F.conv2d(rows, taps.transpose(2, 3), groups=planes.shape[1])


def _range_of(colour: Colour) -> float:
    return 219.0 if colour == "y" else 255.0
