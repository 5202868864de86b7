"""The line before the model: one job at a time, everybody knows their place, and nobody is lost.

Gradio's own queue says "busy" in its own words and frees a place the moment somebody cancels, while
their tile still runs. So its queue lets everybody through to here, where one thread does the work.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from lab.text import duration, say
from realesr.errors import BusyError

MOST = 40  # in the line; about two minutes of crops on two cores
MOST_EACH = 3  # of one visitor
_GLANCE = 1.0  # seconds between two looks at one's place
_REMEMBERED = 12
_ENDED = object()


@dataclass(frozen=True)
class Place:
    """Where somebody stands.

    Attributes:
        before: How many jobs come first.
        seconds: How long they will take, where that is known.
    """

    before: int
    seconds: float | None


@dataclass(eq=False)
class _Job:
    owner: str
    quick: bool
    steps: Iterator[Any]
    loop: asyncio.AbstractEventLoop
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    answers: asyncio.Queue[Any] = field(default_factory=asyncio.Queue)
    context: contextvars.Context = field(default_factory=contextvars.copy_context)
    started: float | None = None
    left: bool = False

    def do(self, what: Callable[..., object], *values: Any) -> None:
        """Have the page's own thread do it, unless the server is closing."""
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(what, *values)


class Line:
    """Runs generators one step at a time, in order; quick ones between two steps of long ones.

    After each quick one a long one does a step, so that nobody waits for ever.

    Args:
        most: How many may stand in it.
        most_each: How many of one visitor.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        most: int = MOST,
        most_each: int = MOST_EACH,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._most_each, self._clock = most, most_each, clock
        self._jobs: list[_Job] = []
        self._took: dict[bool, deque[float]] = {
            quick: deque(maxlen=_REMEMBERED) for quick in (True, False)
        }
        self._changed = threading.Condition()
        self._worker: threading.Thread | None = None
        self._owed = False  # whether a long job is to have the next step

    def in_turn(
        self,
        steps: Callable[..., Iterator[Any]],
        *,
        waiting: Callable[[Place], Any],
        full: Callable[[BusyError], Any],
        quick: Callable[..., bool] = lambda *values: False,
        at_once: Callable[..., bool] = lambda *values: False,
    ) -> Callable[..., AsyncIterator[Any]]:
        """An event handler that waits for its turn and then does what ``steps`` does.

        Args:
            steps: A generator function, or method; each step is done without a pause.
            waiting: What to show, anew each second, to who waits.
            full: What to show when there is no room; it may raise instead.
            quick: Whether these values take a moment only; then they go before long ones.
            at_once: Whether these values need no model at all, and so no turn.
        """

        @functools.wraps(steps)
        async def handler(*values: Any) -> AsyncIterator[Any]:
            if at_once(*values):
                for changes in await asyncio.to_thread(list, steps(*values)):
                    yield changes
                return
            try:
                job = self._join(_owner(values), quick(*values), steps(*values))
            except BusyError as error:
                yield full(error)
                return
            try:
                while not job.begun.is_set():
                    yield waiting(self.place(job))
                    with suppress(TimeoutError):
                        async with asyncio.timeout(_GLANCE):
                            await job.begun.wait()
                while (answer := await job.answers.get()) is not _ENDED:
                    if isinstance(answer, BaseException):
                        raise answer
                    yield answer
            finally:
                self._leave(job)

        return handler

    def place(self, job: _Job) -> Place:
        """Where a job stands now."""
        with self._changed:
            before = self._before(job)
            spans = [self._expected(each) for each in before]
        known = None if None in spans else sum(span for span in spans if span is not None)
        return Place(len(before), known)

    def __len__(self) -> int:
        with self._changed:
            return len(self._jobs)

    def _join(self, owner: str, quick: bool, steps: Iterator[Any]) -> _Job:
        job = _Job(owner, quick, steps, asyncio.get_running_loop())
        with self._changed:
            alike = sum(each.owner == owner for each in self._jobs) if owner else 0
            if len(self._jobs) >= self._most or alike >= self._most_each:
                raise self._full(alike >= self._most_each)
            self._jobs.append(job)
            if self._worker is None:
                self._worker = threading.Thread(target=self._work, name="line", daemon=True)
                self._worker.start()
            self._changed.notify()
        return job

    def _leave(self, job: _Job) -> None:
        """A job whose owner is gone: its step in hand is the last, and one not begun never runs."""
        with self._changed:
            job.left = True
            self._changed.notify()

    def _full(self, own: bool) -> BusyError:
        if own:
            return BusyError("E010", say("line.own"), say("line.own_next"))
        spans = [self._expected(job) or 0.0 for job in self._jobs]
        when = duration(max(30.0, sum(spans)))
        return BusyError(
            "E010", say("line.full", count=len(self._jobs)), say("line.full_next", time=when)
        )

    def _before(self, job: _Job) -> list[_Job]:
        if job not in self._jobs:
            return []
        index = self._jobs.index(job)
        earlier, later = self._jobs[:index], self._jobs[index + 1 :]
        if job.quick:
            return [each for each in earlier if each.quick]
        return earlier + [each for each in later if each.quick]

    def _expected(self, job: _Job) -> float | None:
        took = self._took[job.quick]
        if not took:
            return None
        gone = 0.0 if job.started is None else self._clock() - job.started
        return max(0.5, sum(took) / len(took) - gone)

    # ---- the one thread ---------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._jobs:
                    self._changed.wait()
                job = self._next()
                gone = next((each for each in self._jobs if each.left), None)
            if gone is not None:
                self._end(gone)
            else:
                self._step(job)

    def _next(self) -> _Job:
        quick = next((job for job in self._jobs if job.quick), None)
        long = next((job for job in self._jobs if not job.quick), None)
        chosen = long if quick is None or (self._owed and long is not None) else quick
        assert chosen is not None
        if not chosen.quick:
            self._owed = False
        return chosen

    def _step(self, job: _Job) -> None:
        if job.started is None:
            job.started = self._clock()
            job.do(job.begun.set)
        try:
            answer = job.context.run(next, job.steps, _ENDED)
        except BaseException as error:
            answer = error
        if answer is _ENDED:
            self._took[job.quick].append(self._clock() - job.started)
        if answer is _ENDED or isinstance(answer, BaseException):
            self._end(job)
        job.do(job.answers.put_nowait, answer)

    def _end(self, job: _Job) -> None:
        close = getattr(job.steps, "close", None)
        with suppress(Exception):
            if close is not None:
                job.context.run(close)
        with self._changed:
            self._jobs.remove(job)
            self._owed = job.quick


def _owner(values: tuple[Any, ...]) -> str:
    """The session of the page that asks; programs have none."""
    found = (getattr(value, "session_hash", None) for value in values)
    return next((str(each) for each in found if each), "")
