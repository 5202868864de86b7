"""The only doors between files, arrays and tensors.

``read_picture`` and ``write_picture`` lead from a file to an array and back, ``to_tensor`` and
``from_tensor`` from an array to a network and back. Nothing is lost on the way without a notice.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from realesr.errors import Notice, ParameterError, PictureError
from realesr.gate import Limits, check_output, inspect_header, open_picture, output_format
from realesr.images.decoding import decode
from realesr.images.encoding import encode, losses
from realesr.images.exif import DAMAGED_EXIF, BadExifError, clean_exif, strip_gps
from realesr.images.safefile import refuse_overwriting, write_file
from realesr.images.xmp import BadXmpError, strip_place

if TYPE_CHECKING:
    import torch

__all__ = [
    "Picture",
    "encode_picture",
    "from_tensor",
    "plan_output",
    "read_picture",
    "to_tensor",
    "write_encoded",
    "write_picture",
]

Pixels = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture outside the network: upright pixels and what travels with them.

    Args:
        pixels: HW gray, HWA (2) gray and alpha, HWC (3) RGB or HWCA (4) RGB and alpha; uint8 or
            uint16. The dtype decides the range; alpha is straight, not premultiplied.
        icc: Colour profile that fits the pixels.
        exif: EXIF block in TIFF form, without orientation, size, resolution and thumbnail.
        xmp: XMP packet, likewise.
        dpi: Pixels per inch, across and down.
        format: The format it was read from, one of ``PNG JPEG WEBP AVIF TIFF BMP GIF``; empty
            when it came from no file.
        name: The file's name, without its folder.
        notices: What a person should know about how it was read.
    """

    pixels: Pixels
    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    format: str = ""
    name: str = ""
    notices: tuple[Notice, ...] = ()

    def __post_init__(self) -> None:
        shape, dtype = self.pixels.shape, self.pixels.dtype
        if len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] not in (2, 3, 4)):
            raise ParameterError(
                "E001", f"a picture is HW, or HWC with 2, 3 or 4 channels, not {shape}."
            )
        if dtype not in (np.uint8, np.uint16):
            raise ParameterError("E001", f"a picture is uint8 or uint16, not {dtype}.")
        if 0 in shape:
            raise ParameterError("E001", f"a picture has at least one pixel, not {shape}.")

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[1])

    @property
    def bits(self) -> int:
        """Bits per sample, 8 or 16."""
        return int(self.pixels.dtype.itemsize) * 8

    @property
    def is_gray(self) -> bool:
        """Whether there is one channel besides alpha."""
        return self.pixels.ndim == 2 or self.pixels.shape[2] == 2

    @property
    def has_alpha(self) -> bool:
        """Whether the last channel is alpha."""
        return self.pixels.ndim == 3 and self.pixels.shape[2] in (2, 4)

    def with_pixels(self, pixels: Pixels) -> Picture:
        """The same picture with other pixels; its profile goes where it no longer fits."""
        other = replace(self, pixels=pixels)
        return other if other.is_gray == self.is_gray else replace(other, icc=None)

    def without_gps(self) -> Picture:
        """The same picture without the place it was taken at."""
        exif, xmp, notices = self.exif, self.xmp, self.notices
        try:
            exif = strip_gps(exif) if exif else None
        except BadExifError:
            sentence = "The EXIF block was left out: GPS could not be cut from it."
            exif, notices = None, (*notices, Notice("W113", sentence))
        try:
            xmp = strip_place(xmp) if xmp else None
        except BadXmpError:
            sentence = "The XMP packet was left out: the place could not be cut from it."
            xmp, notices = None, (*notices, Notice("W113", sentence))
        return replace(self, exif=exif, xmp=xmp, notices=notices)


def read_picture(
    path: str | os.PathLike[str], *, limits: Limits | None = None, salvage: bool = False
) -> Picture:
    """Read a picture file, upright and at its full depth.

    Reads PNG, JPEG, WebP, TIFF, BMP, AVIF and the first frame of GIF. CMYK is converted to sRGB
    with its profile, palettes are spread out, floating point between 0 and 1 becomes 16 bit.

    Args:
        path: The file.
        limits: What is too large; the limits of the command line when left out.
        salvage: Of a file that is cut off, keep what can be read and leave the rest blank; a notice
            says so. Without it such a file is refused.

    Raises:
        PictureError: E100 to E111; each says what is wrong with the file and what to do.
        ResourceError: E301 when memory runs out.
    """
    name = Path(path).name
    told: tuple[Notice, ...] = ()
    try:
        with open_picture(path, limits) as (stream, header):
            stream.seek(0)
            data = stream.read()
        decoded = decode(data, header, name)
    except PictureError as error:
        if not salvage or error.code != "E103":
            raise
        from realesr.images.salvage import read_rest

        header, decoded, told = read_rest(path, error, limits)
    return Picture(
        pixels=decoded.pixels,
        icc=decoded.icc,
        exif=decoded.exif,
        xmp=decoded.xmp,
        dpi=decoded.dpi,
        format=header.format,
        name=name,
        notices=(*told, *decoded.notices),
    )


