"""`realesr inspect` as a person types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.pictures import natural


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "realesr.cli", "inspect", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path) -> Path:
    soft = Image.fromarray(cv2.GaussianBlur(natural("astronaut", 256, 256), (0, 0), 2))
    soft.save(tmp_path / "a.jpg", quality=37)
    soft.save(tmp_path / "b.png")
    (tmp_path / "c.png").write_bytes(b"")
    return tmp_path


def test_one_picture_is_one_document(folder):
    done = run(folder / "a.jpg", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found["file"] == str(folder / "a.jpg")
    jpeg = found["findings"]["jpeg"]
    assert (jpeg["quality"], jpeg["exact"], jpeg["source"]) == (37, True, "tables")
    assert found["findings"]["chroma"]["scheme"] == "4:2:0"
    assert found["findings"]["blur"]["value"] == pytest.approx(2, rel=0.3)
    for each in found["findings"].values():
        assert {"value", "unit", "confidence", "sentence"} <= each.keys()
    assert all(each.keys() == {"name", "reason"} for each in found["models"])


def test_a_folder_is_one_document_and_refusals_are_in_it(folder):
    done = run(folder, "--json")
    assert done.returncode == 3
    files = json.loads(done.stdout)["files"]
    assert [Path(each["file"]).name for each in files] == ["a.jpg", "b.png", "c.png"]
    assert files[2]["error"]["code"] == "E101"
    assert done.stderr.startswith("E101 ")


def test_a_person_reads_sentences(folder):
    done = run(folder / "b.png")
    assert done.returncode == 0
    assert "Blurred, as by a Gaussian" in done.stdout
    assert "No trace of JPEG." in done.stdout
    assert "leave it alone" in done.stdout


def test_nothing_found_and_nothing_there(tmp_path):
    assert run(tmp_path).returncode == 2
    missing = run(tmp_path / "none.png", "--json")
    assert missing.returncode == 3
    assert json.loads(missing.stdout)["error"]["code"] == "E100"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_mode_has_a_checkup(tmp_path, mode):
    from realesr.quality.checkup import inspect_file

    gray = Image.fromarray(natural("coffee", 40, 67)).convert("L")
    made = Image.fromarray(np.array(gray).astype(np.uint16) * 257) if mode == "I;16" else None
    (made or gray.convert(mode)).save(tmp_path / "odd.png")
    found = inspect_file(tmp_path / "odd.png")
    assert (found.width, found.height) == (67, 40)
    assert found.findings["exposure"].value is not None
