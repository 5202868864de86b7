"""Degrade without a browser: the same pixels by every way, ranges from fields, JPEG in steps."""

from __future__ import annotations

import contextlib
import html
import json
import shlex
import subprocess
from urllib.parse import parse_qsl

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from lab import chains, plots
from lab.controls import STEPS, controls, share
from lab.pages import degrade_strip as parts
from lab.pages.degrade_jpeg import backward, block_at, blocks, forward
from lab.pages.degrade_lesson import lesson, panel, usual_ranges
from lab.pages.degrade_rolls import draw_choices, drawn_values
from lab.pages.degrade_settings import DegradeSettings, command, link_to, python, result_name
from lab.pages.degrade_source import LARGEST, Sources
from lab.samples import SHARP
from realesr import degradations
from realesr.degradations import Jpeg, Resize, Trace, presets
from realesr.degradations.jpeg import LUMINANCE, libjpeg, table
from realesr.degradations.spans import Span, fields_of
from realesr.degradations.table import OPERATIONS
from realesr.errors import ConfigError, ParameterError, PictureError
from realesr.images import Picture, from_tensor, read_picture, to_tensor, write_picture

from .test_upscale_page import fetched, send, upload

PRESETS = sorted(presets.PRESETS)


def film_of(page: DegradeSettings) -> parts.Film:
    hr, trace = to_tensor(SHARP["cat"].pixels()), page.trace()
    return parts.Film(hr, trace, chains.Darkroom().develop(hr, "cat", trace))


@settings(max_examples=40)
@given(st.sampled_from(PRESETS), st.integers(0, 2**31))
def test_every_draw_fits_into_a_link(name, seed):
    operations = presets.preset(name, 4).sample(seed).operations
    assert chains.from_text(chains.to_text(operations)) == operations


@pytest.mark.parametrize(
    "text",
    [
        "<b>",
        "jpeg",
        "jpeg(quality:0)",
        "jpg(quality:30)",
        "jpeg(quality:[30])",
        "~".join(["round()"] * 25),
    ],
)
def test_a_chain_that_is_none_is_refused(text):
    with pytest.raises(ConfigError, match="E404"):
        chains.from_text(text)


def test_a_chain_too_large_is_refused_before_any_work():
    with pytest.raises(PictureError, match="E107"):
        chains.check_sizes([Resize(factor=16)], (512, 512), 4_000_000)


def test_a_slider_repeats_only_what_comes_after_it():
    room, hr, page = chains.Darkroom(), torch.rand(1, 3, 64, 64), DegradeSettings(seed=7)
    trace = page.trace()
    first = room.develop(hr, "noise", trace)
    assert room.applied == len(trace.operations)
    place = next(n for n, each in enumerate(trace.operations) if isinstance(each, Jpeg))
    slid = page.slid(place + 1, "quality", 12.0).trace()
    again = room.develop(hr, "noise", slid)
    assert room.applied == 2 * len(trace.operations) - place
    assert all(one is other for one, other in zip(first[:place], again[:place], strict=True))
    torch.testing.assert_close(again[-1], slid.apply(hr), rtol=0, atol=0)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_operation_has_controls_words_and_a_line_that_does_it(name):
    operation = chains.to_begin_with(name)
    made = controls(operation)
    for field in fields_of(type(operation)):
        assert f'data-field="{field.name}"' in made
    assert chains.spoken(operation) and chains.summary(operation)
    assert chains.references(operation) or name == "round"
    page = DegradeSettings(chain=f"{chains.to_text([operation])}~round()", station=1)
    film = film_of(page)
    told = lesson(film, 1)
    line = told.partition('class="line">')[2].partition("</pre>")[0]
    image = {"image": film.hr}
    exec(html.unescape(line), vars(degradations), image)
    torch.testing.assert_close(image["image"], film.images[0], rtol=0, atol=0)
    assert ('class="jpeg"' in told) == (name == "jpeg")
    assert (">Kernel<" in told) == hasattr(operation, "kernel")
    assert panel(film, 1, "", {}).count("<h3") == 1


