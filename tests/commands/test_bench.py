"""`realesr bench`: a real, tiny run; its figures hang together."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image


def test_bench_measures_and_draws(realesr, tmp_path):
    plot = tmp_path / "bench.png"
    run = realesr("bench", "--side", 32, "--repeats", 1, "--plot", plot, "--json")
    assert run.code == 0
    (case,) = run.document["cases"]
    assert case["model"] == "lab-x4" and case["side"] == 32 and case["tiles"] == 1
    assert case["seconds"] > 0 and case["exactness"] > 45
    assert case["ratio"] == case["plain_seconds"] / case["seconds"]
    with Image.open(plot) as picture:
        assert picture.width > 500


def test_bench_without_plain_is_a_table(realesr):
    run = realesr("bench", "--side", 24, "--repeats", 1, "--no-plain")
    assert run.code == 0 and run.out.startswith("| model |") and "| – |" in run.out


@pytest.mark.parametrize(
    ("words", "exit_code", "code"),
    [
        (["--model", "lab-x9"], 4, "E208"),
        (["--model", "lab-x4", "--model", "absent.pth"], 4, "E209"),
        (["--plot", "figure.txt"], 2, "E001"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_is(realesr, words, exit_code, code):
    run = realesr("bench", "--side", 24, "--repeats", 1, *words)
    assert run.code == exit_code and run.err.startswith(f"{code} ")
    assert run.out == "" and run.err.count("\n") == 1


def _measuring(parent: int) -> list[str]:
    """The measurements that a process has asked for and that still run."""
    asked = f"[{parent}, ".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_bytes()
            if b"realesr.quality.bench" in words and asked in words:
                found.append(path.parent.name)
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_it_tells_what_it_measured(number):
    words = "bench --side 24 --side 2048 --repeats 50 --no-plain --json".split()
    child = subprocess.Popen(
        [sys.executable, "-m", "realesr.cli", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stderr is not None and "at 24 px" in child.stderr.readline()
    child.send_signal(number)
    printed, said = child.communicate(timeout=60)
    time.sleep(3)
    assert not _measuring(child.pid), "a measurement goes on after the program has ended"
    assert child.returncode == 128 + number
    assert said == "Stopped after 1 of 2 measurements.\n"
    document = json.loads(printed)
    assert [case["side"] for case in document["cases"]] == [24]
    assert document["stopped"] == said.strip()


TALKATIVE = """
import os
os.write(1, b"[ INFO ] this engine talks\\n")

class Core:
    def compile_model(self, model, device, settings):
        return lambda array: array

class Model:
    def reshape(self, shape):
        pass

def convert_model(network, example_input):
    return Model()
"""


def test_what_another_engine_prints_does_not_disturb(realesr, tmp_path, monkeypatch):
    (tmp_path / "openvino.py").write_text(TALKATIVE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    run = realesr("bench", "--side", 24, "--repeats", 1, "--json")
    assert run.code == 0
    assert run.document["cases"][0]["peers"]["OpenVINO bf16"] >= 0
