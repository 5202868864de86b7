"""What a JPEG file says of itself: its tables, the quality they stand for, how it shrank colours.

Reference: ITU-T T.81, annex B.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

_SCHEMES = {(1, 1): "4:4:4", (2, 1): "4:2:2", (1, 2): "4:4:0", (2, 2): "4:2:0", (4, 1): "4:1:1"}
_BEGIN = b"\xff\xd8"
# Profiles and previews of that size may stand before the tables.
_HEAD = 1 << 24
_TABLES, _SCAN, _END = 0xDB, 0xDA, 0xD9
# Frames: baseline, progressive and their kin; between them stand markers of other things.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class JpegTables:
    """The tables of a JPEG file, and the quality that libjpeg would call them.

    Attributes:
        quality: 1 to 100: the quality whose tables these are, or the nearest.
        exact: Whether they are exactly that quality's.
        luma: 8x8, row = vertical frequency.
        chroma: 8x8, or None in a gray file.
        subsampling: ``4:2:0`` and the like; empty in a gray file, or one of four colours.
    """

    quality: int
    exact: bool
    luma: npt.NDArray[np.int64]
    chroma: npt.NDArray[np.int64] | None
    subsampling: str = ""


def read_tables(data: bytes) -> JpegTables | None:
    """The quantisation tables that a JPEG file carries; None for anything else.

    Args:
        data: The file, or its beginning up to the first scan.
    """
    found: dict[int, npt.NDArray[np.int64]] = {}
    scheme = ""
    for marker, body in _segments(data):
        if marker == _TABLES:
            found |= dict(_tables(body))
        elif marker in _FRAMES:
            scheme = _scheme(body)
    if 0 not in found:
        return None
    light, chroma = found[0], found.get(1)
    standard = standard_tables()
    differences = np.abs(standard[0] - light).sum((1, 2))
    if chroma is not None:
        differences = differences + np.abs(standard[1] - chroma).sum((1, 2))
    if differences.min() == 0:
        return JpegTables(int(differences.argmin()) + 1, True, light, chroma, scheme)
    # Entries count by their ratio: a 2 instead of a 1 matters more than a 99 instead of a 98.
    nearest = np.abs(np.log(standard[0] / np.maximum(light, 1))).mean((1, 2))
    return JpegTables(int(nearest.argmin()) + 1, False, light, chroma, scheme)


def tables_of(path: Path) -> JpegTables | None:
    """The tables of a JPEG file on disk; None for anything else, and for what cannot be read."""
    try:
        with path.open("rb") as file:
            return read_tables(_BEGIN + file.read(_HEAD) if file.read(2) == _BEGIN else b"")
    except OSError:
        return None


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and body of each segment before the first scan."""
    if data[:2] != _BEGIN:
        return
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        length = int.from_bytes(data[place + 2 : place + 4], "big")
        if marker in (_SCAN, _END) or length < 2:
            return
        yield marker, data[place + 4 : place + 2 + length]
        place += 2 + length


def _tables(body: bytes) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
    """Number and 8x8 table of each entry of a segment; what is cut off is left out."""
    while body:
        wide, number = body[0] >> 4, body[0] & 15
        entries = body[1 : 65 + 64 * wide]
        if wide > 1 or len(entries) < 64 * (1 + wide):
            return
        table = np.zeros(64, np.int64)
        table[_zigzag()] = np.frombuffer(entries, ">u2" if wide else np.uint8)
        yield number, table.reshape(8, 8)
        body = body[65 + 64 * wide :]


def _scheme(body: bytes) -> str:
    """How the frame of three colours shrank the last two of them."""
    if len(body) < 15 or body[5] != 3:
        return ""
    factors = [(body[place] >> 4, body[place] & 15) for place in (7, 10, 13)]
    if factors[1] != factors[2] or 0 in factors[1]:
        return ""
    across, down = (light / colour for light, colour in zip(*factors[:2], strict=True))
    return _SCHEMES.get((int(across), int(down)), "")


@cache
def _zigzag() -> npt.NDArray[np.int64]:
    """Where the n-th entry of a file's table belongs: diagonals, up and down in turn."""
    places = [(i, j) for i in range(8) for j in range(8)]
    places.sort(key=lambda at: (sum(at), at[0] if sum(at) % 2 else at[1]))
    return np.array([8 * i + j for i, j in places])


@cache
def standard_tables() -> npt.NDArray[np.int64]:
    """The tables of libjpeg: (2 for brightness and colour, 100 qualities, 8, 8)."""
    from realesr.degradations.jpeg import CHROMINANCE, LUMINANCE, table

    return np.stack(
        [
            np.stack([table(base, quality).numpy() for quality in range(1, 101)])
            for base in (LUMINANCE, CHROMINANCE)
        ]
    ).astype(np.int64)
