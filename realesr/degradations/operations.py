"""What did happen to a picture: each operation is plain numbers and one method, ``apply``.

To add one: a file with a frozen dataclass like ``Blur``, and one line in ``table.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, Protocol, runtime_checkable

import torch
from torch import Tensor

from realesr.degradations import filters, kernels
from realesr.degradations.spans import Checked, Span
from realesr.errors import ParameterError, PictureError

Size = tuple[int, int]


@runtime_checkable
class Operation(Protocol):
    """One thing that happened: deterministic, on any device, leaves its input alone."""

    def apply(self, image: Tensor, original_size: Size) -> Tensor:
        """The picture after it happened.

        Args:
            image: (N, 3, H, W), float32, [0, 1]; filters may overshoot a little.
            original_size: (height, width) of the picture before the first operation.
        """
        ...


def check_image(image: Tensor) -> None:
    """Refuse what is not a batch of RGB pictures in float32 made of finite numbers.

    Raises:
        ParameterError: E002 for another shape or dtype.
        PictureError: E111 for pixels that are not numbers.
    """
    if not isinstance(image, Tensor) or image.ndim != 4 or image.shape[1] != 3:
        shape = tuple(image.shape) if isinstance(image, Tensor) else type(image).__name__
        raise ParameterError("E002", f"A picture is a tensor (N, 3, height, width), got {shape}.")
    if image.dtype != torch.float32:
        raise ParameterError("E002", f"A picture is float32 in [0, 1], got {image.dtype}.")
    if 0 in image.shape:
        raise ParameterError("E003", f"The picture has no pixels: {tuple(image.shape)}.")
    # One sum finds NaN and infinity in a single pass; only then is it worth counting them.
    if not bool(torch.isfinite(image.sum())):
        count = int((~torch.isfinite(image)).sum())
        raise PictureError("E111", f"The picture has {count} values that are not finite numbers.")


@dataclass(frozen=True, kw_only=True)
class Blur(Checked):
    """Out of focus or smeared: a weighted mean of the neighbours.

    The kernel is isotropic when ``sigma_x == sigma_y``.
    Reference: Real-ESRGAN (Wang et al. 2021), section 3.1, "Blur".

    >>> float(Blur(size=7, sigma_x=1.0, sigma_y=1.0).kernel().sum())
    1.0
    """

    shape: Literal["gaussian", "generalised", "plateau"] = "gaussian"
    size: Annotated[int, Span(1, 101, unit="px", help="side of the kernel, odd")] = 21
    sigma_x: Annotated[float, Span(0.01, 50, unit="px", help="width along the first axis")]
    sigma_y: Annotated[float, Span(0.01, 50, unit="px", help="width along the second axis")]
    angle: Annotated[float, Span(-6.2832, 6.2832, unit="rad", help="turn of the axes")] = 0.0
    beta: Annotated[float, Span(0.05, 20, help="shape: 1 is the Gaussian's own exponent")] = 1.0

    def kernel(self) -> Tensor:
        """The kernel, (size, size), float64, sums to 1."""
        return kernels.gaussian_family(
            self.shape, self.size, self.sigma_x, self.sigma_y, self.angle, self.beta
        )

    def apply(self, image: Tensor, original_size: Size) -> Tensor:
        """The picture, blurred; borders are mirrored."""
        check_image(image)
        return filters.convolve(image, self.kernel())
