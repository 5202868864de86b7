"""How large a result shall be: a factor, an exact size, or the length of its longer side."""

from __future__ import annotations

import re
from dataclasses import dataclass

from realesr.errors import ParameterError, PictureError

LEAST_FACTOR, MOST_FACTOR = 0.25, 16.0


@dataclass(frozen=True, kw_only=True)
class Enlargement:
    """How large results shall be; exactly one of the three is given.

    Attributes:
        scale: Factor for both sides.
        size: Height and width in pixels; a picture of another shape is stretched.
        long_edge: The longer side in pixels; the shape is kept.

    >>> Enlargement(long_edge=800).output_size(300, 400)
    (600, 800)
    """

    scale: float | None = None
    size: tuple[int, int] | None = None
    long_edge: int | None = None

    @property
    def label(self) -> str:
        """What joins the names of results.

        >>> Enlargement(scale=4.0).label, Enlargement(size=(600, 800)).label
        ('x4', '800x600')
        """
        if self.size:
            return f"{self.size[1]}x{self.size[0]}"
        return f"{self.long_edge}px" if self.long_edge else f"x{self.scale:g}"

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of a result, at least 1."""
        if self.size:
            return self.size
        factor = self.long_edge / max(height, width) if self.long_edge else self.scale or 1.0
        return max(1, round(height * factor)), max(1, round(width * factor))

    def check(self, height: int, width: int, name: str) -> None:
        """Refuse a picture that would have to grow or shrink too far.

        Raises:
            PictureError: E107, with the factor it would take.
        """
        if self.scale:
            return
        wanted = self.output_size(height, width)
        factor = max(wanted[0] / height, wanted[1] / width)
        if not LEAST_FACTOR <= factor <= MOST_FACTOR:
            raise PictureError(
                "E107",
                f"{name} is {width}×{height}: {wanted[1]}×{wanted[0]} is {factor:.3g} times that, "
                f"and {LEAST_FACTOR:g} to {MOST_FACTOR:g} is possible.",
                "Choose another size for it.",
            )


def parse_size(text: str) -> tuple[int, int]:
    """Height and width from what a person types.

    >>> parse_size("1920x1080")
    (1080, 1920)

    Raises:
        ParameterError: E001 for anything but two whole numbers with an x between them.
    """
    found = re.fullmatch(r"([1-9]\d{0,5})\s*[xX×]\s*([1-9]\d{0,5})", text.strip())
    if not found:
        raise ParameterError("E001", f"size {text!r} is not WIDTHxHEIGHT.", "Write 1920x1080.")
    return int(found[2]), int(found[1])
