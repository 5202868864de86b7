"""Kill -9 of the real program at sixty random moments: never more than one interval is lost."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from realesr.train.checkpoint import Checkpoint, Checkpoints
from tests.train.runs import contents, journal, make_run, program, trained
from tests.train.runs import waited_for as wait

EVERY, KILLS = 5, 30


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("gan", "workers", "seed"), [(True, 0, 1), (False, 2, 2)], ids=["RealESRGAN", "RealESRNet"]
)
def test_killed_at_random_moments(gan, workers, seed, tmp_path):
    config, output = make_run(tmp_path, gan=gan), tmp_path / "run"
    words = ["train", config, "--resume", "--set", f"save.every={EVERY}"]
    words += ["--set", f"data.workers={workers}", "--set"]
    moments, safe, in_a_save = random.Random(seed), 0, 0
    with program(tmp_path) as realesr:
        for number in range(KILLS):
            started = realesr.start(*words, "steps=100000")
            if number % 2:
                # In a save, which takes a hundredth of a second or more: the first or a later one,
                # as soon as it is seen or a moment later.
                wait(lambda: not unfinished(output), "what the last kill left to go")
                goal = safe + EVERY * moments.randrange(3)
                wait(lambda goal=goal: newest_name(output) >= goal, "some steps")
                wait(lambda: unfinished(output), "a save")
                time.sleep(moments.choice((0, moments.uniform(0, 0.01))))
            else:
                # Anywhere: opening the data, reading the state, learning, saving.
                time.sleep(moments.uniform(0, 1.5))
            started.signal(signal.SIGKILL)
            assert started.code() == -signal.SIGKILL
            in_a_save += bool(unfinished(output))
            safe = check(output, safe)
        assert safe > EVERY and in_a_save > KILLS // 10
        wait(lambda: not started.family(), "the workers of the last one to end")
        last = safe + 2 * EVERY
        ended = realesr.start(*words, f"steps={last}")
        assert ended.code() == 0, ended.said()
    straight = trained(config, tmp_path / "straight", f"steps={last}", "save.every=1000000")
    assert contents(output / f"step-{last:06d}") == contents(straight.folder)
    assert journal(output) == list(range(1, last + 1)) and not list(output.rglob("*.tmp"))


def unfinished(output: Path) -> list[str]:
    """The folders of saves that have no name yet."""
    names = os.listdir(output) if output.is_dir() else []  # noqa: PTH208  glob is slower
    return [name for name in names if name.startswith("step-") and name.endswith(".tmp")]


def newest_name(output: Path) -> int:
    """The newest step by its name."""
    return max(Checkpoints(output).steps(), default=0)


def check(output: Path, safe: int) -> int:
    """The newest step after a kill: complete, not older than before, one interval lost at most."""
    run = Checkpoints(output)
    found = run.newest()
    step = found.step if found else 0
    done = max(journal(output), default=0)
    assert step >= max(safe, (done - 1) // EVERY * EVERY)
    for number in run.steps():
        assert Checkpoint.open(output / f"step-{number:06d}").step == number
    assert len(run.steps()) <= 3  # The newest two, and one that was about to go.
    return step
