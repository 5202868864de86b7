"""Every option of `realesr upscale`: what it does, by value, and what it contradicts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from realesr import Upscaler, load_model, read_picture
from realesr.images.animation import read_animation
from realesr.inference.channels import fill_hidden
from realesr.inference.finishing import Finish
from tests.odd_pictures import enlarged
from tests.picture_files import encoded, scene
from tests.pictures import natural
from tests.test_animation import TIMES, animated, moving
from tests.test_gps import PLACE, block_with_gps
from tests.test_picture_metadata import COPYRIGHT


@pytest.fixture
def photo(tmp_path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(natural("coffee", 40, 56)).save(path)
    return path


@pytest.fixture
def pixels(photo) -> np.ndarray:
    return read_picture(photo).pixels


# -- how large -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "name", "shape"),
    [
        (["--size", "100x90"], "photo_100x90.png", (90, 100)),
        (["--size", "30×50"], "photo_30x50.png", (50, 30)),
        (["--long-edge", 100], "photo_100px.png", (71, 100)),
        (["--long-edge", 20], "photo_20px.png", (14, 20)),
        (["--scale", 0.5], "photo_x0.5.png", (20, 28)),
    ],
    ids=str,
)
def test_sizes(realesr, photo, pixels, tmp_path, words, name, shape):
    run = realesr("upscale", photo, "-o", tmp_path / "out", *words)
    assert run.code == 0, run.err
    result = read_picture(tmp_path / "out" / name).pixels
    assert result.shape[:2] == shape
    assert np.abs(result.mean((0, 1)) - pixels.mean((0, 1))).max() < 2
    if "--size" in words:
        assert np.array_equal(result, Upscaler("lab-x4")(pixels, size=shape))


def test_a_picture_that_would_grow_too_far_is_refused_and_the_others_are_not(
    realesr, photo, tmp_path
):
    Image.fromarray(natural("coffee", 5, 6)).save(tmp_path / "small.png")
    words = ["--long-edge", 200, "-o", tmp_path / "out"]
    run = realesr("upscale", photo, tmp_path / "small.png", *words)
    assert run.code == 3 and "small.png is 6×5: 200×167 is 33.4 times that" in run.err
    assert (tmp_path / "out" / "photo_200px.png").exists()


# -- what the model does ---------------------------------------------------------------------------


def test_strength_0_is_bicubic(realesr, photo, pixels, tmp_path):
    words = ["--strength", 0, "--precision", "fp32"]
    assert realesr("upscale", photo, "-o", tmp_path / "o.png", *words).code == 0
    off = np.abs(read_picture(tmp_path / "o.png").pixels.astype(int) - enlarged(pixels, 4))
    assert off.max() <= 1


def test_the_finish_is_that_of_the_library(realesr, photo, pixels, tmp_path):
    words = ["--strength", 0.7, "--sharpen", 0.5, "--keep-grain", 0.4, "--fix-colour"]
    assert realesr("upscale", photo, "-o", tmp_path / "o.png", *words).code == 0
    finish = Finish(strength=0.7, sharpen=0.5, keep_grain=0.4, fix_colour=True)
    expected = Upscaler("lab-x4", finish=finish)(pixels)
    assert np.array_equal(read_picture(tmp_path / "o.png").pixels, expected)


def test_tile_and_overlap_reach_the_upscaler(realesr, photo, tmp_path):
    run = realesr("upscale", photo, "-o", tmp_path / "o.png", "--tile", 32, "--overlap", 4)
    assert run.code == 0 and "Tiles of 32 px read 4 px around them" in run.err


def test_denoise_is_the_partners_mixed(realesr, shared, monkeypatch, photo, pixels, tmp_path):
    monkeypatch.setenv("REALESR_WEIGHTS", str(shared / "data" / "weights"))
    strong, weak = "realesr-general-x4v3", "realesr-general-wdn-x4v3"
    made = {}
    for name, model, share in (
        ("1", strong, 1), ("0", strong, 0), ("half", strong, 0.5), ("half by wdn", weak, 0.5),
    ):  # fmt: skip
        out = tmp_path / f"{name}.png"
        words = ["--model", model, "--denoise", share, "--precision", "fp32"]
        run = realesr("upscale", photo, "-o", out, *words)
        assert run.code == 0, run.err
        made[name] = read_picture(out).pixels
    for name, model in (("1", strong), ("0", weak)):
        assert np.array_equal(made[name], Upscaler(model, precision="fp32")(pixels))
    mixed = load_model(strong)
    other = load_model(weak).network.state_dict()
    state = {key: (value + other[key]) / 2 for key, value in mixed.network.state_dict().items()}
    mixed.network.load_state_dict(state)
    expected = Upscaler(mixed, precision="fp32")(pixels)
    assert np.abs(made["half"].astype(int) - expected).max() <= 1
    assert np.array_equal(made["half"], made["half by wdn"])


# -- what travels along ----------------------------------------------------------------------------


def cut_out(hidden: Sequence[int] = (255, 0, 255)) -> np.ndarray:
    """A disc with a soft edge on nothing; the nothing hides a colour, magenta."""
    rows, columns = np.mgrid[0:40, 0:40] - 19.5
    alpha = np.clip(14 - np.hypot(rows, columns), 0, 1)
    colour = np.where(alpha[..., None] > 0, scene(40, 40), hidden)
    return np.dstack([colour, np.rint(255 * alpha)]).astype(np.uint8)


@pytest.mark.parametrize("scale", [4, 2.5, 0.5])
@pytest.mark.parametrize("alpha", ["model", "lanczos"])
def test_alpha_has_no_fringe_and_no_holes(realesr, tmp_path, alpha, scale):
    before = cut_out()
    Image.fromarray(before).save(tmp_path / "a.png")
    words = ["-o", tmp_path / "o.png", "--alpha", alpha, "--scale", scale]
    assert realesr("upscale", tmp_path / "a.png", *words).code == 0
    after = read_picture(tmp_path / "o.png").pixels
    side = after.shape[0]
    places = ((np.arange(side) + 0.5) * 40 / side).astype(int)
    near = np.ix_(places, places)
    reach = np.ones((3, 3) if scale > 1 else (5, 5), np.uint8)
    least, most = (f(before[..., 3], reach)[near] for f in (cv2.erode, cv2.dilate))
    assert (after[..., 3] >= least).all() and (after[..., 3] <= most).all()
    assert (after[least == 255, 3] == 255).all() and (after[most == 0, 3] == 0).all()
    # Another hidden colour changes nothing: what is seen has no tint of it.
    Image.fromarray(cut_out(hidden=(0, 255, 0))).save(tmp_path / "b.png")
    words[1] = tmp_path / "p.png"
    assert realesr("upscale", tmp_path / "b.png", *words).code == 0
    np.testing.assert_array_equal(read_picture(tmp_path / "p.png").pixels, after)
    wanted = cv2.resize(fill_hidden(before)[..., :3], (side, side), interpolation=cv2.INTER_AREA)
    visible = after[..., 3] > 20
    assert np.abs(after[..., :3].astype(int) - wanted)[visible].max() < 48


def test_alpha_by_a_filter_or_by_the_model(realesr, tmp_path):
    Image.fromarray(cut_out()).save(tmp_path / "a.png")
    for alpha in ("model", "lanczos"):
        words = ["-o", tmp_path / f"{alpha}.png", "--alpha", alpha, "--precision", "fp32"]
        assert realesr("upscale", tmp_path / "a.png", *words).code == 0
    model, lanczos = (read_picture(tmp_path / f"{a}.png").pixels for a in ("model", "lanczos"))
    assert np.array_equal(model[..., :3], lanczos[..., :3])
    assert not np.array_equal(model[..., 3], lanczos[..., 3])
    smooth = cv2.resize(cut_out()[..., 3], (160, 160), interpolation=cv2.INTER_LANCZOS4)
    assert np.abs(lanczos[..., 3].astype(int) - smooth).mean() < 1


def test_strip_gps(realesr, tmp_path):
    data = encoded(scene(), "JPEG", exif=b"Exif\x00\x00" + block_with_gps())
    (tmp_path / "a.jpg").write_bytes(data)
    for name, words in (("kept", []), ("gone", ["--strip-gps"])):
        assert realesr("upscale", tmp_path / "a.jpg", "-o", tmp_path / name, *words).code == 0
    kept, gone = ((tmp_path / name / "a_x4.png").read_bytes() for name in ("kept", "gone"))
    assert PLACE in kept and PLACE not in gone
    assert COPYRIGHT in gone and b"MAKERNOTE-AT-64!" in gone


# -- animations ------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["GIF", "WEBP"])
@pytest.mark.parametrize("format", ["png", "webp", "gif"])
def test_all_frames(realesr, tmp_path, source, format):
    settings = {"GIF": {"disposal": 2}, "WEBP": {"kmin": 0, "kmax": 1}}[source]
    path = tmp_path / f"a.{source.lower()}"
    path.write_bytes(animated(moving(4), source, **settings))
    words = ["-o", tmp_path / "out", "--all-frames", "--format", format, "--strength", 0]
    run = realesr("upscale", path, *words, "--precision", "fp32")
    assert run.code == 0 and "W109" not in run.err, run.err
    before, after = read_animation(path), read_animation(tmp_path / "out" / f"a_x4.{format}")
    assert after.durations == tuple(map(float, TIMES)) and after.plays == before.plays
    for small, large in zip(before.frames(), after.frames(), strict=True):
        assert large.shape == (80, 120, 4)
        opaque = cv2.erode((small[..., 3] == 255).astype(np.uint8), np.ones((5, 5), np.uint8))
        inside = np.kron(opaque, np.ones((4, 4), np.uint8)) > 0
        allowed = 8 if format == "gif" else 1
        off = np.abs(large[..., :3].astype(int) - enlarged(fill_hidden(small)[..., :3], 4))
        assert inside.any() and off[inside].max() <= allowed
        empty = cv2.dilate(small[..., 3], np.ones((3, 3), np.uint8)) == 0
        assert (large[np.kron(empty, np.ones((4, 4), bool)), 3] == 0).all()


def test_stills_among_animations(realesr, photo, tmp_path):
    (tmp_path / "a.gif").write_bytes(animated(moving(3), "GIF"))
    words = ["-o", tmp_path / "out", "--all-frames", "--format", "gif"]
    assert realesr("upscale", photo, tmp_path / "a.gif", *words).code == 0
    with Image.open(tmp_path / "out" / "photo_x4.gif") as still:
        assert still.n_frames == 1 and still.size == (224, 160)
        off = np.asarray(still.convert("RGB")).astype(int) - Upscaler("lab-x4")(
            read_picture(photo).pixels
        )
    assert np.abs(off).mean() < 6
    with Image.open(tmp_path / "out" / "a_x4.gif") as moved:
        assert moved.n_frames == 4


def test_without_it_the_first_frame(realesr, tmp_path):
    (tmp_path / "a.gif").write_bytes(animated(moving(3), "GIF"))
    run = realesr("upscale", tmp_path / "a.gif", "-o", tmp_path / "o.png")
    assert run.code == 0 and "W109 4 frames; using frame 1." in run.err
    assert read_picture(tmp_path / "o.png").pixels.shape == (80, 120, 3)


# -- what contradicts itself -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--scale", "2", "--size", "9x9"], "E001 --scale and --size contradict each other."),
        (["--long-edge", "9", "--size", "9x9"], "E001 --size and --long-edge contradict"),
        (["--size", "9by9"], "E001 size '9by9' is not WIDTHxHEIGHT. Write 1920x1080."),
        (["--size", "0x9"], "E001 size '0x9' is not"),
        (
            ["--model", "lab-x4-fidelity", "--denoise", "0.5"],
            "E001 lab-x4-fidelity has no partner to set --denoise with.",
        ),
        (["--quality", "80"], "E001 --quality means nothing for PNG"),
        (["--quality", "80", "--format", "tiff"], "E001 --quality means nothing for TIFF"),
        (["--all-frames", "--format", "jpg"], "E001 --all-frames and the format JPEG contradict"),
        (["--format", "gif"], "E001 GIF is written for animations only."),
    ],
    ids=lambda value: str(value)[:40],
)
def test_contradictions_are_one_sentence_before_any_work(realesr, photo, tmp_path, words, sentence):
    run = realesr("upscale", photo, "-o", tmp_path / "out", *words)
    assert run.code == 2 and run.err.startswith(sentence) and run.err.count("\n") == 1, run.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "words", "code"),
    [("o.bmp", [], 2), ("o.gif", [], 2), ("o.png", ["--format", "jpg"], 2),
     ("o.jpeg", ["--format", "jpg"], 0), ("o.tif", ["--format", "tiff"], 0)],
)  # fmt: skip
def test_the_names_ending_and_the_format(realesr, photo, tmp_path, name, words, code):
    run = realesr("upscale", photo, "-o", tmp_path / name, *words)
    assert run.code == code and (tmp_path / name).exists() == (code == 0), run.err


@pytest.mark.parametrize("words", [["--strength", "2"], ["--sharpen", "-1"], ["--denoise", "7"]])
def test_numbers_out_of_range_are_usage_errors(realesr, photo, tmp_path, words):
    run = realesr("upscale", photo, "-o", tmp_path / "out", *words)
    assert run.code == 2 and words[0] in run.err and not (tmp_path / "out").exists()


# -- folders ---------------------------------------------------------------------------------------


def counts(run) -> tuple[int, int, int]:
    return tuple(run.document[key] for key in ("done", "refused", "skipped"))


def test_what_is_made_again_and_what_is_not(realesr, photo, tmp_path):
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    for name in ("a", "b", "c", "d"):
        Image.fromarray(natural("coffee", 20, 24)).save(photos / f"{name}.png")
    out.mkdir()
    (out / "d_x4.png").write_bytes(b"somebody's")
    run = realesr("upscale", photos, "-o", out, "--json")
    assert counts(run) == (3, 0, 1) and "W115" in run.err
    first = (out / "a_x4.png").read_bytes()
    # Finished ones are left alone, wherever and in whatever tiles they were made.
    assert counts(realesr("upscale", photos, "-o", out, "--json", "--tile", 64)) == (0, 0, 4)
    # A deleted result and a changed picture are made again; what a person edited is not touched.
    (out / "a_x4.png").unlink()
    Image.fromarray(natural("coffee", 20, 25)).save(photos / "b.png")
    (out / "c_x4.png").write_bytes(b"retouched")
    run = realesr("upscale", photos, "-o", out, "--json")
    assert counts(run) == (2, 0, 2) and "b.png: W118 the picture has changed" in run.err
    assert (out / "a_x4.png").read_bytes() == first
    assert read_picture(out / "b_x4.png").pixels.shape == (80, 100, 3)
    # Other settings: our own results are made again, and it is said; others' are left.
    run = realesr("upscale", photos, "-o", out, "--json", "--strength", 0)
    assert counts(run) == (2, 0, 2) and "a.png: W118 made before with other settings" in run.err
    assert (out / "a_x4.png").read_bytes() != first
    assert (out / "c_x4.png").read_bytes() == b"retouched"
    assert (out / "d_x4.png").read_bytes() == b"somebody's"
    assert counts(realesr("upscale", photos, "-o", out, "--json", "--force")) == (4, 0, 0)
    assert (out / "a_x4.png").read_bytes() == first
    # The same files named one by one are known too.
    named = sorted(photos.iterdir())
    assert counts(realesr("upscale", *named, "-o", out, "--json")) == (0, 0, 4)


def test_results_beside_their_pictures(realesr, photo, tmp_path):
    for _ in range(2):
        run = realesr("upscale", tmp_path, "-o", tmp_path, "--json")
        assert run.code == 0 and run.document["found"] == 1
    assert {path.name for path in tmp_path.glob("*.png")} == {"photo.png", "photo_x4.png"}


def test_names_that_terminals_and_json_do_not_like(realesr_child, tmp_path):
    names = ["new\nline.png", "\x1b[31mred.png", "🦆.png", os.fsdecode(b"\xff.png")]
    for name in names:
        Image.fromarray(natural("coffee", 8, 8)).save(tmp_path / name)
    (tmp_path / "bad\nnews.png").write_bytes(b"")
    for words in ([], ["--json", "--force"]):
        run = realesr_child("upscale", tmp_path, "-o", tmp_path / "out", *words)
        assert run.code == 3, run.err
        assert "\x1b" not in run.out + run.err
        assert r"bad\nnews.png is empty" in run.err
    assert (run.document["done"], run.document["refused"]) == (4, 1)
    assert {Path(entry["source"]).name for entry in run.document["files"]} >= set(names)
    assert {path.name for path in (tmp_path / "out").glob("*.png")} == {
        name.replace(".png", "_x4.png") for name in names
    }


@pytest.mark.parametrize("command", ["upscale", "degrade"])
def test_decoded_apart_the_result_is_the_same(realesr, photo, tmp_path, command):
    for name, more in (("here.png", []), ("apart.png", ["--isolated"])):
        run = realesr(command, photo, "-o", tmp_path / name, *more)
        assert run.code == 0, run.err
    assert (tmp_path / "here.png").read_bytes() == (tmp_path / "apart.png").read_bytes()
    (tmp_path / "bad.jpg").write_bytes(b"<html>")
    bad = realesr(command, tmp_path / "bad.jpg", "-o", tmp_path / "out.png", "--isolated")
    assert bad.code == 3 and bad.err.startswith("E102 ")


def test_a_folder_that_cannot_be_made(realesr, photo, tmp_path):
    (tmp_path / "file").write_text("x")
    run = realesr("upscale", photo, "-o", tmp_path / "file")
    assert run.code == 3 and run.err.startswith("E114 file is a file, and neither")


def test_help_names_every_new_option(realesr):
    text = realesr("upscale", "--help").out
    for word in ["--size", "--long-edge", "--denoise", "--strength", "--alpha", "--all-frames"]:
        assert word in text
