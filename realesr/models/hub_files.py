"""A model of the Hugging Face Hub: its ``config.json`` and ``model.safetensors``, nothing else."""

from __future__ import annotations

import errno
import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from realesr.downloads import is_offline
from realesr.errors import ModelError, NetworkError, RealesrError, ResourceError
from realesr.models.sidecar import CONFIG

WEIGHTS = "model.safetensors"
_MAX_BYTES = 2 << 30
_PATIENCE = 4.0  # seconds
_PART = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"
_ID = re.compile(rf"(?P<repository>{_PART}/{_PART})(@(?P<revision>[A-Za-z0-9][\w./-]{{0,95}}))?")

Progress = Callable[[int, int | None], None]


def is_hub_id(text: str) -> bool:
    """Whether this could name a model of the Hub: ``user/name``, perhaps ``@revision``.

    >>> is_hub_id("ada/old-maps-x4@v1.0"), is_hub_id("lab-x4"), is_hub_id("../a/b")
    (True, False, False)
    """
    return bool(_ID.fullmatch(text)) and ".." not in text


def fetch_from_hub(hub_id: str, progress: Progress | None = None) -> tuple[Path, str]:
    """The weights of a model of the Hub, from the client's cache or from the network.

    Both files come from one commit. Pickles are never fetched. On a public Space (``SPACE_ID``)
    only the ids listed in ``REALESR_ALLOWED_MODELS``, with commas between, are.

    Args:
        hub_id: ``user/name``, or ``user/name@revision`` with a branch, tag or commit.
        progress: Called with bytes done and bytes in all.

    Returns:
        The file, with ``config.json`` beside it where there is one, and ``user/name@commit``.

    Raises:
        ModelError: E208 when there is no such model, E210 when it holds no ``model.safetensors``,
            E205 when that is larger than any upscaler.
        NetworkError: E601 when it needs a login, E604 offline, E605 failed, E608 not allowed here.
        ResourceError: E302 or E304, when the client's cache is full or cannot be written.
    """
    _check_allowed(hub_id)
    match = _ID.fullmatch(hub_id)
    assert match is not None
    repository, revision = match["repository"], match["revision"]
    with silent_client():
        try:
            found = None if is_offline() else _ask(repository, revision)
            if found is None:
                return _from_cache(repository, revision)
            if (found.size or 0) > _MAX_BYTES:
                raise ModelError(
                    "E205",
                    f"{WEIGHTS} of {repository} is {found.size / 1e9:.1f} GB; upscalers stay "
                    "under 2 GB.",
                    "Choose another model.",
                )
            # The weights come last, so that a fetch cut short never leaves them without config.
            _fetch_config(repository, found.commit_hash)
            bar = _bar(progress or (lambda done, total: None))
            path = Path(_download(repository, WEIGHTS, revision, tqdm_class=bar))
            commit = path.parent.name
            if commit != found.commit_hash:
                _fetch_config(repository, commit)
        except RealesrError:
            raise
        except Exception as fault:  # the client's HTTP library, and so its errors, change
            raise _translated(fault, repository, revision) from None
    return path, f"{repository}@{commit}"


def _ask(repository: str, revision: str | None) -> Any:
    """What the Hub says of the weights: size and commit, asked once and not for long.

    The client would try for half a minute to reach a Hub that is not there.

    Returns:
        None when it cannot be reached and the weights were fetched before.
    """
    from huggingface_hub import errors, get_hf_file_metadata, hf_hub_url

    endpoint = os.environ.get("HF_ENDPOINT")
    url = hf_hub_url(repository, WEIGHTS, revision=revision, endpoint=endpoint)
    try:
        return get_hf_file_metadata(
            url, timeout=_PATIENCE, library_name="realesr", endpoint=endpoint
        )
    except (
        errors.RepositoryNotFoundError,
        errors.RevisionNotFoundError,
        errors.EntryNotFoundError,
    ):
        raise
    except Exception as fault:
        try:
            _from_cache(repository, revision)
        except errors.LocalEntryNotFoundError:
            raise fault from None
    return None


def _from_cache(repository: str, revision: str | None) -> tuple[Path, str]:
    """The weights that were fetched before."""
    path = Path(_download(repository, WEIGHTS, revision, local_files_only=True))
    return path, f"{repository}@{path.parent.name}"


