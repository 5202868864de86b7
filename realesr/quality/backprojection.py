"""Making a result consistent: shrunk again, it is the input once more."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

from realesr.degradations.operations import antialiased
from realesr.errors import ParameterError
from realesr.quality.estimators.planes import Pixels, check_pixels
from realesr.quality.metrics import consistency
from realesr.quality.pairs import Score

_ROUNDS = 12
_CLOSE_ENOUGH = 0.25  # of a step between two values, after which rounding finds the input


def make_consistent(result: Pixels, low: Pixels, *, share: float = 1.0) -> Pixels:
    """Change a result as little as needed so that, made small again, it is its input.

    What is missing in the small picture is enlarged and added, again and again. What the network
    made up beyond the input stays; what contradicts the input goes. An input's noise and blocks are
    part of it and come back: a smaller ``share`` brings back less of them.

    Args:
        result: H x W or H x W x C, uint8 or uint16.
        low: What it was made of: smaller, of the same channels and dtype.
        share: How much of the way is gone, 0 (none) to 1 (all).

    Returns:
        The shape and dtype of ``result``. Alpha is left as it is.

    Raises:
        ParameterError: E001 for a share outside 0 to 1, E003 for a result that is smaller than
            the input, E005 for pictures of different channels or dtypes.

    Reference:
        M. Irani and S. Peleg, Improving Resolution by Image Registration, CVGIP: Graphical Models
        and Image Processing 53(3), 1991, section 3.

    >>> gray, low = np.full((8, 8), 90, np.uint8), np.full((2, 2), 100, np.uint8)
    >>> int(make_consistent(gray, low).mean()), int(make_consistent(gray, low, share=0.5).mean())
    (100, 95)
    """
    check_together(result, low)
    if not 0 <= share <= 1:
        raise ParameterError("E001", f"share {share:g} is outside 0 to 1.", "Choose one inside.")
    changed = result.copy()
    for channel in range(_colours(result)):
        place = changed[..., channel] if result.ndim == 3 else changed
        wanted = low[..., channel] if low.ndim == 3 else low
        place[...] = _projected(place, wanted, share)
    return changed


def how_consistent(result: Pixels, low: Pixels) -> Score:
    """The metric ``realesr.quality.metrics.consistency``, alpha left out."""
    check_together(result, low)
    return consistency(measurable(opaque(result)), measurable(opaque(low)))


def opaque(pixels: Pixels) -> Pixels:
    """H x W x 1 or 3: the colours without alpha."""
    planes = pixels[..., None] if pixels.ndim == 2 else pixels
    return planes[..., : _colours(pixels)]


def measurable(pixels: Pixels) -> Pixels:
    """As an upscaler and the metrics take what is opaque: gray is H x W."""
    return pixels[..., 0] if pixels.shape[2] == 1 else np.ascontiguousarray(pixels)


def shrink(plane: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """Make small again, as ``realesr.quality.metrics.consistency`` does: antialiased bicubic."""
    return antialiased(plane, (height, width))


def residual(result: Pixels, low: Pixels, channel: int) -> np.ndarray:
    """What one channel of the input is more than the result made small, in levels of 256."""
    made, wanted = (each[..., channel] if each.ndim == 3 else each for each in (result, low))
    small = shrink(_plane(made), *low.shape[:2])
    missing: np.ndarray = (_plane(wanted) - small)[0, 0].numpy() * (255 / _top(low))
    return missing


def check_together(result: Pixels, low: Pixels) -> None:
    """Refuse two pictures of which one was not made of the other.

    Raises:
        ParameterError: E003 or E005.
    """
    check_pixels(result)
    check_pixels(low)
    if result.dtype != low.dtype or result.shape[2:] != low.shape[2:]:
        raise ParameterError(
            "E005",
            f"the result is {result.shape} of {result.dtype}, the input {low.shape} of "
            f"{low.dtype}.",
            "Give the result and the input it was made of.",
        )
    if result.shape[0] < low.shape[0] or result.shape[1] < low.shape[1]:
        raise ParameterError(
            "E003",
            f"the result, {result.shape[1]}x{result.shape[0]}, is smaller than the input, "
            f"{low.shape[1]}x{low.shape[0]}.",
            "Consistency is asked of enlarged pictures only.",
        )


def _projected(made: np.ndarray, low: np.ndarray, share: float) -> np.ndarray:
    large, best, least = _plane(made), _plane(made), float("inf")
    small = shrink(large, *low.shape)
    wanted = torch.lerp(small, _plane(low), share)
    for _ in range(_ROUNDS):
        missing = wanted - shrink(large, *low.shape)
        error = float(missing.square().mean())
        # Where pixels meet black or white, a round can do more harm than good.
        if error >= least:
            break
        best, least = large, error
        if float(missing.abs().max()) < _CLOSE_ENOUGH:
            break
        correction = F.interpolate(missing, made.shape, mode="bicubic", align_corners=False)
        large = (large + correction).clamp_(0, _top(made))
    rounded: np.ndarray = best[0, 0].round().numpy().astype(made.dtype)
    return rounded


def _plane(values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(values.astype(np.float32))[None, None]


def _top(pixels: np.ndarray) -> int:
    return int(np.iinfo(pixels.dtype).max)


def _colours(pixels: np.ndarray) -> int:
    """How many channels are colour, not alpha."""
    if pixels.ndim == 2:
        return 1
    return 3 if pixels.shape[2] >= 3 else 1
