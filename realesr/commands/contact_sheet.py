"""The film strip of a degradation on one sheet: every stage, named, with its numbers."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from realesr.degradations.operations import Operation
from realesr.degradations.spans import fields_of
from realesr.degradations.table import OPERATIONS, name_of
from realesr.errors import PictureError
from realesr.images import Picture, from_tensor, write_picture

if TYPE_CHECKING:
    import torch

CELL = 320
LABEL = 62
GAP = 16
COLUMNS = 4
# A stage's own file name, and nothing that a person is likely to have put beside it.
OWN = re.compile(rf"\d{{2,}}_(original|{'|'.join(OPERATIONS)})\.png|contact_sheet\.png")
PAPER, INK, SOFT = (250, 250, 248), (25, 25, 30), (95, 95, 105)


def write_stages(
    folder: Path,
    hr: torch.Tensor,
    strip: Sequence[tuple[Operation, torch.Tensor]],
    *,
    force: bool = False,
) -> None:
    """Write each stage as a PNG, numbered in order, and all of them as ``contact_sheet.png``.

    With ``force`` the pictures of an earlier run go, so that no folder tells two biographies;
    files under other names stay.

    Args:
        folder: Where to; it must exist.
        hr: The picture before the first operation, (1, 3, H, W).
        strip: What ``Trace.stages`` gave.
        force: Replace what an earlier run left there.

    Raises:
        PictureError: E113 when an earlier run left pictures and ``force`` is not set.
    """
    for file in earlier(folder) if force else ():
        file.unlink(missing_ok=True)
    refuse_earlier(folder, force=False)
    pictures = [("original", "", hr)]
    pictures += [(spoken(operation), numbers(operation), image) for operation, image in strip]
    cells = []
    for place, (name, values, image) in enumerate(pictures):
        pixels = from_tensor(image, "uint8")
        file = folder / f"{place:02d}_{name.replace(' ', '_')}.png"
        write_picture(Picture(pixels=pixels), file, force=force)
        cells.append((f"{place}  {name}", values, Image.fromarray(pixels)))
    write_picture(Picture(pixels=sheet(cells)), folder / "contact_sheet.png", force=force)


def earlier(folder: Path) -> list[Path]:
    """The pictures of an earlier run: a place and a stage's name, or the contact sheet."""
    if not folder.is_dir():
        return []
    return sorted(file for file in folder.iterdir() if OWN.fullmatch(file.name) and file.is_file())


def refuse_earlier(folder: Path, *, force: bool) -> None:
    """Refuse early a folder that holds another biography's pictures.

    Raises:
        PictureError: E113, unless ``force`` is set.
    """
    found = [] if force else earlier(folder)
    if found:
        raise PictureError(
            "E113", f"{folder} holds the stages of an earlier run.", "--force replaces them."
        )


def spoken(operation: Operation) -> str:
    """The operation's name as words.

    >>> from realesr.degradations import GaussianNoise
    >>> spoken(GaussianNoise(sigma=3, seed=1))
    'gaussian noise'
    """
    return name_of(OPERATIONS, operation).replace("_", " ")


def numbers(operation: Operation) -> str:
    """What makes the operation this one: the values that are not defaults.

    >>> from realesr.degradations import Resize
    >>> numbers(Resize(factor=0.25, mode="area"))
    'factor 0.25, mode area'
    >>> numbers(Resize(factor=0.25, antialias=True))
    'factor 0.25, antialias'
    """
    parts = []
    for field in fields_of(type(operation)):
        value = getattr(operation, field.name)
        if field.name == "seed" or (not field.required and value == field.default):
            continue
        name = field.name.replace("_", " ")
        if isinstance(value, bool):
            parts.append(name if value else f"no {name}")
            continue
        shown = f"{value:.3g}" if isinstance(value, float) else str(value)
        unit = field.span.unit if field.span else ""
        parts.append(f"{name} {shown} {unit}".rstrip())
    return ", ".join(parts)


def sheet(cells: list[tuple[str, str, Image.Image]]) -> npt.NDArray[np.uint8]:
    """The labelled pictures in rows, each as wide as a cell; its true size stands beside it."""
    tallest = max(math.ceil(CELL * each.height / each.width) for _, _, each in cells)
    tall = min(tallest, 2 * CELL) + LABEL + GAP
    columns, rows = min(COLUMNS, len(cells)), math.ceil(len(cells) / COLUMNS)
    paper = Image.new("RGB", (columns * (CELL + GAP) + GAP, rows * tall + GAP), PAPER)
    pen, bold, plain = ImageDraw.Draw(paper), font("DejaVuSans-Bold.ttf", 15), font()
    for place, (title, values, picture) in enumerate(cells):
        left, top = GAP + place % COLUMNS * (CELL + GAP), GAP + place // COLUMNS * tall
        size = f"{picture.width}x{picture.height}"
        pen.text((left, top), title, INK, bold)
        pen.text((left + CELL, top + 2), size, SOFT, plain, anchor="ra")
        lines = textwrap.wrap(values, 46)[:2]
        pen.multiline_text((left, top + 21), "\n".join(lines), SOFT, plain, spacing=3)
        shrink = min(CELL / picture.width, (tall - LABEL - GAP) / picture.height)
        shown = (max(1, round(picture.width * shrink)), max(1, round(picture.height * shrink)))
        # Enlarged pixels stay pixels, so that nobody takes interpolation for sharpness.
        how = Image.Resampling.NEAREST if shrink > 1 else Image.Resampling.BOX
        paper.paste(picture.resize(shown, how), (left, top + LABEL))
    return np.asarray(paper)


def font(name: str = "DejaVuSans.ttf", size: int = 13) -> ImageFont.FreeTypeFont:
    """The font that matplotlib brings, so that every machine draws the same letters."""
    import matplotlib

    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name), size)
