"""Names as file systems and people give them: long, looped, alike in many folders."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.pictures import natural


def photo(path, height=8, width=8):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(natural("coffee", height, width)).save(path)
    return path


@pytest.mark.parametrize("letter", ["a", "ö", "\U0001f426"])
def test_the_longest_names_get_results_twice(realesr, tmp_path, letter):
    length = 251 // len(letter.encode())
    for number in range(2):
        photo(tmp_path / "in" / f"{letter * (length - 1)}{number}.png", width=8 + number)
    first = realesr("upscale", tmp_path / "in", "-o", tmp_path / "out", "--json")
    assert first.code == 0, first.err
    made = sorted((tmp_path / "out").glob("*.png"))
    assert len(made) == 2 and all(len(path.name.encode()) <= 255 for path in made)
    again = realesr("upscale", tmp_path / "in", "-o", tmp_path / "out", "--json")
    assert (again.code, again.document["skipped"]) == (0, 2)
    words = ["--count", 2, "--trace", tmp_path / "traces"]
    degraded = realesr("degrade", tmp_path / "in", "-o", tmp_path / "lr", *words)
    assert degraded.code == 0, degraded.err
    assert len(list((tmp_path / "traces").iterdir())) == 4


@pytest.mark.parametrize("command", ["upscale", "degrade"])
@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("x" * 300 + ".png", "out"),
        ("good.png", "y" * 300),
        ("good.png", "y" * 300 + ".png"),
        ("loop/a.png", "out"),
        ("good.png", "loop"),
        ("good.png", "loop/b.png"),
    ],
)
def test_impossible_names_are_refused(realesr, tmp_path, command, source, target):
    photo(tmp_path / "good.png")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    run = realesr(command, tmp_path / source, "-o", tmp_path / target)
    assert run.code == 3 and run.err.startswith("E1") and "Traceback" not in run.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["good.png", "loop"]


def test_a_refusal_names_the_path_a_person_can_find(realesr, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("one", "two"):
        photo(tmp_path / "in" / folder / "a.png")
    (tmp_path / "in" / "one" / "a.png").write_bytes(b"")
    tall = np.zeros((40_000, 2), np.uint8)
    Image.fromarray(tall).save(tmp_path / "in" / "two" / "b.png")
    run = realesr("upscale", "in", "-o", "out", "--format", "jpg", "--json")
    assert run.code == 3
    causes = [entry["error"]["cause"] for entry in run.document["files"] if entry["error"]]
    assert causes[0].startswith("in/one/a.png is empty")
    assert causes[1].startswith("in/two/b.png: the output is 8×160000")
    assert run.err.startswith("E101 in/one/a.png is empty")


def test_one_picture_is_no_plural(realesr, tmp_path):
    photo(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "b.gif").write_bytes(b"")
    run = realesr("upscale", tmp_path / "in", "-o", tmp_path / "out")
    assert "1 pictures" not in run.out + run.err
