"""Names, files, folders and `config.json`: what is found, what must agree, what is refused."""

from __future__ import annotations

import hashlib
import json
import os

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from realesr import load_model
from realesr.downloads import cache_folder, cached_path
from realesr.errors import ModelError
from realesr.models.catalogue import find_model
from realesr.models.compact import Compact
from realesr.models.conversion import pack
from realesr.models.detection import detect_architecture
from realesr.models.locating import place_of
from realesr.models.rrdbnet import RRDBNet
from realesr.models.srcnn import SRCNN
from realesr.models.srresnet import SRResNet
from realesr.models.unet_discriminator import UNetDiscriminator
from tests.models.weightmaking import refusal

SMALL = {
    "compact": Compact(2, 8, 2),
    "rrdbnet": RRDBNet(4, 4, 1, 4),
    "srresnet": SRResNet(4, 4, 1),
    "srcnn": SRCNN(3, 4, 4),
    "unet_discriminator": UNetDiscriminator(4),
}


def load(path):
    return load_model(path, device="cpu")


def write(network, path, metadata=None):
    save_file(network.state_dict(), path, metadata)
    return path


@pytest.fixture
def folder(tmp_path):
    """A folder with the weights of a small Compact network."""
    write(SMALL["compact"], tmp_path / "model.safetensors")
    return tmp_path


def configure(folder, config):
    text = config if isinstance(config, str) else json.dumps(config)
    (folder / "config.json").write_text(text)


# Sizes


def zeros(*shapes):
    return {name: np.ones(shape, np.float32) for name, shape in shapes}


ABSURD = {
    "scale 64": zeros(
        ("body.0.weight", (4, 1, 3, 3)), ("body.1.weight", (4,)),
        ("body.2.weight", (4, 4, 3, 3)), ("body.4.weight", (64**2, 4, 3, 3)),
    ),
    "4,096 features": zeros(
        ("body.0.weight", (4096, 3, 3, 3)), ("body.1.weight", (4096,)),
        ("body.2.weight", (12, 3, 3, 3)),
    ),
    "50,001 convolutions": zeros(
        ("body.0.weight", (4, 3, 3, 3)), ("body.1.weight", (4,)),
        ("body.100004.weight", (12, 4, 3, 3)),
    ),
    "100,000 blocks": zeros(
        ("conv_first.weight", (4, 3, 3, 3)), ("conv_last.weight", (3, 4, 3, 3)),
        ("body.0.rdb1.conv1.weight", (4, 4, 3, 3)), ("body.99999.rdb1.conv1.weight", (4, 4, 3, 3)),
    ),
    "1,000 growth": zeros(
        ("conv_first.weight", (4, 3, 3, 3)), ("conv_last.weight", (3, 4, 3, 3)),
        ("body.0.rdb1.conv1.weight", (1000, 4, 3, 3)),
    ),
    "scale 16": zeros(
        ("conv_first.weight", (4, 3, 3, 3)), ("conv_last.weight", (3, 4, 3, 3)),
        ("body.0.rdb1.conv1.weight", (4, 4, 3, 3)),
        *((f"conv_up{n}.weight", (4, 4, 3, 3)) for n in range(1, 5)),
    ),
    "20,000 blocks": zeros(
        ("conv_first.weight", (4, 3, 3, 3)), ("conv_last.weight", (3, 4, 3, 3)),
        ("body.0.conv1.weight", (4, 4, 3, 3)), ("body.19999.conv1.weight", (4, 4, 3, 3)),
        ("upconv1.weight", (16, 4, 3, 3)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("words", ABSURD)
def test_absurd_sizes_are_refused_before_anything_is_built(words, tmp_path):
    path = tmp_path / "absurd.safetensors"
    path.write_bytes(pack(ABSURD[words], {}))
    fault = refusal(path, load)
    assert fault.code == "E205" and words in fault.cause and "absurd.safetensors" in fault.cause


@given(data=st.data(), architecture=st.sampled_from(list(SMALL)))
def test_any_shapes_give_an_answer_or_a_sentence(data, architecture):
    shapes = {name: tuple(value.shape) for name, value in SMALL[architecture].state_dict().items()}
    for name in data.draw(st.lists(st.sampled_from(list(shapes)), max_size=4)):
        if data.draw(st.booleans()):
            del shapes[name]
            break
        shapes[name] = tuple(data.draw(st.lists(st.integers(0, 40), max_size=5)))
    try:
        found = detect_architecture(shapes, {"scale": data.draw(st.sampled_from(["2", "x", ""]))})
    except ModelError as fault:
        assert fault.code == "E205" and fault.next_step
    else:
        assert found is None or found[0] in SMALL


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda w: w.pop("body.2.bias"), "tensor body.2.bias is missing"),
        (lambda w: w.update({"stowaway": torch.ones(3)}), "tensor stowaway has no place"),
        (
            lambda w: w.update({"body.2.weight": torch.ones(8, 9, 3, 3)}),
            "body.2.weight is 8×9×3×3, expected 8×8×3×3",
        ),
    ],
)
def test_every_tensor_is_there_of_the_right_shape_and_no_other(change, words, tmp_path):
    weights = dict(SMALL["compact"].state_dict())
    change(weights)
    save_file(weights, tmp_path / "m.safetensors")
    fault = refusal(tmp_path / "m.safetensors", load)
    assert fault.code == "E205" and words in fault.cause


