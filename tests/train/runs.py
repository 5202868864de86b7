"""Tiny training runs: their pictures and configuration, and a program to start, stop and kill.

A fresh Python needs seconds to import torch. ``Program`` imports once and forks, so that each start
is a process of its own with the real command line, and costs a tenth of that.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from realesr.train.config_files import read_config
from realesr.train.run import Ended, train

ROOT = Path(__file__).resolve().parent.parent.parent
CONFIG = """
name = "tiny"
output = "{folder}/run"
steps = 12
batch_size = 2
scale = 2

[network]
features = 4
convolutions = 1

[data]
pictures = ["{folder}/pictures"]
recipe = "gentle"
crop = 32
patch = 16

[optimiser]
learning_rate = 1e-3

[save]
every = 4

[watch]
log_every = 1
preview_every = 0
validate_every = 0
tensorboard = false
"""
GAN = "[gan]\nfeatures = 4\n"


def make_run(folder: Path, *, pictures: int = 7, gan: bool = False) -> Path:
    """Pictures and a configuration in a folder; the configuration's path."""
    (folder / "pictures").mkdir(parents=True)
    random = np.random.default_rng(0)
    for number in range(pictures):
        small = random.integers(0, 256, (6, 6, 3), dtype=np.uint8)
        picture = Image.fromarray(small).resize((40, 40), Image.Resampling.BICUBIC)
        picture.save(folder / "pictures" / f"{number:02}.png")
    path = folder / "run.toml"
    path.write_text(CONFIG.format(folder=folder) + (GAN if gan else ""), encoding="utf-8")
    return path


def trained(config: Path, output: Path, *changes: str, resume: bool = False) -> Ended:
    """Train in this process."""
    changes = (f"output={output}", *changes)
    return train(read_config(config, changes), resume=resume, stream=io.StringIO())


def contents(folder: Path) -> dict[str, str]:
    """The sha256 of every file of a saved step: equal exactly when two steps are, bit for bit."""
    files = json.loads((folder / "manifest.json").read_text("utf-8"))["files"]
    return {name: entry["sha256"] for name, entry in files.items()}


def journal(output: Path) -> list[int]:
    """The steps that were written to the journal, whole lines only."""
    path = output / "metrics.jsonl"
    lines = path.read_text("utf-8").splitlines(keepends=True) if path.exists() else []
    return [json.loads(line)["step"] for line in lines if line.endswith("\n")]


def waited_for(condition: Callable[[], object], what: str) -> None:
    """Wait until something is so."""
    for _ in range(15_000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError(f"waited long for {what}")


class Started:
    """A ``realesr`` process that runs."""

    def __init__(self, program: subprocess.Popen[str], log: Path) -> None:
        self._program, self._log = program, log
        assert program.stdout is not None
        self.number = int(program.stdout.readline())

    def signal(self, number: int, *, all_of_them: bool = False) -> None:
        """Send a signal to the process, or to its workers too, as a terminal does."""
        (os.killpg if all_of_them else os.kill)(self.number, number)

    def code(self) -> int:
        """Wait for the end: the exit code, negative for the signal that killed it."""
        assert self._program.stdout is not None
        return int(self._program.stdout.readline())

    def said(self) -> str:
        """What it printed so far."""
        return self._log.read_text("utf-8")

    def family(self) -> list[int]:
        """The processes of its session that are alive."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == self.number and fields[0] != "Z":
                found.append(int(entry.name))
        return found


class Program:
    """Starts ``realesr`` again and again."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0
        self._last: Started | None = None
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.train.runs"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip

    def start(self, *words: str, longest_file: int | None = None) -> Started:
        """Start it with these words; its files may not become longer than that."""
        self._count += 1
        log = self._folder / f"log-{self._count:03}.txt"
        order = {"words": [str(word) for word in words], "log": str(log), "limit": longest_file}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._last = Started(self._process, log)
        return self._last

    def close(self) -> None:
        """End it, and what it started last."""
        if self._last is not None:
            for number in self._last.family():
                os.kill(number, signal.SIGKILL)
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


@contextmanager
def program(folder: Path) -> Iterator[Program]:
    """A program to start, whose logs lie in a folder."""
    started = Program(folder)
    try:
        yield started
    finally:
        started.close()


def serve() -> None:
    """Fork a ``realesr`` for each order on standard input; print its number, then its end."""
    from realesr.commands import wiring  # noqa: F401  imported here once, and not in each fork

    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            become(order)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def become(order: dict) -> None:
    """Be the program ``realesr`` in a session of its own, until it ends."""
    import resource

    from realesr.cli import main

    os.setsid()
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT, 0o666)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    if order["limit"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["limit"], order["limit"]))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["realesr", *order["words"]]
    code: object = 1
    try:
        main()
    except SystemExit as end:
        code = end.code or 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    serve()
