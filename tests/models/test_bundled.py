"""What the bundled models must not do to a picture, whoever trains them anew."""

from __future__ import annotations

import hashlib
import string

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from realesr import Upscaler, load_model
from realesr.models.catalogue import BUNDLED, find_model, known_models
from realesr.quality.metrics import colour_shift

NAMES = ("lab-x4", "lab-x4-fidelity")
# Pixels that do not see the border, where the network must guess what is beyond.
INSIDE = (slice(76, -76), slice(76, -76))
AT_THE_BORDER, COLOURS_AT_THE_BORDER = 3, 8
LETTERS = string.ascii_letters + string.digits


@pytest.fixture(scope="module", params=NAMES)
def upscaler(request):
    return Upscaler(request.param, precision="fp32", device="cpu")


def samples():
    from realesr.train.sources import open_source

    pictures = open_source("samples:astronaut,chelsea,coffee,rocket")
    for index in range(len(pictures)):
        whole = np.ascontiguousarray(pictures.read(index)[:400, :400])
        yield pictures.name(index), cv2.resize(whole, (100, 100), interpolation=cv2.INTER_AREA)


def test_all_weights_together_stay_small_and_are_the_catalogues():
    files = sorted(BUNDLED.glob("*.safetensors"))
    assert sum(path.stat().st_size for path in files) <= 12e6
    specs = {spec.source: spec for spec in known_models()}
    for path in files:
        spec = specs[str(path)]
        data = path.read_bytes()
        assert (spec.size, spec.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        if spec.architecture != "unet_discriminator":
            card = path.with_suffix(".md").read_text("utf-8")
            assert spec.sha256 in card and "## Training pictures" in card


@pytest.mark.parametrize("level", [0, 1, 40, 128, 200, 254, 255])
def test_flat_fields_stay_flat_and_white_stays_white(upscaler, level):
    result = upscaler(np.full((56, 64, 3), level, np.uint8)).astype(int)
    assert abs(result - level)[INSIDE].max() <= 1
    assert abs(result - level).max() <= AT_THE_BORDER


PURE = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]


@pytest.mark.parametrize("colour", [(200, 40, 40), (20, 90, 200), *PURE])
def test_flat_colours_stay_what_they_are(upscaler, colour):
    result = upscaler(np.full((56, 64, 3), colour, np.uint8)).astype(int)
    assert abs(result - colour)[INSIDE].max() <= 1
    assert abs(result - colour).max() <= COLOURS_AT_THE_BORDER


@pytest.mark.parametrize(("name", "most"), [("lab-x4", 3), ("lab-x4-fidelity", 1)])
def test_a_warm_yellow_is_the_hardest(name, most):
    """The crisp model misses it by 3 levels, which its card says."""
    colour = (250, 220, 30)
    upscaler = Upscaler(name, precision="fp32", device="cpu")
    result = upscaler(np.full((56, 64, 3), colour, np.uint8)).astype(int)
    assert abs(result - colour)[INSIDE].max() <= most
    assert abs(result - colour).max() <= COLOURS_AT_THE_BORDER


def test_gray_stays_gray(upscaler):
    for name, small in samples():
        gray = np.repeat(small.mean(axis=2, keepdims=True).round().astype(np.uint8), 3, axis=2)
        result = upscaler(gray).astype(float)
        shift = result.mean(axis=(0, 1)) - result.mean()
        assert abs(shift).max() <= 1, (name, shift)


def test_the_mean_colour_stays(upscaler):
    for name, small in samples():
        enlarged = cv2.resize(small, None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST)
        shift = upscaler(small).mean(axis=(0, 1)) - enlarged.mean(axis=(0, 1))
        assert abs(shift).max() <= 1, (name, shift)
        assert colour_shift(upscaler(small), enlarged).value <= 1


def letter(character: str) -> np.ndarray:
    """A character on a page of its own, its capitals 40 pixels high."""
    page = Image.new("L", (96, 96), 235)
    font = ImageFont.load_default(size=56)
    ImageDraw.Draw(page).text((48, 48), character, 25, font, anchor="mm")
    return np.asarray(page)


@pytest.mark.parametrize("quality", [0, 50])
def test_letters_of_ten_pixels_stay_legible(upscaler, quality):
    """Each shrunk and enlarged letter is most like itself, among all letters and digits."""
    pages = np.concatenate([letter(each) for each in LETTERS], axis=1)
    small = cv2.resize(pages, None, fx=1 / 4, fy=1 / 4, interpolation=cv2.INTER_AREA)
    if quality:
        _, file = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])
        small = cv2.imdecode(file, cv2.IMREAD_GRAYSCALE)
    assert read(upscaler(np.repeat(small[..., None], 3, axis=2))) == LETTERS


def read(pages: np.ndarray) -> str:
    """The characters that 62 pages are most like."""
    known = np.stack([letter(each).ravel() for each in LETTERS]).astype(float)
    known -= known.mean(axis=1, keepdims=True)
    known /= np.linalg.norm(known, axis=1, keepdims=True)
    parts = np.split(pages.mean(axis=2), len(LETTERS), axis=1)
    return "".join(LETTERS[known.dot(part.ravel() - part.mean()).argmax()] for part in parts)


def test_the_two_ends_of_the_dial_are_partners():
    assert find_model("lab-x4").blend_with == "lab-x4-fidelity"
    ends = [load_model(name, device="cpu").network.state_dict() for name in NAMES]
    assert {key: value.shape for key, value in ends[0].items()} == {
        key: value.shape for key, value in ends[1].items()
    }
