"""The one way anything gets to the Hub: staged where no reader looks, then moved in one commit.

1. Every byte is looked through for what must not leave (``realesr.hub.leaks``).
2. A new repository is created private.
3. The files go to a branch of their own, named after what they hold, in several commits; large ones
   first, as the Hub keeps them under their sha256. Cut off, the same command finds them there.
4. The branch is read back: every file must be the planned one.
5. One commit moves them to ``main``, refused by the Hub if ``main`` has changed meanwhile; then it
   is looked at again. Readers see the old set or the new one, whole.
6. The branch goes, and only now a repository that shall be public becomes so.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from realesr.downloads import is_offline
from realesr.errors import NetworkError, ParameterError
from realesr.hub.leaks import check_leaks
from realesr.hub.plan import SUMS, Plan, read_sums
from realesr.hub.refusals import passes, status_of, token_place, translated, wanted_pause
from realesr.models.hub_files import silent_client

if TYPE_CHECKING:
    from huggingface_hub import HfApi

PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0)  # seconds before another try
_GROUP_FILES, _GROUP_BYTES = 100, 256 << 20
_MOVES = 5
_AT_HAND = 1 << 16  # bytes; the client would fetch a small file to copy it
_STAGING = "realesr-upload-"

Result = TypeVar("Result")
Progress = Callable[[int, int], None]
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Published:
    """What became of a plan.

    Attributes:
        address: Of the repository.
        commit: The head of ``main``, which holds it.
        changed: False when all of it was there before.
    """

    address: str
    commit: str
    changed: bool


class Uploader:
    """Brings plans to the Hub; the token is found and sent by the client and never seen here.

    Args:
        progress: Called with bytes that are safely there and bytes in all.
        pauses: Seconds to wait before each further try of a step that failed in passing.
    """

    def __init__(self, progress: Progress | None = None, pauses: Sequence[float] = PAUSES) -> None:
        self._progress = progress or (lambda done, total: None)
        self._pauses = pauses

    def push(self, plan: Plan) -> Published:
        """Publish a plan, or go on with it; doing it again changes nothing.

        Raises:
            NetworkError: E601 without a token that may write there, E602 when the Hub or the line
                fails for long (the same command goes on), E603 for what must not leave, E604
                offline.
            ParameterError: E001 when the repository is public and the plan is not.
        """
        if is_offline():
            raise NetworkError(
                "E604", "HF_HUB_OFFLINE forbids to publish.", "Unset it, then try again."
            )
        check_leaks(plan.files, token=_token())
        with _quiet_client():
            return _Push(plan, self._progress, self._pauses).run()


def _token() -> str:
    """The token in use, looked for in what is to be published.

    Raises:
        NetworkError: E601 when there is none.
    """
    from huggingface_hub import get_token

    token = get_token()
    if not token:
        raise NetworkError(
            "E601",
            "there is no token to publish with.",
            f"Make one with write access {token_place()}, then `hf auth login`.",
        )
    return token


class _Push:
    """One plan on its way."""

    def __init__(self, plan: Plan, progress: Progress, pauses: Sequence[float]) -> None:
        from huggingface_hub import HfApi

        self.plan, self._progress, self._pauses = plan, progress, pauses
        self._api: HfApi = HfApi(endpoint=os.environ.get("HF_ENDPOINT"), library_name="realesr")
        self._where: dict[str, Any] = {"repo_id": plan.repository, "repo_type": plan.kind}
        self._branch = f"{_STAGING}{plan.digest[:12]}"
        self._others: dict[str, str] = {}
        self._done = 0

    def run(self) -> Published:
        """Stage, compare, move, tidy."""
        try:
            private = self._patiently(self._open)
            if not private and not self.plan.public:
                raise ParameterError(
                    "E001",
                    f"{self.plan.repository} is public: whatever is pushed there is seen at once.",
                    "Say --public if that is meant, or choose another name.",
                )
            self._others = self._patiently(self._staging)
            changed = bool(self._missing("main"))
            if changed:
                self._stage()
            commit = self._move()
            if private and self.plan.public:
                self._patiently(self._show_everyone)
            self._patiently(self._tidy)
        except (NetworkError, ParameterError):
            raise
        except Exception as fault:  # the client's HTTP library, and so its errors, change
            share = self._done / max(self.plan.total, 1)
            raise translated(fault, self.plan.repository, share) from None
        self._progress(self.plan.total, self.plan.total)
        return Published(self.plan.address, commit, changed)

    def _open(self) -> bool:
        """See that the repository is there; whether it is private."""
        from huggingface_hub.errors import RepositoryNotFoundError

        try:
            info = self._api.repo_info(**self._where)
        except RepositoryNotFoundError:
            sdk = "gradio" if self.plan.kind == "space" else None
            try:
                self._api.create_repo(**self._where, private=True, space_sdk=sdk)
            except Exception as fault:
                if status_of(fault) != 409:  # somebody was quicker
                    raise
            info = self._api.repo_info(**self._where)
        return bool(info.private)

    def _show_everyone(self) -> None:
        self._api.update_repo_settings(**self._where, visibility="public")

    def _make_branch(self) -> None:
        self._api.create_branch(**self._where, branch=self._branch, exist_ok=True)

    def _head(self) -> str:
        return str(self._api.repo_info(**self._where, revision="main").sha)

    def _stage(self) -> None:
        """Bring every file that is not there yet to the branch, and see that it arrived."""
        self._patiently(self._make_branch)
        missing = self._missing(self._branch)
        self._done = self.plan.total - sum(self.plan.size(path) for path in missing)
        for group in _groups(self.plan, missing):
            self._patiently(self._send, group)
            self._done += sum(self.plan.size(path) for path in group)
            self._progress(self._done, self.plan.total)
        if strange := self._missing(self._branch):
            raise NetworkError(
                "E602",
                f"{strange[0]} arrived at {self.plan.repository} with other contents. Nothing is "
                "visible yet.",
                "Push again; if it happens twice, report it.",
            )

    def _send(self, group: Sequence[str]) -> None:
        from huggingface_hub import CommitOperationAdd

        additions = [
            CommitOperationAdd(path, content if isinstance(content, bytes) else str(content))
            for path in group
            for content in [self.plan.files[path]]
        ]
        self._commit(additions, self._branch, f"Staging: {self.plan.message}")

    def _move(self) -> str:
        """One commit from the branch to main, tried anew where main changed meanwhile."""
        from huggingface_hub import CommitOperationDelete

        for _ in range(_MOVES):
            head = self._patiently(self._head)
            missing, stale = self._missing(head), self._stale(head)
            if not missing and not stale:
                return head
            operations = [
                *(CommitOperationDelete(path, is_folder=False) for path in stale),
                *(self._arrival(path) for path in missing),
            ]
            try:
                self._patiently(self._commit, operations, "main", self.plan.message, head)
            except Exception as fault:
                if status_of(fault) != 412:
                    raise
                _log.info("main of %s has changed meanwhile", self.plan.repository)
        raise NetworkError(
            "E602",
            f"others keep changing {self.plan.repository}. Nothing of yours is visible yet.",
            "Push again when they are done.",
        )

    def _arrival(self, path: str) -> Any:
        """A file of the branch on main: by its name there, or again where it is at hand anyway."""
        from huggingface_hub import CommitOperationAdd, CommitOperationCopy

        content = self.plan.files[path]
        if isinstance(content, bytes) and len(content) < _AT_HAND:
            return CommitOperationAdd(path, content)
        return CommitOperationCopy(path, path, src_revision=self._branch)

    def _commit(
        self, operations: Sequence[Any], branch: str, message: str, parent: str | None = None
    ) -> None:
        self._api.create_commit(
            **self._where,
            operations=list(operations),
            revision=branch,
            commit_message=message,
            parent_commit=parent,
        )

    def _tidy(self) -> None:
        """Take away the branch, and those of pushes that were given up: nothing moved on them."""
        for name, head in self._staging().items():
            if name == self._branch or self._others.get(name) == head:
                self._api.delete_branch(**self._where, branch=name)

    def _staging(self) -> dict[str, str]:
        """The branches for staging, with their heads."""
        refs = self._api.list_repo_refs(**self._where).branches
        return {ref.name: ref.target_commit for ref in refs if ref.name.startswith(_STAGING)}

    def _missing(self, revision: str) -> list[str]:
        """The planned files that a revision does not hold."""
        there = self._patiently(self._listing, revision)
        held = {
            path
            for path, file in there.items()
            if self.plan.holds(path, file.lfs.sha256 if file.lfs else None, file.blob_id)
        }
        return [path for path in self.plan.files if path not in held]

    def _stale(self, revision: str) -> list[str]:
        """Files that an earlier push brought and this one does not."""
        there = self._patiently(self._listing, revision)
        if SUMS not in there:
            return []
        before = read_sums(self._patiently(self._read, revision, SUMS))
        return [path for path in before if path in there and path not in self.plan.files]

    def _listing(self, revision: str) -> dict[str, Any]:
        every = self._api.list_repo_tree(**self._where, revision=revision, recursive=True)
        return {each.path: each for each in every if hasattr(each, "blob_id")}

    def _read(self, revision: str, path: str) -> str:
        from tempfile import TemporaryDirectory

        with TemporaryDirectory(prefix="realesr-") as folder:
            found = self._api.hf_hub_download(
                **self._where, filename=path, revision=revision, local_dir=folder
            )
            with open(found, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
                return file.read()

    def _patiently(self, step: Callable[..., Result], *words: Any) -> Result:
        """Do a step that may be done twice; what fails in passing is tried again."""
        pauses = iter(self._pauses)
        while True:
            try:
                return step(*words)
            except Exception as fault:
                pause = next(pauses, None) if passes(fault) else None
                if pause is None:
                    raise
                pause = max(pause, wanted_pause(fault))
                _log.info("%s; another try in %.0f s", type(fault).__name__, pause)
                time.sleep(pause)


def _groups(plan: Plan, paths: Sequence[str]) -> Iterator[list[str]]:
    """Files for one commit of the branch each, so that little is sent twice after a cut."""
    group: list[str] = []
    size = 0
    for path in paths:
        if group and (len(group) >= _GROUP_FILES or size + plan.size(path) > _GROUP_BYTES):
            yield group
            group, size = [], 0
        group.append(path)
        size += plan.size(path)
    if group:
        yield group


@contextmanager
def _quiet_client() -> Iterator[None]:
    """Keep the client's bars and remarks to itself; what matters is raised or told by us."""
    from huggingface_hub import utils

    client: Any = utils  # its names are loaded when they are asked for
    before = client.are_progress_bars_disabled()
    client.disable_progress_bars()
    try:
        with silent_client():
            yield
    finally:
        if not before:
            client.enable_progress_bars()
