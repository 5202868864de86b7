"""Odd pictures through the whole program: right size, right mode, right colours, by value."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from realesr import read_picture
from tests.commands.conftest import Run
from tests.odd_pictures import display_p3, enlarged, gray_gamma, odd_pictures

ODD = odd_pictures()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("odd")
    for name, (data, _) in ODD.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def run_all(folder, tmp_path_factory):
    """The whole folder, once with plain bicubic and once with the model."""
    from typer.testing import CliRunner

    from realesr.commands.wiring import app

    results = {}
    for name, words in {
        "bicubic": ["--strength", "0", "--alpha", "lanczos"], "model": [],
    }.items():  # fmt: skip
        out = tmp_path_factory.mktemp(name)
        words = ["upscale", str(folder), "-o", str(out), "--precision", "fp32", "--json", *words]
        done = CliRunner().invoke(app, words)
        results[name] = out, Run(done.exit_code, done.stdout, done.stderr)
    return results


def result_of(run_all, way: str, name: str):
    """The result of a file, found through the report."""
    document = run_all[way][1].document
    entry = next(entry for entry in document["files"] if Path(entry["source"]).name == name)
    assert entry["state"] == "done", entry
    return read_picture(entry["target"])


def test_all_of_them_are_done(run_all):
    assert len(ODD) >= 40
    for _, run in run_all.values():
        assert run.code == 0, run.err
        assert (run.document["found"], run.document["done"]) == (len(ODD), len(ODD))


@pytest.mark.parametrize("name", sorted(ODD))
def test_size_mode_and_colours_against_opencv(run_all, name):
    expected = ODD[name][1]
    result = result_of(run_all, "bicubic", name).pixels
    wanted = enlarged(expected, 4)
    assert (result.shape, result.dtype) == (wanted.shape, wanted.dtype)
    unit = 257 if result.dtype == np.uint16 else 1
    # A CMYK profile is a table of 8-bit numbers.
    allowed = (3 if name == "ink.tif" else 1) * unit
    off = np.abs(result.astype(int) - wanted)
    if result.ndim == 3 and result.shape[2] in (2, 4):
        assert off[..., -1].mean() < 3 * unit
        visible = cv2.erode((expected[..., -1] > 0).astype(np.uint8), np.ones((5, 5), np.uint8))
        off = off[..., :-1][np.kron(visible, np.ones((4, 4), np.uint8)) > 0]
        assert off.size
    assert off.max() <= allowed, f"{name}: {off.max()}"


@pytest.mark.parametrize("name", sorted(ODD))
def test_the_model_keeps_size_mode_and_mean_colour(run_all, name):
    expected = ODD[name][1]
    result = result_of(run_all, "model", name).pixels
    height, width = expected.shape[:2]
    assert result.shape == (4 * height, 4 * width, *expected.shape[2:])
    assert result.dtype == expected.dtype
    if result.ndim == 3 and result.shape[2] in (2, 4):
        top = np.iinfo(expected.dtype).max
        opaque = cv2.erode((expected[..., -1] == top).astype(np.uint8), np.ones((3, 3), np.uint8))
        assert (result[np.kron(opaque, np.ones((4, 4), np.uint8)) > 0, -1] == top).all()
        return
    unit = 257 if result.dtype == np.uint16 else 1
    off = result.mean(axis=(0, 1)) - expected.mean(axis=(0, 1))
    assert np.abs(off).max() < 4 * unit, name


@pytest.mark.parametrize("way", ["bicubic", "model"])
def test_display_p3_stays_display_p3(run_all, way):
    """The profile is the same to the byte, and seen through it the colours are those of before."""
    for name in ("p3.png", "p3.jpg"):
        result = result_of(run_all, way, name)
        assert result.icc == display_p3()
        before, after = (shown(pixels) for pixels in (ODD[name][1], result.pixels))
        assert np.abs(before.mean(axis=(0, 1)) - after.mean(axis=(0, 1))).max() < 3
        # Seen without its profile it would be another picture.
        assert np.abs(after.mean(axis=(0, 1)) - result.pixels.mean(axis=(0, 1))).max() > 3


def shown(pixels: np.ndarray) -> np.ndarray:
    """Display P3 as an sRGB screen shows it."""
    image = ImageCms.profileToProfile(
        Image.fromarray(pixels), BytesIO(display_p3()), ImageCms.createProfile("sRGB")
    )
    return np.asarray(image).astype(float)


def test_a_gray_profile_stays_with_its_gray_picture(run_all):
    result = result_of(run_all, "model", "gray_icc.png")
    assert result.icc == gray_gamma() and result.is_gray


def test_what_was_changed_is_said(run_all):
    files = {
        Path(entry["source"]).name: " ".join(entry["notices"])
        for entry in run_all["model"][1].document["files"]
    }
    for name, words in {
        "animated.webp": "W109 3 frames",
        "pages.tif": "W109 2 frames",
        "ink.tif": "with its profile",
        "ink.jpg": "rule of thumb",
        "float.tif": "rounded to 16 bit",
    }.items():
        assert words in files[name], (name, files[name])
    assert files["48_bit.png"] == files["rgba.png"] == files["turned_6.png"] == ""
