"""What is wrong with a picture, and which model suits it.

``inspect`` looks at pixels; ``inspect_file`` also asks the file, which knows its JPEG tables.
Figures come from ``realesr.quality.estimators``; here they become sentences and a ranking.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from realesr.images import Picture, read_picture
from realesr.quality.checkup.findings import look
from realesr.quality.checkup.ranking import LEAVE_ALONE, rank
from realesr.quality.checkup.report import Checkup, Finding, Suggestion
from realesr.quality.estimators import JpegTables, tables_of
from realesr.quality.estimators.planes import Pixels, check_pixels

__all__ = ["LEAVE_ALONE", "Checkup", "Finding", "Suggestion", "inspect", "inspect_file"]


def inspect(image: Picture | Pixels, *, tables: JpegTables | None = None) -> Checkup:
    """Find out what is wrong with a picture, and which model suits it.

    Args:
        image: A picture as ``read_picture`` gives it, or its pixels: HW or HWC, uint8 or uint16.
        tables: Of the JPEG file that it was read from, where there is one.

    Raises:
        ParameterError: E001 for an array that is no picture. No picture is too odd or too small:
            what it does not tell has the value None.

    >>> import numpy as np
    >>> inspect(np.zeros((2, 3), np.uint8)).findings["noise"].value is None
    True
    """
    pixels = image.pixels if isinstance(image, Picture) else image
    check_pixels(pixels)
    height, width = pixels.shape[:2]
    checkup = Checkup(width, height, look(pixels, tables))
    return replace(checkup, models=rank(checkup))


def inspect_file(path: Path) -> Checkup:
    """The same for a file; of a JPEG the quality is read from its tables.

    Raises:
        PictureError: As ``read_picture``.
    """
    return inspect(read_picture(path), tables=tables_of(path))