def test_two_names_for_one_place_are_refused(tmp_path):
    weights = dict(RRDBNet(1, 4, 1, 4, fold=1).state_dict())
    weights["RRDB_trunk.0.RDB1.conv1.weight"] = weights["body.0.rdb1.conv1.weight"].clone()
    save_file(weights, tmp_path / "m.safetensors")
    assert "two tensors" in refusal(tmp_path / "m.safetensors", load).cause


# What a file says of itself


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"scale": "4"}, "says scale 4, and the tensors say 2"),
        ({"features": "64"}, "says features 64"),
        ({"activation": "relu"}, "says activation relu"),
        ({"architecture": "rrdbnet"}, "says rrdbnet, and the tensors are compact"),
    ],
)
def test_metadata_that_contradicts_the_tensors_is_refused(said, words, tmp_path):
    fault = refusal(write(SMALL["compact"], tmp_path / "m.safetensors", said), load)
    assert fault.code == "E205" and words in fault.cause


@pytest.mark.parametrize(
    "said", [{"scale": "2"}, {"scale": "2x"}, {"architecture": "ESRGAN"}, {"format": "pt"}]
)
def test_metadata_that_agrees_or_speaks_of_other_things_is_fine(said, tmp_path):
    assert load(write(SMALL["compact"], tmp_path / "m.safetensors", said)).spec.scale == 2


def test_an_architecture_nobody_knows_is_remarked_on(tmp_path, caplog):
    said = {"architecture": "nonsense \x1b[31m"}
    assert load(write(SMALL["compact"], tmp_path / "m.safetensors", said)).spec.scale == 2
    assert "m.safetensors says nonsense ?[31m, an architecture unknown here" in caplog.text


@pytest.mark.parametrize(
    ("held", "words"),
    [(torch.ones(3, 3), "one tensor without"), ([torch.ones(2)], "a list of tensors without")],
)
def test_tensors_without_names_are_no_network(held, words, tmp_path):
    torch.save(held, tmp_path / "m.pth")
    fault = refusal(tmp_path / "m.pth", load)
    assert fault.code == "E205" and words in fault.cause


def test_the_root_folder_has_a_name():
    assert "the folder / holds no weights" in refusal("/", load).cause


def test_config_tells_what_tensors_cannot(tmp_path):
    write(SRCNN(3, 4, 4), tmp_path / "srcnn.safetensors")
    config = {"architecture": "srcnn", "scale": 3, "licence": "MIT"}
    configure(tmp_path, config)
    spec = load(tmp_path).spec
    assert (spec.scale, spec.licence, spec.name) == (3, "MIT", tmp_path.name)
    (tmp_path / "srcnn.safetensors").unlink()
    network = Compact(2, 4, 1, "leakyrelu").eval()
    torch.save(network.state_dict(), tmp_path / "leaky.pth")
    configure(tmp_path, {"architecture": "compact", "arguments": {"activation": "leakyrelu"}})
    model = load(tmp_path / "leaky.pth")
    image = torch.rand(1, 3, 8, 8)
    with torch.inference_mode():
        assert torch.equal(model.network(image), network(image))


