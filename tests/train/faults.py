"""Faults of the file system at the n-th call, and a log of what was asked of it.

SQLite's method: let the first call fail, then the second, and so on, until nothing fails any more.
Run as a program, ``python -m tests.train.faults die FOLDER``, it is a parent whose children die.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from realesr.train.checkpoint import Checkpoints

CHANGING = ("open", "write", "fsync", "close", "mkdir", "rename", "unlink", "rmdir")
LOOKING = ("listdir", "scandir", "stat", "lstat", "statvfs")
KILLED = 137

Act = Callable[[str, tuple[Any, ...]], None]


@contextmanager
def watched(act: Act, names: tuple[str, ...] = CHANGING) -> Iterator[None]:
    """Let ``act`` see each call of these functions of ``os`` before it is made."""
    real = {name: getattr(os, name) for name in names}

    def wrap(name: str) -> Callable[..., Any]:
        def call(*words: Any, **options: Any) -> Any:
            if name == "close":
                # A close that fails closes all the same.
                real[name](*words, **options)
                act(name, words)
                return None
            act(name, words)
            return real[name](*words, **options)

        return call

    for name in names:
        setattr(os, name, wrap(name))
    try:
        yield
    finally:
        for name, function in real.items():
            setattr(os, name, function)


class Count:
    """Counts calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __call__(self, name: str, words: tuple[Any, ...]) -> None:
        self.calls.append(name)


class Fault(Count):
    """Fails at the n-th call, or from it on."""

    def __init__(self, at: int, number: int, *, lasting: bool = False, half: bool = False) -> None:
        super().__init__()
        self.at, self.number, self.lasting, self.half = at, number, lasting, half

    def __call__(self, name: str, words: tuple[Any, ...]) -> None:
        super().__call__(name, words)
        reached = len(self.calls)
        if reached == self.at or (self.lasting and reached > self.at):
            if self.half and name == "write":
                write_half(words)
            raise OSError(self.number, os.strerror(self.number))


class Death(Count):
    """Ends the process as kill -9 does: at the n-th call, or in the middle of the n-th write."""

    def __init__(self, at: int, *, half: bool) -> None:
        super().__init__()
        self.at, self.half = at, half

    def __call__(self, name: str, words: tuple[Any, ...]) -> None:
        super().__call__(name, words)
        if len(self.calls) == self.at:
            if self.half:
                write_half(words)
            os._exit(KILLED)


def write_half(words: tuple[Any, ...]) -> None:
    """Half of what a write was asked for reaches the file."""
    descriptor, data = words
    with open(descriptor, "wb", buffering=0, closefd=False) as file:
        file.write(memoryview(data)[: len(data) // 2])


def parts(step: int) -> dict[str, Any]:
    """What a run saves at a step; every value tells which step it is from."""
    return {
        "tensors": {
            "generator": {"weight": torch.full((2, 3), float(step)), "bias": torch.tensor(step)},
            "optimiser": {"0.exp_avg": torch.full((700,), float(step), dtype=torch.float64)},
        },
        "documents": {"config": {"architecture": "compact"}, "state": {"step": step}},
        "about": {"config": {"seed": 7}, "data": "4d7a"},
    }


def is_step(checkpoint, step: int) -> bool:
    """Whether a checkpoint holds what was saved at that step, and nothing of another."""
    weights, state = checkpoint.tensors("generator"), checkpoint.document("state")
    return (
        checkpoint.step == state["step"] == step
        and weights["weight"].eq(step).all().item()
        and weights["bias"].item() == step
        and checkpoint.tensors("optimiser")["0.exp_avg"].eq(step).all().item()
        and checkpoint.about == parts(step)["about"]
    )


def damage(folder: Path) -> None:
    """Turn over one bit in the middle of the weights."""
    path = folder / "generator.safetensors"
    data = bytearray(path.read_bytes())
    data[-3] ^= 4
    path.write_bytes(data)


# How the output looks before: which steps, which of them is damaged, and which step a killed save
# left behind; and the step that is saved then.
SCENARIOS: dict[str, tuple[tuple[int, ...], int | None, int | None, int]] = {
    "first": ((), None, None, 10),
    "second": ((10,), None, None, 20),
    "with an old one to remove": ((10, 20), None, None, 30),
    "after a killed save": ((10, 20), None, 30, 30),
    "over a damaged one": ((10, 20), 20, None, 20),
    "before a damaged one": ((20, 30), 30, None, 25),
}


def prepare(scenario: str, output: Path) -> int:
    """Make the output of a scenario; the step that is to be saved."""
    steps, damaged, left, step = SCENARIOS[scenario]
    run = Checkpoints(output, keep=2)
    for number in steps:
        run.save(number, **parts(number))
    if damaged is not None:
        damage(output / f"step-{damaged:06d}")
    if left is not None:
        folder = output / f"step-{left:06d}.tmp"
        folder.mkdir()
        (folder / "generator.safetensors").write_bytes(b"half")
    return step


def whole(scenario: str) -> set[int]:
    """The steps that are there and complete before the save of a scenario."""
    steps, damaged, _, _ = SCENARIOS[scenario]
    return set(steps) - {damaged}


def die(folder: Path) -> None:
    """For each scenario and each N a copy of its output, in which a save died at call N."""
    for scenario in SCENARIOS:
        template = folder / scenario / "template"
        step = prepare(scenario, template)
        for half in (False, True):
            for at in range(1, 10_000):
                run = Checkpoints(folder / scenario / f"{at}-{half}", keep=2)
                if template.exists():
                    shutil.copytree(template, run.output)
                child = os.fork()
                if child == 0:
                    with watched(Death(at, half=half), ("write",) if half else CHANGING):
                        run.save(step, **parts(step))
                    os._exit(0)
                _, status = os.waitpid(child, 0)
                if os.waitstatus_to_exitcode(status) != KILLED:
                    assert status == 0, status
                    break


def audit(folder: Path) -> None:
    """Compare what faults see of the save of each scenario with what Python's audit events tell."""
    seen, told = Count(), Count()
    watching = [False]
    changes = ("mkdir", "rename", "remove", "rmdir", "truncate", "link", "symlink", "chmod")

    def hook(event: str, words: tuple[Any, ...]) -> None:
        writing = event == "open" and words[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if watching[0] and (writing or event in [f"os.{name}" for name in changes]):
            told(event.removeprefix("os."), words)

    def see(name: str, words: tuple[Any, ...]) -> None:
        if name != "open" or words[1] & os.O_WRONLY:
            seen("remove" if name == "unlink" else name, words)

    sys.addaudithook(hook)
    for scenario in SCENARIOS:
        step = prepare(scenario, folder / scenario)
        content = parts(step)
        with watched(see, ("open", "mkdir", "rename", "unlink", "rmdir")):
            watching[0] = True
            Checkpoints(folder / scenario, keep=2).save(step, **content)
            watching[0] = False
        assert seen.calls == told.calls and len(seen.calls) >= 7, (scenario, seen.calls, told.calls)
        seen.calls, told.calls = [], []


if __name__ == "__main__":
    os.fsync = lambda descriptor: None  # The disk need not turn: only the calls matter here.
    {"die": die, "audit": audit}[sys.argv[1]](Path(sys.argv[2]))
