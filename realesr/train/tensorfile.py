"""Tensors to and from a safetensors file, one at a time.

The official writer wants every tensor in memory as bytes and hides its calls to the disk. This one
hands out the header and then each tensor as it is reached, so that saving a large network needs
memory for its largest tensor only, and the sha256 is known when the last byte is written.

Reference: https://github.com/huggingface/safetensors, section "Format".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor

from realesr.errors import ParameterError

_TYPES = {
    torch.float64: "F64", torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16",
    torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8",
    torch.uint8: "U8", torch.bool: "BOOL",
}  # fmt: skip


def tensor_bytes(tensors: Mapping[str, Tensor]) -> int:
    """Bytes of all tensors together, without the header.

    >>> tensor_bytes({"weight": torch.zeros(3, 4), "steps": torch.tensor(7)})
    56
    """
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())


def tensor_pieces(tensors: Mapping[str, Tensor]) -> Iterator[bytes | memoryview]:
    """The bytes of a safetensors file: its header, then tensor after tensor.

    Args:
        tensors: By name; any device, any strides. They must not change before the last piece.

    Raises:
        ParameterError: E004 for a tensor of a type that safetensors does not have.
    """
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    # Widest items first, as the official writer does, so that each tensor starts aligned.
    names = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))
    reached = 0
    for name in names:
        tensor = tensors[name]
        if tensor.dtype not in _TYPES or tensor.layout != torch.strided:
            kind = tensor.dtype if tensor.layout == torch.strided else tensor.layout
            raise ParameterError(
                "E004",
                f"{name} holds {kind}, which no safetensors file can.",
                "Keep it in another type.",
            )
        end = reached + tensor.numel() * tensor.element_size()
        header[name] = {
            "dtype": _TYPES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [reached, end],
        }
        reached = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    yield len(text).to_bytes(8, "little") + text
    for name in names:
        flat = tensors[name].detach().cpu().contiguous().reshape(-1)
        if flat.numel():
            yield flat.view(torch.uint8).numpy().data


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Every tensor of a safetensors file, on the CPU, in memory of its own.

    Memory of its own, because a tensor that still lies in a file on the disk would change or vanish
    with it, and may start at an address that makes other instructions round another way.
    """
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name).clone() for name in file.keys()}
