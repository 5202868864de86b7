"""From a picture that was kept to the files of the data set: its own bytes, copies, sub-images."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from data_tools.cropping import best_places
from data_tools.encoding import encode_quickly
from data_tools.looking import open_header
from data_tools.scaling import scaled, sizes_of
from data_tools.settings import Shape
from realesr.images.decoding import decode

SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp", "TIFF": ".tif"}
SUFFIXES |= {"AVIF": ".avif", "BMP": ".bmp", "GIF": ".gif"}
_LONGEST_NAME = 60


@dataclass(frozen=True)
class Shaped:
    """One file of the data set.

    Attributes:
        name: Its name, without folder.
        data: Its bytes.
        sha256: Of them.
        width: In pixels.
        height: In pixels.
    """

    name: str
    data: bytes
    sha256: str
    width: int
    height: int


def shape(
    source: str, data: bytes, sha256: str, size: tuple[int, int], format: str, how: Shape
) -> Iterator[Shaped | str]:
    """The files that are made of a picture.

    Args:
        source: What it is called.
        data: Its bytes.
        sha256: Of them.
        size: Width and height.
        format: As its header says.
        how: What to make.

    Yields:
        Files; and a sentence where none could be made.
    """
    stem = stem_of(source, sha256)
    if how.keeps_bytes:
        yield Shaped(stem + SUFFIXES[format], data, sha256, *size)
        return
    decoded = decode(data, open_header(data, source), source)
    for width, height in sizes_of(*size, how):
        pixels = scaled(decoded.pixels, width, height)
        mark = "" if (width, height) == size else f"-{width}x{height}"
        if not how.crop:
            yield _file(f"{stem}{mark}", pixels, decoded.icc)
            continue
        places = best_places(pixels, how)
        if min(width, height) < how.crop:
            yield f"{width}×{height} is smaller than the crop of {how.crop} px."
        elif not places:
            yield f"No sub-image of {how.crop} px holds enough detail at {width}×{height}."
        for top, left in places:
            cut = pixels[top : top + how.crop, left : left + how.crop]
            yield _file(f"{stem}{mark}-y{top}-x{left}", cut, decoded.icc)


def stem_of(source: str, sha256: str) -> str:
    """A name that no other picture has: what it was called, and the beginning of its SHA-256.

    >>> stem_of("photos/Küche (1).JPG", "0123456789abcdef")
    'Küche-1-0123456789ab'
    """
    stem = PurePosixPath(source.replace("\\", "/")).stem
    plain = re.sub(r"[^\w.-]+", "-", stem).strip("-.")[:_LONGEST_NAME] or "picture"
    return f"{plain}-{sha256[:12]}"


def is_our_name(name: str) -> bool:
    """Whether `shape` gives files such names.

    >>> is_our_name("b-0123456789ab-640x480-y0-x8.png"), is_our_name("holiday.png")
    (True, False)
    """
    return bool(re.search(r"-[0-9a-f]{12}(-\d+x\d+)?(-y\d+-x\d+)?\.[a-z]+$", name))


def _file(stem: str, pixels: Any, icc: bytes | None) -> Shaped:
    data = encode_quickly(pixels, icc)
    sha256 = hashlib.sha256(data).hexdigest()
    return Shaped(stem + ".png", data, sha256, pixels.shape[1], pixels.shape[0])


def write_files(folder: Path, files: list[Shaped]) -> None:
    """Write files; who needs to know that they are whole writes that down afterwards."""
    for file in files:
        (folder / file.name).write_bytes(file.data)
