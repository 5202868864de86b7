"""The errors: pickling, printing, and one page that lists every code there is."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import pytest

from realesr import errors
from realesr.errors import Notice, PictureError, RealesrError

ROOT = Path(__file__).resolve().parent.parent
CODE = re.compile(r'"([EW]\d{3})[" ]')


def test_an_error_says_what_was_tried_and_what_to_do():
    error = PictureError("E101", "a.png is empty.", "Copy it again.", tried="Read it twice.")
    assert str(error) == "E101 a.png is empty. Read it twice. Copy it again."
    assert error.as_dict()["next_step"] == "Copy it again."


@pytest.mark.parametrize("kind", RealesrError.__subclasses__())
def test_every_kind_crosses_a_process_border(kind):
    error = pickle.loads(pickle.dumps(kind("E999", "cause.", "step.", tried="tried.")))
    assert type(error) is kind and str(error) == "E999 cause. tried. step."


def test_the_tree_in_the_docstring_is_the_tree():
    rows = re.findall(r"[|`]-- (\w+).*?(\d)  E\d", errors.__doc__)
    drawn = {name: int(exit_code) for name, exit_code in rows}
    kinds = {kind.__name__: kind.exit_code for kind in RealesrError.__subclasses__()}
    assert drawn == {name: kinds[name] for name in drawn} and len(drawn) >= 7


def test_the_page_of_codes_is_complete():
    rooms = ("realesr", "lab", "data_tools")
    sources = [path for room in rooms for path in ROOT.glob(f"{room}/**/*.py")]
    used = {code for path in sources for code in CODE.findall(path.read_text("utf-8"))}
    page = (ROOT / "docs" / "errors.md").read_text("utf-8")
    listed = set(re.findall(r"^\| ([EW]\d{3}) \|", page, re.M))
    assert used == listed


def test_a_notice_reads_like_an_error():
    assert str(Notice("W109", "12 frames; using frame 1.")) == "W109 12 frames; using frame 1."