@contextmanager
def silent_client() -> Iterator[None]:
    """Keep the client's remarks on every try to itself; what matters is raised."""
    log = logging.getLogger("huggingface_hub")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


def _fetch_config(repository: str, commit: str) -> None:
    """``config.json`` of a commit, where it has one."""
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    try:
        _download(repository, CONFIG, commit, tqdm_class=_bar(lambda done, total: None))
    except EntryNotFoundError as fault:
        if isinstance(fault, LocalEntryNotFoundError):
            raise


def _download(repository: str, file: str, revision: str | None, **settings: Any) -> Any:
    """One file. The client reads these variables when it is imported; here they count each time."""
    from huggingface_hub import hf_hub_download

    return hf_hub_download(
        repository,
        file,
        revision=revision,
        library_name="realesr",
        endpoint=os.environ.get("HF_ENDPOINT"),
        cache_dir=os.environ.get("HF_HUB_CACHE"),
        **settings,
    )


def _bar(progress: Progress) -> type:
    """A progress bar for the client that prints nothing and passes on how far it is."""
    from tqdm import tqdm  # type: ignore[import-untyped]

    class Silent(tqdm):  # type: ignore[misc]
        def __init__(self, *words: Any, **settings: Any) -> None:
            settings.pop("name", None)
            self._done = int(settings.get("initial") or 0)
            super().__init__(*words, **{**settings, "disable": True})

        def update(self, n: float | None = 1) -> bool | None:
            self._done += int(n or 0)
            progress(self._done, self.total)
            return None

    return Silent


def _check_allowed(hub_id: str) -> None:
    if not os.environ.get("SPACE_ID"):
        return
    listed = os.environ.get("REALESR_ALLOWED_MODELS", "").split(",")
    if hub_id not in [entry.strip() for entry in listed]:
        raise NetworkError(
            "E608",
            f"{hub_id} is not among the models this public Space fetches.",
            "Choose one of its list, or run realesr on your own machine.",
        )


def _translated(fault: Exception, repository: str, revision: str | None) -> RealesrError:
    from huggingface_hub import errors

    if isinstance(fault, errors.GatedRepoError):
        return NetworkError(
            "E601",
            f"{repository} wants its terms accepted by a person who is logged in.",
            f"Accept them at huggingface.co/{repository}, then run `hf auth login`.",
        )
    if isinstance(fault, errors.RepositoryNotFoundError):
        return ModelError(
            "E208",
            f"no file, folder or model of the Hub is called {repository}.",
            "Check the spelling; a private one needs `hf auth login`.",
        )
    if isinstance(fault, errors.RevisionNotFoundError):
        return ModelError(
            "E208", f"{repository} has no revision {revision}.", "Leave it out for the newest."
        )
    if isinstance(fault, errors.LocalEntryNotFoundError):
        if is_offline():
            return NetworkError(
                "E604",
                f"{repository} is not on this machine, and HF_HUB_OFFLINE forbids fetching it.",
                f"Fetch it elsewhere with `realesr models pull {repository}`.",
            )
        return _failed(repository, str(fault.__cause__ or "no connection"))
    if isinstance(fault, errors.EntryNotFoundError):
        return ModelError(
            "E210",
            f"{repository} holds no {WEIGHTS}; other kinds of file are not fetched.",
            "Ask its author to add one: `realesr models convert` makes it from a .pth.",
        )
    if isinstance(fault, OSError) and fault.errno in (errno.ENOSPC, errno.EDQUOT):
        return ResourceError("E302", "the disk of the Hub's cache is full.", "Free some space.")
    if isinstance(fault, PermissionError):
        return ResourceError(
            "E304", "the Hub's cache cannot be written.", "Name another folder with HF_HOME."
        )
    return _failed(repository, str(fault))


def _failed(repository: str, reason: str) -> NetworkError:
    """What the client, or the system below it, says of a connection, in half a line."""
    lines = reason.strip().splitlines() or ["no reason given"]
    first = re.sub(r"\[Errno -?\d+\] ", "", lines[0])[:160].rstrip(".")
    return NetworkError(
        "E605",
        f"{repository} could not be fetched: {first[:1].lower()}{first[1:]}.",
        "Check the connection and try again; what was fetched before runs without one.",
    )
