"""Files from before 2018, like VGG19 of torchvision: torch's first layout, made by Python 2."""

from __future__ import annotations

import io
import pickle
import struct
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch

from realesr.errors import ModelError
from realesr.models.weightfiles import read_weights


class Stored:
    """A storage of float32 in the file."""

    def __init__(self, key: str, values: np.ndarray) -> None:
        self.key, self.values = key, values


class Call:
    """Pickles to a call of anything."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call = function, arguments

    def __reduce__(self):
        return self.call


class Pickler(pickle.Pickler):
    """Names storages as torch did."""

    def persistent_id(self, found: object) -> object:
        if not isinstance(found, Stored):
            return None
        size = found.values.size
        return "storage", torch.FloatStorage, found.key, "cuda:0", size, None


def old_file(path: Path, tensors: dict[str, np.ndarray], pairs: object = None) -> Path:
    """Writes ``_rebuild_tensor`` and an OrderedDict that is given its items as one list."""
    stored = [Stored(str(1000 + index), each) for index, each in enumerate(tensors.values())]
    items = [
        [name, Call(torch._utils._rebuild_tensor, place, 0, array.shape, strides(array))]
        for (name, array), place in zip(tensors.items(), stored, strict=True)
    ]
    stream = io.BytesIO()
    machine = {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}
    for part in (0x1950A86A20F9469CFC6C, 1001, machine):
        pickle.dump(part, stream, protocol=2)
    Pickler(stream, protocol=2).dump(Call(OrderedDict, items if pairs is None else pairs))
    pickle.dump([each.key for each in stored], stream, protocol=2)
    for each in stored:
        stream.write(struct.pack("<q", each.values.size) + each.values.tobytes())
    path.write_bytes(stream.getvalue())
    return path


def strides(array: np.ndarray) -> tuple[int, ...]:
    return tuple(step // array.itemsize for step in array.strides)


def test_an_old_file_is_read_as_torch_reads_it(tmp_path):
    random = np.random.default_rng(0)
    tensors = {
        "features.0.weight": random.random((4, 3, 3, 3), np.float32),
        "features.0.bias": random.random(4, np.float32),
    }
    path = old_file(tmp_path / "vgg19.pth", tensors)
    by_torch = torch.load(path, map_location="cpu", weights_only=False)
    found = read_weights(path).tensors
    assert set(found) == set(by_torch) == set(tensors)
    for name, array in tensors.items():
        np.testing.assert_array_equal(found[name], array)
        np.testing.assert_array_equal(by_torch[name].numpy(), array)


@pytest.mark.parametrize("pairs", ["ab", 7, [1, 2], [["a"]], [[("a",), 1]], {"ab": 1}])
def test_pairs_that_are_none_are_damage(tmp_path, pairs):
    path = old_file(tmp_path / "bad.pth", {"a": np.ones(3, np.float32)}, pairs)
    with pytest.raises(ModelError, match="E203"):
        read_weights(path)