def plan_output(picture: Picture, path: str | os.PathLike[str]) -> tuple[Notice, ...]:
    """What writing to this name changes or leaves out; empty when nothing is lost.

    Args:
        picture: What would be written.
        path: A file name, or just an ending such as ``".jpg"``.

    Raises:
        PictureError: E105 for an ending that is not written, E107 when it is too large for it.
    """
    picture_format = output_format(path)
    check_output(picture.width, picture.height, picture_format)
    exif, doubts = _upright_exif(picture.exif)
    return (*doubts, *losses(picture.pixels, picture_format, picture.icc, exif, picture.xmp))


def encode_picture(picture: Picture, suffix: str, *, quality: int | None = None) -> bytes:
    """The bytes that ``write_picture`` would write.

    Args:
        picture: The picture.
        suffix: The ending that decides the format, such as ``".png"``.
        quality: 1 to 100, for JPEG, WebP and AVIF.

    Raises:
        PictureError: E105 for an ending that is not written, E107 when it is too large for it.
    """
    picture_format = output_format(suffix)
    check_output(picture.width, picture.height, picture_format)
    if quality is not None and not 1 <= quality <= 100:
        raise ParameterError("E001", f"quality must be 1 to 100, got {quality}.")
    return encode(
        picture.pixels,
        picture_format,
        icc=picture.icc,
        exif=_upright_exif(picture.exif)[0],
        xmp=picture.xmp,
        dpi=picture.dpi,
        quality=quality,
    )


def _upright_exif(exif: bytes | None) -> tuple[bytes | None, tuple[Notice, ...]]:
    """The block of a picture that may have been made by hand, fit for upright pixels."""
    try:
        return (clean_exif(exif)[0] if exif else None), ()
    except BadExifError:
        return None, (DAMAGED_EXIF,)


def write_picture(
    picture: Picture,
    path: str | os.PathLike[str],
    *,
    force: bool = False,
    quality: int | None = None,
) -> Path:
    """Write a picture; the name's ending decides the format.

    The file appears whole or not at all, and its header is read back before it gets its name. What
    the format cannot hold is converted; ``plan_output`` says beforehand what that is.

    Args:
        picture: The picture.
        path: Where to; the folder must exist.
        force: Replace a file that is there.
        quality: 1 to 100, for JPEG (95 when left out), WebP (lossless) and AVIF (90).

    Returns:
        ``path``.

    Raises:
        PictureError: E105, E107, E113 the file exists, E114 it cannot be written.
        ResourceError: E302 when the disk is full.
    """
    path = Path(path)
    refuse_overwriting(path, force=force)
    data = encode_picture(picture, path.suffix or path.name, quality=quality)
    return write_encoded(data, path, size=picture.pixels.shape[:2], force=force)


def write_encoded(
    data: bytes,
    path: Path,
    *,
    size: tuple[int, ...],
    force: bool = False,
    temporary: Path | None = None,
) -> Path:
    """Write the bytes of a picture, whole or not at all, as ``write_picture`` does.

    Args:
        data: What ``encode_picture`` gave.
        path: Where to.
        size: Height and width that the written header must state.
        force: Replace a file that is there.
        temporary: What ``safefile.temporary_beside`` gave, for a caller that must know it.

    Returns:
        ``path``.
    """
    check = partial(_reads_back, size=size, name=path.name)
    return write_file(path, data, force=force, check=check, temporary=temporary)


def _reads_back(temporary: Path, size: tuple[int, ...], name: str) -> None:
    """Refuse to give a file its name when its header does not say what was written."""
    header = inspect_header(temporary, Limits(2**62, 2**62))
    if (header.height, header.width) != size:
        raise PictureError(
            "E114",
            f"{name} did not reach the disk as it was made.",
            "Check the disk, then try again.",
        )


def to_tensor(pixels: Pixels) -> torch.Tensor:
    """An array as a network sees it.

    Args:
        pixels: HW or HWC; uint8 or uint16.

    Returns:
        1CHW float32 in [0, 1]; 255 and 65535 become exactly 1.

    >>> to_tensor(np.array([[0, 51, 255]], np.uint8)).tolist()
    [[[[0.0, 0.20000000298023224, 1.0]]]]
    """
    import torch

    planes = pixels[..., None] if pixels.ndim == 2 else pixels
    values = np.ascontiguousarray(planes.transpose(2, 0, 1), dtype=np.float32)
    values /= np.float32(np.iinfo(pixels.dtype).max)
    return torch.from_numpy(values)[None]


def from_tensor(tensor: torch.Tensor, dtype: npt.DTypeLike) -> Pixels:
    """A network's answer as an array, clamped and rounded once.

    Args:
        tensor: 1CHW of any floating-point type, nominally in [0, 1], on any device.
        dtype: uint8 or uint16.

    Returns:
        HW when there is one channel, else HWC.

    Raises:
        ParameterError: E001 when a value is not a number: it would come out as black.
    """
    if tensor.ndim != 4 or tensor.shape[0] != 1:
        raise ParameterError("E001", f"one picture is 1CHW, not {tuple(tensor.shape)}.")
    top = int(np.iinfo(dtype).max)
    values = tensor.detach()[0].float()
    if values.isnan().any():
        raise ParameterError("E001", "the tensor holds values that are not numbers.")
    rounded = values.clamp(0, 1).mul(top).round().permute(1, 2, 0).cpu().numpy().astype(dtype)
    return np.ascontiguousarray(rounded[..., 0] if rounded.shape[2] == 1 else rounded)
