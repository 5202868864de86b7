"""`realesr evaluate` as a person types it: tables, files, refusals, exit codes."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PIL import Image

from realesr.quality.evaluation import MEASURES
from tests.pictures import natural

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "quality.md").read_text("utf-8")


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("coffee", "chelsea"):
        Image.fromarray(natural(name, 48, 64)).save(folder / f"{name}.png")
    return folder


def test_everything_is_written_and_printed(realesr, photos, tmp_path):
    files = [tmp_path / f"out/{name}" for name in ("t.md", "t.csv", "t.json", "w.png", "p.png")]
    run = realesr(
        "evaluate", photos, "--model", "nearest", "--model", "bicubic", "--measure", "psnr",
        "--recipe", "bicubic_only", "--recipe", "gentle",
        *(word for file in files[:3] for word in ("-o", file)),
        "--worst", files[3], "--plot", files[4],
    )  # fmt: skip
    assert run.code == 0, run.err
    assert run.out == files[0].read_text("utf-8") and "### photos, degraded by gentle" in run.out
    assert files[1].read_text("utf-8").count("\n") == 1 + 2 * 2 * 2
    assert json.loads(files[2].read_text("utf-8"))["models"][1]["name"] == "bicubic"
    for file in files[3:]:
        with Image.open(file) as picture:
            assert picture.width > 400
    again = realesr("evaluate", photos, "-o", files[0])
    assert again.code == 3 and again.err.startswith("E113 ")


def test_json_is_the_only_thing_on_standard_output(realesr, photos):
    (photos / "cut.png").write_bytes((photos / "coffee.png").read_bytes()[:300])
    run = realesr("evaluate", photos, "--model", "nearest", "--measure", "psnr", "--json")
    assert run.code == 3 and "cut.png" in run.err
    assert [row["picture"] for row in run.document["rows"]] == ["chelsea.png", "coffee.png"]
    assert run.document["refused"][0]["what"] == "photos/cut.png"


def test_the_known_table_is_printed(realesr, photos, tmp_path, monkeypatch):
    monkeypatch.setenv("REALESR_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("REALESR_CACHE", str(tmp_path / "cache"))
    run = realesr("evaluate", photos, "--known-table", "--no-speed")
    assert run.code == 0, run.err
    assert "| SRGAN " in run.out and "29.40" in run.out and "no weights" in run.out


@pytest.mark.parametrize(
    ("words", "exit_code", "code"),
    [
        (["--model", "lab-x9"], 4, "E208"),
        (["--recipe", "bicubic_onyl"], 2, "E404"),
        (["--measure", "pnsr"], 2, "E001"),
        (["-o", "table.html"], 2, "E001"),
        (["--plot", "plot.md"], 2, "E001"),
        (["--known-table", "--model", "bicubic"], 2, "E001"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_is(
    realesr, photos, words, exit_code, code
):
    run = realesr("evaluate", photos, *words)
    assert run.code == exit_code and run.err.startswith(f"{code} "), run.err
    assert run.out == "" and run.err.count("\n") == 1


def test_the_guide_runs_as_it_is_written(realesr, photos, monkeypatch):
    monkeypatch.chdir(photos.parent)
    commands = [
        line
        for block in re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
        for line in block.splitlines()
    ]
    assert len(commands) == 6
    for line in commands:
        program, *words = shlex.split(line)
        run = realesr(*words, *([] if "--no-speed" in words else ["--no-speed"]))
        assert program == "realesr" and run.code == 0, f"{line}\n{run.err}"
    for code in re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL):
        exec(compile(code, "docs/quality.md", "exec"), {})


def test_the_guide_tells_every_measure_and_option(realesr):
    shown = realesr("evaluate", "--help").out
    for name in MEASURES:
        assert f"`{name}`" in GUIDE
    for option in set(re.findall(r"`(--[a-z-]+)`", GUIDE)):
        assert option in shown, option


def drain(terminal: int) -> None:
    """Read until the last one who writes is gone."""
    with contextlib.suppress(OSError):
        while os.read(terminal, 4096):
            pass


def test_stopped_it_prints_what_is_whole(photos):
    for place in range(200):
        Image.fromarray(natural("coffee", 96, 96)).save(photos / f"z{place:03}.png")
    terminal, end = os.openpty()
    words = ["evaluate", photos, "--model", "nearest", "--measure", "psnr", "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "realesr.cli", *words], stdout=subprocess.PIPE, stderr=end, text=True
    ) as child:
        os.close(end)
        seen = b""
        # The bar tells which picture is next: by then those before it are done.
        while b"z010.png" not in seen:
            seen += os.read(terminal, 4096)
        child.send_signal(signal.SIGINT)
        # Whoever writes to a terminal that nobody reads would wait for ever.
        reader = threading.Thread(target=drain, args=[terminal])
        reader.start()
        assert child.stdout is not None
        document = json.loads(child.stdout.read())
    reader.join()
    os.close(terminal)
    assert child.returncode == 130
    assert 11 <= len(document["rows"]) < 202 and document["stopped"].startswith("Stopped after")
