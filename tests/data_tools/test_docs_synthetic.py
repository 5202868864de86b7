"""The pages on synthetic pictures and on reports: their commands and Python run as they stand."""

from __future__ import annotations

import doctest
import re
import shlex
import sys
from pathlib import Path

import pytest

from data_tools.cli import main
from data_tools.rules import RULES
from data_tools.synthetic import KINDS, make
from realesr.images import Picture, write_picture

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ("synthetic-pictures.md", "reading-a-report.md")


def commands(page: str) -> list[list[str]]:
    text = (DOCS / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", text, re.S)
    return [shlex.split(line) for block in blocks for line in block.splitlines()]


@pytest.mark.parametrize(("page", "count"), [(PAGES[0], 3), (PAGES[1], 3)])
def test_the_commands(page, count, tmp_path, monkeypatch, capsys):
    """Run in one process, on a folder of photos as a reader has one."""
    (tmp_path / "photos").mkdir()
    for seed in range(3):
        write_picture(Picture(make("leaves", seed, 256)), tmp_path / "photos" / f"{seed}.png")
    monkeypatch.chdir(tmp_path)
    found = commands(page)
    assert len(found) == count
    for program, *words in found:
        assert program == "realesr-data"
        monkeypatch.setattr(sys, "argv", [program, *words, "--workers", "1"])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0, (words, capsys.readouterr().err)
    made = {path.name for path in tmp_path.iterdir()} - {"photos"}
    expected = ({"synthetic", "set"}, {"photos.html", "set", "set.html"})
    assert made == expected[PAGES.index(page)]


def test_the_python():
    failed, tried = doctest.testfile(str(DOCS / PAGES[0]), module_relative=False)
    assert (failed, tried) == (0, 3)


def test_every_rule_has_a_row():
    rows = re.findall(r"^\| (\w+) \|", (DOCS / PAGES[1]).read_text(encoding="utf-8"), re.M)
    assert rows[1:] == [rule.name for rule in RULES]


def test_the_benchmark_measures_every_kind(tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(DOCS.parent / "benchmarks")
    import report
    import synthetic

    monkeypatch.setattr(report, "PAGE", tmp_path / "benchmarks.md")
    synthetic.main(["--quick"])
    section = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| (\d+) \| (\d+) \| (-\d\.\d+) \|", section, re.M)
    assert [kind for kind, *_ in rows] == list(KINDS)
    assert all(0 < int(median) <= int(slowest) for _, median, slowest, _ in rows)
    assert capsys.readouterr().out.strip() == section.partition("\n\n")[2].strip()
