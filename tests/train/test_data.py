"""Pairs depend on (seed, epoch, index) only: any number of workers, any epoch, any device."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from realesr.degradations import Jpeg, Trace, UnsharpMask, presets
from realesr.errors import ConfigError, PictureError
from realesr.train.data import Batch, DegradedPairs, stack
from realesr.train.pairs import unit
from realesr.train.sources import PictureFiles

CROP, PATCH = 64, 32


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> list[Path]:
    """Six pictures: photographs of odd sizes, one gray, one with alpha, one 16 bit, one tiny."""
    from skimage import data

    folder = tmp_path_factory.mktemp("pictures")
    astronaut, cat = data.astronaut(), data.chelsea()
    alpha = np.dstack([cat[:90, :80], np.full((90, 80), 128, np.uint8)])
    arrays = {
        "photo": astronaut[:131, 100:233],
        "cat": cat[50:150, 100:300],
        "gray": data.camera()[:100, :90],
        "alpha": alpha,
        "tiny": astronaut[100:121, 200:230],
    }
    paths = []
    for name, pixels in arrays.items():
        paths.append(folder / f"{name}.png")
        Image.fromarray(pixels).save(paths[-1])
    deep = data.camera()[:80, :80].astype(np.uint16) * 257
    paths.append(folder / "deep.png")
    Image.fromarray(deep).save(paths[-1])
    return paths


@pytest.fixture(scope="module")
def pairs(pictures) -> DegradedPairs:
    return DegradedPairs(
        PictureFiles(pictures), presets.real_esrgan(4), seed=3, crop=CROP, patch=PATCH
    )


def same(one: Batch, other: Batch) -> bool:
    return (
        torch.equal(one.hr, other.hr)
        and torch.equal(one.lr, other.lr)
        and torch.equal(one.sharp, other.sharp)
        and one.traces == other.traces
    )


def all_of(pairs: DegradedPairs, workers: int, **options) -> Batch:
    loader = DataLoader(
        pairs, batch_size=len(pairs), num_workers=workers, collate_fn=stack, **options
    )
    (batch,) = loader
    return batch


def test_a_pair_has_its_sizes_ranges_and_biography(pairs):
    for index in range(len(pairs)):
        pair = pairs[index]
        hr, lr, trace = pair
        assert hr.shape == pair.sharp.shape == (3, PATCH, PATCH)
        assert lr.shape == (3, PATCH // 4, PATCH // 4)
        assert hr.dtype == lr.dtype == torch.float32
        assert 0 <= float(hr.min()) and float(hr.max()) <= 1
        assert torch.equal((lr * 255).round() / 255, lr)
        assert isinstance(trace, Trace) and trace.scale == 4


def test_the_low_resolution_patch_lies_where_the_high_one_does(pictures):
    """With a recipe that only shrinks, the patch is the shrunken patch but for its border."""
    pairs = DegradedPairs(
        PictureFiles(pictures),
        presets.bicubic_only(4),
        seed=1,
        crop=CROP,
        patch=PATCH,
        sharpen=None,
    )
    for index in range(len(pairs)):
        hr, lr, _ = pairs[index]
        small = torch.nn.functional.interpolate(
            hr[None], scale_factor=1 / 4, mode="bicubic", antialias=True
        )[0]
        assert float((small - lr)[:, 2:-2, 2:-2].abs().max()) < 1.1 / 255


def test_the_trace_gives_the_low_resolution_crop_back(pictures):
    pairs = DegradedPairs(PictureFiles(pictures), presets.real_esrgan(4), crop=CROP, patch=CROP)
    pair = pairs[0]
    assert torch.equal(pair.trace.apply(pair.sharp[None])[0], pair.lr)


def test_two_epochs_differ_and_a_rerun_is_identical(pairs, pictures):
    batches = []
    for epoch in (0, 1, 0):
        pairs.set_epoch(epoch)
        batches.append(all_of(pairs, 0))
    assert same(batches[0], batches[2])
    assert not torch.equal(batches[0].hr, batches[1].hr)
    assert not set(batches[0].traces) & set(batches[1].traces)

    again = DegradedPairs(
        PictureFiles(pictures), presets.real_esrgan(4), seed=3, crop=CROP, patch=PATCH
    )
    assert same(all_of(again, 0), batches[0])
    other = DegradedPairs(
        PictureFiles(pictures), presets.real_esrgan(4), seed=4, crop=CROP, patch=PATCH
    )
    assert not torch.equal(all_of(other, 0).lr, batches[0].lr)
    pairs.set_epoch(0)


@pytest.mark.filterwarnings("ignore:This DataLoader will create 4 worker")
def test_the_number_of_workers_changes_no_bit(pairs):
    pairs.set_epoch(5)
    alone = all_of(pairs, 0)
    for workers in (1, 2, 4):
        assert same(all_of(pairs, workers), alone), workers
    pairs.set_epoch(0)


def test_workers_that_live_on_hear_of_the_next_epoch(pairs):
    loader = DataLoader(
        pairs, batch_size=len(pairs), num_workers=2, collate_fn=stack, persistent_workers=True
    )
    for epoch in (0, 1, 7):
        pairs.set_epoch(epoch)
        (batch,) = loader
        assert same(batch, all_of(pairs, 0)), epoch
    pairs.set_epoch(0)


def test_the_order_of_asking_changes_nothing(pairs):
    forwards = [pairs[index] for index in range(len(pairs))]
    backwards = [pairs[index] for index in reversed(range(len(pairs)))][::-1]
    for one, other in zip(forwards, backwards, strict=True):
        assert torch.equal(one.lr, other.lr) and torch.equal(one.hr, other.hr)


def test_no_draw_is_shared_by_a_batch(pairs):
    batch = all_of(pairs, 0)
    assert len({trace.operations for trace in batch.traces}) == len(pairs)
    draws = [pairs.draw(index) for index in range(len(pairs))]
    assert len({each.crop for each in draws}) == len(pairs)
    assert len({each.patch for each in draws}) == len(pairs)


def test_crops_lie_everywhere_and_half_are_mirrored(pictures):
    pairs = DegradedPairs(PictureFiles(pictures), presets.gentle(4), crop=CROP, patch=PATCH)
    draws = []
    for epoch in range(100):
        pairs.set_epoch(epoch)
        draws += [pairs.draw(index) for index in range(len(pairs))]
    assert 0.43 < sum(each.flip for each in draws) / len(draws) < 0.57
    for axis in (0, 1):
        places = torch.tensor([each.crop[axis] for each in draws])
        assert float(places.min()) < 0.02 and float(places.max()) > 0.98
        assert abs(float(places.mean()) - 0.5) < 0.05


def test_sharpening_is_a_choice_and_comes_before_the_cut(pictures):
    plain = DegradedPairs(
        PictureFiles(pictures), presets.gentle(4), crop=CROP, patch=PATCH, sharpen=None
    )
    sharp = DegradedPairs(
        PictureFiles(pictures),
        presets.gentle(4),
        crop=CROP,
        patch=PATCH,
        sharpen=UnsharpMask(amount=1.0),
    )
    assert torch.equal(plain[0].hr, sharp[0].hr)
    assert torch.equal(plain[0].sharp, plain[0].hr)
    assert not torch.equal(sharp[0].sharp, sharp[0].hr)
    assert not torch.equal(sharp[0].lr, plain[0].lr)
    crop = sharp.cut(0)
    whole = UnsharpMask(amount=1.0).apply(unit(crop.hr)[None], (CROP, CROP))[0]
    inside = whole.unfold(1, PATCH, 4).unfold(2, PATCH, 4)
    distances = (inside - sharp[0].sharp[:, None, None]).abs().amax((0, 3, 4))
    assert float(distances.min()) == 0.0, "the patch is no piece of the sharpened crop"


def test_degrading_later_on_a_device_gives_the_same_pairs(pairs):
    """What a training with a GPU does: workers cut, the training process degrades."""
    for index in range(len(pairs)):
        later, now = pairs.finish(pairs.cut(index), "cpu"), pairs[index]
        assert torch.equal(later.hr, now.hr) and torch.equal(later.lr, now.lr)
        assert later.trace == now.trace


def test_a_batch_is_finished_as_its_pairs_are(pairs):
    crops = [pairs.cut(index) for index in range(3)]
    for index, together in enumerate(pairs.finish_all(crops, "cpu")):
        alone = pairs[index]
        assert together.trace == alone.trace and torch.equal(together.hr, alone.hr)
        # Sharpening beside other pictures may round otherwise.
        assert float((together.sharp - alone.sharp).abs().max()) < 1e-6
        assert float((together.lr - alone.lr).square().mean()) < 1e-6


@pytest.mark.parametrize("name", ["photo.png", "cat.png"])
def test_a_mirrored_crop_is_the_crop_mirrored(pairs, pictures, name):
    """The crop lies at its place in the picture, pixel by pixel, from right to left or not."""
    index = [path.name for path in pictures].index(name)
    pixels = torch.from_numpy(np.array(Image.open(pictures[index]))).movedim(-1, 0) / 255
    ways = set()
    for epoch in range(12):
        pairs.set_epoch(epoch)
        drawn, crop = pairs.draw(index), unit(pairs.cut(index).hr)
        free = [side - CROP + 1 for side in pixels.shape[1:]]
        top, left = (int(share * room) for share, room in zip(drawn.crop, free, strict=True))
        there = pixels[:, top : top + CROP, left : left + CROP]
        assert torch.equal(crop, there.flip(-1) if drawn.flip else there)
        ways.add(drawn.flip)
    pairs.set_epoch(0)
    assert ways == {False, True}


def test_pictures_smaller_than_the_crop_are_mirrored(pairs, pictures):
    tiny = [path.name for path in pictures].index("tiny.png")
    crop = unit(pairs.cut(tiny).hr)
    assert crop.shape == (3, CROP, CROP)
    pixels = torch.from_numpy(np.array(Image.open(pictures[tiny]))).movedim(-1, 0) / 255
    flipped = pixels.flip(-1) if pairs.draw(tiny).flip else pixels
    corner = crop[:, :21, -30:] if pairs.draw(tiny).flip else crop[:, :21, :30]
    assert torch.allclose(corner, flipped, atol=1e-6)


def test_gray_pictures_have_three_equal_channels(pairs, pictures):
    for name in ("gray.png", "deep.png"):
        hr = pairs[[path.name for path in pictures].index(name)].hr
        assert torch.equal(hr[0], hr[1]) and torch.equal(hr[0], hr[2])


@pytest.mark.parametrize(("crop", "patch"), [(66, 32), (64, 30), (64, 68), (64, 0)])
def test_sides_that_do_not_fit_are_refused(pictures, crop, patch):
    with pytest.raises(ConfigError, match="multiples of the scale 4"):
        DegradedPairs(PictureFiles(pictures), presets.gentle(4), crop=crop, patch=patch)


def test_no_pictures_and_no_such_index_are_refused(pairs):
    with pytest.raises(ConfigError, match="no pictures"):
        PictureFiles([])
    for index in (-1, len(pairs)):
        with pytest.raises(IndexError):
            pairs[index]


def test_a_damaged_picture_is_named(tmp_path):
    path = tmp_path / "broken.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    pairs = DegradedPairs(PictureFiles([path]), presets.gentle(4), crop=CROP, patch=PATCH)
    with pytest.raises(PictureError, match=r"broken\.png"):
        pairs[0]


def test_a_draw_ends_in_the_published_ranges(pairs):
    """The dataset draws from the recipe it was given, not from one of its own."""
    for index in range(len(pairs)):
        for operation in pairs.draw(index).trace.operations:
            if isinstance(operation, Jpeg):
                assert 30 <= operation.quality <= 95
