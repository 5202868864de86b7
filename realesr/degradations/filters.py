"""Filtering a picture with a kernel, and sharpening it with an unsharp mask."""

from __future__ import annotations

from bisect import bisect_left
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from realesr.degradations.kernels import gaussian_line

# Multiply-adds up to which summing directly beats two Fourier transforms on a CPU.
DIRECT_WORK = 500_000
# Elements that torch leaves to one thread (its grain size is 32768).
SERIAL = 32_000
# Pixels of a strip that one matrix blurs: fewer are many small products, more are mostly zeros.
STRIP = 16


def convolve(image: Tensor, kernel: Tensor) -> Tensor:
    """Each pixel becomes the weighted mean of its neighbours; borders are mirrored.

    Args:
        image: (N, C, H, W), float32; sides may be smaller than the kernel.
        kernel: (rows, columns), odd sides; not flipped. The same for every picture and channel.

    >>> line = torch.tensor([[[[0.0, 0.0, 4.0, 0.0]]]])
    >>> convolve(line, torch.tensor([[0.25, 0.5, 0.25]])).tolist()
    [[[[0.0, 1.0, 2.0, 2.0]]]]
    """
    padded = mirror(image, kernel.shape[0] // 2, kernel.shape[1] // 2)
    weights = kernel.to(image.device, image.dtype, non_blocking=True)
    # On a GPU direct sums may run in TF32, whose ten bits are too coarse; Fourier's never do.
    if image.device.type == "cpu" and kernel.numel() * padded[0].numel() <= DIRECT_WORK:
        planes = padded.reshape(-1, 1, *padded.shape[2:])
        return F.conv2d(planes, weights[None, None]).reshape(image.shape)
    size = [fast_length(side) for side in padded.shape[-2:]]
    spectrum = torch.fft.rfft2(weights, s=size).conj()
    return product(padded, spectrum, size, image)


def convolve_twice(image: Tensor, line: Tensor) -> Tensor:
    """``convolve`` with the kernel that is ``line`` times itself, cheaper: each direction alone.

    >>> picture = torch.linspace(0, 1, 48).reshape(1, 1, 6, 8)
    >>> line = torch.tensor([0.25, 0.5, 0.25])
    >>> plane = convolve(picture, torch.outer(line, line))
    >>> bool(torch.allclose(convolve_twice(picture, line), plane, atol=1e-6))
    True
    """
    if min(image.shape[-2:]) < STRIP:
        return convolve(image, torch.outer(line, line))
    reach = len(line) // 2
    # What no pixel shows is left out: processors are thirty times slower at numbers below 1e-38.
    shown = line.where(line.abs() > 1e-20, 0)
    weights = shown.to(image.device, image.dtype, non_blocking=True)
    if image.device.type != "cpu":
        # As in ``convolve``: matrix products may run in TF32 there.
        padded = mirror(image, reach, reach)
        size = [fast_length(side) for side in padded.shape[-2:]]
        down, across = torch.fft.fft(weights, n=size[0]), torch.fft.rfft(weights, n=size[1])
        return product(padded, torch.outer(down, across).conj(), size, image)
    matrix = band(weights)
    rows = mirror(image, 0, reach).flatten(0, 2)
    halfway = image.new_empty(image.shape)
    blur_down(rows.mT, matrix, halfway.flatten(0, 2).mT)
    planes = mirror(halfway, reach, 0).flatten(0, 1)
    result = image.new_empty(image.shape)
    for plane, blurred in zip(planes, result.flatten(0, 1), strict=True):
        blur_down(plane, matrix, blurred)
    return result


def band(line: Tensor) -> Tensor:
    """A blur as a matrix: each row holds the weights of one result, a pixel farther each time.

    >>> band(torch.tensor([1.0, 2.0, 3.0]))[:3, :6].tolist()
    [[1.0, 2.0, 3.0, 0.0, 0.0, 0.0], [0.0, 1.0, 2.0, 3.0, 0.0, 0.0], [0.0, 0.0, 1.0, 2.0, 3.0, 0.0]]
    """
    zeros = F.pad(line, (STRIP - 1, STRIP - 1))
    return zeros.unfold(0, len(line) + STRIP - 1, 1).flip(0)


def blur_down(padded: Tensor, matrix: Tensor, result: Tensor) -> None:
    """Blur the columns, a strip of ``STRIP`` results at a time: matrix times the pixels it needs.

    Strips are always whole, because smaller products round differently with more threads; the last
    one may do a part of the one before again.

    Args:
        padded: (height + 2 · reach, width), with its border.
        matrix: (STRIP, STRIP + 2 · reach), from ``band``.
        result: (height, width), filled here; at least ``STRIP`` high.
    """
    windows = padded.unfold(0, matrix.shape[1], STRIP)
    strips = result.unfold(0, STRIP, STRIP)
    torch.bmm(windows, matrix.T.expand(len(strips), *matrix.T.shape), out=strips)
    if len(result) % STRIP:
        blur_down(padded[-matrix.shape[1] :], matrix, result[-STRIP:])


def product(padded: Tensor, spectrum: Tensor, size: list[int], like: Tensor) -> Tensor:
    """The convolution theorem: multiply the spectra, transform back, cut to the picture."""
    waves = torch.fft.rfft2(padded, s=size)
    if waves.device.type == "cpu":
        # In pieces too small to be cut among threads: complex products round differently at cuts,
        # and a worker with one thread must get the bits of a program with many.
        rows = max(1, SERIAL // waves.shape[-1])
        for plane in waves.flatten(0, -3):
            for part, factor in zip(
                torch.split(plane, rows), torch.split(spectrum, rows), strict=True
            ):
                part.mul_(factor)
    else:
        waves.mul_(spectrum)
    picture: Tensor = torch.fft.irfft2(waves, s=size)
    return picture[..., : like.shape[-2], : like.shape[-1]].contiguous()


@cache
def _fast_lengths() -> list[int]:
    """Multiples of 4 without a prime factor above 7: fast, and few enough to keep plans for."""
    # Not 12: MKL's way back to 12 pixels rounds differently with more threads.
    odd = [3**b * 5**c * 7**d for b in range(6) for c in range(4) for d in range(3)]
    return sorted({2**a * part for a in range(2, 17) for part in odd} - {12})


def fast_length(side: int) -> int:
    """The next length a Fourier transform is quick at.

    >>> fast_length(419), fast_length(7)
    (420, 8)
    """
    lengths = _fast_lengths()
    return lengths[bisect_left(lengths, side)]


def mirror(image: Tensor, rows: int, columns: int) -> Tensor:
    """The picture with a mirrored border; the edge pixel itself is not repeated.

    A side shorter than the border is mirrored again and again, and one pixel stays one pixel.

    >>> mirror(torch.tensor([[[[1.0, 2.0, 3.0]]]]), 0, 4)[0, 0, 0].tolist()
    [1.0, 2.0, 3.0, 2.0, 1.0, 2.0, 3.0, 2.0, 1.0, 2.0, 3.0]
    """
    height, width = image.shape[-2:]
    if rows < height and columns < width:
        return F.pad(image, (columns, columns, rows, rows), mode="reflect")
    down = _mirrored(height, rows, image.device)
    across = _mirrored(width, columns, image.device)
    return image[..., down, :][..., across]


def _mirrored(side: int, border: int, device: torch.device) -> Tensor:
    """Which pixel stands at each place of a mirrored line."""
    period = max(2 * (side - 1), 1)
    place = torch.arange(-border, side + border, device=device).remainder(period)
    return torch.minimum(place, period - place).clamp(max=side - 1)


def unsharp_mask(image: Tensor, amount: float, radius: int, threshold: float) -> Tensor:
    """Sharper edges: add back what blurring takes away, but only where it takes enough.

    sharp = clip(x + amount · (x - blur(x))), mixed in where blur(|x - blur(x)| > threshold).

    Args:
        image: (N, C, H, W), float32, [0, 1].
        amount: How much of the difference is added.
        radius: Side of the blur's kernel; an even one is made odd by one more. Its sigma follows
            OpenCV's rule, 0.3 · ((side - 1) / 2 - 1) + 0.8: radius 50 gives 8 px.
        threshold: In levels of 255; smaller differences (noise) are left alone.

    Reference: the sharpened ground truth of Real-ESRGAN's training; OpenCV, getGaussianKernel.

    >>> flat = torch.full((1, 3, 8, 8), 0.5)
    >>> bool(torch.allclose(unsharp_mask(flat, 0.5, 50, 10), flat))
    True
    """
    side = radius + 1 - radius % 2
    line = gaussian_line(side, 0.3 * ((side - 1) / 2 - 1) + 0.8)
    difference = image - convolve_twice(image, line)
    enough = difference.abs().mul_(255).gt_(threshold)
    sharp = torch.add(image, difference, alpha=amount).clamp_(0, 1)
    return torch.lerp(image, sharp, convolve_twice(enough, line))
