"""The commands of the guide to degradations run as they are written, one after the other."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from realesr.images import Picture, read_picture, write_picture
from tests.pictures import natural

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "degradations.md"


def test_the_commands_of_the_guide_run(realesr, tmp_path, monkeypatch):
    text = GUIDE.read_text(encoding="utf-8")
    (recipe,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    lines = [
        line
        for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
        for line in block.splitlines()
    ]
    monkeypatch.chdir(tmp_path)
    Path("old_phone.toml").write_text(recipe, encoding="utf-8")
    write_picture(Picture(pixels=natural(height=64, width=80)), Path("photo.png"))
    assert len(lines) >= 3
    for line in lines:
        program, *words = shlex.split(line, comments=True)
        run = realesr(*words)
        assert program == "realesr" and run.code == 0, run.err
    assert Path("strip/lr/contact_sheet.png").is_file()
    assert (read_picture(Path("lr.png")).pixels == read_picture(Path("again.png")).pixels).all()


def test_no_command_is_broken_over_lines():
    text = GUIDE.read_text(encoding="utf-8")
    assert not re.search(r"`realesr [^`\n]*\n", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
