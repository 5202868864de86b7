"""The two containers torch has written ``.pth`` files in: since 2020 a zip, before that one stream.

Both end in the same three things: a pickle that lists tensors, storages they lie in, and names
wrapped around the weights by whoever trained them.

Reference: torch's notes on serialization, "Serialized file format for torch.save"; the older
stream is described by ``torch/serialization.py``, ``_legacy_save``.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO

from realesr.errors import ModelError
from realesr.models.pickles import DamagedPickleError, PickleReader
from realesr.models.storage import (
    BYTES_PER_ITEM,
    MAX_TENSORS,
    Storage,
    StoredTensor,
    cut,
    printable,
)

ZIP_START = b"PK\x03\x04"
STREAM_START = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
_MAX_PICKLE = 16 << 20
_MAX_DIRECTORY = 4 << 20
_END_RECORD = 22
_MAX_DEPTH = 8
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]")
_WRAPPERS = ("params_ema", "params", "state_dict")


def read_zip(file: BinaryIO, size: int, name: str) -> dict[str, StoredTensor]:
    """The tensors of a zipped ``.pth`` file; no tensor is read.

    Args:
        file: The open file.
        size: Its length in bytes.
        name: What to call it in a refusal.

    Raises:
        ModelError: E201 for a pickle that asks to run something, E202 when the file is cut, E203
            when it is damaged, E205 when it holds no weights.
    """
    directory = _directory_size(file, size)
    if directory is None:
        raise cut(name, size)
    if directory > _MAX_DIRECTORY:
        raise _damaged(name, "a directory of more entries than weights have")
    try:
        listed = zipfile.ZipFile(file).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError, struct.error):
        raise _damaged(name, "its directory of entries cannot be read") from None
    entries = {entry.filename: entry for entry in listed}
    if len(entries) < len(listed):
        raise _damaged(name, "the same entry twice")
    listings = [entry for entry in entries if entry.rpartition("/")[2] == "data.pkl"]
    if any("/code/" in entry or entry.endswith("constants.pkl") for entry in entries):
        raise ModelError(
            "E201",
            f"{name} is a TorchScript program, not only weights. It was not run.",
            "Ask its author for a .safetensors file.",
        )
    if len(listings) != 1:
        raise ModelError(
            "E210",
            f"{name} is a zip archive without weights.",
            "Unpack it and choose the .safetensors or .pth file inside.",
        )
    root = listings[0].removesuffix("data.pkl")
    if sum(entry.file_size for entry in entries.values()) > size:
        raise _damaged(name, "entries larger than the file")
    order = entries.get(f"{root}byteorder")
    if order and _stored(file, order, name, 16) != b"little":
        raise _damaged(name, "weights in big-endian byte order")

    def locate(dtype: str, key: str, count: int) -> Storage:
        entry = entries.get(f"{root}data/{key}")
        if entry is None or entry.file_size != count * BYTES_PER_ITEM[dtype]:
            raise DamagedPickleError(f"no storage of the size it names ({key[:20]!a})")
        return Storage(dtype, _start(file, entry, name), count, entry.CRC)

    listing = io.BytesIO(_stored(file, entries[listings[0]], name, _MAX_PICKLE))
    try:
        return unwrap(PickleReader(name, locate).read(listing), name)
    except DamagedPickleError as fault:
        raise _damaged(name, str(fault)) from None


def read_stream(file: BinaryIO, size: int, name: str) -> dict[str, StoredTensor]:
    """The tensors of a ``.pth`` file from before 2020; no tensor is read.

    Five pickles (a magic number, a version, the machine, the object, the order of the storages) and
    then each storage with its length before it. Arguments and refusals as ``read_zip``.
    """
    file.seek(0)
    head = io.BytesIO(file.read(_MAX_PICKLE))
    places: dict[str, Storage] = {}

    def remember(dtype: str, key: str, count: int) -> Storage:
        # Where it lies is only known once the order is; nothing is read before that.
        storage = places.setdefault(key, Storage(dtype, len(places), count))
        if (storage.dtype, storage.count) != (dtype, count):
            raise DamagedPickleError("a storage with two types")
        return storage

    reader = PickleReader(name, remember)
    try:
        _magic, _version, machine, listed = (reader.read(head) for _ in range(4))
        order = reader.read(head)
        if not isinstance(machine, dict) or machine.get("little_endian") is not True:
            raise DamagedPickleError("weights in big-endian byte order")
        if not isinstance(order, list) or set(places) != set(order) or len(order) != len(places):
            raise DamagedPickleError("storages out of order")
    except (DamagedPickleError, TypeError) as fault:
        if head.tell() >= size:
            raise cut(name, size) from None
        raise _damaged(name, str(fault)) from None
    moved: dict[Storage, Storage] = {}
    start = head.tell()
    for key in order:
        storage = places[key]
        moved[storage] = Storage(storage.dtype, start + 8, storage.count)
        start += 8 + storage.size
    if start > size:
        raise cut(name, size, start)
    return {
        key: StoredTensor(moved[tensor.storage], tensor.shape, tensor.strides, tensor.offset)
        for key, tensor in unwrap(listed, name).items()
    }


def read_bare_pickle(file: BinaryIO, name: str) -> dict[str, StoredTensor]:
    """A pickle outside torch's containers: never weights, but it names what it would run.

    Raises:
        ModelError: E201 for a pickle that asks to run something, E210 for any other.
        DamagedPickleError: When it is no pickle.
    """
    file.seek(0)

    def nowhere(dtype: str, key: str, count: int) -> Storage:
        raise DamagedPickleError("a storage outside any container")

    PickleReader(name, nowhere).read(io.BytesIO(file.read(_MAX_PICKLE)))
    raise ModelError(
        "E210", f"{name} is a Python pickle without weights.", "Choose a .safetensors file."
    )


def unwrap(listed: Any, name: str) -> dict[str, StoredTensor]:
    """The weights inside whatever a trainer wrapped around them, by parameter name.

    ``params_ema`` (the smoothed weights, which look better) comes before ``params``; what is nested
    beyond that is flattened with dots, so that a stranger can still be described.
    """
    for wrapper in _WRAPPERS:
        if isinstance(listed, dict) and isinstance(listed.get(wrapper), dict):
            listed = listed[wrapper]
    tensors = {_NOT_IN_NAMES.sub("?", path): t for path, t in _flat(listed, "", set(), 0)}
    if not tensors:
        held = [str(key) for key in listed][:4] if isinstance(listed, dict) else []
        inside = f" (it holds {printable(', '.join(held))})" if held else ""
        raise ModelError(
            "E205", f"{name} holds no weights{inside}.", "Choose the file of the trained network."
        )
    if not isinstance(listed, dict):
        inside = "one tensor" if isinstance(listed, StoredTensor) else "a list of tensors"
        raise ModelError(
            "E205",
            f"{name} holds {inside} without names; the weights of a network have names.",
            "Choose the file of the trained network.",
        )
    if len(tensors) > MAX_TENSORS:
        raise _damaged(name, f"{len(tensors):,} tensors ({MAX_TENSORS:,} are accepted)")
    return tensors


def _flat(
    value: Any, prefix: str, seen: set[int], depth: int
) -> Iterator[tuple[str, StoredTensor]]:
    if isinstance(value, StoredTensor):
        yield prefix, value
    elif isinstance(value, dict | list) and id(value) not in seen and depth < _MAX_DEPTH:
        seen.add(id(value))
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in pairs:
            path = f"{prefix}.{key}" if prefix else str(key)
            yield from _flat(inner, path[:512], seen, depth + 1)


def _directory_size(file: BinaryIO, size: int) -> int | None:
    """What a zip says its directory takes, from the record at its end; None without one."""
    file.seek(max(0, size - 70_000))
    tail = file.read()
    end, large = tail.rfind(b"PK\x05\x06"), tail.rfind(b"PK\x06\x06")
    if end < 0 or end + _END_RECORD > len(tail):
        return None
    small = int.from_bytes(tail[end + 12 : end + 16], "little")
    if small < 0xFFFFFFFF or large < 0:
        return small
    return int.from_bytes(tail[large + 40 : large + 48], "little")


def _start(file: BinaryIO, entry: zipfile.ZipInfo, name: str) -> int:
    """Where a stored entry's bytes begin: after its own header, whose length only it knows."""
    file.seek(entry.header_offset)
    header = file.read(30)
    if len(header) < 30 or not header.startswith(ZIP_START) or entry.compress_type:
        raise _damaged(name, f"an entry torch does not write ({entry.filename[:40]!a})")
    return entry.header_offset + 30 + header[26] + 256 * header[27] + header[28] + 256 * header[29]


def _stored(file: BinaryIO, entry: zipfile.ZipInfo, name: str, limit: int) -> bytes:
    if entry.file_size > limit:
        raise _damaged(name, f"{entry.file_size:,} bytes in {entry.filename[:40]!a}")
    file.seek(_start(file, entry, name))
    return file.read(entry.file_size)


def _damaged(name: str, fault: str) -> ModelError:
    return ModelError("E203", f"{name} is damaged: {fault}.", "Delete it and fetch it again.")
