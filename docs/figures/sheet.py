"""The look of every figure here: pictures at whole multiples of their pixels on neutral gray."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import numpy as np
import torch
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from realesr import figures
from realesr.figures import DOTS

FOLDER = Path(__file__).resolve().parent
GRAY, FAINT = figures.SURROUND, "#9a9a9a"

plt.rcParams.update(
    figures.rules()
    | {
        "figure.facecolor": GRAY,
        "axes.facecolor": GRAY,
        "axes.grid": False,
        "axes.titlelocation": "center",
    }
)


class Sheet:
    """A figure whose places are pixels, counted from the top left corner."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.figure = plt.figure(figsize=(width / DOTS, height / DOTS), dpi=DOTS)

    def axes(self, left: int, top: int, width: int, height: int) -> Axes:
        """Axes for a plot; labels stand outside the rectangle."""
        bottom = self.height - top - height
        return self.figure.add_axes(
            (left / self.width, bottom / self.height, width / self.width, height / self.height)
        )

    def picture(
        self, left: int, top: int, image: Tensor, zoom: int, words: str = "", **colours: Any
    ) -> Axes:
        """A picture enlarged by repeating its pixels, its caption below."""
        pixels = to_array(image)
        height, width = (side * zoom for side in pixels.shape[:2])
        axes = self.axes(left, top, width, height)
        axes.imshow(pixels, interpolation="nearest", aspect="auto", **colours)
        axes.set_axis_off()
        if words:
            self.text(left, top + height + 6, words)
        return axes

    def text(self, left: float, top: float, words: str, **style: Any) -> None:
        """Words whose top left corner is at a place."""
        style = {"va": "top", "ha": "left", "linespacing": 1.25} | style
        self.figure.text(left / self.width, 1 - top / self.height, words, **style)

    def save(self, name: str) -> Path:
        """Write ``name.png`` beside this file, packed tightly."""
        path = FOLDER / f"{name}.png"
        self.figure.savefig(path, dpi=DOTS)
        plt.close(self.figure)
        with Image.open(path) as picture:
            packed = picture.convert("RGB")
        packed.save(path, optimize=True)
        return path


def to_array(image: Tensor) -> np.ndarray[Any, Any]:
    """Pixels for matplotlib: colour pictures rounded to 8 bit, single planes as they are."""
    image = image.detach().cpu()
    while image.ndim > 3:
        image = image[0]
    if image.ndim == 2:
        return image.numpy()
    return (image.clamp(0, 1) * 255).round().to(torch.uint8).movedim(0, -1).numpy()


def photo(name: str, top: int, left: int, height: int, width: int) -> Tensor:
    """A piece of one of scikit-image's photographs, ``(1, 3, height, width)``."""
    from skimage import data

    pixels = np.ascontiguousarray(
        getattr(data, name)()[top : top + height, left : left + width, :3]
    )
    return torch.from_numpy(pixels).movedim(-1, 0)[None] / 255


def red_on_blue(side: int) -> Tensor:
    """Letters whose colour changes and whose brightness hardly does, ``(1, 3, side, side)``."""
    page = Image.new("RGB", (side, side), (40, 60, 190))
    font = ImageFont.load_default(size=side * 0.62)
    ImageDraw.Draw(page).text((side / 2, side / 2), "Re", (200, 30, 40), font, anchor="mm")
    return torch.from_numpy(np.array(page)).movedim(-1, 0)[None] / 255


def psnr(one: Tensor, other: Tensor) -> float:
    """Peak signal-to-noise ratio over all pixels and channels, in dB."""
    return float(-10 * torch.log10((one - other).double().square().mean()))
