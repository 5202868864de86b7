"""Work shared among processes, done in order, with a bounded number of pieces under way."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from realesr.errors import ResourceError

Piece = TypeVar("Piece")
Done = TypeVar("Done")


def processors() -> int:
    """How many processors this program may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_order(
    work: Callable[[Piece], Done], pieces: Iterable[Piece], workers: int
) -> Iterator[Done]:
    """The results of all pieces, in their order.

    Args:
        work: A function of a module; it and its pieces go to other processes.
        pieces: What to work on; taken as they are needed.
        workers: Processes; with one the work is done here.

    Raises:
        ResourceError: E301 when the system ended a process.
    """
    if workers <= 1:
        yield from map(work, pieces)
        return
    # Forked processes would share locks with the threads of this one.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=_settle)
    try:
        under_way: deque[Future[Done]] = deque()
        for piece in pieces:
            under_way.append(pool.submit(work, piece))
            if len(under_way) > 2 * workers:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    except BrokenProcessPool as error:
        raise ResourceError(
            "E301",
            "a process that works on pictures was ended, most likely as memory ran out.",
            "Use fewer with --workers; the same command goes on where it was.",
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _settle() -> None:
    """Leave Ctrl-C to the program, one thread to OpenCV, and end when the program is gone."""
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    cv2.setNumThreads(1)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)
