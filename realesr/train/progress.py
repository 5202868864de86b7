"""One line about a running training: where it is, how fast, and what the time goes into.

::

    progress = Progress(20_000, first_step=0, batch_size=16, every=100, stream=sys.stderr)
    for batch in feed(...):
        ...                                          # the step
        progress.update(step, batch.seconds, note="loss 0.031")
        with progress.aside():
            ...                                      # validation, previews, saving
    progress.close()
    progress.rates()                                 # the same as numbers, for the journal

On a terminal the line is rewritten; elsewhere a line comes every ``every`` steps; without a stream
nothing is written.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

WINDOW = 100
REFRESH = 0.2


@dataclass
class _Spent:
    """Seconds between two looks, and what they went into."""

    wall: float = 0.0
    waited: float = 0.0
    read: float = 0.0
    degraded: float = 0.0
    aside: float = 0.0

    def plus(self, other: _Spent) -> _Spent:
        return _Spent(**{name: value + getattr(other, name) for name, value in vars(self).items()})


@dataclass
class Progress:
    """The pace of a run, over its last hundred steps.

    Args:
        steps: The step the run ends with.
        first_step: How many were done before.
        batch_size: Pictures a step, of all processes together.
        every: Steps from one line to the next where nobody watches.
        stream: Where the line goes, or None.
        clock: Seconds; the tests' own, otherwise the machine's.
    """

    steps: int
    first_step: int = 0
    batch_size: int = 1
    every: int = 100
    stream: TextIO | None = None
    clock: Callable[[], float] = time.perf_counter
    _recent: deque[_Spent] = field(default_factory=lambda: deque(maxlen=WINDOW), init=False)
    _shown: float = field(default=-REFRESH, init=False)
    _aside: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self.step = self.first_step
        self._since = self.clock()
        self._live = self.stream is not None and self.stream.isatty()

    def update(self, step: int, seconds: Mapping[str, float], note: str = "") -> None:
        """One more step is done.

        Args:
            step: Its number.
            seconds: What its batch took: ``wait`` is what the loop waited for it, ``read`` and
                ``degrade`` are summed over pictures, wherever they were made.
            note: What the line says besides, such as the loss.
        """
        now = self.clock()
        self._recent.append(
            _Spent(
                now - self._since,
                seconds.get("wait", 0.0),
                seconds.get("read", 0.0),
                seconds.get("degrade", 0.0),
                self._aside,
            )
        )
        self.step, self._since, self._aside = step, now, 0.0
        self._show(now, note)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Time that is not the step's: validation, previews, saving."""
        started = self.clock()
        try:
            yield
        finally:
            self._aside += self.clock() - started

    def rates(self) -> dict[str, float]:
        """The pace as numbers.

        Returns:
            ``pictures_per_second``, ``seconds_left``, and the shares in [0, 1] that the time goes
            into: ``data`` (waiting for pictures to be read), ``degradation`` (waiting for them to
            be degraded), ``step``, ``looking`` (validation, previews, saving). Empty before the
            first step.
        """
        spent = _Spent()
        for each in self._recent:
            spent = spent.plus(each)
        if spent.wall <= 0:
            return {}
        count, made = len(self._recent), spent.read + spent.degraded
        waited = min(spent.waited, spent.wall)
        degraded = waited * (spent.degraded / made if made > 0 else 0.0)
        looking = min(spent.aside, spent.wall - waited)
        parts = {"data": waited - degraded, "degradation": degraded, "looking": looking}
        parts["step"] = spent.wall - waited - looking
        return {
            "pictures_per_second": self.batch_size * count / spent.wall,
            "seconds_left": max(0, self.steps - self.step) * spent.wall / count,
        } | {name: seconds / spent.wall for name, seconds in parts.items()}

    def line(self, note: str = "") -> str:
        """The line itself.

        >>> times = iter([0.0, 2.0])
        >>> progress = Progress(200, batch_size=8, clock=lambda: next(times))
        >>> progress.update(1, {"wait": 0.5, "read": 1.0, "degrade": 3.0})
        >>> progress.line("loss 0.1")
        'step 1/200 (0 %), 4 pictures/s, 7 min left | data 6 %, degradation 19 %, step 75 % | loss 0.1'
        """  # noqa: E501
        share = f"{100 * self.step // max(self.steps, 1)} %"
        parts = [f"step {self.step:,}/{self.steps:,} ({share})"]
        rates = self.rates()
        if rates:
            parts[0] += f", {rates['pictures_per_second']:.3g} pictures/s"
            parts[0] += f", {spoken_time(rates['seconds_left'])} left"
            shares = {name: rates[name] for name in ("data", "degradation", "step")}
            if rates["looking"] >= 0.005:
                shares["looking"] = rates["looking"]
            parts.append(", ".join(f"{name} {value:.0%}" for name, value in shares.items()))
            parts[-1] = parts[-1].replace("%", " %")
        return " | ".join([*parts, note] if note else parts)

    def say(self, sentence: str) -> None:
        """A sentence on a line of its own, above the progress."""
        if self.stream is not None:
            self.stream.write(("\r\x1b[K" if self._live else "") + sentence + "\n")
            self.stream.flush()

    def storing(self, done: int, total: int) -> None:
        """Pictures whose draws are stored before the first step, told at every tenth."""
        if total and done * 10 // total > (done - 1) * 10 // total:
            self.say(f"storing draws: {done:,} of {total:,} pictures")

    def close(self) -> None:
        """Leave the terminal with a clean line."""
        if self._live and self.stream is not None:
            self.stream.write("\n")
            self.stream.flush()

    def _show(self, now: float, note: str) -> None:
        last = self.step >= self.steps
        if self.stream is None:
            return
        if self._live and (last or now - self._shown >= REFRESH):
            self._shown = now
            self.stream.write("\r\x1b[K" + self.line(note))
            self.stream.flush()
        elif not self._live and (last or self.step % self.every == 0):
            self.stream.write(self.line(note) + "\n")
            self.stream.flush()


def spoken_time(seconds: float) -> str:
    """A time as people say it.

    >>> spoken_time(8.2), spoken_time(754), spoken_time(7300), spoken_time(200_000)
    ('8 s', '13 min', '2 h 02 min', '2 days 7 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours = minutes // 60
    if hours < 48:
        return f"{hours} h {minutes % 60:02} min"
    return f"{hours // 24} days {hours % 24} h"
