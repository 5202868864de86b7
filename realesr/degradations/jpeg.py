"""A lesson on JPEG: forget what the eye hardly sees, block by block.

1. **Colour**: brightness (Y) and two colour differences (Cb, Cr).
2. **Chroma**: the eye sees colour coarsely, so Cb and Cr keep one value for 2x2 pixels (4:2:0).
3. **Cosines** (DCT): each 8x8 block becomes 64 amounts of 64 patterns, from flat to fine.
4. **Tables**: each amount is divided by its table entry and rounded. Only here is anything lost
   on purpose; fine patterns have large entries, so they become zero first.
5. The same way back.

``libjpeg`` does it in the whole numbers of libjpeg, which made nearly every JPEG there is.
``reference`` does it as the Real-ESRGAN training code does, with its flaws, to compare with.
Nothing is written to a file: packing the whole numbers into bits loses nothing.

Reference: ITU-T T.81 (1992), sections A.3 and K.1; Real-ESRGAN, section 3.1, "JPEG compression".
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

# ITU-T T.81, tables K.1 and K.2: row = vertical frequency, column = horizontal frequency.
# fmt: off
LUMINANCE = torch.tensor([
    [16, 11, 10, 16,  24,  40,  51,  61],
    [12, 12, 14, 19,  26,  58,  60,  55],
    [14, 13, 16, 24,  40,  57,  69,  56],
    [14, 17, 22, 29,  51,  87,  80,  62],
    [18, 22, 37, 56,  68, 109, 103,  77],
    [24, 35, 55, 64,  81, 104, 113,  92],
    [49, 64, 78, 87, 103, 121, 120, 101],
    [72, 92, 95, 98, 112, 100, 103,  99],
])
CHROMINANCE = torch.tensor([
    [17, 18, 24, 47, 99, 99, 99, 99],
    [18, 21, 26, 66, 99, 99, 99, 99],
    [24, 26, 56, 99, 99, 99, 99, 99],
    [47, 66, 99, 99, 99, 99, 99, 99],
    [99, 99, 99, 99, 99, 99, 99, 99],
    [99, 99, 99, 99, 99, 99, 99, 99],
    [99, 99, 99, 99, 99, 99, 99, 99],
    [99, 99, 99, 99, 99, 99, 99, 99],
])
# libjpeg's eight cosines (row = frequency), times 8192: what its additions and 13-bit constants
# amount to. Some entries are one off the rounded cosine, and a decoder has the same ones.
COSINES = torch.tensor([
    [ 8192,   8192,   8192,   8192,   8192,   8192,   8192,   8192],
    [11363,   9633,   6437,   2260,  -2260,  -6437,  -9633, -11363],
    [10703,   4433,  -4433, -10703, -10703,  -4433,   4433,  10703],
    [ 9633,  -2259, -11362,  -6436,   6436,  11362,   2259,  -9633],
    [ 8192,  -8192,  -8192,   8192,   8192,  -8192,  -8192,   8192],
    [ 6437, -11362,   2261,   9633,  -9633,  -2261,  11362,  -6437],
    [ 4433, -10704,  10704,  -4433,  -4433,  10704, -10704,   4433],
    [ 2260,  -6436,   9633, -11363,  11363,  -9633,   6436,  -2260],
], dtype=torch.float64)
# BT.601 as JFIF uses it, times 65536.
# All sums fit the 24 bits of float32. libjpeg rounds the colours' halves down, hence 32767.
TO_YCC = ((19595, 38470, 7471), (-11059, -21709, 32768), (32768, -27439, -5329))
YCC_MIDDLE = (32768, 128 * 65536 + 32767, 128 * 65536 + 32767)
# The same in fractions, as the reference has it, and the way back.
FLOAT_TO_YCC = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
FLOAT_TO_RGB = ((1.0, 0.0, 1.402), (1.0, -0.344136, -0.714136), (1.0, 1.772, 0.0))
# fmt: on


def libjpeg(image: Tensor, quality: int) -> Tensor:
    """The picture after libjpeg wrote and read it: 4:2:0, accurate DCT, smooth chroma.

    Args:
        image: (N, 3, H, W), float32, [0, 1].
        quality: 1 to 100.

    Returns:
        The same shape, on the 256 levels of 8 bit. The same bits on every device with float64.

    >>> gray = torch.full((1, 3, 9, 20), 0.5)
    >>> libjpeg(gray, 50).mul(255).unique().tolist()
    [128.0]
    """
    height, width = image.shape[-2:]
    levels = image.clamp(0, 1).mul_(255).round_()
    planes = extend(rgb_to_ycc(levels), height % 2, -width % 16)
    luma, chroma = planes[:, :1], halve(planes[:, 1:])
    luma = round_trip(luma, table(LUMINANCE, quality))[..., :height, :width]
    chroma = round_trip(chroma, table(CHROMINANCE, quality))
    chroma = double(chroma[..., : (height + 1) // 2, : (width + 1) // 2])
    return ycc_to_rgb(luma, chroma[..., :height, :width]).div_(255)


def table(base: Tensor, quality: int) -> Tensor:
    """The quantisation table of a quality, whole numbers from 1 to 255.

    Quality 50 is the standard's own table; 100 divides by 1 and only rounds.

    >>> table(LUMINANCE, 50)[0, :3].tolist(), table(LUMINANCE, 100).max().item()
    ([16, 11, 10], 1)
    """
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    return ((base * percent + 50) // 100).clamp(1, 255)


def rgb_to_ycc(levels: Tensor) -> Tensor:
    """Brightness and two colour differences, as whole numbers 0 to 255.

    >>> rgb_to_ycc(torch.tensor([255.0, 0.0, 0.0]).view(1, 3, 1, 1)).flatten().tolist()
    [76.0, 85.0, 255.0]
    """
    colours = levels.unbind(1)
    planes = torch.empty_like(levels)
    for plane, weights, middle in zip(planes.unbind(1), TO_YCC, YCC_MIDDLE, strict=True):
        # Dividing by a power of two first loses nothing.
        first, second, third = (weight / 65536 for weight in weights)
        torch.mul(colours[0], first, out=plane).add_(colours[1], alpha=second)
        plane.add_(colours[2], alpha=third).add_(middle / 65536).floor_()
    return planes


def ycc_to_rgb(luma: Tensor, chroma: Tensor) -> Tensor:
    """Back to red, green and blue, as whole numbers 0 to 255.

    >>> red = torch.tensor([76.0, 85.0, 255.0]).view(1, 3, 1, 1)
    >>> ycc_to_rgb(red[:, :1], red[:, 1:]).flatten().tolist()
    [254.0, 0.0, 0.0]
    """
    cb, cr = (chroma - 128).unbind(1)
    colours = luma.new_empty(len(luma), 3, *luma.shape[2:])
    red, green, blue = colours.unbind(1)
    torch.mul(cr, 91881 / 65536, out=red)
    torch.mul(cb, -22554 / 65536, out=green).add_(cr, alpha=-46802 / 65536)
    torch.mul(cb, 116130 / 65536, out=blue)
    return nearest(colours).add_(luma).clamp_(0, 255)


def nearest(number: Tensor) -> Tensor:
    """The nearest whole number, in place; halves go up, as adding a half and shifting does.

    >>> nearest(torch.tensor([0.5, 1.4, -0.5, -0.6])).tolist()
    [1.0, 1.0, 0.0, -1.0]
    """
    return number.add_(0.5).floor_()


def extend(planes: Tensor, rows: int, columns: int) -> Tensor:
    """The planes with their last row and column repeated below and to the right."""
    if not rows and not columns:
        return planes
    return F.pad(planes, (0, columns, 0, rows), mode="replicate")


def halve(chroma: Tensor) -> Tensor:
    """One value for each 2x2 pixels: their mean, its halves rounded up and down in turn.

    >>> halve(torch.tensor([[[[0.0, 1.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0]]]])).flatten().tolist()
    [0.0, 1.0]
    """
    rows = chroma[..., ::2, :] + chroma[..., 1::2, :]
    four = rows[..., ::2] + rows[..., 1::2]
    bias = 1 + torch.arange(four.shape[-1], device=four.device) % 2
    return four.add_(bias).div_(4).floor_()


def double(chroma: Tensor) -> Tensor:
    """Twice the size: each new value is 3/4 of the nearer and 1/4 of the farther, both ways.

    libjpeg calls it fancy upsampling, and repeats values instead in planes up to 2 wide.

    >>> double(torch.tensor([[[[0.0, 16.0, 16.0], [0.0, 16.0, 16.0]]]]))[0, 0, 0].tolist()
    [0.0, 4.0, 12.0, 16.0, 16.0, 16.0]
    """
    if chroma.shape[-1] <= 2:
        return chroma.repeat_interleave(2, -2).repeat_interleave(2, -1)
    wide = F.interpolate(chroma, scale_factor=2, mode="bilinear")
    # Sixteenths: halves go up and down in turn.
    bias = 8 - torch.arange(wide.shape[-1], device=wide.device) % 2
    return wide.add_(bias / 16).floor_()


def round_trip(planes: Tensor, steps: Tensor) -> Tensor:
    """Cosine amounts, divided, rounded, multiplied, and back: planes of 0 to 255.

    Args:
        planes: (N, C, H, W), whole numbers; padded here to full blocks.
        steps: (8, 8), the quantisation table.

    The sums of whole numbers are exact in float64 in any order, so every device agrees; Apple's
    has no float64 and comes close.
    """
    height, width = planes.shape[-2:]
    planes = extend(planes, -height % 8, -width % 8)
    kind = torch.float32 if planes.device.type == "mps" else torch.float64
    # ``non_blocking`` where constants go to a GPU: the CPU need not wait for it.
    cosines = COSINES.to(planes.device, kind, non_blocking=True)
    step = steps.to(planes.device, kind, non_blocking=True).repeat(1, planes.shape[-1] // 8)
    blocks = planes.to(kind).sub_(128).reshape(-1, 8, planes.shape[-1])
    # Along the rows, then along the columns; 8 times the amounts of the orthonormal transform.
    amounts = nearest(blocks.reshape(-1, 8) @ (cosines.T / 2**11)).reshape(blocks.shape)
    amounts = nearest((cosines / 2**15) @ amounts)
    # The transform's factor 8 goes with the division; halves go away from zero.
    ratio = amounts.div_(step * 8)
    kept = ratio.add_(ratio.sign().mul_(0.5)).trunc_()
    # Columns first on the way back, then rows.
    back = nearest((cosines.T / 2**11) @ kept.mul_(step))
    back = nearest(back.reshape(-1, 8) @ (cosines / 2**18))
    whole = back.to(torch.float32).add_(128).clamp_(0, 255).reshape(planes.shape)
    return whole[..., :height, :width]


def reference(image: Tensor, quality: float) -> Tensor:
    """JPEG as the Real-ESRGAN training code has it, flaws included.

    It differs from ``libjpeg`` in six ways: the luminance table is transposed, so fine vertical
    and horizontal patterns change places; tables and colours are not rounded; the quality need
    not be whole; chroma is repeated instead of interpolated; borders are filled with black; and
    the result is not rounded to 8 bit. At quality 100 its tables are 0 and it returns NaN; here
    dividing by next to nothing means that nothing is rounded.

    Args:
        image: (N, 3, H, W), float32, [0, 1].
        quality: 1 to 100.

    Reference: Real-ESRGAN, section 3.1 and its code's DiffJPEG.

    >>> gray = torch.full((1, 3, 16, 16), 0.5)
    >>> bool(torch.allclose(reference(gray, 62.5), gray, atol=0.01))
    True
    """
    height, width = image.shape[-2:]
    padded = F.pad(image.clamp(0, 1), (0, -width % 16, 0, -height % 16)) * 255
    planes = _mix(padded, FLOAT_TO_YCC)
    luma, chroma = planes[:, :1], F.avg_pool2d(planes[:, 1:], 2)
    percent = 5000 / quality if quality < 50 else 200 - 2 * quality
    luma = _float_round_trip(luma - 128, LUMINANCE.T, percent / 100) + 128
    chroma = _float_round_trip(chroma, CHROMINANCE, percent / 100)
    chroma = chroma.repeat_interleave(2, -2).repeat_interleave(2, -1)
    colours = _mix(torch.cat([luma, chroma], 1), FLOAT_TO_RGB)
    return colours[..., :height, :width].clamp(0, 255) / 255


def _mix(image: Tensor, rows: tuple[tuple[float, ...], ...]) -> Tensor:
    """Each output channel is a weighted sum of the three input channels."""
    first, second, third = image.unbind(1)
    return torch.stack([first * a + second * b + third * c for a, b, c in rows], 1)


def patterns(device: torch.device) -> Tensor:
    """The 64 cosine patterns of an 8x8 block, (pixel, frequency), float32.

    >>> bool(torch.allclose(patterns(torch.device("cpu")).T @ patterns(torch.device("cpu")),
    ...                     torch.eye(64), atol=1e-6))
    True
    """
    place = torch.arange(8, dtype=torch.float64)
    waves = torch.cos((2 * place[:, None] + 1) * place * math.pi / 16) / 2
    waves[:, 0] /= math.sqrt(2)
    return torch.kron(waves, waves).to(device, torch.float32)


def _float_round_trip(planes: Tensor, base: Tensor, factor: float) -> Tensor:
    """Amounts of the 64 patterns, divided by table times factor, rounded, and back."""
    batch, channels, height, width = planes.shape
    tiles = planes.reshape(batch, channels, height // 8, 8, width // 8, 8).transpose(3, 4)
    basis = patterns(planes.device)
    amounts = tiles.reshape(-1, 64) @ basis
    if factor > 0:
        step = (base.flatten().to(torch.float32) * factor).to(planes.device)
        amounts = (amounts / step).round() * step
    tiles = (amounts @ basis.T).reshape(tiles.shape).transpose(3, 4)
    return tiles.reshape(planes.shape)
