"""The real program, stopped by signals, by a full disk and by kill -9: what it says and leaves."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from realesr.errors import ParameterError
from realesr.train.checkpoint import Checkpoints
from tests.train.runs import Program, Started, contents, journal, make_run, program, trained
from tests.train.runs import waited_for as wait

LONG = ("--set", "steps=100000", "--set", "save.every=5")


@pytest.fixture(scope="module")
def realesr(tmp_path_factory):
    """Starts the program."""
    with program(tmp_path_factory.mktemp("logs")) as started:
        yield started


@pytest.fixture(scope="module")
def config(tmp_path_factory) -> Path:
    return make_run(tmp_path_factory.mktemp("stopped"), gan=True)


def begin(realesr: Program, config: Path, output: Path, *words: str) -> Started:
    """Start a run that would last very long, and wait until it has saved twice."""
    started = realesr.start("train", config, "--set", f"output={output}", *LONG, *words)
    wait(lambda: Checkpoints(output).steps()[-1:] >= [10], "two saves")
    return started


def finish(realesr: Program, config: Path, output: Path, tmp_path: Path) -> Started:
    """Resume, to a few steps beyond the newest one; the end is that of a straight run."""
    step = Checkpoints(output).newest().step + 7
    words = ("--set", f"output={output}", "--set", f"steps={step}", "--resume")
    started = realesr.start("train", config, *words)
    assert started.code() == 0
    ended = trained(config, tmp_path / "straight", f"steps={step}", "save.every=100000")
    assert contents(output / ended.folder.name) == contents(ended.folder)
    assert journal(output) == list(range(1, step + 1)) and not list(output.glob("*.tmp"))
    return started


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_once_and_leaves(number, realesr, config, tmp_path):
    output = tmp_path / "run"
    started = begin(realesr, config, output)
    started.signal(number)
    assert started.code() == 128 + number
    newest = Checkpoints(output).newest()
    assert newest.step == journal(output)[-1]
    assert f"Stopped at step {newest.step} and saved {newest.folder.name}" in started.said()
    resumed = finish(realesr, config, output, tmp_path)
    assert f"going on from {newest.folder.name}" in resumed.said()


def test_a_terminal_signals_the_workers_too(realesr, config, tmp_path):
    output = tmp_path / "run"
    started = begin(realesr, config, output, "--set", "data.workers=2")
    assert len(started.family()) >= 3
    started.signal(signal.SIGINT, all_of_them=True)
    assert started.code() == 128 + signal.SIGINT
    wait(lambda: not started.family(), "the workers to end")
    assert Checkpoints(output).newest().step == journal(output)[-1]
    assert "Traceback" not in started.said()
    finish(realesr, config, output, tmp_path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(number, realesr, config, tmp_path):
    """Its first step takes a minute, for it is made of two thousand passes."""
    output = tmp_path / "run"
    words = ("--set", "batch_size=2000", "--set", "engine.accumulate=2000")
    started = realesr.start("train", config, "--set", f"output={output}", *words)
    wait((output / "metrics.jsonl").exists, "the loop")
    time.sleep(1.0)
    started.signal(number)
    time.sleep(0.5)
    assert started.family()
    started.signal(number)
    assert started.code() == -number
    assert not Checkpoints(output).steps()


def test_a_disk_that_is_full_stops_it_loudly(realesr, config, tmp_path):
    output = tmp_path / "run"
    trained(config, output, "steps=4")
    before = contents(output / "step-000004")
    words = ("train", config, "--set", f"output={output}", "--resume")
    # Smaller than the discriminator's state, larger than everything that is written before.
    started = realesr.start(*words, longest_file=100_000)
    assert started.code() == 5
    assert (
        "E503 could not write step-000008: file too large. "
        "Training stopped at step 8; step-000004 is safe." in " ".join(started.said().split())
    )
    assert Checkpoints(output).steps() == [4] and not list(output.glob("*.tmp"))
    assert contents(output / "step-000004") == before
    finish(realesr, config, output, tmp_path)


@pytest.mark.parametrize("workers", [0, 2])
def test_killed_it_goes_on_and_leaves_no_worker(workers, realesr, config, tmp_path):
    output = tmp_path / "run"
    started = begin(realesr, config, output, "--set", f"data.workers={workers}")
    started.signal(signal.SIGKILL)
    assert started.code() == -signal.SIGKILL
    wait(lambda: not started.family(), "the workers to end")
    assert Checkpoints(output).newest().step >= (journal(output)[-1] - 1) // 5 * 5
    finish(realesr, config, output, tmp_path)


def test_two_runs_do_not_share_an_output(realesr, config, tmp_path):
    output = tmp_path / "run"
    first = begin(realesr, config, output)
    with pytest.raises(ParameterError) as caught:
        trained(config, output, "steps=100000", resume=True)
    assert caught.value.code == "E008"
    first.signal(signal.SIGTERM)
    assert first.code() == 128 + signal.SIGTERM
    finish(realesr, config, output, tmp_path)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("net_g_40000.pth", "E502 net_g_40000.pth is a file"),
        ("step-000004", "E502 step-000004 is one saved step, not the output folder of a run."),
    ],
)
def test_what_is_no_run_is_not_resumed(given, words, realesr, config, tmp_path):
    output = tmp_path / given
    if given.endswith(".pth"):
        output.write_bytes(b"weights")
    else:
        trained(config, tmp_path, "steps=4")
    started = realesr.start("train", config, "--set", f"output={output}", "--resume")
    assert started.code() == 2 and words in " ".join(started.said().split())
