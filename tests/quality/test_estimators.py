"""Estimators against damage of known strength, on photographs that none of them was tuned on."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from realesr.degradations.jpeg import CHROMINANCE, LUMINANCE, table
from realesr.errors import ParameterError
from realesr.quality import estimators
from realesr.train.sources import open_source

NAMES = ("astronaut", "chelsea", "coffee", "motorcycle_left", "rocket", "retina")


@pytest.fixture(scope="module")
def photos() -> list[np.ndarray]:
    """Six photographs, shrunk so that whatever was done to them before is gone."""
    pictures = open_source("samples:" + ",".join(NAMES))
    photos = []
    for number in range(len(NAMES)):
        pixels = np.ascontiguousarray(pictures.read(number)[:1000, :1000])
        factor = 2.5 if min(pixels.shape[:2]) > 600 else 1.6
        size = (round(pixels.shape[1] / factor), round(pixels.shape[0] / factor))
        photos.append(np.array(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS)))
    return photos


def jpeg(pixels: np.ndarray, quality: int, subsampling: int = 2) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=subsampling)
    return file.getvalue()


def decoded(data: bytes) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(data)))


def noisy(pixels: np.ndarray, sigma: float, *, gray: bool = False) -> np.ndarray:
    shape = (*pixels.shape[:2], 1) if gray else pixels.shape
    field = np.random.default_rng(3).normal(0, sigma, shape)
    return np.clip(np.rint(pixels + field), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("sigma", [2, 5, 12, 30])
@pytest.mark.parametrize("gray", [False, True])
def test_noise_is_found_within_a_tenth(photos, sigma, gray):
    found = [estimators.noise(noisy(photo, sigma, gray=gray)) for photo in photos]
    errors = [abs(each.value - sigma) / sigma for each in found]
    assert np.median(errors) < 0.1
    share = np.median([each.colour for each in found])
    assert share < 0.1 if gray else share > 0.8


def test_noise_knows_its_channels(photos):
    field = np.random.default_rng(0).normal(0, (2, 6, 12), photos[2].shape)
    found = estimators.noise(np.clip(np.rint(photos[2] + field), 0, 255).astype(np.uint8))
    assert found.channels == pytest.approx((2, 6, 12), rel=0.2)


def test_sixteen_bits_and_gray_give_the_same_noise(photos):
    plain = noisy(photos[0][..., 1], 8)
    deep = plain.astype(np.uint16) * 257
    assert estimators.noise(deep).value == pytest.approx(estimators.noise(plain).value, rel=0.02)


@pytest.mark.parametrize("noise", [0, 4])
@pytest.mark.parametrize("sigma", [1.0, 1.5, 2.0, 3.0, 4.0])
def test_blur_is_found_within_a_fifth(photos, sigma, noise):
    blurred = [cv2.GaussianBlur(photo, (0, 0), sigma) for photo in photos]
    found = [estimators.blur(noisy(each, noise) if noise else each).value for each in blurred]
    errors = [abs(each - sigma) / sigma for each in found]
    assert np.median(errors) < 0.2


def test_sharp_photographs_count_as_sharp(photos):
    assert np.median([estimators.blur(photo).value for photo in photos]) < 0.5


@given(quality=st.integers(1, 100), subsampling=st.integers(0, 2))
def test_tables_tell_the_quality_exactly(quality, subsampling):
    pixels = np.zeros((16, 16, 3), np.uint8)
    found = estimators.read_tables(jpeg(pixels, quality, subsampling))
    assert (found.quality, found.exact) == (quality, True)
    assert (found.luma == table(LUMINANCE, quality).numpy()).all()
    assert (found.chroma == table(CHROMINANCE, quality).numpy()).all()


def test_tables_of_a_gray_file_and_of_another_encoder():
    gray = estimators.read_tables(jpeg(np.zeros((16, 16), np.uint8), 63))
    assert (gray.quality, gray.exact, gray.chroma) == (63, True, None)
    file = io.BytesIO()
    own = [[3] * 64, [5] * 64]
    Image.new("RGB", (16, 16)).save(file, "JPEG", qtables=own)
    other = estimators.read_tables(file.getvalue())
    assert not other.exact
    assert 90 <= other.quality <= 98
    assert (other.luma == 3).all()


def test_what_is_no_jpeg_has_no_tables():
    whole = jpeg(np.zeros((16, 16, 3), np.uint8), 80)
    assert estimators.read_tables(b"") is None
    assert estimators.read_tables(b"\x89PNG\r\n\x1a\n" + whole) is None
    for end in range(0, 60):
        assert estimators.read_tables(whole[:end]) is None


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader_of_tables(data):
    estimators.read_tables(b"\xff\xd8" + data)
    estimators.read_tables(b"\xff\xd8\xff\xdb" + data)


@pytest.mark.parametrize("quality", [95, 88, 75, 50, 25, 10])
def test_pixels_tell_the_quality(photos, quality):
    found = [
        estimators.jpeg_quality(decoded(jpeg(photo, quality, number % 3))).value
        for number, photo in enumerate(photos)
    ]
    assert all(each is not None and abs(each - quality) <= 6 for each in found), found


@pytest.mark.parametrize("quality", [90, 70, 40])
def test_ink_on_paper_tells_the_quality(quality):
    """Hardly a block is without pixels at the end of the range, where JPEG's rings are cut off."""
    page = np.full((400, 400, 3), 255, np.uint8)
    for number, line in enumerate(range(24, 400, 26)):
        words = "the quick brown fox jumps over"[number:] + " 0123456789"
        cv2.putText(page, words, (6, line), cv2.FONT_HERSHEY_COMPLEX, 0.6, (0, 0, 0), 1)
    assert estimators.jpeg_quality(page).value is None
    assert abs(estimators.jpeg_quality(decoded(jpeg(page, quality))).value - quality) <= 6


