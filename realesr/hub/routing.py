"""How the stand-in Hub finds the answer to a request, and who may see or change what."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from urllib.parse import unquote

from realesr.hub.store import RefusalError, Repository, Store

KINDS = {"models": "", "datasets": "datasets/", "spaces": "spaces/"}
API = r"/api/(?P<kind>models|datasets|spaces)/(?P<name>[^/]+/[^/]+)"


@dataclass(frozen=True)
class Request:
    """What came in.

    Attributes:
        method: Of HTTP.
        path: Still quoted, without the query.
        query: The last value of each name.
        headers: By name in lower case.
        body: Whole.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        """The body as JSON."""
        return dict(json.loads(self.body or b"{}"))


Role = Literal["read", "write", "expired"]


@dataclass(frozen=True)
class User:
    """Who holds a token, and what it is good for."""

    name: str
    role: Role


@dataclass(frozen=True)
class Answer:
    """What goes out."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Part = dict[str, str]


class Desk(Protocol):
    """What the answers need of a Hub."""

    store: Store
    taken: int

    @property
    def url(self) -> str:
        """Where it is."""

    def user(self, request: Request) -> User | None:
        """Who asks; None for a stranger."""

    def check_writer(self, request: Request, owner: str) -> str:
        """The user who asks, if that one may write what the owner has."""


Route = Callable[[Desk, Request, Part], Answer]


class Routes:
    """Which function answers which requests."""

    def __init__(self) -> None:
        self._known: list[tuple[str, re.Pattern[str], Route]] = []

    def route(self, method: str, pattern: str) -> Callable[[Route], Route]:
        """Make a function the answer to requests of that method and path."""

        def enter(reply: Route) -> Route:
            self._known.append((method, re.compile(pattern), reply))
            return reply

        return enter

    def answer(self, hub: Desk, request: Request) -> Answer | None:
        """The answer to a request; None for one that is not answered here.

        Raises:
            RefusalError: Any status but 200.
        """
        method = "GET" if request.method == "HEAD" else request.method
        for verb, pattern, reply in self._known:
            match = pattern.fullmatch(request.path) if verb == method else None
            if match:
                named = {key: unquote(text or "") for key, text in match.groupdict().items()}
                with hub.store.lock:
                    return reply(hub, request, named)
        return None


def as_json(document: Any) -> Answer:
    """A document as the body."""
    return Answer(json.dumps(document).encode(), headers={"Content-Type": "application/json"})


def place(part: Part) -> str:
    """What the store calls the repository of an address."""
    return KINDS[part["kind"]] + part["name"]


def seen(hub: Desk, request: Request, name: str) -> Repository:
    """A repository that whoever asks may see.

    Raises:
        RefusalError: 404, or 401 for a stranger.
    """
    repository = hub.store.find(name)
    user = hub.user(request)
    if repository.private and (user is None or user.name not in name.split("/")):
        raise RefusalError(401 if user is None else 404, "RepoNotFound")
    return repository


def own(hub: Desk, request: Request, name: str) -> Repository:
    """A repository that whoever asks may change.

    Raises:
        RefusalError: 401, 403 or 404.
    """
    hub.check_writer(request, name.split("/")[-2])
    return seen(hub, request, name)
