"""What each visitor has before them, and the files that go when they let go of them."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_HANDED_SECONDS = 10 * 60  # a page opens at once; who comes later starts anew
_LOOK_AGAIN = 60.0
_MOST_HANDED = 100
_MOST_DESKS = 2000  # where strangers come and nobody hears them leave, the oldest are cleared
_SPARE = 4  # sets of pictures: a slider makes them faster than a browser fetches them
_HANDED = "handed-"


@dataclass(eq=False)
class Desk:
    """One visitor's page.

    Attributes:
        photo: The photo they uploaded; None for the sample.
        result: What they look at, as the page knows it.
        running: How many jobs of theirs are under way; a cancelled one ends with its tile.
        turn: Counts photos; a run that began with another turn is of no use any more.
        asked: Counts questions on Compare; only the last one is answered.
        folders: Hold the pictures that were made for them.
    """

    photo: str | None = None
    result: Any = None
    running: int = 0
    turn: int = 0
    asked: int = 0
    folders: list[Path] = field(default_factory=list)


class Visitors:
    """The desks of all visitors, by the session that Gradio gives each page.

    Gradio stores an upload under a name made from its bytes, so that two visitors with the same
    photo share one file: it goes when the last of them lets go of it.

    Args:
        cache: Gradio's folder: what lies in it can be fetched by who knows its address.
        clock: Seconds that only grow.
        forget: Called with a photo that is about to be deleted.
    """

    def __init__(
        self,
        cache: Path,
        clock: Callable[[], float] = time.monotonic,
        forget: Callable[[Path], object] = lambda photo: None,
    ) -> None:
        self._cache = cache
        self._forget = forget
        self._clock = clock
        self._desks: dict[str, Desk] = {}
        self._handed: dict[str, tuple[float, Path]] = {}
        self._sweeper: threading.Timer | None = None
        self._lock = threading.Lock()

    def desk(self, session: str | None) -> Desk:
        """The desk of that session, a new one at first."""
        with self._lock:
            while len(self._desks) >= _MOST_DESKS and session not in self._desks:
                self._clear(self._desks.pop(next(iter(self._desks))))
            return self._desks.setdefault(session or "", Desk())

    def lay(self, desk: Desk, photo: str | None) -> int:
        """Put a photo on the desk and delete what another one left; gives the turn."""
        with self._lock:
            if desk.photo != photo:
                self._clear(desk)
                desk.photo = photo
            return desk.turn

    def keep(
        self, desk: Desk, turn: int, files: Sequence[Path], *, instead: bool = True
    ) -> list[Path] | None:
        """Move finished pictures to where the page can fetch them.

        Args:
            desk: Whose they are.
            turn: Which photo they were made from.
            files: The pictures.
            instead: Whether those that were there before go.

        Returns:
            Where they are, or None when the visitor has left or taken another photo meanwhile.
        """
        with self._lock:
            if desk.turn != turn:
                return None
            if instead:
                self._drop(desk)
            folder = Path(tempfile.mkdtemp(prefix="shown-", dir=self._cache))
            desk.folders.append(folder)
            return [Path(shutil.move(file, folder / file.name)) for file in files]

    def trim(self, desk: Desk) -> None:
        """Delete what was made for a desk, but for the last sets: they may be on their way."""
        with self._lock:
            while len(desk.folders) > _SPARE:
                shutil.rmtree(desk.folders.pop(0), ignore_errors=True)

    def hand_over(self, picture: Path) -> str:
        """Put a copy of a picture aside for another page of the same person.

        Args:
            picture: A file that the page made or was given.

        Returns:
            A word nobody guesses, for the address ``/?photo=WORD``. It is good once, for ten
            minutes.
        """
        token = secrets.token_urlsafe()
        with self._lock:
            self._sweep()
            while len(self._handed) >= _MOST_HANDED:
                self._throw_away(next(iter(self._handed)))
            folder = Path(tempfile.mkdtemp(prefix=_HANDED, dir=self._cache))
            copy = Path(shutil.copyfile(picture, folder / picture.name))
            self._handed[token] = (self._clock(), copy)
            self._sweep_later()
        return token

    def take(self, token: str, desk: Desk) -> Path | None:
        """Lay the picture that was put aside under this word on a desk, where it stays.

        Returns:
            Where it is, or None for a word that was used, is too old, or never was.
        """
        with self._lock:
            self._sweep()
            handed = self._handed.pop(token, None)
            if handed is None:
                return None
            self._clear(desk)
            _, picture = handed
            desk.photo = str(picture)
            return picture

    def _sweep(self) -> None:
        old = self._clock() - _HANDED_SECONDS
        for token in [token for token, (when, _) in self._handed.items() if when <= old]:
            self._throw_away(token)

    def _throw_away(self, token: str) -> None:
        _, picture = self._handed.pop(token)
        shutil.rmtree(picture.parent, ignore_errors=True)

    def _sweep_later(self) -> None:
        """Look again each minute while something lies there: perhaps no next visitor comes."""
        if self._sweeper is None:
            self._sweeper = threading.Timer(_LOOK_AGAIN, self._sweep_now)
            self._sweeper.daemon = True
            self._sweeper.start()

    def _sweep_now(self) -> None:
        with self._lock:
            self._sweeper = None
            self._sweep()
            if self._handed:
                self._sweep_later()

    @contextmanager
    def at_work(self, desk: Desk) -> Iterator[None]:
        """Count a job while it runs."""
        desk.running += 1
        try:
            yield
        finally:
            desk.running -= 1

    def leave(self, session: str | None) -> None:
        """Delete everything of a visitor whose page was closed."""
        with self._lock:
            desk = self._desks.pop(session or "", None)
            if desk is not None:
                self._clear(desk)

    def _clear(self, desk: Desk) -> None:
        self._drop(desk)
        old, desk.photo, desk.result = desk.photo, None, None
        desk.turn += 1
        if old and not any(other.photo == old for other in self._desks.values()):
            self._forget(Path(old))
            Path(old).unlink(missing_ok=True)
            if Path(old).parent.name.startswith(_HANDED):
                shutil.rmtree(Path(old).parent, ignore_errors=True)

    def _drop(self, desk: Desk) -> None:
        while desk.folders:
            shutil.rmtree(desk.folders.pop(), ignore_errors=True)
