"""`realesr models`: list, show, pull and convert, from end to end."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save, save_file

from realesr import read_picture
from realesr.hub.local_hub import LocalHub
from realesr.models.compact import Compact
from tests.pictures import natural


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """No weights, cache or Hub of whoever runs the tests."""
    for name in ("REALESR_WEIGHTS", "HF_HUB_OFFLINE", "SPACE_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REALESR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.chdir(tmp_path)


def test_list_says_where_each_model_is(realesr, monkeypatch, tmp_path):
    folder = tmp_path / "weights"
    folder.mkdir()
    monkeypatch.setenv("REALESR_WEIGHTS", str(folder))
    save_file(Compact(2, 4, 1).state_dict(), folder / "mine.safetensors")
    (folder / "realesr-animevideov3.pth").touch()
    document = realesr("models", "list", "--json").document
    places = {entry["name"]: entry["place"] for entry in document["models"]}
    assert document["local"] == ["mine"]
    assert places["lab-x4"] == places["bicubic"] == "bundled"
    assert places["realesr-animevideov3"] == "local"
    assert places["RealESRGAN_x4plus"] == "remote"
    text = realesr("models", "list").out
    assert all(name in text for name in [*places, "mine"])


def test_show_reads_a_file(realesr, tmp_path):
    torch.save(Compact(3, 8, 2).half().state_dict(), tmp_path / "mine.pth")
    facts = realesr("models", "show", tmp_path / "mine.pth", "--json").document
    assert (facts["architecture"], facts["scale"], facts["radius"]) == ("compact", 3, 4)
    assert (facts["place"], facts["numbers"]) == ("local", "F16")
    assert facts["parameters"] == sum(weight.numel() for weight in Compact(3, 8, 2).parameters())
    shown = realesr("models", "show", tmp_path / "mine.pth").out
    assert "features 8" in shown and "3,387" in shown


@pytest.mark.parametrize(
    ("name", "place"), [("bicubic", "bundled"), ("RealESRNet_x4plus", "remote")]
)
def test_show_needs_no_file_for_a_name(realesr, name, place):
    facts = realesr("models", "show", name, "--json").document
    assert (facts["name"], facts["place"], facts["licence"]) == (name, place, "BSD-3-Clause")


def test_convert_and_use_the_result(realesr, tmp_path):
    torch.save({"params": Compact(2, 8, 2).state_dict()}, tmp_path / "old.pth")
    Image.fromarray(natural("coffee", 20, 30)).save(tmp_path / "photo.png")
    run = realesr("models", "convert", "old.pth", "-o", "new.safetensors", "--licence", "MIT")
    assert run.code == 0 and "compact x2, licence MIT" in run.out
    again = realesr("models", "convert", "old.pth", "-o", "new.safetensors")
    assert again.code == 3 and "E113" in again.err
    results = []
    for model in ("old.pth", "new.safetensors"):
        assert realesr("upscale", "photo.png", "-o", f"{model}.png", "--model", model).code == 0
        results.append(read_picture(tmp_path / f"{model}.png").pixels)
    assert np.array_equal(*results) and results[0].shape == (40, 60, 3)


def test_pull_and_show_a_model_of_the_hub(realesr, monkeypatch):
    with LocalHub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        hub.commit("ada/maps", {"model.safetensors": save(Compact(2, 4, 1).state_dict())})
        pulled = realesr("models", "pull", "ada/maps")
        assert pulled.code == 0 and pulled.out.strip().endswith("model.safetensors")
        facts = realesr("models", "show", "ada/maps", "--json").document
        assert (facts["name"], facts["place"], facts["scale"]) == ("ada/maps", "cached", 2)
        absent = realesr("models", "pull", "ada/absent")
        assert absent.code == 4 and absent.err.startswith("E208")
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        offline = realesr("models", "pull", "ada/other")
        assert offline.code == 6 and offline.err.startswith("E604")


def test_a_filter_has_nothing_to_fetch(realesr):
    run = realesr("models", "pull", "lanczos")
    assert run.code == 0 and "nothing to fetch" in run.out


@pytest.mark.parametrize("kind", ["nearest", "bilinear", "bicubic", "lanczos"])
def test_a_filter_enlarges_like_any_model(realesr, tmp_path, kind):
    pixels = natural("coffee", 20, 30)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    assert realesr("upscale", "photo.png", "-o", "large.png", "--model", kind).code == 0
    assert read_picture(tmp_path / "large.png").pixels.shape == (80, 120, 3)
