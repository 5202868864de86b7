"""What every estimator starts from: brightness, colours, blocks, and one way to answer.

Pictures come in as everywhere outside a network: HW or HWC, uint8 or uint16, with or without
alpha. Inside, all estimators count in the 256 levels of 8 bit, so that their figures compare.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from realesr.errors import ParameterError

Pixels = npt.NDArray[Any]
Plane = npt.NDArray[Any]
"""HW or rows of 64, float32."""

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""BT.601, the brightness that JPEG uses."""


@dataclass(frozen=True)
class Estimate:
    """One figure about a picture, and how far to trust it.

    Attributes:
        value: The figure; None when the picture does not tell.
        unit: What it counts: ``levels`` of 256, ``px``, ``share``, ``quality`` or ``times``.
        confidence: 0 (a guess) to 1 (certain).
    """

    value: float | None
    unit: str
    confidence: float


def check_pixels(pixels: Pixels) -> None:
    """Refuse an array that is no picture.

    Raises:
        ParameterError: E001.
    """
    if pixels.ndim not in (2, 3) or pixels.dtype not in (np.uint8, np.uint16) or 0 in pixels.shape:
        raise ParameterError(
            "E001", f"a picture is HW or HWC of uint8 or uint16, not {pixels.shape} {pixels.dtype}."
        )


def colours(pixels: Pixels) -> Plane:
    """The colours in 256 levels, HWC with 1 or 3 channels; alpha is left out.

    >>> colours(np.full((2, 2, 4), 65535, np.uint16)).max(axis=(0, 1)).tolist()
    [255.0, 255.0, 255.0]
    """
    check_pixels(pixels)
    planes = pixels[..., None] if pixels.ndim == 2 else pixels
    planes = planes[..., :3] if planes.shape[2] >= 3 else planes[..., :1]
    levels = planes.astype(np.float32)
    return levels if pixels.dtype == np.uint8 else levels / np.float32(257)


def luma(pixels: Pixels) -> Plane:
    """Brightness in 256 levels, HW, not rounded.

    >>> luma(np.array([[[255, 0, 0]]], np.uint8)).round(1).tolist()
    [[76.19999694824219]]
    """
    levels = colours(pixels)
    return levels[..., 0] if levels.shape[2] == 1 else levels @ LUMA


def mean_of_channels(levels: Plane) -> Plane:
    """The mean of 1 or 3 channels, HW; ``mean(2)`` would take ten times as long.

    >>> levels = np.array([[[1, 2, 6]]], np.float32)
    >>> mean_of_channels(levels) == levels.mean(2)
    array([[ True]])
    """
    total = levels[..., 0]
    for channel in range(1, levels.shape[2]):
        total = total + levels[..., channel]
    mean: Plane = total / np.float32(levels.shape[2])
    return mean


def ended(levels: Plane) -> Plane:
    """Where some channel met the end of the range and was cut off; HW, 1 or 0.

    >>> ended(np.array([[[1, 2, 255], [3, 4, 5]]], np.float32))
    array([[1., 0.]], dtype=float32)
    """
    met = np.zeros(levels.shape[:2], bool)
    for channel in range(levels.shape[2]):
        met |= levels[..., channel] <= 0
        met |= levels[..., channel] >= 255
    return met.astype(np.float32)


def cosines() -> Plane:
    """The 64 cosine patterns of 8x8 pixels, one a row; a block times it is its transform.

    Pattern ``8 * i + j`` has vertical frequency i and horizontal frequency j, and length 1.

    >>> bool(np.allclose(cosines() @ cosines().T, np.eye(64), atol=1e-6))
    True
    """
    place = np.arange(8)
    wave = np.cos(np.pi * (2 * place[None] + 1) * place[:, None] / 16) / 2
    wave[0] /= np.sqrt(2)
    return np.kron(wave, wave).astype(np.float32)


def blocks(plane: Plane, top: int = 0, left: int = 0) -> Plane:
    """The 8x8 blocks side by side, one a row of 64, from a corner; what is left over is dropped.

    >>> blocks(np.zeros((17, 30), np.float32)).shape
    (6, 64)
    """
    rows, columns = (plane.shape[0] - top) // 8, (plane.shape[1] - left) // 8
    cut = plane[top : top + 8 * rows, left : left + 8 * columns]
    return cut.reshape(rows, 8, columns, 8).swapaxes(1, 2).reshape(-1, 64)
