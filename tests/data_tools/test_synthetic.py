"""Pictures made of nothing: the same bits every time, natural statistics, letters that exist."""

from __future__ import annotations

import hashlib
import math
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from data_tools.synthetic import KINDS, make
from data_tools.synthetic.canvas import cloud, draws, reduced
from data_tools.synthetic.charts import CELLS, inked, patches, zone_plate
from data_tools.synthetic.drawings import THEMES, comic_page
from data_tools.synthetic.inks import hatched, screened
from data_tools.synthetic.leaves import fallen, leaf_count, radii
from data_tools.synthetic.pages import LAYOUTS, Page, font, scripts
from data_tools.synthetic.textures import SURFACES, lit
from data_tools.synthetic.words import LANGUAGES
from realesr.errors import ParameterError

ROOT = Path(__file__).resolve().parents[2]


def digests() -> str:
    """What `make` gives for each kind, as text."""
    found = [hashlib.sha256(make(kind, 5, (70, 90)).tobytes()).hexdigest() for kind in KINDS]
    return " ".join(found)


def test_another_process_makes_the_same_bits():
    code = "from tests.data_tools.test_synthetic import digests; print(digests())"
    made = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert made.stdout.split() == digests().split()
    assert len(set(digests().split())) == len(KINDS)


@settings(max_examples=25)
@given(
    kind=st.sampled_from(list(KINDS)),
    seed=st.integers(0, 2**40),
    height=st.integers(16, 90),
    width=st.integers(16, 90),
)
def test_any_seed_and_size_gives_a_picture(kind, seed, height, width):
    picture = make(kind, seed, (height, width))
    assert picture.shape == (height, width, 3)
    assert picture.dtype == np.uint8
    assert not np.array_equal(picture, make(kind, seed + 1, (height, width)))


@pytest.mark.parametrize("size", [15, 0, -4, 8193, (64, 9)])
def test_sizes_outside_the_range_are_refused(size):
    with pytest.raises(ParameterError, match=r"E001 .*16 to 8192"):
        make("leaves", 0, size)


def test_an_unknown_kind_is_refused_and_the_known_named():
    with pytest.raises(ParameterError, match=r"E001 .*flowers.*leaves"):
        make("flowers", 0, 64)


def test_every_rule_draws_something_at_an_odd_size():
    generator = draws(1)
    for rule in (*THEMES, comic_page):
        sheet = rule(generator, 211, 300)
        assert sheet.shape[:2] == (211, 300), rule.__name__
        assert 0.01 < float(sheet.std()), rule.__name__
    for rule in SURFACES:
        surface = rule(generator, 130, 98)
        colours = np.repeat(surface.tone[..., None], 3, axis=2)
        assert float(surface.tone.min()) >= 0, rule.__name__
        assert float(surface.tone.max()) <= 1, rule.__name__
        assert np.isfinite(lit(generator, surface, colours)).all(), rule.__name__
    for rule in CELLS:
        assert inked(generator, rule, 96, 120).shape == (96, 120, 3), rule.__name__


# Dead leaves


@settings(max_examples=20)
@given(least=st.floats(0.5, 4), ratio=st.floats(4, 400), share=st.floats(0.02, 0.9))
def test_radii_follow_the_law(least, ratio, share):
    """P(radius > x) of the density r**-3, cut off at both ends, is known."""
    most = least * ratio
    found = radii(draws(3), 20_000, least, most)
    at = least + share * (most - least) * 0.2
    expected = (least**2 / at**2 - 1 / ratio**2) / (1 - 1 / ratio**2)
    assert abs(float((found > at).mean()) - expected) < 0.02


def test_the_ground_is_covered_and_the_last_leaf_is_on_top():
    labels, middles, sizes = fallen(draws(2), 256, 256, 2.0, 80.0, "discs")
    assert float((labels == 0).mean()) < 0.01
    assert leaf_count(256, 256, 2.0, 80.0) == len(sizes)
    row, column = np.mgrid[:256, :256]
    last = [n for n in np.unique(labels)[-300:] if sizes[n] > 5][-1]
    distance = np.hypot(row + 0.5 - middles[last, 0], column + 0.5 - middles[last, 1])
    later = np.unique(labels[distance < sizes[last] - 2])
    assert later.min() == last


def slope_of_power(gray: np.ndarray) -> float:
    """The exponent of the power spectrum, from 0.02 to 0.25 cycles a pixel."""
    side = gray.shape[0]
    window = np.outer(np.hanning(side), np.hanning(side))
    power = np.abs(np.fft.fft2((gray - gray.mean()) * window)) ** 2
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None, :])
    edges = np.geomspace(0.02, 0.25, 14)
    ring = np.digitize(frequency, edges)
    means = [power[ring == number].mean() for number in range(1, len(edges))]
    middles = np.sqrt(edges[1:] * edges[:-1])
    return float(np.polyfit(np.log(middles), np.log(means), 1)[0])


def gray_leaves(count: int, side: int = 256) -> list[np.ndarray]:
    return [make("leaves", seed, side) @ np.array([0.299, 0.587, 0.114]) for seed in range(count)]


@pytest.mark.parametrize("slope", [0.0, 1.0, 2.0])
def test_the_measure_of_the_spectrum_finds_what_was_put_in(slope):
    found = slope_of_power(cloud(draws(4), 256, 256, slope=slope))
    assert abs(found + slope) < 0.15


