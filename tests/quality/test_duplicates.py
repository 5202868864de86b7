"""Copies are found by their pixels and by their looks, and different pictures are not."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from realesr.errors import ParameterError
from realesr.quality.duplicates import Fingerprint, common, copies, fingerprint
from realesr.train.sources import open_source


@pytest.fixture(scope="module")
def photos() -> list[np.ndarray]:
    """Photographs of different things."""
    pictures = open_source("samples:astronaut,brick,chelsea,coffee,grass,gravel,moon,rocket")
    return [np.ascontiguousarray(pictures.read(number)) for number in range(len(pictures))]


def compressed(image: Image.Image) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=40)
    return Image.open(file)


def noisy(image: Image.Image) -> Image.Image:
    field = np.random.default_rng(0).normal(0, 12, (image.height, image.width, 3))
    return Image.fromarray(np.clip(np.asarray(image) + field, 0, 255).astype(np.uint8))


def trimmed(image: Image.Image) -> Image.Image:
    return image.crop((4, 4, image.width - 2, image.height - 2))


CHANGES = {
    "halved": lambda image: image.resize((image.width // 2, image.height // 2)),
    "compressed": compressed,
    "noisy": noisy,
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.15),
    "gray": lambda image: image.convert("L"),
    "trimmed": trimmed,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_is_found(photos, change):
    ours = [fingerprint(photo) for photo in photos]
    changed = [np.asarray(CHANGES[change](Image.fromarray(photo))) for photo in photos]
    found = common(ours, [fingerprint(each) for each in changed])
    assert [(match.first, match.second) for match in found] == [(n, n) for n in range(len(photos))]
    assert not any(match.exact for match in found)


def test_different_pictures_are_no_copies(photos):
    assert copies([fingerprint(photo) for photo in photos]) == []


def test_a_copy_names_the_first_like_it(photos):
    order = [0, 1, 0, 2, 1, 0]
    found = copies([fingerprint(photos[number]) for number in order])
    assert [(match.first, match.second) for match in found] == [(0, 2), (1, 4), (0, 5)]
    assert all(match.exact and match.bits == 0 for match in found)


def test_equal_numbers_of_another_shape_are_another_picture(photos):
    wide = photos[0][:64, :32].copy()
    assert fingerprint(wide).sha256 != fingerprint(wide.reshape(32, 64, 3)).sha256
    assert fingerprint(wide).sha256 != fingerprint(wide.astype(np.uint16)).sha256


def test_sixteen_bits_look_the_same(photos):
    deep = photos[0].astype(np.uint16) * 257
    (match,) = common([fingerprint(photos[0])], [fingerprint(deep)])
    assert (match.exact, match.bits) == (False, 0)


HASHES = st.lists(st.integers(0, 2**256 - 1), max_size=12)


@given(HASHES, HASHES, st.integers(0, 256))
def test_matches_are_those_of_a_plain_comparison(ours, theirs, near):
    def prints(numbers: list[int]) -> list[Fingerprint]:
        return [Fingerprint(str(number), f"{number:064x}") for number in numbers]

    nearest = {
        second: min((one ^ other).bit_count() for one in ours)
        for second, other in enumerate(theirs)
        if ours and min((one ^ other).bit_count() for one in ours) <= near
    }
    found = common(prints(ours), prints(theirs), near)
    assert {match.second: match.bits for match in found} == nearest
    firsts = {
        second: next(n for n in range(second) if (ours[n] ^ ours[second]).bit_count() <= near)
        for second in range(len(ours))
        if any((ours[n] ^ ours[second]).bit_count() <= near for n in range(second))
    }
    assert {match.second: match.first for match in copies(prints(ours), near)} == firsts


def test_what_is_no_picture_is_refused():
    with pytest.raises(ParameterError, match="E001"):
        fingerprint(np.zeros((3, 3)))
