"""Curves: a panel for what was written down and for nothing else, at any moment of a run."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realesr.errors import ConfigError
from realesr.images import read_picture
from realesr.train.curves import draw_curves, series, smooth
from realesr.train.journal import NAME, Journal

PANEL = (432, 768)


def write(output, steps, *, gan=False, alarms=()):
    with Journal(output, tensorboard=False, first_step=0) as journal:
        for step in range(1, steps + 1):
            values = {"loss": 1 / step, "pixel": 0.5 / step, "generator_learning_rate": 1e-4}
            if gan:
                values |= {"gan": 0.5 / step, "d_real": 0.7, "d_fake": 0.3}
                values["discriminator_learning_rate"] = 1e-4
            journal.write(step, "train", values)
            if step % 3 == 0:
                journal.write(step, "validation", {"psnr": 20 + step, "psnr_bicubic": 24.0})
        for step in alarms:
            journal.write(step, "alarm", {"code": "W511", "sentence": "Colours drift."})


def test_a_panel_for_each_thing_that_was_written(tmp_path):
    write(tmp_path, 2)
    path = draw_curves(tmp_path)
    assert path == tmp_path / "curves.png"
    assert read_picture(path).pixels.shape[:2] == (PANEL[0], 2 * PANEL[1])
    write(tmp_path, 12, gan=True, alarms=[7])
    assert read_picture(draw_curves(tmp_path)).pixels.shape[:2] == (2 * PANEL[0], 2 * PANEL[1])


def test_an_alarm_leaves_a_mark(tmp_path):
    write(tmp_path / "quiet", 12)
    write(tmp_path / "loud", 12, alarms=[7])
    quiet, loud = (read_picture(draw_curves(tmp_path / name)).pixels for name in ("quiet", "loud"))
    changed = (quiet != loud).any(2)
    assert 0.0005 < changed.mean() < 0.05


def test_a_running_run_is_drawn_without_its_torn_line(tmp_path):
    write(tmp_path, 5)
    with (tmp_path / NAME).open("a") as file:
        file.write('{"step": 6, "ki')
    assert draw_curves(tmp_path, tmp_path / "elsewhere.png").name == "elsewhere.png"


def test_broken_losses_are_gaps_not_errors(tmp_path):
    with Journal(tmp_path, tensorboard=False, first_step=0) as journal:
        for step, loss in enumerate([1.0, math.nan, -0.5, math.inf]):
            journal.write(step, "train", {"loss": loss})
    assert series(Journal.read(tmp_path), "train", "loss") == ([0, 2], [1.0, -0.5])
    draw_curves(tmp_path)


def test_where_nothing_was_written_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"E404 .* holds no metrics\.jsonl with curves"):
        draw_curves(tmp_path)


@given(st.lists(st.floats(-1e3, 1e3), max_size=60), st.floats(0, 1))
def test_smoothing_stays_within_the_values(values, share):
    smoothed = smooth(values, share)
    assert len(smoothed) == len(values)
    for each in smoothed:
        assert min(values) - 1e-9 <= each <= max(values) + 1e-9
