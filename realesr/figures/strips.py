"""Pictures side by side: the same place of each, enlarged by repeating pixels."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from realesr.errors import ParameterError
from realesr.figures.look import DOTS, MAGNITUDE, Ground, signed_colours, style
from realesr.figures.shown import Shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Pixels = npt.NDArray[Any]
Crop = tuple[int, int, int, int]
_WIDEST, _GAP, _ROW = 880, 14, 18


@dataclass(frozen=True, eq=False)
class Signed:
    """Values around zero, such as a difference or a kernel's response.

    Args:
        values: H x W.
        limit: The value of the strongest colour; the largest that occurs when None.
        unit: What the values are measured in.
    """

    values: Any
    limit: float | None = None
    unit: str = ""


@dataclass(frozen=True, eq=False)
class Magnitude:
    """Values from zero up, such as an error, a weight or a density; see ``Signed``."""

    values: Any
    limit: float | None = None
    unit: str = ""


def strip(
    pictures: Mapping[str, Any],
    *,
    alt: str,
    caption: str,
    crop: Crop | None = None,
    columns: int = 4,
    zoom: int | None = None,
    dark: bool = False,
) -> Shown:
    """Pictures side by side, the same place of each, every pixel a square of its own.

    Args:
        pictures: By title: HWC or HW arrays of uint8 or of floats in [0, 1], tensors of such with
            channels first, ``Signed`` or ``Magnitude`` values. Smaller ones are the same scene with
            fewer pixels, and are enlarged to the same size.
        alt: What is to be seen, in words.
        caption: What to notice.
        crop: Top, left, height and width in pixels of the largest; everything when None.
        columns: Pictures in a row, at most.
        zoom: Side of a pixel of the largest; as much as fits when None.
        dark: On dark ground.

    Returns:
        What a notebook shows as a figure.

    Raises:
        ParameterError: E001 without a picture or without words, E002 for what is no picture.
    """
    from matplotlib.figure import Figure

    if not pictures:
        raise ParameterError("E001", "there is no picture to show.")
    cells = [(title, each, _cut(_values(each), crop, pictures)) for title, each in pictures.items()]
    height, width = crop[2:] if crop else _largest(pictures)
    columns = min(columns, len(cells))
    room = (_WIDEST - (columns + 1) * _GAP) // columns
    zoom = zoom or max(1, min(room // width, 560 // height))
    across, down = zoom * width, zoom * height
    cell = max(across, 64)
    titles = [textwrap.fill(title, cell // 7) for title, _, _ in cells]
    head = _ROW * max(1 + title.count("\n") for title in titles) + 4
    foot = 30 if any(isinstance(each, Signed | Magnitude) for _, each, _ in cells) else 0
    rows = math.ceil(len(cells) / columns)
    step = head + down + foot + _GAP
    whole = (columns * (cell + _GAP) + _GAP, rows * step + 6)
    with style(dark=dark) as ground:
        figure = Figure((whole[0] / DOTS, whole[1] / DOTS), DOTS, facecolor=ground.surround)
        for place, (_, each, values) in enumerate(cells):
            left = _GAP + place % columns * (cell + _GAP)
            top = 4 + place // columns * step
            figure.text(
                left / whole[0], 1 - (top + head - 5) / whole[1], titles[place], va="bottom"
            )
            box = (left, top + head, across, down)
            _draw(figure, whole, box, each, values, ground, dark)
    return Shown(figure, alt, caption, density=1)


def as_pixels(image: Any) -> Pixels:
    """An array for matplotlib: HW or HWC, 8 bit, of an array or a tensor.

    Raises:
        ParameterError: E002 for what is no picture.

    >>> as_pixels(np.zeros((1, 3, 4, 5), np.float32)).shape
    (4, 5, 3)
    """
    values = _array(image)
    if values.ndim == 3 and values.shape[0] in (1, 3) and values.shape[2] not in (1, 3, 4):
        values = np.moveaxis(values, 0, -1)
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[:, :, 0]
    if values.ndim not in (2, 3):
        raise ParameterError("E002", f"a picture is HW or HWC, not {values.shape}.")
    if values.dtype == np.uint8:
        return values
    return (np.clip(values, 0, 1) * 255).round().astype(np.uint8)


def _array(image: Any) -> Pixels:
    values = np.asarray(image.detach().cpu() if hasattr(image, "detach") else image)
    while values.ndim > 3 or (values.ndim == 3 and values.shape[0] == 1):
        values = values[0]
    return values


def _values(each: Any) -> Pixels:
    if isinstance(each, Signed | Magnitude):
        return _array(each.values).astype(np.float64)
    return as_pixels(each)


def _largest(pictures: Mapping[str, Any]) -> tuple[int, int]:
    shapes = [_values(each).shape[:2] for each in pictures.values()]
    return max(height for height, _ in shapes), max(width for _, width in shapes)


def _cut(values: Pixels, crop: Crop | None, pictures: Mapping[str, Any]) -> Pixels:
    if crop is None:
        return values
    height, width = _largest(pictures)
    down, across = values.shape[0] / height, values.shape[1] / width
    top, left = round(crop[0] * down), round(crop[1] * across)
    return values[
        top : top + max(1, round(crop[2] * down)), left : left + max(1, round(crop[3] * across))
    ]


def _draw(
    figure: Figure,
    whole: tuple[int, int],
    box: tuple[int, int, int, int],
    each: Any,
    values: Pixels,
    ground: Ground,
    dark: bool,
) -> None:
    """One cell of a strip, and below it the scale of its values."""
    left, top, across, down = box
    bottom = whole[1] - top - down
    axes = figure.add_axes((left / whole[0], bottom / whole[1], across / whole[0], down / whole[1]))
    axes.set_axis_off()
    if not isinstance(each, Signed | Magnitude):
        axes.imshow(values, cmap="gray", vmin=0, vmax=255, aspect="auto")
        return
    limit = each.limit or float(np.abs(values).max()) or 1.0
    low = -limit if isinstance(each, Signed) else 0.0
    colours = signed_colours(dark=dark) if isinstance(each, Signed) else MAGNITUDE
    axes.imshow(values, cmap=colours, vmin=low, vmax=limit, aspect="auto")
    bar = figure.add_axes(
        (left / whole[0], (bottom - 10) / whole[1], across / whole[0], 6 / whole[1])
    )
    bar.imshow(np.linspace(low, limit, 256)[None], cmap=colours, aspect="auto")
    bar.set_axis_off()
    middle = "0" if low and across > 220 else ""
    for share, words, side in (
        (0, f"{low:.3g}", "left"),
        (0.5, middle, "center"),
        (1, f"{limit:.3g} {each.unit}".strip(), "right"),
    ):
        place = ((left + share * across) / whole[0], (bottom - 13) / whole[1])
        figure.text(*place, words, ha=side, va="top", fontsize=8.5, color=ground.ink)
