"""The power goes at every call of a save: each of a thousand disks it may leave holds a step."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from realesr.train.checkpoint import Checkpoints
from tests.train.faults import SCENARIOS, is_step, parts, prepare, whole
from tests.train.powercuts import Disk, File, Folder

CUTS = 1000


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_power_goes_at_every_call_of_a_save(scenario, tmp_path):
    cuts, disk, done = survivors(scenario, tmp_path, CUTS)
    assert cuts >= CUTS
    # When save() has returned, the step is sure.
    for number in range(50):
        found = newest_after_a_cut(disk, random.Random(number), tmp_path / "left")
        assert found == done


@pytest.mark.slow
@pytest.mark.parametrize("forgotten", ["file", "folder"])
def test_the_model_sees_a_forgotten_fsync(forgotten, tmp_path, monkeypatch):
    """Then a step that was saved may be gone; the one before is there still."""
    kind = {"file": File, "folder": Folder}[forgotten]
    monkeypatch.setattr(kind, "synchronise", lambda thing: None)
    _, disk, done = survivors("second", tmp_path, 0)
    left = {newest_after_a_cut(disk, random.Random(n), tmp_path / "left") for n in range(50)}
    assert 10 in left and left <= {10, done}


def survivors(scenario: str, folder: Path, cuts: int, seed: int = 0) -> tuple[int, Disk, int]:
    """Cut the power often during the save of a scenario, and look at what is left each time."""
    root = folder / "disk"
    root.mkdir(parents=True)
    step = prepare(scenario, root / "run")
    old = max(whole(scenario), default=None)
    disk, chance, made = Disk(root), random.Random(seed), [0]

    def cut() -> None:
        for _ in range(cuts // 30 + 1):
            found = newest_after_a_cut(disk, chance, folder / "left")
            assert found in (old, step), found
            made[0] += 1

    content = parts(step)
    with disk.followed(cut):
        Checkpoints(root / "run", keep=2).save(step, **content)
    return made[0], disk, step


def newest_after_a_cut(disk: Disk, chance: random.Random, left: Path) -> int | None:
    """The newest complete step on a disk after a power cut; it holds what was saved then."""
    disk.after_a_cut(chance, left)
    try:
        found = Checkpoints(left / "run").newest()
        assert found is None or is_step(found, found.step)
        return found.step if found else None
    finally:
        shutil.rmtree(left)
