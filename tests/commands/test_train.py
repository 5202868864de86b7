"""`realesr train` as a person types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from realesr.models.loading import load_model

ROOT = Path(__file__).resolve().parent.parent.parent
SMOKE = str(ROOT / "configs" / "smoke.toml")


def realesr(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("realesr")
    return subprocess.run(
        [program, "train", *words], cwd=folder, capture_output=True, text=True, timeout=200
    )


def test_a_run_is_a_model_and_a_second_start_needs_resume(tmp_path):
    few = ["--set", "steps=4", "--set", "save.every=2", "--set", "watch.tensorboard=false"]
    done = realesr(tmp_path, SMOKE, *few, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told == {"step": 4, "folder": "runs/smoke/step-000004", "finished": True}
    assert "Held-out PSNR: " in done.stderr and " at step 4; bicubic " in done.stderr
    assert load_model(tmp_path / "runs" / "smoke" / "best", device="cpu").spec.scale == 4
    again = realesr(tmp_path, SMOKE, *few)
    assert again.returncode == 2
    assert "E505" in again.stderr and "--resume" in again.stderr
    finished = realesr(tmp_path, SMOKE, *few, "--resume")
    assert finished.returncode == 0 and "is finished" in finished.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing.toml"], "nothing.toml is not there"),
        ([SMOKE, "--set", "lerning_rate=1"], "lerning_rate"),
        ([SMOKE, "--set", "data.pictures=['missing']"], "missing"),
        ([SMOKE, "--set", "data.recipe=gentel"], "gentle"),
        ([SMOKE, "--set", "start.generator=lab-x44"], "lab-x4"),
        (
            [
                SMOKE,
                "--set",
                "losses.perceptual=squeezenet",
                "--set",
                "losses.perceptual_weights=no.pth",
            ],
            "no.pth",
        ),
    ],
)
def test_what_cannot_be_trained_is_said_in_a_sentence(words, said, tmp_path):
    done = realesr(tmp_path, *words)
    assert done.returncode in (2, 4), done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.strip().splitlines()[-1].startswith("E")
    assert said in done.stderr
    assert not list(tmp_path.rglob("step-*"))
