"""Data sets of the Hugging Face Hub, read piece by piece: nothing is downloaded whole."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any

from realesr.downloads import is_offline
from realesr.errors import ConfigError, NetworkError, RealesrError
from realesr.train.parquet import ParquetPictures
from realesr.train.pictures import Pictures

_PART = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"
_ADDRESS = re.compile(
    rf"hf://(datasets/)?(?P<repository>{_PART}/{_PART})(@(?P<revision>[^/#@]+))?"
    r"(/(?P<split>[^#]+))?(#(?P<column>.+))?"
)
_CONVERTED = "refs/convert/parquet"


def open_dataset(address: str) -> Pictures:
    """The pictures of a data set of the Hub: the parquet files of one revision.

    Where the author gave other files, the Hub's own conversion to parquet is read.

    Args:
        address: ``hf://user/name``, then ``@revision``, ``/split`` and ``#column`` where wanted.
            Without a split it is ``train`` where there is one, and everything else.

    Raises:
        ConfigError: E404 when there is no such data set, revision, split or column.
        NetworkError: E601 when it needs a login, E604 offline, E605 failed.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise ConfigError(
            "E404",
            f"{address} is no address of a data set.",
            "Write hf://user/name, and behind it @revision, /split or #column where wanted.",
        )
    repository, split = match["repository"], match["split"] or ""
    tables = _tables(repository, (match["revision"] or "").replace("%2F", "/"))
    if not tables and not match["revision"]:
        tables = _tables(repository, _CONVERTED)
    if not tables:
        raise ConfigError(
            "E404",
            f"{repository} holds no parquet files, and the Hub made none of it.",
            "Download it and name its folder.",
        )
    chosen = [table for table in tables if _belongs(table.path, split or "train")]
    if split and not chosen:
        raise ConfigError(
            "E404",
            f"{repository} has no split {split}.",
            f"Its files are {', '.join(table.path for table in tables[:5])}.",
        )
    return ParquetPictures(chosen or tables, match["column"] or "")


def _belongs(path: str, split: str) -> bool:
    """Whether a file is part of a split, by the Hub's conventions for names.

    >>> paths = ("data/train-00000-of-00002.parquet", "train/0.parquet", "training.parquet")
    >>> [_belongs(path, "train") for path in paths]
    [True, True, False]
    """
    return bool(re.search(rf"(^|/){re.escape(split)}([-._/]|$)", path))


@dataclass(frozen=True)
class HubTable:
    """A parquet file of a data set, at one commit."""

    repository: str
    commit: str
    path: str
    size: int
    blob: str

    @property
    def name(self) -> str:
        """The path inside the data set."""
        return self.path

    @property
    def identity(self) -> str:
        """Its contents: the same file of another commit is the same."""
        return f"{self.repository} {self.path} {self.blob}"

    def open(self) -> IO[bytes]:
        """A stream that asks for what is read, no more."""
        return io.BufferedReader(_Ranges(self), 1 << 16)


class _Ranges(io.RawIOBase):
    """The bytes of a file of the Hub, a request for each read."""

    def __init__(self, table: HubTable) -> None:
        self.table, self.place = table, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.place = offset + {0: 0, 1: self.place, 2: self.table.size}[whence]
        return self.place

    def readinto(self, buffer: Any) -> int:
        end = min(self.place + len(buffer), self.table.size)
        if self.place >= end:
            return 0
        data = _asked(self.table, self.place, end)
        buffer[: len(data)] = data
        self.place += len(data)
        return len(data)


def _asked(table: HubTable, start: int, end: int) -> bytes:
    from huggingface_hub import hf_hub_url
    from huggingface_hub.utils import (  # type: ignore[attr-defined]
        build_hf_headers,
        hf_raise_for_status,
        http_backoff,
    )

    _check_online(table.repository)
    url = hf_hub_url(
        table.repository,
        table.path,
        repo_type="dataset",
        revision=table.commit,
        endpoint=os.environ.get("HF_ENDPOINT"),
    )
    headers = build_hf_headers(library_name="realesr") | {"Range": f"bytes={start}-{end - 1}"}
    try:
        answer = http_backoff("GET", url, headers=headers, timeout=60)
        hf_raise_for_status(answer)
    except Exception as fault:  # the client's HTTP library, and so its errors, change with versions
        raise _translated(fault, table.repository) from None
    data: bytes = answer.content
    if len(data) != end - start:
        reason = f"{table.path} came in {len(data)} bytes where {end - start} were asked for"
        raise _failed(table.repository, reason)
    return data


def _tables(repository: str, revision: str) -> list[HubTable]:
    """The parquet files of a revision, in the order of their names."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RevisionNotFoundError

    _check_online(repository)
    try:
        said = HfApi(endpoint=os.environ.get("HF_ENDPOINT")).dataset_info(
            repository, revision=revision or None, files_metadata=True, timeout=60
        )
    except RevisionNotFoundError:
        if revision == _CONVERTED:
            return []
        raise ConfigError(
            "E404", f"{repository} has no revision {revision}.", "Leave it out for the newest."
        ) from None
    except Exception as fault:  # as above
        raise _translated(fault, repository) from None
    files: Sequence[Any] = said.siblings or []
    return sorted(
        (
            HubTable(repository, said.sha or "", file.rfilename, file.size or 0, file.blob_id or "")
            for file in files
            if file.rfilename.endswith(".parquet")
        ),
        key=lambda table: table.path,
    )


def _check_online(repository: str) -> None:
    if is_offline():
        raise NetworkError(
            "E604",
            f"{repository} is read from the Hub, and HF_HUB_OFFLINE forbids it.",
            "Unset it, or download the data set and name its folder.",
        )


def _translated(fault: Exception, repository: str) -> RealesrError:
    from huggingface_hub import errors

    if isinstance(fault, errors.GatedRepoError):
        return NetworkError(
            "E601",
            f"{repository} wants its terms accepted by a person who is logged in.",
            f"Accept them at huggingface.co/datasets/{repository}, then run `hf auth login`.",
        )
    if isinstance(fault, errors.RepositoryNotFoundError):
        return ConfigError(
            "E404",
            f"The Hub has no data set {repository}.",
            "Check the spelling; a private one needs `hf auth login`.",
        )
    return _failed(repository, str(fault) or type(fault).__name__)


def _failed(repository: str, reason: str) -> NetworkError:
    first = reason.strip().splitlines()[0][:160].rstrip(".")
    return NetworkError(
        "E605", f"{repository} could not be read: {first}.", "Start again with --resume in a while."
    )
