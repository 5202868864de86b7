"""A stand-in for the Hugging Face Hub on this machine, spoken to by the real client.

For tests, notebooks and lessons: nothing leaves the machine, no account is needed.

    with LocalHub() as hub:
        hub.commit("ada/old-maps-x4", {"model.safetensors": data})
        os.environ["HF_ENDPOINT"] = hub.url

To publish, a token is needed, as on the real one; ``hub.environment("ada")`` has all that a program
must be started with. ``hub.faults`` makes things go wrong. ``python -m realesr.hub`` runs one.

Reference: the routes and headers that ``huggingface_hub`` asks for in ``file_download.py``.
"""

from __future__ import annotations

import secrets
import socket
import struct
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from realesr.hub.answers import READING
from realesr.hub.faults import Fault, Faults
from realesr.hub.routing import Answer, Request, Role, User
from realesr.hub.store import Files, RefusalError, Repository, Store
from realesr.hub.taking import WRITING


class LocalHub:
    """Repositories in memory, served over HTTP while the ``with`` block runs.

    Args:
        port: Where to listen; 0 takes a free one.

    Attributes:
        asked: Every request so far, as ``"HEAD /ada/old-maps-x4/resolve/main/config.json"``.
        sent: How many bytes of files went out.
        taken: How many bytes of large files came in.
        faults: What is to go wrong.
        store: What it keeps.
        delay: Seconds before each answer, as on a long line.
    """

    def __init__(self, port: int = 0) -> None:
        self.asked: list[str] = []
        self.sent = self.taken = 0
        self.delay = 0.0
        self.faults = Faults()
        self.store = Store()
        self._tokens: dict[str, User] = {}
        self._port = port
        self._server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), _Handler)
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

    def token(self, user: str, role: Role = "write") -> str:
        """A new token of a user.

        >>> LocalHub().token("ada").startswith("hf_")
        True
        """
        made = f"hf_{secrets.token_hex(17)}"
        self._tokens[made] = User(user, role)
        return made

    def environment(self, user: str, role: Role = "write") -> dict[str, str]:
        """The variables a program must be started with to speak to this Hub as a user.

        Large files go by the Hub's older protocol, which is the one spoken here.
        """
        token = self.token(user, role)
        return {"HF_ENDPOINT": self.url, "HF_TOKEN": token, "HF_HUB_DISABLE_XET": "1"}

    def expire(self, token: str) -> None:
        """From now on a token is worth nothing."""
        self._tokens[token] = User(self._tokens[token].name, "expired")

    def user(self, request: Request) -> User | None:
        """Who asks; None for a stranger.

        Raises:
            RefusalError: 401 for a token that nobody has.
        """
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not token:
            return None
        known = self._tokens.get(token)
        if known is None or known.role == "expired":
            raise RefusalError(401, "", "Invalid credentials in Authorization header")
        return known

    def check_writer(self, request: Request, owner: str) -> str:
        """The user who asks, if that one may write what the owner has.

        Raises:
            RefusalError: 401 for a stranger, 403 for a token that may only read or is another's.
        """
        user = self.user(request)
        if user is None:
            raise RefusalError(401, "", "Invalid username or password.")
        if user.role != "write" or owner not in ("", user.name):
            raise RefusalError(403, "", "You don't have the rights to write here")
        return user.name

    def commit(
        self,
        repository: str,
        files: Mapping[str, bytes],
        branch: str = "main",
        *,
        private: bool = False,
    ) -> str:
        """Make these the files of a branch, creating the repository if need be.

        Args:
            repository: ``user/name`` of a model, ``datasets/user/name`` of a data set.
            files: Contents by path.
            branch: The branch, or a tag.
            private: Whether a repository created here is seen by its owner alone.

        Returns:
            The commit's hash.

        >>> hub = LocalHub()
        >>> len(hub.commit("ada/maps", {"README.md": b"# Maps"}))
        40
        """
        with self.store.lock:
            kept = self.store.repositories.setdefault(repository, Repository(private=private))
            return kept.add(repository, files, branch)

    def files(self, repository: str, revision: str = "main") -> Files:
        """What a reader sees: contents by path.

        Raises:
            RefusalError: 404 for what is not there.
        """
        with self.store.lock:
            kept = self.store.find(repository)
            return dict(kept.commits[kept.head(revision)])


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._serve()

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

    def _serve(self) -> None:
        hub: LocalHub = self.server.hub  # type: ignore[attr-defined]
        asked = f"{self.command} {self.path}"
        hub.asked.append(asked)
        time.sleep(hub.delay)
        fault = hub.faults.meet(asked)
        if fault and not fault.status and fault.moment == "before":
            self._hang_up()
            return
        if fault and not fault.status and fault.moment == "within" and self.command == "PUT":
            self.rfile.read(int(self.headers.get("Content-Length", 0)) // 2)
            self._hang_up()
            return
        body = self._body()
        if fault and fault.status:
            self._send(Answer(b"{}", fault.status, fault.headers))
            return
        try:
            made = self._answer(hub, body)
        except RefusalError as refusal:
            headers = {"X-Error-Code": refusal.code, "X-Error-Message": refusal.message}
            told = {name: text for name, text in headers.items() if text}
            body = f'{{"error": "{refusal.message}"}}'.encode()
            self._send(Answer(body, refusal.status, told))
            return
        self._send(made, fault)

    def _answer(self, hub: LocalHub, body: bytes) -> Answer:
        parts = urlsplit(self.path)
        headers = {name.lower(): text for name, text in self.headers.items()}
        query = dict(parse_qsl(parts.query))
        request = Request(self.command, parts.path, query, headers, body)
        made = READING.answer(hub, request) or WRITING.answer(hub, request)
        if made is None:
            code = "RepoNotFound" if self.command in ("GET", "HEAD") else ""
            raise RefusalError(404, code)
        return made

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        pieces = []
        while size := int(self.rfile.readline().strip() or b"0", 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        return b"".join(pieces)

    def _send(self, made: Answer, fault: Fault | None = None) -> None:
        hub: LocalHub = self.server.hub  # type: ignore[attr-defined]
        if fault and fault.moment == "after":
            self._hang_up()
            return
        self.send_response(made.status)
        for name, text in made.headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(made.body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if "/resolve/" in self.path:
            hub.sent += len(made.body)
        if fault and fault.moment == "within":
            self.wfile.write(made.body[: len(made.body) // 2])
            self._hang_up()
            return
        self.wfile.write(made.body)

    def _hang_up(self) -> None:
        """End the connection the hard way, as a pulled cable would."""
        self.wfile.flush()
        at_once = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""

    def handle(self) -> None:
        """Answer; a client that is gone meanwhile is nobody's fault."""
        try:
            super().handle()
        except (ConnectionError, ValueError, OSError):
            self.close_connection = True
