"""The reference's degradation chain, written plainly, to measure against.

Everything is done as the training code does it (facts: dense 51x51 unsharp mask, 21x21 kernels
applied by grouped convolution, Poisson levels by ``unique``, colour noise drawn even when gray
noise is used, DiffJPEG), for the operations of a trace. It serves this benchmark only.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from realesr.degradations import (
    Blur,
    GaussianNoise,
    Jpeg,
    PoissonNoise,
    Resize,
    Sinc,
    Trace,
    UnsharpMask,
    jpeg,
)
from realesr.degradations.kernels import gaussian_line


def apply(trace: Trace, image: Tensor) -> Tensor:
    """The picture after the operations of the trace, the reference's way."""
    height, width = image.shape[-2:]
    for operation in trace.operations:
        match operation:
            case UnsharpMask():
                image = unsharp_mask(image)
            case Blur() | Sinc():
                image = filtered(image, padded_kernel(operation.kernel()))
            case Resize(mode=mode):
                size = operation.size((height, width))
                corners = None if mode == "area" else False
                image = F.interpolate(image, size=size, mode=mode, align_corners=corners)
            case GaussianNoise(sigma=sigma, gray=gray):
                image = gaussian(image, sigma, gray)
            case PoissonNoise(scale=scale, gray=gray):
                image = poisson(image, scale, gray)
            case Jpeg(quality=quality):
                image = diff_jpeg(image, quality)
    return (image * 255).round().clamp(0, 255) / 255


def padded_kernel(kernel: Tensor) -> Tensor:
    """The kernel in the middle of 21x21."""
    border = (21 - kernel.shape[0]) // 2
    return F.pad(kernel, (border, border, border, border)).float()


def filtered(image: Tensor, kernel: Tensor) -> Tensor:
    """A grouped convolution, mirrored."""
    border = kernel.shape[-1] // 2
    padded = F.pad(image, (border, border, border, border), mode="reflect")
    return F.conv2d(padded, kernel.expand(3, 1, -1, -1), groups=3)


def unsharp_mask(image: Tensor) -> Tensor:
    """Two dense 51x51 convolutions."""
    line = gaussian_line(51, 8.0)
    kernel = torch.outer(line, line).float()[None, None]

    def dense(picture: Tensor) -> Tensor:
        padded = F.pad(picture, (25, 25, 25, 25), mode="reflect")
        return F.conv2d(padded.view(3, 1, *padded.shape[2:]), kernel).view(picture.shape)

    residual = image - dense(image)
    soft = dense((residual.abs() * 255 > 10).float())
    sharp = (image + 0.5 * residual).clamp(0, 1)
    return soft * sharp + (1 - soft) * image


def gaussian(image: Tensor, sigma: float, gray: bool) -> Tensor:
    """Colour noise always, gray noise instead where asked."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(image.shape, generator=generator) * sigma / 255
    if gray:
        noise = torch.randn(image.shape[2:], generator=generator) * sigma / 255
    return (image + noise).clamp(0, 1)


def poisson(image: Tensor, scale: float, gray: bool) -> Tensor:
    """Colour noise always, gray noise instead where asked; levels by ``unique``."""
    generator = torch.Generator().manual_seed(0)

    def noise_of(source: Tensor) -> Tensor:
        source = (source * 255).round().clamp(0, 255) / 255
        levels = 2 ** math.ceil(math.log2(len(torch.unique(source))))
        return torch.poisson(source * levels, generator=generator) / levels - source

    noise = noise_of(image)
    if gray:
        weights = torch.tensor([0.2989, 0.587, 0.114]).view(1, 3, 1, 1)
        noise = noise_of((image * weights).sum(1, keepdim=True))
    return (image + noise * scale).clamp(0, 1)


PLACE = torch.arange(8.0)
COSINES = torch.cos((2 * PLACE[:, None] + 1) * PLACE * math.pi / 16)
WAVES = torch.einsum("xu,yv->xyuv", COSINES, COSINES)
ALPHA = torch.tensor([1 / math.sqrt(2)] + [1.0] * 7)
SCALE = torch.outer(ALPHA, ALPHA) * 0.25
TO_YCC = torch.tensor(jpeg.FLOAT_TO_YCC).T
TO_RGB = torch.tensor(jpeg.FLOAT_TO_RGB).T
SHIFT = torch.tensor([0.0, 128.0, 128.0])


def diff_jpeg(image: Tensor, quality: float) -> Tensor:
    """Plane by plane, block by block."""
    height, width = image.shape[-2:]
    padded = F.pad(image.clamp(0, 1), (0, -width % 16, 0, -height % 16)) * 255
    rows, columns = padded.shape[-2:]
    factor = (5000 / quality if quality < 50 else 200 - 2 * quality) / 100
    planes = torch.tensordot(padded.permute(0, 2, 3, 1), TO_YCC, dims=1) + SHIFT
    done = []
    for n in range(3):
        plane = planes[..., n]
        if n:
            plane = F.avg_pool2d(plane[None], 2)[0]
        table = (jpeg.LUMINANCE.T if n == 0 else jpeg.CHROMINANCE) * factor
        blocks = plane.view(1, plane.shape[1] // 8, 8, plane.shape[2] // 8, 8)
        blocks = blocks.permute(0, 1, 3, 2, 4).reshape(1, -1, 8, 8) - 128
        amounts = SCALE * torch.tensordot(blocks, WAVES, dims=2)
        amounts = torch.round(amounts / table) * table
        back = torch.tensordot(amounts * ALPHA[:, None] * ALPHA, WAVES.permute(2, 3, 0, 1), dims=2)
        back = 0.25 * back + 128
        back = back.view(1, plane.shape[1] // 8, plane.shape[2] // 8, 8, 8)
        back = back.permute(0, 1, 3, 2, 4).reshape(plane.shape)
        done.append(back.repeat_interleave(2, 1).repeat_interleave(2, 2) if n else back)
    colours = torch.tensordot(torch.stack(done, -1) - SHIFT, TO_RGB, dims=1)
    result = colours.view(1, rows, columns, 3).permute(0, 3, 1, 2).clamp(0, 255) / 255
    # The training code would go on with this view, which crashes on a CPU; a copy is what helps.
    return result[..., :height, :width].contiguous()
