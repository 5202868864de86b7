"""One value of settings, five ways to say it: page, link, command, Python, JSON. Equal pixels."""

from __future__ import annotations

import json
import runpy
import shlex
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from lab import recipes, status
from lab.orders import Crop, Order, crop_of
from lab.pages import upscale_checkup
from lab.pages.upscale_controls import _decisions
from lab.results import fitting
from lab.settings import UpscaleSettings
from lab.workbench import Preview, Result, Workbench
from realesr.commands.deciding import DEFAULTS, OPTIONS
from realesr.commands.wiring import app
from realesr.degradations.spans import fields_of
from realesr.errors import ParameterError, PictureError
from realesr.images import Picture, read_picture
from realesr.inference.auto_plan import NAMES
from realesr.quality.checkup import LEAVE_ALONE, Checkup, Suggestion

SETTINGS = [
    UpscaleSettings(),
    UpscaleSettings(scale=2.5, strength=0.35, fix_colour=True, format="webp"),
    UpscaleSettings(size="70x50", denoise=0.5, sharpen=0.4, keep_grain=0.2, keep_gps=True),
    UpscaleSettings(size="90", shrink=2.0, consistent=True, format="tiff"),
    UpscaleSettings(auto="all"),
    UpscaleSettings(auto="shrink,model,denoise,sharpen,keep_grain", strength=0.5),
]


@pytest.fixture(scope="module")
def bench() -> Workbench:
    return Workbench()


@pytest.fixture(scope="module")
def photo(tmp_path_factory) -> Path:
    """A small photo with a profile's worth of things: EXIF with a place, and noise."""
    from PIL import Image

    path = tmp_path_factory.mktemp("photo") / "my photo.jpg"
    random = np.random.default_rng(3)
    rows, columns = np.mgrid[0:24, 0:32]
    smooth = np.stack([rows * 9, columns * 7, (rows + columns) * 4], axis=-1)
    pixels = (smooth + random.integers(0, 24, smooth.shape)).clip(0, 255).astype(np.uint8)
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 30.0, 0.0)
    Image.fromarray(pixels).save(path, quality=60, exif=exif)
    return path


def made(bench: Workbench, photo: Path, wanted: UpscaleSettings, folder: Path) -> Result:
    steps = bench.upscale(photo, wanted, folder)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


@pytest.mark.parametrize("wanted", SETTINGS, ids=lambda each: each.to_query())
def test_page_link_command_python_and_json_make_the_same_file(
    bench, photo, tmp_path, monkeypatch, wanted
):
    (tmp_path / "page").mkdir()
    page = made(bench, photo, wanted, tmp_path / "page").file
    monkeypatch.chdir(tmp_path)
    Path(photo.name).write_bytes(photo.read_bytes())
    words = shlex.split(recipes.command(photo.name, wanted))
    assert words[:2] == ["realesr", "upscale"]
    done = CliRunner().invoke(app, words[1:])
    assert done.exit_code == 0, done.output
    by_command = Path(page.name)
    assert by_command.read_bytes() == page.read_bytes()
    by_command.unlink()
    Path("again.py").write_text(recipes.python(photo.name, wanted))
    runpy.run_path("again.py")
    pixels = read_picture(page).pixels
    np.testing.assert_array_equal(read_picture(page.name).pixels, pixels)
    assert UpscaleSettings.from_query(dict(parse_qsl(wanted.to_query()))) == wanted
    assert UpscaleSettings.from_json(wanted.to_json()) == wanted


