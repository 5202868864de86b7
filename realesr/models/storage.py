"""Where a tensor lies in a file, and reading it from there as float32.

The formats this project reads (safetensors, both kinds of ``.pth``) differ in how they list their
tensors; once listed, every tensor is a stretch of bytes with a type, a shape and strides.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from math import prod
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from realesr.errors import ModelError

BYTES_PER_ITEM = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1,
    "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1, "C64": 8,
}  # fmt: skip
_RAW_TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}

MAX_TENSORS = 10_000
_MAX_BYTES = 2 << 30


@dataclass(frozen=True)
class Storage:
    """A stretch of ``count`` items in a file, from byte ``start``."""

    dtype: str
    start: int
    count: int
    crc32: int | None = None

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self.count * BYTES_PER_ITEM[self.dtype]


@dataclass(frozen=True)
class StoredTensor:
    """A tensor inside a storage: item ``offset + sum(index * strides)`` is its item ``index``."""

    storage: Storage
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int = 0

    def fits(self) -> bool:
        """Whether every item lies inside the storage, and no more items than it has.

        >>> one = Storage("F32", 0, 6)
        >>> StoredTensor(one, (2, 3), (3, 1)).fits(), StoredTensor(one, (2, 3), (3, 1), 1).fits()
        (True, False)
        """
        if prod(self.shape) == 0:
            return True
        steps = zip(self.shape, self.strides, strict=True)
        last = self.offset + sum((side - 1) * stride for side, stride in steps)
        return last < self.storage.count and prod(self.shape) <= self.storage.count


def contiguous(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides, in items, of an array in C order.

    >>> contiguous((2, 3, 4))
    (12, 4, 1)
    """
    return tuple(prod(shape[axis + 1 :]) for axis in range(len(shape)))


@dataclass
class TensorReader:
    """Reads tensors out of one open file, each storage once."""

    file: BinaryIO
    name: str
    _storages: dict[Storage, NDArray[np.float32]] = field(default_factory=dict)

    def read_all(self, tensors: dict[str, StoredTensor]) -> dict[str, NDArray[np.float32]]:
        """Every tensor as a writable float32 array, proved finite and not all zero.

        Raises:
            ModelError: E202 when the file ends early, E203 when a checksum does not match, E204 for
                NaN, infinite or only zero weights, E205 for a type or a size no upscaler has.
        """
        total = sum(prod(tensor.shape) for tensor in tensors.values()) * 4
        stored = sum(storage.count for storage in {t.storage for t in tensors.values()}) * 4
        if total > 4 * stored:
            raise ModelError(
                "E203",
                f"the tensors of {self.name} overlap many times over: {megabytes(stored)} would "
                f"become {megabytes(total)}.",
                "Delete it and fetch it again.",
            )
        if total > _MAX_BYTES:
            raise ModelError(
                "E205",
                f"{self.name} holds {total / 1e9:.1f} GB of weights; upscalers stay under 2 GB.",
                "Choose another file.",
            )
        arrays = {}
        for name, tensor in tensors.items():
            arrays[name] = self._view(name, tensor)
            self._judge(name, arrays[name])
        if not any(array.any() for array in arrays.values()):
            raise ModelError(
                "E204",
                f"every weight in {self.name} is zero.",
                "The training run that made it failed; use an earlier file of it.",
            )
        return arrays

    def _view(self, name: str, tensor: StoredTensor) -> NDArray[np.float32]:
        if tensor.storage.dtype not in _RAW_TYPES:
            raise ModelError(
                "E205",
                f"tensor {name} of {self.name} holds {tensor.storage.dtype}; "
                "an upscaler here is F16, BF16, F32 or F64.",
                "Choose another file.",
            )
        if tensor.storage not in self._storages:
            self._storages[tensor.storage] = self._load(tensor.storage)
        items = self._storages[tensor.storage][tensor.offset :]
        strides = tuple(stride * items.itemsize for stride in tensor.strides)
        view = np.lib.stride_tricks.as_strided(items, tensor.shape, strides)
        return np.ascontiguousarray(view).reshape(tensor.shape)

    def _load(self, storage: Storage) -> NDArray[np.float32]:
        raw = np.empty(storage.count, _RAW_TYPES[storage.dtype])
        self.file.seek(storage.start)
        if _fill(self.file, raw) < storage.size:
            raise cut(self.name, self.file.seek(0, 2), storage.start + storage.size)
        if storage.crc32 is not None and zlib.crc32(raw.view(np.uint8).data) != storage.crc32:
            raise ModelError(
                "E203",
                f"{self.name} is damaged (bad checksum at byte {storage.start:,}).",
                "Delete it and fetch it again.",
            )
        if storage.dtype == "BF16":
            raw = (raw.astype("<u4") << 16).view("<f4")
        with np.errstate(over="ignore", invalid="ignore"):
            return raw.astype(np.float32, copy=False)

    def _judge(self, name: str, array: NDArray[np.float32]) -> None:
        missing = int(np.isnan(array).sum())
        infinite = int(array.size - np.isfinite(array).sum()) - missing
        if missing or infinite:
            what = f"{missing:,} NaN" if missing else f"{infinite:,} infinite values"
            raise ModelError(
                "E204",
                f"tensor {name} of {self.name} holds {what}.",
                "The training run that made it failed; use an earlier file of it.",
            )


def cut(name: str, actual: int, expected: int | None = None) -> ModelError:
    """The refusal of a file that ends too early.

    >>> cut("m.safetensors", 31_200_000, 63_900_000).cause
    'm.safetensors is 31.2 MB of 63.9 MB.'
    """
    if expected is None:
        cause = f"{name} stops in the middle, after {megabytes(actual)}."
    else:
        cause = f"{name} is {megabytes(actual)} of {megabytes(expected)}."
    return ModelError("E202", cause, "Delete it and fetch it again.")


def megabytes(size: int) -> str:
    """A size a person can compare.

    >>> megabytes(31_200_000), megabytes(812)
    ('31.2 MB', '812 bytes')
    """
    return f"{size / 1e6:.1f} MB" if size >= 1_000_000 else f"{size:,} bytes"


def _fill(file: BinaryIO, array: NDArray[np.generic]) -> int:
    """Read into an array until it is full or the file ends; how many bytes came."""
    goal, done = array.view(np.uint8).data, 0
    while done < len(goal):
        count = file.readinto(goal[done:])  # type: ignore[attr-defined]
        if not count:
            break
        done += count
    return done


def printable(text: str, limit: int = 80) -> str:
    r"""Text from a source nobody vouches for: short, and without control characters.

    >>> printable("a\x1b[31mb")
    'a?[31mb'
    """
    return "".join(c if c.isprintable() else "?" for c in text[:limit])
