"""How worker processes of a loader behave: they leave every decision to the training process."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from realesr.errors import ResourceError

logger = logging.getLogger(__name__)

GRACE = 30
"""Seconds in which the training process may end in peace when the system ends all at once."""

_HELD = (signal.SIGINT, signal.SIGTERM)


def leave_signals(number: int) -> None:
    """Ignore Ctrl-C, and end half a minute after being told to: the ``worker_init_fn`` of a loader.

    A terminal and many schedulers signal all processes of a program. A worker that went at once
    would take the training process with it before that has saved its state.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "alarm"):
        signal.signal(signal.SIGTERM, lambda *_: signal.alarm(GRACE))
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD)


@contextmanager
def signals_held() -> Iterator[None]:
    """Start workers in here: what they are told waits until `leave_signals` has readied them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HELD)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_workers(prepared: Iterator[Any]) -> None:
    """End the workers of a loader's iterator now.

    It would do so by itself when nobody holds it any more. But the traceback of a refusal holds
    it, and what the collector of garbage finds at last no longer reaches its workers: the program
    would wait at its end until their grace is over. A worker that breaks down while it ends has
    handed over all that was wanted of it: nothing is lost.
    """
    end = getattr(prepared, "_shutdown_workers", None)
    if end is None:
        return
    try:
        end()
    except RuntimeError as error:
        if not _lost(error):
            raise
        logger.debug("%s", error)


def as_it_is(item: Any) -> Any:
    """What a data set gave, unchanged: the ``collate_fn`` where whole batches are asked for."""
    return item


@contextmanager
def losses_told() -> Iterator[None]:
    """Say in a sentence when the system has ended a worker.

    Raises:
        ResourceError: E301.
    """
    try:
        yield
    except RuntimeError as error:
        # What a worker itself raised begins otherwise.
        if not _lost(error):
            raise
        raise ResourceError(
            "E301",
            "a process that prepares pictures was ended, most likely as memory ran out.",
            "Set data.workers lower; in Docker give more shared memory, as --shm-size=8g.",
        ) from error


def _lost(error: RuntimeError) -> bool:
    """Whether this is the loader's word for a worker that ended without being told to."""
    return str(error).startswith("DataLoader worker (pid")