@pytest.mark.parametrize(
    ("config", "code", "words"),
    [
        ("{", "E203", "no valid JSON"),
        ("[" * 50_000, "E203", "no valid JSON"),
        ("[]", "E203", "no JSON object"),
        ('{"architecture": "compact", "architecture": "srcnn"}', "E203", "no valid JSON"),
        ('{"a": "' + "x" * 70_000 + '"}', "E203", "longer than"),
        ({"architecture": "vit"}, "E205", "'vit' is unknown"),
        ({"architecture": ["compact"]}, "E205", "is unknown"),
        ({"architecture": "compact", "scale": 4}, "E205", "says scale 4, and the tensors say 2"),
        ({"architecture": "rrdbnet"}, "E205", "says rrdbnet"),
        ({"architecture": "compact", "scale": "2"}, "E205", "no whole number"),
        ({"architecture": "compact", "scale": True}, "E205", "no whole number"),
        ({"architecture": "compact", "scale": 2.0}, "E205", "no whole number"),
        ({"architecture": "compact", "scale": 64}, "E205", "64"),
        ({"architecture": "compact", "scale": 10**400}, "E205", "a number of 401 digits"),
        ('{"architecture": "compact", "scale": NaN}', "E205", "scale is nan, no whole number"),
        ({"architecture": "compact", "scale": -4}, "E205", "for scale -4; compact here has 1 to"),
        ({"architecture": "compact", "arguments": []}, "E205", "no object"),
        ({"architecture": "compact", "arguments": {"feature": 8}}, "E205", "no argument feature"),
        ({"architecture": "compact", "arguments": {"__class__": 8}}, "E205", "no argument"),
        ({"architecture": "compact", "arguments": {"features": 10**9}}, "E205", "1 to 512"),
        ({"architecture": "compact", "arguments": {"activation": "gelu"}}, "E205", "'gelu'"),
        ({"architecture": "compact", "arguments": {"activation": ["relu"]}}, "E205", "unknown"),
        ({"architecture": "compact", "arguments": {"scale": 3}, "scale": 2}, "E205", "two scales"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_config_that_is_wrong_is_refused(config, code, words, folder):
    configure(folder, config)
    fault = refusal(folder, load)
    assert fault.code == code and words in fault.cause and len(str(fault)) < 400


def test_a_config_of_another_program_is_left_alone(folder):
    configure(folder, {"model_type": "swin2sr", "architectures": ["Swin2SR"]})
    assert load(folder).spec.scale == 2


# Where weights are found


def test_a_folder_is_about_the_usual_name_or_the_only_file(tmp_path):
    write(Compact(3, 4, 1), tmp_path / "only.safetensors")
    assert load(tmp_path).spec.scale == 3
    write(Compact(4, 4, 1), tmp_path / "another.safetensors")
    fault = refusal(tmp_path, load)
    assert fault.code == "E210" and "2 weights files" in fault.cause and "only" in fault.next_step
    write(Compact(2, 4, 1), tmp_path / "generator.safetensors")
    assert load(tmp_path).spec.scale == 2
    write(Compact(1, 4, 1), tmp_path / "model.safetensors")
    assert load(str(tmp_path)).spec.scale == 1


def test_a_folder_without_weights_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing here")
    assert refusal(tmp_path, load).code == "E210"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "E210"),
        ("\0", "E208"),
        ("x" * 5000, "E208"),
        ("~nobody-of-that-name/x", "E208"),
        ("../../x.pth", "E209"),
        ("/nowhere/at/all", "E209"),
        ("lab-x44", "E208"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_names_of_nothing(name, code, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert refusal(name, load).code == code


def test_places(monkeypatch, tmp_path):
    monkeypatch.setenv("REALESR_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("REALESR_WEIGHTS", raising=False)
    spec = find_model("realesr-animevideov3")
    assert place_of(spec) == "remote" and cached_path(spec.source) is None
    folder = cache_folder() / hashlib.sha256(spec.source.encode()).hexdigest()[:12]
    folder.mkdir(parents=True)
    (folder / "realesr-animevideov3.pth.part").touch()
    assert place_of(spec) == "remote"
    (folder / "realesr-animevideov3.pth").touch()
    assert place_of(spec) == "cached" and cached_path(spec.source).parent == folder
    monkeypatch.setenv("REALESR_WEIGHTS", os.pathsep.join(["/nowhere", str(tmp_path)]))
    (tmp_path / "realesr-animevideov3.safetensors").touch()
    assert place_of(spec) == "local"


def test_loaded_weights_can_be_trained(folder):
    network = load(folder).network
    assert all(weight.requires_grad for weight in network.parameters())
    network(torch.rand(1, 3, 8, 8)).sum().backward()
    assert network.body[0].weight.grad.abs().sum() > 0
