"""A file that is written is the old one or the new one, whole, at every moment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from realesr.errors import PictureError, ResourceError
from realesr.images import Picture, read_picture, write_picture
from realesr.images.safefile import write_file
from tests.picture_files import scene

ROOT = Path(__file__).resolve().parent.parent

# Every call that changes the disk or its names is counted; at the n-th the process dies or the
# system refuses. Each n has its own process. A write first stores half of its bytes.
FAULTS = """
import errno, json, os, signal, sys
from realesr.errors import RealesrError
from realesr.images.safefile import write_file

folder, fault, force = sys.argv[1], sys.argv[2], sys.argv[3] == "force"
NAMES = ("open", "write", "fsync", "link", "replace", "unlink", "close")
real = {name: getattr(os, name) for name in NAMES}

def arm(doomed):
    count = 0
    def guarded(name):
        def call(*arguments, **settings):
            nonlocal count
            count += 1
            if count != doomed or (fault == "refuse" and name in ("close", "unlink")):
                return real[name](*arguments, **settings)
            if name == "write":
                real["write"](arguments[0], arguments[1][: len(arguments[1]) // 2])
            if fault == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(errno.ENOSPC if name == "write" else errno.EIO, "injected")
        return call
    for name in NAMES:
        setattr(os, name, guarded(name))
    return lambda: count

report = []
for doomed in range(1, 100):
    for name in os.listdir(folder):
        real["unlink"](os.path.join(folder, name))
    target = os.path.join(folder, "out.bin")
    if force:
        with open(target, "wb") as old:
            old.write(b"old" * 1000)
    child = os.fork()
    if child == 0:
        calls = arm(doomed)
        try:
            write_file(target, b"new!" * 1000, force=force)
        except RealesrError as error:
            os._exit(20 if error.code == "E302" else 21)
        os._exit(0 if calls() >= doomed else 30)
    _, status = os.waitpid(child, 0)
    content = None
    if os.path.exists(target):
        with open(target, "rb") as file:
            content = file.read()
    kinds = {None: "absent", b"old" * 1000: "old", b"new!" * 1000: "new"}
    left = sorted(set(os.listdir(folder)) - {"out.bin"})
    code = os.waitstatus_to_exitcode(status)
    if code == 30:
        break
    report.append([doomed, code, kinds.get(content, "torn"), len(left)])
print(json.dumps(report))
"""


def faults(tmp_path: Path, fault: str, force: bool) -> list[list]:
    done = subprocess.run(
        [sys.executable, "-c", FAULTS, str(tmp_path), fault, "force" if force else "keep"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("force", [True, False])
def test_killed_at_any_call_the_old_or_the_new_file_is_there(tmp_path, force):
    report = faults(tmp_path, "kill", force)
    assert len(report) >= 8
    assert {state for _, _, state, _ in report} == {"old" if force else "absent", "new"}
    assert {code for _, code, _, _ in report} == {-9}


@pytest.mark.parametrize("force", [True, False])
def test_refused_at_any_call_nothing_is_left_behind(tmp_path, force):
    report = faults(tmp_path, "refuse", force)
    failed = [entry for entry in report if entry[1] != 0]
    assert len(failed) >= 5
    assert {state for _, _, state, _ in report} <= {"old" if force else "absent", "new"}
    assert all(left == 0 for _, _, _, left in report)
    assert {code for _, code, _, _ in failed} == {20, 21}


FULL_DISK = """
import resource, sys, numpy as np
from realesr.errors import RealesrError
from realesr.images import Picture, write_picture
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
try:
    write_picture(Picture(noise), sys.argv[1], force=True)
except RealesrError as error:
    print(error)
    raise SystemExit(error.exit_code)
"""


def test_a_full_disk_is_said_and_leaves_the_old_file(tmp_path):
    """The system itself refuses to let the file grow past 20 kB."""
    path = write_picture(Picture(scene(8, 8)), tmp_path / "out.png")
    before = path.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == ResourceError.exit_code
    assert done.stdout.startswith("E302 out.png needs 0.1 MB")
    assert done.stderr == ""
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_is_never_overwritten_without_force(tmp_path):
    path = write_picture(Picture(scene(8, 8)), tmp_path / "out.png")
    before = path.read_bytes()
    with pytest.raises(PictureError, match=r"E113 out.png exists\. --force replaces it."):
        write_picture(Picture(scene(9, 9)), path)
    assert path.read_bytes() == before
    assert write_picture(Picture(scene(9, 9)), path, force=True) == path
    assert read_picture(path).height == 9
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_appears_while_writing_is_not_overwritten(tmp_path):
    """Somebody else's file arrives after the look and before the name is given."""
    path = tmp_path / "out.bin"

    def somebody_else(temporary: Path) -> None:
        path.write_bytes(b"theirs")

    with pytest.raises(PictureError, match="E113"):
        write_file(path, b"ours", check=somebody_else)
    assert path.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [path]


def test_a_dangling_link_is_not_written_through(tmp_path):
    (tmp_path / "out.png").symlink_to(tmp_path / "elsewhere.png")
    with pytest.raises(PictureError, match="E113"):
        write_picture(Picture(scene(8, 8)), tmp_path / "out.png")
    assert not (tmp_path / "elsewhere.png").exists()


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("absent/out.png", "E114", "no such file or directory"),
        ("folder.png", "E114", "is a folder"),
        ("file.txt/out.png", "E114", "not a directory"),
        ("a" * 300 + ".png", "E114", "file name too long"),
        ("out.bmp", "E105", "Use a name that ends in"),
        ("out", "E105", "Use a name that ends in"),
    ],
)
def test_what_cannot_be_written_is_said(tmp_path, name, code, words):
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file.txt").write_text("")
    for force in (False, True):
        with pytest.raises(PictureError) as caught:
            write_picture(Picture(scene(8, 8)), tmp_path / name, force=force)
        assert caught.value.code == code
        assert words in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.txt", "folder.png"]


def test_an_output_too_large_leaves_nothing(tmp_path):
    wide = Picture(np.zeros((1, 70_000), np.uint8))
    with pytest.raises(PictureError, match="E107"):
        write_picture(wide, tmp_path / "out.jpg")
    assert not list(tmp_path.iterdir())


def test_a_check_that_fails_gives_the_file_up(tmp_path):
    def no(temporary: Path) -> None:
        raise PictureError("E114", "no.", "Never.")

    path = tmp_path / "out.bin"
    path.write_bytes(b"old")
    with pytest.raises(PictureError, match="E114"):
        write_file(path, b"new", force=True, check=no)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_names_of_every_kind_and_the_usual_permissions(tmp_path):
    mask = os.umask(0o022)
    os.umask(mask)
    for name in ("Zürich 東京 %$.png", "-o.png", "a'b\"c.png", "é" * 100 + ".png"):
        path = write_picture(Picture(scene(8, 8)), tmp_path / name)
        assert read_picture(path).name == name
        assert path.stat().st_mode & 0o777 == 0o666 & ~mask
