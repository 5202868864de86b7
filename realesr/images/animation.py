"""Animations: frames one at a time, each whole, with how long it stays; and the way back to files.

What a file stores is often only the part that changed and how the rest is to be disposed of. Here a
frame is always the whole picture as it is seen, so an enlarged one can follow any other.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from realesr.errors import Notice
from realesr.gate import Header, Limits, open_picture
from realesr.gate.chunks import png_chunks
from realesr.gate.refusals import damaged, decoder
from realesr.images import Picture
from realesr.images.decoding import decode, upright
from realesr.images.packets import open_named
from realesr.images.png import essential_png

ANIMATED_FORMATS = ("GIF", "WEBP", "PNG", "AVIF")


@dataclass(frozen=True, eq=False)
class Animation:
    """An animation that is decoded frame by frame, as often as asked.

    Args:
        cover: The first frame, and what travels with the file: profile, EXIF, resolution, notices.
        durations: How long each frame stays, in milliseconds.
        plays: How often it runs; 0 for ever.
    """

    cover: Picture
    durations: tuple[float, ...]
    plays: int
    _data: bytes
    _header: Header

    def frames(self) -> Iterator[npt.NDArray[np.uint8]]:
        """Every frame, upright: HW, HWA (2), HWC (3) or HWCA (4); uint8; all of one kind.

        Raises:
            PictureError: E104 when one cannot be decoded.
        """
        channels = 1 if self.cover.pixels.ndim == 2 else self.cover.pixels.shape[2]
        for pixels, _ in _decoded(self._data, self._header, self.cover.name):
            yield _as_kind(pixels, channels)


def is_animation(header: Header) -> bool:
    """Whether a file holds frames that follow each other; the pages of a TIFF do not."""
    return header.frames > 1 and header.format in ANIMATED_FORMATS


def read_animation(path: str | os.PathLike[str], *, limits: Limits | None = None) -> Animation:
    """Read an animated GIF, WebP, PNG or AVIF.

    Every frame is decoded once here, so that a damaged one is found before any long work.

    Args:
        path: The file; ``is_animation`` holds for its header.
        limits: What is too large; the limits of the command line when left out.

    Raises:
        PictureError: E100 to E108, as ``read_picture``.
    """
    name = Path(path).name
    with open_picture(path, limits) as (stream, header):
        stream.seek(0)
        data = stream.read()
    single = decode(data, replace(header, frames=1), name)
    notices = single.notices
    if single.pixels.dtype == np.uint16:
        notices = (*notices, Notice("W110", "16-bit frames: read as 8 bit."))
    if header.format == "PNG":
        _, chunks = png_chunks(BytesIO(data), name, check=True)
        data = essential_png(data, chunks, animated=True)
    gray, opaque, durations, first = True, True, [], None
    for pixels, milliseconds in _decoded(data, header, name):
        first = pixels if first is None else first
        gray = gray and bool((pixels[..., :3] == pixels[..., :1]).all())
        opaque = opaque and bool((pixels[..., 3] == 255).all())
        durations.append(milliseconds)
    assert first is not None
    cover = Picture(
        pixels=_as_kind(first, (1 if gray else 3) + (not opaque)),
        exif=single.exif,
        xmp=single.xmp,
        dpi=single.dpi,
        format=header.format,
        name=name,
        notices=notices,
    )
    fits = single.icc and cover.is_gray == (single.pixels.ndim == 2 or single.pixels.shape[2] == 2)
    cover = replace(cover, icc=single.icc if fits else None)
    return Animation(cover, tuple(durations), _plays(data, header, name), data, header)


def _decoded(
    data: bytes, header: Header, name: str
) -> Iterator[tuple[npt.NDArray[np.uint8], float]]:
    """Each frame as upright RGBA, and its time; the decoder's door is held one frame at a time."""
    with decoder(name):
        image = open_named(data, header.format)
        first = int(getattr(image, "default_image", False))
        count = image.n_frames
    for number in range(first, count):
        with decoder(name):
            image.seek(number)
            image.load()
            pixels = np.asarray(image.convert("RGBA"))
            milliseconds = float(image.info.get("duration", 0))
        pixels = np.ascontiguousarray(upright(pixels, header.orientation))
        if pixels.shape[:2] != (header.height, header.width):
            raise damaged(name, f"frame {number + 1} has another size")
        yield pixels, milliseconds


def _as_kind(rgba: npt.NDArray[np.uint8], channels: int) -> npt.NDArray[np.uint8]:
    wanted: dict[int, Any] = {1: 0, 2: [0, 3], 3: slice(3), 4: slice(4)}
    return np.ascontiguousarray(rgba[..., wanted[channels]])


def _plays(data: bytes, header: Header, name: str) -> int:
    """How often an animation runs. A GIF counts its repetitions, the others their runs."""
    with decoder(name):
        loop = open_named(data, header.format).info.get("loop")
    if header.format == "GIF":
        return 1 if loop is None else 0 if loop == 0 else int(loop) + 1
    return int(loop or 0)
