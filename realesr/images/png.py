"""Reading 16-bit PNG exactly, and writing PNG with every block it should carry."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt

from realesr.gate.chunks import PNG_SIGNATURE, Chunk, PngShape, read_chunk
from realesr.images.packets import png_packet

_INCH = 0.0254
_ROWS_AT_ONCE = 4_000_000
_LEVEL = 2
_ESSENTIAL = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_ANIMATED = (b"acTL", b"fcTL", b"fdAT")


def essential_png(data: bytes, chunks: list[Chunk], *, animated: bool = False) -> bytes:
    """The same PNG without the blocks that do not make pixels, such as long or damaged texts.

    Args:
        data: The whole file.
        chunks: Its blocks.
        animated: Keep the frames of an animation too.
    """
    wanted = _ESSENTIAL + _ANIMATED if animated else _ESSENTIAL
    kept = [chunk for chunk in chunks if chunk.kind in wanted]
    parts = [data[chunk.start - 8 : chunk.start + chunk.length + 4] for chunk in kept]
    return b"".join([PNG_SIGNATURE, *parts])


def plain_png(data: bytes, shape: PngShape, chunks: list[Chunk]) -> bytes:
    """The same pixels in a PNG that no decoder can stumble over or colour by itself.

    The rows are unpacked and checked here and wrapped anew, unpacked, without the blocks for gamma
    and profile; libpng would write its complaints straight to the terminal.

    Raises:
        ValueError: When rows are missing ("truncated") or predicted in an unknown way.
        zlib.error: When the packing is damaged.
    """
    stream = BytesIO(data)
    packed = b"".join(read_chunk(stream, chunk) for chunk in chunks if chunk.kind == b"IDAT")
    rows = zlib.decompressobj().decompress(packed, shape.raw_bytes)
    if len(rows) < shape.raw_bytes:
        raise ValueError("truncated rows")
    at = 0
    for height, length in shape.passes:
        if height and max(rows[at : at + height * length : length]) > 4:
            raise ValueError("a row is predicted in an unknown way")
        at += height * length
    blocks = [
        png_block(b"IHDR", read_chunk(stream, chunks[0])),
        png_block(b"IDAT", zlib.compress(rows, 0)),
        png_block(b"IEND", b""),
    ]
    return b"".join([PNG_SIGNATURE, *blocks])


def transparent_colour(pixels: npt.NDArray[Any], key: bytes, bits: int) -> npt.NDArray[Any]:
    """Turn a PNG's transparent colour into an alpha channel, exactly.

    Args:
        pixels: HW or HWC of 3; uint8 or uint16, scaled to the full range.
        key: The data of block tRNS: one or three 16-bit samples at the file's own depth.
        bits: Bits per sample in the file.
    """
    samples = 1 if pixels.ndim == 2 else 3
    if len(key) != 2 * samples:
        return pixels
    top = np.iinfo(pixels.dtype).max
    colour = [value * (top // ((1 << bits) - 1)) for value in struct.unpack(f">{samples}H", key)]
    planes = pixels if samples == 3 else pixels[..., None]
    seen = (planes != np.array(colour)).any(axis=-1, keepdims=True)
    alpha = np.where(seen, top, 0).astype(pixels.dtype)
    return np.concatenate([planes, alpha], axis=-1)


def encode_png(
    pixels: npt.NDArray[Any],
    *,
    icc: bytes | None = None,
    exif: bytes | None = None,
    xmp: bytes | None = None,
    dpi: tuple[float, float] | None = None,
) -> bytes:
    """Write a PNG at the depth of its pixels, 8 or 16 bit.

    Every row is predicted from the mean of its left and upper neighbours: on photographs that one
    filter packs as well as choosing per row, and takes a fraction of the time.

    Args:
        pixels: HW, HWA (2), HWC (3) or HWCA (4); uint8 or uint16.
        icc: Colour profile.
        exif: EXIF block in TIFF form.
        xmp: XMP packet.
        dpi: Pixels per inch, across and down.
    """
    blocks = png_head(pixels, icc=icc, exif=exif, xmp=xmp, dpi=dpi)
    blocks += [png_block(b"IDAT", piece) for piece in packed_rows(pixels)]
    return b"".join([PNG_SIGNATURE, *blocks, png_block(b"IEND", b"")])


def png_head(
    pixels: npt.NDArray[Any],
    *,
    icc: bytes | None,
    exif: bytes | None,
    xmp: bytes | None = None,
    dpi: tuple[float, float] | None = None,
) -> list[bytes]:
    """The blocks before the data; arguments as for ``encode_png``."""
    height, width = pixels.shape[:2]
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[_channels(pixels)]
    bits = pixels.dtype.itemsize * 8
    blocks = [png_block(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))]
    if icc:
        blocks.append(png_block(b"iCCP", b"ICC profile\x00\x00" + zlib.compress(icc)))
    if dpi:
        per_metre = [min(max(round(value / _INCH), 1), 2**31 - 1) for value in dpi]
        blocks.append(png_block(b"pHYs", struct.pack(">IIB", *per_metre, 1)))
    if exif:
        blocks.append(png_block(b"eXIf", exif))
    if xmp:
        blocks.append(png_block(b"iTXt", png_packet(xmp)))
    return blocks


def png_block(kind: bytes, data: bytes) -> bytes:
    """One block: length, kind, data, checksum."""
    checksum = zlib.crc32(data, zlib.crc32(kind))
    return b"".join([struct.pack(">I", len(data)), kind, data, struct.pack(">I", checksum)])


def _channels(pixels: npt.NDArray[Any]) -> int:
    return 1 if pixels.ndim == 2 else int(pixels.shape[2])


def packed_rows(pixels: npt.NDArray[Any]) -> list[bytes]:
    """Filter and compress the rows a few megabytes at a time."""
    height, width = pixels.shape[:2]
    step = _channels(pixels) * pixels.dtype.itemsize
    rows = max(_ROWS_AT_ONCE // (width * step), 1)
    packer = zlib.compressobj(_LEVEL)
    above = np.zeros((1, width * step), np.uint8)
    pieces = []
    for top in range(0, height, rows):
        some = np.ascontiguousarray(pixels[top : top + rows])
        raw = some.astype(some.dtype.newbyteorder(">"), copy=False).view(np.uint8)
        raw = raw.reshape(len(some), -1)
        pieces.append(packer.compress(_filtered(raw, above, step).tobytes()))
        above = raw[-1:]
    pieces.append(packer.flush())
    return [piece for piece in pieces if piece]


def _filtered(
    raw: npt.NDArray[np.uint8], above: npt.NDArray[np.uint8], step: int
) -> npt.NDArray[np.uint8]:
    """Subtract the mean of the left and the upper byte (PNG's filter 3)."""
    upper = np.concatenate([above, raw[:-1]])
    left = np.zeros_like(raw)
    left[:, step:] = raw[:, :-step]
    # The floor of the mean, without leaving eight bits.
    mean = (left & upper) + ((left ^ upper) >> 1)
    lines = np.empty((len(raw), raw.shape[1] + 1), np.uint8)
    lines[:, 0] = 3
    np.subtract(raw, mean, out=lines[:, 1:])
    return lines