settings_made = st.builds(
    UpscaleSettings,
    model=st.sampled_from(["lab-x4", "bicubic", "a b/c&d"]),
    scale=st.floats(1, 8, allow_nan=False),
    size=st.sampled_from(["", "640x480", "1920"]),
    denoise=st.none() | st.floats(0, 1),
    strength=st.floats(0, 1),
    fix_colour=st.booleans(),
    sharpen=st.floats(0, 2),
    consistent=st.booleans(),
    auto=st.sampled_from(["", "all", "model,strength"]),
    format=st.sampled_from(["png", "webp", "tiff"]),
    keep_gps=st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(settings_made)
def test_a_link_and_json_bring_every_setting_back(wanted):
    assert UpscaleSettings.from_query(dict(parse_qsl(wanted.to_query()))) == wanted
    assert UpscaleSettings.from_json(wanted.to_json()) == wanted


def test_settings_and_options_are_the_same_things():
    assert set(OPTIONS) == set(DEFAULTS) == set(NAMES)
    names = {field.name for field in fields_of(UpscaleSettings)}
    assert names == {*OPTIONS, "scale", "size", "auto", "format", "keep_gps"}


@pytest.mark.parametrize(
    "values",
    [
        {"scale": 9},
        {"size": "large"},
        {"size": "0"},
        {"auto": "everything"},
        {"format": "gif"},
        {"strength": "1"},
    ],
)
def test_what_does_not_fit_is_one_sentence(values):
    with pytest.raises(ParameterError, match="E001") as refused:
        UpscaleSettings.made_of(values)
    assert "UpscaleSettings" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "[]", '{"photo": "x"}', '{"scale": 99}', "{"])
def test_json_that_is_no_settings_is_refused(text):
    with pytest.raises(ParameterError, match="E001"):
        UpscaleSettings.from_json(text)


def test_a_part_is_what_it_will_be_in_the_whole(bench, photos):
    picture = read_picture(photos["large"])
    small = picture.with_pixels(picture.pixels[:96, :128].copy())
    order = Order(UpscaleSettings(), bench.shelf.load)
    whole = order._deciding.run(small).pixels
    crop = Crop(30, 41, 40, 40)
    steps = order.enlarge_part(small, None, crop)
    with pytest.raises(StopIteration) as end:
        while True:
            next(steps)
    part = end.value.value
    np.testing.assert_array_equal(part.after.pixels, whole[120:280, 164:324])
    np.testing.assert_array_equal(part.before.pixels, small.pixels[30:70, 41:81])


def test_what_takes_long_shows_a_part_first(photos, tmp_path):
    bench = Workbench()
    bench.speeds.note("lab-x4", 1e-4)
    steps = bench.upscale(photos["large"], UpscaleSettings(scale=2), tmp_path)
    kinds = []
    for step in steps:
        kinds.append(type(step).__name__)
        if isinstance(step, Preview):
            assert read_picture(step.after).pixels.shape[0] > read_picture(step.before).height
            break
    steps.close()
    assert "Preview" in kinds and kinds.count("Tiles") <= 3
    assert crop_of(100, 100, 90) is None


def test_made_true_by_one_click_is_what_the_option_makes(bench, photo, tmp_path):
    for name in ("first", "true", "whole"):
        (tmp_path / name).mkdir()
    first = made(bench, photo, UpscaleSettings(), tmp_path / "first")
    wanted = UpscaleSettings(consistent=True)
    assert first.settings.needs_only_truth(wanted)
    assert not first.settings.needs_only_truth(UpscaleSettings(consistent=True, strength=0.5))
    steps = bench.make_true(photo, first, wanted, tmp_path / "true")
    with pytest.raises(StopIteration) as end:
        while True:
            next(steps)
    whole = made(Workbench(), photo, wanted, tmp_path / "whole")
    assert end.value.value.file.read_bytes() == whole.file.read_bytes()


def test_the_page_says_what_happened_in_words(bench, photo, tmp_path):
    settings = UpscaleSettings(auto="all")
    plan = bench.decide(photo, settings)
    reasons = [label for label, _ in _decisions({each.name: each for each in plan.decisions})]
    assert len(reasons) >= 6 and not any("--" in told or "first: 1." in told for told in reasons)
    assert "Now press Upscale" in status.decided(len(reasons))
    first = made(bench, photo, UpscaleSettings(), tmp_path)
    true = replace(first, settings=UpscaleSettings(consistent=True))
    assert status.name_of(true) == f"{status.name_of(first)}, true to the photo"
    assert "your photo once more" in status.done(true)
    assert "your photo once more" not in status.done(first)


