"""Pairs that exist already: partners by name, one place in both, refusals that name the file."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from realesr.errors import ConfigError, PictureError
from realesr.train.data import Pair
from realesr.train.paired import PairedPictures, in_order_of, open_paired
from realesr.train.sources import PictureFiles, open_source
from realesr.train.storing import store_pairs


def scene(height: int, width: int, number: int) -> np.ndarray:
    """A low-resolution picture in which every pixel is another."""
    down, across = np.mgrid[:height, :width]
    return np.dstack([down * 2, across * 2, np.full_like(down, number)]).astype(np.uint8)


@pytest.fixture
def folders(tmp_path):
    """HR is LR with every pixel four times as wide and high, so that places can be checked."""
    for number, (name, size) in enumerate([("a", (40, 60)), ("sub/b", (30, 30)), ("c", (25, 70))]):
        low = scene(*size, number)
        for folder, pixels, mark in (("hr", low.repeat(4, 0).repeat(4, 1), ""), ("lr", low, "x4")):
            path = tmp_path / folder / f"{name}{mark if number else ''}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)
    return tmp_path


def paired(folders, **changes) -> PairedPictures:
    hr, lr = open_paired([str(folders / "hr")], [str(folders / "lr")])
    return PairedPictures(hr, lr, **{"scale": 4, "seed": 1, "patch": 64, "turn": True} | changes)


def matches(pair: Pair) -> bool:
    hr, lr, trace = pair
    assert hr.shape == (3, 64, 64) and lr.shape == (3, 16, 16) and trace is None
    assert pair.sharp is hr
    return torch.equal(lr.repeat_interleave(4, 1).repeat_interleave(4, 2), hr)


@pytest.mark.parametrize("stored", [False, True])
def test_both_patches_are_the_same_place_in_every_way(folders, tmp_path, stored):
    pairs = store_pairs(paired(folders), tmp_path / "p", 7) if stored else paired(folders)
    seen = set()
    for epoch in range(40):
        for index in range(3):
            pair = pairs[epoch, index]
            assert matches(pair)
            levels = (pair.lr * 255).round()
            assert set(levels[2].unique().tolist()) == {[0, 2, 1][index]}
            seen.add(
                (float(levels[0, 0, 0] - levels[0, 1, 0]), float(levels[1, 0, 0] - levels[1, 0, 1]))
            )
            seen.add(("transposed", bool(levels[0, 0, 0] != levels[0, 0, 1])))
    assert {(-2.0, -2.0), (-2.0, 2.0), (2.0, -2.0), (2.0, 2.0)} <= seen
    assert {("transposed", True), ("transposed", False)} <= seen


def test_storing_gives_the_same_patches(folders, tmp_path):
    """Storing only saves the decoding: places depend on seed, epoch and index as before."""
    direct = paired(folders)
    stored = store_pairs(direct, tmp_path / "p", 1)
    for key in ((0, 0), (1, 2), (5, 1)):
        assert torch.equal(direct[key].hr, stored[key].hr)
        assert torch.equal(direct[key].lr, stored[key].lr)


@pytest.mark.parametrize(
    ("high", "low"),
    [
        ("0001.png", "0001x4.png"),
        ("0001.png", "0001.jpg"),
        ("photo.png", "photo_lr.png"),
        ("Canon_001_HR.png", "Canon_001_LR4.png"),
        ("a/b_hr.png", "a/b-lq.png"),
        ("x4.png", "x4.png"),
        ("night x2.png", "night.png"),
        ("box4.png", "box4.png"),
        ("cat.png", "catx4.png"),
    ],
)
def test_names_that_belong_together(high, low):
    hr, lr = PictureFiles([f"r/{high}", "r/z.png"]), PictureFiles(["r/z.png", f"r/{low}"])
    ordered = in_order_of(hr, lr)
    assert [ordered.name(n) for n in range(2)] == [lr.name(1), lr.name(0)]


@pytest.mark.parametrize(
    ("high", "low", "words"),
    [
        (["1.png", "2.png"], ["1.png"], "2.png has no partner of low resolution. "),
        (["1.png"], ["1.png", "2.png", "3.png"], r"2\.png .* high resolution, and 1 more"),
        (["1x4.png", "1.png"], ["1.png"], "1x4.png and 1.png would have the same partner"),
        (["1.png", "1_hr.png"], ["1.png"], "1.png and 1_hr.png would have the same partner"),
        (["1.png"], ["1.png", "1x4.png"], "1.png and 1x4.png would have the same partner"),
    ],
)
def test_names_that_do_not_are_refused(high, low, words):
    with pytest.raises(PictureError, match=f"E403 {words}"):
        in_order_of(PictureFiles(high), PictureFiles(low))


def test_several_sources_are_paired_one_by_one(folders):
    """The same name in two folders is no trouble, when each has its own partner folder."""
    hr, lr = open_paired([str(folders / "hr")] * 2, [str(folders / "lr")] * 2)
    pairs = PairedPictures(hr, lr, scale=4, patch=64)
    assert len(pairs) == 6 and all(matches(pairs[0, index]) for index in range(6))


def test_sides_that_do_not_fit_are_refused_by_name(folders):
    with pytest.raises(PictureError, match=r"E403 a\.png is 240x160 and its partner a\.png 60x40"):
        paired(folders, scale=2)[0, 0]
    with pytest.raises(PictureError, match=r"E403 sub/b\.png is 120x120, smaller .* 128"):
        paired(folders, patch=128)[0, 2]
    with pytest.raises(ConfigError, match="patch 66 must be a multiple of the scale 4"):
        paired(folders, patch=66)


def test_a_fingerprint_follows_both_sides(folders):
    before = paired(folders).fingerprint()
    assert paired(folders).fingerprint() == before
    Image.fromarray(np.zeros((40, 60, 3), np.uint8)).save(folders / "lr" / "a.png")
    assert paired(folders).fingerprint() != before
    assert before != open_source(str(folders / "hr")).fingerprint()
