"""Making weight files for tests, and expecting refusals."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, settings

from realesr.errors import ModelError
from realesr.models.weightfiles import read_weights

MANY = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def network() -> OrderedDict[str, torch.Tensor]:
    """The weights of two convolutions."""
    generator = torch.Generator().manual_seed(0)
    return OrderedDict(
        (name, torch.randn(shape, generator=generator))
        for name, shape in [
            ("body.0.weight", (8, 3, 3, 3)),
            ("body.0.bias", (8,)),
            ("body.2.weight", (12, 8, 3, 3)),
            ("body.2.bias", (12,)),
        ]
    )


def save(kind: str, content: object, path: Path) -> Path:
    """Write with the format's own library."""
    if kind == "safetensors":
        safetensors.torch.save_file(dict(content), path)
    else:
        torch.save(content, path, _use_new_zipfile_serialization=kind == "zip")
    return path


def refusal(path: Path, door: Callable[[Path], object] = read_weights) -> ModelError:
    """The refusal of a file, which must be a sentence with a next step."""
    with pytest.raises(ModelError) as caught:
        door(path)
    assert caught.value.cause.endswith((".", ").")) and caught.value.next_step.endswith(".")
    assert "weights_only" not in str(caught.value)
    return caught.value


def header(entries: dict[str, object] | str, body: bytes = b"", *, length: int | None = None):
    """A safetensors file with whatever header is asked for."""
    text = (entries if isinstance(entries, str) else json.dumps(entries)).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


ONE = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
BODY = np.array([1, 2], "<f4").tobytes()


def zipped(listing: bytes, name: str = "m/data.pkl") -> bytes:
    """A torch zip around a listing."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, listing)
        archive.writestr("m/version", "3\n")
        archive.writestr("m/data/0", bytes(4))
    return stream.getvalue()
