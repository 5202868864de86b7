"""docs/publishing.md: its commands have these options, its about.toml is one, its codes exist."""

from __future__ import annotations

import re
import shlex

import pytest
import typer

from data_tools.commands.wiring import app as data_app
from realesr.commands.wiring import app
from realesr.publishing.about import read_about
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "publishing.md").read_text(encoding="utf-8")
LINES = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]


@pytest.mark.parametrize("line", LINES)
def test_every_command_takes_these_words(line):
    program, name, *words = shlex.split(line)
    group = typer.main.get_command({"realesr": app, "realesr-data": data_app}[program])
    command = group.commands[name]
    context = command.make_context(name, words)
    assert context.params


def test_the_words_of_a_person_are_read(tmp_path):
    text = re.search(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)[1]
    (tmp_path / "about.toml").write_text(text, encoding="utf-8")
    about = read_about(tmp_path / "about.toml")
    assert about.licence == "CC-BY-4.0" and about.data[0].licence == "CC0-1.0"


def test_there_are_as_many_pauses_as_it_says():
    from realesr.hub.uploading import PAUSES

    assert len(PAUSES) == 5 and sum(PAUSES) == 30
