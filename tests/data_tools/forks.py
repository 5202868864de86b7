"""`realesr-data` started in no time, so that it can be killed often: a process that has imported
everything forks a child for each call.

``python -m tests.data_tools.forks`` is that process: words come in as lines of JSON; the child's
number, and when it has ended its exit code, go out.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import subprocess
import sys
from typing import IO

EVERYTHING = (
    "data_tools.building",
    "data_tools.commands.wiring",
    "data_tools.publishing.planning",
    "realesr.hub.uploading",
)


class Forks:
    """That process, from outside.

    Args:
        environment: What differs in its environment.
    """

    def __init__(self, **environment: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.data_tools.forks"],
            env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,  # Nothing is read ahead, so that waiting for the next line is right.
        )

    def __enter__(self) -> Forks:
        return self

    def __exit__(self, *fault: object) -> None:
        self._pipe("stdin").close()
        self._process.wait()
        self._pipe("stdout").close()

    def _pipe(self, name: str) -> IO[bytes]:
        pipe = getattr(self._process, name)
        assert pipe is not None
        return pipe

    def run(self, *words: object, seconds: float | None = None) -> int | None:
        """Call the program; its exit code, or None where it was killed after so many seconds."""
        self._pipe("stdin").write(json.dumps([str(word) for word in words]).encode() + b"\n")
        number = int(self._pipe("stdout").readline())
        ended, _, _ = select.select([self._pipe("stdout")], [], [], seconds)
        if not ended:
            os.kill(number, signal.SIGKILL)
        code = int(self._pipe("stdout").readline())
        return None if code == -signal.SIGKILL else code


def _serve() -> None:
    for name in EVERYTHING:
        importlib.import_module(name)
    from data_tools.cli import main

    for line in sys.stdin:
        number = os.fork()
        if number == 0:
            sys.argv = ["realesr-data", *json.loads(line)]
            nowhere = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(nowhere, stream)
            main()
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        _, status = os.waitpid(number, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve()
