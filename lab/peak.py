"""How much memory a run needs: the highest mark of this program, as Linux keeps it."""

from __future__ import annotations

import ctypes
import re
from pathlib import Path


def start_of_peak() -> int | None:
    """Give back what was freed and forget the highest mark; the bytes in use, where known."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
        return _status("VmRSS")
    except (OSError, AttributeError):
        return None


def peak_memory() -> int | None:
    """The most bytes in use since ``start_of_peak``."""
    return _status("VmHWM")


def _status(name: str) -> int | None:
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    found = re.search(rf"{name}:\s+(\d+) kB", lines)
    return int(found.group(1)) * 1024 if found else None
