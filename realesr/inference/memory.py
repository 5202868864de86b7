"""Settings of the whole process that programs make: kept memory, threads that do not wait idly."""

from __future__ import annotations

import ctypes
import os
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3


def share_processors() -> None:
    """Let threads that wait for each other sleep soon; before torch is loaded, or without effect.

    GNU OpenMP lets them spin for milliseconds. Where other programs want the processors too, each
    spins while the thread it waits for cannot run: a training step on two busy cores took three
    times as long. What the user set stays.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "10000")


def keep_freed_memory() -> bool:
    """Tell glibc to keep freed memory in the process instead of returning it to the system.

    A layer's result is often larger than 32 MB. Left alone, glibc maps such memory afresh each time
    and the system clears it page by page, which takes as long as the convolution itself. This is a
    setting of the whole process, so programs make it (the command line and the lab do) and the
    library does not.

    Returns:
        Whether it took effect; False where the C library is not glibc.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    largest = 2**30
    return bool(mallopt(_MMAP_THRESHOLD, largest)) and bool(mallopt(_TRIM_THRESHOLD, largest))
