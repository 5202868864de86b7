"""Every picture of a tree is found once, and gets a name of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realesr.inference.batch import plan_jobs
from realesr.inference.walking import find_pictures

ROOT = Path(__file__).resolve().parents[2]


def tree(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    return folder


def found(*inputs: Path, output: Path = Path("nowhere"), **more) -> list[str]:
    return [item.path.name for item in find_pictures(inputs, output, **more)]


def targets(*inputs: Path, output: Path = Path("out"), **more) -> list[str]:
    jobs = plan_jobs(inputs, output, label="x4", **more)
    return [job.target.relative_to(output).as_posix() for job in jobs]


def test_pictures_are_found_in_the_order_of_names(tmp_path):
    names = ["b.PNG", "a/2.jpg", "a/1.webp", "c/d/e.tiff", "notes.txt", ".hidden.png", ".git/x.png"]
    tree(tmp_path, *names)
    assert found(tmp_path) == ["b.PNG", "1.webp", "2.jpg", "e.tiff"]
    assert targets(tmp_path) == ["b_x4.png", "a/1_x4.png", "a/2_x4.png", "c/d/e_x4.png"]


def test_names_with_anything_in_them(tmp_path):
    names = [
        "new\nline.png",
        "🦆 père.png",
        "-o.png",
        "%s$(x).png",
        "a.b.c.png",
        os.fsdecode(b"\xff.png"),
    ]
    tree(tmp_path, *names)
    assert sorted(found(tmp_path)) == sorted(names)
    assert len(set(targets(tmp_path))) == len(names)


def test_loops_of_links_and_folders_reached_twice(tmp_path):
    tree(tmp_path, "photos/a.png", "photos/deep/b.png", "elsewhere/c.png")
    photos = tmp_path / "photos"
    (photos / "deep" / "up").symlink_to(photos)
    (photos / "self").symlink_to(photos / "self")
    (photos / "linked").symlink_to(tmp_path / "elsewhere")
    (photos / "again").symlink_to(tmp_path / "elsewhere")
    assert found(photos) == ["a.png", "c.png", "b.png"]
    assert found(photos, photos / "deep", photos) == ["a.png", "c.png", "b.png"]
    assert found(photos / "deep" / "b.png", photos) == ["b.png", "a.png", "c.png"]


def test_two_links_to_one_picture_are_two_pictures(tmp_path):
    tree(tmp_path, "a.png")
    (tmp_path / "b.png").symlink_to(tmp_path / "a.png")
    assert found(tmp_path) == ["a.png", "b.png"]


def test_results_inside_the_input_are_no_pictures(tmp_path, monkeypatch):
    tree(tmp_path, "a.png", "out/a_x4.png", "out/deep/b_x4.png")
    monkeypatch.chdir(tmp_path)
    for here in (Path(), tmp_path):
        for output in (Path("out"), tmp_path / "out"):
            assert found(here, output=output) == ["a.png"]
    # Results beside the pictures are known by the ledger.
    assert found(tmp_path / "out", output=tmp_path / "out", results=[Path("out/a_x4.png")]) == [
        "b_x4.png"
    ]


def test_names_that_collide(tmp_path):
    tree(tmp_path, "one/a.jpg", "one/a.png", "one/A.webp", "two/a.jpg", "two/a.png", "two/á.png")
    tree(tmp_path, "two/á.jpg")
    made = targets(tmp_path / "one", tmp_path / "two")
    assert made[:3] == ["A_x4.png", "a-jpg_x4.png", "a-png_x4.png"]
    assert made[3:5] == ["a-jpg-2_x4.png", "a-png-2_x4.png"]
    assert len({name.casefold() for name in made}) == len(made) == 7


@given(st.lists(st.sampled_from(["a.png", "a.jpg", "A.png", "b.png", "a-jpg.png"]), unique=True))
def test_names_stay_when_pictures_come_and_go(names):
    """A result keeps its name whatever joins its picture's folder, and never gets another's."""
    with tempfile.TemporaryDirectory() as place:
        folder, output = tree(Path(place) / "in", *names, "z.png"), Path(place) / "out"
        jobs = plan_jobs([folder], output, label="x4")
        owners = {job.target: job.source.parent.resolve() / job.source.name for job in jobs}
        before = {job.source.name: job.target for job in jobs}
        tree(folder, "a.avif", "A.jpg", "b.webp")
        for name in names[::2]:
            (folder / name).unlink()
        after = plan_jobs([folder], output, label="x4", owners=owners)
        for job in after:
            assert before.get(job.source.name, job.target) == job.target
            assert job.source.name in before or job.target not in owners
        assert len({job.target for job in after}) == len(after)


UNREADABLE = """
import os, sys
from pathlib import Path
from realesr.errors import PictureError
from realesr.gate import inspect_header
from realesr.inference.batch import plan_jobs
if os.getuid() == 0:
    os.setgid(65534), os.setuid(65534)
for job in plan_jobs([Path(sys.argv[1])], Path("out"), label="x4"):
    try:
        inspect_header(job.source)
    except PictureError as error:
        print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_folder_that_may_not_be_read_is_refused_and_not_passed_over():
    place = Path(tempfile.mkdtemp())
    try:
        place.chmod(0o755)
        tree(place, "locked/a.png", "open/b.png")
        (place / "locked").chmod(0o000)
        done = subprocess.run(
            [sys.executable, "-c", UNREADABLE, str(place)],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
    finally:
        (place / "locked").chmod(0o755)
        shutil.rmtree(place)
    sentences = done.stdout.splitlines()
    assert sentences[0].startswith("E100 locked is a folder that may not be read.")
    assert len(sentences) == 2 and "b.png is empty" not in sentences[0]
