"""A stand-in for the Hugging Face Hub on this machine, spoken to by the real client.

For tests, notebooks and lessons: nothing leaves the machine, no account is needed.

    with LocalHub() as hub:
        hub.commit("ada/old-maps-x4", {"model.safetensors": data})
        os.environ["HF_ENDPOINT"] = hub.url

Reference: the routes and headers that ``huggingface_hub`` asks for in ``file_download.py``.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

_FILE = re.compile(r"/(?P<repository>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)")


class LocalHub:
    """Repositories of models in memory, served over HTTP while the ``with`` block runs.

    Attributes:
        asked: Every request so far, as ``"HEAD /ada/old-maps-x4/resolve/main/config.json"``.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
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
            repository: ``user/name``.
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

    def find(self, repository: str, revision: str, path: str) -> tuple[str, bytes] | str:
        """A file with its commit, or the Hub's word for what is not there."""
        if repository not in self._commits:
            return "RepoNotFound"
        commit = self._branches.get((repository, revision), revision)
        if commit not in self._commits[repository]:
            return "RevisionNotFound"
        files = self._commits[repository][commit]
        return (commit, files[path]) if path in files else "EntryNotFound"


class _Handler(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        hub: LocalHub = self.server.hub  # type: ignore[attr-defined]
        hub.asked.append(f"{self.command} {self.path}")
        match = _FILE.fullmatch(urlsplit(self.path).path)
        found: tuple[str, bytes] | str = "RepoNotFound"
        if match:
            found = hub.find(*map(unquote, match.group("repository", "revision", "path")))
        if isinstance(found, str):
            self.send_response(404)
            self.send_header("X-Error-Code", found)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        commit, data = found
        self.send_response(200)
        self.send_header("X-Repo-Commit", commit)
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if with_body:
            self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""
