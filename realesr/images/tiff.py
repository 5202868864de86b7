"""TIFF at its full depth: reading what the decoders shorten, writing what they cannot."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

from realesr.gate import ifd
from realesr.images.exif import Entry, finish_block, resolution_entries, start_block
from realesr.images.packets import tiff_packet

_ROWS_AT_ONCE = 1_000_000
_DEFLATE = (8, 32946)
_LEVEL = 2


def can_unpack(directory: ifd.Directory) -> bool:
    """Whether ``unpack_strips`` reads this kind: strips of 8 or 16 bit, plain or deflated."""
    return (
        set(directory.numbers(ifd.BITS_PER_SAMPLE)) in ({8}, {16})
        and directory.number(ifd.SAMPLE_FORMAT, 1) == 1
        and directory.number(ifd.COMPRESSION, 1) in (1, *_DEFLATE)
        and directory.number(ifd.PREDICTOR, 1) in (1, 2)
        and 1 <= directory.number(ifd.SAMPLES_PER_PIXEL, 1) <= 4
        and bool(directory.numbers(ifd.STRIP_OFFSETS))
    )


def unpack_strips(data: bytes, directory: ifd.Directory) -> npt.NDArray[Any]:
    """Read samples of 8 or 16 bit as they are stored, whatever their number and arrangement.

    Returns:
        HWC with as many channels as the file has samples; uint8 or uint16.

    Raises:
        ValueError: When a strip holds fewer samples than its rows need ("truncated").
    """
    width, height = directory.number(ifd.IMAGE_WIDTH, 0), directory.number(ifd.IMAGE_LENGTH, 0)
    samples = directory.number(ifd.SAMPLES_PER_PIXEL, 1)
    planar = directory.number(ifd.PLANAR_CONFIGURATION, 1) == 2
    together, planes = (1, samples) if planar else (samples, 1)
    tall = min(directory.number(ifd.ROWS_PER_STRIP, height), height)
    kind = np.dtype(f"u{max(directory.numbers(ifd.BITS_PER_SAMPLE)) // 8}")
    out = np.empty((planes, height, width, together), kind)
    pieces = zip(
        directory.numbers(ifd.STRIP_OFFSETS), directory.numbers(ifd.STRIP_BYTE_COUNTS), strict=True
    )
    strips = iter(pieces)
    for plane in range(planes):
        for top in range(0, height, tall):
            rows = min(tall, height - top)
            start, length = next(strips, (0, 0))
            need = rows * width * together * kind.itemsize
            raw = data[start : start + length]
            if directory.number(ifd.COMPRESSION, 1) in _DEFLATE:
                raw = zlib.decompressobj().decompress(raw, need)
            if len(raw) < need:
                raise ValueError("truncated strip")
            block = np.frombuffer(
                raw[:need], kind.newbyteorder("<" if directory.order == "<" else ">")
            )
            block = block.reshape(rows, width, together)
            if directory.number(ifd.PREDICTOR, 1) == 2:
                block = np.cumsum(block, axis=1, dtype=kind)
            out[plane, top : top + rows] = block
    return np.moveaxis(out[..., 0], 0, -1) if planar else out[0]


def encode_tiff(
    pixels: npt.NDArray[Any],
    *,
    icc: bytes | None = None,
    exif: bytes | None = None,
    xmp: bytes | None = None,
    dpi: tuple[float, float] | None = None,
) -> bytes:
    """Write a deflated TIFF at the depth of its pixels, 8 or 16 bit.

    The file begins with the EXIF block itself, so that every offset in it stays true.

    Args:
        pixels: HW, HWA (2), HWC (3) or HWCA (4); uint8 or uint16.
        icc: Colour profile.
        exif: EXIF block in TIFF form.
        xmp: XMP packet.
        dpi: Pixels per inch, across and down.
    """
    height, width = pixels.shape[:2]
    planes = pixels.reshape(height, width, -1)
    channels = planes.shape[2]
    data, order, entries = start_block(exif)
    rows = max(_ROWS_AT_ONCE // (width * channels * pixels.dtype.itemsize), 1)
    offsets, lengths = [], []
    for top in range(0, height, rows):
        strip = zlib.compress(_differences(planes[top : top + rows], order), _LEVEL)
        data += bytes(len(data) % 2)
        offsets.append(len(data))
        lengths.append(len(strip))
        data += strip

    def short(tag: int, *values: int) -> Entry:
        return Entry(tag, 3, len(values), struct.pack(f"{order}{len(values)}H", *values))

    def long(tag: int, *values: int) -> Entry:
        return Entry(tag, 4, len(values), struct.pack(f"{order}{len(values)}I", *values))

    entries += [
        long(ifd.IMAGE_WIDTH, width),
        long(ifd.IMAGE_LENGTH, height),
        short(ifd.BITS_PER_SAMPLE, *[pixels.dtype.itemsize * 8] * channels),
        short(ifd.COMPRESSION, 8),
        short(ifd.PHOTOMETRIC, 2 if channels >= 3 else 1),
        long(ifd.STRIP_OFFSETS, *offsets),
        short(ifd.ORIENTATION, 1),
        short(ifd.SAMPLES_PER_PIXEL, channels),
        long(ifd.ROWS_PER_STRIP, rows),
        long(ifd.STRIP_BYTE_COUNTS, *lengths),
        short(ifd.PLANAR_CONFIGURATION, 1),
        short(ifd.PREDICTOR, 2),
    ]
    if channels in (2, 4):
        entries.append(short(ifd.EXTRA_SAMPLES, 2))
    if dpi:
        entries += resolution_entries(order, dpi)
    if xmp:
        entries.append(tiff_packet(xmp))
    if icc:
        entries.append(Entry(ifd.ICC_PROFILE, 7, len(icc), icc))
    finish_block(data, order, entries)
    return bytes(data)


def _differences(planes: npt.NDArray[Any], order: str) -> bytes:
    """Each pixel as its difference from its left neighbour, in the file's byte order."""
    steps = planes.copy()
    steps[:, 1:] -= planes[:, :-1]
    return steps.astype(f"{order}u{steps.dtype.itemsize}", copy=False).tobytes()
