"""The one look of figures: pixels stay pixels, zero stays gray, nothing is shown without words."""

from __future__ import annotations

import io
import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from realesr import figures
from realesr.errors import ParameterError

WORDS = {"alt": "a square of coloured pixels", "caption": "What to notice."}


def pixels_of(shown):
    with Image.open(io.BytesIO(shown.png())) as picture:
        return np.asarray(picture.convert("RGB"))


def holds(page, block):
    """Whether a block of pixels stands somewhere in a page."""
    height, width = block.shape[:2]
    corners = np.argwhere((page == block[0, 0]).all(-1))
    return any(
        np.array_equal(page[top : top + height, left : left + width], block)
        for top, left in corners
    )


@pytest.mark.parametrize("columns", [1, 2, 4])
def test_a_strip_repeats_pixels_exactly(columns):
    draws = np.random.default_rng(columns)
    high, low = (draws.integers(0, 256, (side, side, 3), np.uint8) for side in (24, 6))
    shown = figures.strip(
        {"input": low, "truth": high}, zoom=3, columns=columns, crop=(4, 8, 16, 16), **WORDS
    )
    page = pixels_of(shown)
    assert holds(page, high[4:20, 8:24].repeat(3, 0).repeat(3, 1))
    assert holds(page, low[1:5, 2:6].repeat(12, 0).repeat(12, 1))


def test_a_tensor_is_shown_like_its_array():
    import torch

    values = np.random.default_rng(0).integers(0, 256, (8, 9, 3), np.uint8)
    tensor = torch.from_numpy(values.copy()).movedim(-1, 0)[None] / 255
    assert np.array_equal(figures.as_pixels(tensor), values)
    assert np.array_equal(figures.as_pixels(tensor[0, :1]), values[..., 0])


@pytest.mark.parametrize("dark", [False, True])
def test_zero_is_gray_and_both_sides_differ(dark):
    colours = figures.signed_colours(dark=dark)
    middle = np.array(colours(0.5)[:3])
    assert np.ptp(middle) < 0.02
    below, above = np.array(colours(0.0)[:3]), np.array(colours(1.0)[:3])
    assert below[2] > below[0] and above[0] > above[2]


@pytest.mark.parametrize("ground", [figures.LIGHT, figures.DARK])
def test_letters_and_the_first_two_colours_are_seen(ground):
    def light(colour):
        parts = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ (0.2126, 0.7152, 0.0722))

    def contrast(one, other):
        high, low = sorted((light(one), light(other)), reverse=True)
        return (high + 0.05) / (low + 0.05)

    for paper in (ground.paper, ground.surround):
        assert contrast(ground.ink, paper) > 4.5
    assert all(contrast(colour, ground.paper) > 3 for colour in ground.series[:2])


def test_the_style_leaves_nothing_behind():
    before = dict(mpl.rcParams)
    with figures.style(dark=True) as ground:
        assert mpl.rcParams["figure.facecolor"] == ground.paper
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    "words", [{"alt": "short", "caption": "c"}, {"alt": "x" * 30} | {"caption": ""}]
)
def test_no_figure_without_words(words):
    with pytest.raises(ParameterError, match="alternative text"):
        figures.strip({"one": np.zeros((4, 4, 3), np.uint8)}, **words)


def test_no_plot_without_labels():
    with pytest.raises(ParameterError, match="no labels"), figures.plot(**WORDS) as axes:
        axes.plot([1, 2])


def test_the_words_reach_the_page():
    shown = figures.Shown(Figure(), 'a "quoted" <word> in it', "Less & more.")
    assert 'alt="a &quot;quoted&quot; &lt;word&gt; in it"' in shown.html()
    assert "<figcaption" in shown.html() and "Less &amp; more." in shown.html()


def test_what_is_no_picture_is_refused():
    with pytest.raises(ParameterError, match="no picture"):
        figures.strip({}, **WORDS)
    with pytest.raises(ParameterError, match="HW or HWC"):
        figures.as_pixels(np.zeros(5, np.uint8))


def test_matplotlib_waits_for_the_first_figure():
    code = "import sys, realesr.figures; print('matplotlib' in sys.modules, 'torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["False", "False"]
