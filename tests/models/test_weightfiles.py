"""Good weight files come out as their own libraries read them; damaged ones are named."""

from __future__ import annotations

from collections import Counter, OrderedDict
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st

from realesr.errors import ModelError
from realesr.models.catalogue import BUNDLED
from realesr.models.weightfiles import describe_stranger, open_weights, read_weights
from tests.models.weightmaking import MANY, network, refusal, save

TYPES = [torch.float32, torch.float16, torch.bfloat16, torch.float64]


def same(path: Path, expected: dict[str, torch.Tensor]) -> None:
    tensors = read_weights(path).tensors
    assert list(tensors) == list(expected) or path.suffix == ".safetensors"
    assert set(tensors) == set(expected)
    for name, tensor in expected.items():
        array = tensors[name]
        assert array.dtype == np.float32 and array.flags.writeable and array.flags.c_contiguous
        assert np.array_equal(array, tensor.detach().float().numpy()), name
    assert open_weights(path).shapes == {name: tuple(t.shape) for name, t in expected.items()}


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("kind", ["safetensors", "zip", "stream"])
def test_every_format_and_precision_reads_as_its_own_library_does(kind, dtype, tmp_path):
    weights = OrderedDict((name, tensor.to(dtype)) for name, tensor in network().items())
    suffix = "safetensors" if kind == "safetensors" else "pth"
    path = save(kind, weights, tmp_path / f"m.{suffix}")
    if kind != "safetensors":
        assert all(
            torch.equal(weights[name], tensor)
            for name, tensor in torch.load(path, weights_only=True).items()
        )
    same(path, weights)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_pickle_protocol(protocol, tmp_path):
    torch.save({"params": network()}, tmp_path / "m.pth", pickle_protocol=protocol)
    same(tmp_path / "m.pth", network())


@pytest.mark.parametrize("kind", ["zip", "stream"])
def test_views_are_read_through_their_strides(kind, tmp_path):
    base = torch.arange(24, dtype=torch.float32).add(1)
    weights = {
        "turned": base.view(4, 6).t(),
        "slice": base[3:9],
        "stepped": base.view(2, 3, 4)[:, ::2],
        "shared": base,
        "number": torch.tensor(2.5),
        "none": torch.empty(0, 3),
        "parameter": torch.nn.Parameter(torch.ones(2)),
    }
    same(save(kind, weights, tmp_path / "m.pth"), weights)


@pytest.mark.parametrize("kind", ["zip", "stream"])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda w: {"params_ema": w, "params": {name: t * 0 for name, t in w.items()}},
        lambda w: {"params": w},
        lambda w: {"state_dict": w, "epoch": 3, "loss": 0.5, "name": "x4"},
        lambda w: {**w, "iter": 400_000},
        lambda w: {"params": {f"module.{name}": tensor for name, tensor in w.items()}},
    ],
    ids=["smoothed first", "params", "state_dict", "bare", "module."],
)
def test_what_trainers_wrap_around_weights_comes_off(kind, wrap, tmp_path):
    same(save(kind, wrap(network()), tmp_path / "m.pth"), network())


def test_a_real_network_with_attributes_on_its_dict(tmp_path):
    layers = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.PReLU(4))
    same(save("zip", layers.state_dict(), tmp_path / "m.pth"), layers.state_dict())


@pytest.mark.parametrize("name", ["m.pth", "m.safetensors", "m.bin", "m"])
@pytest.mark.parametrize("kind", ["safetensors", "zip", "stream"])
def test_the_contents_decide_not_the_extension(kind, name, tmp_path):
    path = save(kind, network(), tmp_path / name)
    assert set(read_weights(path).tensors) == set(network())


def test_metadata_comes_along(tmp_path):
    path = tmp_path / "m.safetensors"
    safetensors.torch.save_file(network(), path, metadata={"licence": "BSD-3-Clause"})
    assert read_weights(path).metadata == {"licence": "BSD-3-Clause"}


def test_the_bundled_weights():
    compare(BUNDLED / "lab-x4.safetensors")


