"""The endpoint ``compare`` from outside: the figures, and the very files of the commands."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lab.pages.compare_settings import CompareSettings, command
from realesr.commands.wiring import app

PROGRAM = """
import json, sys
from gradio_client import Client, handle_file
lab, photo, models, recipe = sys.argv[1:]
client = Client(lab, verbose=False)
try:
    answer = client.predict(handle_file(photo), models, 4, recipe, 5, api_name="/compare")
except Exception as error:
    answer = str(error)
print(json.dumps(answer))
"""


def call(lab: str, photo: Path, models: str, recipe: str):
    words = [sys.executable, "-W", "ignore", "-c", PROGRAM, lab, str(photo), models, recipe]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_a_program_gets_the_commands_files_and_figures(lab, photos, tmp_path, monkeypatch):
    settings = CompareSettings(recipe="gentle", seed=5, models="bicubic,nearest")
    told, files = call(lab, photos["rgb"], settings.models, settings.recipe)
    assert [row["model"] for row in told["models"]] == ["bicubic", "nearest"]
    assert {"PSNR", "SSIM"} <= set(told["models"][0]["scores"])
    got = {Path(file).name: Path(file).read_bytes() for file in files}
    monkeypatch.chdir(tmp_path)
    Path(told["truth"]).write_bytes(got[told["truth"]])
    for line in command(settings, told["truth"]).splitlines():
        done = CliRunner().invoke(app, shlex.split(line)[1:])
        assert done.exit_code == 0, done.output
    for row in told["models"]:
        assert Path(row["file"]).read_bytes() == got[row["file"]]


@pytest.mark.parametrize(
    ("models", "recipe", "code"), [("../secret", "gentle", "E208"), ("bicubic", "<b>", "E004")]
)
def test_what_does_not_fit_is_one_coded_sentence(lab, photos, models, recipe, code):
    assert call(lab, photos["rgb"], models, recipe).startswith(code)
