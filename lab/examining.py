"""A photo looked at once: what is wrong with it, kept as figures only."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from realesr.images.apart import Apart
    from realesr.quality.checkup import Checkup

_REMEMBERED = 64


@dataclass(frozen=True)
class Examined:
    """A check-up twice over.

    Attributes:
        shown: As `realesr inspect` tells it: of a JPEG file the quality is read from its tables.
        checkup: From the pixels alone, by which `realesr upscale --auto` decides.
    """

    shown: Checkup
    checkup: Checkup


class Examiner:
    """Examines photos; whoever shows the same file again, or moves a slider, waits for nothing.

    Args:
        reader: Decodes them.
    """

    def __init__(self, reader: Apart) -> None:
        self._reader = reader
        self._known: dict[tuple[str, int, int], Examined] = {}
        self._lock = threading.Lock()

    def examine(self, photo: Path) -> Examined:
        """What is wrong with a photo.

        Raises:
            PictureError: When it cannot be read.
        """
        from realesr.quality.checkup import inspect
        from realesr.quality.estimators import tables_of

        state = photo.stat()
        key = (str(photo), state.st_mtime_ns, state.st_size)
        with self._lock:
            if key in self._known:
                return self._known[key]
            picture = self._reader.read(photo)
            checkup = inspect(picture)
            tables = tables_of(photo)
            shown = checkup if tables is None else inspect(picture, tables=tables)
            while len(self._known) >= _REMEMBERED:
                self._known.pop(next(iter(self._known)))
            self._known[key] = Examined(shown, checkup)
            return self._known[key]
