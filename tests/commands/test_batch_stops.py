"""A run that is interrupted, or whose disk is full, says so, adds up, and can go on."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from realesr.gate import inspect_header
from realesr.images import Picture, encode_picture
from realesr.inference.room import least_bytes
from tests.commands.test_killed import results, start
from tests.pictures import natural

FULL = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
from realesr.cli import main
main()
"""


@pytest.fixture
def photos(tmp_path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(8):
        Image.fromarray(natural("coffee", 24, 30 + number)).save(folder / f"{number}.png")
    return folder


def adds_up(report: dict) -> bool:
    return report["done"] + report["refused"] + report["skipped"] == report["found"]


def test_ctrl_c_prints_the_report_so_far_and_the_next_run_goes_on(photos, tmp_path):
    Image.fromarray(natural("coffee", 380, 580)).save(photos / "9.png")
    out = tmp_path / "out"
    child = start(photos, out)
    while len(list(out.glob("*_x4.png"))) < 3 and child.poll() is None:
        time.sleep(0.002)
    child.send_signal(signal.SIGINT)
    printed, said = child.communicate(timeout=60)
    assert child.returncode == 130 and "Traceback" not in said
    report = json.loads(printed)
    assert adds_up(report) and report["found"] == 9
    assert 3 <= report["done"] < 9 and report["refused"] == 0
    assert "goes on from here" in report["stopped"] and report["stopped"] in said
    assert len(results(out)) == report["done"]
    last = start(photos, out)
    after = json.loads(last.communicate(timeout=60)[0])
    assert last.returncode == 0
    assert (after["skipped"], after["done"]) == (report["done"], 9 - report["done"])
    assert after["stopped"] is None


def test_a_full_disk_stops_the_run_loudly(photos, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8)
    Image.fromarray(noise).save(photos / "4_too_large.png")
    words = ["upscale", str(photos), "-o", str(tmp_path / "out"), "--json"]
    done = subprocess.run(
        [sys.executable, "-c", FULL, *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 5 and "Traceback" not in done.stderr, done.stderr
    assert f"E302 {tmp_path}/out/4_too_large_x4.png needs" in done.stderr
    assert "disk is full" in done.stderr
    report = json.loads(done.stdout)
    assert adds_up(report) and report["found"] == 9
    assert (report["done"], report["refused"]) == (5, 1)
    missed = [entry for entry in report["files"] if entry["state"] == "skipped"]
    assert len(missed) == 3 and all("W119" in entry["notices"][0] for entry in missed)
    assert len(results(tmp_path / "out")) == 5


def test_no_room_is_found_out_before_any_work(photos, tmp_path, realesr, monkeypatch):
    free = 4 * sum(path.stat().st_size for path in photos.iterdir())
    usage = type(shutil.disk_usage(tmp_path))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 0, free))
    for out in (tmp_path / "out", tmp_path / "out.png"):
        words = photos / "0.png" if out.suffix else photos
        run = realesr("upscale", words, "-o", out, "--scale", 16, "--json")
        if out.suffix:
            assert run.code == 0, "one of the eight has room"
            continue
        assert run.code == 5 and run.document["error"]["code"] == "E302"
        assert run.err.startswith("E302 the results need at least ") and run.err.count("\n") == 1
        assert not out.exists()


@pytest.mark.parametrize("picture_format", ["PNG", "TIFF", "WEBP", "JPEG", "AVIF"])
@pytest.mark.parametrize("name", ["coffee", "astronaut"])
@pytest.mark.parametrize("factor", [1, 2, 8])
def test_nobody_with_room_is_refused(tmp_path, picture_format, name, factor):
    """The prediction is a least: plain enlargements, the smoothest there are, stay above it."""
    source = Image.fromarray(natural(name, 48, 64))
    source.save(tmp_path / "a.png")
    source.save(tmp_path / "a.jpg", quality=95)
    source.save(tmp_path / "a.bmp")
    larger = source.resize((64 * factor, 48 * factor), Image.Resampling.BICUBIC)
    suffix = {"JPEG": ".jpg", "TIFF": ".tif"}.get(picture_format, f".{picture_format.lower()}")
    made = len(encode_picture(Picture(pixels=np.array(larger)), suffix))
    for path in tmp_path.glob("a.*"):
        size = (48 * factor, 64 * factor)
        header = inspect_header(path)
        assert least_bytes(header, path.stat().st_size, size, picture_format) < made


def test_two_runs_that_start_together_do_not_mix(photos, tmp_path):
    """The folder is taken before planning: there is no moment in which both believe it theirs."""
    runs = [start(photos, tmp_path / "deep" / "out") for _ in range(3)]
    ended = [(*run.communicate(timeout=60), run.returncode) for run in runs]
    codes = sorted(code for *_, code in ended)
    assert codes[0] == 0 and set(codes) <= {0, 2}, ended
    for printed, said, code in ended:
        if code:
            assert said.startswith("E008 ") and said.count("\n") == 1
            assert json.loads(printed)["error"]["code"] == "E008"
    made = [json.loads(printed)["done"] for printed, _, code in ended if code == 0]
    assert sum(made) == 8, "every picture is made once"


def test_two_runs_on_one_folder_do_not_mix(photos, tmp_path, realesr):
    out = tmp_path / "out"
    Image.fromarray(natural("coffee", 380, 580)).save(photos / "00.png")
    first = start(photos, out)
    while not (out / ".realesr-batch.jsonl").exists() and first.poll() is None:
        time.sleep(0.002)
    second = realesr("upscale", photos, "-o", out)
    assert second.code == 2 and "E008 another realesr is at work" in second.err
    assert json.loads(first.communicate(timeout=60)[0])["done"] == 9
