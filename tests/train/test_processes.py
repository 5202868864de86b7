"""Two processes learn what one learns from the joined batch, and one goes on where two stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.torch import load_file

ROOT = Path(__file__).resolve().parent.parent.parent
SETTINGS = [
    "steps=20",
    "engine.precision=fp32",
    "optimiser.learning_rate=1e-4",
    "gan.start_step=0",
    "save.every=10",
    "watch.log_every=1",
    "watch.preview_every=0",
    "watch.validate_every=0",
    "watch.tensorboard=false",
]


def launch(output: Path, processes: int, *words: str) -> None:
    """Run the trainer as ``accelerate launch`` does on GPUs: one process each, told who it is."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc_per_node", str(processes), "-m", "realesr.train"]
    command += [str(ROOT / "configs" / "smoke.toml"), *words[:1]]
    for setting in [*SETTINGS, f"output={output}", *words[1:]]:
        command += ["--set", setting]
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "ACCELERATE_USE_CPU": "true",
        "PYTHONWARNINGS": "default",
    }
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stderr[-3000:]


def losses(output: Path) -> list[float]:
    lines = [json.loads(line) for line in (output / "metrics.jsonl").read_text().splitlines()]
    return [line["loss"] for line in lines if line["kind"] == "train"]


@pytest.mark.slow
def test_two_processes_are_one_with_the_joined_batch(tmp_path):
    launch(tmp_path / "one", 1)
    launch(tmp_path / "two", 2)
    one, two = losses(tmp_path / "one"), losses(tmp_path / "two")
    told = json.loads((tmp_path / "two" / "step-000020" / "manifest.json").read_text())
    assert told["about"]["processes"] == 2
    assert len(one) == len(two) == 20
    assert max(abs(a - b) for a, b in zip(one, two, strict=True)) <= 1e-5
    # What two saved, one goes on with.
    launch(tmp_path / "two", 1, "--resume", "steps=24")
    launch(tmp_path / "one", 1, "--resume", "steps=24")
    for file, tolerance in (("weights", 1e-6), ("discriminator", 5e-3)):
        compare(tmp_path, file, tolerance)


def compare(folder: Path, file: str, tolerance: float) -> None:
    """The saved tensors of both runs, which differ by rounding alone."""
    one, two = (
        load_file(folder / name / "step-000024" / f"{file}.safetensors") for name in ("one", "two")
    )
    for name, tensor in one.items():
        assert (tensor - two[name]).abs().max() <= tolerance, name