def test_leaving_it_alone_is_always_on_this_machine():
    checkup = Checkup(8, 8, {}, (Suggestion(LEAVE_ALONE, "Sharp."), Suggestion("far", "Good.")))
    alone, far = upscale_checkup.told(checkup, {"lab-x4"}).split("<li><strong>")[1:]
    assert "not on this machine" in far and "not on this machine" not in alone


def test_another_format_is_the_same_result_without_another_run(bench, photo, tmp_path):
    for name in ("first", "dressed", "whole"):
        (tmp_path / name).mkdir()
    first = made(bench, photo, UpscaleSettings(), tmp_path / "first")
    wanted = UpscaleSettings(format="webp", keep_gps=True)
    dressed = bench.dress(photo, first, wanted, tmp_path / "dressed")
    whole = made(Workbench(), photo, wanted, tmp_path / "whole")
    assert dressed.file.name == "my photo_x4.webp"
    assert dressed.file.read_bytes() == whole.file.read_bytes()
    assert read_picture(dressed.file).exif != read_picture(first.file).exif


def test_the_maps_are_of_the_results_size_with_a_number_each(bench, photo, tmp_path):
    result = made(bench, photo, UpscaleSettings(auto="all"), tmp_path)
    steps = bench.honesty(photo, result, tmp_path)
    with pytest.raises(StopIteration) as end:
        while True:
            next(steps)
    maps = end.value.value
    larger = read_picture(result.after)
    for file in maps.files:
        assert read_picture(file).pixels.shape == (larger.height, larger.width, 3)
    assert maps.consistency.value > 10 and 0 < maps.invention.value < 50
    assert maps.invention.words == "made-up detail likely here"


def test_a_stretched_result_has_no_maps(bench, photo, tmp_path):
    result = made(bench, photo, UpscaleSettings(size="40x90"), tmp_path)
    with pytest.raises(ParameterError, match="stretched"):
        list(bench.honesty(photo, result, tmp_path))


def test_a_result_brings_its_settings_back(bench, photo, tmp_path):
    wanted = UpscaleSettings(scale=3, strength=0.5, sharpen=0.25, denoise=0.5)
    file = made(bench, photo, wanted, tmp_path).file
    assert UpscaleSettings.of_result(file) == wanted
    assert UpscaleSettings.of_result(photo) is None


@pytest.mark.parametrize(("height", "width"), [(48, 64), (96, 128), (50, 90), (24, 32)])
def test_what_the_viewer_lays_below_fits_a_whole_number_of_times(height, width):
    picture = Picture(np.random.default_rng(1).integers(0, 255, (24, 32, 3)).astype(np.uint8))
    laid = fitting(picture, height, width)
    assert (height % laid.height, width % laid.width) == (0, 0)
    assert height // laid.height == width // laid.width
    assert set(map(tuple, laid.pixels.reshape(-1, 3))) <= set(
        map(tuple, picture.pixels.reshape(-1, 3))
    )


def test_a_size_that_is_too_large_or_too_far_is_refused():
    with pytest.raises(PictureError, match="E107"):
        Workbench(public=True).plan(UpscaleSettings(size="9000x9000"), 900, 900)
    with pytest.raises(PictureError, match="E107"):
        Workbench().plan(UpscaleSettings(size="2000"), 10, 10)


def test_the_first_model_is_the_one_that_is_named(monkeypatch, tmp_path):
    """By the page, by the warm-up, by the endpoints."""
    monkeypatch.setenv("REALESR_FIRST_MODEL", "srcnn-x4")
    from lab.pages.upscale import UpscalePage
    from lab.visitors import Visitors

    bench = Workbench()
    assert bench.warm_up().result().spec.name == "srcnn-x4"
    assert bench.speeds.measured("srcnn-x4") and not bench.speeds.measured("lab-x4")
    page = UpscalePage(bench, tmp_path, Visitors(tmp_path))
    assert page.first == UpscaleSettings(model="srcnn-x4")
    assert bench.list_models()[0]["name"] == "srcnn-x4"


def test_what_is_inspected_is_what_the_command_says(bench, photo):
    done = CliRunner().invoke(app, ["inspect", str(photo), "--json"])
    told = json.loads(done.stdout)
    shown = bench.examine(photo).shown.as_dict()
    assert shown == {name: told[name] for name in shown}
