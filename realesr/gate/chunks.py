"""The blocks a PNG or WebP file is made of."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from realesr.errors import PictureError
from realesr.gate.refusals import cut_short

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MOST_CHUNKS = 1_000_000
_PIECE = 1 << 20
# Colour type -> samples per pixel.
PNG_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# The seven passes of interlacing: first column, first row, step across, step down.
_ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)


@dataclass(frozen=True)
class Chunk:
    """One block of a PNG or WebP file: its kind, where its data starts, how long it is."""

    kind: bytes
    start: int
    length: int


@dataclass(frozen=True)
class PngShape:
    """What a PNG's first block says.

    Args:
        width: Width in pixels, as stored.
        height: Height in pixels, as stored.
        bits: Bits per sample: 1, 2, 4, 8 or 16.
        colour: Colour type: 0 gray, 2 RGB, 3 palette, 4 gray and alpha, 6 RGB and alpha.
        interlaced: Whether the rows come in the seven passes of Adam7.
    """

    width: int
    height: int
    bits: int
    colour: int
    interlaced: bool

    @property
    def passes(self) -> list[tuple[int, int]]:
        """Rows, and bytes per row with its filter byte, of each pass over the picture."""
        sizes = [(self.width, self.height)]
        if self.interlaced:
            sizes = [
                (-(-(self.width - left) // across), -(-(self.height - top) // down))
                for left, top, across, down in _ADAM7
            ]
        bits = self.bits * PNG_SAMPLES[self.colour]
        return [(max(high, 0), 1 + (wide * bits + 7) // 8) for wide, high in sizes if wide > 0]

    @property
    def raw_bytes(self) -> int:
        """Length of the unpacked data, filter bytes included."""
        return sum(height * length for height, length in self.passes)


def png_chunks(stream: BinaryIO, name: str, *, check: bool) -> tuple[PngShape, list[Chunk]]:
    """List the blocks of a PNG file up to its end block.

    Pillow accepts a picture whose data block has a wrong checksum; this does not.

    Args:
        stream: The file, positioned anywhere.
        name: The file's name, for the sentence of a refusal.
        check: Verify every block's checksum, which reads the whole file.

    Raises:
        PictureError: E103 when the file stops early, E104 when a block is damaged.
    """
    size = stream.seek(0, 2)
    at = len(PNG_SIGNATURE)
    chunks: list[Chunk] = []
    while len(chunks) < _MOST_CHUNKS:
        stream.seek(at)
        head = stream.read(8)
        if len(head) < 8:
            raise _cut_png(stream, name, chunks)
        length, kind = struct.unpack(">I4s", head)
        if not kind.isalpha() or length > 0x7FFFFFFF:
            raise _bad_block(name, "its blocks do not follow each other", at)
        chunk = Chunk(kind, at + 8, length)
        chunks.append(chunk)
        if at + 12 + length > size:
            raise _cut_png(stream, name, chunks)
        if (check or len(chunks) == 1) and not _checksum_holds(stream, chunk):
            raise _bad_block(name, f"bad checksum in block {kind.decode()}", at)
        if kind == b"IEND":
            break
        at += 12 + length
    shape = png_shape(stream, name, chunks)
    if not any(chunk.kind == b"IDAT" for chunk in chunks):
        raise PictureError("E108", f"{name} holds no picture data.", "Save it again.")
    return shape, chunks


def read_chunk(stream: BinaryIO, chunk: Chunk) -> bytes:
    """The data of one block."""
    stream.seek(chunk.start)
    return stream.read(chunk.length)


def _bad_block(name: str, what: str, at: int) -> PictureError:
    cause = f"{name} is damaged ({what} at byte {at:,})."
    return PictureError("E104", cause, "Copy or download it again.")


def _checksum_holds(stream: BinaryIO, chunk: Chunk) -> bool:
    stream.seek(chunk.start)
    value = zlib.crc32(chunk.kind)
    left = chunk.length
    while left:
        piece = stream.read(min(left, _PIECE))
        if not piece:
            return False
        value = zlib.crc32(piece, value)
        left -= len(piece)
    return stream.read(4) == struct.pack(">I", value)


def png_shape(stream: BinaryIO, name: str, chunks: list[Chunk]) -> PngShape:
    """What the first block of a PNG says.

    Raises:
        PictureError: E104 when it describes no PNG picture.
    """
    first = chunks[0] if chunks else None
    if first is None or first.kind != b"IHDR" or first.length != 13:
        raise _bad_block(name, "it does not start with block IHDR", 8)
    width, height, bits, colour, packing, filtering, interlace = struct.unpack(
        ">IIBBBBB", read_chunk(stream, first)
    )
    allowed = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
    known = bits in allowed.get(colour, ()) and packing == filtering == 0 and interlace < 2
    if not (known and 0 < width < 1 << 31 and 0 < height < 1 << 31):
        raise _bad_block(name, "block IHDR describes no PNG picture", 8)
    return PngShape(width, height, bits, colour, bool(interlace))


def _cut_png(stream: BinaryIO, name: str, chunks: list[Chunk]) -> PictureError:
    """The refusal of a cut PNG, with the share of the pixels that can still be unpacked."""
    try:
        expected = png_shape(stream, name, chunks).raw_bytes
        unpacker, unpacked = zlib.decompressobj(), 0
        for chunk in chunks:
            if chunk.kind != b"IDAT":
                continue
            pending = read_chunk(stream, chunk)
            while pending and not unpacker.eof:
                unpacked += len(unpacker.decompress(pending, _PIECE))
                pending = unpacker.unconsumed_tail
                if unpacked > expected:
                    return cut_short(name)
        return cut_short(name, unpacked / expected)
    except (PictureError, zlib.error, struct.error):
        return cut_short(name)


def webp_chunks(stream: BinaryIO, name: str) -> list[Chunk]:
    """List the blocks of a WebP file.

    Raises:
        PictureError: E103 when the file is shorter than its first line says.
    """
    size = stream.seek(0, 2)
    stream.seek(4)
    declared = int.from_bytes(stream.read(4), "little") + 8
    if size < declared:
        raise cut_short(name, size / declared)
    chunks: list[Chunk] = []
    at = 12
    while at + 8 <= declared and len(chunks) < _MOST_CHUNKS:
        stream.seek(at)
        kind, length = struct.unpack("<4sI", stream.read(8))
        chunks.append(Chunk(kind, at + 8, length))
        at += 8 + length + (length & 1)
    return chunks
