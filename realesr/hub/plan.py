"""What is to be published, where and under which names: all of it known before anything is sent."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from realesr.errors import ParameterError
from realesr.hub.leaks import Content
from realesr.hub.refusals import hub_address
from realesr.hub.store import blob_hash
from realesr.models.hub_files import is_hub_id

SUMS = "SHA256SUMS"
CARD = "README.md"
Kind = Literal["model", "dataset", "space"]
_ADDRESS = re.compile(
    r"(https?://[^/\s]+|(www\.)?huggingface\.co)/((models|datasets|spaces)/)?"
    r"(?P<id>[^/\s@]+/[^/\s@?#]+)([/?#].*)?"
)
_PREFIX = {"model": "", "dataset": "datasets/", "space": "spaces/"}


@dataclass(frozen=True)
class Plan:
    """One repository as it shall be.

    ``SHA256SUMS`` is added to the files: whoever fetches them can check them with ``sha256sum -c``,
    and a later push knows which files an earlier one brought.

    Attributes:
        repository: ``user/name``.
        kind: What it is on the Hub.
        given: Files or their contents by the path they get.
        message: First line of the commit.
        public: Whether everyone shall see it.

    Raises:
        ParameterError: E001 when the repository has no such name.
    """

    repository: str
    kind: Kind
    given: Mapping[str, Content] = field(repr=False)
    message: str
    public: bool = False

    def __post_init__(self) -> None:
        check_name(self.repository)

    @cached_property
    def sums(self) -> dict[str, str]:
        """The sha256 of each file given, by path."""
        return {path: _sha256(content) for path, content in sorted(self.given.items())}

    @cached_property
    def files(self) -> dict[str, Content]:
        """Every file that is published, ``SHA256SUMS`` the last."""
        text = "".join(f"{digest}  {path}\n" for path, digest in self.sums.items())
        return {**dict(sorted(self.given.items())), SUMS: text.encode()}

    @property
    def digest(self) -> str:
        """Equal for equal plans."""
        told = f"{self.kind} {self.repository} {sorted(self.sums.items())}"
        return hashlib.sha256(told.encode()).hexdigest()

    def size(self, path: str) -> int:
        """The length of a file in bytes."""
        content = self.files[path]
        return len(content) if isinstance(content, bytes) else content.stat().st_size

    @property
    def total(self) -> int:
        """The length of all files together."""
        return sum(self.size(path) for path in self.files)

    def holds(self, path: str, sha256: str | None, blob: str) -> bool:
        """Whether a file of the Hub is the planned one.

        Args:
            path: Its path.
            sha256: Of a large file; None for another.
            blob: What git calls it.
        """
        if path not in self.files:
            return False
        if sha256 is not None:
            return sha256 == (self.sums.get(path) or _sha256(self.files[path]))
        return blob == blob_hash(self.read(path))

    def read(self, path: str) -> bytes:
        """The contents of a file."""
        content = self.files[path]
        return content if isinstance(content, bytes) else content.read_bytes()

    @property
    def address(self) -> str:
        """Where a person will find it."""
        return f"{hub_address()}/{_PREFIX[self.kind]}{self.repository}"

    def as_dict(self) -> dict[str, object]:
        """Plain values, for ``--json``."""
        listed = [
            {"path": path, "bytes": self.size(path), "sha256": self.sums.get(path)}
            for path in self.files
        ]
        return {
            "repository": self.repository,
            "kind": self.kind,
            "public": self.public,
            "files": listed,
            "bytes": self.total,
        }

    def lines(self) -> Iterator[str]:
        """The plan for a person: the repository, then every file with its size."""
        seen = "seen by everyone" if self.public else "private: seen by you alone"
        yield f"{self.kind} {self.repository} ({seen})"
        for path in self.files:
            yield f"  {self.size(path):>13,} bytes  {path}"
        yield f"  {self.total:>13,} bytes in {len(self.files)} files"


def check_name(repository: str) -> None:
    """Refuse what cannot be the name of a repository.

    Raises:
        ParameterError: E001.

    >>> check_name("ada/old-maps-x4")
    """
    if (address := _ADDRESS.fullmatch(repository)) and is_hub_id(address["id"]):
        raise ParameterError(
            "E001",
            f"{repository!r} is the address of a repository, not its name.",
            f"Write --repo {address['id']}; HF_ENDPOINT names another Hub than huggingface.co.",
        )
    if not is_hub_id(repository) or "@" in repository:
        raise ParameterError(
            "E001",
            f"{repository!r} is no name of a repository.",
            "Write user/name, as in --repo ada/old-maps-x4.",
        )


def read_sums(text: str) -> dict[str, str]:
    r"""The sha256 of each file by path, from ``SHA256SUMS``.

    >>> read_sums("ab" * 32 + "  data/a.parquet\n")["data/a.parquet"][:4]
    'abab'
    """
    pairs = (line.split("  ", 1) for line in text.splitlines() if "  " in line)
    return {path: digest for digest, path in pairs if len(digest) == 64}


def _sha256(content: Content) -> str:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
