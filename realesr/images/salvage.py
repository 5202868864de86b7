"""What is left of a picture file that was cut off, made whole enough to be read.

Nothing is guessed: what is missing stays blank, and a notice says so. Only where a file can be read
from its beginning is anything left: PNG, JPEG, and BMP and TIFF that are not packed.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from realesr.errors import Notice, PictureError, RealesrError
from realesr.gate import Header, Limits, check_pixels, ifd, inspect_header
from realesr.gate.chunks import PNG_SIGNATURE, Chunk, png_shape
from realesr.gate.headers import read_header
from realesr.gate.signatures import PREFIX_BYTES, identify
from realesr.images.decoding import Decoded, decode
from realesr.images.png import png_block

CUT_SHORT = "E103"
_ANIMATION = (b"acTL", b"fcTL", b"fdAT")
_END_OF_JPEG = b"\xff\xd9"
_LEAST_SCAN = 24


def header_of_rest(path: str | os.PathLike[str], limits: Limits | None = None) -> Header:
    """What a picture file holds, where need be what is left of it.

    Raises:
        PictureError: As ``inspect_header``, but E104 for a file that is cut off so early that
            nothing can be read.
    """
    try:
        return inspect_header(path, limits)
    except PictureError as error:
        if error.code != CUT_SHORT:
            raise
        return read_rest(path, error, limits)[0]


def read_rest(
    path: str | os.PathLike[str], refusal: PictureError, limits: Limits | None = None
) -> tuple[Header, Decoded, tuple[Notice, ...]]:
    """Read what is left of a picture that was refused with E103.

    Args:
        path: The file.
        refusal: Why it was refused.
        limits: What is too large.

    Returns:
        Its header, its pixels with what is missing left blank, and the words that say so.

    Raises:
        PictureError: E104 when nothing can be read, E106 when it is too large.
    """
    path = Path(path)
    data = path.read_bytes()
    picture_format = identify(data[:PREFIX_BYTES], path.name)
    limits = limits or Limits()
    for mended in _MENDERS.get(picture_format, _nothing)(data, path.name, limits):
        try:
            header = read_header(BytesIO(mended), picture_format, path.name)
            check_pixels(header.width, header.height, path.name, limits)
            found = decode(mended, header, path.name)
        except RealesrError as error:
            if error.code == "E106":
                raise
            continue
        notice = Notice("W121", f"{refusal.cause} What is missing was left blank.")
        return header, found, (notice,)
    cause = f"{refusal.cause.rstrip('.')}, and nothing of it can be read."
    raise PictureError("E104", cause, refusal.next_step) from refusal


def _nothing(data: bytes, name: str, limits: Limits) -> Iterator[bytes]:
    return iter(())


def _mend_png(data: bytes, name: str, limits: Limits) -> Iterator[bytes]:
    """The rows that can be unpacked, the others blank, wrapped anew."""
    chunks, packed, at = [], bytearray(), len(PNG_SIGNATURE)
    while at + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        chunk = Chunk(kind, at + 8, length)
        if kind == b"IDAT":
            packed += data[chunk.start : chunk.start + length]
        elif at + 12 + length <= len(data) and kind not in (*_ANIMATION, b"IEND"):
            chunks.append(chunk)
        at += 12 + length
    try:
        shape = png_shape(BytesIO(data), name, chunks)
    except PictureError:
        return
    check_pixels(shape.width, shape.height, name, limits)
    limit, rows, unpacker = shape.raw_bytes, bytearray(), zlib.decompressobj()
    for start in range(0, len(packed), _PIECE):
        try:
            rows += unpacker.decompress(packed[start : start + _PIECE], limit - len(rows) or 1)
        except zlib.error:
            break
    if len(shape.passes) == 1:
        whole = shape.passes[0][1]
        rows = rows[: len(rows) // whole * whole]
    if not rows:
        return
    blocks = [png_block(c.kind, data[c.start : c.start + c.length]) for c in chunks]
    blocks.append(png_block(b"IDAT", zlib.compress(bytes(rows[:limit]).ljust(limit, b"\0"), 1)))
    yield b"".join([PNG_SIGNATURE, *blocks, png_block(b"IEND", b"")])


def _mend_jpeg(data: bytes, name: str, limits: Limits) -> Iterator[bytes]:
    """The data with its end marker: decoders leave gray what no data came for."""
    if len(data) - data.rfind(b"\xff\xda") < _LEAST_SCAN and data.count(b"\xff\xda") < 2:
        return
    yield data.rstrip(b"\xff") + _END_OF_JPEG
    # Cut inside a table between two scans: end before it.
    last = max(data.rfind(b"\xff" + bytes([kind])) for kind in (0xC4, 0xDA, 0xDB, 0xDD))
    yield data[:last] + _END_OF_JPEG


def _mend_bmp(data: bytes, name: str, limits: Limits) -> Iterator[bytes]:
    """The data, filled up with zeros, of a BMP that is not packed."""
    if len(data) < 54:
        return
    start, size, width, height = struct.unpack("<IIii", data[10:26])
    bits, packing = struct.unpack("<HI", data[28:34])
    end = start + (width * bits + 31) // 32 * 4 * abs(height)
    check_pixels(abs(width), abs(height), name, limits)
    if size >= 40 and packing in (0, 3) and start < len(data) < end:
        yield data.ljust(end, b"\0")


def _mend_tiff(data: bytes, name: str, limits: Limits) -> Iterator[bytes]:
    """The same for a TIFF whose directory comes before its pixels."""
    try:
        directory = ifd.read_directory(BytesIO(data))
    except (ifd.BadDirectoryError, struct.error):
        return
    starts = directory.numbers(ifd.STRIP_OFFSETS)
    lengths = directory.numbers(ifd.STRIP_BYTE_COUNTS)
    end = max((sum(piece) for piece in zip(starts, lengths, strict=False)), default=0)
    plain = directory.number(ifd.COMPRESSION, 1) == 1
    wide, high = directory.number(ifd.IMAGE_WIDTH, 0), directory.number(ifd.IMAGE_LENGTH, 0)
    check_pixels(wide, high, name, limits)
    if plain and starts and min(starts) < len(data) < end <= len(data) + 16 * wide * high:
        yield data.ljust(end, b"\0")


_PIECE = 1 << 20
_MENDERS = {"PNG": _mend_png, "JPEG": _mend_jpeg, "BMP": _mend_bmp, "TIFF": _mend_tiff}
