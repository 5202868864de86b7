"""The `realesr-data` program: it ends as `realesr` does, with a sentence and an exit code."""

from __future__ import annotations

import os

from realesr.cli import run_program


def main() -> None:
    """Run the program; every failure is one coded sentence and its own exit code."""
    run_program(_run)


def _run(words: list[str]) -> int:
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
