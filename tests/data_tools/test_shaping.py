"""Copies and sub-images: where they are cut, what they hold, and what cannot be made."""

from __future__ import annotations

import io
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from data_tools.cropping import best_places
from data_tools.encoding import encode_quickly
from data_tools.looking import open_header
from data_tools.manifest import REJECTED, read_rows
from data_tools.scaling import scaled, sizes_of
from data_tools.settings import Shape
from data_tools.shaping import stem_of
from realesr.images import read_picture
from realesr.images.decoding import decode
from tests.data_tools.heaps import built, kept, photographs, write_heap


def pixels(shape: tuple[int, ...], dtype: type) -> np.ndarray:
    return np.random.default_rng(3).integers(0, np.iinfo(dtype).max + 1, shape, dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [(), (2,), (3,), (4,)])
def test_encoded_quickly_and_read_back_nothing_is_lost(channels, dtype):
    wanted = pixels((37, 53, *channels), dtype)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = encode_quickly(wanted, profile if channels != (2,) and channels else None)
    decoded = decode(data, open_header(data, "x.png"), "x.png")
    assert decoded.pixels.dtype == dtype and np.array_equal(decoded.pixels, wanted)
    Image.open(io.BytesIO(data)).verify()
    if channels in ((3,), (4,)):
        assert decoded.icc == profile


@given(
    height=st.integers(20, 90),
    width=st.integers(20, 90),
    crop=st.integers(8, 40),
    step=st.integers(0, 50),
    most=st.integers(0, 5),
)
@settings(max_examples=60)
def test_sub_images_lie_inside_and_keep_their_distance(height, width, crop, step, most):
    shape = Shape(crop=crop, step=step, most=most)
    places = best_places(pixels((height, width, 3), np.uint8), shape)
    assert (not places) == (min(height, width) < crop)
    assert len(places) == len(set(places)) and (not most or len(places) <= most)
    for top, left in places:
        assert 0 <= top <= height - crop and 0 <= left <= width - crop
    for one, other in combinations(places, 2):
        assert max(abs(one[0] - other[0]), abs(one[1] - other[1])) >= (step or crop)


def test_sub_images_are_cut_where_there_is_something():
    picture = np.full((512, 768, 3), 128, np.uint8)
    picture[300:428, 500:628] = photographs()["coffee0"][:128, :128]
    ((top, left),) = best_places(picture, Shape(crop=128, most=1))
    assert abs(top - 300) <= 8 and abs(left - 500) <= 8
    assert best_places(picture[:200, :400], Shape(crop=128)) == []


def test_copies_do_not_alias_and_keep_their_mean():
    """Stripes too fine for the copy become even gray; without a wide filter they would not."""
    stripes = np.zeros((120, 120, 3), np.uint8)
    stripes[:, ::2] = 200
    small = scaled(stripes, 40, 40)[4:-4, 4:-4]
    assert small.std() < 3 and abs(small.mean() - 100) < 2
    deep = scaled(stripes.astype(np.uint16) * 257, 40, 40)[4:-4, 4:-4]
    assert deep.dtype == np.uint16 and abs(deep.mean() / 257 - 100) < 2


def test_what_is_transparent_does_not_bleed():
    picture = np.zeros((64, 64, 4), np.uint8)
    picture[:, :33] = (10, 200, 30, 255)
    picture[:, 33:, 0] = 255
    small = scaled(picture, 16, 16)
    seen = small[..., 3] > 32
    assert np.abs(small[seen][:, :3].astype(int) - (10, 200, 30)).max() <= 5


def test_sizes_come_once_and_largest_first():
    shape = Shape(scales=(0.5, 1.0, 1 / 3), shortest=300)
    assert sizes_of(900, 600, shape) == [(900, 600), (450, 300), (300, 200)]


def test_a_picture_smaller_than_the_crop_is_reported(tmp_path):
    pictures = photographs()
    small = {"small": pictures["coffee0"][:120, :120], "large": pictures["astronaut0"]}
    heap = write_heap(tmp_path / "heap", small)
    outcome = built(tmp_path / "set", str(heap), changes=("shape.crop=128", "shape.detail=0.1"))
    (row,) = [row for row in read_rows(tmp_path / "set" / REJECTED) if row["rule"] == "shape"]
    assert row["source"] == "heap/small.png" and "smaller than the crop" in row["sentence"]
    assert outcome.rejected == {"shape": 1} and outcome.kept == 2
    assert set(kept(tmp_path / "set")) == {"heap/large.png"}


def test_sub_images_are_pieces_of_their_picture_at_full_depth(tmp_path):
    rng = np.random.default_rng(0)
    deep = photographs()["astronaut1"].astype(np.uint16) << 8
    deep += rng.integers(0, 256, deep.shape, np.uint16)
    heap = tmp_path / "heap"
    heap.mkdir()
    (heap / "deep.png").write_bytes(encode_quickly(deep))
    built(tmp_path / "set", str(heap), changes=("shape.crop=96", "shape.detail=0"))
    rows = list(read_rows(tmp_path / "set" / "manifest.parquet"))
    assert len(rows) == len({row["file"] for row in rows}) == 4
    for row in rows:
        top, left = (int(part[1:]) for part in row["file"][:-4].split("-")[-2:])
        cut = read_picture(tmp_path / "set" / row["file"]).pixels
        assert np.array_equal(cut, deep[top : top + 96, left : left + 96])
        assert (row["width"], row["height"], row["bits"]) == (96, 96, 16)


@pytest.mark.parametrize(
    ("source", "stem"),
    [("a/../../b.png", "b"), ("a\\b.png", "b"), ("x y?.png", "x-y"), ("...", "picture")],
)
def test_names_are_plain(source, stem):
    assert stem_of(source, "f" * 64) == f"{stem}-{'f' * 12}"
