"""The same work without the page: the settings as a command and as Python."""

from __future__ import annotations

import shlex
from pathlib import PurePath


def command(photo: str, model: str, scale: int) -> str:
    """The command line that makes the same pixels.

    >>> command("my photo.jpg", "starter-x4", 4)
    "realesr upscale 'my photo.jpg' -o 'my photo_x4.png' --model starter-x4 --scale 4"
    """
    parts = ["realesr", "upscale", photo, "-o", _result(photo, scale)]
    return shlex.join([*parts, "--model", model, "--scale", str(scale)])


def python(photo: str, model: str, scale: int) -> str:
    """The Python that makes the same pixels.

    >>> print(python("photo.jpg", "starter-x4", 4))
    import realesr
    <BLANKLINE>
    picture = realesr.read_picture('photo.jpg')
    upscaler = realesr.Upscaler('starter-x4', scale=4)
    larger = picture.with_pixels(upscaler(picture.pixels))
    realesr.write_picture(larger, 'photo_x4.png')
    <BLANKLINE>
    """
    return (
        "import realesr\n\n"
        f"picture = realesr.read_picture({photo!r})\n"
        f"upscaler = realesr.Upscaler({model!r}, scale={scale})\n"
        "larger = picture.with_pixels(upscaler(picture.pixels))\n"
        f"realesr.write_picture(larger, {_result(photo, scale)!r})\n"
    )


def _result(photo: str, scale: int) -> str:
    return f"{PurePath(photo).stem}_x{scale}.png"
