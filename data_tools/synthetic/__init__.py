"""Pictures made of nothing: no photographer, no licence, no end.

::

    make("leaves", seed=7, size=512)       # HWC uint8 RGB, the same bits every time

The kinds stand in ``KINDS``; each is one function ``(generator, height, width) -> HWC uint8``.
"""

from __future__ import annotations

from collections.abc import Callable

from data_tools.synthetic.canvas import Draws, Pixels, Size, draws, sides
from data_tools.synthetic.charts import chart
from data_tools.synthetic.drawings import drawing
from data_tools.synthetic.fields import fields
from data_tools.synthetic.leaves import leaves
from data_tools.synthetic.pages import text
from data_tools.synthetic.textures import texture
from realesr.errors import ParameterError

__all__ = ["KINDS", "make"]

KINDS: dict[str, Callable[[Draws, int, int], Pixels]] = {
    "leaves": leaves,
    "text": text,
    "drawing": drawing,
    "texture": texture,
    "chart": chart,
    "fields": fields,
}


def make(kind: str, seed: int, size: Size) -> Pixels:
    """One synthetic picture.

    Args:
        kind: One of ``KINDS``.
        seed: Another one gives another picture.
        size: The side in pixels, or height and width; 16 to 8192.

    Returns:
        HWC uint8 RGB. The same arguments give the same bits with the same versions of NumPy,
        OpenCV, Pillow and matplotlib (whose fonts are used).

    Raises:
        ParameterError: E001 for an unknown kind or a size outside the range.

    >>> picture = make("leaves", seed=7, size=(48, 64))
    >>> picture.shape, str(picture.dtype), bool((picture == make("leaves", 7, (48, 64))).all())
    ((48, 64, 3), 'uint8', True)
    """
    if kind not in KINDS:
        raise ParameterError(
            "E001", f"no kind of synthetic picture is called {kind}.", f"There are {list(KINDS)}."
        )
    height, width = sides(size)
    return KINDS[kind](draws(seed, kind), height, width)
