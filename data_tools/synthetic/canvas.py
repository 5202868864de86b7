"""What every synthetic picture starts from: its own draws, a fine canvas, noise like nature's."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from realesr.errors import ParameterError
from realesr.randomness import derive

Plane = npt.NDArray[Any]
Pixels = npt.NDArray[np.uint8]
Draws = np.random.Generator
Size = int | tuple[int, int]

SMALLEST, LARGEST = 16, 8192


def draws(seed: int, *keys: int | str) -> Draws:
    """A generator that depends on nothing but its arguments.

    >>> bool(draws(3, "page").random() == draws(3, "page").random())
    True
    """
    return np.random.Generator(np.random.PCG64(derive(seed, "synthetic", *keys)))


def sides(size: Size) -> tuple[int, int]:
    """Height and width of a size that may be one number.

    Raises:
        ParameterError: E001 outside 16 to 8192 pixels.

    >>> sides(64), sides((32, 48))
    ((64, 64), (32, 48))
    """
    height, width = (size, size) if isinstance(size, int) else size
    if not all(SMALLEST <= side <= LARGEST for side in (height, width)):
        raise ParameterError(
            "E001",
            f"a synthetic picture has sides of {SMALLEST} to {LARGEST} pixels, "
            f"not {width}×{height}.",
        )
    return height, width


def reduced(fine: npt.NDArray[Any], height: int, width: int) -> npt.NDArray[Any]:
    """A fine drawing as pixels, each the mean of those it covers: edges without stairs."""
    return cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)


def as_pixels(picture: npt.NDArray[Any]) -> Pixels:
    """Values in [0, 1], gray or RGB, as HWC uint8 RGB."""
    values = np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    return np.repeat(values[..., None], 3, axis=2) if values.ndim == 2 else values


def grid(height: int, width: int) -> tuple[Plane, Plane]:
    """The row and column of every pixel's middle, as planes that broadcast."""
    rows = np.arange(height, dtype=np.float32)[:, None] + np.float32(0.5)
    columns = np.arange(width, dtype=np.float32)[None, :] + np.float32(0.5)
    return rows, columns


def cloud(generator: Draws, height: int, width: int, slope: float = 2.0, low: float = 0) -> Plane:
    """Noise whose power falls as 1 / frequency**slope; it tiles without a seam.

    Args:
        generator: Where the draws come from.
        height: Rows.
        width: Columns.
        slope: 0 is white; 2 is what photographs have; 3 and more are soft hills.
        low: Waves longer than the longer side divided by this are left out.

    Returns:
        float32 of mean 0 and deviation 1.

    Reference:
        Field, "Relations between the statistics of natural images and the response properties of
        cortical cells", JOSA A 1987.
    """
    longer = max(height, width)
    white = generator.standard_normal((height, width), dtype=np.float32)
    rows = np.fft.fftfreq(height, 1 / longer).astype(np.float32)[:, None]
    columns = np.fft.rfftfreq(width, 1 / longer).astype(np.float32)[None, :]
    squared = rows**2 + columns**2
    squared[0, 0] = 1
    gain = squared ** np.float32(-slope / 4)
    gain[squared < low * low] = 0
    gain[0, 0] = 0
    field: Plane = np.fft.irfft2(np.fft.rfft2(white) * gain, s=(height, width)).astype(np.float32)
    field /= max(float(field.std()), 1e-9)
    return field


def hills(generator: Draws, height: int, width: int, slope: float = 4.0, step: int = 8) -> Plane:
    """Soft noise made small and enlarged, for shapes without grain; mean 0, deviation about 1."""
    small = cloud(generator, max(height // step, 8), max(width // step, 8), slope=slope)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def unit(plane: Plane) -> Plane:
    """The same, stretched to [0, 1].

    >>> unit(np.array([2.0, 4.0], np.float32)).tolist()
    [0.0, 1.0]
    """
    least, most = float(plane.min()), float(plane.max())
    return (plane - np.float32(least)) / np.float32(max(most - least, 1e-9))


def soft_step(plane: Plane, edge: float = 0.0, softness: float = 1.0) -> Plane:
    """0 well below the edge, 1 well above it, a straight slope between.

    >>> soft_step(np.array([-1.0, 0.0, 1.0], np.float32)).tolist()
    [0.0, 0.5, 1.0]
    """
    return np.asarray(
        np.clip((plane - np.float32(edge)) / np.float32(softness) + np.float32(0.5), 0, 1)
    )
