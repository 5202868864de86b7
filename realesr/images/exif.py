"""EXIF blocks, edited byte by byte: what is kept stays exactly as the camera wrote it.

An EXIF block is a small TIFF file. Parsing and writing it anew would turn a copyright sign into a
question mark and break the maker's notes, whose offsets count from the block's first byte; so tags
are struck out where they stand, and everything else keeps its place.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from io import BytesIO

from realesr.errors import Notice
from realesr.gate import ifd

PREFIX = b"Exif\x00\x00"
EXIF_IFD, GPS_IFD, INTEROPERABILITY_IFD = 34665, 34853, 40965
DAMAGED_EXIF = Notice("W113", "The EXIF block was left out: it is damaged.")
# Tags that describe the stored pixel grid: they would be untrue of an enlarged, upright picture.
# And XMP, which has a place of its own.
_GRID = frozenset({256, 257, 274, 282, 283, 296, 700})
_GRID_OF_EXIF = frozenset({40962, 40963})
# What describes the photograph in a TIFF's own directory: description, make, model, software,
# date, artist, copyright, rating, and the fields of Windows.
_DESCRIPTIVE = frozenset({270, 271, 272, 305, 306, 315, 33432, 18246}) | set(range(40091, 40096))
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}


@dataclass(frozen=True)
class Entry:
    """One tag of a directory: its number, field type, count and value bytes."""

    tag: int
    kind: int
    count: int
    value: bytes


class BadExifError(ValueError):
    """The block is no TIFF structure that can be followed."""


def clean_exif(block: bytes) -> tuple[bytes | None, tuple[float, float] | None]:
    """Strike out what describes the stored pixels: orientation, size, resolution, thumbnail.

    Args:
        block: An EXIF block, with or without JPEG's prefix.

    Returns:
        The block without prefix, or None when no tag is left, and the resolution it stated.

    Raises:
        BadExifError: When the block cannot be followed.
    """
    block = block.removeprefix(PREFIX)
    if block[:4] not in (b"II*\x00", b"MM\x00*") or len(block) < 14:
        raise BadExifError("no TIFF header")
    try:
        directory = ifd.read_directory(BytesIO(block))
        data = bytearray(block)
        order = directory.order
        start = struct.unpack_from(order + "I", data, 4)[0]
        left, after = _strike(data, order, start, _GRID)
        _blank_thumbnail(data, order, after)
        for entry in _entries(data, order, start):
            if entry.tag == EXIF_IFD:
                inner = struct.unpack(order + "I", entry.value)[0]
                _strike(data, order, inner, _GRID_OF_EXIF)
    except (ifd.BadDirectoryError, struct.error) as error:
        raise BadExifError(str(error)) from error
    return (bytes(data) if left else None), directory.dpi


def strip_gps(block: bytes) -> bytes | None:
    """Take out where the picture was made: the GPS directory and every value it points to.

    The bytes are wiped, not just unlinked; all else stays as it was and where it was.

    Args:
        block: An EXIF block in TIFF form.

    Returns:
        The block, or None when no other tag is left.

    Raises:
        BadExifError: When the block cannot be followed, or when the GPS tags share bytes with
            others, so that they cannot be taken out alone.
    """
    data = bytearray(block)
    order = "<" if data[:2] == b"II" else ">"
    try:
        start = struct.unpack_from(order + "I", data, 4)[0]
        pointers = [entry for entry in _entries(data, order, start) if entry.tag == GPS_IFD]
        if not pointers:
            return block
        left, _ = _strike(data, order, start, frozenset({GPS_IFD}))
        kept = _descriptive_entries(data, order, start)
        for pointer in pointers:
            _wipe_directory(data, order, struct.unpack(order + "I", pointer.value)[0])
        if _descriptive_entries(data, order, start) != kept:
            raise BadExifError("its GPS tags share bytes with others")
    except struct.error as error:
        raise BadExifError(str(error)) from error
    return bytes(data) if left else None


def exif_of_tiff(data: bytes) -> bytes | None:
    """Collect the descriptive tags of a TIFF file in an EXIF block of their own.

    Raises:
        BadExifError: When they cannot be followed, or lie in a BigTIFF.
    """
    order = "<" if data[:2] == b"II" else ">"
    try:
        entries = tags_of_tiff(data)
        kept = [entry for entry in entries if entry.tag in _DESCRIPTIVE]
        block = bytearray(data[:2] + struct.pack(order + "HI", 42, 0))
        for entry in entries:
            if entry.tag in (EXIF_IFD, GPS_IFD):
                inner = struct.unpack(order + "I", entry.value)[0]
                inside = [
                    item
                    for item in _entries(data, order, inner)
                    if item.tag not in _GRID_OF_EXIF | {INTEROPERABILITY_IFD}
                ]
                if inside:
                    place = append_directory(block, order, inside)
                    kept.append(Entry(entry.tag, 4, 1, struct.pack(order + "I", place)))
    except struct.error as error:
        raise BadExifError(str(error)) from error
    if not kept:
        return None
    struct.pack_into(order + "I", block, 4, append_directory(block, order, kept))
    return bytes(block)


def tags_of_tiff(data: bytes) -> list[Entry]:
    """The readable tags of a TIFF file's first directory.

    Raises:
        BadExifError: For a BigTIFF.
        struct.error: When the directory lies outside the file.
    """
    order = "<" if data[:2] == b"II" else ">"
    if struct.unpack_from(order + "H", data, 2)[0] != 42:
        raise BadExifError("a BigTIFF")
    return _entries(data, order, struct.unpack_from(order + "I", data, 4)[0])


def start_block(block: bytes | None) -> tuple[bytearray, str, list[Entry]]:
    """Open an EXIF block for extension.

    Returns:
        Its bytes (a bare TIFF header when there is no block), its byte order, and the tags of its
        first directory, to which the caller adds before ``finish_block``.
    """
    data = bytearray(block or b"II*\x00\x00\x00\x00\x00")
    order = "<" if data[:2] == b"II" else ">"
    start = struct.unpack_from(order + "I", data, 4)[0]
    return data, order, _entries(data, order, start) if start else []


def finish_block(data: bytearray, order: str, entries: list[Entry]) -> None:
    """Append a first directory to an opened block and point its header there."""
    struct.pack_into(order + "I", data, 4, append_directory(data, order, entries))


def with_dpi(block: bytes | None, dpi: tuple[float, float] | None) -> bytes | None:
    """The block for a format with no other place for the resolution, such as WebP and AVIF."""
    if dpi is None:
        return block
    data, order, entries = start_block(block)
    finish_block(data, order, [*entries, *resolution_entries(order, dpi)])
    return bytes(data)


def resolution_entries(order: str, dpi: tuple[float, float]) -> list[Entry]:
    """The three tags that state a resolution in pixels per inch."""
    across, down = (struct.pack(order + "II", round(value * 1000), 1000) for value in dpi)
    unit = struct.pack(order + "H", 2)
    return [
        Entry(ifd.X_RESOLUTION, 5, 1, across),
        Entry(ifd.Y_RESOLUTION, 5, 1, down),
        Entry(ifd.RESOLUTION_UNIT, 3, 1, unit),
    ]


def append_directory(data: bytearray, order: str, entries: list[Entry]) -> int:
    """Append a directory and the values it points to; return where the directory starts."""
    lines = []
    for entry in sorted(entries, key=lambda entry: entry.tag):
        value = entry.value
        if len(value) > 4:
            data += bytes(len(data) % 2)
            place = len(data)
            data += value
            value = struct.pack(order + "I", place)
        lines.append(struct.pack(order + "HHI", entry.tag, entry.kind, entry.count))
        lines.append(value.ljust(4, b"\x00"))
    data += bytes(len(data) % 2)
    start = len(data)
    data += struct.pack(order + "H", len(entries)) + b"".join(lines) + bytes(4)
    return start


def _entries(data: bytes | bytearray, order: str, start: int) -> list[Entry]:
    """The readable tags of a directory, each with its value."""
    count = struct.unpack_from(order + "H", data, start)[0]
    found = []
    for index in range(count):
        at = start + 2 + 12 * index
        tag, kind, amount = struct.unpack_from(order + "HHI", data, at)
        length = _SIZES.get(kind, 0) * amount
        place = at + 8 if length <= 4 else struct.unpack_from(order + "I", data, at + 8)[0]
        if length and place + length <= len(data):
            found.append(Entry(tag, kind, amount, bytes(data[place : place + length])))
    return found


def _descriptive_entries(data: bytearray, order: str, start: int) -> list[Entry]:
    """The tags of the first directory and of the camera's."""
    entries = _entries(data, order, start)
    for entry in [entry for entry in entries if entry.tag == EXIF_IFD]:
        entries += _entries(data, order, struct.unpack(order + "I", entry.value)[0])
    return entries


