"""From the bytes of a picture that passed the gate to upright pixels, losing nothing silently."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt

from realesr.errors import Notice, PictureError
from realesr.gate import Header, ifd
from realesr.gate.chunks import Chunk, png_chunks, read_chunk, webp_chunks
from realesr.gate.refusals import damaged, decoder
from realesr.images import exif as exif_blocks
from realesr.images.deep import hdr_transfer, high_depth_avif, read_png16, read_tiff
from realesr.images.packets import find_packet, open_named
from realesr.images.png import essential_png, transparent_colour
from realesr.images.profiles import cmyk_to_rgb, fitting_profile
from realesr.images.tiff import can_unpack
from realesr.images.xmp import DAMAGED_XMP, BadXmpError, clean_xmp

_MOST_PROFILE_BYTES = 16_000_000
_INCH = 0.0254


@dataclass(frozen=True, eq=False)
class Decoded:
    """Pixels and what came with them.

    Args:
        pixels: HW, HWA (2), HWC (3) or HWCA (4); uint8 or uint16; writable, contiguous.
        icc: Colour profile that fits the pixels.
        exif: EXIF block in TIFF form without the tags of the stored pixel grid.
        xmp: XMP packet, likewise.
        dpi: Pixels per inch, across and down.
        notices: What a person should know about the reading.
    """

    pixels: npt.NDArray[Any]
    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    notices: tuple[Notice, ...] = ()


def decode(data: bytes, header: Header, name: str) -> Decoded:
    """Decode a picture and turn it upright.

    Args:
        data: The whole file.
        header: What the gate read in it.
        name: The file's name, for the sentence of a refusal.

    Raises:
        PictureError: E103 cut short, E104 damaged, E105 a kind that is not read, E111 not a
            number.
    """
    readers = {"PNG": _decode_png, "TIFF": _decode_tiff}
    raw = readers.get(header.format, _decode_with_pillow)(data, header, name)
    pixels = np.ascontiguousarray(upright(raw.pixels, header.orientation))
    if pixels.shape[:2] != (header.height, header.width):
        raise damaged(name, "its pixels are not as many as its header says")
    notices = list(raw.notices)
    if header.frames > 1:
        count = str(header.frames) if header.frames < ifd.MOST_FRAMES else f"{header.frames:,}+"
        notices.insert(0, Notice("W109", f"{count} frames; using frame 1."))
    icc, doubts = fitting_profile(raw.icc, pixels.ndim == 2 or pixels.shape[2] == 2)
    exif, dpi = None, raw.dpi
    if raw.exif:
        try:
            exif, stated = exif_blocks.clean_exif(raw.exif)
            dpi = dpi or stated
        except exif_blocks.BadExifError:
            notices.append(exif_blocks.DAMAGED_EXIF)
    xmp = None
    if packet := find_packet(data, header.format, name):
        try:
            xmp = clean_xmp(packet, turned=header.orientation != 1)
        except BadXmpError:
            notices.append(DAMAGED_XMP)
    return Decoded(pixels, icc, exif, xmp, dpi, (*notices, *doubts))


def upright(pixels: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """Turn stored pixels upright; a view.

    Args:
        pixels: HW or HWC.
        orientation: EXIF orientation, 1 to 8.
    """
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels


def _decode_with_pillow(data: bytes, header: Header, name: str) -> Decoded:
    notices: list[Notice] = []
    if header.format == "AVIF":
        if transfer := hdr_transfer(data):
            raise _hdr(name, transfer)
        if bits := high_depth_avif(data):
            notices.append(Notice("W110", f"{bits}-bit AVIF: read as 8 bit."))
    with decoder(name):
        image = open_named(data, header.format)
        image.load()
        icc, exif, dpi = image.info.get("icc_profile"), image.info.get("exif"), None
        if header.format == "JPEG":
            unit = {1: 1.0, 2: 2.54}.get(image.info.get("jfif_unit", 0))
            if unit:
                dpi = _plausible(*(side * unit for side in image.info["jfif_density"]))
        elif header.format == "BMP" and "dpi" in image.info:
            dpi = _plausible(*image.info["dpi"])
        elif header.format == "WEBP":
            exif = _webp_exif(data, name)
        pixels, icc, doubts = _to_pixels(image, icc, name)
    return Decoded(pixels, icc, exif, None, dpi, (*notices, *doubts))


def _webp_exif(data: bytes, name: str) -> bytes | None:
    stream = BytesIO(data)
    blocks = [chunk for chunk in webp_chunks(stream, name) if chunk.kind == b"EXIF"]
    return read_chunk(stream, blocks[0]) if blocks else None


def _decode_png(data: bytes, header: Header, name: str) -> Decoded:
    stream = BytesIO(data)
    shape, chunks = png_chunks(stream, name, check=True)
    first: dict[bytes, Chunk] = {chunk.kind: chunk for chunk in reversed(chunks)}

    def block(kind: bytes) -> bytes | None:
        return read_chunk(stream, first[kind]) if kind in first else None

    if (coding := block(b"cICP")) and coding[1:2] in (b"\x10", b"\x12"):
        raise _hdr(name, "PQ" if coding[1] == 16 else "HLG")
    notices: tuple[Notice, ...] = ()
    with decoder(name):
        if shape.bits == 16:
            pixels: npt.NDArray[Any] = read_png16(data, shape, chunks)
        else:
            image = open_named(essential_png(data, chunks), "PNG")
            image.load()
            if shape.colour != 3:
                image.info.pop("transparency", None)
            pixels, _, notices = _to_pixels(image, block(b"iCCP"), name)
    if shape.colour in (0, 2) and (key := block(b"tRNS")):
        pixels = transparent_colour(pixels, key, shape.bits)
    dpi = None
    if (density := block(b"pHYs")) and len(density) == 9 and density[8] == 1:
        dpi = _plausible(*(value * _INCH for value in struct.unpack(">II", density[:8])))
    icc, doubts = _unpacked_profile(block(b"iCCP"))
    return Decoded(pixels, icc, block(b"eXIf"), None, dpi, (*notices, *doubts))


def _unpacked_profile(block: bytes | None) -> tuple[bytes | None, tuple[Notice, ...]]:
    if block is None:
        return None, ()
    try:
        packed = block[block.index(b"\x00") + 2 :]
        return zlib.decompressobj().decompress(packed, _MOST_PROFILE_BYTES), ()
    except (ValueError, zlib.error):
        return None, (Notice("W113", "The colour profile was left out: it is damaged."),)


def _decode_tiff(data: bytes, header: Header, name: str) -> Decoded:
    with decoder(name):
        directory = ifd.read_directory(BytesIO(data))
    notices: list[Notice] = []
    exif = None
    try:
        exif = exif_blocks.exif_of_tiff(data)
    except exif_blocks.BadExifError as error:
        notices.append(Notice("W113", f"The EXIF tags were left out: the file is {error}."))
    if header.orientation != 1:
        # Some decoders turn the picture by themselves and some do not; here none shall.
        place = directory.places[ifd.ORIENTATION]
        upright_short = struct.pack(directory.order + "H", 1)
        data = b"".join([data[:place], upright_short, data[place + 2 :]])
    plain = header.mode in ("L", "LA", "RGB", "RGBA") and can_unpack(directory)
    deep = header.mode in ("F", "I") or (header.bits > 8 and header.mode != "CMYK")
    if plain or deep:
        pixels, doubts = read_tiff(data, header, directory, name)
        icc = directory.icc
    else:
        with decoder(name):
            image = open_named(data, "TIFF")
            image.load()
            pixels, icc, doubts = _to_pixels(image, directory.icc, name)
        if header.bits > 8:
            doubts = (*doubts, Notice("W110", f"{header.bits}-bit CMYK: read as 8 bit."))
    return Decoded(pixels, icc, exif, None, directory.dpi, (*notices, *doubts))


def _to_pixels(
    image: Any, icc: bytes | None, name: str
) -> tuple[npt.NDArray[Any], bytes | None, tuple[Notice, ...]]:
    """A loaded Pillow picture of 8 bit or less as an array, with the profile that now fits it."""
    notices: tuple[Notice, ...] = ()
    mode = image.mode
    gray_palette = mode == "P" and icc is None and _is_gray(image)
    if mode in ("P", "PA"):
        image = image.convert("RGBA" if mode == "PA" or "transparency" in image.info else "RGB")
    elif mode in ("1", "L") and "transparency" in image.info:
        image = image.convert("L").convert("LA")
    elif mode in ("1", "La", "RGBX", "RGBa", "YCbCr"):
        target = {"1": "L", "La": "LA", "RGBa": "RGBA"}.get(mode, "RGB")
        image = image.convert(target)
    elif mode == "CMYK":
        image, notice = cmyk_to_rgb(image, icc)
        icc, notices = None, (notice,)
    if image.mode not in ("L", "LA", "RGB", "RGBA"):
        raise PictureError(
            "E105",
            f"{name} holds {image.mode} colours, which are not read here.",
            "Save it as an RGB picture first.",
        )
    pixels = np.array(image)
    if gray_palette:
        pixels = pixels[..., 0] if pixels.shape[2] == 3 else pixels[..., (0, 3)]
    return pixels, icc, notices


def _is_gray(image: Any) -> bool:
    palette = np.array(image.getpalette("RGB") or [], np.uint8).reshape(-1, 3)
    return bool((palette == palette[:, :1]).all())


def _plausible(across: float, down: float) -> tuple[float, float] | None:
    return (float(across), float(down)) if min(across, down) > 1 else None


def _hdr(name: str, transfer: str) -> PictureError:
    return PictureError(
        "E105",
        f"{name} is HDR ({transfer}); its colours would come out wrong.",
        "Convert it to an SDR picture first.",
    )
