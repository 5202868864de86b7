"""Where each format keeps its XMP packet."""

from __future__ import annotations

import contextlib
import os
import struct
import zlib
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

from realesr.errors import PictureError
from realesr.gate import Limits, open_picture
from realesr.gate.chunks import png_chunks, read_chunk
from realesr.gate.refusals import decoder
from realesr.images.exif import Entry, tags_of_tiff

PNG_KEYWORD = b"XML:com.adobe.xmp"
TIFF_TAG = 700
_MOST_BYTES = 16_000_000
_PLUGINS = {
    "PNG": ("PngImagePlugin", "PngImageFile"),
    "JPEG": ("JpegImagePlugin", "JpegImageFile"),
    "WEBP": ("WebPImagePlugin", "WebPImageFile"),
    "AVIF": ("AvifImagePlugin", "AvifImageFile"),
    "TIFF": ("TiffImagePlugin", "TiffImageFile"),
    "BMP": ("BmpImagePlugin", "BmpImageFile"),
    "GIF": ("GifImagePlugin", "GifImageFile"),
}
_GIF_HEAD = b"!\xff\x0bXMP DataXMP"
# A reader that knows nothing of XMP takes these bytes for lengths, each of which leads to the end.
_GIF_TAIL = b"\x01" + bytes(range(255, -1, -1)) + b"\x00"


def open_named(data: bytes, picture_format: str) -> Any:
    """Open with one named plugin: no other gets to look at the file."""
    module, plugin = _PLUGINS[picture_format]
    return getattr(import_module(f"PIL.{module}"), plugin)(BytesIO(data), "")


def find_packet(data: bytes, picture_format: str, name: str) -> bytes | None:
    """The XMP packet of a picture file as it stands there; None where there is none to be read.

    Args:
        data: The whole file.
        picture_format: What the gate says it is.
        name: The file's name.
    """
    with contextlib.suppress(PictureError, zlib.error, struct.error, ValueError):
        if picture_format == "PNG":
            return _in_png(data, name)
        if picture_format == "TIFF":
            return _in_tiff(data)
        if picture_format == "GIF":
            return _in_gif(data)
        with decoder(name):
            found = open_named(data, picture_format).info.get("xmp")
            return found if isinstance(found, bytes) and found else None
    return None


def read_packet(path: str | os.PathLike[str], limits: Limits | None = None) -> bytes | None:
    """The XMP packet of a file, without decoding the picture.

    Raises:
        PictureError: As ``inspect_header``.
    """
    with open_picture(path, limits) as (stream, header):
        stream.seek(0)
        return find_packet(stream.read(), header.format, Path(path).name)


def png_packet(packet: bytes) -> bytes:
    """The data of the block iTXt that holds a packet: keyword, no packing, no language."""
    return PNG_KEYWORD + b"\0\0\0\0\0" + packet


def with_gif_packet(data: bytes, packet: bytes) -> bytes:
    """A GIF with a packet before its last byte, the end mark."""
    return b"".join([data[:-1], _GIF_HEAD, packet, _GIF_TAIL, data[-1:]])


def tiff_packet(packet: bytes) -> Entry:
    """The tag of a TIFF that holds a packet."""
    return Entry(TIFF_TAG, 1, len(packet), packet)


def _in_png(data: bytes, name: str) -> bytes | None:
    stream = BytesIO(data)
    _, chunks = png_chunks(stream, name, check=False)
    for chunk in chunks:
        text = read_chunk(stream, chunk) if chunk.kind == b"iTXt" else b""
        if text.startswith(PNG_KEYWORD + b"\0"):
            packed, rest = text[len(PNG_KEYWORD) + 1], text[len(PNG_KEYWORD) + 3 :]
            packet = rest.split(b"\0", 2)[2]
            return zlib.decompressobj().decompress(packet, _MOST_BYTES) if packed else packet
    return None


def _in_tiff(data: bytes) -> bytes | None:
    return next((tag.value for tag in tags_of_tiff(data) if tag.tag == TIFF_TAG), None)


def _in_gif(data: bytes) -> bytes | None:
    start = data.find(_GIF_HEAD)
    end = data.find(_GIF_TAIL[:16], start)
    return data[start + len(_GIF_HEAD) : end] if 0 <= start < end else None
