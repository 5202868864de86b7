"""A build that is stopped at any moment goes on, and ends byte for byte as if it never was."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data_tools.building import UNFINISHED, build
from data_tools.settings import Build, build_from
from tests.data_tools.forks import Forks
from tests.data_tools.heaps import contents, photographs

SHAPES = ("shape.crop=48", "shape.scales=[1.0, 0.5]", "select.side=64", "select.tiles=false")
RULES = ("select.blur=false", "select.enlarged=false", "select.flat=1", "select.noise=20")


def heap(folder: Path, count: int) -> Path:
    """Different little pictures: most as files, some in a packed archive, one of them broken."""
    folder.mkdir()
    pieces = []
    for pixels in photographs().values():
        for top in range(0, 160, 32):
            for left in range(0, 160, 32):
                pieces.append(pixels[top : top + 96, left : left + 96])
    rng = np.random.default_rng(0)
    for number in range(count):
        piece = pieces[number % len(pieces)]
        # Each of its own, in more than a few pixels.
        rolled = np.roll(piece, tuple(rng.integers(0, 96, 2)), (0, 1))
        Image.fromarray(rolled).save(folder / f"{number:04}.png")
    (folder / "0007.png").write_bytes((folder / "0007.png").read_bytes()[:700])
    with tarfile.open(folder / "some.tar.gz", "w:gz") as archive:
        for path in sorted(folder.glob("*5.png")):
            archive.add(path, path.name)
            path.unlink()
    return folder


def planned(source: Path) -> Build:
    return build_from({"sources": [str(source)], "validation": 0.2}, (*SHAPES, *RULES))


@pytest.mark.parametrize(("stage", "at"), [("judged", 16), ("shaped", 16)])
def test_what_was_done_is_not_done_again_and_the_end_is_the_same(tmp_path, stage, at):
    plan = planned(heap(tmp_path / "heap", 36))
    undisturbed = build(plan, tmp_path / "one")

    def stop(now: str, done: int, total: int) -> None:
        if now == stage and done >= at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(plan, tmp_path / "two", told=stop)
    assert (tmp_path / "two" / UNFINISHED).is_dir()
    assert not (tmp_path / "two" / "manifest.parquet").exists()
    outcome = build(plan, tmp_path / "two")
    assert outcome.resumed and not undisturbed.resumed
    assert contents(tmp_path / "two") == contents(tmp_path / "one")


def test_pictures_that_came_or_went_meanwhile_are_seen(tmp_path):
    source = heap(tmp_path / "heap", 36)
    plan = planned(source)

    def stop(now: str, done: int, total: int) -> None:
        if now == "shaped":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(plan, tmp_path / "two", told=stop)
    (source / "0000.png").unlink()
    (source / "0003.png").write_bytes((source / "0001.png").read_bytes())
    (tmp_path / "two" / ".realesr-0123.tmp").write_bytes(b"half of something")
    build(plan, tmp_path / "two")
    build(plan, tmp_path / "one")
    assert contents(tmp_path / "two") == contents(tmp_path / "one")


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_thirty_kills_at_random_moments(tmp_path):
    source = heap(tmp_path / "heap", 120)
    sets = [word for change in (*SHAPES, *RULES) for word in ("--set", change)]
    words = ["build", str(source), *sets, "--set", "validation=0.2", "-o"]
    draw = random.Random(7)
    with Forks() as forks:

        def once(output: Path, workers: int, seconds: float | None = None) -> int | None:
            """With one worker in a fork, with two a program from its start and their processes."""
            given = [*words, str(output), "--workers", str(workers)]
            return forks.run(*given, seconds=seconds) if workers == 1 else program(given, seconds)

        takes = {}
        for workers, name in ((1, "one"), (2, "other")):
            started = time.perf_counter()
            assert once(tmp_path / name, workers) == 3
            takes[workers] = time.perf_counter() - started
        wanted = contents(tmp_path / "one")
        assert contents(tmp_path / "other") == wanted
        killed = finished = 0
        while killed < 30:
            workers = 2 if killed % 5 == 4 else 1
            moment = draw.uniform(0.3 if workers == 2 else 0, 1) * takes[workers]
            code = once(tmp_path / "two", workers, moment)
            if code is None:
                killed += 1
                continue
            finished += 1
            assert code == 3
            assert contents(tmp_path / "two") == wanted
            # Finished before it was killed: the next kills are of a build from the start.
            subprocess.run(["rm", "-rf", str(tmp_path / "two")], check=True)
        assert once(tmp_path / "two", 1) == 3
    assert contents(tmp_path / "two") == wanted and finished


def program(words: list[str], seconds: float | None) -> int | None:
    """The program from its start; its exit code, or None where it was killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "data_tools", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return None
