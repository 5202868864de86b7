"""How long things are kept: what visitors sent and were given goes when its time is over."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

LOOK_AGAIN = 60.0
PUBLIC_SECONDS = 9 * 60.0  # looked for once a minute: gone after ten
OWN_SECONDS = 24 * 60 * 60.0

logger = logging.getLogger(__name__)


class Keeper:
    """Deletes every file of a folder that came there too long ago, and what memory holds of it.

    What lies in the folder when the keeper comes belongs to the lab and stays.

    Args:
        folder: Where all files of visitors lie.
        seconds: How long they stay.
        forget: Each is called at every round, to forget what is as old in memory.
        clock: Seconds since 1970, as the times of files.
    """

    def __init__(
        self,
        folder: Path,
        seconds: float,
        forget: Iterable[Callable[[], object]] = (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.seconds = seconds
        self._folder, self._forget, self._clock = folder, tuple(forget), clock
        self._own = {path for path in folder.rglob("*") if path.is_file()}

    def look(self) -> None:
        """One round: delete what is too old."""
        old = self._clock() - self.seconds
        folders = []
        for path in self._folder.rglob("*"):
            with suppress(OSError):  # another thread may delete it as well
                if path.is_dir():
                    folders.append(path)
                elif path not in self._own and path.lstat().st_ctime <= old:
                    path.unlink()
        for path in reversed(folders):
            with suppress(OSError):  # not empty, or in use
                if path.stat().st_ctime <= self._clock() - LOOK_AGAIN:
                    path.rmdir()
        for forget in self._forget:
            forget()

    def start(self) -> None:
        """Look once a minute for as long as the program runs."""

        def rounds() -> None:
            while True:
                time.sleep(LOOK_AGAIN)
                try:
                    self.look()
                except Exception:
                    logger.exception("looking for old files failed")

        threading.Thread(target=rounds, name="keeper", daemon=True).start()