@given(st.floats(0, 1), st.floats(0.01, 1), st.floats(1.1, 1e4), st.booleans())
def test_a_place_on_a_slider_is_a_share_of_its_range(place, low, factor, ratios):
    span = Span(low, low * factor)
    value = low * factor**place if ratios else low + (low * factor - low) * place
    assert share(span, value, ratios=ratios) == pytest.approx(place, abs=1e-6)
    assert 0 <= round(STEPS * share(span, value * 2, ratios=ratios)) <= STEPS


def test_a_station_says_what_it_is_without_leading_elsewhere():
    for name in OPERATIONS:
        told = chains.summary(chains.to_begin_with(name))
        assert ".py" not in told and len(told) > 20, name
    film = film_of(DegradeSettings(chain="jpeg(quality:41)~round()"))
    told = panel(film, 1, "", {"quality": (30, 95)})
    assert "rounded" in told and "Blue bar: the recipe draws from 30 to 95" in told
    # Quality is read as a number up to a hundred: 41 stands near the middle.
    assert 'max="1000" value="404"' in told
    assert "likeness " in parts.strip(film, 1, whole=False)
    assert "The more dB, the less was changed" in parts.strip(film, 1, whole=False)


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_drawn_lies_in_the_range_that_is_shown(name):
    page = DegradeSettings(recipe=name)
    recipe, seen = page.preset(), 0
    for seed in range(5):
        for station in range(1, len(recipe.sample(seed).operations)):
            at = DegradeSettings(recipe=name, seed=seed, station=station)
            operation = at.trace().operations[station - 1]
            for field, (low, high) in usual_ranges(at).items():
                seen += 1
                assert low - 1e-9 <= getattr(operation, field) <= high + 1e-9, (field, operation)
    assert seen > 4 or name == "bicubic_only"


@pytest.mark.parametrize("name", PRESETS)
def test_500_draws_are_told_for_every_number(name):
    page = DegradeSettings(recipe=name)
    choices = draw_choices(page)
    assert choices or name == "bicubic_only"
    if choices:
        assert "<svg" in drawn_values(page, choices[0][1]) and not drawn_values(page, "9|x|y")


def by_command(line: str, folder) -> None:
    """What the program does with this line, in that folder."""
    from realesr.commands.wiring import app

    with contextlib.chdir(folder):
        done = CliRunner().invoke(app, shlex.split(line)[1:])
    assert done.exit_code == 0, done.output


PAGES = [
    DegradeSettings(sample="cat", recipe="gentle", seed=3),
    DegradeSettings(sample="cat", seed=11).slid(4, "quality", 22.0).moved("later"),
]


@pytest.mark.parametrize("page", PAGES, ids=["drawn", "by hand"])
def test_link_command_python_and_data_give_the_same_pixels(page, tmp_path):
    photo = write_picture(Picture(SHARP["cat"].pixels()), tmp_path / "my cat.png")
    expected = from_tensor(page.trace().apply(to_tensor(SHARP["cat"].pixels())), "uint8")
    result = tmp_path / result_name(photo.name)

    query = link_to("degrade", page).partition("?")[2]
    assert DegradeSettings.from_query(dict(parse_qsl(query))) == page

    lines = command(page, photo.name).splitlines()
    if len(lines) == 2:  # the trace goes into a file first
        subprocess.run(lines[0], shell=True, cwd=tmp_path, check=True)
    by_command(lines[-1], tmp_path)
    np.testing.assert_array_equal(read_picture(result).pixels, expected)
    result.unlink()

    with contextlib.chdir(tmp_path):
        exec(python(page, photo.name), {})
    np.testing.assert_array_equal(read_picture(result).pixels, expected)

    data = Trace.from_json(page.trace().to_text())
    np.testing.assert_array_equal(
        from_tensor(data.apply(to_tensor(SHARP["cat"].pixels())), "uint8"), expected
    )


