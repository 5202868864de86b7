"""`realesr degrade` as a person uses it: files in, files out, the same again from the trace."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from realesr.commands.contact_sheet import numbers, spoken
from realesr.commands.degrade import PRESETS
from realesr.degradations import GaussianNoise, Trace, WebP, presets, save_recipe
from realesr.images import Picture, read_picture, to_tensor, write_picture
from realesr.inference.claiming import Claim
from tests.pictures import natural


@pytest.fixture
def photo(tmp_path):
    return write_picture(Picture(pixels=natural(height=64, width=80)), tmp_path / "photo.png")


def pixels(path):
    return read_picture(path).pixels


def test_it_writes_what_python_gives(realesr, photo, tmp_path):
    run = realesr("degrade", photo, "-o", tmp_path / "lr.png", "--seed", 5, "--scale", 2)
    assert run.code == 0
    lr = presets.real_esrgan(2).sample(5).apply(to_tensor(pixels(photo)))
    expected = (lr[0].permute(1, 2, 0) * 255).round().numpy().astype(np.uint8)
    assert np.array_equal(pixels(tmp_path / "lr.png"), expected)


def test_a_trace_replays_bit_for_bit(realesr, photo, tmp_path):
    first, trace = tmp_path / "first.png", tmp_path / "trace.json"
    assert realesr("degrade", photo, "-o", first, "--seed", 3, "--trace", trace).code == 0
    assert Trace.from_json(trace.read_text()) == presets.real_esrgan(4).sample(3)
    assert realesr("degrade", photo, "-o", tmp_path / "again.png", "--replay", trace).code == 0
    assert np.array_equal(pixels(first), pixels(tmp_path / "again.png"))


def test_stages_and_their_contact_sheet(realesr, photo, tmp_path):
    words = ["degrade", photo, "-o", tmp_path / "lr.png", "--stages", tmp_path / "stages"]
    assert realesr(*words).code == 0
    folder = tmp_path / "stages" / "lr"
    trace = presets.real_esrgan(4).sample(0)
    files = sorted(file.name for file in folder.glob("[0-9]*.png"))
    assert len(files) == len(trace.operations) + 1
    assert files[0] == "00_original.png" and files[-1].endswith("_round.png")
    assert np.array_equal(pixels(folder / files[-1]), pixels(tmp_path / "lr.png"))
    sheet = pixels(folder / "contact_sheet.png")
    assert sheet.shape[1] > 1200 and sheet.std() > 10


def test_count_and_folders_and_json(realesr, tmp_path):
    source = tmp_path / "in" / "deep"
    source.mkdir(parents=True)
    write_picture(Picture(pixels=natural(height=33, width=41)), source / "a.png")
    write_picture(Picture(pixels=natural(height=32, width=40)[..., 0]), source / "b.png")
    out = tmp_path / "out"
    words = ["degrade", tmp_path / "in", "-o", out, "--count", 2, "--seed", 10]
    run = realesr(*words, "--trace", tmp_path / "traces", "--json")
    assert run.code == 0
    document = run.document
    assert (document["found"], document["done"]) == (4, 4)
    seeds = [file["trace"]["seed"] for file in document["files"]]
    assert seeds == [10, 11, 12, 13]
    names = ["a_lr_1", "a_lr_2", "b_lr_1", "b_lr_2"]
    assert sorted(file.stem for file in (out / "deep").iterdir()) == names
    assert sorted(file.stem for file in (tmp_path / "traces" / "deep").iterdir()) == names
    assert pixels(out / "deep" / "a_lr_1.png").shape == (8, 10, 3)
    assert "cut from 41x33 to 40x32, a multiple of 4." in document["files"][0]["notices"][0]


def test_a_recipe_file_decides_the_scale(realesr, photo, tmp_path):
    save_recipe(presets.real_esrgan(2), tmp_path / "mine.toml")
    words = ["degrade", photo, "-o", tmp_path / "lr.png", "--recipe", tmp_path / "mine.toml"]
    assert realesr(*words).code == 0
    assert pixels(tmp_path / "lr.png").shape == (32, 40, 3)
    run = realesr(*words, "--force", "--scale", 4)
    assert run.code == 2 and "E404" in run.err and "scale 2, not 4" in run.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--recipe", "real_esrgun"], 2, 'did you mean "real_esrgan"?'),
        (["--recipe", "absent.toml"], 2, "absent.toml is not there. Check the path."),
        (["--replay", "absent.json"], 2, "absent.json is not there. Check the path."),
        (["--replay", "absent.json", "--seed", "1"], 2, "takes recipe, scale and seed"),
        (["--count", "2"], 2, "2 results cannot go into the one file"),
    ],
)
def test_refusals_name_the_next_step(realesr, photo, tmp_path, words, code, said):
    run = realesr("degrade", photo, "-o", tmp_path / "lr.png", *words)
    assert run.code == code and said in run.err
    assert not (tmp_path / "lr.png").exists()


def test_bad_pictures_are_refused_and_the_others_done(realesr, photo, tmp_path):
    (tmp_path / "empty.png").write_bytes(b"")
    tiny = write_picture(Picture(pixels=np.zeros((3, 9, 3), np.uint8)), tmp_path / "tiny.png")
    run = realesr("degrade", tmp_path / "empty.png", tiny, photo, "-o", tmp_path / "out", "--json")
    states = {file["source"].rsplit("/")[-1]: file for file in run.document["files"]}
    assert run.code == 3
    assert states["empty.png"]["error"]["code"] == "E101"
    assert states["tiny.png"]["error"]["code"] == "E003"
    assert states["photo.png"]["state"] == "done"


def test_nothing_is_overwritten_without_force(realesr, photo, tmp_path):
    target, trace = tmp_path / "lr.png", tmp_path / "trace.json"
    trace.write_text("mine")
    run = realesr("degrade", photo, "-o", target, "--trace", trace)
    assert run.code == 3 and "E113" in run.err
    assert trace.read_text() == "mine" and not target.exists()
    assert realesr("degrade", photo, "-o", target, "--trace", trace, "--force").code == 0
    assert json.loads(trace.read_text())["trace"] == "real_esrgan"


def test_transparency_and_sixteen_bits_are_told_about(realesr, tmp_path):
    deep = (natural(height=16, width=16).astype(np.uint16)) * 257
    alpha = np.full((16, 16, 1), 30000, np.uint16)
    picture = Picture(pixels=np.concatenate([deep, alpha], 2))
    source = write_picture(picture, tmp_path / "deep.png")
    run = realesr("degrade", source, "-o", tmp_path / "lr.png", "--scale", 1)
    assert run.code == 0 and "W116" in run.err
    assert pixels(tmp_path / "lr.png").dtype == np.uint8
    assert pixels(tmp_path / "lr.png").shape == (16, 16, 3)


def test_a_folder_that_cannot_be_made_is_refused(realesr, photo, tmp_path):
    (tmp_path / "file").write_text("in the way")
    run = realesr("degrade", photo, "-o", tmp_path / "file" / "out" / "lr.png")
    assert run.code == 3 and "E114" in run.err


@pytest.mark.parametrize(
    "words",
    [
        ["--trace", "notes.txt/trace.json"],
        ["--stages", "notes.txt"],
        ["--stages", "notes.txt/deep/stages"],
        ["--trace", "/proc/trace.json"],
    ],
)
def test_what_cannot_be_written_beside_it_is_found_out_first(
    realesr, photo, tmp_path, monkeypatch, words
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("in the way")
    run = realesr("degrade", photo, "-o", "out", "-o", "lr.png", *words)
    assert run.code == 3 and run.err.startswith("E114 ") and run.err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt", "photo.png"]


@pytest.mark.parametrize(
    "words",
    [
        ["-o", "lr.png", "--trace", "./lr.png"],
        ["-o", "lr.png", "--stages", "lr.png"],
        ["-o", "out", "--trace", "t.json", "--replay", "t.json", "--force"],
        ["-o", "out", "--trace", "r.json", "--recipe", "r.json", "--force"],
        ["-o", "t.json", "--trace", "t.json"],
    ],
)
def test_one_file_for_two_wishes_is_a_usage_error(realesr, photo, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    run = realesr("degrade", photo, *words)
    assert run.code == 2 and run.err.startswith("E006 ") and " are the same, " in run.err
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


def test_when_the_picture_cannot_be_written_nothing_is(photo, tmp_path):
    """The disk fills up while the picture, the last of all, is written."""
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000));"
        "from realesr.cli import main; main()"
    )
    noise = np.random.default_rng(0).integers(0, 256, (512, 512, 3), np.uint8)
    write_picture(Picture(pixels=noise), tmp_path / "noise.png")
    words = ["degrade", tmp_path / "noise.png", photo, "-o", tmp_path / "out"]
    words += ["--trace", tmp_path / "traces", "--json"]
    run = subprocess.run(
        [sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 5 and "E302" in run.stderr and "disk is full" in run.stderr
    assert not [path for path in tmp_path.rglob("*") if path.suffix == ".json"]
    report = json.loads(run.stdout)
    assert (report["done"], report["refused"], report["skipped"]) == (0, 1, 1)
    assert "W119" in report["files"][1]["notices"][0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_it_reports_what_is_done(photo, tmp_path, number):
    words = ["degrade", photo, "-o", tmp_path / "out", "--count", 2000, "--json"]
    child = subprocess.Popen(
        [sys.executable, "-m", "realesr.cli", *map(str, words)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while len(list((tmp_path / "out").glob("*.png"))) < 3 and child.poll() is None:
        time.sleep(0.01)
    child.send_signal(number)
    printed, said = child.communicate(timeout=60)
    assert child.returncode == 128 + number and "Traceback" not in said
    report = json.loads(printed)
    assert report["found"] == 2000 == report["done"] + report["skipped"]
    assert 3 <= report["done"] == len(list((tmp_path / "out").glob("*.png")))
    assert report["stopped"] in said


def test_two_runs_into_one_folder_do_not_mix(realesr, photo, tmp_path):
    with Claim(tmp_path / "out"):
        run = realesr("degrade", photo, "-o", tmp_path / "out")
        assert run.code == 2 and run.err.startswith("E008 ")
    assert not (tmp_path / "out").exists()
    assert realesr("degrade", photo, "-o", tmp_path / "out").code == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["photo_lr.png"]


def test_a_picture_too_small_for_its_recipe_is_named(realesr, photo, tmp_path):
    folder = tmp_path / "in" / "deep"
    folder.mkdir(parents=True)
    write_picture(Picture(pixels=np.zeros((1, 1, 3), np.uint8)), folder / "dot.png")
    write_picture(Picture(pixels=natural(height=16, width=16)), folder / "good.png")
    run = realesr("degrade", tmp_path / "in", "-o", tmp_path / "out", "--json")
    assert run.code == 3
    refused, done = run.document["files"]
    assert done["state"] == "done" and refused["error"]["cause"].startswith(f"{folder}/dot.png")


def test_stages_of_two_biographies_never_mix(realesr, photo, tmp_path):
    words = ["degrade", photo, "-o", tmp_path / "lr.png", "--stages", tmp_path / "stages"]
    run = realesr(*words, "--seed", 0)
    folder = tmp_path / "stages" / "lr"
    assert run.code == 0 and f"stages in {folder}" in run.out
    (tmp_path / "lr.png").unlink()
    refused = realesr(*words, "--seed", 1)
    assert refused.code == 3 and "E113" in refused.err and not (tmp_path / "lr.png").exists()
    (folder / "notes.txt").write_text("mine")
    (folder / "03_holiday.png").write_bytes(b"mine")
    assert realesr(*words, "--recipe", "bicubic_only", "--force").code == 0
    names = {file.name for file in folder.iterdir()}
    own = {"00_original.png", "01_resize.png", "02_round.png", "contact_sheet.png"}
    assert names == own | {"notes.txt", "03_holiday.png"}


def test_a_trace_is_a_file_that_people_can_edit(realesr, photo, tmp_path):
    file = tmp_path / "trace.json"
    run = realesr("degrade", photo, "-o", tmp_path / "lr.png", "--seed", 2, "--trace", file)
    assert f"real_esrgan, scale 4, seed 2; trace in {file}" in run.out
    text = file.read_text()
    trace = Trace.from_json(text)
    assert len(text.splitlines()) == len(trace.operations) + 2
    assert sum(line.lstrip().startswith('{"operation": ') for line in text.splitlines()) == len(
        trace.operations
    )
    lines = text.splitlines()
    lines[2] = lines[2].replace("},", ",},")
    file.write_text("\n".join(lines))
    again = ["degrade", photo, "-o", tmp_path / "again.png", "--replay", file]
    refused = realesr(*again)
    assert refused.code == 2 and "trace.json: This trace is not JSON: line 3, " in refused.err


def test_a_size_that_the_scale_does_not_say_is_told_about(realesr, photo, tmp_path):
    file = tmp_path / "blur.json"
    trace = presets.real_esrgan(4).sample(0)
    file.write_text(replace(trace, operations=trace.operations[:1]).to_text())
    words = ["degrade", photo, "-o", tmp_path / "lr.png"]
    run = realesr(*words, "--replay", file)
    assert run.code == 0 and "W120 the result is 80x64, not 20x16 as scale 4 says." in run.err
    assert "W120" not in realesr(*words, "--force").err


def test_a_preset_has_a_scale_of_its_own(realesr, photo, tmp_path):
    words = ["degrade", photo, "-o", tmp_path / "lr.png", "--recipe", "document_scan", "--force"]
    assert "document_scan, scale 2, seed 0" in realesr(*words).out
    assert pixels(tmp_path / "lr.png").shape == (32, 40, 3)
    assert "scale 4" in realesr(*words, "--scale", 4).out


def test_the_help_names_every_preset(realesr):
    assert tuple(presets.PRESETS) == PRESETS
    page = realesr("degrade", "--help").out
    assert all(name in page for name in PRESETS)


def test_the_sheet_speaks_plainly():
    noise = GaussianNoise(sigma=3.0, gray=True, seed=1)
    assert numbers(noise) == "sigma 3 levels of 255, gray"
    assert spoken(WebP(quality=50)) == "webp"


def test_a_file_that_is_no_recipe_is_refused_before_it_is_read(realesr, tmp_path):
    Image.fromarray(natural("coffee", 40, 40)).save(tmp_path / "photo.png")
    (tmp_path / "huge.json").write_text(" " * 1_000_001)
    for replay in ("/dev/zero", tmp_path / "huge.json"):
        words = ("-o", tmp_path / "small.png", "--replay", replay)
        run = realesr("degrade", tmp_path / "photo.png", *words)
        assert run.code == 2 and run.err.startswith("E404"), run.err
        assert not (tmp_path / "small.png").exists()
