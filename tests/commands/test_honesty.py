"""`realesr honesty`: both maps in one picture, their numbers, and refusals in a sentence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from realesr import Upscaler, read_picture
from realesr.quality.honesty import consistency_map, invention_map
from tests.pictures import natural


@pytest.fixture
def photo(tmp_path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(natural("coffee", 20, 24)).save(path)
    return path


def test_both_maps_and_their_numbers(realesr, photo, tmp_path):
    words = ["honesty", photo, "-o", tmp_path / "maps.png", "--model", "lab-x4"]
    run = realesr(*words, "--second", "bicubic", "--json")
    assert run.code == 0, run.err
    (entry,) = run.document["files"]
    low = read_picture(photo).pixels
    upscaler = Upscaler("lab-x4")
    result = upscaler(low)
    maps = (
        consistency_map(result, low),
        invention_map(upscaler, low, result, partner=Upscaler("bicubic")),
    )
    for each in maps:
        assert entry[each.name]["value"] == pytest.approx(each.value, rel=1e-3)
        assert entry[each.name]["words"] == each.words
    sheet = np.hstack([each.picture(result) for each in maps])
    assert np.array_equal(read_picture(tmp_path / "maps.png").pixels, sheet)
    again = realesr(*words)
    assert again.code == 3 and "E113" in again.err


def test_a_folder_goes_on_after_a_bad_picture(realesr, photo, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    photo.rename(folder / "photo.png")
    (folder / "empty.png").touch()
    run = realesr("honesty", folder, "-o", tmp_path / "maps", "--model", "lab-x4")
    assert run.code == 3 and "E101" in run.err
    assert "invention: " in run.out and "consistency: " in run.out
    assert [path.name for path in (tmp_path / "maps").iterdir()] == ["photo_honesty.png"]


def test_nothing_to_look_at(realesr, tmp_path):
    (tmp_path / "none").mkdir()
    run = realesr("honesty", tmp_path / "none", "-o", tmp_path / "maps")
    assert run.code == 2 and "E007" in run.err
