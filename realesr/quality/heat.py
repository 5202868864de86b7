"""A figure at each pixel, as a picture with a legend."""

from __future__ import annotations

import cv2
import numpy as np

from realesr.quality.estimators.planes import Pixels, luma

_LEGEND, _NARROWEST = 34, 300
_MARGIN = 8
_FONT, _SIZE = cv2.FONT_HERSHEY_SIMPLEX, 0.4
_GLOWING = cv2.COLORMAP_INFERNO


def heat_picture(values: np.ndarray, over: Pixels, words: str, top: float) -> np.ndarray:
    """Lay a glow over a grayed picture, and say below what it means.

    Args:
        values: H x W, any unit, from 0 up.
        over: The picture it is about, of any size: H x W or H x W x C, uint8 or uint16. The result
            has its size.
        words: What a bright place means.
        top: The figure that glows brightest.

    Returns:
        (H + 34) x at least 300 x 3, uint8 RGB: the legend stands below, and beside a narrower
        picture is white.
    """
    height, width = over.shape[:2]
    fitted = cv2.resize(values, (width, height), interpolation=cv2.INTER_NEAREST)
    share = np.clip(fitted / top, 0, 1)
    glow = _colours(share)
    ground = 0.5 * luma(over)[..., None]
    # Square root: a faint glow shall be seen too, and nothing shall stay gray that is not 0.
    lit = np.sqrt(share)[..., None]
    picture = (ground + lit * (glow - ground)).round().clip(0, 255).astype(np.uint8)
    whole = np.full((height + _LEGEND, max(width, _NARROWEST), 3), 255, np.uint8)
    whole[:height, :width] = picture
    _write_legend(whole[height:], words, top)
    return whole


def _colours(share: np.ndarray) -> np.ndarray:
    levels = (255 * share).round().astype(np.uint8)
    painted: np.ndarray = cv2.cvtColor(cv2.applyColorMap(levels, _GLOWING), cv2.COLOR_BGR2RGB)
    return painted


def _write_legend(place: np.ndarray, words: str, top: float) -> None:
    bar = slice(_MARGIN, place.shape[1] - _MARGIN)
    ramp = np.linspace(0, 1, bar.stop - bar.start, dtype=np.float32)
    place[4:12, bar] = _colours(np.tile(ramp, (8, 1)))
    line = 26
    ends = f"{top:g}+"
    (length, _), _ = cv2.getTextSize(ends, _FONT, _SIZE, 1)
    for text, left in (("0", bar.start), (ends, bar.stop - length)):
        cv2.putText(place, text, (left, line), _FONT, _SIZE, (0, 0, 0), 1, cv2.LINE_AA)
    (length, _), _ = cv2.getTextSize(words, _FONT, _SIZE, 1)
    middle = (place.shape[1] - length) // 2
    cv2.putText(place, words, (middle, line), _FONT, _SIZE, (0, 0, 0), 1, cv2.LINE_AA)
