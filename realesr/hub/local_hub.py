"""A stand-in for the Hugging Face Hub on this machine, spoken to by the real client.

For tests, notebooks and lessons: nothing leaves the machine, no account is needed.

    with LocalHub() as hub:
        hub.commit("ada/old-maps-x4", {"model.safetensors": data})
        os.environ["HF_ENDPOINT"] = hub.url

Reference: the routes and headers that ``huggingface_hub`` asks for in ``file_download.py``.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

_REPOSITORY = r"(?P<repository>(datasets/)?[^/]+/[^/]+)"
_FILE = re.compile(rf"/{_REPOSITORY}/resolve/(?P<revision>[^/]+)/(?P<path>.+)")
_INFO = re.compile(rf"/api/(models/)?{_REPOSITORY}(/revision/(?P<revision>[^/]+))?")
_RANGE = re.compile(r"bytes=(\d+)-(\d+)")


class LocalHub:
    """Repositories in memory, served over HTTP while the ``with`` block runs.

    Attributes:
        asked: Every request so far, as ``"HEAD /ada/old-maps-x4/resolve/main/config.json"``.
        sent: How many bytes of files went out.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.sent = 0
        self._commits: dict[str, dict[str, dict[str, bytes]]] = {}
        self._branches: dict[tuple[str, str], str] = {}
        self._server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.hub = self  # type: ignore[attr-defined]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def url(self) -> str:
        """What ``HF_ENDPOINT`` must be while the ``with`` block runs."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}"

    def commit(self, repository: str, files: Mapping[str, bytes], branch: str = "main") -> str:
        """Make these the files of a branch, creating the repository if need be.

        Args:
            repository: ``user/name`` of a model, ``datasets/user/name`` of a data set.
            files: Contents by path.
            branch: The branch, or a tag.

        Returns:
            The commit's hash.

        >>> hub = LocalHub()
        >>> len(hub.commit("ada/maps", {"README.md": b"# Maps"}))
        40
        """
        commits = self._commits.setdefault(repository, {})
        told = b"".join(
            path.encode() + b"\0" + hashlib.sha256(data).digest() for path, data in files.items()
        )
        name = hashlib.sha1(f"{repository} {len(commits)} ".encode() + told).hexdigest()
        commits[name] = dict(files)
        self._branches[repository, branch] = name
        return name

    def files(self, repository: str, revision: str) -> tuple[str, dict[str, bytes]] | str:
        """A commit with its files, or the Hub's word for what is not there."""
        if repository not in self._commits:
            return "RepoNotFound"
        commit = self._branches.get((repository, revision), revision)
        if commit not in self._commits[repository]:
            return "RevisionNotFound"
        return commit, self._commits[repository][commit]

    def find(self, repository: str, revision: str, path: str) -> tuple[str, bytes] | str:
        """A file with its commit, or the Hub's word for what is not there."""
        found = self.files(repository, revision)
        if isinstance(found, str):
            return found
        commit, files = found
        return (commit, files[path]) if path in files else "EntryNotFound"

    def info(self, repository: str, revision: str) -> tuple[str, bytes] | str:
        """What the Hub tells about a revision: its commit and its files with their sizes."""
        found = self.files(repository, revision)
        if isinstance(found, str):
            return found
        commit, files = found
        listed = [
            {"rfilename": path, "size": len(data), "blobId": hashlib.sha1(data).hexdigest()}
            for path, data in files.items()
        ]
        name = repository.removeprefix("datasets/")
        return commit, json.dumps({"id": name, "sha": commit, "siblings": listed}).encode()


class _Handler(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        hub: LocalHub = self.server.hub  # type: ignore[attr-defined]
        hub.asked.append(f"{self.command} {self.path}")
        found = self._found(hub, urlsplit(self.path).path)
        if isinstance(found, str):
            self.send_response(404)
            self.send_header("X-Error-Code", found)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        commit, data = found
        part = _RANGE.fullmatch(self.headers.get("Range", ""))
        self.send_response(206 if part else 200)
        self.send_header("X-Repo-Commit", commit)
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        if part:
            first, last = int(part[1]), min(int(part[2]), len(data) - 1)
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
            data = data[first : last + 1]
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if with_body:
            hub.sent += len(data)
            self.wfile.write(data)

    def _found(self, hub: LocalHub, path: str) -> tuple[str, bytes] | str:
        if match := _INFO.fullmatch(path):
            return hub.info(unquote(match["repository"]), unquote(match["revision"] or "main"))
        if match := _FILE.fullmatch(path):
            return hub.find(*map(unquote, match.group("repository", "revision", "path")))
        return "RepoNotFound"

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""
