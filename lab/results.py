"""A result as files: one PNG to look at, one of the format a person takes home."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from lab.settings import UpscaleSettings
from realesr.errors import Notice
from realesr.images import Picture, plan_output, write_picture
from realesr.inference.decisions import Decision

_SHOWN = ("consistent",)  # of the decisions: what became of it is known only now


def write_result(
    picture: Picture, larger: Picture, photo: Path, settings: UpscaleSettings, folder: Path
) -> tuple[Path, Path, Path, tuple[Notice, ...]]:
    """Write a photo and what was made of it.

    Args:
        picture: The photo.
        larger: What was made of it.
        photo: Where it came from.
        settings: How it was made.
        folder: Where the files go.

    Returns:
        The photo to look at, the result to look at, the result to take home (the same where that is
        a PNG), and what a person should know.
    """
    dressed = larger if settings.keep_gps else larger.without_gps()
    after = folder / f"{photo.stem}_{settings.enlargement.label}.png"
    file = folder / settings.result_name(photo.stem)
    for target in dict.fromkeys((after, file)):
        write_picture(dressed, target)
    before = folder / f"{photo.stem}.png"
    write_picture(fitting(picture, dressed.height, dressed.width), before)
    told = [
        notice
        for notice in dressed.notices
        if not isinstance(notice, Decision) or notice.name in _SHOWN
    ]
    return before, after, file, tuple(dict.fromkeys((*told, *plan_output(dressed, file))))


def fitting(picture: Picture, height: int, width: int) -> Picture:
    """A picture as the viewer lays it under another: it must fit in a whole number of times.

    One that does not is enlarged by repeating pixels, which adds nothing and takes nothing away.
    """
    across = width // picture.width
    if across and (picture.height * across, picture.width * across) == (height, width):
        return picture
    rows = (np.arange(height) + 0.5) * picture.height // height
    columns = (np.arange(width) + 0.5) * picture.width // width
    pixels = picture.pixels[rows.astype(int)][:, columns.astype(int)]
    return replace(picture, pixels=np.ascontiguousarray(pixels))
