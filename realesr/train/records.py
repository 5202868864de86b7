"""A picture with all its draws, as stored pairs keep it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from realesr.degradations import Trace
from realesr.images import from_tensor, to_tensor
from realesr.train.data import DegradedPairs, draw
from realesr.train.paired import PairedPictures
from realesr.train.pairs import at_least
from realesr.train.pictures import Pixels

SCHEMA = 1
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Piece:
    """A part of a picture and its degraded copy.

    Attributes:
        box: Top, left, height and width of the part, in pixels of the picture.
        lr: The degraded copy, HWC uint8.
        trace: What happened; None where nobody knows.
    """

    box: Box
    lr: Pixels
    trace: Trace | None


@dataclass(frozen=True)
class Record:
    """A picture with all its draws, as it is stored: HWC uint8."""

    name: str
    hr: Pixels
    sharp: Pixels | None
    pieces: tuple[Piece, ...]

    def lines(self) -> bytes:
        """Its lines of ``draws.jsonl``."""
        told = (
            {
                "picture": self.name,
                "draw": number,
                "size": self.hr.shape[:2],
                "box": piece.box,
                "trace": piece.trace and piece.trace.to_dict(),
            }
            for number, piece in enumerate(self.pieces)
        )
        return "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in told).encode()

    def pixels(self) -> dict[str, list[Pixels]]:
        """Its part of each file of pixels."""
        parts = {"hr.bin": [self.hr], "lr.bin": [piece.lr for piece in self.pieces]}
        return parts if self.sharp is None else parts | {"sharp.bin": [self.sharp]}


def record(pairs: DegradedPairs | PairedPictures, index: int, draws: int) -> Record:
    """A picture as it is stored: read, and degraded several times where its partner is to be made.

    Raises:
        PictureError: E1xx when it cannot be read, E403 when its partner does not fit.
    """
    if isinstance(pairs, PairedPictures):
        high, low = (_eight_bits(pixels) for pixels in pairs.read(index))
        whole = Piece((0, 0, *high.shape[:2]), low, None)
        return Record(pairs.hr.name(index), high, None, (whole,))
    scale = pairs.recipe.scale
    pixels = at_least(_eight_bits(pairs.pictures.read(index)), pairs.patch)
    height, width = (side - side % scale for side in pixels.shape[:2])
    pixels = pixels[:height, :width]
    hr = to_tensor(pixels)
    sharp = hr if pairs.sharpen is None else pairs.sharpen.apply(hr, (height, width))
    source = sharp if pairs.sharpen_input else hr
    down, across = min(pairs.crop, height), min(pairs.crop, width)
    pieces = []
    for number in range(draws):
        drawn = draw(pairs.recipe, pairs.seed, number, index)
        top = int(drawn.crop[0] * (height - down + 1))
        left = int(drawn.crop[1] * (width - across + 1))
        lr = drawn.trace.apply(source[:, :, top : top + down, left : left + across])
        pieces.append(Piece((top, left, down, across), from_tensor(lr, np.uint8), drawn.trace))
    sharpened = None if sharp is hr else from_tensor(sharp, np.uint8)
    return Record(pairs.pictures.name(index), pixels, sharpened, tuple(pieces))


def about(pairs: DegradedPairs | PairedPictures, draws: int) -> dict[str, Any]:
    """What stored pairs depend on; plain data."""
    said: dict[str, Any] = {
        "schema": SCHEMA,
        "data": pairs.fingerprint(),
        "pictures": len(pairs),
        "draws": draws,
        "patch": pairs.patch,
    }
    if isinstance(pairs, PairedPictures):
        return said | {"scale": pairs.scale, "draws": 1, "sharpen": None}
    return said | {
        "scale": pairs.recipe.scale,
        "seed": pairs.seed,
        "crop": pairs.crop,
        "sharpen": None if pairs.sharpen is None else asdict(pairs.sharpen),
        "sharpen input": pairs.sharpen is not None and pairs.sharpen_input,
        "recipe": pairs.recipe.to_dict(),
    }


def _eight_bits(pixels: Pixels) -> Pixels:
    """Rounded to 8 bit where there were more."""
    if pixels.dtype == np.uint8:
        return pixels
    return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)