def test_the_official_weights(shared):
    files = sorted((shared / "data" / "weights").glob("*.safetensors"))
    assert len(files) >= 5
    for path in files:
        compare(path)


def compare(path: Path) -> None:
    expected, found = safetensors.numpy.load_file(path), read_weights(path).tensors
    assert set(found) == set(expected)
    assert all(np.array_equal(found[name], expected[name]) for name in expected)


@pytest.mark.parametrize(
    ("value", "words"),
    [(np.nan, "holds 144 NaN"), (np.inf, "holds 144 infinite"), (-np.inf, "holds 144 infinite")],
)
@pytest.mark.parametrize("kind", ["safetensors", "zip", "stream"])
@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_weights_that_are_no_numbers(kind, dtype, value, words, tmp_path):
    weights = OrderedDict((name, tensor.to(dtype)) for name, tensor in network().items())
    weights["body.2.weight"].view(-1)[:144] = value
    fault = refusal(save(kind, weights, tmp_path / "m.pth"))
    assert fault.code == "E204" and fault.exit_code == 4
    assert "tensor body.2.weight" in fault.cause and words in fault.cause


def test_a_double_that_float32_cannot_hold(tmp_path):
    path = save("zip", {"a": torch.tensor([1e300], dtype=torch.float64)}, tmp_path / "m.pth")
    assert refusal(path).code == "E204"


@pytest.mark.parametrize("kind", ["safetensors", "zip", "stream"])
def test_only_zeros(kind, tmp_path):
    nothing = {name: torch.zeros_like(tensor) for name, tensor in network().items()}
    assert refusal(save(kind, nothing, tmp_path / "m")).code == "E204"
    nothing["body.2.bias"][0] = 1  # a bias of zeros is how many networks start
    assert len(read_weights(save(kind, nothing, tmp_path / "m")).tensors) == 4


@pytest.mark.parametrize("dtype", [torch.int64, torch.uint8, torch.bool])
@pytest.mark.parametrize("kind", ["safetensors", "zip", "stream"])
def test_whole_numbers_have_a_shape_but_are_no_weights(kind, dtype, tmp_path):
    path = save(kind, {**network(), "position_ids": torch.ones(5, dtype=dtype)}, tmp_path / "m")
    assert open_weights(path).shapes["position_ids"] == (5,)
    assert refusal(path).code == "E205"


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("whole")
    return {kind: save(kind, network(), folder / kind) for kind in ("safetensors", "zip", "stream")}


@pytest.mark.parametrize("kind", ["safetensors", "zip", "stream"])
@MANY
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_cut_file_is_called_cut(kind, share, whole, tmp_path):
    content = whole[kind].read_bytes()
    length = int(share * len(content))
    suffix = "safetensors" if kind == "safetensors" else "pth"
    path = tmp_path / f"m.{suffix}"
    path.write_bytes(content[:length])
    assert refusal(path).code == ("E202" if length else "E210")


def test_a_cut_safetensors_says_how_much_is_there(tmp_path):
    save("safetensors", {"a": torch.ones(1_000_000)}, tmp_path / "m.safetensors")
    data = (tmp_path / "m.safetensors").read_bytes()
    (tmp_path / "m.safetensors").write_bytes(data[:1_953_000])
    assert "m.safetensors is 2.0 MB of 4.0 MB." in refusal(tmp_path / "m.safetensors").cause


@pytest.mark.parametrize("kind", ["safetensors", "zip", "stream"])
@MANY
@given(data=st.data())
def test_flipped_bytes_are_refused_or_read_as_numbers(kind, data, whole, tmp_path):
    content = bytearray(whole[kind].read_bytes())
    early = st.integers(0, min(2000, len(content) - 1))
    places = st.lists(early | st.integers(0, len(content) - 1), min_size=1, max_size=4)
    for place in data.draw(places):
        content[place] = data.draw(st.integers(0, 255))
    path = tmp_path / "m.pth"
    path.write_bytes(content)
    try:
        tensors = read_weights(path).tensors
    except ModelError:
        return
    assert all(np.isfinite(array).all() for array in tensors.values())


