"""Previews: the same crops at every look, a sheet whose cells lie where they should."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image

from realesr.degradations import Trace
from realesr.images import read_picture
from realesr.train.previews import CAPTION, GAP, HEAD, ROW, WINDOW, ZOOM, Previews, most_detailed
from realesr.train.validation import FixedPair
from tests.train.watched import small_pairs

CELL = WINDOW * ZOOM


@pytest.fixture(scope="module")
def pairs() -> list[FixedPair]:
    return small_pairs(192)


def looks(pairs, share):
    """Something between bicubic and the truth."""
    return [pair.bicubic + share * (pair.hr - pair.bicubic) for pair in pairs]


def cell(sheet, row, column):
    top = HEAD + row * (ROW + CELL + CAPTION + GAP) + ROW
    left = GAP + column * (CELL + GAP)
    return sheet[top : top + CELL, left : left + CELL]


def names(folder):
    return sorted(each.name for each in folder.iterdir())


def test_every_look_has_its_folder_and_the_comparison_lies_beside(pairs, tmp_path):
    previews = Previews(tmp_path, pairs)
    sheet = previews.show(100, looks(pairs, 0.5))
    assert sheet == tmp_path / "previews" / "sheet.png"
    folder = tmp_path / "previews"
    assert names(folder) == ["bicubic", "input", "sheet.png", "step-000100", "truth"]
    pictures = [f"{pair.name}.png" for pair in pairs]
    for each in ("bicubic", "truth", "step-000100"):
        assert names(folder / each) == pictures
        assert read_picture(folder / each / pictures[0]).pixels.shape == (WINDOW, WINDOW, 3)
    small = read_picture(folder / "input" / pictures[0]).pixels
    assert small.shape == (WINDOW // 4, WINDOW // 4, 3)
    trace = (folder / "input" / f"{pairs[0].name}.json").read_text()
    assert Trace.from_json(trace) == pairs[0].trace and json.loads(trace)


def test_input_and_truth_show_the_same_place(pairs, tmp_path):
    Previews(tmp_path, pairs)
    for pair in pairs:
        truth = read_picture(tmp_path / "previews" / "truth" / f"{pair.name}.png").pixels
        small = read_picture(tmp_path / "previews" / "input" / f"{pair.name}.png").pixels
        mean = truth.reshape(32, 4, 32, 4, 3).mean((1, 3))
        assert np.corrcoef(mean.ravel(), small.ravel())[0, 1] > 0.95


def test_the_sheets_cells_hold_the_pictures_at_their_places(pairs, tmp_path):
    previews = Previews(tmp_path, pairs)
    for step, share in ((10, 0.2), (20, 0.9)):
        path = previews.show(step, looks(pairs, share))
    sheet = read_picture(path).pixels
    columns = ("input", "bicubic", "step-000010", "step-000020", "truth")
    height = HEAD + len(pairs) * (ROW + CELL + CAPTION + GAP)
    assert sheet.shape[1] == GAP + len(columns) * (CELL + GAP) and sheet.shape[0] > height
    for row, pair in enumerate(pairs):
        for column, name in enumerate(columns):
            pixels = read_picture(tmp_path / "previews" / name / f"{pair.name}.png").pixels
            repeated = pixels.repeat(CELL // len(pixels), 0).repeat(CELL // len(pixels), 1)
            assert np.array_equal(cell(sheet, row, column), repeated)
    # A light ground, and letters that are dark on it.
    assert (sheet[:10] > 240).all()
    assert sheet[10:30, GAP : GAP + 60].min() < 60


def test_many_looks_show_the_first_the_newest_and_more_early_ones(pairs, tmp_path):
    previews = Previews(tmp_path, pairs[:1])
    for step in range(100, 1300, 100):
        previews.show(step, looks(pairs[:1], step / 1300))
    assert previews._steps(1200) == [100, 200, 600, 1200]
    assert previews._steps(300) == [100, 200, 300]


def test_a_resume_goes_on_with_the_same_sheet_and_forgets_what_came_later(pairs, tmp_path):
    previews = Previews(tmp_path, pairs)
    for step in (1, 2, 3):
        whole = previews.show(step, looks(pairs, step / 4)).read_bytes()
    previews.show(4, looks(pairs, 1))
    again = Previews(tmp_path, pairs)
    assert again.show(3, looks(pairs, 3 / 4)).read_bytes() == whole
    assert names(tmp_path) == ["previews"]


def test_other_pictures_set_the_old_looks_aside(pairs, tmp_path):
    Previews(tmp_path, pairs).show(1, looks(pairs, 0.5))
    others = [FixedPair(pair.name, pair.hr.flip(3), pair.lr.flip(3)) for pair in pairs]
    Previews(tmp_path, others).show(2, looks(others, 0.5))
    assert names(tmp_path) == ["previews", "previews-earlier-1"]
    assert "step-000001" in names(tmp_path / "previews-earlier-1")
    assert "step-000001" not in names(tmp_path / "previews")
    Previews(tmp_path, pairs[:1])
    assert "previews-earlier-2" in names(tmp_path)


def test_a_look_that_was_cut_short_is_not_on_the_sheet(pairs, tmp_path):
    previews = Previews(tmp_path, pairs)
    previews.show(1, looks(pairs, 0.5))
    (tmp_path / "previews" / "step-000001" / f"{pairs[1].name}.png").unlink()
    previews.show(2, looks(pairs, 0.5))
    assert previews._steps(2) == [2]


def test_broken_numbers_are_shown_as_black(pairs, tmp_path):
    Previews(tmp_path, pairs).show(1, [pair.hr * float("nan") for pair in pairs])
    pixels = read_picture(tmp_path / "previews" / "step-000001" / f"{pairs[0].name}.png").pixels
    assert pixels.max() == 0


@pytest.mark.parametrize("shape", [(64, 160), (160, 64), (48, 48)])
def test_small_pictures_are_shown_whole_and_in_proportion(shape, tmp_path):
    hr = torch.rand(1, 3, *shape, generator=torch.Generator().manual_seed(0))
    pair = FixedPair("small", hr, hr[:, :, ::4, ::4])
    sheet = read_picture(Previews(tmp_path, [pair]).show(1, [hr])).pixels
    height, width = (min(side, WINDOW) for side in shape)
    zoom = CELL / max(height, width)
    shown = cell(sheet, 0, 3)[: round(height * zoom), : round(width * zoom)]
    truth = read_picture(tmp_path / "previews" / "truth" / "small.png").pixels
    assert truth.shape == (height, width, 3)
    expected = Image.fromarray(truth).resize(shown.shape[1::-1], Image.Resampling.NEAREST)
    assert np.array_equal(shown, np.asarray(expected))


def test_the_square_with_most_detail_is_chosen():
    hr = torch.full((1, 3, 256, 256), 0.5)
    generator = torch.Generator().manual_seed(0)
    blocks = torch.rand(1, 3, 8, 8, generator=generator).repeat_interleave(8, 2)
    hr[:, :, 160:224, 32:96] = blocks.repeat_interleave(8, 3)
    top, left, height, width = most_detailed(FixedPair("corner", hr, hr[:, :, ::4, ::4]))
    assert (height, width) == (32, 32)
    assert top * 4 <= 160 and (top + 32) * 4 >= 224 and left * 4 <= 32 and (left + 32) * 4 >= 96
