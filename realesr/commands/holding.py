"""Ctrl-C waits for the end of a step that must not be cut in two."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stops_held() -> Iterator[None]:
    """Hold back Ctrl-C and the signal that services are stopped with until the block has ended."""
    held: list[tuple[int, FrameType | None]] = []

    def note(number: int, frame: FrameType | None) -> None:
        held.append((number, frame))

    numbers: list[int] = [signal.SIGINT, signal.SIGTERM]
    before = {number: signal.signal(number, note) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number, frame in held[:1]:
            answer = before[number]
            if callable(answer):
                answer(number, frame)
