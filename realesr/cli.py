"""The `realesr` program: however it ends, it says so in a sentence and an exit code.

The commands live in `realesr.commands`. They are imported when the program runs, so that a Ctrl-C
in that moment is answered like any other.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import math
import os
import re
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from realesr.commands.saying import say
from realesr.errors import ParameterError, RealesrError, ResourceError

INTERRUPTED = 128 + signal.SIGINT
READER_GONE = 128 + 13  # SIGPIPE, where a system has it.
OUR_FAULT = 70
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def main() -> None:
    """Run the program; every failure is one coded sentence and its own exit code."""
    run_program(_run)


def run_program(run: Callable[[list[str]], int]) -> NoReturn:
    """Run a program of ours and end with its exit code, whatever happens on the way.

    Args:
        run: What it does with the words it was given; its exit code.
    """
    received: list[int] = []

    def stop(number: int, frame: object) -> None:
        received.append(number)
        raise KeyboardInterrupt

    _mend_streams()
    before = signal.signal(signal.SIGTERM, stop)
    try:
        try:
            _check_words(sys.argv[1:])
            code = run(sys.argv[1:])
            sys.stdout.flush()
        except BaseException as fault:
            code = _answer(fault)
    finally:
        signal.signal(signal.SIGTERM, before)
    sys.exit(128 + received[0] if received and code == INTERRUPTED else code)


def _run(words: list[str]) -> int:
    try:
        os.getcwd()  # noqa: PTH109
    except OSError as error:
        raise ParameterError(
            "E001", "the folder this was started in is not there any more.", "Go to another one."
        ) from error
    from realesr.inference.memory import keep_freed_memory, share_processors

    share_processors()
    keep_freed_memory()
    from realesr.commands.wiring import CarriedError, app

    try:
        return app(standalone_mode=False) or 0
    except CarriedError as carried:
        raise carried.fault from None


def _check_words(words: list[str]) -> None:
    """Refuse empty words: they come from unset variables, and would mean the current folder."""
    for place, word in enumerate(words):
        if not word or re.fullmatch(r"--[a-z-]+=", word):
            said = word.rstrip("=") or (words[place - 1] if place else "realesr")
            raise ParameterError(
                "E001", f"the word after {said} is empty.", "Check the variable it comes from."
            )


def _answer(fault: BaseException) -> int:
    """Say why the program ends, and give its exit code."""
    if isinstance(fault, SystemExit):
        return fault.code if isinstance(fault.code, int) else bool(fault.code)
    if isinstance(fault, KeyboardInterrupt):
        _tell({"stopped": "Stopped."}, "Stopped.")
        return INTERRUPTED
    # What is written to files is answered for where it is written; these are standard output's.
    if isinstance(fault, BrokenPipeError):
        return READER_GONE
    if isinstance(fault, OSError) and fault.errno in NO_ROOM:
        fault = _full(fault)
    fault = _usage(fault) or fault
    if isinstance(fault, RealesrError):
        _tell({"error": fault.as_dict()}, str(fault))
        return fault.exit_code
    if type(fault).__name__ == "NoArgsIsHelpError":
        fault.show()  # type: ignore[attr-defined]
        return 2
    if os.environ.get("REALESR_DEBUG"):
        raise fault
    error = RealesrError(
        "E901",
        f"realesr failed by its own fault ({type(fault).__name__}: {fault}).",
        "REALESR_DEBUG=1 shows where; please report it.",
    )
    _tell({"error": error.as_dict()}, str(error))
    return OUR_FAULT


def _usage(fault: Any) -> ParameterError | None:
    """The refusal of words that the parser does not take."""
    kinds = [kind.__name__ for kind in type(fault).__mro__]
    if "UsageError" not in kinds or "NoArgsIsHelpError" in kinds:
        return None
    command = fault.ctx.command_path if fault.ctx else "realesr"
    cause = fault.format_message().strip().rstrip(".")
    # The parser compares first, and nothing compares with what is no number.
    given = re.search(r"'(--[a-z-]+)'", cause)
    if given and _is_given_no_number(given[1]):
        cause = f"{given[1]} is nan, which is no number"
    return ParameterError("E001", f"{cause}.", f"`{command} --help` says what it takes.")


def _is_given_no_number(option: str) -> bool:
    words = sys.argv[1:]
    values = [word for before, word in itertools.pairwise(words) if before == option]
    values += [word.partition("=")[2] for word in words if word.startswith(f"{option}=")]
    for value in values:
        with contextlib.suppress(ValueError):
            if math.isnan(float(value)):
                return True
    return False


def _full(lost: OSError) -> ResourceError:
    reason = (lost.strerror or "the system refused").lower()
    return ResourceError(
        "E302", f"standard output cannot be written: {reason}.", "Make room, or send it elsewhere."
    )


def _tell(document: dict[str, object], sentence: str) -> None:
    with contextlib.suppress(OSError):
        if "--json" in sys.argv:
            from realesr.hub.leaks import hidden

            sys.stdout.write(hidden(json.dumps(document, indent=2)) + "\n")
            sys.stdout.flush()
    say(sentence)


def _mend_streams() -> None:
    """Open what the caller closed; else the next file opened would pass for a standard stream."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, os.fdopen(descriptor, mode, encoding="utf-8"))
    # A name in letters that the terminal does not know is no reason to fail.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


if __name__ == "__main__":
    main()
