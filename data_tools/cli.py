"""The `realesr-data` program: it ends as `realesr` does, with a sentence and an exit code."""

from __future__ import annotations

import os
import signal
import sys

from realesr.cli import INTERRUPTED, _answer, _check_words, _mend_streams


def main() -> None:
    """Run the program; every failure is one coded sentence and its own exit code."""
    received: list[int] = []

    def stop(number: int, frame: object) -> None:
        received.append(number)
        raise KeyboardInterrupt

    _mend_streams()
    before = signal.signal(signal.SIGTERM, stop)
    try:
        try:
            code = _run(sys.argv[1:])
            sys.stdout.flush()
        except BaseException as fault:
            code = _answer(fault)
    finally:
        signal.signal(signal.SIGTERM, before)
    sys.exit(128 + received[0] if received and code == INTERRUPTED else code)


def _run(words: list[str]) -> int:
    _check_words(words)
    # A process for each processor does the work, so that threads inside one only get in the way.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    from data_tools.commands.wiring import app
    from realesr.commands.wiring import CarriedError

    try:
        return app(standalone_mode=False) or 0
    except CarriedError as carried:
        raise carried.fault from None


if __name__ == "__main__":
    main()
