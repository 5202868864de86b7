"""Models of the Hub, fetched by the real client from a Hub on this machine."""

from __future__ import annotations

import json
import socket

import pytest
from safetensors.torch import save

from realesr import load_model
from realesr.errors import ModelError, NetworkError
from realesr.hub.local_hub import LocalHub
from realesr.models.compact import Compact
from realesr.models.srcnn import SRCNN

WEIGHTS = "model.safetensors"
CONFIG = json.dumps({"architecture": "srcnn", "scale": 3, "licence": "CC-BY-4.0"}).encode()


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A running Hub that the client speaks to, with a cache of its own."""
    for name in ("HF_HUB_OFFLINE", "SPACE_ID", "REALESR_WEIGHTS", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.chdir(tmp_path)
    with LocalHub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub


def load(hub_id):
    return load_model(hub_id, device="cpu")


def files_asked(hub):
    return {line.rpartition("/")[2] for line in hub.asked if "/resolve/" in line}


def test_the_two_files_and_no_other_are_fetched(hub, capfd):
    weights = save(SRCNN(3, 4, 4).state_dict())
    pickled = {"model.pth": b"evil", "pytorch_model.bin": b"evil"}
    commit = hub.commit("ada/maps", {WEIGHTS: weights, "config.json": CONFIG, **pickled})
    told = []
    model = load_model("ada/maps", device="cpu", progress=lambda *done: told.append(done))
    assert (model.spec.name, model.spec.source) == ("ada/maps", f"ada/maps@{commit}")
    assert (model.spec.scale, model.spec.licence) == (3, "CC-BY-4.0")
    assert told[-1] == (len(weights), len(weights))
    assert files_asked(hub) == {WEIGHTS, "config.json"}
    assert capfd.readouterr() == ("", "")


def test_a_revision_is_what_it_was(hub):
    old = hub.commit("ada/maps", {WEIGHTS: save(Compact(2, 4, 1).state_dict())})
    hub.commit("ada/maps", {WEIGHTS: save(Compact(3, 4, 1).state_dict())}, branch="v3")
    hub.commit("ada/maps", {WEIGHTS: save(Compact(4, 4, 1).state_dict())})
    scales = [load(f"ada/maps{at}").spec.scale for at in ("", f"@{old}", "@v3", "@main")]
    assert scales == [4, 2, 3, 4]


def test_fetched_once_it_runs_without_a_network(hub, monkeypatch):
    hub.commit("ada/maps", {WEIGHTS: save(SRCNN(3, 4, 4).state_dict()), "config.json": CONFIG})
    load("ada/maps")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    before = len(hub.asked)
    assert load("ada/maps").spec.scale == 3 and len(hub.asked) == before


def test_offline_is_said(hub, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(NetworkError, match=r"E604 ada/maps .* HF_HUB_OFFLINE"):
        load("ada/maps")
    assert not hub.asked


def test_a_hub_that_is_not_there_is_said_at_once(monkeypatch, tmp_path, capfd):
    """Asked once: a second try would have to wait, and the client would say so."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        with pytest.raises(NetworkError, match="E605 ada/maps could not be fetched: connection"):
            load("ada/maps")
    assert capfd.readouterr() == ("", "")


def test_fetched_once_it_runs_when_the_hub_is_gone(hub, monkeypatch, capfd):
    hub.commit("ada/maps", {WEIGHTS: save(SRCNN(3, 4, 4).state_dict()), "config.json": CONFIG})
    load("ada/maps")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert load("ada/maps").spec.scale == 3
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("hub_id", "code", "words"),
    [
        ("ada/nothing", "E208", "no file, folder or model of the Hub is called ada/nothing"),
        ("ada/pickles@v9", "E208", "no revision v9"),
        ("ada/pickles", "E210", "holds no model.safetensors"),
        ("ada/broken", "E203", "header"),
        ("ada/stranger", "E205", "is not an upscaler"),
        ("ada/liar", "E205", "says scale 4"),
    ],
)
def test_refusals(hub, hub_id, code, words):
    weights = save(Compact(2, 4, 1).state_dict())
    hub.commit("ada/pickles", {"model.pth": b"evil", "pytorch_model.bin": b"evil"})
    hub.commit("ada/broken", {WEIGHTS: b"\xff" * 100})
    hub.commit("ada/stranger", {WEIGHTS: save({"embeddings.weight": Compact().body[0].weight})})
    lie = json.dumps({"architecture": "compact", "scale": 4}).encode()
    hub.commit("ada/liar", {WEIGHTS: weights, "config.json": lie})
    with pytest.raises(ModelError) as caught:
        load(hub_id)
    assert caught.value.code == code and words in caught.value.cause
    assert files_asked(hub) <= {WEIGHTS, "config.json"}


def test_a_public_space_fetches_only_what_its_owner_lists(hub, monkeypatch):
    hub.commit("ada/maps", {WEIGHTS: save(Compact(2, 4, 1).state_dict())})
    monkeypatch.setenv("SPACE_ID", "ada/space")
    for listed in ("", "eve/maps, ada/mapsx", "ada/maps@main"):
        monkeypatch.setenv("REALESR_ALLOWED_MODELS", listed)
        with pytest.raises(NetworkError, match="E608"):
            load("ada/maps")
    assert not hub.asked
    monkeypatch.setenv("REALESR_ALLOWED_MODELS", "eve/maps, ada/maps")
    assert load("ada/maps").spec.scale == 2


def test_a_folder_of_that_name_comes_first(hub, tmp_path):
    (tmp_path / "ada" / "maps").mkdir(parents=True)
    (tmp_path / "ada" / "maps" / WEIGHTS).write_bytes(save(Compact(3, 4, 1).state_dict()))
    assert load("ada/maps").spec.scale == 3 and not hub.asked
