"""Copies are found and others are not: against a plain count, on photographs, and for splits."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_tools.album import Album
from data_tools.matching import exact_copies, near_copies, part_copies
from data_tools.prints import Print, mirrored, print_of
from data_tools.test_sets import known, nearest
from tests.data_tools.heaps import photographs


def made_up(looks: np.ndarray) -> Print:
    nothing = np.zeros(0, np.uint64)
    places = np.zeros((0, 4), np.float32)
    return Print(b"", np.array([8, 8]), looks, nothing, nothing, nothing, places)


def among(find, prints, *threshold):
    """What is found among all of these, the first the worthiest."""
    with Album(prints) as album:
        return find(album, np.arange(len(prints)), *threshold)


@given(seed=st.integers(0, 10_000), count=st.integers(0, 300), bits=st.integers(0, 60))
@settings(max_examples=12)
def test_near_copies_are_those_of_a_plain_count(seed, count, bits):
    draw = np.random.default_rng(seed)
    ground = draw.integers(0, 2**63, (6, 4, 4), np.uint64)
    looks = ground[draw.integers(0, 6, count)]
    for _ in range(int(draw.integers(0, 40))):
        looks = looks ^ (np.uint64(1) << draw.integers(0, 64, looks.shape, np.uint64))
    found = among(near_copies, [made_up(each) for each in looks], bits)
    stays: list[int] = []
    for place in range(count):
        away = [
            int(np.bitwise_count(looks[place] ^ looks[other][0]).sum(1).min()) for other in stays
        ]
        assert (place in found) == bool(away and min(away) <= bits)
        if place in found:
            assert found[place] == (stays[away.index(min(away))], min(away))
        else:
            stays.append(place)


def test_copies_of_a_photograph_are_found_and_others_are_not():
    pictures = list(photographs().values())
    prints = [print_of(pixels) for pixels in pictures]
    assert not among(near_copies, prints, 56) and not among(part_copies, prints, 0.1)
    one = pictures[2]
    small = cv2.resize(one, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    noisy = np.clip(one + np.random.default_rng(0).normal(0, 8, one.shape), 0, 255)
    for copy in (small, noisy.astype(np.uint8), mirrored(one, 1), mirrored(one, 2), one[3:, 3:]):
        assert among(near_copies, [*prints, print_of(copy)], 56)[5][0] == 2
    for part in (one[40:, :180], one[10:170, 30:200], mirrored(one[:160, 50:], 1)):
        place, share = among(part_copies, [*prints, print_of(part)], 0.25)[5]
        assert place == 2 and share > 0.8
    assert among(exact_copies, [*prints, print_of(one.copy())]) == {5: (2, 0.0)}


def test_two_overlapping_parts_share_what_they_share():
    whole = np.concatenate([photographs()["astronaut0"], photographs()["coffee0"]], 1)
    left, right = whole[:, :300], whole[:, 150:]
    _, share = among(part_copies, [print_of(left), print_of(right)], 0.1)[1]
    assert share == pytest.approx((300 - 150) / (448 - 150), abs=0.12)


@pytest.mark.parametrize("mirror", range(4))
def test_prints_of_mirrored_pictures_are_mirrored_prints(mirror):
    pixels = photographs()["chelsea0"]
    one, other = print_of(pixels), print_of(mirrored(pixels, mirror))
    for way in range(4):
        bits = np.bitwise_count(one.looks[way] ^ other.looks[way ^ mirror]).sum()
        assert bits <= 4


def test_flat_and_tiny_pictures_have_prints():
    for pixels in (np.zeros((300, 400, 3), np.uint8), np.full((1, 1), 7, np.uint16)):
        assert len(print_of(pixels).phash) == 64


def test_the_table_of_test_pictures_is_whole():
    table = known()
    sets = [name.partition("/")[0] for name in table.names]
    counts = {name: sets.count(name) for name in set(sets)}
    assert counts == {"Set5": 5, "Set14": 14, "BSD100": 100, "Urban100": 100, "Kodak24": 24}


def test_test_pictures_are_known_in_disguise_and_others_are_not(shared):
    from realesr.images import read_picture

    for path in sorted((shared / "data" / "eval" / "Set5").glob("*.png")):
        pixels = read_picture(path).pixels
        small = cv2.resize(pixels, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
        for copy in (pixels, mirrored(pixels, 1), mirrored(pixels, 2), small):
            assert nearest(print_of(copy)) == (f"Set5/{path.name}", pytest.approx(0, abs=4))
    for pixels in photographs().values():
        assert nearest(print_of(pixels))[1] > 14
