"""What the first bytes of a file say it is, whatever its name claims."""

from __future__ import annotations

import re

from realesr.errors import PictureError

PREFIX_BYTES = 4096
ACCEPTED = "PNG, JPEG, WebP, AVIF, TIFF, BMP and GIF"

_PICTURES: tuple[tuple[str, bytes], ...] = (
    ("PNG", b"\x89PNG\r\n\x1a\n"),
    ("JPEG", b"\xff\xd8\xff"),
    ("GIF", b"GIF87a"),
    ("GIF", b"GIF89a"),
    ("TIFF", b"II*\x00"),
    ("TIFF", b"MM\x00*"),
    ("TIFF", b"II+\x00"),
    ("TIFF", b"MM\x00+"),
    ("BMP", b"BM"),
)
_AVIF_BRANDS = (b"avif", b"avis")
_STRANGERS: tuple[tuple[bytes, str], ...] = (
    (b"%!PS", "an EPS or PostScript file, which is a program"),
    (b"\xc5\xd0\xd3\xc6", "an EPS file, which is a program"),
    (b"%PDF", "a PDF document"),
    (b"8BPS", "a Photoshop document"),
    (b"gimp xcf", "a GIMP document"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "a JPEG XL picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (b"v/1\x01", "an OpenEXR picture"),
    (b"#?RADIANCE", "a Radiance HDR picture"),
    (b"\x00\x00\x01\x00", "a Windows icon"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a Windows program"),
)
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
_TITLE = re.compile(rb"<title[^>]*>\s*([^<]{1,60}?)\s*</title", re.IGNORECASE)


def identify(start: bytes, name: str) -> str:
    """Name the picture format that the first bytes of a file announce.

    Args:
        start: The first ``PREFIX_BYTES`` bytes of the file, at least one.
        name: The file's name, for the sentence of a refusal.

    Returns:
        One of ``PNG JPEG WEBP AVIF TIFF BMP GIF``.

    Raises:
        PictureError: E102 when it is no picture, E103 when it stops inside the signature, E105 when
            it is a picture or document of a kind that is not read here.

    >>> identify(b"GIF89a" + bytes(10), "a.png")
    'GIF'
    """
    for picture_format, magic in _PICTURES:
        if start.startswith(magic):
            return picture_format
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "WEBP"
    if start[4:8] == b"ftyp":
        return _identify_box_file(start, name)
    for magic, description in _STRANGERS:
        if start.startswith(magic):
            raise _unaccepted(name, description)
    if any(magic.startswith(start) for _, magic in _PICTURES) or b"RIFF".startswith(start):
        raise PictureError(
            "E103", f"{name} stops after {len(start)} bytes.", "Copy or download it again."
        )
    raise _no_picture(start, name)


def _identify_box_file(start: bytes, name: str) -> str:
    length = min(max(int.from_bytes(start[:4], "big"), 16), 256)
    brands = [start[8:12], *(start[at : at + 4] for at in range(16, length, 4))]
    if any(brand in _AVIF_BRANDS for brand in brands):
        return "AVIF"
    if any(brand in _HEIF_BRANDS for brand in brands):
        raise _unaccepted(name, "a HEIC picture")
    raise _unaccepted(name, "a video")


def _unaccepted(name: str, description: str) -> PictureError:
    return PictureError(
        "E105",
        f"{name} is {description}; that kind is not read here.",
        f"Save it as PNG or TIFF first; accepted are {ACCEPTED}.",
    )


def _no_picture(start: bytes, name: str) -> PictureError:
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n")
    lowered = text[:512].lower()
    if lowered.startswith(b"version https://git-lfs"):
        return PictureError(
            "E102", f"{name} is a Git LFS pointer, not the picture.", "Run `git lfs pull`."
        )
    if b"<svg" in lowered:
        return _unaccepted(name, "an SVG drawing")
    if lowered.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<!--")):
        title = _TITLE.search(start)
        words = f' ("{title.group(1).decode("utf-8", "replace")}")' if title else ""
        return PictureError(
            "E102", f"{name} is not a picture: it is a web page{words}.", "Download it again."
        )
    if _is_text(start):
        return PictureError(
            "E102", f"{name} is not a picture: it is text.", "Check that it is the right file."
        )
    if not any(start):
        return PictureError(
            "E102",
            f"{name} is not a picture: it begins with nothing but zeros.",
            "It was probably not copied completely; copy it again.",
        )
    return PictureError(
        "E102",
        f"{name} is not a picture that is known here.",
        f"Check that it is the right file; accepted are {ACCEPTED}.",
    )


def _is_text(start: bytes) -> bool:
    try:
        # The prefix may end inside a character of several bytes.
        text = start[:-3].decode("utf-8") if len(start) == PREFIX_BYTES else start.decode("utf-8")
    except UnicodeDecodeError as error:
        if len(start) < PREFIX_BYTES or error.start < len(start) - 8:
            return False
        text = start[: error.start].decode("utf-8")
    return all(character.isprintable() or character in "\t\r\n\f\b\x1b" for character in text)