@pytest.mark.parametrize("kind", ["rgba", "gray"])
def test_the_api_gives_the_commands_bytes(lab, photos, tmp_path, kind):
    end, answer = send(lab, "degrade", [upload(lab, photos[kind]), "real_esrgan", 4, 5])
    assert end == "complete"
    trace = tmp_path / "trace.json"
    trace.write_text(answer[1])
    target = tmp_path / "by_command.png"
    by_command(f"realesr degrade '{photos[kind]}' -o '{target}' --seed 5", tmp_path)
    expected = target.read_bytes()
    fetched(answer[:1], tmp_path)
    assert (tmp_path / "result.png").read_bytes() == expected
    end, again = send(lab, "replay", [upload(lab, photos[kind]), answer[1]])
    assert end == "complete"
    fetched(again, tmp_path)
    assert (tmp_path / "result.png").read_bytes() == expected


@pytest.mark.parametrize(
    ("name", "values", "code"),
    [
        ("degrade", ["real_esrgun", 4, 0], "E404"),
        ("degrade", ["real_esrgan", 9, 0], "E004"),
        ("degrade", ["real_esrgan", 2.5, 0], "E001"),
        ("replay", ["{"], "E404"),
        ("replay", [json.dumps({"trace": "x"})], "E404"),
    ],
)
def test_the_api_refuses_in_one_sentence(lab, photos, name, values, code):
    end, answer = send(lab, name, [upload(lab, photos["rgb"]), *values])
    assert end == "error" and answer["error"].startswith(f"{code} ")


def test_a_large_photo_is_worked_on_in_its_middle(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (LARGEST + 100, 300, 3)).astype(np.uint8)
    clock = [0.0]
    read = []
    sources = Sources(tmp_path, lambda path: read.append(path) or Picture(pixels), lambda: clock[0])
    source = sources.own("my photo.png")
    np.testing.assert_array_equal(source.pixels.pixels, pixels[50 : 50 + LARGEST])
    assert "middle" in source.notice and source.file.name == "my photo_middle.png"
    assert sources.own("my photo.png") is source
    clock[0] = 601
    assert sources.own("my photo.png") is not source and len(read) == 2
    sources.forget("my photo.png")
    sources.own("my photo.png")
    assert len(read) == 3


def test_a_block_on_its_way_is_what_the_whole_picture_gets():
    image = to_tensor(SHARP["cat"].pixels())
    told = blocks(Jpeg(quality=20), image, (0.5, 0.5))
    assert told.count("<table") == 4 and "of 64 amounts" in told
    gray = image.mean(1, keepdim=True).expand(1, 3, -1, -1)
    light, steps = block_at(gray, (0.5, 0.5)), table(LUMINANCE, 20).numpy()
    back = backward(np.round(forward(light) / steps) * steps)
    whole = block_at(libjpeg(gray, 20), (0.5, 0.5))
    assert np.abs(back - whole).max() <= 1.01, "rounding apart, one block is coded by itself"


def test_the_strip_tells_what_each_station_cost():
    page = DegradeSettings(sample="cat", seed=7)
    film = film_of(page)
    told = parts.strip(film, 1, whole=False)
    assert told.count("<button") == len(film.images) + 1 and told.count("aria-current") == 1
    for operation, before, after in zip(
        film.trace.operations, [film.hr, *film.images], film.images, strict=False
    ):
        lost = parts.loss(operation, before, after)
        kind = "kB" if isinstance(operation, Jpeg) else "%" if before.shape != after.shape else "dB"
        assert kind in lost or lost == "changes nothing"


def test_moves_and_slides_that_cannot_be_are_refused():
    page = DegradeSettings()
    with pytest.raises(ParameterError, match="E004"):
        page.slid(1, "sigma_x", 1e9)
    with pytest.raises(ParameterError, match="E004"):
        page.slid(99, "sigma_x", 1)
    with pytest.raises(ParameterError, match="E004"):
        page.slid(1, "__class__", 1)
    assert page.at(1).moved("earlier") == page.at(1)
    moved = page.at(1).moved("later")
    assert moved.station == 2 and moved.moved("earlier").chain == ""


def test_a_plot_takes_the_pages_colours_and_no_fonts_of_its_own():
    drawn = plots.change_histogram(np.random.default_rng(0).normal(0, 8, (64, 64)))
    assert "var(--body-text-color)" in drawn.svg and "DejaVu" not in drawn.svg
    assert "#0072B2".lower() not in drawn.svg.lower() and "<metadata" not in drawn.svg
    assert 'aria-label="&lt;b&gt;"' in drawn.figure("t", "c", "<b>")
