"""Pictures in object storage, by an address such as ``s3://bucket/photos``: any that fsspec knows.

Each picture is read where it is worked on, so machines of a cluster need no folder in common.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import fsspec  # type: ignore[import-untyped]

from data_tools.items import NOBODY, Credit, Item, check_bytes
from realesr.errors import ConfigError, NetworkError, ParameterError, PictureError
from realesr.inference.walking import PICTURE_SUFFIXES

_MARKS = ("ETag", "etag", "md5Hash", "md5", "LastModified", "mtime", "created")
"""What storages call the text that changes with a file's contents; the first that is there."""


@dataclass(frozen=True)
class StoredItem:
    """A picture at an address.

    Attributes:
        name: What to call it.
        address: With its protocol.
        mark: Size and version, as the storage lists them.
        credit: Whose it is.
    """

    name: str
    address: str
    mark: str = ""
    credit: Credit = NOBODY
    costly = False

    @property
    def key(self) -> str:
        """Name and version."""
        return f"{self.name} {self.address} {self.mark}"

    def read(self) -> bytes:
        """The bytes.

        Raises:
            PictureError: E100, E101 or E106.
            NetworkError: E605.
        """
        storage, place = _storage(self.address)
        try:
            check_bytes(self.name, int(storage.size(place) or 0))
            return bytes(storage.cat_file(place))
        except FileNotFoundError as error:
            raise PictureError(
                "E100", f"{self.name} is not there.", "Check its address."
            ) from error
        except PictureError:
            raise
        except Exception as error:  # Each storage has errors of its own.
            raise _failed(self.address, error) from error


def stored_items(address: str, label: str, credit: Credit) -> Iterator[Item]:
    """The pictures below an address, by name; hidden ones are passed over.

    Args:
        address: A folder or a picture, with its protocol.
        label: What its pictures' names begin with.
        credit: Of all of them.

    Raises:
        ConfigError: E404 when there is nothing.
        ParameterError: E001 when the package for the protocol is not installed.
        NetworkError: E605.
    """
    storage, root = _storage(address)
    try:
        found = storage.find(root, detail=True)
    except Exception as error:  # Each storage has errors of its own.
        raise _failed(address, error) from error
    if not found:
        raise ConfigError("E404", f"There is no source {address}.", "Check the address.")
    for path, facts in sorted(found.items()):
        inside = path.removeprefix(root).strip("/")
        if any(part.startswith(".") for part in inside.split("/")):
            continue
        if path.lower().endswith(PICTURE_SUFFIXES):
            mark = next((facts[name] for name in _MARKS if facts.get(name)), "")
            name = f"{label}/{inside}" if inside else label
            mark = f"{facts.get('size', '')} {mark}"
            yield StoredItem(name, storage.unstrip_protocol(path), mark, credit)


def _storage(address: str) -> tuple[Any, str]:
    """The storage an address belongs to, and the path there."""
    protocol = address.partition("://")[0]
    try:
        if protocol in ("http", "https"):
            raise ValueError("the web is no storage that can be listed")
        storage, path = fsspec.core.url_to_fs(address)
    except ImportError as error:
        raise ParameterError(
            "E001", f"{protocol}:// needs a package: {error}.", "Install it beside realesr."
        ) from error
    except ValueError as error:
        raise ConfigError(
            "E404", f"{address} is no storage known here: {error}.", "Write s3:// or gs://, say."
        ) from error
    return storage, str(path)


def _failed(address: str, error: Exception) -> NetworkError:
    said = str(error).splitlines()[0] if str(error) else type(error).__name__
    return NetworkError(
        "E605",
        f"{address} cannot be read: {said[:200]}.",
        "Check the address and who may read it; the same command goes on where it was.",
    )
