"""What a run begins with: random weights, a model's, those of another run."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file

from realesr.errors import ConfigError, ModelError
from realesr.models.loading import load_model
from realesr.train.config import DataConfig, GanConfig, NetworkConfig, StartConfig, TrainConfig
from realesr.train.starting import DISCRIMINATOR, start_discriminator, start_generator


def config(**changes) -> TrainConfig:
    said = {"name": "x", "output": "y", "steps": 1, "batch_size": 1}
    return TrainConfig(**{**said, "data": DataConfig(pictures=("samples",)), **changes})


def test_random_weights_follow_from_the_seed_and_leave_the_global_generator_alone():
    before = torch.get_rng_state()
    one, spec = start_generator(config(network=NetworkConfig(features=8)))
    two, _ = start_generator(config(network=NetworkConfig(features=8)))
    other, _ = start_generator(config(network=NetworkConfig(features=8), seed=1))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(one.body[0].weight, two.body[0].weight)
    assert not torch.equal(one.body[0].weight, other.body[0].weight)
    assert (spec.scale, spec.arguments["features"]) == (4, 8)


def test_weights_bring_their_architecture():
    network, spec = start_generator(config(start=StartConfig(generator="lab-x4")))
    assert (spec.architecture, spec.arguments["features"]) == ("compact", 64)
    assert network.training and all(each.requires_grad for each in network.parameters())
    bundled = load_model("lab-x4", device="cpu").network
    assert torch.equal(network.body[0].weight, bundled.body[0].weight)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"network": NetworkConfig(features=48)}, "features is 64 in lab-x4 and 48"),
        ({"scale": 2}, "scale is 4 in lab-x4 and 2"),
        ({"network": NetworkConfig(architecture="rrdbnet")}, "architecture is compact"),
        ({"start": StartConfig(generator="bicubic")}, "nothing to learn"),
    ],
)
def test_weights_of_another_network_are_refused(changes, words):
    with pytest.raises(ConfigError, match=words):
        start_generator(config(**{"start": StartConfig(generator="lab-x4"), **changes}))


def test_a_discriminator_goes_on_from_that_of_another_run(tmp_path):
    first = start_discriminator(config(gan=GanConfig(features=8), seed=7))
    save_file(first.state_dict(), tmp_path / DISCRIMINATOR)
    for start in (tmp_path, tmp_path / DISCRIMINATOR):
        again = start_discriminator(
            config(gan=GanConfig(features=8), start=StartConfig(discriminator=str(start)))
        )
        for name, tensor in first.state_dict().items():
            assert torch.equal(tensor, again.state_dict()[name]), name
        assert again.training and again.conv9.weight.requires_grad
    assert start_discriminator(config()) is None


@pytest.mark.parametrize("start", ["lab-x4", "bicubic", "narrow"])
def test_what_is_no_such_discriminator_is_refused(start, tmp_path):
    if start == "narrow":
        narrow = start_discriminator(config(gan=GanConfig(features=4)))
        save_file(narrow.state_dict(), tmp_path / DISCRIMINATOR)
        start = str(tmp_path)
    with pytest.raises(ModelError, match="E205"):
        start_discriminator(
            config(gan=GanConfig(features=8), start=StartConfig(discriminator=start))
        )
