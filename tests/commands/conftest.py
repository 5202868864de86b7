"""Running the program: in this process where that is enough, in a child where it matters."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from realesr import cli


@dataclass(frozen=True)
class Run:
    code: int
    out: str
    err: str

    @property
    def document(self) -> dict:
        return json.loads(self.out)


@pytest.fixture
def realesr(monkeypatch, capfd) -> Callable[..., Run]:
    """The program, called in this process: `realesr("upscale", path, "-o", out)`."""

    def run(*words: object) -> Run:
        monkeypatch.setattr(sys, "argv", ["realesr", *map(str, words)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            cli.main()
        captured = capfd.readouterr()
        return Run(int(end.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture
def realesr_child() -> Callable[..., Run]:
    """The program in a process of its own."""

    def run(*words: object) -> Run:
        command = [sys.executable, "-m", "realesr.cli", *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        return Run(done.returncode, done.stdout, done.stderr)

    return run
