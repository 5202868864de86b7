"""The examples of docs/losses.md are run, and every loss and every metric has its paragraph."""

from __future__ import annotations

import doctest
from pathlib import Path

from realesr import losses
from realesr.quality import metrics

PAGE = Path(__file__).resolve().parents[2] / "docs" / "losses.md"


def test_the_examples_say_what_they_print():
    found = doctest.testfile(str(PAGE), module_relative=False)
    assert found.attempted >= 8
    assert not found.failed


def test_every_loss_and_metric_is_explained():
    page = PAGE.read_text("utf-8").lower()
    named = [*losses.__all__, "psnr", "ssim", "ms_ssim", "lpips", "colour_shift"]
    assert set(named) - {"Perceptual"} <= set(losses.__all__) | set(metrics.__all__)
    missing = [name for name in named if name.lower() not in page]
    assert not missing
