"""Pictures that are cut off: refused, or on request read as far as they go, and that is said."""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from realesr.errors import PictureError
from realesr.gate import Limits
from realesr.images import read_picture
from tests.picture_files import encoded, good_samples, png16, scene

SCENE = scene(64, 48)
GOOD = good_samples()


def tiff_with_pixels_last() -> bytes:
    """An unpacked TIFF whose directory stands before its pixels, as scanners write them."""
    tags = [(256, 48), (257, 64), (258, 8), (259, 1), (262, 1), (273, 200), (278, 64), (279, 3072)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    head = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4)
    return head.ljust(200, b"\0") + SCENE[..., 0].tobytes()


# The file, and which rows of it are readable from the same share of its data.
FILES = {
    "rgb.png": encoded(SCENE, "PNG", compress_level=0),
    "gray.png": encoded(SCENE[..., 0], "PNG", compress_level=0),
    "rgba.png": encoded(scene(64, 48, 4), "PNG", compress_level=0),
    "palette.png": encoded(Image.fromarray(SCENE).quantize(16), "PNG", compress_level=0),
    "deep.png": png16(scene(64, 48, dtype="uint16")),
    "photo.jpg": encoded(SCENE, "JPEG", quality=90, subsampling=0),
    "progressive.jpg": encoded(SCENE, "JPEG", quality=90, progressive=True),
    "plain.tif": tiff_with_pixels_last(),
}


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", FILES)
def test_the_readable_part_is_kept_and_the_rest_is_blank(tmp_path, name):
    data = FILES[name]
    whole = read_picture(written(tmp_path, name, data)).pixels.astype(float)
    cut = written(tmp_path, name, data[: len(data) * 7 // 10])
    with pytest.raises(PictureError, match="E103"):
        read_picture(cut)
    picture = read_picture(cut, salvage=True)
    (notice,) = (notice for notice in picture.notices if notice.code == "W121")
    assert notice.sentence.startswith(f"{name} ends ") and "left blank" in notice.sentence
    found = picture.pixels.astype(float)
    assert found.shape == whole.shape
    tolerance = 40 if "progressive" in name else 1e-9
    assert np.abs(found[:16] - whole[:16]).mean() <= tolerance
    if "progressive" not in name:
        assert not np.ptp(found[-4:], axis=(0, 1)).any(), "something was made up"


def test_a_bmp_is_stored_from_below(tmp_path):
    cut = written(tmp_path, "a.bmp", encoded(SCENE, "BMP")[:-4000])
    found = read_picture(cut, salvage=True).pixels
    assert np.array_equal(found[40:], SCENE[40:]) and not found[:20].any()


def test_what_is_whole_is_read_as_ever(tmp_path):
    for name, data in GOOD.items():
        path = written(tmp_path, name, data)
        plain, asked = read_picture(path), read_picture(path, salvage=True)
        assert np.array_equal(plain.pixels, asked.pixels) and plain.notices == asked.notices


@pytest.mark.parametrize("name", ["cut.webp", "cut.avif", "cut.gif", "cut.tif", "head.jpg"])
def test_nothing_to_keep_is_a_refusal(tmp_path, name):
    samples = {
        "cut.webp": GOOD["lossy.webp"][:-50],
        "cut.avif": GOOD["photo.avif"][:-40],
        "cut.gif": GOOD["palette.gif"][:600],
        "cut.tif": GOOD["deflated.tif"][:-200],
        "head.jpg": GOOD["photo.jpg"][:200],
    }
    cut = written(tmp_path, name, samples[name])
    with pytest.raises(PictureError) as refused:
        read_picture(cut, salvage=True)
    assert refused.value.code == "E104" and "nothing of it can be read" in refused.value.cause


def test_limits_hold_for_what_is_left(tmp_path):
    pixels = np.zeros((400, 400), np.uint8)
    data = cv2.imencode(".png", pixels)[1].tobytes()
    cut = written(tmp_path, "a.png", data[:-20])
    with pytest.raises(PictureError, match="E106"):
        read_picture(cut, limits=Limits(max_pixels=100_000), salvage=True)


@settings(max_examples=60)
@given(data=st.data(), name=st.sampled_from(sorted({**GOOD, **FILES})))
def test_cut_anywhere_it_is_read_or_refused(data, name):
    whole = {**GOOD, **FILES}[name]
    length = data.draw(st.integers(1, len(whole) - 1))
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), name, whole[:length])
        try:
            picture = read_picture(path, salvage=True)
        except PictureError as refused:
            assert refused.code.startswith("E1")
        else:
            reference = read_picture(written(Path(folder), name, whole))
            assert picture.pixels.shape == reference.pixels.shape


def test_the_program_says_how_and_does_it(tmp_path, monkeypatch, capfd):
    import sys

    from realesr import cli

    def run(*words: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["realesr", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return int(end.value.code or 0), capfd.readouterr().err

    cut = written(tmp_path, "scan.png", FILES["rgb.png"][:5000])
    for command in ("upscale", "degrade"):
        words = [command, cut, "-o", tmp_path / f"{command}.png"]
        code, said = run(*words)
        assert code == 3 and "of its data" in said
        assert said.rstrip().endswith("--salvage keeps the readable part.")
        code, said = run(*words, "--salvage")
        assert code == 0 and "W121 scan.png ends after" in said
        assert (tmp_path / f"{command}.png").exists()
