"""Picture files of odd kinds, each with the pixels that a reader must find in it."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
import tifffile
from PIL import ExifTags, Image, ImageCms

from tests.picture_files import block, encoded, png16, raw_png, scene

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
# The transpositions of Pillow that lead back from upright to what is stored.
BACK = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}


def profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """An ICC profile of version 2 with these tags."""
    words = b"desc\x00\x00\x00\x00" + struct.pack(">I", 5) + b"test\x00" + bytes(78)
    white = b"XYZ \x00\x00\x00\x00" + struct.pack(">3i", 63190, 65536, 54061)
    tags = {b"desc": words, b"cprt": b"text\x00\x00\x00\x00test\x00", b"wtpt": white, **tags}
    directory, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        directory += struct.pack(">4sII", name, 132 + 12 * len(tags) + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    size = 128 + len(directory) + len(body)
    kind = b"prtr" if space == b"CMYK" else b"mntr"
    connection = b"Lab " if space == b"CMYK" else b"XYZ "
    head = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02100000, kind, space, connection)
    head += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
    head += struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\x00") + directory + body


def display_p3() -> bytes:
    """Display P3 with a plain gamma of 2.2: its primaries, adapted to D50."""
    gamma = b"curv\x00\x00\x00\x00" + struct.pack(">IH", 1, round(2.2 * 256))
    primaries = {
        b"rXYZ": (0.51512, 0.24120, -0.00105),
        b"gXYZ": (0.29198, 0.69225, 0.04189),
        b"bXYZ": (0.15710, 0.06657, 0.78407),
    }
    tags = {
        name: b"XYZ \x00\x00\x00\x00" + struct.pack(">3i", *(round(65536 * v) for v in values))
        for name, values in primaries.items()
    }
    return profile(b"RGB ", tags | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), gamma))


def gray_gamma() -> bytes:
    """A gray profile with a gamma of 1.8."""
    return profile(
        b"GRAY", {b"kTRC": b"curv\x00\x00\x00\x00" + struct.pack(">IH", 1, round(1.8 * 256))}
    )


def ink() -> bytes:
    """A CMYK profile that prints every ink as the same gray: L* falls by 60/255 for each."""
    identity = struct.pack(">9i", *(65536 * (place % 4 == 0) for place in range(9)))
    corners = b"".join(bytes([255 - 60 * inks.bit_count(), 128, 128]) for inks in range(16))
    ramp = bytes(range(256))
    table = b"mft1\x00\x00\x00\x00" + bytes([4, 3, 2, 0]) + identity + ramp * 4 + corners + ramp * 3
    return profile(b"CMYK", {b"A2B0": table})


def printed(inks: np.ndarray) -> np.ndarray:
    """What `ink` prints, by the formulas of CIE Lab and sRGB."""
    lightness = 100 * (255 - 60 * inks.sum(axis=2) / 255) / 255
    light = ((lightness + 16) / 116) ** 3
    level = np.where(light > 0.0031308, 1.055 * light ** (1 / 2.4) - 0.055, 12.92 * light)
    return np.rint(np.repeat(level[..., None], 3, axis=2) * 255).astype(np.uint8)


def interlaced(pixels: np.ndarray) -> bytes:
    """An RGB PNG in the seven passes of Adam7."""
    steps = [
        (0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
        (1, 0, 2, 1),
    ]  # fmt: skip
    rows = [
        b"\x00" + row.tobytes()
        for top, left, down, across in steps
        for row in np.ascontiguousarray(pixels[top::down, left::across])
        if row.size
    ]
    height, width = pixels.shape[:2]
    head = block(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 1))
    body = block(b"IDAT", zlib.compress(b"".join(rows)))
    return b"\x89PNG\r\n\x1a\n" + head + body + block(b"IEND", b"")


def tiff(pixels: np.ndarray, **settings: object) -> bytes:
    """A TIFF as tifffile writes it."""
    out = io.BytesIO()
    tifffile.imwrite(out, pixels, **settings)
    return out.getvalue()


def turned(upright: np.ndarray, orientation: int, picture_format: str) -> bytes:
    """A file that stores a picture turned and says so."""
    image = Image.fromarray(upright)
    if orientation in BACK:
        image = image.transpose(Image.Transpose(BACK[orientation]))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    lossless = {"lossless": True} if picture_format == "WEBP" else {}
    return encoded(image, picture_format, exif=exif, **lossless)


def seen(data: bytes, mode: str = "RGB") -> np.ndarray:
    """What Pillow decodes, for kinds that lose something."""
    return np.asarray(Image.open(io.BytesIO(data)).convert(mode))


def odd_pictures() -> dict[str, tuple[bytes, np.ndarray]]:
    """Name to the bytes of a file and the pixels in it: HW, HWA, HWC or HWCA; uint8 or uint16."""
    rgb, deep = scene(20, 28), scene(20, 28, 4, "uint16")
    gray, rgba = rgb[..., 0], scene(20, 28, 4)
    found = {
        "one.png": (encoded(rgb[:1, :1], "PNG"), rgb[:1, :1]),
        "17x23.png": (encoded(scene(23, 17), "PNG"), scene(23, 17)),
        "tall.png": (encoded(scene(4000, 1), "PNG"), scene(4000, 1)),
        "wide.png": (encoded(scene(1, 4000), "PNG"), scene(1, 4000)),
        "interlaced.png": (interlaced(rgb), rgb),
        "48_bit.png": (png16(deep[..., :3]), deep[..., :3]),
        "64_bit.png": (png16(deep), deep),
        "gray_16.png": (png16(deep[..., 0]), deep[..., 0]),
        "rgba.png": (encoded(rgba, "PNG"), rgba),
        "rgba.webp": (encoded(rgba, "WEBP", lossless=True, exact=True), rgba),
        "bmp.bmp": (encoded(rgb, "BMP"), rgb),
        "p3.png": (encoded(rgb, "PNG", icc_profile=display_p3()), rgb),
        "gray_icc.png": (encoded(gray, "PNG", icc_profile=gray_gamma()), gray),
        "tiled.tif": (tiff(rgb, photometric="rgb", tile=(16, 16)), rgb),
        "deep_tiled.tif": (tiff(deep[..., :3], photometric="rgb", tile=(16, 16)), deep[..., :3]),
        "white_is_zero.tif": (tiff(gray, photometric="miniswhite"), 255 - gray),
        "pages.tif": (tiff(np.stack([rgb, 255 - rgb]), photometric="rgb"), rgb),
        "float.tif": (
            tiff((deep[..., 0] / 65535).astype(np.float32)),
            deep[..., 0],
        ),
    }
    planes = np.moveaxis(deep[..., :3], -1, 0).copy()
    found["planes.tif"] = (
        tiff(planes, photometric="rgb", planarconfig="separate"), deep[..., :3]
    )  # fmt: skip
    rows = [row.astype(">u2").tobytes() for row in deep[..., [0, 3]]]
    found["gray_16_alpha.png"] = (raw_png(28, 20, 16, 4, rows), deep[..., [0, 3]])
    found["gray_alpha.png"] = (encoded(scene(20, 28, 2), "PNG"), scene(20, 28, 2))
    opacity = rgba[..., 3:].astype(float)
    multiplied = np.rint(rgb * opacity / 255)
    stored = np.dstack([multiplied, rgba[..., 3]]).astype(np.uint8)
    straight = np.dstack([np.floor(multiplied * 255 / opacity + 0.5).clip(0, 255), rgba[..., 3]])
    found["premultiplied.tif"] = (
        tiff(stored, photometric="rgb", extrasamples=["assocalpha"]),
        straight.astype(np.uint8),
    )
    for orientation in range(1, 9):
        suffix, kind = [("png", "PNG"), ("tif", "TIFF"), ("webp", "WEBP")][orientation % 3]
        found[f"turned_{orientation}.{suffix}"] = (turned(rgb, orientation, kind), rgb)
    return found | _few_colours(rgb) | _animated(rgb) | _lossy(rgb)


def _few_colours(rgb: np.ndarray) -> dict[str, tuple[bytes, np.ndarray]]:
    palette = Image.fromarray(rgb).quantize(16)
    plain = np.asarray(palette.convert("RGB"))
    clear = np.where(np.asarray(palette) == 3, 0, 255).astype(np.uint8)
    bits = rgb[..., 0] > 128
    bit_image = Image.fromarray(bits)
    levels = (rgb[..., 0] // 64)[:, :28]
    two_bits = [np.packbits(np.unpackbits(row[:, None], axis=1)[:, 6:]).tobytes() for row in levels]
    key = block(b"tRNS", struct.pack(">3H", *rgb[0, 0]))
    keyed = np.dstack([rgb, np.where((rgb == rgb[0, 0]).all(axis=2), 0, 255).astype(np.uint8)])
    return {
        "palette.png": (encoded(palette, "PNG"), plain),
        "palette_clear.png": (
            encoded(palette, "PNG", transparency=3), np.dstack([plain, clear])
        ),
        "palette_clear.gif": (
            encoded(palette, "GIF", transparency=3), np.dstack([plain, clear])
        ),
        "palette.bmp": (encoded(palette, "BMP"), plain),
        "bit.png": (encoded(bit_image, "PNG"), bits * np.uint8(255)),
        "fax.tif": (encoded(bit_image, "TIFF", compression="group4"), bits * np.uint8(255)),
        "two_bits.png": (raw_png(28, 20, 2, 0, two_bits), levels * np.uint8(85)),
        "keyed.png": (raw_png(28, 20, 8, 2, [row.tobytes() for row in rgb], key), keyed),
    }  # fmt: skip


def _animated(rgb: np.ndarray) -> dict[str, tuple[bytes, np.ndarray]]:
    frames = [Image.fromarray(np.roll(rgb, 5 * n, axis=1)) for n in range(3)]
    more = {"save_all": True, "append_images": frames[1:], "duration": 80}
    gif = encoded(frames[0].quantize(64), "GIF", save_all=True, append_images=frames[1:])
    return {
        "animated.webp": (encoded(frames[0], "WEBP", lossless=True, **more), rgb),
        "animated.png": (encoded(frames[0], "PNG", **more), rgb),
        "animated.gif": (gif, seen(gif)),
    }


def _lossy(rgb: np.ndarray) -> dict[str, tuple[bytes, np.ndarray]]:
    inks = np.dstack([rgb // 2, rgb[..., 0] // 3])
    jpeg = encoded(rgb, "JPEG", quality=95, progressive=True, icc_profile=display_p3())
    gray = encoded(rgb[..., 0], "JPEG")
    avif = encoded(rgb, "AVIF")
    plain_ink = encoded(Image.fromarray(rgb).convert("CMYK"), "JPEG", quality=100, subsampling=0)
    return {
        "p3.jpg": (jpeg, seen(jpeg)),
        "gray.jpg": (gray, seen(gray, "L")),
        "photo.avif": (avif, seen(avif)),
        "ink.jpg": (plain_ink, seen(plain_ink)),
        "ink.tif": (
            encoded(Image.fromarray(inks, "CMYK"), "TIFF", icc_profile=ink()),
            printed(inks),
        ),
    }


def enlarged(pixels: np.ndarray, factor: int) -> np.ndarray:
    """Bicubic by OpenCV, in floating point: the same size, channels and dtype as a result has."""
    height, width = pixels.shape[:2]
    size = (factor * width, factor * height)
    larger = cv2.resize(pixels.astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
    top = np.iinfo(pixels.dtype).max
    return larger.reshape(*size[::-1], *pixels.shape[2:]).clip(0, top).round().astype(pixels.dtype)