def test_pixels_tell_the_last_of_two_qualities_and_where_the_blocks_begin(photos):
    twice = [decoded(jpeg(decoded(jpeg(photo, 92)), 60))[3:, 5:] for photo in photos]
    found = [estimators.jpeg_quality(each) for each in twice]
    assert [each.value for each in found] == pytest.approx([60] * 6, abs=2)
    assert {each.offset for each in found} == {(5, 3)}


def test_what_was_never_compressed_or_resized_since_has_no_quality(photos):
    for photo in photos:
        assert estimators.jpeg_quality(photo).value is None
        small = cv2.resize(decoded(jpeg(photo, 50)), None, fx=0.7, fy=0.7)
        assert estimators.jpeg_quality(small).value is None


def test_blockiness_rises_with_compression(photos):
    rows = [
        [estimators.blockiness(decoded(jpeg(photo, quality))).value for quality in (95, 60, 20)]
        for photo in photos
    ]
    clean = [estimators.blockiness(photo).value for photo in photos]
    assert all(low <= middle < high for low, middle, high in rows)
    assert np.median(clean) < 0.05 < np.median([row[1] for row in rows])


@pytest.mark.parametrize("factor", [2, 3, 4])
@pytest.mark.parametrize("mode", ["NEAREST", "BILINEAR", "BICUBIC", "LANCZOS"])
def test_enlarging_is_found(photos, factor, mode):
    found = []
    for photo in photos:
        small = Image.fromarray(photo).resize((160, 160), Image.Resampling.LANCZOS)
        large = small.resize((160 * factor, 160 * factor), Image.Resampling[mode])
        found.append(estimators.enlargement(np.array(large)).value)
    assert np.mean(np.array(found) == factor) >= 0.8, found


def test_what_was_blurred_or_compressed_was_not_enlarged(photos):
    damaged = [cv2.GaussianBlur(photo, (0, 0), 1.5) for photo in photos]
    damaged += [decoded(jpeg(photo, 60)) for photo in photos]
    found = [estimators.enlargement(each).value for each in [*photos, *damaged]]
    assert np.mean(np.array(found) == 1) >= 0.9, found


def test_a_gradient_in_bands_is_told_from_a_smooth_one():
    ramp = np.linspace(40, 200, 512)[None] + np.linspace(0, 60, 384)[:, None]
    smooth, bands = np.rint(ramp).astype(np.uint8), (np.rint(ramp / 8) * 8).astype(np.uint8)
    assert estimators.banding(smooth).value < 0.01
    assert estimators.banding(bands).value > 0.5


def test_photographs_are_not_banded(photos):
    assert max(estimators.banding(photo).value for photo in photos) < 0.05


def test_flatness_counts_flat_blocks():
    half = np.zeros((64, 64), np.uint8)
    half[:, 32:] = np.random.default_rng(0).integers(0, 256, (64, 32))
    assert estimators.flatness(half).value == 0.5


PICTURES = st.tuples(
    st.integers(1, 70), st.integers(1, 70), st.sampled_from([None, 1, 2, 3, 4])
).map(lambda shape: shape[:2] if shape[2] is None else shape)


@given(st.data())
def test_no_picture_is_too_odd(data):
    dtype = data.draw(st.sampled_from([np.uint8, np.uint16]))
    pixels = data.draw(arrays.arrays(dtype, data.draw(PICTURES)))
    for name in ("noise", "blur", "jpeg_quality", "blockiness", "banding", "flatness"):
        found = getattr(estimators, name)(pixels)
        assert found.value is None or np.isfinite(found.value)
        assert 0 <= found.confidence <= 1
    assert estimators.enlargement(pixels).value in (None, 1.0) or min(pixels.shape[:2]) >= 64


def test_what_is_no_picture_is_refused():
    with pytest.raises(ParameterError, match="E001"):
        estimators.noise(np.zeros((4, 4)))


def test_pictures_that_nobody_tuned_on(shared: Path):
    """The figures that were promised, over every second training picture."""
    files = sorted((shared / "data" / "train").glob("*.webp"))[1::6]
    photos = [np.array(Image.open(file).convert("RGB")) for file in files]
    found = [estimators.noise(noisy(photo, 8)).value for photo in photos]
    assert np.median(np.abs(np.array(found) / 8 - 1)) < 0.1
    blurred = [estimators.blur(cv2.GaussianBlur(photo, (0, 0), 2)).value for photo in photos]
    assert np.median(np.abs(np.array(blurred) / 2 - 1)) < 0.2
