"""A line typed into a terminal, and what stands there afterwards."""

from __future__ import annotations

import atexit
import os
import shlex
import subprocess
import sys

from realesr.errors import ParameterError
from realesr.hub.local_hub import LocalHub

_PROGRAMS = {
    "realesr": "from realesr.cli import main; main()",
    "realesr-data": "from data_tools.cli import main; main()",
}


def own_hub() -> LocalHub:
    """A Hub on this machine, in memory, until the notebook is closed."""
    hub = LocalHub().__enter__()
    atexit.register(hub.__exit__, None, None, None)
    return hub


def terminal(line: str, hub: LocalHub | None = None, *, since: str = "", most: int = 40) -> None:
    """Run one of the project's programs, and print what it says.

    Args:
        line: Such as ``"realesr inspect photo.png"``.
        hub: A Hub on this machine to speak to, as the user ada; without one nothing is sent.
        since: Leave out what stands before the first line with these words.
        most: Lines to print; more are cut off, and it says so.

    Raises:
        ParameterError: E001 for another program.

    >>> terminal("realesr --version")  # doctest: +ELLIPSIS
    $ realesr --version
    ...
    """
    program, *words = shlex.split(line)
    if program not in _PROGRAMS:
        raise ParameterError("E001", f"{program} is none of {', '.join(_PROGRAMS)}.")
    network = {"HF_HUB_OFFLINE": "0", **hub.environment("ada")} if hub else {"HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAMS[program], *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "96", "NO_COLOR": "1", **network},
    )
    said = done.stdout + (done.stderr if done.returncode else "")
    lines = said.rstrip().splitlines()
    first = next((place for place, each in enumerate(lines) if since in each), 0)
    lines = (["..."] if first else []) + lines[first:]
    rest = [f"... and {len(lines) - most} lines more"] if len(lines) > most else []
    sys.stdout.write("\n".join([f"$ {line}", *lines[:most], *rest]) + "\n")
