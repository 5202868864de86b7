"""Colour profiles: what space one is for, and the way from ink to light."""

from __future__ import annotations

from typing import Any

from realesr.errors import Notice

_SPACES = {b"RGB ": "RGB", b"GRAY": "gray", b"CMYK": "CMYK", b"Lab ": "Lab"}


def profile_space(icc: bytes) -> str | None:
    """The colour space a profile is for: ``RGB``, ``gray``, ``CMYK``, ``Lab``; None if damaged."""
    if len(icc) < 128 or icc[36:40] != b"acsp":
        return None
    return _SPACES.get(icc[16:20])


def fitting_profile(icc: bytes | None, gray: bool) -> tuple[bytes | None, tuple[Notice, ...]]:
    """Keep a profile only where it describes the pixels it came with.

    Args:
        icc: The file's profile.
        gray: Whether the pixels are gray.
    """
    if not icc:
        return None, ()
    space, wanted = profile_space(icc), "gray" if gray else "RGB"
    if space == wanted:
        return icc, ()
    what = f"it is for {space} pictures" if space else "it is damaged"
    return None, (Notice("W113", f"The colour profile was left out: {what}."),)


def cmyk_to_rgb(image: Any, icc: bytes | None) -> tuple[Any, Notice]:
    """Convert a Pillow picture in CMYK to sRGB, through its profile where it has a usable one."""
    import io

    from PIL import ImageCms

    if icc and profile_space(icc) == "CMYK":
        try:
            converted = ImageCms.profileToProfile(
                image, io.BytesIO(icc), ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            return converted, Notice("W110", "CMYK converted to sRGB with its profile.")
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    sentence = (
        "CMYK without a usable profile, converted to RGB by rule of thumb; colours may shift."
    )
    return image.convert("RGB"), Notice("W110", sentence)
