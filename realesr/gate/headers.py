"""Reading what a picture file says about itself, without decoding a single pixel."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from realesr.errors import PictureError
from realesr.gate import ifd
from realesr.gate.chunks import Chunk, png_chunks, read_chunk, webp_chunks
from realesr.gate.refusals import cut_short, damaged, decoder

_PLUGINS = {
    "JPEG": ("JpegImagePlugin", "JpegImageFile"),
    "BMP": ("BmpImagePlugin", "BmpImageFile"),
    "AVIF": ("AvifImagePlugin", "AvifImageFile"),
}
_CHANNELS = {"1": 1, "L": 1, "I": 1, "F": 1, "LA": 2, "RGBA": 4, "P": 4}


@dataclass(frozen=True)
class Header:
    """What a picture file says about itself.

    Args:
        format: One of ``PNG JPEG WEBP AVIF TIFF BMP GIF``.
        width: Width in pixels once upright.
        height: Height in pixels once upright.
        mode: Colour mode of the file in Pillow's words: ``1 L LA P RGB RGBA CMYK YCbCr LAB F I``.
        bits: Bits per sample in the file.
        frames: Number of frames or pages, counted up to a thousand.
        orientation: EXIF orientation, 1 to 8; 1 is upright as stored.
    """

    format: str
    width: int
    height: int
    mode: str
    bits: int = 8
    frames: int = 1
    orientation: int = 1

    @property
    def pixels(self) -> int:
        """Number of pixels."""
        return self.width * self.height

    @property
    def channels(self) -> int:
        """Number of channels that reading gives at most; a palette may hold less than RGBA."""
        return _CHANNELS.get(self.mode, 3)


def read_header(stream: BinaryIO, picture_format: str, name: str) -> Header:
    """Read a picture's header.

    Args:
        stream: The file, seekable.
        picture_format: What its first bytes announce.
        name: The file's name, for the sentence of a refusal.

    Raises:
        PictureError: E103, E104 or E108 when the header cannot be followed.
    """
    readers = {"PNG": _read_png, "WEBP": _read_webp, "TIFF": _read_tiff, "GIF": _read_gif}
    header: Header
    if picture_format in readers:
        header = readers[picture_format](stream, name)
    else:
        header = _read_with_pillow(stream, picture_format, name)
    if header.width < 1 or header.height < 1:
        raise damaged(name, f"it claims a size of {header.width}×{header.height}")
    return header


def _upright(header: Header, orientation: int) -> Header:
    """The header with its orientation, its sides swapped where that lies on a side."""
    if orientation not in range(2, 9):
        return header
    sides = (header.width, header.height)
    width, height = sides[::-1] if orientation >= 5 else sides
    return Header(
        header.format, width, height, header.mode, header.bits, header.frames, orientation
    )


def orientation_of(exif: bytes) -> int:
    """The orientation an EXIF block states; 1 where it states none or cannot be read."""
    try:
        directory = ifd.read_directory(BytesIO(exif.removeprefix(b"Exif\x00\x00")))
    except (ifd.BadDirectoryError, struct.error):
        return 1
    value = directory.number(ifd.ORIENTATION, 1)
    return value if value in range(1, 9) else 1


def _read_with_pillow(stream: BinaryIO, picture_format: str, name: str) -> Header:
    from importlib import import_module

    module, plugin = _PLUGINS[picture_format]
    with decoder(name):
        stream.seek(0)
        image = getattr(import_module(f"PIL.{module}"), plugin)(stream, "")
        width, height = image.size
        frames = getattr(image, "n_frames", 1)
        mode, orientation = image.mode, orientation_of(image.info.get("exif") or b"")
    if not frames:
        raise PictureError("E108", f"{name} holds no frame.", "Save it again.")
    return _upright(Header(picture_format, width, height, mode, 8, frames), orientation)


def _read_png(stream: BinaryIO, name: str) -> Header:
    shape, chunks = png_chunks(stream, name, check=False)
    kinds = {chunk.kind: chunk for chunk in reversed(chunks)}
    mode = {0: "L", 2: "RGB", 3: "P", 4: "LA", 6: "RGBA"}[shape.colour]
    if b"tRNS" in kinds:
        mode = {"L": "LA", "RGB": "RGBA", "P": "RGBA"}.get(mode, mode)
    frames = 1
    if b"acTL" in kinds:
        frames = int.from_bytes(read_chunk(stream, kinds[b"acTL"])[:4], "big")
    header = Header("PNG", shape.width, shape.height, mode, shape.bits, max(frames, 1))
    if b"eXIf" not in kinds:
        return header
    return _upright(header, orientation_of(read_chunk(stream, kinds[b"eXIf"])))


def _read_webp(stream: BinaryIO, name: str) -> Header:
    chunks = webp_chunks(stream, name)
    frames = [chunk for chunk in chunks if chunk.kind == b"ANMF"]
    first = chunks[0] if chunks else Chunk(b"", 0, 0)
    head = read_chunk(stream, Chunk(first.kind, first.start, min(first.length, 10)))
    if len(head) < 5:
        raise damaged(name, "it holds no picture")
    alpha = False
    if first.kind == b"VP8X" and len(head) == 10:
        alpha = bool(head[0] & 0x10)
        animated = bool(head[0] & 0x02)
        width = 1 + int.from_bytes(head[4:7], "little")
        height = 1 + int.from_bytes(head[7:10], "little")
        if animated and not frames:
            raise PictureError("E108", f"{name} holds no frame.", "Save it again.")
    elif first.kind == b"VP8L" and head[0] == 0x2F:
        word = int.from_bytes(head[1:5], "little")
        width, height = 1 + (word & 0x3FFF), 1 + (word >> 14 & 0x3FFF)
        alpha = bool(word >> 28 & 1)
    elif first.kind == b"VP8 " and head[3:6] == b"\x9d\x01\x2a" and len(head) == 10:
        width, height = (side & 0x3FFF for side in struct.unpack("<HH", head[6:10]))
    else:
        raise damaged(name, "its first block describes no picture")
    header = Header("WEBP", width, height, "RGBA" if alpha else "RGB", 8, max(len(frames), 1))
    exif = next((chunk for chunk in chunks if chunk.kind == b"EXIF"), None)
    return _upright(header, orientation_of(read_chunk(stream, exif))) if exif else header


def _read_tiff(stream: BinaryIO, name: str) -> Header:
    try:
        directory = ifd.read_directory(stream)
    except (ifd.BadDirectoryError, struct.error) as error:
        detail = str(error)
        raise cut_short(name) if "it ends" in detail else damaged(name, detail) from error
    size = stream.seek(0, 2)
    for offsets, counts in (
        (ifd.STRIP_OFFSETS, ifd.STRIP_BYTE_COUNTS),
        (ifd.TILE_OFFSETS, ifd.TILE_BYTE_COUNTS),
    ):
        pieces = zip(directory.numbers(offsets), directory.numbers(counts), strict=False)
        end = max((start + length for start, length in pieces), default=0)
        if end > size:
            raise cut_short(name, size / end)
    header = Header(
        "TIFF",
        directory.number(ifd.IMAGE_WIDTH, 0),
        directory.number(ifd.IMAGE_LENGTH, 0),
        _tiff_mode(directory),
        max(directory.numbers(ifd.BITS_PER_SAMPLE) or [1]),
        directory.frames,
    )
    return _upright(header, directory.number(ifd.ORIENTATION, 1))


def _tiff_mode(directory: ifd.Directory) -> str:
    if directory.number(ifd.SAMPLE_FORMAT, 1) == 3:
        return "F"
    samples = directory.number(ifd.SAMPLES_PER_PIXEL, 1)
    photometric = directory.number(ifd.PHOTOMETRIC, 1)
    bits = max(directory.numbers(ifd.BITS_PER_SAMPLE) or [1])
    if directory.number(ifd.SAMPLE_FORMAT, 1) != 1 or bits > 16:
        return "I"
    if photometric in (0, 1):
        return "1" if bits == 1 else "L" if samples == 1 else "LA"
    names = {2: "RGB" if samples == 3 else "RGBA", 3: "P", 5: "CMYK", 6: "YCbCr", 8: "LAB"}
    return names.get(photometric, "I")


def _read_gif(stream: BinaryIO, name: str) -> Header:
    """Count frames block by block, which is quicker and safer than stepping through them."""
    stream.seek(6)
    screen = stream.read(7)
    if len(screen) < 7:
        raise cut_short(name)
    width, height, flags = struct.unpack("<HHB", screen[:5])
    stream.seek(13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0))
    frames = 0
    while frames < ifd.MOST_FRAMES:
        kind = stream.read(1)
        if kind == b"!":
            stream.read(1)
        elif kind == b",":
            box = stream.read(9)
            if len(box) < 9:
                break
            if not frames:
                left, top, wide, high = struct.unpack("<HHHH", box[:8])
                width, height = max(width, left + wide), max(height, top + high)
            frames += 1
            stream.seek(1 + (3 << (box[8] & 7) + 1 if box[8] & 0x80 else 0), 1)
        else:
            break
        while length := stream.read(1)[:1]:
            if length == b"\x00":
                break
            stream.seek(length[0], 1)
    if not frames:
        raise PictureError("E108", f"{name} holds no frame.", "Save it again.")
    return Header("GIF", width, height, "P", 8, frames)
