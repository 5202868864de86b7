"""What the lens and the hand do to light: motion blur and defocus.

Both are point spread functions: the picture of one lit pixel. They are averages of light over the
time the shutter is open, or over the lens, so each sums to 1 and has no negative value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from realesr.degradations import filters
from realesr.degradations.operations import Size, check_image
from realesr.degradations.spans import Checked, Span


def motion_kernel(length: float, angle: float) -> Tensor:
    """One point of light, dragged along a straight line while the shutter is open.

    ``k(x, y) = 1/L * integral over t in [-L/2, L/2] of tent(x - t cos a) tent(y - t sin a)``:
    at each moment the light falls on the four nearest pixels, more on the nearer ones. Its mean is
    0, and along an axis its variance is ``(L cos a)^2 / 12`` plus at most 1/4 for the pixels.

    Args:
        length: The path in pixels, 0 or more; 0 leaves the point where it is.
        angle: The direction in radians, from right (0) towards down (pi/2).

    Returns:
        float64 ``(size, size)``, odd size, sum 1.

    Reference: Gonzalez and Woods, Digital Image Processing, "Modelling image degradation" (uniform
        linear motion); the bilinear pixel keeps any length and angle smooth.

    >>> motion_kernel(0.0, 0.3).tolist()[1]
    [0.0, 1.0, 0.0]
    >>> [round(tap, 3) for tap in motion_kernel(4.0, 0.0)[3].tolist()]
    [0.0, 0.125, 0.25, 0.25, 0.25, 0.125, 0.0]
    """
    reach = math.floor(length / 2) + 1
    grid = torch.arange(-reach, reach + 1, dtype=torch.float64)
    moments = 64 * reach
    time = ((torch.arange(moments, dtype=torch.float64) + 0.5) / moments - 0.5) * length
    across = (1 - (grid - (time * math.cos(angle))[:, None]).abs()).clamp(min=0)
    down = (1 - (grid - (time * math.sin(angle))[:, None]).abs()).clamp(min=0)
    return down.T @ across / moments


def defocus_kernel(radius: float) -> Tensor:
    """The disc that an out-of-focus point of light becomes: the shadow of the round aperture.

    Each pixel holds the share of the disc that covers it: the chord ``2 sqrt(r^2 - x^2)``, cut to
    the pixel and averaged over 32 lines a pixel, so the edge is smooth and the area is
    ``pi r^2``. Along an axis the variance is about ``r^2/4 + 1/12`` (disc and pixel).

    Args:
        radius: The radius of the disc (of the circle of confusion) in pixels, above 0.

    Returns:
        float64 ``(size, size)``, odd size, sum 1.

    Reference: Subbarao and Surya, Depth from Defocus, IJCV 1994, section 2 (the cylinder, or
        pillbox, point spread function of geometric optics).

    >>> kernel = defocus_kernel(3.0)
    >>> tuple(kernel.shape), round(float(kernel.sum()), 6)
    ((7, 7), 1.0)
    """
    reach = max(0, math.ceil(radius - 0.5))
    lines = 32
    pixels = torch.arange(-reach, reach + 1, dtype=torch.float64)
    fine = (torch.arange(len(pixels) * lines, dtype=torch.float64) + 0.5) / lines - reach - 0.5
    half_chord = (radius**2 - fine**2).clamp(min=0).sqrt()[:, None]
    top = torch.minimum(half_chord, pixels + 0.5)
    bottom = torch.maximum(-half_chord, pixels - 0.5)
    covered = (top - bottom).clamp(min=0).view(len(pixels), lines, len(pixels)).mean(1)
    return (covered + covered.T) / (2 * covered.sum())


@dataclass(frozen=True, kw_only=True)
class MotionBlur(Checked):
    """The camera or the subject moved in a straight line while the shutter was open."""

    length: Annotated[float, Span(0, 200, unit="px", help="how far it moved")]
    angle: Annotated[float, Span(-6.2832, 6.2832, unit="rad", help="from right towards down")] = 0.0

    def kernel(self) -> Tensor:
        """The path as a kernel, float64, sums to 1."""
        return motion_kernel(self.length, self.angle)

    def apply(self, image: Tensor, original_size: Size) -> Tensor:
        """The picture, smeared; borders are mirrored."""
        check_image(image)
        return filters.convolve(image, self.kernel())


@dataclass(frozen=True, kw_only=True)
class Defocus(Checked):
    """Out of focus: every point of light becomes a disc."""

    radius: Annotated[float, Span(0.1, 100, unit="px", help="radius of the disc")]

    def kernel(self) -> Tensor:
        """The disc as a kernel, float64, sums to 1."""
        return defocus_kernel(self.radius)

    def apply(self, image: Tensor, original_size: Size) -> Tensor:
        """The picture out of focus; borders are mirrored."""
        check_image(image)
        return filters.convolve(image, self.kernel())