def test_a_flipped_weight_in_a_zip_is_noticed(whole, tmp_path):
    content = bytearray(whole["zip"].read_bytes())
    content[content.index(network()["body.2.weight"].numpy().tobytes()) + 100] ^= 1
    (tmp_path / "m.pth").write_bytes(content)
    assert refusal(tmp_path / "m.pth").code == "E203"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "m.pth is empty (0 bytes)."),
        (b"<html><title>404 Not Found</title>", 'm.pth is a web page ("404 Not Found").'),
        (b"\n<!doctype HTML><p>", "m.pth is a web page."),
        (b"version https://git-lfs.github.com/spec/v1\noid", "m.pth is a Git LFS pointer."),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "m.pth is a PNG picture."),
        (b"\xff\xd8\xff\xe0" + bytes(50), "m.pth is a JPEG picture."),
        (b"GGUF" + bytes(50), "m.pth is a GGUF file."),
        (b"some text about weights", "m.pth is no weights file this lab knows."),
        (b"\x80\x04K\x01.", "m.pth is a Python pickle without weights."),
    ],
)
def test_other_files_are_named(content, words, tmp_path):
    (tmp_path / "m.pth").write_bytes(content)
    fault = refusal(tmp_path / "m.pth")
    assert (fault.code, fault.cause) == ("E210", words)


def test_places_that_hold_no_file(tmp_path):
    assert refusal(tmp_path / "nothing.pth").code == "E209"
    for path, words in [
        (tmp_path, "is a folder."),
        (Path("/dev/null"), "is not a regular file."),
        (tmp_path / "a\0b", "cannot be read (impossible name)."),
        (tmp_path / ("long" * 1000), "cannot be read (File name too long)."),
    ]:
        fault = refusal(path)
        assert fault.code == "E210" and fault.cause.endswith(words)
    unprintable = tmp_path / "a\x1b[31m\nb.pth"
    unprintable.write_bytes(b"?")
    assert "\x1b" not in refusal(unprintable).cause and "\n" not in refusal(unprintable).cause


def test_a_zip_of_something_else(tmp_path):
    np.savez(tmp_path / "m.npz", a=np.ones(3))
    assert refusal(tmp_path / "m.npz").code == "E210"


def test_a_training_state_is_described(tmp_path):
    model = torch.nn.Linear(2, 2)
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    state = {"iter": 5, "optimizers": [optimizer.state_dict()], "milestones": Counter([4, 4])}
    shapes = open_weights(save("zip", state, tmp_path / "5.state")).shapes
    assert "optimizer" in describe_stranger(shapes)
    assert refusal(save("zip", {"iter": 5}, tmp_path / "5.state")).code == "E205"


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("embeddings.word_embeddings.weight", "BERT"),
        ("bert.encoder.layer.0.attention.self.query.weight", "BERT"),
        ("vision_model.encoder.layers.0.self_attn.q_proj.weight", "CLIP"),
        ("cls_token", "ViT"),
        ("model.layers.0.self_attn.q_proj.weight", "language model"),
        ("layer1.0.conv1.weight", "ResNet"),
        ("features.0.weight", "VGG"),
        ("model.diffusion_model.time_embed.0.weight", "Stable Diffusion"),
        ("lora_unet_down_blocks_0.lora_down.weight", "LoRA"),
        ("base_model.model.q.lora_A.weight", "LoRA"),
        ("model.1.sub.0.RDB1.conv1.0.weight", "ESRGAN"),
        ("layers.0.residual_group.blocks.0.attn.relative_position_bias_table", "SwinIR"),
        ("state.0.exp_avg", "optimizer"),
    ],
)
def test_strangers_are_recognised(name, word):
    assert word in describe_stranger({"a": (1,), name: (2, 2)})


def test_the_training_judge_is_not_taken_for_the_generator(golden, shared):
    judge = open_weights(golden / "unet_discriminator.safetensors").shapes
    names = {name.removeprefix("weights."): shape for name, shape in judge.items()}
    assert "judge" in describe_stranger(names)
    squeeze = open_weights(shared / "data/weights/squeezenet1_1-imagenet-features.safetensors")
    assert "SqueezeNet" in describe_stranger(squeeze.shapes)
