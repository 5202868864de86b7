"""The gate every picture passes before it is decoded: quick, light, and without torch.

The order is the protection: kind of file, size on disk, first bytes, header, number of pixels. A
38-byte file that claims 13000×13000 pixels is refused for its header, not decoded to find out.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from realesr.errors import PictureError
from realesr.gate.headers import Header, read_header
from realesr.gate.signatures import PREFIX_BYTES, identify

__all__ = [
    "WEB",
    "Header",
    "Limits",
    "check_output",
    "check_pixels",
    "inspect_header",
    "open_picture",
    "output_format",
]

_SUFFIXES = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".avif": "AVIF",
}
# The longest side a format (or, for JPEG and AVIF, every decoder in use) can hold.
_LONGEST_SIDE = {"PNG": 2**31 - 1, "JPEG": 65_500, "WEBP": 16_383, "TIFF": 2**31 - 1}
_LONGEST_SIDE |= {"AVIF": 32_768, "GIF": 65_535}
_TIFF_BYTES = 2**32 - 2**20


@dataclass(frozen=True)
class Limits:
    """How large a picture may be before it is refused unread.

    Args:
        max_bytes: Size on disk, in bytes.
        max_pixels: Width times height.
    """

    max_bytes: int = 1_000_000_000
    max_pixels: int = 89_000_000


WEB = Limits(max_bytes=64_000_000, max_pixels=16_000_000)
"""The limits for pictures that strangers send."""


def inspect_header(path: str | os.PathLike[str], limits: Limits | None = None) -> Header:
    """Say what a picture file holds, or refuse it, without decoding it.

    Args:
        path: The file. A symbolic link to a regular file is followed.
        limits: What is too large; the limits of the command line when left out.

    Returns:
        The header; its width and height are those of the upright picture.

    Raises:
        PictureError: E100 no readable file, E101 empty, E102 no picture, E103 cut short, E104
            damaged, E105 a kind that is not read, E106 too large, E108 no frame.
    """
    with open_picture(path, limits) as (_, header):
        return header


@contextmanager
def open_picture(
    path: str | os.PathLike[str], limits: Limits | None = None
) -> Iterator[tuple[BinaryIO, Header]]:
    """Open a picture file that passes the gate, so that what was judged is what gets decoded.

    Yields:
        The open file, positioned anywhere, and its header.

    Raises:
        PictureError: As ``inspect_header``.
    """
    limits = limits or Limits()
    path = Path(path)
    name = path.name or str(path)
    with _open_regular(path, name) as stream:
        size = os.fstat(stream.fileno()).st_size
        if size == 0:
            raise PictureError(
                "E101",
                f"{name} is empty (0 bytes).",
                "It was probably not copied completely; copy it again.",
            )
        if size > limits.max_bytes:
            raise PictureError(
                "E106",
                f"{name} is {_megabytes(size)}; the limit here is {_megabytes(limits.max_bytes)}.",
                "Crop or shrink it first.",
            )
        header = read_header(stream, identify(stream.read(PREFIX_BYTES), name), name)
        check_pixels(header.width, header.height, name, limits)
        yield stream, header


def check_pixels(width: int, height: int, name: str, limits: Limits) -> None:
    """Refuse a picture of more pixels than a limit.

    Raises:
        PictureError: E106.
    """
    if width * height > limits.max_pixels:
        raise PictureError(
            "E106",
            f"{name} is {width}×{height} ({_megapixels(width * height)}); "
            f"the limit here is {_megapixels(limits.max_pixels)}.",
            "Crop or shrink it first.",
        )


def _open_regular(path: Path, name: str) -> BinaryIO:
    """Open a regular file for reading; pipes and devices are refused without touching them."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _not_a_file(path, name)
        # Between the look and the opening a pipe may take the file's place: do not wait for it.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY)
    except (OSError, ValueError) as error:
        raise _unreadable(path, name, error) from error
    stream = os.fdopen(descriptor, "rb")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        stream.close()
        raise _not_a_file(path, name)
    return stream


_BINARY: int = getattr(os, "O_BINARY", 0)


def _not_a_file(path: Path, name: str) -> PictureError:
    if path.is_dir() and not os.access(path, os.R_OK | os.X_OK):
        return PictureError(
            "E100", f"{name} is a folder that may not be read.", "Change its permissions."
        )
    if path.is_dir():
        return PictureError("E100", f"{name} is a folder, not a picture.", "Name a file in it.")
    return PictureError(
        "E100", f"{name} is a pipe or a device, not a file.", "Save the picture to a file first."
    )


def _unreadable(path: Path, name: str, error: OSError | ValueError) -> PictureError:
    if isinstance(error, PermissionError):
        return PictureError(
            "E100", f"{name} may not be read by this user.", "Change its permissions, or copy it."
        )
    if isinstance(error, FileNotFoundError):
        if path.is_symlink():
            return PictureError(
                "E100", f"{name} is a link that leads nowhere.", "Name the file itself."
            )
        return PictureError("E100", f"{name} does not exist.", "Check the spelling and the folder.")
    reason = (error.strerror if isinstance(error, OSError) else None) or "not a possible name"
    return PictureError(
        "E100", f"{name} cannot be opened: {reason.lower()}.", "Check the path and the disk."
    )


def output_format(path: str | os.PathLike[str], *, animated: bool = False) -> str:
    """The format that a file name's ending asks for.

    Args:
        path: A file name, or just an ending.
        animated: Allow GIF, which is written for animations only.

    >>> output_format("out.tif"), output_format("a.gif", animated=True)
    ('TIFF', 'GIF')

    Raises:
        PictureError: E105 when pictures are not written with that ending.
    """
    name = Path(path).name
    suffix = Path(path).suffix.lower() or (name.lower() if name.startswith(".") else "")
    if animated and suffix == ".gif":
        return "GIF"
    if suffix not in _SUFFIXES:
        raise PictureError(
            "E105",
            f'pictures are not written as "{suffix or name}" files.',
            "Use a name that ends in .png, .jpg, .webp, .tif or .avif.",
        )
    return _SUFFIXES[suffix]


def check_output(width: int, height: int, format: str) -> None:
    """Refuse an output that its format cannot hold, before any work is done.

    Args:
        width: Width of the output in pixels.
        height: Height of the output in pixels.
        format: One of ``PNG JPEG WEBP TIFF AVIF GIF``.

    Raises:
        PictureError: E107 when a side is too long, or a TIFF would pass 4 GB.

    >>> check_output(120_000, 8, "PNG")
    """
    longest = _LONGEST_SIDE[format]
    if max(width, height) > longest:
        raise PictureError(
            "E107",
            f"the output is {width}×{height}: {format} stops at {longest:,} pixels a side.",
            "Use PNG or a smaller scale.",
        )
    if format == "TIFF" and width * height * 3 > _TIFF_BYTES:
        raise PictureError(
            "E107",
            f"the output is {width}×{height}: TIFF stops at 4 GB.",
            "Use PNG or a smaller scale.",
        )


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB" if count >= 1e6 else f"{count:,} bytes"


def _megapixels(count: int) -> str:
    return f"{count / 1e6:,.0f} MP" if count >= 1e6 else f"{count:,} pixels"
