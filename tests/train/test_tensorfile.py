"""Our safetensors writer against the official reader, writer and our own strict judge."""

from __future__ import annotations

import numpy as np
import pytest
import safetensors.torch
import torch

from realesr.errors import ParameterError
from realesr.models.weightfiles import open_weights
from realesr.train.tensorfile import read_tensors, tensor_bytes, tensor_pieces

TENSORS = {
    "body.0.weight": torch.arange(24, dtype=torch.float32).reshape(2, 3, 2, 2) / 7,
    "body.0.bias": torch.tensor([1.5, float("nan")], dtype=torch.float64),
    "half": torch.tensor([0.1, 2.0], dtype=torch.float16),
    "brain": torch.tensor([0.1, 2.0], dtype=torch.bfloat16),
    "steps": torch.tensor(7),
    "flags": torch.tensor([True, False, True]),
    "state": torch.arange(5, dtype=torch.uint8),
    "nothing": torch.empty(0, 3),
    "small": torch.tensor([-1, 2], dtype=torch.int8),
    "short": torch.tensor([-1, 2], dtype=torch.int16),
    "int": torch.tensor([-1, 2], dtype=torch.int32),
}


def written(tensors) -> bytes:
    return b"".join(tensor_pieces(tensors))


@pytest.mark.parametrize("size", [1, 2, 4, 8])
def test_it_writes_the_bytes_that_the_official_writer_writes(size):
    kinds = {1: "flags", 2: "half", 4: "body.0.weight", 8: "body.0.bias"}
    kind = TENSORS[kinds[size]].dtype
    tensors = {name: tensor for name, tensor in TENSORS.items() if tensor.dtype == kind}
    tensors["another"] = torch.ones(3, 5, dtype=kind)
    assert written(tensors) == safetensors.torch.save(tensors, metadata={"format": "pt"})


def test_the_official_reader_finds_every_type():
    found = safetensors.torch.load(written(TENSORS))
    assert {name: (t.dtype, t.shape) for name, t in found.items()} == {
        name: (t.dtype, t.shape) for name, t in TENSORS.items()
    }
    assert all(torch.equal(found[name].nan_to_num(), TENSORS[name].nan_to_num()) for name in found)


def test_the_official_reader_finds_every_bit_whatever_the_strides():
    laid = {
        "turned": torch.arange(6.0).reshape(2, 3).t(),
        "channels last": torch.rand(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "every other": torch.arange(10)[::2],
        "spread": torch.tensor([3.0]).expand(4),
        "learned": torch.nn.Parameter(torch.ones(2)),
    }
    found = safetensors.torch.load(written(laid))
    assert all(torch.equal(found[name], laid[name]) for name in laid)


def test_our_strict_judge_takes_it_for_weights(tmp_path):
    path = tmp_path / "model.safetensors"
    weights = {"body.0.weight": TENSORS["body.0.weight"], "half": TENSORS["half"]}
    path.write_bytes(written(weights))
    found = open_weights(path).read().tensors
    assert np.array_equal(found["body.0.weight"], weights["body.0.weight"].numpy())


def test_no_tensor_at_all_is_a_file_too(tmp_path):
    (tmp_path / "empty").write_bytes(written({}))
    assert read_tensors(tmp_path / "empty") == {}


def test_a_tensor_on_the_cpu_is_written_from_where_it_lies():
    tensor = torch.rand(1000)
    _, piece = tensor_pieces({"large": tensor})
    assert np.shares_memory(np.asarray(piece), tensor.numpy())


def test_what_is_read_does_not_hang_on_the_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(written({"a": torch.ones(1000)}))
    found = read_tensors(path)["a"]
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size))
    assert torch.equal(found, torch.ones(1000)) and found.data_ptr() % 16 == 0


def test_sizes_are_those_of_the_tensors():
    assert tensor_bytes(TENSORS) == sum(t.numel() * t.element_size() for t in TENSORS.values())
    assert tensor_bytes({}) == 0


@pytest.mark.parametrize("kind", ["complex", "sparse"])
def test_a_type_that_no_file_has_is_refused_before_anything_is_written(kind):
    tensor = torch.ones(2, dtype=torch.complex64) if kind == "complex" else torch.eye(2).to_sparse()
    with pytest.raises(ParameterError) as refusal:
        next(tensor_pieces({"good": torch.ones(1), "odd": tensor}))
    assert refusal.value.code == "E004" and refusal.value.cause.startswith("odd holds torch.")
