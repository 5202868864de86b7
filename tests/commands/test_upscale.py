"""`realesr upscale` and `realesr models`, from end to end."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from realesr import Upscaler, read_picture
from tests.pictures import natural, shrunk


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(natural("coffee", 40, 56)).save(path)
    return path


def test_one_picture(realesr, photo, tmp_path):
    run = realesr("upscale", photo, "-o", tmp_path / "large.png")
    assert run.code == 0 and "done" in run.out
    expected = Upscaler("lab-x4")(read_picture(photo).pixels)
    assert np.array_equal(read_picture(tmp_path / "large.png").pixels, expected)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["large.png", "photo.png"]


def test_a_folder_is_made_and_names_the_scale(realesr, photo, tmp_path):
    run = realesr("upscale", photo, "-o", tmp_path / "new" / "folder", "--scale", 2.5)
    assert run.code == 0
    assert read_picture(tmp_path / "new" / "folder" / "photo_x2.5.png").pixels.shape == (
        100,
        140,
        3,
    )


def test_json_is_one_document_and_nothing_else(realesr_child, photo, tmp_path):
    run = realesr_child("upscale", photo, "-o", tmp_path / "out", "--json")
    assert run.code == 0
    document = run.document
    assert (document["found"], document["done"]) == (1, 1)
    assert document["files"][0]["width"] == 224 and document["files"][0]["height"] == 160


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tiff", "avif"])
def test_formats(realesr, photo, tmp_path, suffix):
    run = realesr("upscale", photo, "-o", tmp_path / "out", "--format", suffix)
    assert run.code == 0
    assert read_picture(tmp_path / "out" / f"photo_x4.{suffix}").pixels.shape == (160, 224, 3)


def test_nothing_is_overwritten_without_force(realesr, photo, tmp_path):
    out = tmp_path / "large.png"
    out.write_bytes(b"precious")
    run = realesr("upscale", photo, "-o", out)
    assert run.code == 3 and "E113" in run.err and "--force" in run.err
    assert out.read_bytes() == b"precious"
    assert realesr("upscale", photo, "-o", out, "--force").code == 0
    assert read_picture(out).pixels.shape == (160, 224, 3)


def test_a_folder_is_mirrored_and_finished_files_are_skipped(realesr, tmp_path):
    photos = tmp_path / "photos"
    (photos / "deep").mkdir(parents=True)
    small = shrunk(natural(), 4)
    Image.fromarray(small).save(photos / "a.png")
    Image.fromarray(small).save(photos / "a.jpg")
    Image.fromarray(small).save(photos / "deep" / "b.webp", lossless=True)
    (photos / "notes.txt").write_text("not a picture")
    (photos / "bad.jpg").write_text("<html><title>404 Not Found</title></html>")
    (photos / "empty.png").touch()
    run = realesr("upscale", photos, "-o", photos / "large", "--json")
    assert run.code == 3
    counts = {key: run.document[key] for key in ("found", "done", "refused", "skipped")}
    assert counts == {"found": 5, "done": 3, "refused": 2, "skipped": 0}
    made = {str(path.relative_to(photos / "large")) for path in (photos / "large").rglob("*x4.*")}
    assert made == {"a_x4.png", "a-png_x4.png", "deep/b_x4.png"}
    again = realesr("upscale", photos, "-o", photos / "large", "--json")
    counts = {key: again.document[key] for key in ("found", "done", "refused", "skipped")}
    assert counts == {"found": 5, "done": 0, "refused": 2, "skipped": 3}


def test_several_pictures_do_not_fit_into_one_file(realesr, photo, tmp_path):
    other = Path(shutil.copy(photo, tmp_path / "other.png"))
    run = realesr("upscale", photo, other, "-o", tmp_path / "one.png")
    assert run.code == 2 and "E006" in run.err


def test_an_empty_folder(realesr, tmp_path):
    run = realesr("upscale", tmp_path, "-o", tmp_path / "out")
    assert run.code == 2 and "E007" in run.err and not (tmp_path / "out").exists()


def test_an_output_too_large_for_its_format_is_refused_before_any_work(realesr, tmp_path):
    wide = tmp_path / "wide.png"
    Image.fromarray(np.zeros((2, 20_000, 3), np.uint8)).save(wide)
    run = realesr("upscale", wide, "-o", tmp_path / "wide_x4.jpg")
    assert run.code == 3 and "E107" in run.err
    assert not (tmp_path / "wide_x4.jpg").exists()


def test_the_depth_gray_and_profile_survive(realesr, tmp_path):
    deep = (np.arange(40 * 56 * 3, dtype=np.uint16) * 9).reshape(40, 56, 3)
    cv2.imwrite(str(tmp_path / "deep.png"), deep)
    Image.fromarray(natural("coffee", 40, 56)[:, :, 0]).save(tmp_path / "gray.png")
    run = realesr("upscale", tmp_path / "deep.png", tmp_path / "gray.png", "-o", tmp_path / "out")
    assert run.code == 0
    assert read_picture(tmp_path / "out" / "deep_x4.png").pixels.dtype == np.uint16
    assert read_picture(tmp_path / "out" / "gray_x4.png").pixels.shape == (160, 224)


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (["--model", "lab-x5"], 4, "E208"),
        (["--model", "nowhere.safetensors"], 4, "E209"),
        (["--tile", "tiny"], 2, "E001"),
        (["--scale", "40"], 2, "E001"),
        (["--precision", "fp16", "--device", "cpu"], 2, "E001"),
    ],
    ids=lambda value: str(value),
)
def test_settings_that_do_not_work(realesr, photo, tmp_path, words, code, error):
    run = realesr("upscale", photo, "-o", tmp_path / "out", *words)
    assert run.code == code and error in run.err and "Traceback" not in run.err
    assert not (tmp_path / "out").exists()


def test_an_unknown_option_is_a_usage_error(realesr, photo, tmp_path):
    run = realesr("upscale", photo, "-o", tmp_path / "out", "--modle", "x")
    assert run.code == 2 and "--model" in run.err


def test_errors_are_json_too(realesr, photo, tmp_path):
    run = realesr("upscale", photo, "-o", tmp_path / "o.png", "--model", "lab-x5", "--json")
    assert run.document["error"]["code"] == "E208"
    assert "lab-x4" in run.document["error"]["next_step"]


def test_models_list_and_show(realesr):
    listed = realesr("models", "list", "--json").document["models"]
    assert listed[0]["name"] == "lab-x4" and listed[0]["source"] == "bundled"
    assert {"RealESRGAN_x4plus", "realesr-general-x4v3"} <= {entry["name"] for entry in listed}
    assert "lab-x4" in realesr("models", "list").out
    shown = realesr("models", "show", "lab-x4", "--json").document
    assert shown["licence"] == "BSD-3-Clause" and shown["radius"] == 18


def test_an_official_model_from_a_folder(realesr, shared, monkeypatch, photo, tmp_path):
    monkeypatch.setenv("REALESR_WEIGHTS", str(shared / "data" / "weights"))
    run = realesr(
        "upscale", photo, "-o", tmp_path / "o.png", "--model", "RealESRGANv2-animevideo-xsx2"
    )
    assert run.code == 0
    assert read_picture(tmp_path / "o.png").pixels.shape == (80, 112, 3)
    assert json.loads(realesr("models", "list", "--json").out)["models"]


def test_help_names_every_option(realesr):
    text = realesr("upscale", "--help").out
    for word in ["--output", "--model", "--scale", "--tile", "--precision", "--force", "--json"]:
        assert word in text
    assert "Example" in text


@pytest.mark.parametrize("command", ["upscale", "degrade"])
def test_an_original_is_never_replaced_even_by_force(realesr, photo, command):
    before = photo.read_bytes()
    run = realesr(command, photo, "-o", photo, "--force")
    assert run.code == 2 and run.err.startswith("E006 photo.png is one of the pictures to read.")
    assert photo.read_bytes() == before


@pytest.mark.parametrize(("command", "label"), [("upscale", "x4"), ("degrade", "lr")])
def test_a_result_steps_aside_for_an_original_of_its_name(realesr, tmp_path, command, label):
    pixels = natural("coffee", 40, 40)
    for name in ("a.png", f"a_{label}.png"):
        Image.fromarray(pixels).save(tmp_path / name)
    run = realesr(
        command, tmp_path / "a.png", tmp_path / f"a_{label}.png", "-o", tmp_path, "--force"
    )
    assert run.code == 0
    assert np.array_equal(read_picture(tmp_path / f"a_{label}.png").pixels, pixels)
    assert (tmp_path / f"a-png_{label}.png").is_file()


def test_a_device_that_is_not_here_is_one_sentence(realesr, photo, tmp_path):
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device here")
    run = realesr("upscale", photo, "-o", tmp_path / "out.png", "--device", "cuda")
    assert run.code == 2 and run.err.startswith("E001") and "CUDA" in run.err
