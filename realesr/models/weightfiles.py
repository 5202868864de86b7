"""The one door for weight files: judged before it is trusted, read without running anything.

``open_weights`` looks at names and shapes only and costs milliseconds, so a stranger of ten
gigabytes is refused at once; ``read`` then gives the values. Neither needs torch. What a file is,
its contents say; its extension is not asked.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from realesr.downloads import file_digest
from realesr.errors import ModelError
from realesr.models.checkpoints import (
    STREAM_START,
    ZIP_START,
    read_bare_pickle,
    read_stream,
    read_zip,
)
from realesr.models.pickles import DamagedPickleError
from realesr.models.safetensors_header import read_safetensors
from realesr.models.storage import StoredTensor, TensorReader, cut, printable
from realesr.models.strangers import describe_stranger, recognise

__all__ = [
    "Weights",
    "WeightsFile",
    "describe_stranger",
    "file_digest",
    "open_weights",
    "read_weights",
]

_PREFIX = re.compile(r"^module\.")


@dataclass(frozen=True)
class Weights:
    """The values of a weights file.

    Attributes:
        tensors: Writable float32 arrays in C order, by parameter name; finite and not all zero.
        metadata: What a safetensors file says about itself: words, not facts.
    """

    tensors: dict[str, NDArray[np.float32]]
    metadata: dict[str, str]


@dataclass(frozen=True)
class WeightsFile:
    """A file that was found to hold weights; their values are still in it.

    Attributes:
        path: The file.
        stored: Where each tensor lies, by parameter name.
        metadata: What a safetensors file says about itself: words, not facts.
    """

    path: Path
    stored: dict[str, StoredTensor]
    metadata: dict[str, str]

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every tensor, by parameter name."""
        return {name: tensor.shape for name, tensor in self.stored.items()}

    def read(self) -> Weights:
        """The values.

        Raises:
            ModelError: E202 (cut), E203 (damaged), E204 (NaN, infinite or only zero weights), E205
                (a type or size no upscaler has).
        """
        with _opened(self.path) as (file, _):
            return Weights(
                TensorReader(file, printable(self.path.name)).read_all(self.stored), self.metadata
            )


def open_weights(path: str | Path) -> WeightsFile:
    """The names and shapes in a weights file: .safetensors, or .pth of either kind.

    Of a ``.pth`` file the smoothed weights (``params_ema``) are taken where it has them. A prefix
    ``module.``, which training on several devices leaves, is dropped.

    Raises:
        ModelError: E201 when it asks to run something, E202 when it is cut, E203 when it is
            damaged, E205 when it holds no weights, E209 when it is not there, E210 when it is
            another kind of file.
    """
    path = Path(path)
    with _opened(path) as (file, size):
        tensors, metadata = _listed(file, size, printable(path.name))
    if all(_PREFIX.match(name) for name in tensors):
        tensors = {_PREFIX.sub("", name): tensor for name, tensor in tensors.items()}
    return WeightsFile(path, tensors, metadata)


def read_weights(path: str | Path) -> Weights:
    """The values of a weights file: ``open_weights(path).read()``, with the refusals of both."""
    return open_weights(path).read()


def _listed(file: BinaryIO, size: int, name: str) -> tuple[dict[str, StoredTensor], dict[str, str]]:
    head = file.read(4096)
    file.seek(0)
    if head[8:9] == b"{" and head[4:8] == bytes(4):
        return read_safetensors(file, size, name)
    if head.startswith(ZIP_START):
        return read_zip(file, size, name), {}
    if head.startswith(STREAM_START):
        return read_stream(file, size, name), {}
    if known := recognise(head):
        pointer = known == "a Git LFS pointer"
        raise _no_weights(
            name, f"is {known}", "Run git lfs pull." if pointer else "Fetch the model again."
        )
    try:
        return read_bare_pickle(file, name), {}
    except DamagedPickleError:
        file.seek(0)
    if name.lower().endswith(".safetensors"):
        return read_safetensors(file, size, name)
    if STREAM_START.startswith(head) or ZIP_START.startswith(head):
        raise cut(name, size)
    raise _no_weights(
        name, "is no weights file this lab knows", "Choose a .safetensors or .pth file."
    )


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """The open file and its size, once it is known to be a regular file with something in it."""
    try:
        found = path.stat()
        # Asked before opening: a pipe would keep an open waiting for ever.
        if not stat.S_ISREG(found.st_mode):
            kind = "a folder" if stat.S_ISDIR(found.st_mode) else "not a regular file"
            raise _no_weights(printable(path.name), f"is {kind}", "Name the weights file itself.")
        file = path.open("rb")
    except (OSError, ValueError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else "impossible name"
        name = printable(path.name)
        if isinstance(fault, FileNotFoundError):
            raise ModelError("E209", f"{name} is not there.", "Check the path.") from None
        raise _no_weights(name, f"cannot be read ({reason})", "Check the path.") from None
    with file:
        if not found.st_size:
            raise _no_weights(printable(path.name), "is empty (0 bytes)", "Fetch it again.")
        yield file, found.st_size


def _no_weights(name: str, fault: str, next_step: str) -> ModelError:
    return ModelError("E210", f"{name} {fault}.", next_step)
