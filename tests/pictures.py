"""Pictures that tests share: crops of what scikit-image brings, degraded without randomness."""

from __future__ import annotations

import cv2
import numpy as np
from skimage import data


def natural(name: str = "chelsea", height: int = 96, width: int = 128) -> np.ndarray:
    """A crop from the middle of a bundled photograph: H x W x 3, uint8 RGB."""
    picture = getattr(data, name)()[..., :3]
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    return np.ascontiguousarray(picture[top : top + height, left : left + width])


def shrunk(picture: np.ndarray, factor: int) -> np.ndarray:
    """The picture at 1/factor of its side, by averaging."""
    height, width = picture.shape[0] // factor, picture.shape[1] // factor
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    """Peak signal-to-noise ratio in dB, over all channels, peak from the dtype."""
    error = np.mean((one.astype(float) - other.astype(float)) ** 2)
    return float(10 * np.log10(np.iinfo(one.dtype).max ** 2 / max(error, 1e-12)))
