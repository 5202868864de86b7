"""The page on training data: its examples run, its tables parse, its sources exist."""

from __future__ import annotations

import doctest
import re
import tomllib
from dataclasses import fields
from pathlib import Path

from realesr.train.config import DataConfig
from realesr.train.pictures import SUFFIXES
from realesr.train.stored import bin_files

PAGE = Path(__file__).resolve().parents[2] / "docs" / "training-data.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_examples_run():
    results = doctest.testfile(str(PAGE), module_relative=False)
    assert results.attempted > 10 and results.failed == 0


def test_every_key_of_the_table_is_explained():
    blocks = [tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)]
    written = {key for block in blocks for key in block["data"]}
    known = {field.name for field in fields(DataConfig)}
    assert written <= known
    assert all(key in written or f"`{key}`" in TEXT for key in known)


def test_what_is_stored_and_read_is_listed():
    for name in (*bin_files({"sharpen": True}), "about.json", "draws.jsonl"):
        assert f"| `{name}` |" in TEXT
    names = {".jpg": "JPEG", ".tif": "TIFF", ".webp": "WebP"}
    assert all(names.get(suffix, suffix[1:].upper()) in TEXT for suffix in SUFFIXES)
