"""`realesr upscale --auto`: what is decided is said, and a person's word counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from realesr import read_picture
from realesr.inference.resampling import resample
from realesr.quality.backprojection import how_consistent
from tests.pictures import natural


@pytest.fixture
def photo(tmp_path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(natural("coffee", 40, 56)).save(path)
    return path


def decisions(entry: dict) -> dict[str, dict]:
    return {each["decision"]: each for each in entry["decisions"]}


def test_every_decision_is_said_with_its_reason(realesr, photo, tmp_path):
    run = realesr("upscale", photo, "-o", tmp_path / "out.png", "--auto", "--json")
    assert run.code == 0, run.err
    (entry,) = run.document["files"]
    found = decisions(entry)
    wanted = ["shrink", "model", "strength", "fix_colour", "sharpen", "keep_grain", "consistent"]
    assert [name for name in found if name != "denoise"] == wanted
    for name, each in found.items():
        assert each["by"] == "auto" and each["reason"].endswith(".")
        assert f"photo.png: {name} " in run.err and each["reason"] in run.err
    assert entry["notices"] == []
    assert read_picture(tmp_path / "out.png").pixels.shape == (160, 224, 3)


def test_a_persons_word_counts(realesr, photo, tmp_path):
    words = ["--auto", "--model", "bicubic", "--strength", 0.5, "--no-fix-colour", "--shrink", 1]
    words += ["--sharpen", 0.0, "--keep-grain", 0.0, "--no-consistent"]
    run = realesr("upscale", photo, "-o", tmp_path / "asked.png", *words, "--json")
    assert run.code == 0, run.err
    found = decisions(run.document["files"][0])
    assert {each["by"] for each in found.values()} == {"you"}
    assert found["model"]["value"] == "bicubic" and found["consistent"]["value"] == "off"
    plain = realesr("upscale", photo, "-o", tmp_path / "plain.png", "--model", "bicubic")
    assert plain.code == 0
    asked, bicubic = (read_picture(tmp_path / f"{n}.png").pixels for n in ("asked", "plain"))
    assert np.array_equal(asked, bicubic)


def test_an_enlarged_picture_is_shrunk_first_and_no_less_true(realesr, tmp_path):
    low = resample(natural("astronaut", 64, 72), 128, 144)
    Image.fromarray(low).save(tmp_path / "large.png")
    words = ["upscale", tmp_path / "large.png", "--scale", 2, "--precision", "fp32"]
    run = realesr(*words, "-o", tmp_path / "auto.png", "--auto", "--json")
    assert run.code == 0, run.err
    found = decisions(run.document["files"][0])
    assert found["shrink"]["value"] == pytest.approx(2, rel=0.05)
    assert "enlarged" in found["shrink"]["reason"] and " dB" in found["consistent"]["reason"]
    assert realesr(*words, "-o", tmp_path / "plain.png").code == 0
    auto, plain = (read_picture(tmp_path / name).pixels for name in ("auto.png", "plain.png"))
    assert auto.shape == plain.shape == (256, 288, 3)
    assert float(how_consistent(auto, low)) >= float(how_consistent(plain, low))


def test_shrink_and_consistent_work_alone(realesr, photo, tmp_path):
    low = read_picture(photo).pixels
    run = realesr("upscale", photo, "-o", tmp_path / "out.png", "--consistent", "--json")
    assert run.code == 0, run.err
    assert run.document["files"][0]["decisions"] == []
    assert float(how_consistent(read_picture(tmp_path / "out.png").pixels, low)) > 45
    run = realesr("upscale", photo, "-o", tmp_path / "s.png", "--shrink", 2, "--model", "bicubic")
    assert run.code == 0, run.err
    small = read_picture(tmp_path / "s.png").pixels
    assert small.shape == (160, 224, 3)
    assert (
        np.abs(np.diff(small.astype(int), axis=1)).mean()
        < 0.7 * np.abs(np.diff(resample(low, 160, 224).astype(int), axis=1)).mean()
    )


def test_frames_are_not_decided_one_by_one(realesr, photo, tmp_path):
    run = realesr("upscale", photo, "-o", tmp_path / "o", "--auto", "--all-frames")
    assert run.code == 2 and "E001 --auto and --all-frames contradict" in run.err


def test_a_folder_gets_a_plan_for_each_and_goes_on(realesr, photo, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    photo.rename(folder / "photo.png")
    gray = np.dstack([natural("chelsea", 24, 24)[..., 0], np.full((24, 24), 99, np.uint8)])
    Image.fromarray(gray, "LA").save(folder / "gray.png")
    words = ["upscale", folder, "-o", tmp_path / "out", "--auto", "--json"]
    run = realesr(*words)
    assert run.code == 0, run.err
    assert all(decisions(entry)["model"] for entry in run.document["files"])
    assert read_picture(tmp_path / "out" / "gray_x4.png").pixels.shape == (96, 96, 2)
    again = realesr(*words).document
    assert again["skipped"] == 2
    assert realesr(*words, "--sharpen", 0.2).document["done"] == 2
