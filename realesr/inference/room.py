"""Whether the disk has room for the results of a run, judged before any work."""

from __future__ import annotations

import math
import os
import shutil
from pathlib import Path

from realesr.errors import ResourceError
from realesr.gate import Header
from realesr.models.storage import megabytes

# Bytes of a result for each byte of its source and each time the area: half of the least seen on
# the photographs and drawings of scikit-image, so that nobody is refused who has room.
_LEAST = {"PNG": 0.25, "TIFF": 0.25, "WEBP": 0.1, "GIF": 0.05, "JPEG": 0.04, "AVIF": 0.02}


def least_bytes(header: Header, stored: int, size: tuple[int, int], picture_format: str) -> float:
    """How long a result will be at least.

    Args:
        header: Of the source.
        stored: Length of the source in bytes.
        size: Height and width of the result.
        picture_format: Of the result.

    >>> small = Header("PNG", 300, 200, "RGB")
    >>> round(least_bytes(small, 50_000, (800, 1200), "PNG"))
    200000
    """
    # A source that is not packed says nothing about how well its result will pack.
    stored = min(stored, header.pixels * header.channels * header.bits // 16)
    area = size[0] * size[1] / header.pixels
    # The larger an enlargement, the smoother it is.
    return stored * area * _LEAST[picture_format] / max(1.0, math.sqrt(area) / 4)


def refuse_without_room(needed: float, folder: Path) -> None:
    """Refuse results that the disk has no room for; where it cannot tell, the work will.

    Raises:
        ResourceError: E302.
    """
    here = next(above for above in (folder, *folder.parents, Path()) if os.path.lexists(above))
    try:
        free = shutil.disk_usage(here).free
    except OSError:
        return
    if needed > free:
        raise ResourceError(
            "E302",
            f"the results need at least {megabytes(round(needed))}, and {folder} has "
            f"{megabytes(free)} free. Nothing was written.",
            "Make room, or name a folder on another disk.",
        )
