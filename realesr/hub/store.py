"""What a Hub keeps: repositories with commits, branches and pull requests, and large files.

Plain data behind one lock, no HTTP: the answers to requests are in ``realesr.hub.answers``.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_LARGE = (".safetensors", ".parquet", ".png", ".jpg", ".jpeg", ".webp", ".tif", ".bin", ".tar")
_LARGE_BYTES = 10 << 20  # as on the Hub, any other file becomes a large one at 10 MB

Files = dict[str, bytes]


class RefusalError(Exception):
    """An answer other than 200.

    Args:
        status: Of HTTP.
        code: The Hub's word for it, such as ``"RepoNotFound"``; empty where it has none.
        message: For a person.
    """

    def __init__(self, status: int, code: str = "", message: str = "") -> None:
        super().__init__(status, code, message)
        self.status, self.code, self.message = status, code, message


@dataclass
class Repository:
    """One repository.

    Attributes:
        private: Whether only its owner sees it.
        commits: Files by path, by commit; a commit never changes.
        branches: The newest commit of each branch, tag and pull request.
        parents: Each commit's parent.
        requests: Pull requests and discussions, by number from 1.
    """

    private: bool = False
    commits: dict[str, Files] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str | None] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)

    def head(self, revision: str) -> str:
        """The commit that a branch, tag or hash means.

        Raises:
            RefusalError: 404 RevisionNotFound.
        """
        commit = self.branches.get(revision, revision)
        if commit not in self.commits:
            raise RefusalError(404, "RevisionNotFound")
        return commit

    def add(self, name: str, files: Mapping[str, bytes], branch: str) -> str:
        """A new commit with these files as the head of a branch."""
        told = b"".join(
            path.encode() + b"\0" + hashlib.sha256(data).digest() for path, data in files.items()
        )
        start = f"{name} {len(self.commits)} ".encode()
        commit = hashlib.sha1(start + told).hexdigest()
        self.commits[commit] = dict(files)
        self.parents[commit] = self.branches.get(branch)
        self.branches[branch] = commit
        return commit


class Store:
    """Every repository, by ``user/name`` with ``datasets/`` or ``spaces/`` before it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.repositories: dict[str, Repository] = {}
        self.large: dict[str, bytes] = {}

    def find(self, name: str) -> Repository:
        """The repository of that name.

        Raises:
            RefusalError: 404 RepoNotFound.
        """
        if name not in self.repositories:
            raise RefusalError(404, "RepoNotFound")
        return self.repositories[name]

    def create(self, name: str, *, private: bool) -> None:
        """A new repository with one empty commit.

        Raises:
            RefusalError: 409 when there is one.
        """
        if name in self.repositories:
            raise RefusalError(409, "", "You already created this repository.")
        self.repositories[name] = Repository(private=private)
        self.repositories[name].add(name, {".gitattributes": b""}, "main")

    def apply(self, name: str, branch: str, lines: list[dict[str, Any]]) -> str:
        """One commit as the client sends it: a header line, then a line for each file.

        Returns:
            The new commit.

        Raises:
            RefusalError: 412 when the branch is not at the parent that was named, 400 for a large
                file that was never sent.
        """
        repository = self.find(name)
        header = next(line["value"] for line in lines if line["key"] == "header")
        head = repository.head(branch)
        if header.get("parentCommit") not in (None, head):
            raise RefusalError(412, "", "A commit has happened since. Please refresh.")
        files = dict(repository.commits[head])
        for line in lines:
            _CHANGES[line["key"]](self, files, line["value"])
        return repository.add(name, files, branch)


def _file(store: Store, files: Files, value: Mapping[str, Any]) -> None:
    import base64

    files[value["path"]] = base64.b64decode(value["content"])


def _large_file(store: Store, files: Files, value: Mapping[str, Any]) -> None:
    if value["oid"] not in store.large:
        raise RefusalError(400, "", f"The content of {value['path']} was not uploaded.")
    files[value["path"]] = store.large[value["oid"]]


def _deleted(store: Store, files: Files, value: Mapping[str, Any]) -> None:
    if files.pop(value["path"], None) is None:
        raise RefusalError(404, "EntryNotFound", "A file with this name doesn't exist")


def _deleted_folder(store: Store, files: Files, value: Mapping[str, Any]) -> None:
    folder = value["path"].rstrip("/") + "/"
    for path in [path for path in files if path.startswith(folder)]:
        del files[path]


def _nothing(store: Store, files: Files, value: Mapping[str, Any]) -> None:
    """The header changes no file."""


_CHANGES: dict[str, Callable[[Store, Files, Mapping[str, Any]], None]] = {
    "header": _nothing,
    "file": _file,
    "lfsFile": _large_file,
    "deletedFile": _deleted,
    "deletedFolder": _deleted_folder,
}


def is_large(path: str, size: int) -> bool:
    """Whether a file goes the way of large files: sent first, named by its sha256 in a commit.

    >>> is_large("model.safetensors", 10), is_large("README.md", 10)
    (True, False)
    """
    return size > 0 and (path.lower().endswith(_LARGE) or size > _LARGE_BYTES)


def blob_hash(data: bytes) -> str:
    r"""What git calls a file of these bytes.

    >>> blob_hash(b"hello\n")
    'ce013625030ba8dba906f756967f9e9ca394464a'
    """
    return hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()


def entry(path: str, data: bytes) -> dict[str, Any]:
    """A file as the Hub lists it."""
    listed = {"type": "file", "path": path, "size": len(data), "oid": blob_hash(data)}
    if is_large(path, len(data)):
        sha256 = hashlib.sha256(data).hexdigest()
        listed["lfs"] = {"oid": sha256, "size": len(data), "pointerSize": 134}
    return listed
