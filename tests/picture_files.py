"""Picture files for tests, good and bad, made by other hands than the code under test."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
from PIL import Image


def scene(height: int = 40, width: int = 56, channels: int = 3, dtype: str = "uint8") -> np.ndarray:
    """A smooth picture with an edge, different in every corner and channel."""
    rows, columns = np.mgrid[0:height, 0:width] / max(height, width)
    planes = [
        0.5 + 0.4 * np.sin(3 * columns + index) * np.cos(4 * rows - index) for index in range(4)
    ]
    planes[0][: height // 3, : width // 4] = 0.95
    top = np.iinfo(dtype).max
    pixels = np.rint(np.stack(planes[:channels], axis=-1) * top).astype(dtype)
    return pixels[..., 0] if channels == 1 else pixels


def encoded(pixels: np.ndarray, picture_format: str, **settings: object) -> bytes:
    """A file's bytes as Pillow writes it."""
    out = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(out, picture_format, **settings)
    return out.getvalue()


def png16(pixels: np.ndarray) -> bytes:
    """A 16-bit PNG as OpenCV writes it: HW, RGB or RGBA."""
    order = {2: slice(None), 3: [2, 1, 0], 4: [2, 1, 0, 3]}
    swapped = pixels if pixels.ndim == 2 else pixels[..., order[pixels.shape[2]]]
    return cv2.imencode(".png", swapped)[1].tobytes()


def block(kind: bytes, data: bytes) -> bytes:
    """One PNG block with a true checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def raw_png(
    width: int, height: int, bits: int, colour: int, rows: list[bytes], *blocks: bytes
) -> bytes:
    """A PNG written down by the book: unfiltered rows, other blocks before the data."""
    head = block(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0))
    body = block(b"IDAT", zlib.compress(b"".join(b"\x00" + row for row in rows)))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(blocks) + body + block(b"IEND", b"")


def webp_claiming(width: int, height: int) -> bytes:
    """A valid lossless WebP of 38 bytes: one black rectangle of any size up to 16383."""
    # Signature, sizes less one in 14 bits each, then no transform and five codes of one symbol.
    bits = (width - 1) | (height - 1) << 14 | 0b0001_0001_0001_0001_0001_000 << 32
    data = b"\x2f" + bits.to_bytes(8, "little")
    data = data.ljust(18, b"\x00")
    return b"RIFF" + struct.pack("<I", 30) + b"WEBPVP8L" + struct.pack("<I", 18) + data


def good_samples() -> dict[str, bytes]:
    """One small good file of every kind that is read, by name."""
    rgb, gray, rgba = scene(), scene(channels=1), scene(channels=4)
    deep = scene(dtype="uint16")
    palette = Image.fromarray(rgb).quantize(32)
    return {
        "rgb.png": encoded(rgb, "PNG"),
        "gray.png": encoded(gray, "PNG"),
        "rgba.png": encoded(rgba, "PNG"),
        "gray_alpha.png": encoded(scene(channels=2), "PNG"),
        "palette.png": encoded(palette, "PNG"),
        "palette_alpha.png": encoded(palette, "PNG", transparency=3),
        "bit.png": encoded(Image.fromarray(gray).convert("1"), "PNG"),
        "deep.png": png16(deep),
        "deep_gray.png": png16(deep[..., 0]),
        "photo.jpg": encoded(rgb, "JPEG", quality=90),
        "progressive.jpg": encoded(rgb, "JPEG", quality=90, progressive=True),
        "gray.jpg": encoded(gray, "JPEG"),
        "cmyk.jpg": encoded(Image.fromarray(rgb).convert("CMYK"), "JPEG"),
        "lossy.webp": encoded(rgb, "WEBP"),
        "lossless.webp": encoded(rgba, "WEBP", lossless=True),
        "plain.tif": encoded(rgb, "TIFF"),
        "deflated.tif": encoded(rgb, "TIFF", compression="tiff_adobe_deflate"),
        "lzw.tif": encoded(rgba, "TIFF", compression="tiff_lzw"),
        "fax.tif": encoded(Image.fromarray(gray).convert("1"), "TIFF", compression="group4"),
        "deep.tif": cv2.imencode(".tif", deep)[1].tobytes(),
        "float.tif": encoded(Image.fromarray((gray / 255).astype(np.float32)), "TIFF"),
        "photo.bmp": encoded(rgb, "BMP"),
        "palette.bmp": encoded(palette, "BMP"),
        "palette.gif": encoded(palette, "GIF"),
        "photo.avif": encoded(rgb, "AVIF"),
    }


def bad_files(folder: Path) -> dict[str, tuple[Path, str]]:
    """Every kind of file that must be refused: name to its path and the code of its refusal.

    Tests run as root read everything, so the unreadable file is a link that leads to itself: the
    system refuses to open it to anyone.
    """
    good = good_samples()
    wrong_sum = bytearray(good["rgb.png"])
    wrong_sum[wrong_sum.index(b"IEND") - 5] ^= 0xFF
    damaged = {
        "empty.png": (b"", "E101"),
        "zeros.png": (bytes(500), "E102"),
        "page.jpg": (b"<!DOCTYPE html><title>404 Not Found</title>gone", "E102"),
        "notes.png": ("Zwölf Möwen fliegen.\n".encode() * 300, "E102"),
        "noise.png": (bytes(range(200, 256)) * 9, "E102"),
        "pointer.png": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "E102"),
        "signature.png": (b"\x89PN", "E103"),
        "cut.png": (good["rgb.png"][: len(good["rgb.png"]) * 6 // 10], "E103"),
        "cut_deep.png": (good["deep.png"][:-300], "E103"),
        "cut.jpg": (good["photo.jpg"][: len(good["photo.jpg"]) // 2], "E103"),
        "cut.webp": (good["lossy.webp"][:-50], "E103"),
        "cut.tif": (good["plain.tif"][:-2000], "E103"),
        "cut.bmp": (good["photo.bmp"][:-2000], "E103"),
        "cut.gif": (good["palette.gif"][: len(good["palette.gif"]) // 2], "E103"),
        "cut.avif": (good["photo.avif"][:-40], "E103"),
        "checksum.png": (bytes(wrong_sum), "E104"),
        "drawing.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "E105"),
        "drawing.png": (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "E105"),
        "layers.png": (b"8BPS\x00\x01" + bytes(20), "E105"),
        "phone.jpg": (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "E105"),
        "bomb.webp": (webp_claiming(13000, 13000), "E106"),
        "no_frame.gif": (b"GIF89a" + struct.pack("<HHBBB", 4, 4, 0, 0, 0) + b";", "E108"),
        "not_a_number.tif": (_tiff_with_nan(), "E111"),
    }
    found = {}
    for name, (data, code) in damaged.items():
        (folder / name).write_bytes(data)
        found[name] = (folder / name, code)
    (folder / "folder.png").mkdir()
    (folder / "endless.png").symlink_to(folder / "endless.png")
    (folder / "nowhere.png").symlink_to(folder / "absent.png")
    os.mkfifo(folder / "pipe.png")
    for name in ("folder.png", "endless.png", "nowhere.png", "pipe.png", "missing.png"):
        found[name] = (folder / name, "E100")
    return found


def _tiff_with_nan() -> bytes:
    values = scene(channels=1).astype(np.float32) / 255
    values[5, 7] = np.nan
    values[6, 1] = np.inf
    return encoded(Image.fromarray(values), "TIFF")
