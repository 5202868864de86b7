"""How differently two pictures are built, window by window, whatever their brightness."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from realesr.errors import ParameterError

WINDOW = 7
_LUMINANCE, _CONTRAST = 0.01**2, 0.03**2
_BRIGHTNESS = (0.299, 0.587, 0.114)


def structure(prediction: Tensor, target: Tensor) -> Tensor:
    """What is missing from perfect structural similarity: 1 - SSIM of the brightness.

    A pixel loss lets a faint texture go, since being without costs little. Here every window counts
    by its own contrast: faint bricks weigh as much as a bold edge.

    Args:
        prediction: N x 3 x H x W, RGB in [0, 1]; sides of at least 7.
        target: Of the same shape.

    Returns:
        A scalar from 0, for equal pictures, to 2. Windows of 7 x 7 inside the picture, all pixels
        alike, variances with n - 1: the protocol of `realesr.quality.ssim`, but for its rounding to
        whole levels. Computed in float32.

    Raises:
        ParameterError: E003 for pictures under 7 pixels.

    Reference:
        Z. Wang et al., Image Quality Assessment: From Error Visibility to Structural Similarity,
        IEEE Transactions on Image Processing 13(4), 2004, equation 13. As a loss: H. Zhao et al.,
        Loss Functions for Image Restoration with Neural Networks, IEEE Transactions on
        Computational Imaging 3(1), 2017, section III.B.

    >>> picture = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    >>> float(structure(picture, picture))
    0.0
    """
    if min(prediction.shape[-2:]) < WINDOW:
        raise ParameterError(
            "E003",
            f"a patch of {prediction.shape[-1]}x{prediction.shape[-2]} is too small for the "
            f"structure loss.",
            f"Use patches of at least {WINDOW} pixels.",
        )
    one, other = _brightness(prediction), _brightness(target)
    mean, wanted = _around(one), _around(other)
    unbiased = WINDOW**2 / (WINDOW**2 - 1)
    spread = unbiased * (_around(one * one) - mean * mean)
    wanted_spread = unbiased * (_around(other * other) - wanted * wanted)
    together = unbiased * (_around(one * other) - mean * wanted)
    luminance = (2 * mean * wanted + _LUMINANCE) / (mean**2 + wanted**2 + _LUMINANCE)
    pattern = (2 * together + _CONTRAST) / (spread + wanted_spread + _CONTRAST)
    return 1 - (luminance * pattern).mean()


def _brightness(picture: Tensor) -> Tensor:
    """BT.601 between 16 and 235, in units of its range."""
    weights = picture.new_tensor(_BRIGHTNESS, dtype=torch.float32).view(1, 3, 1, 1)
    return (picture.float() * weights).sum(1, keepdim=True) + 16 / 219


def _around(plane: Tensor) -> Tensor:
    return F.avg_pool2d(plane, WINDOW, 1)
