"""Short words as pictures, for asking what is left of them when they are small."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def plate(words: str, height: int = 64) -> Tensor:
    """Dark letters on a light plate.

    Args:
        words: What stands on it.
        height: Of the plate; the letters are about half as high. Both sides are multiples of 16.

    Returns:
        1 x 3 x height x W, float32 in [0, 1].

    >>> plate("B8", 32).shape
    torch.Size([1, 3, 32, 48])
    """
    import matplotlib
    import numpy as np
    from PIL import Image, ImageDraw, ImageFont

    from realesr.images import to_tensor

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    font = ImageFont.truetype(str(folder / "DejaVuSansMono-Bold.ttf"), round(0.7 * height))
    width = 16 * -(-round(font.getlength(words) + 0.5 * height) // 16)
    paper = Image.new("RGB", (width, height), (236, 236, 228))
    middle = (width / 2, height / 2)
    ImageDraw.Draw(paper).text(middle, words, (24, 24, 40), font, anchor="mm")
    return to_tensor(np.asarray(paper))
