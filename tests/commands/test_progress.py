"""The line a person watches: how much of the whole run is done, judged by the pixels."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from PIL import Image

from realesr.commands.report import printable
from tests.pictures import natural

pty = pytest.importorskip("pty")


def test_progress_counts_pixels_over_the_whole_run(tmp_path):
    """Of four pictures one is large: after three of four, little is done."""
    for number in range(3):
        Image.fromarray(natural("coffee", 20, 24)).save(tmp_path / f"{number}.png")
    Image.fromarray(natural("coffee", 300, 400)).save(tmp_path / "9.png")
    master, terminal = pty.openpty()
    words = ["upscale", str(tmp_path), "-o", str(tmp_path / "out"), "--tile", "128"]
    child = subprocess.Popen(
        [sys.executable, "-m", "realesr.cli", *words], stderr=terminal, stdout=subprocess.DEVNULL
    )
    os.close(terminal)
    shown = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(master)
    assert child.wait() == 0
    lines = re.findall(r"(\d)/4 (\d\.png) \S+ (\d+)%(?:, (\S+ \S+) left)?", shown.decode())
    shares = [int(share) for _, _, share, _ in lines]
    assert shares == sorted(shares) and shares[-1] == 100
    assert max(int(share) for _, name, share, _ in lines if name != "9.png") <= 2
    large = [share for _, name, share, _ in lines if name == "9.png"]
    assert len(large) > 6, "every tile moves it"
    assert all(left for *_, share, left in lines if 2 < int(share) < 100)


def test_what_a_terminal_would_obey_is_written_out():
    assert printable("a\x1b[2Jb\n\u202ec\udc80é🦆") == "a\\x1b[2Jb\\n\\u202ec\\udc80é🦆"