def _wipe_directory(data: bytearray, order: str, start: int) -> None:
    """Overwrite a directory, and the values outside it that it points to, with zeros."""
    count = struct.unpack_from(order + "H", data, start)[0]
    end = min(start + 2 + 12 * count + 4, len(data))
    for at in range(start + 2, end - 11, 12):
        _, kind, amount, place = struct.unpack_from(order + "HHII", data, at)
        length = _SIZES.get(kind, 0) * amount
        if length > 4 and place + length <= len(data):
            data[place : place + length] = bytes(length)
    data[start:end] = bytes(end - start)


def _strike(data: bytearray, order: str, start: int, tags: frozenset[int]) -> tuple[int, int]:
    """Take tags out of a directory where it stands.

    Returns:
        How many tags are left, and where the directory pointed for the next one.
    """
    count = struct.unpack_from(order + "H", data, start)[0]
    end = start + 2 + 12 * count
    following = struct.unpack_from(order + "I", data, end)[0]
    lines = [bytes(data[at : at + 12]) for at in range(start + 2, end, 12)]
    kept = [line for line in lines if struct.unpack_from(order + "H", line)[0] not in tags]
    rewritten = struct.pack(order + "H", len(kept)) + b"".join(kept)
    data[start : end + 4] = rewritten.ljust(end + 4 - start, b"\x00")
    return len(kept), following


def _blank_thumbnail(data: bytearray, order: str, start: int) -> None:
    """Wipe the thumbnail, which shows the picture as it was, perhaps before it was cropped."""
    if not start:
        return
    try:
        tags = {entry.tag: entry.value for entry in _entries(data, order, start)}
    except struct.error:
        return
    if len(tags.get(513, b"")) == len(tags.get(514, b"")) == 4:
        at = struct.unpack(order + "I", tags[513])[0]
        end = min(at + struct.unpack(order + "I", tags[514])[0], len(data))
        data[at:end] = bytes(max(end - at, 0))
