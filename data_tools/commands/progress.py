"""One line about a build under way: the stage, how far it is, the time left."""

from __future__ import annotations

import sys
import time

from realesr.commands.saying import show
from realesr.train.progress import spoken_time

REFRESH = 0.2
EVERY = 30.0
"""Seconds from one line to the next where nobody watches."""


class StageLine:
    """A line on standard error, rewritten on a terminal, now and then elsewhere."""

    def __init__(self) -> None:
        self._watched = sys.stderr.isatty()
        self._stage, self._since, self._shown, self._first = "", 0.0, time.perf_counter(), 0

    def update(self, stage: str, done: int, total: int) -> None:
        """Some more pictures are done.

        Args:
            stage: What happened to them.
            done: How many.
            total: How many there are; 0 where that is not known.
        """
        now = time.perf_counter()
        if stage != self._stage:
            self._stage, self._since, self._first = stage, now, done
        if now - self._shown < (REFRESH if self._watched else EVERY):
            return
        self._shown = now
        of = f" of {total:,}" if total else ""
        text = f"{stage} {done:,}{of} pictures"
        rate = (done - self._first) / (now - self._since) if now > self._since else 0.0
        if rate > 0:
            text += f", {rate:.3g}/s"
            text += f", {spoken_time((total - done) / rate)} left" if total else ""
        show(f"\r\x1b[K{text}" if self._watched else f"{text}\n")

    def close(self) -> None:
        """Leave a clean line."""
        if self._watched:
            show("\r\x1b[K")
