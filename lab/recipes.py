"""The same work without the page: settings as a command line and as Python, ready to copy."""

from __future__ import annotations

import shlex
from pathlib import PurePath

from lab.settings import UpscaleSettings
from lab.sharing import link_to, plain, sharing_box

_SWITCHES = ("fix_colour", "consistent")


def command(photo: str, settings: UpscaleSettings) -> str:
    """The command line that makes the same pixels.

    >>> command("my photo.jpg", UpscaleSettings(keep_gps=True))
    "realesr upscale 'my photo.jpg' -o 'my photo_x4.png' --model lab-x4 --scale 4"
    """
    parts = ["realesr", "upscale", photo, "-o", _result(photo, settings)]
    if settings.decided:
        parts.append("--auto")
    for name, value in settings.asked.items():
        option = name.replace("_", "-")
        if name in _SWITCHES:
            parts.append(f"--{option}" if value else f"--no-{option}")
        else:
            parts += [f"--{option}", plain(value)]
    parts += _size(settings)
    if not settings.keep_gps:
        parts.append("--strip-gps")
    return shlex.join(parts)


def _size(settings: UpscaleSettings) -> list[str]:
    wanted = settings.enlargement
    if wanted.size:
        return ["--size", wanted.label]
    return (
        ["--long-edge", str(wanted.long_edge)]
        if wanted.long_edge
        else ["--scale", plain(settings.scale)]
    )


def python(photo: str, settings: UpscaleSettings) -> str:
    """The Python that makes the same pixels.

    >>> print(python("photo.jpg", UpscaleSettings(keep_gps=True)))
    import realesr
    <BLANKLINE>
    picture = realesr.read_picture('photo.jpg')
    upscaler = realesr.Upscaler('lab-x4', scale=4)
    larger = picture.with_pixels(upscaler(picture.pixels))
    realesr.write_picture(larger, 'photo_x4.png')
    <BLANKLINE>
    """
    wanted, asked = settings.enlargement, settings.asked
    is_plain = wanted.scale is not None and set(asked) == {"model"} and not settings.decided
    scale = f"scale={plain(settings.scale)}" if wanted.scale is not None else ""
    lines = ["import realesr"]
    if is_plain:
        work = [
            f"upscaler = realesr.Upscaler({settings.model!r}, {scale})",
            "larger = picture.with_pixels(upscaler(picture.pixels))",
        ]
    else:
        lines.append("from realesr.commands.deciding import Deciding")
        if wanted.long_edge:
            lines.append("from realesr.inference.sizes import Enlargement")
        given = ", ".join(part for part in (scale, "auto=True" if settings.decided else "") if part)
        work = [
            f"deciding = Deciding.of({asked!r}{', ' if given else ''}{given})",
            f"larger = deciding.run(picture{_target(settings)})",
        ]
    if not settings.keep_gps:
        work.append("larger = larger.without_gps()")
    result = _result(photo, settings)
    return "\n".join(
        [
            *lines,
            "",
            f"picture = realesr.read_picture({photo!r})",
            *work,
            f"realesr.write_picture(larger, {result!r})",
            "",
        ]
    )


def _target(settings: UpscaleSettings) -> str:
    """The size wanted, as ``Deciding.run`` takes it."""
    wanted = settings.enlargement
    if wanted.size:
        return f", size={wanted.size}"
    if wanted.long_edge is None:
        return ""
    edge = f"Enlargement(long_edge={wanted.long_edge})"
    return f", size={edge}.output_size(*picture.pixels.shape[:2])"


def every_way(photo: str, settings: UpscaleSettings) -> str:
    """Link, command, Python and JSON as HTML, each with its button."""
    return sharing_box(
        link_to("", settings),
        python(photo, settings),
        command(photo, settings),
        settings.to_json(),
    )


def _result(photo: str, settings: UpscaleSettings) -> str:
    return settings.result_name(PurePath(photo).stem)
