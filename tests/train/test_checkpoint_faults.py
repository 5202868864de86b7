"""Every call of a save to the file system fails once, in every way: no step is ever lost."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from realesr.errors import ResourceError
from realesr.train.checkpoint import Checkpoint, Checkpoints
from tests.train.faults import (
    CHANGING,
    LOOKING,
    SCENARIOS,
    Fault,
    is_step,
    parts,
    prepare,
    watched,
    whole,
)

ROOT = Path(__file__).resolve().parent.parent.parent
scenarios = pytest.mark.parametrize("scenario", SCENARIOS)


@pytest.fixture(autouse=True)
def disk_that_need_not_turn(monkeypatch):
    """What is tested is which calls are made in which order; waiting for a disk adds nothing."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def check_and_go_on(output: Path, scenario: str, *, saved: bool | None) -> None:
    """What must hold after any fault, and after the restart that follows."""
    step, old = SCENARIOS[scenario][-1], whole(scenario)
    run = Checkpoints(output, keep=2)
    found = run.newest()
    expected = {step} if saved else ({max(old, default=None)} if saved is False else
                                     {step, max(old, default=None)})  # fmt: skip
    assert (found.step if found else None) in expected
    assert found is None or is_step(found, found.step)
    # What is named after a step is complete, but for the one that was damaged on purpose.
    for number in set(run.steps()) - ({30, 20} if "damaged" in scenario else set()):
        assert is_step(Checkpoint.open(output / f"step-{number:06d}"), number)
    if found is None or found.step != step:
        for number in old:
            assert is_step(Checkpoint.open(output / f"step-{number:06d}"), number)

    run.tidy()
    assert not list(output.glob("*.tmp"))
    run.save(step, **parts(step))
    run.save(40, **parts(40))
    assert is_step(run.newest(), 40) and run.steps() == [step, 40] and not run.notices
    assert sorted(path.name for path in output.iterdir()) == [f"step-{step:06d}", "step-000040"]


def run_faults(what: str, folder: Path) -> None:
    """In a process of its own, which has one thread and may fork or audit as it likes."""
    words = [sys.executable, "-m", "tests.train.faults", what, str(folder)]
    subprocess.run(words, cwd=ROOT, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})


@pytest.fixture(scope="module")
def killed(tmp_path_factory) -> Path:
    """A folder of outputs in which a save was killed, for each scenario and each of its calls."""
    folder = tmp_path_factory.mktemp("killed")
    run_faults("die", folder)
    return folder


@scenarios
def test_killed_at_every_call_of_a_save(scenario, killed):
    trials = [*killed.glob(f"{scenario}/*-False"), *killed.glob(f"{scenario}/*-True")]
    assert len(trials) >= 30 + 5
    for output in trials:
        check_and_go_on(output, scenario, saved=None)


@scenarios
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_every_call_of_a_save_fails(scenario, number, lasting, tmp_path):
    step, old = SCENARIOS[scenario][-1], whole(scenario)
    names = CHANGING if number != errno.EIO else CHANGING + LOOKING
    prepare(scenario, tmp_path / "template")
    for at in range(1, 10_000):
        run = Checkpoints(tmp_path / str(at), keep=2)
        if old:
            shutil.copytree(tmp_path / "template", run.output)
        fault = Fault(at, number, lasting=lasting, half=True)
        refusal = None
        try:
            with watched(fault, names):
                run.save(step, **parts(step))
        except ResourceError as error:
            refusal = error
        if len(fault.calls) < at:
            break
        if refusal:
            assert refusal.code == "E503" and refusal.exit_code == 5
            assert f"step-{step:06d}" in refusal.cause and "Training stopped" in refusal.cause
            if old and not lasting:
                assert f"step-{max(old):06d} is safe." in refusal.cause
            if not lasting and "write" in fault.calls:
                assert not list(run.output.glob("*.tmp"))
        # A fault after the step has its name (its folder cannot be synchronised, or an old step
        # not be removed) may leave it there.
        there = run.output.exists() and step in run.steps()
        if run.output.exists():
            check_and_go_on(run.output, scenario, saved=None if refusal and there else not refusal)
    assert at > 30


def test_the_faults_miss_no_call(tmp_path):
    run_faults("audit", tmp_path)
