"""What a run sees: the same crops every N steps as PNG, and all of them on one contact sheet.

::

    previews = Previews(output, pairs)               # pairs from ``validation.fixed_pairs``
    previews.show(step, outputs)                     # outputs from ``validation.restore``

gives::

    OUTPUT/previews/sheet.png                        rows: pictures; columns: input ... truth
    OUTPUT/previews/step-000100/01_astronaut.png     one folder for each look
    OUTPUT/previews/input/, bicubic/, truth/         what every look is compared with

The sheet is drawn from what lies in these folders, so a resumed run goes on with the same sheet. If
the pictures are no longer the same, the old folder is kept under another name.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torch.nn import functional as F

from realesr.images import Picture, from_tensor, read_picture, to_tensor, write_picture
from realesr.images.safefile import make_folder, write_file
from realesr.quality.metrics import psnr
from realesr.train.validation import FixedPair

Pixels = npt.NDArray[Any]
WINDOW = 128
ZOOM = 2
STEPS = 4
_STEP = re.compile(r"step-(\d{6,})")
GAP, HEAD, ROW, CAPTION, FOOT = 12, 74, 26, 28, 30
PAPER, INK, SOFT = (250, 250, 248), (25, 25, 30), (95, 95, 105)
BETTER, WORSE = (20, 110, 60), (170, 40, 30)


class Previews:
    """The looks of one run at its fixed pairs.

    Args:
        output: The run's folder.
        pairs: What ``fixed_pairs`` gave; of each the square with most detail is shown.
    """

    def __init__(self, output: Path | str, pairs: Sequence[FixedPair]) -> None:
        self.folder = Path(output) / "previews"
        self.pairs = tuple(pairs)
        self._squares = [most_detailed(pair) for pair in self.pairs]
        truths = self._cut([pair.hr for pair in self.pairs])
        inputs = self._cut([pair.lr for pair in self.pairs], fine=False)
        if self.folder.exists() and not self._same("truth", truths, "input", inputs):
            self._set_aside()
        self._write("truth", truths)
        self._write("input", inputs)
        self._write("bicubic", self._cut([pair.bicubic for pair in self.pairs]))
        for pair in self.pairs:
            if pair.trace is not None:
                text = pair.trace.to_json() + "\n"
                path = self.folder / "input" / f"{pair.name}.json"
                write_file(path, text.encode(), force=True)

    def show(self, step: int, outputs: Sequence[Tensor]) -> Path:
        """Write the crops of this step and draw the sheet anew.

        Args:
            step: How many steps are done.
            outputs: What ``restore`` gave for the pairs.

        Returns:
            The sheet's path.
        """
        # What is not a number would be refused as a picture; here it is shown as black.
        self._write(f"step-{step:06}", self._cut([output.nan_to_num(0) for output in outputs]))
        return self.draw_sheet(step)

    def draw_sheet(self, newest: int) -> Path:
        """Draw the sheet from the looks up to a step, at most four of them, the first among them.

        Returns:
            The sheet's path.
        """
        path = self.folder / "sheet.png"
        columns = [("input", "input", "its pixels, enlarged"), ("bicubic", "bicubic", "")]
        columns += [(f"step-{step:06}", f"step {step:,}", "") for step in self._steps(newest)]
        columns += [("truth", "truth", "the photo itself")]
        pixels = sheet([pair.name for pair in self.pairs], columns, self._read, self.pairs[0].scale)
        return write_picture(Picture(pixels=pixels), path, force=True)

    def _steps(self, newest: int) -> list[int]:
        """Some looks: the first, the newest, and between them more early ones than late ones."""
        found = sorted(
            int(match[1])
            for each in self.folder.iterdir()
            if (match := _STEP.fullmatch(each.name)) and int(match[1]) <= newest
        )
        found = [step for step in found if self._whole(f"step-{step:06}")]
        last = len(found) - 1
        places = {round((part / (STEPS - 1)) ** 2 * last) for part in range(STEPS)}
        return found if len(found) <= STEPS else [found[place] for place in sorted(places)]

    def _whole(self, column: str) -> bool:
        return all((self.folder / column / f"{pair.name}.png").is_file() for pair in self.pairs)

    def _cut(self, images: Sequence[Tensor], *, fine: bool = True) -> list[Pixels]:
        cut = []
        for image, pair, (top, left, height, width) in zip(
            images, self.pairs, self._squares, strict=True
        ):
            zoom = pair.scale if fine else 1
            rows = slice(top * zoom, (top + height) * zoom)
            columns = slice(left * zoom, (left + width) * zoom)
            cut.append(from_tensor(image[:, :, rows, columns], "uint8"))
        return cut

    def _write(self, column: str, pictures: Sequence[Pixels]) -> None:
        make_folder(self.folder / column)
        for pair, pixels in zip(self.pairs, pictures, strict=True):
            path = self.folder / column / f"{pair.name}.png"
            write_picture(Picture(pixels=pixels), path, force=True)

    def _read(self, column: str, name: str) -> Pixels:
        return read_picture(self.folder / column / f"{name}.png").pixels

    def _same(self, *columns: Any) -> bool:
        """Whether the folder holds looks at these very pictures, or none at all."""
        if not any(_STEP.fullmatch(each.name) for each in self.folder.iterdir()):
            return True
        pairs = list(zip(columns[::2], columns[1::2], strict=True))
        if not all(self._whole(column) for column, _ in pairs):
            return False
        return all(
            np.array_equal(self._read(column, pair.name), pixels)
            for column, pictures in pairs
            for pair, pixels in zip(self.pairs, pictures, strict=True)
        )

    def _set_aside(self) -> None:
        for number in itertools.count(1):
            target = self.folder.with_name(f"previews-earlier-{number}")
            if not target.exists():
                self.folder.rename(target)
                return


def most_detailed(pair: FixedPair) -> tuple[int, int, int, int]:
    """The square of the truth that has most detail: top, left, height, width in LR pixels."""
    side = max(1, WINDOW // pair.scale)
    gray = F.avg_pool2d(pair.hr.mean(1, keepdim=True), pair.scale)
    height, width = min(side, gray.shape[-2]), min(side, gray.shape[-1])
    down = F.pad(gray.diff(dim=-2).abs(), (0, 0, 0, 1))
    across = F.pad(gray.diff(dim=-1).abs(), (0, 1, 0, 0))
    detail = F.avg_pool2d(down + across, (height, width), stride=1)[0, 0]
    place = int(detail.argmax())
    return place // detail.shape[1], place % detail.shape[1], height, width


def sheet(
    names: Sequence[str],
    columns: Sequence[tuple[str, str, str]],
    read: Callable[[str, str], Pixels],
    scale: int,
) -> Pixels:
    """The contact sheet: a row for each picture, its PSNR under every cell, their mean on top.

    Args:
        names: Of the pictures.
        columns: Of each the folder, the title and a remark; the first that has a PSNR is what the
            others are compared with, the last one is the truth.
        read: From a folder and a name to pixels.
        scale: HR side / LR side.
    """
    cell = WINDOW * ZOOM
    tall = ROW + cell + CAPTION + GAP
    width, height = GAP + len(columns) * (cell + GAP), HEAD + len(names) * tall + FOOT
    paper = Image.new("RGB", (width, height), PAPER)
    pen, bold, plain = ImageDraw.Draw(paper), _font("DejaVuSans-Bold.ttf", 18), _font()
    truths = [to_tensor(read(columns[-1][0], name)) for name in names]
    base: list[float] = []
    for place, (folder, title, remark) in enumerate(columns):
        left = GAP + place * (cell + GAP)
        values: list[float] = []
        for row, (name, truth) in enumerate(zip(names, truths, strict=True)):
            pixels, top = read(folder, name), HEAD + row * tall
            paper.paste(_enlarged(pixels, cell, truth), (left, top + ROW))
            if place == 0:
                pen.text((left, top), name.replace("_", " "), INK, plain)
            elif place < len(columns) - 1:
                values.append(float(psnr(to_tensor(pixels), truth, border=scale)))
                under = (left, top + ROW + cell + 4)
                _caption(pen, under, cell, values[row], base[row] if base else None)
        pen.text((left, 10), title, INK, bold)
        mean = sum(values) / len(values) if values else 0.0
        below = f"mean {mean:.2f} dB {remark}" if values else remark
        pen.text((left, 35), below.strip(), SOFT, plain)
        base = base or values
    words = f"PSNR of the piece shown: RGB, 8 bit, border {scale} px. In colour: against bicubic."
    pen.text((GAP, height - FOOT), words, SOFT, plain)
    return np.asarray(paper)


def _caption(
    pen: ImageDraw.ImageDraw, under: tuple[int, int], wide: int, value: float, base: float | None
) -> None:
    """The PSNR on the left, what was gained on the right."""
    pen.text(under, f"{value:.2f} dB", INK, _font())
    if base is not None and math.isfinite(value - base):
        gain = f"{value - base:+.2f}".replace("-", "−")
        colour = BETTER if value >= base else WORSE
        pen.text((under[0] + wide, under[1]), gain, colour, _font(), anchor="ra")


def _enlarged(pixels: Pixels, cell: int, truth: Tensor) -> Image.Image:
    """The picture at the truth's place and size, its pixels as squares."""
    height, width = truth.shape[-2:]
    zoom = cell / max(height, width)
    size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
    return Image.fromarray(pixels).resize(size, Image.Resampling.NEAREST)


@cache
def _font(name: str = "DejaVuSans.ttf", size: int = 15) -> ImageFont.FreeTypeFont:
    """The font that matplotlib brings, so that every machine draws the same letters."""
    import matplotlib

    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name), size)
