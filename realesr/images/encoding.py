"""From pixels to the bytes of a file, after saying what the format cannot hold."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt

from realesr.errors import Notice, PictureError
from realesr.images.exif import PREFIX, with_dpi
from realesr.images.png import encode_png
from realesr.images.tiff import encode_tiff
from realesr.images.xmp import fitting

_DEEP = ("PNG", "TIFF")
_MOST_JPEG_EXIF = 65_527
_MOST_JPEG_XMP = 65_504
_MOST_JPEG_PROFILE = 255 * 65_519
_SPOKEN = {"WEBP": "WebP"}
_QUALITY = {"JPEG": 95, "AVIF": 90}


def losses(
    pixels: npt.NDArray[Any],
    picture_format: str,
    icc: bytes | None,
    exif: bytes | None,
    xmp: bytes | None = None,
) -> tuple[Notice, ...]:
    """What writing in a format changes or leaves out, in sentences; empty when nothing is lost.

    Args:
        pixels: HW, HWA (2), HWC (3) or HWCA (4); uint8 or uint16.
        picture_format: One of ``PNG JPEG WEBP TIFF AVIF``.
        icc: Colour profile.
        exif: EXIF block in TIFF form.
        xmp: XMP packet.
    """
    notices = []
    spoken = _SPOKEN.get(picture_format, picture_format)
    alpha, gray = _has_alpha(pixels), _is_gray(pixels)
    if pixels.dtype == np.uint16 and picture_format not in _DEEP:
        notices.append(Notice("W110", f"{spoken} holds 8 bit: 16 bit were rounded."))
    if alpha and picture_format == "JPEG":
        notices.append(Notice("W110", "JPEG holds no transparency: laid on white."))
    if icc and gray and picture_format in ("WEBP", "AVIF"):
        sentence = f"{spoken} holds no gray: the gray colour profile was left out."
        notices.append(Notice("W113", sentence))
    if picture_format == "JPEG":
        if exif and len(exif) > _MOST_JPEG_EXIF:
            notices.append(Notice("W113", "The EXIF block is too long for JPEG and was left out."))
        if xmp and len(xmp) > _MOST_JPEG_XMP:
            sentence = "JPEG holds 64 KB of XMP: its longest parts were left out."
            notices.append(Notice("W113", sentence))
        if icc and len(icc) > _MOST_JPEG_PROFILE:
            sentence = "The colour profile is too long for JPEG and was left out."
            notices.append(Notice("W113", sentence))
    return tuple(notices)


def encode(
    pixels: npt.NDArray[Any],
    picture_format: str,
    *,
    icc: bytes | None = None,
    exif: bytes | None = None,
    xmp: bytes | None = None,
    dpi: tuple[float, float] | None = None,
    quality: int | None = None,
) -> bytes:
    """Encode a picture.

    PNG and TIFF keep every bit; WebP does at 8 bit unless a quality is given; JPEG is written at
    quality 95 and AVIF at 90, both with full colour resolution, unless told otherwise.

    Args:
        pixels: HW, HWA (2), HWC (3) or HWCA (4); uint8 or uint16.
        picture_format: One of ``PNG JPEG WEBP TIFF AVIF``.
        icc: Colour profile.
        exif: EXIF block in TIFF form.
        xmp: XMP packet.
        dpi: Pixels per inch, across and down.
        quality: 1 to 100, for JPEG, WebP and AVIF.

    Raises:
        PictureError: E107 when the result passes what the format can hold.
    """
    if picture_format == "PNG":
        return encode_png(pixels, icc=icc, exif=exif, xmp=xmp, dpi=dpi)
    if picture_format == "TIFF":
        data = encode_tiff(pixels, icc=icc, exif=exif, xmp=xmp, dpi=dpi)
        if len(data) >= 2**32:
            raise PictureError("E107", "the output passes the 4 GB of TIFF.", "Use PNG.")
        return data
    return _encode_with_pillow(to_eight_bits(pixels), picture_format, icc, exif, xmp, dpi, quality)


def _encode_with_pillow(
    pixels: npt.NDArray[np.uint8],
    picture_format: str,
    icc: bytes | None,
    exif: bytes | None,
    xmp: bytes | None,
    dpi: tuple[float, float] | None,
    quality: int | None,
) -> bytes:
    from PIL import Image

    settings: dict[str, Any] = {"quality": quality or _QUALITY.get(picture_format, 0)}
    gray = _is_gray(pixels)
    if picture_format == "JPEG":
        pixels = _on_white(pixels)
        settings |= {"subsampling": 0, "optimize": False}
        if dpi:
            settings["dpi"] = dpi
        exif = exif if exif and len(exif) <= _MOST_JPEG_EXIF else None
        xmp = fitting(xmp, _MOST_JPEG_XMP) if xmp else None
        icc = icc if icc and len(icc) <= _MOST_JPEG_PROFILE else None
    else:
        exif = with_dpi(exif, dpi)
        icc = None if gray else icc
        if picture_format == "WEBP" and quality is None:
            # Method and effort of lossless WebP: 1 of 6 packs nearly as well, many times as fast.
            settings = {"lossless": True, "quality": 25, "method": 1}
        settings |= {"exact": True} if picture_format == "WEBP" else {"subsampling": "4:4:4"}
    if exif:
        settings["exif"] = PREFIX + exif
    if xmp:
        settings["xmp"] = xmp
    if icc:
        settings["icc_profile"] = icc
    out = BytesIO()
    Image.fromarray(pixels).save(out, picture_format, **settings)
    return out.getvalue()


def _has_alpha(pixels: npt.NDArray[Any]) -> bool:
    return pixels.ndim == 3 and pixels.shape[2] in (2, 4)


def _is_gray(pixels: npt.NDArray[Any]) -> bool:
    return pixels.ndim == 2 or pixels.shape[2] == 2


def to_eight_bits(pixels: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """The same pixels at 8 bit, rounded to the nearest."""
    if pixels.dtype == np.uint8:
        return pixels
    # 65535 is 257 times 255, so this rounds to the nearest.
    return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _on_white(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    if not _has_alpha(pixels):
        return pixels
    alpha = pixels[..., -1:].astype(np.uint32)
    colour = pixels[..., :-1].astype(np.uint32)
    laid = ((colour * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
    return laid[..., 0] if laid.shape[2] == 1 else laid
