"""docs/models.md: every command and every line of Python in it runs."""

from __future__ import annotations

import re
import shlex

import pytest
import torch
from PIL import Image
from safetensors.torch import save, save_file

from realesr.hub.local_hub import LocalHub
from realesr.models.compact import Compact
from realesr.models.srresnet import SRResNet
from tests.conftest import ROOT
from tests.pictures import natural

PAGE = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def desk(monkeypatch, tmp_path):
    """A folder with what the page speaks of: a photo, an old file, a folder of weights, a Hub."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REALESR_WEIGHTS", "weights")
    monkeypatch.setenv("REALESR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    for name in ("HF_HUB_OFFLINE", "SPACE_ID"):
        monkeypatch.delenv(name, raising=False)
    Image.fromarray(natural("coffee", 20, 30)).save("photo.jpg")
    torch.save({"params": SRResNet(2, 8, 1).state_dict()}, "old.pth")
    (tmp_path / "weights").mkdir()
    for name in ("realesr-general-x4v3", "realesr-general-wdn-x4v3"):
        weights = Compact(4, 64, 32).state_dict()
        save_file(weights, tmp_path / "weights" / f"{name}.safetensors")
    with LocalHub() as hub:
        files = {"model.safetensors": save(Compact(4, 8, 1).state_dict())}
        hub.commit("ada/old-maps-x4", files, branch="v1.0")
        hub.commit("ada/old-maps-x4", files)
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield tmp_path


def test_every_command_runs(desk, realesr, monkeypatch):
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(lines) >= 10
    for line in lines:
        words = shlex.split(line)
        if words[0] == "export":
            name, _, value = words[1].partition("=")
            monkeypatch.setenv(name, value)
            continue
        run = realesr(*words[1:])
        assert run.code == 0, f"{line}: {run.err}"


def test_every_line_of_python_runs(desk):
    code = blocks("python")
    assert len(code) == 2
    for block in code:
        exec(block, {"pixels": natural("coffee", 20, 30)})


def test_every_architecture_and_argument_is_on_the_page():
    from realesr.models.catalogue import known_models
    from realesr.models.detection import ARGUMENTS

    words = {*ARGUMENTS, *(argument for listed in ARGUMENTS.values() for argument in listed)}
    assert not [word for word in words if f"`{word}`" not in PAGE and f'"{word}"' not in PAGE]
    names = [spec.name for spec in known_models() if not spec.name.endswith("netD")]
    assert not [name for name in names if name not in PAGE and name != _second(name)]


def _second(name: str) -> str:
    """The page writes `-xsx2` short."""
    return name if name.endswith("-xsx2") and "`-xsx2`" in PAGE else ""


def test_the_environment_of_the_page_is_the_programs():
    source = "".join(path.read_text("utf-8") for path in (ROOT / "realesr").rglob("*.py"))
    for name in re.findall(r"`([A-Z][A-Z_]{5,})[=`]", PAGE):
        assert f'"{name}"' in source, f"{name} means nothing to the program"
