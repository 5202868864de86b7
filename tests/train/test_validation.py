"""Fixed pairs are the same at every look; their scores are the published metrics' means."""

from __future__ import annotations

import logging
import math

import numpy as np
import pytest
import torch
from PIL import Image

from realesr.degradations import UnsharpMask, presets
from realesr.errors import PictureError
from realesr.images import to_tensor
from realesr.models.resamplers import Resampler
from realesr.quality.metrics import lpips, psnr, ssim
from realesr.train.sources import open_source
from realesr.train.validation import Validation, fixed_pairs, fixed_partners, restore
from tests.train.watched import network, small_pairs


class Arrays:
    """Pictures that are arrays already."""

    def __init__(self, *arrays):
        self.arrays = arrays

    def __len__(self):
        return len(self.arrays)

    def name(self, index):
        return f"folder/{index} ä.png"

    def read(self, index):
        return self.arrays[index]

    def fingerprint(self):
        return ""

    def blocks(self):
        return [len(self)]


def noise(*shape, dtype=np.uint8):
    top = np.iinfo(dtype).max
    return np.random.default_rng(0).integers(0, top, shape, dtype, endpoint=True)


def test_pairs_are_the_middle_degraded_by_their_trace_and_always_the_same():
    pictures = Arrays(noise(75, 130, 3), noise(64, 200, 3))
    first, again = (fixed_pairs(pictures, presets.gentle(4), seed=5, side=64) for _ in range(2))
    assert [tuple(pair.hr.shape[-2:]) for pair in first] == [(64, 64), (64, 64)]
    expected = to_tensor(pictures.arrays[0])[:, :, 4:68, 32:96]
    assert torch.equal(first[0].hr, expected)
    for pair, other in zip(first, again, strict=True):
        assert torch.equal(pair.lr, other.lr) and torch.equal(pair.trace.apply(pair.hr), pair.lr)
        assert pair.scale == 4
    assert [pair.name for pair in first] == ["01_0_ä", "02_1_ä"]
    assert not torch.equal(
        first[0].lr, fixed_pairs(pictures, presets.gentle(4), seed=6, side=64)[0].lr
    )


def test_pictures_are_chosen_evenly():
    recipe = presets.gentle(4)
    whole = fixed_pairs(Arrays(*[noise(64, 64, 3)] * 9), recipe, seed=0, count=3)
    assert [pair.name[:4] for pair in whole] == ["01_0", "02_3", "03_6"]


def test_sharpening_comes_before_the_degradation_and_leaves_the_truth_alone():
    pictures = Arrays(noise(64, 64, 3))
    mask, recipe = UnsharpMask(), presets.gentle(4)
    plain = fixed_pairs(pictures, recipe, seed=0)[0]
    sharp = fixed_pairs(pictures, recipe, seed=0, sharpen=mask)[0]
    assert torch.equal(plain.hr, sharp.hr) and not torch.equal(plain.lr, sharp.lr)
    assert torch.equal(sharp.trace.apply(mask.apply(sharp.hr, (64, 64))), sharp.lr)


@pytest.mark.parametrize("shape", [(50, 70), (50, 70, 4)])
def test_gray_and_transparent_pictures_are_looked_at_in_colour(shape, tmp_path):
    Image.fromarray(noise(*shape)).save(tmp_path / "picture.png")
    pair = fixed_pairs(open_source(str(tmp_path)), presets.gentle(2), seed=0)[0]
    assert pair.hr.shape == (1, 3, 48, 64) and pair.lr.shape == (1, 3, 24, 32)


def test_sixteen_bits_are_kept():
    pair = fixed_pairs(Arrays(noise(64, 64, 3, dtype=np.uint16)), presets.gentle(4), seed=0)[0]
    assert len(torch.unique(pair.hr)) > 1000


def test_a_picture_that_is_too_small_is_refused_by_name():
    with pytest.raises(PictureError, match=r"E003 folder/0 ä.png is 70×31 px; 32×32 is the least"):
        fixed_pairs(Arrays(noise(31, 70, 3)), presets.gentle(4), seed=0)


def test_photographed_pairs_are_cut_at_the_same_place():
    hr = noise(180, 260, 3)
    lr = hr[::2, ::2].copy()
    pair = fixed_partners(Arrays(hr), Arrays(lr), scale=2, side=96)[0]
    assert pair.hr.shape[-2:] == (96, 96) and pair.trace is None
    assert torch.equal(pair.hr[:, :, ::2, ::2], pair.lr)


def test_restoring_leaves_the_network_as_it_was():
    pairs, built = small_pairs(64), network()
    built.train()
    outputs = restore(built, pairs)
    assert built.training and all(not each.requires_grad for each in outputs)
    with torch.no_grad():
        assert torch.equal(outputs[1], built(pairs[1].lr))
    with pytest.raises(RuntimeError):
        restore(torch.nn.Conv2d(5, 3, 1), pairs)
    built.eval()
    restore(built, pairs)
    assert not built.training


def test_scores_are_the_metrics_of_what_a_file_would_hold():
    pairs = small_pairs(64)
    outputs = [pair.bicubic * 1.1 for pair in pairs]
    scores = Validation(pairs).scores(outputs)
    files = [(each.clamp(0, 1) * 255).round() / 255 for each in outputs]
    for name, metric in (("psnr", psnr), ("ssim", ssim)):
        values = [float(metric(f, p.hr, border=4)) for f, p in zip(files, pairs, strict=True)]
        assert scores[name] == pytest.approx(sum(values) / 3)
    values = [float(psnr((p.bicubic * 255).round() / 255, p.hr, border=4)) for p in pairs]
    assert scores["psnr_bicubic"] == pytest.approx(sum(values) / 3)
    assert torch.equal(pairs[0].bicubic, Resampler("bicubic", 4)(pairs[0].lr).clamp(0, 1))


def test_what_is_not_a_number_has_no_score():
    pairs = small_pairs(64)
    outputs = [pair.bicubic for pair in pairs]
    outputs[0] = outputs[0] * math.inf
    scores = Validation(pairs).scores(outputs)
    assert math.isnan(scores["psnr"]) and math.isfinite(scores["psnr_bicubic"])


def test_without_weights_lpips_is_left_out_and_that_is_said_once(monkeypatch, tmp_path, caplog):
    monkeypatch.setenv("REALESR_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("REALESR_CACHE", str(tmp_path))
    pairs = small_pairs(64)
    with caplog.at_level(logging.WARNING):
        validation = Validation(pairs)
        for _ in range(2):
            scores = validation.scores([pair.bicubic for pair in pairs])
    assert set(scores) == {"psnr", "ssim", "psnr_bicubic", "ssim_bicubic"}
    assert len(caplog.records) == 1 and "LPIPS is left out" in caplog.text


def test_with_weights_lpips_is_there(monkeypatch, shared):
    monkeypatch.setenv("REALESR_WEIGHTS", str(shared / "data" / "weights"))
    pairs = small_pairs(64)
    scores = Validation(pairs).scores([pair.hr for pair in pairs])
    assert scores["lpips"] == 0 and scores["lpips_bicubic"] > 0.1
    values = [float(lpips((p.bicubic * 255).round() / 255, p.hr)) for p in pairs]
    assert scores["lpips_bicubic"] == pytest.approx(sum(values) / 3)
