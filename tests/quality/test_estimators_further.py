"""Motion, colours, borders, rings, exposure, shot noise, JPEG twice: against known truths."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from realesr.degradations import MotionBlur, PoissonNoise, Sinc
from realesr.images import from_tensor, to_tensor
from realesr.quality import estimators
from tests.pictures import natural


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """A photograph shrunk, so that what was done to it before is gone."""
    whole = Image.fromarray(natural("astronaut", 512, 512))
    return np.array(whole.resize((320, 320), Image.Resampling.LANCZOS))


def jpeg(pixels: np.ndarray, quality: int, subsampling: int = 2) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=subsampling)
    return np.array(Image.open(file))


def applied(operation, pixels: np.ndarray) -> np.ndarray:
    return from_tensor(operation.apply(to_tensor(pixels), pixels.shape[:2]), np.uint8)


@pytest.mark.parametrize("angle", [0, 35, 90, 150])
def test_motion_is_found_with_its_direction(photo, angle):
    found = estimators.motion_blur(
        applied(MotionBlur(length=11, angle=float(np.deg2rad(angle))), photo)
    )
    assert found.value == pytest.approx(11, abs=1.5)
    assert abs((found.angle - angle + 90) % 180 - 90) <= 5


def test_other_blur_is_no_motion(photo):
    for sigma in (0.0, 1.5, 3.0):
        soft = cv2.GaussianBlur(photo, (0, 0), sigma) if sigma else photo
        assert estimators.motion_blur(soft).value == 0


@pytest.mark.parametrize("shift", [0, 3])
@pytest.mark.parametrize(("number", "scheme"), [(0, "4:4:4"), (1, "4:2:2"), (2, "4:2:0")])
@pytest.mark.parametrize("quality", [60, 92])
def test_shared_colours_are_seen_in_pixels(photo, number, scheme, quality, shift):
    found = estimators.chroma_subsampling(jpeg(photo, quality, number)[shift:, shift:])
    assert found.scheme == scheme


def test_gray_has_no_colours_to_share(photo):
    assert estimators.chroma_subsampling(photo[..., 0]).value is None
    gray = np.repeat(photo[..., :1], 3, 2)
    assert estimators.chroma_subsampling(gray).value is None


@given(number=st.integers(0, 2), quality=st.integers(1, 100))
@settings(max_examples=30)
def test_a_file_says_how_it_shares_colours(number, quality):
    file = io.BytesIO()
    picture = Image.new("RGB", (16, 16), (9, 99, 199))
    picture.save(file, "JPEG", quality=quality, subsampling=number)
    tables = estimators.read_tables(file.getvalue())
    assert tables.subsampling == ("4:4:4", "4:2:2", "4:2:0")[number]


def test_tables_of_a_file_on_disk(tmp_path):
    Image.new("RGB", (16, 16)).save(tmp_path / "a.jpg", quality=81)
    Image.new("RGB", (16, 16)).save(tmp_path / "a.png")
    assert estimators.tables_of(tmp_path / "a.jpg").quality == 81
    assert estimators.tables_of(tmp_path / "a.png") is None
    assert estimators.tables_of(tmp_path / "none.jpg") is None


@pytest.mark.parametrize(("first", "last"), [(60, 90), (40, 70), (75, 85)])
def test_the_compression_before_the_last_is_found(photo, first, last):
    twice = jpeg(jpeg(photo, first), last)
    found = estimators.first_quality(twice, estimators.jpeg_quality(twice))
    assert found.value == pytest.approx(first, abs=2)
    table = estimators.read_tables(_file(jpeg(photo, first), last)).luma
    trace = estimators.JpegTrace(float(last), "quality", 1.0)
    assert estimators.first_quality(twice, trace, table).value == pytest.approx(first, abs=2)


def _file(pixels: np.ndarray, quality: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=2)
    return file.getvalue()


@pytest.mark.parametrize("quality", [30, 60, 90])
def test_once_compressed_is_not_twice(photo, quality):
    once = jpeg(photo, quality)
    assert estimators.first_quality(once, estimators.jpeg_quality(once)).value is None


@given(st.tuples(*[st.integers(0, 40)] * 4), st.integers(0, 255))
@settings(max_examples=25)
def test_borders_are_as_wide_as_they_were_made(sides, level):
    top, right, bottom, left = sides
    field = np.random.default_rng(0).integers(0, 256, (100, 100, 3)).astype(np.uint8)
    framed = np.pad(field, ((top, bottom), (left, right), (0, 0)), constant_values=level)
    found = estimators.borders(framed)
    assert (found.top, found.right, found.bottom, found.left) == sides
    inside = 100 * 100 / (framed.shape[0] * framed.shape[1])
    assert found.value == pytest.approx(1 - inside)


def test_a_page_and_a_wall_have_no_borders():
    page = np.full((200, 200), 250, np.uint8)
    cv2.putText(page, "words", (60, 110), cv2.FONT_HERSHEY_COMPLEX, 1, 0, 2)
    assert estimators.borders(page).value == 0
    assert estimators.borders(np.full((64, 64, 3), 7, np.uint8)).value == 0


def test_edges_that_ring_are_told_from_edges_that_do_not():
    stripes = np.kron(np.arange(12) % 2, np.ones((300, 25))) * 120 + 60
    plain = cv2.GaussianBlur(stripes, (0, 0), 0.8).astype(np.uint8)
    plain = np.repeat(plain[..., None], 3, 2)
    assert estimators.ringing(plain).value < 0.01
    assert estimators.ringing(applied(Sinc(size=21, cutoff=1.2), plain)).value > 0.07
    soft = plain.astype(np.float32)
    sharpened = np.clip(2 * soft - cv2.GaussianBlur(soft, (0, 0), 2), 0, 255).astype(np.uint8)
    assert estimators.ringing(sharpened).value > 0.1


@pytest.mark.parametrize("gray", [False, True])
def test_noise_of_photons_grows_with_brightness(gray):
    ramp = np.repeat(np.linspace(20, 220, 400, dtype=np.float32)[None], 300, 0)
    ramp = np.repeat(np.rint(ramp).astype(np.uint8)[..., None], 3, 2)
    counted = applied(PoissonNoise(scale=1.0, gray=gray, seed=3, levels=64), ramp)
    field = np.random.default_rng(1).normal(0, 9, (*ramp.shape[:2], 1 if gray else 3))
    even = np.clip(np.rint(ramp + field), 0, 255).astype(np.uint8)
    assert estimators.shot_noise(counted).value > 0.85
    assert estimators.shot_noise(even).value < 0.15


def test_hardly_any_noise_says_nothing_of_its_law(photo):
    flat = np.full((64, 64, 3), 90, np.uint8)
    assert estimators.shot_noise(flat).value is None


def test_exposure_is_what_a_histogram_says():
    half = np.zeros((60, 80, 3), np.uint8)
    half[:, 20:] = 200
    half[:, 70:] = 255
    found = estimators.exposure(half)
    assert (found.value, found.contrast) == (pytest.approx(200), pytest.approx(255))
    assert (found.black, found.white) == (pytest.approx(0.25), pytest.approx(0.125))


SHAPES = st.tuples(st.integers(1, 80), st.integers(1, 80), st.sampled_from([1, 2, 3, 4]))


@given(st.data())
@settings(max_examples=25)
def test_no_picture_is_too_odd(data):
    dtype = data.draw(st.sampled_from([np.uint8, np.uint16]))
    pixels = data.draw(arrays.arrays(dtype, data.draw(SHAPES)))
    names = ("motion_blur", "chroma_subsampling", "borders", "ringing", "exposure", "shot_noise")
    for name in (*names, "drawing"):
        found = getattr(estimators, name)(pixels)
        assert found.value is None or np.isfinite(found.value)
        assert 0 <= found.confidence <= 1
