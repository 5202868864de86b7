"""How blurred a picture is: its strongest edges, and what one more blur does to them.

A blur of deviation s and a further one of deviation t make one of sqrt(s**2 + t**2), and an edge's
slope is the inverse of it. So the ratio of the slopes before and after a blur we know tells the one
we do not: s = t / sqrt(ratio**2 - 1). A wide blur is looked for in a smaller copy of the picture,
where it is narrow again and the noise has averaged out.

Reference: Zhuo and Sim, "Defocus map estimation from a single image", Pattern Recognition 44, 2011.
"""

from __future__ import annotations

import cv2
import numpy as np

from realesr.quality.estimators.noise import noise
from realesr.quality.estimators.planes import Estimate, Pixels, Plane, luma

_EXTRA = 1.4
_SHARE, _FEWEST = 0.003, 20
_CLEAR = 10.0
_SHORTEST = 40
_NARROW = {True: 1.7, False: 2.4}
# Deviation of one pixel of white noise in a Scharr slope, before and after the extra blur.
_NOISE_BEFORE, _NOISE_AFTER = 0.480, 0.0905
# What is measured in photographs that a known blur was put on, and that blur: a sharp edge is as
# wide as its pixels. Shrunken copies are sharper than any photograph, hence their own row.
_FULL = (
    (0.60, 0.74, 0.82, 0.97, 1.12, 1.30, 1.48, 1.67, 1.85, 2.64),
    (0.0, 0.2, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 3.0),
)
_SHRUNKEN = (
    (0.60, 0.76, 0.86, 0.98, 1.17, 1.34, 1.52, 1.70, 1.88, 2.66, 4.08),
    (0.0, 0.3, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 3.0, 5.0),
)


def blur(pixels: Pixels, noise_sigma: float | None = None) -> Estimate:
    """The deviation of the Gaussian blur that would make a sharp picture this soft.

    Args:
        pixels: HW or HWC, uint8 or uint16.
        noise_sigma: The noise, where it is known already, in levels of 256.

    Returns:
        Pixels; 0 is sharp. None where no edge stands out of the noise. A picture counts as
        sharp when its sharpest edges are: a portrait before a soft background is.
    """
    if noise_sigma is None:
        noise_sigma = noise(pixels).value or 0.0
    # Independent noise in three channels is weaker in their weighted sum.
    sigma = noise_sigma * (0.67 if pixels.ndim == 3 and pixels.shape[2] >= 3 else 1.0)
    plane, zoom, best, edges = luma(pixels), 1, None, 0
    while min(plane.shape) >= _SHORTEST:
        found, count = _edge_width(plane, sigma)
        if found is not None:
            best = zoom * float(np.interp(found, *(_FULL if zoom == 1 else _SHRUNKEN)))
            edges = count
            if found < _NARROW[zoom == 1]:
                break
        size = (plane.shape[1] // 2, plane.shape[0] // 2)
        plane = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
        zoom, sigma = zoom * 2, sigma / 2
    if best is None:
        return Estimate(None, "px", 0.0)
    return Estimate(best, "px", edges / (edges + 30) / (1 + noise_sigma / 20))


def _edge_width(plane: Plane, sigma: float) -> tuple[float | None, int]:
    """The median width of the strongest edges, in pixels, and how many they are."""
    before, after = _slope(plane), _slope(cv2.GaussianBlur(plane, (0, 0), _EXTRA))
    crest = after >= cv2.dilate(after, np.ones((3, 3), np.uint8))
    crest[:6] = crest[-6:] = False
    crest[:, :6] = crest[:, -6:] = False
    crest &= after >= max(1.0, _CLEAR * _NOISE_AFTER * sigma, _CLEAR / 3 * _NOISE_BEFORE * sigma)
    steep, soft = before[crest], after[crest]
    if len(soft) < _FEWEST:
        return None, len(soft)
    count = min(max(2 * _FEWEST, int(_SHARE * plane.size)), len(soft))
    strongest = np.argpartition(-soft, count - 1)[:count]
    power = steep[strongest] ** 2 - (_NOISE_BEFORE * sigma) ** 2
    ratio = max(float(np.median(power / soft[strongest] ** 2)), 1.0005)
    return _EXTRA / float(np.sqrt(ratio - 1)), count


def _slope(plane: Plane) -> Plane:
    across = cv2.Scharr(plane, cv2.CV_32F, 1, 0, scale=1 / 32)
    down = cv2.Scharr(plane, cv2.CV_32F, 0, 1, scale=1 / 32)
    return cv2.magnitude(across, down)
