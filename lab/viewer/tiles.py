"""Very large pictures in pieces: a small preview, and exact tiles for the part that is looked at.

A browser keeps four bytes for every pixel it draws from. A hundred megapixels would take a phone's
whole memory, so above `ROOM` pixels together the larger pictures are cut up here.
"""

from __future__ import annotations

import math
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOM = 32_000_000
"""Pixels that all pictures of a viewer may have together before they are cut."""

SMALL = 4_000_000
"""A picture up to this size is never cut, and a preview is never larger."""

SIDE = 1024


@dataclass(frozen=True)
class Cut:
    """A preview and the tiles, row by row; each tile but the last ones has `SIDE` x `SIDE`."""

    preview: Path
    tiles: tuple[Path, ...]


def cut(path: Path) -> Cut:
    """Write a picture's preview and tiles beside it, in ``NAME.tiles``; what is there is kept.

    The numbers in the tiles are those of the file: 8 or 16 bit, with their alpha.
    """
    folder = path.with_name(f"{path.name}.tiles")
    if not folder.exists():
        _write(path, folder)
    tiles = sorted(folder.glob("tile-*.png"))
    return Cut(folder / "preview.png", tuple(tiles))


def _write(path: Path, folder: Path) -> None:
    import cv2

    from realesr.images import Picture, read_picture, write_picture

    pixels = read_picture(path).pixels
    height, width = pixels.shape[:2]
    work = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    factor = math.ceil(math.sqrt(height * width / SMALL))
    small = (math.ceil(width / factor), math.ceil(height / factor))
    preview = cv2.resize(pixels, small, interpolation=cv2.INTER_AREA)
    write_picture(Picture(preview), work / "preview.png")
    corners = ((top, left) for top in range(0, height, SIDE) for left in range(0, width, SIDE))
    for number, (top, left) in enumerate(corners):
        tile = np.ascontiguousarray(pixels[top : top + SIDE, left : left + SIDE])
        write_picture(Picture(tile), work / f"tile-{number:06d}.png")
    try:
        work.rename(folder)
    except OSError:  # another thread was quicker
        shutil.rmtree(work)