def test_dead_leaves_have_the_spectrum_of_photographs():
    """Power falls as 1 / frequency**2 on average, and for each picture between 1.3 and 3."""
    slopes = [slope_of_power(gray) for gray in gray_leaves(12, 192)]
    assert -2.3 < float(np.mean(slopes)) < -1.7, slopes
    assert all(-3 < slope < -1.3 for slope in slopes), slopes


def test_dead_leaves_look_the_same_from_further_away():
    """Differences between neighbours hardly change when the picture is halved; of noise they do."""

    def change(gray: np.ndarray) -> float:
        half = reduced(gray, gray.shape[0] // 2, gray.shape[1] // 2)
        return float(np.diff(half, axis=1).std() / np.diff(gray, axis=1).std())

    noise = draws(5).standard_normal((256, 256))
    assert abs(change(noise) - 0.5) < 0.05
    assert 0.8 < float(np.mean([change(gray) for gray in gray_leaves(8, 192)])) < 1.3


# Pages


def families(language) -> list[str]:
    every = ["Sans", "Sans-Bold", "Serif", "Serif-Bold", "SansMono"]
    return [family for family in every if family.split("-")[0] not in language.lacking]


@pytest.mark.parametrize("name", list(LANGUAGES))
def test_the_fonts_hold_every_letter(name):
    language = LANGUAGES[name]
    # Georgian sentences begin with the letters they go on with.
    capitals = "".join(language.words).upper() if language.script != "Georgian" else ""
    letters = {ord(letter) for letter in "".join(language.words) + capitals}
    for family in families(language):
        held = set(TTFont(font(family, 12).path).getBestCmap())
        assert letters <= held, (family, "".join(map(chr, letters - held)))


def test_there_are_several_scripts():
    assert {"Latin", "Greek", "Cyrillic", "Armenian", "Georgian"} <= set(scripts())
    assert len(scripts()) == 7, "Pillow's wheels hold Raqm, which sets Hebrew and Arabic"


def set_line(name: str) -> float:
    """Where the middle of a line's ink lies, from 0 left to 1 right."""
    sheet = Image.new("RGB", (600, 40), (255, 255, 255))
    ink = ImageDraw.Draw(sheet)
    page = Page(draws(0), ink, sheet.size, 20, LANGUAGES[name], "Sans", (0, 0, 0))
    page.set(LANGUAGES[name].words[0], 0, 5, 600, page.letters())
    columns = np.flatnonzero(np.asarray(sheet)[..., 0].min(axis=0) < 128)
    return float(columns.mean() / 600)


def test_hebrew_and_arabic_begin_on_the_right():
    assert set_line("Hebrew") > 0.8
    assert set_line("Arabic") > 0.8
    assert set_line("Greek") < 0.2


def test_lines_stay_inside_their_width():
    page = Page(draws(0), None, (400, 400), 14, LANGUAGES["German"], "Serif", (0, 0, 0))
    lines = [page.line(page.letters(), 300) for _ in range(40)]
    lengths = [page.letters().getlength(line) for line in lines]
    assert max(lengths) <= 300
    assert float(np.median(lengths)) > 200


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_fills_its_page(layout):
    sheet = Image.new("RGB", (500, 700), (255, 255, 255))
    ink = ImageDraw.Draw(sheet)
    layout(Page(draws(6), ink, sheet.size, 20, LANGUAGES["Greek"], "Serif", (10, 10, 10)))
    inked_rows = (np.asarray(sheet).std(axis=(1, 2)) > 1).mean()
    assert inked_rows > 0.4


# Ink


@pytest.mark.parametrize("tone", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_dots_and_strokes_grow_with_the_dark(tone):
    even = np.full((240, 240), tone, np.float32)
    darker = np.full((240, 240), tone - 0.1, np.float32)
    for press in (lambda plane: screened(plane, 18.0), lambda plane: hatched(draws(1), plane, 18)):
        assert press(darker).mean() < press(even).mean()
    assert abs(float(screened(even, 18.0).mean()) - tone) < 0.12


# Charts


def test_a_zone_plate_has_the_frequency_it_should():
    """Halfway to the border lie a quarter of the rings: the phase is the distance squared."""
    plate = zone_plate(draws(0), 1024, 1024)
    crossings = np.flatnonzero(np.diff(np.sign(plate[512] - 0.5)))
    distance = np.abs(crossings + 1 - 512)
    assert abs(len(distance) / (distance < 256).sum() - 4) < 0.4


def test_gray_patches_are_gray_and_rise():
    table = patches(draws(3), 300, 300)
    row = table[-1]
    assert float(np.ptp(row, axis=-1).max()) < 2 / 255
    assert (np.diff(row[:, 0]) >= 0).all()
    assert math.isclose(float(row[-1, 0]), 1, abs_tol=1e-3)


def test_edges_are_smooth_not_stairs():
    """A drawing in black and white holds the grays that lie between them along its edges."""
    fine = np.zeros((120, 120), np.uint8)
    cv2.circle(fine, (60, 60), 45, 255, cv2.FILLED)
    assert len(np.unique(reduced(fine, 40, 40))) > 4
