"""The README's commands and Python, run as they stand, on a photo of one's own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.pictures import natural

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.S)


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """A folder with what a reader has: the configurations, photo.jpg and a folder photos/."""
    folder = tmp_path_factory.mktemp("reader")
    (folder / "configs").symlink_to(ROOT / "configs")
    (folder / "photos").mkdir()
    for name in ("photo.jpg", "photos/one.jpg", "photos/two.png"):
        Image.fromarray(natural("coffee", 200, 300)).save(folder / name)
    return folder


def test_the_top_says_two_commands_only():
    lines = [line.split("#")[0].strip() for line in blocks("sh")[0].splitlines()]
    assert lines == ["make lab", "make test"]


def test_the_commands(home):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    commands = [
        line for block in blocks("sh") for line in block.splitlines() if line[:7] == "realesr"
    ]
    assert len(commands) >= 5
    for command in commands:
        done = subprocess.run(
            command, shell=True, cwd=home, env={**os.environ, "PATH": path},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    for made in ("photo_x4.png", "large/one_x2.png", "large/two_x2.png", "small.png"):
        assert (home / made).is_file(), made


def test_the_python(home):
    code = "\n".join(blocks("python"))
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=home, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (home / "larger.png").is_file()


def test_every_link_leads_somewhere():
    pages = [ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("realesr/**/*.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text("utf-8")):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page.name}: {target}"
