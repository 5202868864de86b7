"""A folder that is killed again and again ends complete, and equal to one that never was."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.picture_files import bad_files, scene
from tests.pictures import natural

ENDINGS = (".png", ".jpg", ".webp", ".tif", ".bmp")


def make_folder(folder: Path, good: int, bad: int) -> None:
    """So many good pictures, all different, and so many bad files, in a tree of folders."""
    for number in range(good):
        place = folder / f"part {number % 4}" if number % 5 else folder
        place.mkdir(parents=True, exist_ok=True)
        picture = natural("coffee", 20 + number % 7, 24 + number % 11)
        picture[0, 0] = number % 256, number // 256, 7
        Image.fromarray(picture).save(place / f"{number:03}{ENDINGS[number % len(ENDINGS)]}")
    Image.fromarray(scene(400, 300)).save(folder / "large.png")
    kinds = folder.parent / "kinds"
    kinds.mkdir()
    samples = [path for path, _ in bad_files(kinds).values() if path.is_file()]
    samples = [path for path in samples if path.suffix != ".eps"]
    for number in range(bad):
        sample = samples[number % len(samples)]
        shutil.copy(sample, folder / f"part {number % 4}" / f"bad{number:02}{sample.suffix}")


def start(folder: Path, out: Path) -> subprocess.Popen[str]:
    words = ["upscale", str(folder), "-o", str(out), "--json"]
    return subprocess.Popen(
        [sys.executable, "-m", "realesr.cli", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def results(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and path.name != ".realesr-batch.jsonl"
    }


def kill_and_finish(folder: Path, out: Path, kills: int, count: int, seed: int) -> dict:
    """Kill the run at random moments of its work, then let it end; the last report."""
    draw = random.Random(seed)
    moments = sorted(draw.sample(range(1, count), kills))
    for moment in moments:
        child = start(folder, out)
        while len(list(out.rglob("*_x4.png"))) < moment and child.poll() is None:
            time.sleep(0.002)
        time.sleep(draw.uniform(0, 0.05))
        child.send_signal(signal.SIGKILL)
        child.communicate()
        assert child.returncode in (-signal.SIGKILL, 3), "it ended before it could be killed"
        for name, data in results(out).items():
            # Whatever the moment, what has a result's name is a whole picture.
            assert name.endswith(".tmp") or data.endswith(b"IEND\xaeB`\x82"), name
    last = start(folder, out)
    printed, _ = last.communicate(timeout=240)
    assert last.returncode == 3
    return json.loads(printed)


def prove(tmp_path: Path, good: int, bad: int, kills: int, seed: int) -> None:
    folder, out, undisturbed = (tmp_path / name for name in ("photos", "out", "undisturbed"))
    make_folder(folder, good - 1, bad)
    report = kill_and_finish(folder, out, kills, good, seed)
    assert report["found"] == good + bad
    assert report["done"] + report["refused"] + report["skipped"] == report["found"]
    assert report["refused"] == bad
    assert report["skipped"] > 0, "nothing of the killed runs was used"
    whole, _ = start(folder, undisturbed).communicate(timeout=240)
    assert json.loads(whole)["done"] == good
    assert results(out) == results(undisturbed)
    assert len(results(out)) == good
    again, _ = start(folder, out).communicate(timeout=240)
    assert (json.loads(again)["skipped"], json.loads(again)["done"]) == (good, 0)


def test_a_small_folder_killed_twice(tmp_path):
    prove(tmp_path, good=17, bad=3, kills=2, seed=1)


@pytest.mark.slow
def test_three_hundred_files_with_thirty_bad_ones_killed_three_times(tmp_path):
    prove(tmp_path, good=270, bad=30, kills=3, seed=int.from_bytes(os.urandom(4), "big"))
