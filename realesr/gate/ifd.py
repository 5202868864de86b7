"""The directory at the heart of a TIFF file: which tags, and where their values lie."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import BinaryIO

# Field type -> struct letters; BYTE, ASCII and UNDEFINED stay bytes.
_LETTERS = {1: "B", 2: "B", 3: "H", 4: "I", 6: "b", 7: "B", 8: "h", 9: "i", 11: "f", 12: "d"}
_LETTERS |= {5: "II", 10: "ii", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_RAW = (1, 2, 7)
_MOST_TAGS = 4096
_MOST_VALUES = 1_000_000
_MOST_BYTES = 16_000_000
MOST_FRAMES = 1000

IMAGE_WIDTH, IMAGE_LENGTH, BITS_PER_SAMPLE, COMPRESSION, PHOTOMETRIC = 256, 257, 258, 259, 262
STRIP_OFFSETS, ORIENTATION, SAMPLES_PER_PIXEL, ROWS_PER_STRIP = 273, 274, 277, 278
STRIP_BYTE_COUNTS, X_RESOLUTION, Y_RESOLUTION, PLANAR_CONFIGURATION = 279, 282, 283, 284
RESOLUTION_UNIT, PREDICTOR = 296, 317
TILE_WIDTH, TILE_OFFSETS, TILE_BYTE_COUNTS = 322, 324, 325
EXTRA_SAMPLES, SAMPLE_FORMAT, ICC_PROFILE = 338, 339, 34675
_WANTED = frozenset(range(IMAGE_WIDTH, PHOTOMETRIC + 1)) | {
    STRIP_OFFSETS,
    ORIENTATION,
    SAMPLES_PER_PIXEL,
    ROWS_PER_STRIP,
    STRIP_BYTE_COUNTS,
    PLANAR_CONFIGURATION,
    PREDICTOR,
    TILE_WIDTH,
    TILE_OFFSETS,
    TILE_BYTE_COUNTS,
    EXTRA_SAMPLES,
    SAMPLE_FORMAT,
    X_RESOLUTION,
    Y_RESOLUTION,
    RESOLUTION_UNIT,
    ICC_PROFILE,
}


class BadDirectoryError(ValueError):
    """The directory cannot be followed; the message says why in a few words."""


@dataclass(frozen=True)
class Directory:
    """One image file directory.

    Args:
        order: ``"<"`` or ``">"``, the file's byte order.
        values: Tag number to its values (numbers, or raw bytes where the file holds bytes).
        places: Tag number to the position in the file of its first value.
        frames: Number of directories in the file, counted up to ``MOST_FRAMES``.
    """

    order: str
    values: dict[int, tuple[float, ...] | bytes]
    places: dict[int, int] = field(default_factory=dict)
    frames: int = 1

    def number(self, tag: int, default: int) -> int:
        """The first value of a tag as a whole number."""
        found = self.values.get(tag)
        return int(found[0]) if found else default

    @property
    def icc(self) -> bytes | None:
        """The colour profile."""
        found = self.values.get(ICC_PROFILE)
        return found if isinstance(found, bytes) else None

    @property
    def dpi(self) -> tuple[float, float] | None:
        """Pixels per inch, across and down; None where the file says nothing sensible."""
        unit = {2: 1.0, 3: 2.54}.get(self.number(RESOLUTION_UNIT, 2), 0.0)
        across, down = self.values.get(X_RESOLUTION), self.values.get(Y_RESOLUTION)
        if not across or not down:
            return None
        pair = (float(across[0]) * unit, float(down[0]) * unit)
        return pair if all(1 < value < 1e6 for value in pair) else None

    def numbers(self, tag: int) -> list[int]:
        """All values of a tag as whole numbers."""
        return [int(value) for value in self.values.get(tag, ())]


def read_directory(stream: BinaryIO) -> Directory:
    """Read the first directory of a TIFF or BigTIFF file and count the others.

    Raises:
        BadDirectoryError: When an offset leads outside the file or the numbers are absurd.
    """
    stream.seek(0, 2)
    size = stream.tell()
    head = _read(stream, 0, 16 if size >= 16 else 8)
    order = "<" if head[:2] == b"II" else ">"
    big = struct.unpack(order + "H", head[2:4])[0] == 43
    start = struct.unpack(order + ("Q" if big else "I"), head[8:16] if big else head[4:8])[0]
    values: dict[int, tuple[float, ...] | bytes] = {}
    places: dict[int, int] = {}
    following = _read_entries(stream, start, order, big, size, values, places)
    seen = {start}
    while following and following not in seen and len(seen) < MOST_FRAMES:
        seen.add(following)
        try:
            following = _skip_entries(stream, following, order, big)
        except BadDirectoryError:
            break
    return Directory(order, values, places, len(seen))


def _read(stream: BinaryIO, at: int, count: int) -> bytes:
    stream.seek(at)
    data = stream.read(count)
    if len(data) != count:
        raise BadDirectoryError(f"it ends before byte {at + count:,}")
    return data


def _layout(big: bool) -> tuple[str, int, str]:
    return ("Q", 20, "Q") if big else ("H", 12, "I")


def _skip_entries(stream: BinaryIO, at: int, order: str, big: bool) -> int:
    count_letter, entry_bytes, offset_letter = _layout(big)
    count_bytes = struct.calcsize("<" + count_letter)
    count = struct.unpack(order + count_letter, _read(stream, at, count_bytes))[0]
    if not 0 < count <= _MOST_TAGS:
        raise BadDirectoryError(f"its directory claims {count:,} tags")
    offset_bytes = struct.calcsize("<" + offset_letter)
    end = _read(stream, at + count_bytes + count * entry_bytes, offset_bytes)
    return int(struct.unpack(order + offset_letter, end)[0])


def _read_entries(
    stream: BinaryIO,
    at: int,
    order: str,
    big: bool,
    size: int,
    values: dict[int, tuple[float, ...] | bytes],
    places: dict[int, int],
) -> int:
    following = _skip_entries(stream, at, order, big)
    count_letter, entry_bytes, offset_letter = _layout(big)
    count_bytes = struct.calcsize("<" + count_letter)
    count = struct.unpack(order + count_letter, _read(stream, at, count_bytes))[0]
    entries = _read(stream, at + count_bytes, count * entry_bytes)
    room = struct.calcsize("<" + offset_letter)
    for index in range(count):
        entry = entries[index * entry_bytes : (index + 1) * entry_bytes]
        tag, kind, amount = struct.unpack(order + "HH" + offset_letter, entry[: 4 + room])
        letters = _LETTERS.get(kind)
        most = _MOST_BYTES if kind in _RAW else _MOST_VALUES
        if tag not in _WANTED or letters is None or not 0 < amount <= most:
            continue
        length = struct.calcsize("<" + letters) * amount
        place = at + count_bytes + index * entry_bytes + 4 + room
        if length > room:
            place = struct.unpack(order + offset_letter, entry[4 + room :])[0]
        if place + length > size:
            raise BadDirectoryError(f"it ends before byte {place + length:,}")
        raw = _read(stream, place, length)
        places[tag] = place
        values[tag] = _unpack(order, kind, letters, amount, raw)
    return following


def _unpack(
    order: str, kind: int, letters: str, amount: int, raw: bytes
) -> tuple[float, ...] | bytes:
    if kind in _RAW:
        return raw
    numbers = struct.unpack(f"{order}{amount * len(letters)}{letters[0]}", raw)
    if len(letters) == 1:
        return numbers
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return tuple(top / bottom if bottom else 0.0 for top, bottom in pairs)
