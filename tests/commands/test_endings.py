"""However the program ends, it is one sentence, one JSON document where asked, one exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.commands.test_killed import start
from tests.pictures import natural

PROGRAM = [sys.executable, "-m", "realesr.cli"]
STOPPED_WHILE_IMPORTING = """
import os, signal, sys
class Stop:
    def find_spec(self, name, path, target=None):
        if name == "typer":
            sys.meta_path.remove(self)
            os.kill(os.getpid(), {signal})
sys.meta_path.insert(0, Stop())
from realesr.cli import main
main()
"""


def shell(command: str) -> subprocess.CompletedProcess[str]:
    words = ["bash", "-o", "pipefail", "-c", command, "bash", *PROGRAM]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (["upscale", "a.png", "-o", "b.png", "--bogus"], "No such option: --bogus"),
        (["upscale", "a.png", "-o", "b.png", "--denoise", "3"], "--denoise"),
        (["upscale", "a.png"], "--output"),
        (["nonsense"], "nonsense"),
        (["models", "show"], "name"),
    ],
)
def test_words_the_parser_refuses_give_a_code_and_a_document(realesr, words, cause):
    run = realesr(*words, "--json")
    assert run.code == 2
    assert run.document["error"]["code"] == "E001"
    assert cause.lower() in run.document["error"]["cause"].lower()
    assert run.err.startswith("E001 ") and run.err.count("\n") == 1
    plain = realesr(*words)
    assert (plain.code, plain.out, plain.err) == (2, "", run.err)


@pytest.mark.parametrize("value", [["--strength", "nan"], ["--strength=NaN"]])
def test_what_is_no_number_is_called_that(realesr, value):
    run = realesr("upscale", "a.png", "-o", "b.png", *value)
    assert run.code == 2
    assert run.err.startswith("E001 --strength is nan, which is no number.")


def test_help_without_words_is_help(realesr):
    run = realesr()
    assert run.code == 2 and "E0" not in run.err + run.out and "Usage" in run.err + run.out


@pytest.mark.parametrize(
    ("words", "before"),
    [
        (["upscale", "", "-o", "out"], "upscale"),
        (["upscale", "a.png", "-o", ""], "-o"),
        (["degrade", "a.png", "--output="], "--output"),
        (["models", "show", ""], "show"),
    ],
)
def test_an_empty_word_is_refused(realesr, tmp_path, monkeypatch, words, before):
    Image.fromarray(natural("coffee", 8, 8)).save(tmp_path / "a.png")
    monkeypatch.chdir(tmp_path)
    run = realesr(*words)
    assert run.code == 2
    assert run.err.startswith(f"E001 the word after {before} is empty.")
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_folder_that_is_gone_is_named(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    run = shell(f'cd "{gone}" && rmdir "{gone}" && "$@" upscale a.png -o b.png --json')
    assert run.returncode == 2 and json.loads(run.stdout)["error"]["code"] == "E001"
    assert run.stderr.startswith("E001 the folder this was started in is not there any more.")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_while_it_starts(number):
    code = STOPPED_WHILE_IMPORTING.format(signal=int(number))
    words = [sys.executable, "-c", code, "models", "list", "--json"]
    run = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 128 + number
    assert run.stderr == "Stopped.\n" and json.loads(run.stdout) == {"stopped": "Stopped."}


def test_a_service_that_is_stopped_prints_the_report_so_far(tmp_path):
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    Image.fromarray(natural("coffee", 24, 30)).save(photos / "0.png")
    Image.fromarray(natural("coffee", 390, 590)).save(photos / "1.png")
    child = start(photos, out)
    while not list(out.glob("*_x4.png")) and child.poll() is None:
        time.sleep(0.002)
    child.send_signal(signal.SIGTERM)
    printed, said = child.communicate(timeout=60)
    assert child.returncode == 143 and "Traceback" not in said
    report = json.loads(printed)
    assert (report["found"], report["done"], report["skipped"]) == (2, 1, 1)
    assert report["stopped"] in said


@pytest.mark.parametrize("words", ["models list", "models list --json", "--help", "bogus --json"])
def test_full_standard_output_is_a_refusal(words):
    run = shell(f'"$@" {words} > /dev/full')
    assert run.returncode == (2 if "bogus" in words else 5)
    assert run.stderr.startswith("E001" if "bogus" in words else "E302 standard output")
    assert run.stderr.count("\n") == 1


def test_full_standard_output_stops_a_run_and_keeps_what_is_done(tmp_path):
    for name in ("a", "b"):
        Image.fromarray(natural("coffee", 8, 8)).save(tmp_path / f"{name}.png")
    run = shell(f'"$@" upscale "{tmp_path}" -o "{tmp_path}/out" > /dev/full')
    assert run.returncode == 5 and "Traceback" not in run.stderr
    assert "E302 standard output" in run.stderr
    made = list((tmp_path / "out").glob("*.png"))
    assert made and all(path.read_bytes().endswith(b"IEND\xaeB`\x82") for path in made)


def test_a_reader_that_leaves_ends_it_quietly():
    run = shell('"$@" models list | true')
    assert (run.returncode, run.stderr) == (141, "")


@pytest.mark.parametrize("nowhere", ["2>&-", "2> /dev/full"])
def test_nobody_to_be_told_changes_nothing(tmp_path, nowhere):
    Image.fromarray(natural("coffee", 8, 8)).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"")
    run = shell(f'"$@" upscale "{tmp_path}" -o "{tmp_path}/out" --json {nowhere}')
    assert run.returncode == 3 and run.stderr == ""
    report = json.loads(run.stdout)
    assert (report["done"], report["refused"]) == (1, 1)
    ledger = (tmp_path / "out" / ".realesr-batch.jsonl").read_text()
    assert all(line.startswith("{") for line in ledger.splitlines())


def test_letters_the_terminal_does_not_know_are_written_out(tmp_path):
    Image.fromarray(natural("coffee", 8, 8)).save(tmp_path / "Möwe.png")
    words = [*PROGRAM, "upscale", str(tmp_path / "Möwe.png"), "-o", str(tmp_path / "out")]
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    run = subprocess.run(
        words, capture_output=True, encoding="latin-1", env=environment, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "Möwe.png \\u2192" in run.stdout
    assert Path(tmp_path / "out" / "Möwe_x4.png").exists()
