"""A run of the real trainer, started from the page and watched from it: one at a time."""

from __future__ import annotations

import atexit
import signal
import subprocess
import sys
import threading
from pathlib import Path

from lab.text import say
from lab.theatre import RUNS
from realesr.errors import ParameterError

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
LESSONS = ("smoke", "classroom")
_PATIENCE = 60.0  # seconds for the last step and for saving it


class Classroom:
    """At most one run, in a child process.

    Args:
        runs: Where outputs go.
        public: Whether strangers use the lab: then nothing is started.
    """

    def __init__(self, *, runs: Path = RUNS, public: bool = False) -> None:
        self._runs, self._public = runs, public
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self.name = ""
        atexit.register(self.stop)

    @property
    def is_running(self) -> bool:
        """Whether it trains now."""
        return self._child is not None and self._child.poll() is None

    def start(self, lesson: str) -> str:
        """Start a lesson; gives the name of its run.

        Raises:
            ParameterError: E001 for no lesson, E008 while another run is going.
        """
        config = CONFIGS / f"{lesson}.toml"
        if self._public or lesson not in LESSONS or not config.is_file():
            raise ParameterError("E001", say("train.refused"), say("train.refused_next"))
        with self._lock:
            if self.is_running:
                raise ParameterError("E008", say("train.busy", name=self.name), say("train.wait"))
            self.name = self._free_name(lesson)
            folder = self._runs / self.name
            folder.mkdir(parents=True)
            command = [sys.executable, "-m", "realesr.train", str(config.absolute())]
            with (folder / "log.txt").open("wb") as log:
                self._child = subprocess.Popen(
                    [*command, "--set", f"output={folder.absolute()}"],
                    stdout=log,
                    stderr=log,
                    stdin=subprocess.DEVNULL,
                )
            return self.name

    def stop(self) -> None:
        """End the run as Ctrl-C does: after the step in hand, which is saved."""
        with self._lock:
            if self._child is None or self._child.poll() is not None:
                return
            self._child.send_signal(signal.SIGINT)
            try:
                self._child.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()

    def told(self) -> str:
        """The last sentence the trainer said; what it prints at its end is a path."""
        log = self._runs / self.name / "log.txt"
        if not self.name or not log.is_file():
            return ""
        text = log.read_text(encoding="utf-8", errors="replace").replace("\r", "\n")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        sentences = [line for line in lines if not Path(line).is_absolute()]
        return sentences[-1] if sentences else ""

    def _free_name(self, lesson: str) -> str:
        number = 1
        while (self._runs / f"{lesson}-{number}").exists():
            number += 1
        return f"{lesson}-{number}"
