"""`--engine ray`: the same set as without, from a Ray of this machine."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.data_tools.heaps import contents, kept, photographs, rejected, write_heap

COUNT, SIDE = 2000, 80
CHANGES = ("select.side=64", "select.flat=1", "shape.crop=32", "shape.most=2", "validation=0.1")
WITHOUT = "import sys; sys.modules['ray'] = None; from data_tools.cli import main; main()"


def words(source: Path | str, output: Path, engine: str) -> list[str]:
    sets = [word for change in CHANGES for word in ("--set", change)]
    given = ["build", str(source), "-o", str(output), "--workers", "2", "--engine", engine]
    return [*given, *sets]


def started(*given: str, at: Path | None = None, **more: str) -> subprocess.Popen[str]:
    """The program, without the address of a cluster that this machine may know."""
    environment = {name: text for name, text in os.environ.items() if name != "RAY_ADDRESS"} | more
    root = Path(__file__).resolve().parents[2]
    environment["PYTHONPATH"] = str(root)
    return subprocess.Popen(
        [sys.executable, *given], cwd=at, env=environment, text=True, stderr=subprocess.PIPE
    )


def heap(folder: Path) -> Path:
    """Two thousand tiles, some damaged, some twice, some in a packed archive."""
    folder.mkdir()
    rng = np.random.default_rng(5)
    whole = np.concatenate([*photographs().values()], 1)
    for number in range(COUNT):
        top, left = (int(rng.integers(length - SIDE)) for length in whole.shape[:2])
        tile = whole[top : top + SIDE, left : left + SIDE]
        if number % 9 == 1:
            tile = cv2.GaussianBlur(tile, (0, 0), 2.5)
        elif number % 9 == 2:
            tile = np.clip(tile + rng.normal(0, 15, tile.shape), 0, 255).astype(np.uint8)
        elif number % 9 == 3:
            tile = tile[:40]
        elif number % 9 == 4:
            tile = tile[:, ::-1]
        data = cv2.imencode(".png", tile[..., ::-1])[1].tobytes()
        (folder / f"{number:04}.png").write_bytes(data[:300] if number % 9 == 5 else data)
    names = [f"{number:04}.png" for number in range(0, COUNT, 50)]
    subprocess.run(["tar", "-czf", "some.tar.gz", *names], cwd=folder, check=True)
    for name in names:
        (folder / name).unlink()
    return folder


def test_without_ray_a_sentence_says_how_to_get_it(tmp_path):
    write_heap(tmp_path / "heap", {"a": photographs()["coffee0"]})
    with started("-c", WITHOUT, *words(tmp_path / "heap", tmp_path / "set", "ray")) as child:
        told = child.communicate()[1]
    assert child.returncode == 2 and told.startswith("E001 The engine ray needs Ray.")
    assert 'pip install "realesr[data,cluster]"' in told and "Traceback" not in told
    assert not (tmp_path / "set" / "manifest.parquet").exists()


def written(folder: Path) -> dict[str, int]:
    """When each verdict was written, in nanoseconds; at the end the folder goes, file by file."""
    found = {}
    for path in folder.glob("*.json"):
        with contextlib.suppress(FileNotFoundError):
            found[path.name] = path.stat().st_mtime_ns
    return found


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_two_thousand_pictures_end_as_they_do_without_ray_also_after_a_kill(tmp_path):
    pytest.importorskip("ray")
    source = heap(tmp_path / "heap")
    with started("-m", "data_tools", *words(source, tmp_path / "one", "processes")) as child:
        assert child.wait() == 3
    # From another folder, by a path that is relative to it; ended in the middle.
    near = words("heap", tmp_path / "two", "ray")
    with started("-m", "data_tools", *near, at=tmp_path) as child:
        judged = tmp_path / "two" / ".build" / "judged"
        while child.poll() is None and len(list(judged.glob("*.json"))) < 40:
            time.sleep(0.05)
        assert child.poll() is None, child.communicate()[1]
        os.kill(child.pid, signal.SIGKILL)
    assert not (tmp_path / "two" / "manifest.parquet").exists()
    done = written(judged)
    with started("-m", "data_tools", *near, at=tmp_path) as child:
        while child.poll() is None and judged.exists():
            now = written(judged)
            assert all(done.get(name, when) == when for name, when in now.items()), "done again"
            time.sleep(0.2)
        told = child.communicate()[1]
    assert child.returncode == 3, told
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    # The whole configuration names the source as it was given; everything else is equal.
    assert one.pop("build.json") != two.pop("build.json")
    assert one == two
    found = rejected(tmp_path / "two")
    assert len(found) + len(kept(tmp_path / "two")) == COUNT
    assert {"blur", "noise", "side", "readable", "tiles"} <= set().union(*found.values())


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_storage_is_read_by_rays_processes_and_a_missing_cluster_is_said(tmp_path):
    pytest.importorskip("ray")
    heap = write_heap(tmp_path / "heap", photographs())
    with started("-m", "data_tools", *words(f"file://{heap}", tmp_path / "set", "ray")) as child:
        told = child.communicate()[1]
    assert child.returncode == 0, told
    assert set(kept(tmp_path / "set")) == {f"heap/{name}.png" for name in photographs()}
    near = words(heap, tmp_path / "nowhere", "ray")
    with started("-m", "data_tools", *near, RAY_ADDRESS="127.0.0.1:1") as child:
        told = child.communicate()[1]
    assert child.returncode == 5 and "E301 Ray does not start at 127.0.0.1:1" in told
