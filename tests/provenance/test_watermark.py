"""The mark: unseen, found again, gone where it must be gone, and never found where it is not."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from realesr.provenance import add_watermark, find_watermark
from realesr.provenance.watermark import _pattern
from tests.pictures import natural


@pytest.fixture(scope="module")
def coffee():
    return natural("coffee", 384, 512)


def jpeg(pixels: np.ndarray, quality: int) -> np.ndarray:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=quality)
    return np.asarray(Image.open(out))


@settings(max_examples=12)
@given(number=st.integers(0, 4095), kind=st.sampled_from(["gray", "rgb", "rgba", "deep"]))
def test_every_number_is_read_back_from_every_kind_of_picture(number, kind):
    pixels = natural("coffee", 256, 320)
    if kind == "gray":
        pixels = pixels[..., 1]
    elif kind == "rgba":
        pixels = np.dstack([pixels, np.full(pixels.shape[:2], 9, np.uint8)])
    elif kind == "deep":
        pixels = pixels.astype(np.uint16) * 257
    marked = add_watermark(pixels, number)
    assert marked.dtype == pixels.dtype and marked.shape == pixels.shape
    assert find_watermark(marked).number == number
    if kind == "rgba":
        assert (marked[..., 3] == 9).all()


def test_nobody_sees_it(coffee):
    difference = add_watermark(coffee, 72).astype(int) - coffee
    assert 10 * np.log10(255**2 / (difference**2).mean()) > 47
    assert np.abs(difference).max() <= 4 and abs(difference.mean()) < 0.02


def test_white_stays_white_and_black_stays_black(coffee):
    framed = coffee.copy()
    framed[:40], framed[-40:] = 255, 0
    marked = add_watermark(framed, 72)
    assert (marked[:40] == 255).all() and (marked[-40:] == 0).all()


def test_it_lives_through_moderate_jpeg_and_cropping_and_not_through_resizing(coffee):
    marked = add_watermark(coffee, 0x048)
    for changed in (jpeg(marked, 90), jpeg(marked, 75), marked[37:, 21:]):
        assert find_watermark(changed).digits == "048"
    half = np.asarray(Image.fromarray(marked).resize((256, 192)))
    assert find_watermark(half) is None


def test_it_is_not_found_where_it_is_not(coffee):
    draw = np.random.default_rng(5)
    noise = draw.integers(0, 256, (300, 300, 3), np.uint8)
    checks = np.kron(np.indices((40, 40)).sum(axis=0) % 2 * 255, np.ones((8, 8))).astype(np.uint8)
    flat = np.full((200, 200), 128, np.uint8)
    for pixels in (coffee, jpeg(coffee, 30), noise, checks, flat, coffee[:100, :100]):
        assert find_watermark(pixels) is None


def test_a_small_picture_is_left_alone_and_told(realesr, tmp_path):
    small = np.zeros((20, 20, 3), np.uint8)
    assert add_watermark(small, 1) is small
    Image.fromarray(small).save(tmp_path / "a.png")
    call = ["upscale", tmp_path / "a.png", "-o", tmp_path / "b.png", "--model", "bicubic"]
    run = realesr(*call, "--watermark")
    assert run.code == 0 and "W123" in run.err


def test_the_patterns_are_the_same_for_ever():
    """Else marks of today could not be found tomorrow."""
    assert _pattern("realesr")[:2, :2].round(4).tolist() == PATTERN


PATTERN = [[-0.9607, -0.803], [-0.2824, -0.2587]]
