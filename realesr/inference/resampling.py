"""Resizing arrays to any size with a Lanczos filter that widens when it shrinks.

Two passes, one for each axis, in bands, so that memory beyond the two arrays stays small.
"""

from __future__ import annotations

import numpy as np

BAND = 64


def lanczos_taps(before: int, after: int) -> tuple[np.ndarray, np.ndarray]:
    """Which samples each new sample reads, and with what weight.

    Args:
        before: Samples now.
        after: Samples wanted.

    Returns:
        Indices (after x taps, int64, clamped at the borders) and weights (same shape, float32,
        each row sums to 1).

    Reference:
        C. E. Duchon, Lanczos Filtering in One and Two Dimensions, J. Applied Meteorology 18, 1979.

    >>> indices, weights = lanczos_taps(8, 4)
    >>> indices.shape == weights.shape, bool(np.allclose(weights.sum(1), 1))
    (True, True)
    """
    step = before / after
    widen = max(step, 1.0)
    centre = (np.arange(after) + 0.5) * step - 0.5
    reach = 3 * widen
    first = np.ceil(centre - reach).astype(np.int64)
    indices = first[:, None] + np.arange(int(np.ceil(2 * reach)) + 1)
    distance = (indices - centre[:, None]) / widen
    weights = np.sinc(distance) * np.sinc(distance / 3) * (np.abs(distance) < 3)
    weights /= weights.sum(axis=1, keepdims=True)
    return indices.clip(0, before - 1), weights.astype(np.float32)


def resample(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize an array, rounding once for each axis at the end.

    Args:
        pixels: H x W or H x W x C, uint8 or uint16.
        height: Rows wanted.
        width: Columns wanted.

    Returns:
        The same dtype and channels.
    """
    if pixels.shape[:2] == (height, width):
        return pixels
    rows, row_weights = lanczos_taps(pixels.shape[0], height)
    columns, column_weights = lanczos_taps(pixels.shape[1], width)
    result = np.empty((height, width, *pixels.shape[2:]), pixels.dtype)
    top = float(np.iinfo(pixels.dtype).max)
    flat = pixels.reshape(*pixels.shape[:2], -1)
    for start in range(0, height, BAND):
        band = slice(start, start + BAND)
        read = np.arange(rows[band].min(), rows[band].max() + 1)
        part = _weigh(flat[read].transpose(1, 0, 2), columns, column_weights).transpose(1, 0, 2)
        part = _weigh(part, rows[band] - read[0], row_weights[band])
        result[band] = part.round().clip(0, top).reshape(result[band].shape)
    return result


def _weigh(samples: np.ndarray, indices: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted sums along the first axis: float32, len(indices) x the other axes."""
    total = np.zeros((len(indices), *samples.shape[1:]), np.float32)
    for tap in range(indices.shape[1]):
        total += weights[:, tap, None, None] * samples[indices[:, tap]]
    return total
