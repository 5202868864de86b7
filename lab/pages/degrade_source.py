"""The picture the page *Degrade* starts from: one that comes along, or a visitor's own."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from lab.samples import SHARP
from lab.text import say
from realesr.commands.degrading import as_hr
from realesr.images import Picture

LARGEST = 1024
"""Longest side this page works on: a slider shall answer while it moves."""
_KEPT = 16
_KEPT_SECONDS = 600.0


@dataclass(frozen=True, eq=False)
class Source:
    """A picture ready to be degraded.

    Attributes:
        file: What the commands name; the picture exactly as this page uses it.
        pixels: Its pixels.
        name: Stands for these pixels, and for nothing else.
        middle: Where the detail is taken from: down and across, as shares of the sides.
        credit: Whose picture it is.
        notice: What a person should know, or nothing.
    """

    file: Path
    pixels: Picture
    name: str
    middle: tuple[float, float]
    credit: str
    notice: str = ""

    def hr(self, scale: int) -> Tensor:
        """The picture as operations take it."""
        return as_hr(self.pixels, scale)[0]


class Sources:
    """Reads pictures and keeps the last ones for ten minutes at most.

    Args:
        folder: Where the pictures that come along are written.
        read: Reads a file of a stranger.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        folder: Path,
        read: Callable[[Path], Picture],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder, self._read, self._clock = folder, read, clock
        self._kept: OrderedDict[str, tuple[float, Source]] = OrderedDict()
        self._lock = threading.Lock()

    def sample(self, name: str) -> Source:
        """One of the pictures that come along."""
        sharp = SHARP[name]
        picture = Picture(sharp.pixels())
        return Source(
            sharp.write(self._folder), picture, f"sample {name}", sharp.middle, sharp.credit
        )

    def own(self, photo: str) -> Source:
        """A visitor's photo; of a large one, its middle.

        Raises:
            PictureError: When it is no picture, damaged or too large.
        """
        with self._lock:
            self._forget_old()
            if photo in self._kept:
                return self._kept[photo][1]
        source = _cut(self._read(Path(photo)), Path(photo))
        with self._lock:
            self._kept[photo] = (self._clock(), source)
        return source

    def forget(self, photo: str | None) -> None:
        """Let go of a photo that its owner took away."""
        with self._lock:
            self._kept.pop(photo or "", None)

    def _forget_old(self) -> None:
        old = self._clock() - _KEPT_SECONDS
        for photo in [photo for photo, (when, _) in self._kept.items() if when < old]:
            del self._kept[photo]
        while len(self._kept) >= _KEPT:
            self._kept.popitem(last=False)


def _cut(picture: Picture, file: Path) -> Source:
    pixels, notice = picture.pixels, ""
    height, width = pixels.shape[:2]
    if max(height, width) > LARGEST:
        down, across = min(height, LARGEST), min(width, LARGEST)
        top, left = (height - down) // 2, (width - across) // 2
        pixels = pixels[top : top + down, left : left + across].copy()
        megapixels = f"{height * width / 1e6:.0f}"
        notice = say("degrade.cut", megapixels=megapixels, width=across, height=down)
        file = Path(f"{file.stem}_middle.png")
    digest = hashlib.sha256(pixels.tobytes()).hexdigest()
    return Source(file, picture.with_pixels(pixels), digest, (0.5, 0.5), say("degrade.own"), notice)
