"""Samples at the depth they were stored; Pillow would cut 16 bits to 8 without a word."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

from realesr.errors import Notice, PictureError
from realesr.gate import Header, ifd
from realesr.gate.chunks import Chunk, PngShape
from realesr.gate.refusals import decoder
from realesr.images.png import plain_png
from realesr.images.tiff import can_unpack, unpack_strips

_TRANSFERS = {16: "PQ", 18: "HLG"}
_HEAD_BYTES = 65_536


def read_png16(data: bytes, shape: PngShape, chunks: list[Chunk]) -> npt.NDArray[np.uint16]:
    """The samples of a 16-bit PNG; the caller holds the ``decoder`` door."""
    pixels = _imdecode(plain_png(data, shape, chunks))
    if shape.colour == 4:
        return pixels[..., (0, 3)] if pixels.ndim == 3 and pixels.shape[2] == 4 else pixels
    return pixels


def read_tiff(
    data: bytes, header: Header, directory: ifd.Directory, name: str
) -> tuple[npt.NDArray[Any], tuple[Notice, ...]]:
    """The samples of a gray or RGB TIFF that Pillow would shorten, or need not be asked for.

    Raises:
        PictureError: E105 for a kind that has no defined brightness here, E111 for samples that
            are not numbers.
    """
    samples = directory.number(ifd.SAMPLES_PER_PIXEL, 1)
    if header.mode not in ("L", "LA", "RGB", "RGBA", "F") or not 1 <= samples <= 4:
        raise _not_read(name, f"{header.bits}-bit {header.mode} samples in {samples} channels")
    if header.mode != "F" and header.bits not in (8, 16):
        raise _not_read(name, f"{header.bits}-bit samples")
    with decoder(name):
        if can_unpack(directory):
            pixels = unpack_strips(data, directory)
        elif samples == 2 or directory.number(ifd.PLANAR_CONFIGURATION, 1) == 2:
            raise _not_read(name, f"{header.bits}-bit planes in a rare packing")
        else:
            pixels = _imdecode(data)
    if header.mode == "F":
        return _from_float(pixels, name)
    if pixels.dtype not in (np.uint8, np.uint16):
        raise _not_read(name, f"{header.bits}-bit samples")
    return _as_shown(pixels, directory)


def _as_shown(
    pixels: npt.NDArray[Any], directory: ifd.Directory
) -> tuple[npt.NDArray[Any], tuple[Notice, ...]]:
    """Give stored samples their meaning: white is high, alpha is straight."""
    notices: tuple[Notice, ...] = ()
    pixels = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if directory.number(ifd.PHOTOMETRIC, 1) == 0:
        inverted = np.iinfo(pixels.dtype).max - pixels
        pixels = inverted if channels == 1 else np.dstack([inverted[..., 0], pixels[..., 1]])
    if channels in (2, 4):
        meaning = directory.number(ifd.EXTRA_SAMPLES, 0)
        if meaning == 0:
            notices = (Notice("W110", "A channel of unstated meaning was left out."),)
            pixels = pixels[..., 0] if channels == 2 else pixels[..., :3]
        elif meaning == 1:
            pixels = _straight_alpha(pixels)
    return pixels, notices


def _straight_alpha(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Divide colours that were stored multiplied by their alpha."""
    top = np.iinfo(pixels.dtype).max
    alpha = pixels[..., -1:].astype(np.uint64)
    colour = pixels[..., :-1].astype(np.uint64)
    divided = np.minimum((colour * top + alpha // 2) // np.maximum(alpha, 1), top)
    return np.concatenate([divided.astype(pixels.dtype), pixels[..., -1:]], axis=-1)


def _from_float(
    values: npt.NDArray[Any], name: str
) -> tuple[npt.NDArray[np.uint16], tuple[Notice, ...]]:
    """Floating-point samples between 0 and 1 as 16 bit; everything else has no defined meaning."""
    wrong = ~np.isfinite(values)
    wrong = wrong if wrong.ndim == 2 else wrong.any(axis=-1)
    if count := int(wrong.sum()):
        row, column = (int(places[0]) for places in np.nonzero(wrong))
        what = "pixel that is not a number" if count == 1 else "pixels that are not numbers"
        raise PictureError(
            "E111",
            f"{name} has {count:,} {what} (first at column {column}, row {row}).",
            "Repair it in the program that made it.",
        )
    low, high = float(values.min()), float(values.max())
    if low < 0 or high > 1:
        raise PictureError(
            "E111",
            f"{name} holds floating-point values from {low:g} to {high:g}; only 0 to 1 have a "
            "defined brightness here.",
            "Rescale it, or save it as 16 bit.",
        )
    notice = Notice("W110", f"{values.dtype.itemsize * 8}-bit floating point: rounded to 16 bit.")
    return np.rint(values * 65535.0).astype(np.uint16), (notice,)


def hdr_transfer(data: bytes) -> str | None:
    """The HDR transfer function an AVIF names (PQ or HLG), or None."""
    at = data.find(b"colrnclx", 0, _HEAD_BYTES)
    return _TRANSFERS.get(int.from_bytes(data[at + 10 : at + 12], "big")) if at >= 0 else None


def high_depth_avif(data: bytes) -> int | None:
    """The bits per sample of an AVIF with more than 8, else None."""
    at = data.find(b"av1C", 0, _HEAD_BYTES)
    if at < 0 or len(data) < at + 7 or not data[at + 6] & 0x40:
        return None
    return 12 if data[at + 6] & 0x20 else 10


def _not_read(name: str, what: str) -> PictureError:
    return PictureError(
        "E105", f"{name} holds {what}, which are not read here.", "Save it as a 16-bit PNG first."
    )


def _imdecode(data: bytes) -> npt.NDArray[Any]:
    import cv2

    with _silent(cv2):
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError("")
    if pixels.ndim == 3 and pixels.shape[2] >= 3:
        order = (2, 1, 0) if pixels.shape[2] == 3 else (2, 1, 0, 3)
        return np.asarray(pixels[..., order])
    return np.asarray(pixels)


@contextmanager
def _silent(cv2: Any) -> Iterator[None]:
    """OpenCV would print its own account of a damaged file; the caller says it better."""
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(level)
