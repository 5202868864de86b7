"""Reading a published data set back: every file and every picture compared with its sha256."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq

from data_tools.manifest import MANIFEST, read_rows
from realesr.downloads import file_digest
from realesr.errors import ConfigError, NetworkError
from realesr.hub.plan import SUMS, read_sums
from realesr.hub.refusals import status_of
from realesr.models.hub_files import silent_client


@dataclass
class Checked:
    """What was found.

    Attributes:
        repository: ``user/name``.
        commit: The commit that was read, all of it.
        files: How many files were compared.
        pictures: How many pictures were compared.
        faults: What is wrong, a sentence each.
    """

    repository: str
    commit: str
    files: int = 0
    pictures: int = 0
    faults: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for ``--json``."""
        return {**vars(self), "equal": not self.faults}


def verify(
    repository: str,
    folder: Path | None = None,
    *,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> Checked:
    """Fetch a data set file by file and compare it.

    Args:
        repository: ``user/name``, or ``user/name@revision``.
        folder: A built data set that it must be equal to, where there is one.
        told: Called with files done and in all.

    Raises:
        ConfigError: E404 when there is no such data set, or it was not published by this program.
        NetworkError: E601 when it needs a login, E605 when it cannot be fetched.
    """
    name, _, revision = repository.partition("@")
    with silent_client(), TemporaryDirectory(prefix="realesr-verify-") as place:
        try:
            return _compared(name, revision or "main", folder, Path(place), told)
        except (ConfigError, NetworkError):
            raise
        except Exception as fault:  # the client's HTTP library, and so its errors, change
            raise _translated(fault, repository) from None


def _compared(
    name: str, revision: str, folder: Path | None, place: Path, told: Callable[[int, int], None]
) -> Checked:
    from huggingface_hub import HfApi

    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT"), library_name="realesr")
    commit = str(api.repo_info(name, repo_type="dataset", revision=revision).sha)

    def fetch(path: str) -> Path:
        return Path(
            api.hf_hub_download(name, path, repo_type="dataset", revision=commit, local_dir=place)
        )

    listed = set(api.list_repo_files(name, repo_type="dataset", revision=commit))
    if SUMS not in listed:
        raise ConfigError(
            "E404",
            f"{name} holds no {SUMS}: it was not published with `realesr-data push`.",
            "Ask its author for checksums.",
        )
    sums = read_sums(fetch(SUMS).read_text(encoding="utf-8"))
    found = Checked(name, commit)
    ours: dict[str, str] = {}
    for number, (path, expected) in enumerate(sums.items()):
        told(number, len(sums))
        if path not in listed:
            found.faults.append(f"{path} is missing")
            continue
        local = fetch(path)
        found.files += 1
        if file_digest(local) != expected:
            found.faults.append(f"{path} has another sha256 than {SUMS} says")
        elif path.startswith("data/"):
            for file, promised, actual in _pictures(local):
                found.pictures += 1
                ours[file] = actual
                if promised != actual:
                    found.faults.append(f"{path}: {file} has another sha256 than its row says")
        local.unlink()
    if folder is not None:
        found.faults += _differences(folder, ours)
    told(len(sums), len(sums))
    return found


def _pictures(path: Path) -> Iterator[tuple[str, str, str]]:
    """Each picture of a file: its name, the sha256 its row says, and the one it has."""
    with pq.ParquetFile(path) as table:
        for batch in table.iter_batches(16, columns=["image", "file", "sha256"]):
            for row in batch.to_pylist():
                actual = hashlib.sha256(row["image"]["bytes"]).hexdigest()
                yield row["file"], row["sha256"], actual


def _differences(folder: Path, there: dict[str, str]) -> Iterator[str]:
    here = {row["file"]: row["sha256"] for row in read_rows(folder / MANIFEST)}
    for file in sorted(here.keys() | there.keys()):
        if file not in there:
            yield f"{file} is here and not there"
        elif file not in here:
            yield f"{file} is there and not here"
        elif here[file] != there[file]:
            yield f"{file} differs"


def _translated(fault: Exception, repository: str) -> ConfigError | NetworkError:
    from huggingface_hub import errors

    if isinstance(fault, errors.RepositoryNotFoundError | errors.RevisionNotFoundError):
        return ConfigError(
            "E404",
            f"there is no data set {repository} on the Hub that you may see.",
            "Check the spelling; a private one needs `hf auth login`.",
        )
    if status_of(fault) in (401, 403):
        return NetworkError(
            "E601",
            f"the Hub does not show {repository} to the token in use.",
            "Log in with `hf auth login`.",
        )
    lines = str(fault).strip().splitlines() or [type(fault).__name__]
    return NetworkError(
        "E605", f"{repository} could not be fetched: {lines[0][:160].rstrip('.')}.", "Try again."
    )
