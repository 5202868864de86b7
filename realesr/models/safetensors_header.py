"""The header of a safetensors file, checked line by line before a byte of it is believed.

Layout: eight bytes with the header's length, the header (JSON: name to dtype, shape and byte
range), then the tensors. The reference reader accepts a header that starts with a space, duplicate
names, ``../`` in names and any number of tensors; here each of them is a refusal.

Reference: https://github.com/huggingface/safetensors, section "Format".
"""

from __future__ import annotations

import json
import re
from math import prod
from typing import Any, BinaryIO

from realesr.errors import ModelError
from realesr.models.storage import (
    BYTES_PER_ITEM,
    MAX_TENSORS,
    Storage,
    StoredTensor,
    contiguous,
    cut,
)

_MAX_HEADER = 3_000_000  # 10,000 tensors need about 2 MB; more would only cost memory to refuse
_MAX_DIMENSIONS = 8
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,512}")


class _MalformedError(Exception):
    """What is wrong with a header, in words."""


def read_safetensors(
    file: BinaryIO, size: int, name: str
) -> tuple[dict[str, StoredTensor], dict[str, str]]:
    """The tensors of a safetensors file, in file order, and its metadata; no tensor is read.

    Args:
        file: The open file.
        size: Its length in bytes.
        name: What to call it in a refusal.

    Raises:
        ModelError: E202 when the file is cut, E203 when the header cannot be true.
    """
    length = int.from_bytes(file.read(8), "little")
    if size < 8 or (length <= _MAX_HEADER and 8 + length > size):
        raise cut(name, size)
    if not 2 <= length <= _MAX_HEADER:
        raise _refusal(name, f"an impossible header (length {length:,})")
    try:
        tensors, metadata = _entries(_parse(file.read(length)), start=8 + length)
        _check_cover(tensors, 8 + length)
    except _MalformedError as fault:
        raise _refusal(name, str(fault)) from None
    end = max(tensor.storage.start + tensor.storage.size for tensor in tensors.values())
    if end > size:
        raise cut(name, size, end)
    if end < size:
        raise _refusal(name, f"{size - end:,} bytes after its last tensor")
    return tensors, metadata


def _refusal(name: str, fault: str) -> ModelError:
    return ModelError("E203", f"{name} has {fault}.", "Delete it and fetch it again.")


def _parse(header: bytes) -> dict[str, Any]:
    if not header.startswith(b"{"):
        raise _MalformedError("a header that does not start with {")

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if len(fields) < len(pairs):
            raise _MalformedError("the same name twice in its header")
        return fields

    try:
        parsed = json.loads(header.decode("utf-8"), object_pairs_hook=unique)
    except (ValueError, RecursionError):
        raise _MalformedError("a header that is no valid JSON") from None
    assert isinstance(parsed, dict)
    return parsed


def _entries(header: dict[str, Any], start: int) -> tuple[dict[str, StoredTensor], dict[str, str]]:
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise _MalformedError("metadata that is not text")
    if not 1 <= len(header) <= MAX_TENSORS:
        raise _MalformedError(f"{len(header):,} tensors (1 to {MAX_TENSORS:,} are accepted)")
    tensors = {}
    for name, fields in header.items():
        if not _NAME.fullmatch(name):
            raise _MalformedError(f"a tensor with the name {name[:60]!a}")
        tensors[name] = _entry(name, fields, start)
    return tensors, metadata


def _entry(name: str, fields: Any, start: int) -> StoredTensor:
    if not isinstance(fields, dict) or set(fields) != {"dtype", "shape", "data_offsets"}:
        raise _MalformedError(f"no dtype, shape and data_offsets for tensor {name}")
    dtype, shape, offsets = fields["dtype"], fields["shape"], fields["data_offsets"]
    if not isinstance(dtype, str) or dtype not in BYTES_PER_ITEM:
        raise _MalformedError(f"an unknown dtype for tensor {name}")
    if not _whole(shape) or len(shape) > _MAX_DIMENSIONS:
        raise _MalformedError(f"an impossible shape for tensor {name}")
    if not _whole(offsets) or len(offsets) != 2:
        raise _MalformedError(f"impossible data_offsets for tensor {name}")
    count, (begin, end) = prod(shape), offsets
    if end - begin != count * BYTES_PER_ITEM[dtype]:
        raise _MalformedError(f"a tensor {name} whose shape does not fill its bytes")
    return StoredTensor(Storage(dtype, start + begin, count), tuple(shape), contiguous(shape))


def _whole(numbers: Any) -> bool:
    """Whether this is a list of integers from 0 to 2**63."""
    return isinstance(numbers, list) and all(
        type(number) is int and 0 <= number < 1 << 63 for number in numbers
    )


def _check_cover(tensors: dict[str, StoredTensor], start: int) -> None:
    """Every byte after the header belongs to one tensor, so nothing else can hide in the file."""
    reached = start
    spans = sorted((t.storage.start, t.storage.size, name) for name, t in tensors.items())
    for begin, size, name in spans:
        if begin != reached:
            fault = "overlaps another" if begin < reached else "leaves a hole before it"
            raise _MalformedError(f"a tensor {name} that {fault}")
        reached = begin + size
