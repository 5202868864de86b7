"""The pictures that come along: one already spoiled to open with, and sharp ones to spoil."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import skimage

from lab.text import say
from realesr.images import Picture, write_picture

SAMPLE = "sample.jpg"


def write_sample(folder: Path) -> Path:
    """Make the sample: 256 x 256 pixels of skimage's ``coffee`` (CC0), shrunk, saved as poor JPEG.

    The same library versions give the same bytes.

    Args:
        folder: Where ``sample.jpg`` goes.
    """
    square = cv2.cvtColor(_bundled("coffee.png")[0:400, 100:500], cv2.COLOR_RGB2BGR)
    small = cv2.resize(square, (256, 256), interpolation=cv2.INTER_AREA)
    path = folder / SAMPLE
    cv2.imwrite(str(path), small, [cv2.IMWRITE_JPEG_QUALITY, 35])
    return path


@dataclass(frozen=True)
class Sharp:
    """A sharp picture to spoil.

    Attributes:
        name: What links call it.
        middle: The place a detail is shown of: down and across, as shares of the sides.
    """

    name: str
    middle: tuple[float, float]

    @property
    def title(self) -> str:
        """What it shows."""
        return say(f"samples.{self.name}")

    @property
    def credit(self) -> str:
        """Whose it is, and where it comes from."""
        return say(f"samples.{self.name}_credit")

    def pixels(self) -> npt.NDArray[np.uint8]:
        """The picture, H x W x 3, RGB; the sides are multiples of 8."""
        return _SHARP[self.name]()

    def write(self, folder: Path) -> Path:
        """Write it as ``NAME.png``, unless that is there."""
        path = folder / f"{self.name}.png"
        if not path.exists():
            write_picture(Picture(self.pixels()), path)
        return path


def _letters() -> npt.NDArray[np.uint8]:
    """Letters whose colour changes and whose brightness hardly does."""
    page = np.full((512, 512, 3), (40, 60, 190), np.uint8)
    for line, (words, size) in enumerate(
        (("Real", 5.0), ("red on blue", 2.2), ("JPEG 4:2:0", 2.2))
    ):
        (across, down), _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_DUPLEX, size, round(size * 2))
        place = ((512 - across) // 2, 150 + 140 * line + down // 2)
        cv2.putText(
            page,
            words,
            place,
            cv2.FONT_HERSHEY_DUPLEX,
            size,
            (200, 30, 40),
            round(size * 2),
            cv2.LINE_AA,
        )
    return page


def _numbers() -> npt.NDArray[np.uint8]:
    """Rows of numbers, each smaller; at a quarter of the size the last ones cannot be read."""
    page = np.full((384, 512, 3), 235, np.uint8)
    rows = ("3086 9571", "5290 6184", "8361 5904", "6893 0285", "3860 9538", "8036 5983")
    top = 24
    for words, height in zip(rows, (64, 44, 30, 22, 18, 14), strict=True):
        size = height / 22
        thick = max(1, round(size * 1.5))
        place = (40, top + height)
        cv2.putText(
            page, words, place, cv2.FONT_HERSHEY_SIMPLEX, size, (30, 30, 40), thick, cv2.LINE_AA
        )
        top += height + 26
    return page


def _rings() -> npt.NDArray[np.uint8]:
    """Rings that grow finer outwards, up to the finest wave that pixels can hold."""
    place = np.arange(512) - 255.5
    phase = np.pi * (place[:, None] ** 2 + place[None] ** 2) / 512
    values = 127.5 + 127.5 * np.cos(phase)
    return np.repeat(values.round().astype(np.uint8)[..., None], 3, axis=2)


def _bundled(file: str) -> npt.NDArray[Any]:
    pixels = cv2.imread(str(Path(skimage.__file__).parent / "data" / file))
    if pixels is None:
        raise FileNotFoundError(f"scikit-image is installed without its picture {file}.")
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)


def _cut(file: str, top: int, left: int, height: int, width: int) -> npt.NDArray[np.uint8]:
    return np.ascontiguousarray(_bundled(file)[top : top + height, left : left + width])


_SHARP = {
    "astronaut": lambda: _cut("astronaut.png", 0, 0, 512, 512),
    "cat": lambda: _cut("chelsea.png", 0, 0, 296, 448),
    "coffee": lambda: _cut("coffee.png", 0, 0, 400, 600),
    "bricks": lambda: _cut("brick.png", 0, 0, 512, 512),
    "letters": _letters,
    "numbers": _numbers,
    "rings": _rings,
}
SHARP = {
    sharp.name: sharp
    for sharp in (
        Sharp("astronaut", (0.2, 0.42)),
        Sharp("cat", (0.42, 0.5)),
        Sharp("coffee", (0.45, 0.5)),
        Sharp("bricks", (0.5, 0.5)),
        Sharp("letters", (0.3, 0.5)),
        Sharp("numbers", (0.45, 0.3)),
        Sharp("rings", (0.5, 0.75)),
    )
}
