"""`realesr-data synth` as a person types it."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from data_tools.cli import main
from data_tools.commands.synth import KINDS as NAMED
from data_tools.synthetic import KINDS, make
from realesr.images import read_picture

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def synth(monkeypatch, capsys):
    """Runs the command here; gives its exit code, what it printed and what it said."""

    def run(*words: object) -> tuple[int, str, str]:
        line = ["realesr-data", "synth", "--workers", "1", *map(str, words)]
        monkeypatch.setattr(sys, "argv", line)
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run


def test_the_help_names_every_kind():
    assert NAMED == tuple(KINDS)


def test_pictures_are_made_listed_and_left_alone_the_second_time(synth, tmp_path):
    folder = tmp_path / "made"
    code, out, _ = synth("-o", folder, "--count", 6, "--size", "48x40", "--seed", 3, "--json")
    first = json.loads(out)
    assert (code, first["done"], first["skipped"]) == (0, 6, 0)
    assert [each["kind"] for each in first["files"]] == list(KINDS)
    for each in first["files"]:
        pixels = read_picture(folder / each["file"]).pixels
        assert np.array_equal(pixels, make(each["kind"], each["seed"], (40, 48)))
    with (folder / "pictures.csv").open(encoding="utf-8", newline="") as lines:
        listed = list(csv.DictReader(lines))
    assert {row["file"] for row in listed} == {each["file"] for each in first["files"]}
    assert {row["licence"] for row in listed} == {"CC0-1.0"}
    (folder / first["files"][2]["file"]).unlink()
    code, out, _ = synth("-o", folder, "--count", 6, "--size", "48x40", "--seed", 3)
    assert (code, out) == (0, f"1 made, 5 there already: {folder}\n")


def test_two_processes_make_what_one_makes(synth, tmp_path):
    synth("-o", tmp_path / "one", "--count", 4, "--size", 32)
    synth("-o", tmp_path / "two", "--count", 4, "--size", 32, "--workers", 2)
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / n).iterdir()} for n in ("one", "two"))
    assert one == two
    assert len(one) == 5


def test_what_is_no_kind_no_size_or_no_seed_is_refused(synth, tmp_path):
    for words in (["--kind", "flowers"], ["--size", "big"], ["--size", "8"], ["--seed", -1]):
        code, out, said = synth("-o", tmp_path / "none", *words)
        assert (code, out) == (2, ""), words
        assert said.startswith("E001 "), words
        assert said.count("\n") == 1, words
    assert not (tmp_path / "none").exists()


def test_another_size_in_the_same_folder_is_refused_unless_forced(synth, tmp_path):
    synth("-o", tmp_path, "--count", 1, "--size", 32)
    code, _, said = synth("-o", tmp_path, "--count", 1, "--size", 48)
    assert code == 3
    assert said.startswith("E113 ")
    assert synth("-o", tmp_path, "--count", 1, "--size", 48, "--force")[0] == 0
    assert read_picture(tmp_path / "leaves-000000.png").width == 48


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_stopped_at_any_moment_it_goes_on_to_the_same_end(how, tmp_path):
    """Whatever is there is whole, nothing of the run is left behind, and no process lives on."""
    words = ["-o", str(tmp_path / "a"), "--count", "24", "--size", "96", "--workers", "2"]
    line = [sys.executable, "-m", "data_tools", "synth", *words]
    for patience in (0.3, 0.8, 1.6):
        run = subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        began = time.monotonic()
        while not list(tmp_path.glob("a/*.png")) and time.monotonic() - began < 60:
            time.sleep(0.05)
        time.sleep(patience)
        run.send_signal(how)
        run.communicate(timeout=60)
        assert run.returncode in ({-9, 0} if how == signal.SIGKILL else {130, 0})
        for path in (tmp_path / "a").glob("*.png"):
            read_picture(path)
    subprocess.run(line, cwd=ROOT, check=True, capture_output=True)
    other = [sys.executable, "-m", "data_tools", "synth", "-o", str(tmp_path / "b"), *words[2:]]
    subprocess.run(other, cwd=ROOT, check=True, capture_output=True)
    made = [
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir() if path.suffix}
        for name in ("a", "b")
    ]
    whole = [{k: v for k, v in each.items() if not k.startswith(".realesr-")} for each in made]
    assert whole[0] == whole[1]
