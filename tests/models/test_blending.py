"""Blending: every weight is the hand-computed mixture, and the dial moves the picture."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from realesr import Upscaler, load_model
from realesr.errors import ModelError, ParameterError
from realesr.models.blending import blend_models
from realesr.models.compact import Compact
from tests.pictures import natural


@pytest.fixture
def pair(tmp_path):
    models = []
    for name in ("one", "other"):
        save_file(Compact(2, 8, 3).state_dict(), tmp_path / f"{name}.safetensors")
        models.append(load_model(tmp_path / f"{name}.safetensors", device="cpu"))
    return models


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_weights_are_mixed_by_hand_computation(pair, tmp_path, share):
    mixed = blend_models(*pair, share).network.state_dict()
    one, other = (load_file(tmp_path / f"{name}.safetensors") for name in ("one", "other"))
    for name in one:
        by_hand = one[name].numpy() * np.float32(share) + other[name].numpy() * np.float32(
            1 - share
        )
        assert np.array_equal(mixed[name].numpy(), by_hand)


def test_the_models_themselves_stay(pair):
    before = pair[0].network.state_dict()["body.0.weight"].clone()
    blend_models(*pair, 0.5)
    assert torch.equal(pair[0].network.state_dict()["body.0.weight"], before)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_outside_is_refused(pair, share):
    with pytest.raises(ParameterError, match="E001"):
        blend_models(*pair, share)


def test_different_networks_do_not_blend(pair):
    with pytest.raises(ModelError, match="E211"):
        blend_models(pair[0], load_model("lab-x4", device="cpu"), 0.5)


def test_denoising_is_a_dial(shared, monkeypatch):
    monkeypatch.setenv("REALESR_WEIGHTS", str(shared / "data" / "weights"))
    strong = load_model("realesr-general-x4v3", device="cpu")
    weak = load_model(strong.spec.blend_with, device="cpu")
    pixels = natural("coffee", 40, 40)
    results = [
        Upscaler(blend_models(strong, weak, share), precision="fp32", device="cpu")(pixels)
        for share in (0.0, 0.5, 1.0)
    ]
    ends = [Upscaler(model, precision="fp32", device="cpu")(pixels) for model in (weak, strong)]
    assert np.array_equal(results[0], ends[0]) and np.array_equal(results[2], ends[1])
    assert not np.array_equal(results[1], ends[0]) and not np.array_equal(results[1], ends[1])
