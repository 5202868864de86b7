"""Work that has several parts, told as one."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

from realesr.inference.upscaler import Progress

Made = TypeVar("Made")


def part(
    steps: Generator[Progress, None, Made], number: int, count: int
) -> Generator[Progress, None, Made]:
    """Tell the progress of one part as that of the whole.

    Args:
        steps: The part's own progress, and what it makes in the end.
        number: Which part it is, from 0.
        count: How many there are, all of them about as long.
    """
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            made: Made = end.value
            return made
        yield Progress(number * step.total + step.done, count * step.total)
