"""What the stand-in Hub answers, route by route, as ``huggingface_hub`` asks for it.

Reference: ``hf_api.py``, ``_commit_api.py``, ``lfs.py`` and ``file_download.py`` of that client.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from realesr.hub.card_rules import mistakes
from realesr.hub.pages import front_page, repository_page
from realesr.hub.store import Files, RefusalError, Repository, blob_hash, entry, is_large

if TYPE_CHECKING:
    from realesr.hub.local_hub import LocalHub

_KINDS = {"models": "", "datasets": "datasets/", "spaces": "spaces/"}
_API = r"/api/(?P<kind>models|datasets|spaces)/(?P<name>[^/]+/[^/]+)"
_LATER = "2026-01-01T00:00:00.000Z"
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_LFS_TYPE = "application/vnd.git-lfs+json"


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


@dataclass(frozen=True)
class Answer:
    """What goes out."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Part = dict[str, str]
Route = Callable[["LocalHub", Request, Part], Answer]
_ROUTES: list[tuple[str, re.Pattern[str], Route]] = []


def route(method: str, pattern: str) -> Callable[[Route], Route]:
    """Make a function the answer to requests of that method and path."""

    def enter(answer: Route) -> Route:
        _ROUTES.append((method, re.compile(pattern), answer))
        return answer

    return enter


def answer(hub: LocalHub, request: Request) -> Answer:
    """The answer to a request.

    Raises:
        RefusalError: Any status but 200.
    """
    method = "GET" if request.method == "HEAD" else request.method
    for verb, pattern, reply in _ROUTES:
        match = pattern.fullmatch(request.path) if verb == method else None
        if match:
            named = {key: unquote(text or "") for key, text in match.groupdict().items()}
            # A large file is a matter of the lines it takes, not of everyone's lock.
            if reply in (_take_large,):
                return reply(hub, request, named)
            with hub.store.lock:
                return reply(hub, request, named)
    raise RefusalError(404, "RepoNotFound" if request.method in ("GET", "HEAD") else "")


def as_json(document: Any) -> Answer:
    """A document as the body."""
    return Answer(json.dumps(document).encode(), headers={"Content-Type": "application/json"})


def _place(part: Part) -> str:
    return _KINDS[part["kind"]] + part["name"]


def _seen(hub: LocalHub, request: Request, name: str) -> Repository:
    """A repository that whoever asks may see."""
    repository = hub.store.find(name)
    user = hub.user(request)
    if repository.private and (user is None or user.name not in name.split("/")):
        raise RefusalError(401 if user is None else 404, "RepoNotFound")
    return repository


def _own(hub: LocalHub, request: Request, name: str) -> Repository:
    """A repository that whoever asks may change."""
    hub.check_writer(request, name.split("/")[-2])
    return _seen(hub, request, name)


@route("POST", r"/api/repos/create")
def _create(hub: LocalHub, request: Request, part: Part) -> Answer:
    asked = request.document
    user = hub.check_writer(request, asked.get("organization") or "")
    owner = asked.get("organization") or user
    prefix = _KINDS[asked.get("type", "model") + "s"]
    private = asked.get("visibility", "public") == "private" or asked.get("private", False)
    name = f"{prefix}{owner}/{asked['name']}"
    hub.store.create(name, private=private)
    return as_json({"url": f"{hub.url}/{name}", "name": f"{owner}/{asked['name']}", "id": name})


@route("GET", r"/api/whoami-v2")
def _whoami(hub: LocalHub, request: Request, part: Part) -> Answer:
    user = hub.user(request)
    if user is None:
        raise RefusalError(401, "", "Invalid username or password.")
    access = {"accessToken": {"displayName": "local", "role": user.role}}
    return as_json({"type": "user", "name": user.name, "orgs": [], "auth": access})


@route("POST", r"/api/validate-yaml")
def _validate(hub: LocalHub, request: Request, part: Part) -> Answer:
    asked = request.document
    found = mistakes(asked["content"], asked.get("repoType") or "model")
    body = {"errors": [{"message": text} for text in found], "warnings": []}
    return Answer(json.dumps(body).encode(), 400 if found else 200)


@route("GET", r"/api/(?P<kind>models|datasets|spaces)")
def _list(hub: LocalHub, request: Request, part: Part) -> Answer:
    author = request.query.get("author", "")
    prefix = _KINDS[part["kind"]]
    found = []
    for name in sorted(hub.store.repositories):
        parts = name.split("/")
        kind = f"{parts[0]}/" if len(parts) == 3 else ""
        if kind != prefix or author not in ("", parts[-2]):
            continue
        try:
            repository = _seen(hub, request, name)
        except RefusalError:
            continue
        found.append(_about(name, repository, repository.head("main")))
    return as_json(found)


@route("GET", _API + r"(/revision/(?P<revision>[^/]+))?")
def _info(hub: LocalHub, request: Request, part: Part) -> Answer:
    name = _place(part)
    repository = _seen(hub, request, name)
    commit = repository.head(part["revision"] or "main")
    return Answer(as_json(_about(name, repository, commit)).body, headers={"X-Repo-Commit": commit})


@route("GET", r"/api/(?P<name>[^/]+/[^/]+)(/revision/(?P<revision>[^/]+))?")
def _info_of_model(hub: LocalHub, request: Request, part: Part) -> Answer:
    return _info(hub, request, {**part, "kind": "models"})


def _about(name: str, repository: Repository, commit: str) -> dict[str, Any]:
    listed = [
        {"rfilename": path, "size": len(data), "blobId": blob_hash(data)}
        for path, data in repository.commits[commit].items()
    ]
    short = "/".join(name.split("/")[-2:])
    return {
        "id": short,
        "modelId": short,
        "author": short.partition("/")[0],
        "sha": commit,
        "private": repository.private,
        "siblings": listed,
        "tags": [],
        "lastModified": _LATER,
        "createdAt": _LATER,
    }


@route("GET", _API + r"/refs")
def _refs(hub: LocalHub, request: Request, part: Part) -> Answer:
    branches = _seen(hub, request, _place(part)).branches

    def listed(prefix: str, names: Iterable[str]) -> list[dict[str, str]]:
        return [
            {"name": name, "ref": f"{prefix}{name}", "targetCommit": branches[name]}
            for name in names
        ]

    requests = [name for name in branches if name.startswith("refs/pr/")]
    others = [name for name in branches if name not in requests]
    shown = {"branches": listed("refs/heads/", others), "converts": [], "tags": []}
    return as_json({**shown, "pullRequests": listed("", requests)})


@route("POST", _API + r"/branch/(?P<branch>[^/]+)")
def _branch(hub: LocalHub, request: Request, part: Part) -> Answer:
    repository = _own(hub, request, _place(part))
    if part["branch"] in repository.branches:
        raise RefusalError(409, "", "Reference already exists")
    start = request.document.get("startingPoint") or "main"
    repository.branches[part["branch"]] = repository.head(start)
    return as_json({})


@route("DELETE", _API + r"/branch/(?P<branch>[^/]+)")
def _unbranch(hub: LocalHub, request: Request, part: Part) -> Answer:
    repository = _own(hub, request, _place(part))
    if part["branch"] == "main":
        raise RefusalError(403, "", "main cannot be deleted")
    if repository.branches.pop(part["branch"], None) is None:
        raise RefusalError(404, "RevisionNotFound")
    return as_json({})


@route("PUT", _API + r"/settings")
def _settings(hub: LocalHub, request: Request, part: Part) -> Answer:
    repository = _own(hub, request, _place(part))
    repository.private = request.document.get("visibility") == "private"
    return as_json({})


@route("POST", _API + r"/preupload/(?P<revision>[^/]+)")
def _preupload(hub: LocalHub, request: Request, part: Part) -> Answer:
    repository = _own(hub, request, _place(part))
    there = repository.commits[repository.head(part["revision"])]
    listed = []
    for asked in request.document["files"]:
        path = asked["path"]
        large = is_large(path, asked["size"])
        known = there.get(path)
        oid = None
        if known is not None:
            oid = hashlib.sha256(known).hexdigest() if large else blob_hash(known)
        mode = "lfs" if large else "regular"
        listed.append({"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
    return as_json({"files": listed})


@route("POST", r"/(?P<name>((datasets|spaces)/)?[^/]+/[^/]+)\.git/info/lfs/objects/batch")
def _batch(hub: LocalHub, request: Request, part: Part) -> Answer:
    _own(hub, request, part["name"])
    objects = []
    for asked in request.document["objects"]:
        told = {"oid": asked["oid"], "size": asked["size"]}
        if asked["oid"] not in hub.store.large:
            # The real one points at a storage that wants no token, for a while.
            told["actions"] = {
                "upload": {"href": f"{hub.url}/lfs/{asked['oid']}"},
                "verify": {"href": f"{hub.url}/lfs-verify/{part['name']}"},
            }
        objects.append(told)
    told = {"transfer": "basic", "objects": objects}
    return Answer(json.dumps(told).encode(), headers={"Content-Type": _LFS_TYPE})


@route("PUT", r"/lfs/(?P<oid>[0-9a-f]{64})")
def _take_large(hub: LocalHub, request: Request, part: Part) -> Answer:
    if hashlib.sha256(request.body).hexdigest() != part["oid"]:
        raise RefusalError(400, "", "The content has another sha256.")
    with hub.store.lock:
        hub.store.large[part["oid"]] = request.body
        hub.taken += len(request.body)
    return Answer()


@route("POST", r"/lfs-verify/(?P<name>.+)")
def _verify_large(hub: LocalHub, request: Request, part: Part) -> Answer:
    if len(hub.store.large.get(request.document["oid"], b"")) != request.document["size"]:
        raise RefusalError(404, "EntryNotFound")
    return as_json({})


@route("POST", _API + r"/commit/(?P<revision>[^/]+)")
def _commit(hub: LocalHub, request: Request, part: Part) -> Answer:
    name = _place(part)
    _own(hub, request, name)
    lines = [json.loads(line) for line in request.body.splitlines()]
    commit = hub.store.apply(name, part["revision"], lines)
    url = f"{hub.url}/{name}/commit/{commit}"
    return as_json({"commitUrl": url, "commitOid": commit, "pullRequestUrl": None})


@route("POST", _API + r"/paths-info/(?P<revision>[^/]+)")
def _paths(hub: LocalHub, request: Request, part: Part) -> Answer:
    repository = _seen(hub, request, _place(part))
    files = repository.commits[repository.head(part["revision"])]
    if "json" in request.headers.get("content-type", ""):
        paths = request.document["paths"]
    else:
        paths = parse_qs(request.body.decode())["paths"]
    every = {each["path"]: each for each in tree(files, "", deep=True)}
    return as_json([every[path] for path in paths if path in every])


@route("GET", _API + r"/tree/(?P<revision>[^/]+)(/(?P<folder>.+))?")
def _tree(hub: LocalHub, request: Request, part: Part) -> Answer:
    repository = _seen(hub, request, _place(part))
    files = repository.commits[repository.head(part["revision"])]
    listed = tree(files, part["folder"], deep=request.query.get("recursive", "").lower() == "true")
    if part["folder"] and not listed:
        raise RefusalError(404, "EntryNotFound")
    return as_json(listed)


def tree(files: Files, folder: str, *, deep: bool) -> list[dict[str, Any]]:
    """The files and folders below a folder.

    >>> [each["path"] for each in tree({"a/b/c.txt": b""}, "a", deep=False)]
    ['a/b']
    """
    start = f"{folder}/" if folder else ""
    inside = [path for path in files if path.startswith(start)]
    listed = [entry(path, files[path]) for path in inside if deep or "/" not in path[len(start) :]]
    folders = {
        str(above)
        for path in inside
        for above in PurePosixPath(path).parents
        if str(above) not in (".", folder) and str(above).startswith(start)
    }
    for path in sorted(folders):
        if deep or "/" not in path[len(start) :]:
            oid = hashlib.sha1(path.encode()).hexdigest()
            listed.append({"type": "directory", "path": path, "size": 0, "oid": oid})
    return listed


@route("GET", r"/(?P<name>((datasets|spaces)/)?[^/]+/[^/]+)/resolve/(?P<at>[^/]+)/(?P<path>.+)")
def _resolve(hub: LocalHub, request: Request, part: Part) -> Answer:
    repository = _seen(hub, request, part["name"])
    commit = repository.head(part["at"])
    files = repository.commits[commit]
    if part["path"] not in files:
        raise RefusalError(404, "EntryNotFound")
    data = files[part["path"]]
    headers = {"X-Repo-Commit": commit, "ETag": f'"{hashlib.sha256(data).hexdigest()}"'}
    if span := re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", "")):
        first, last = int(span[1]), min(int(span[2] or len(data)), len(data) - 1)
        headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
        return Answer(data[first : last + 1], 206, headers)
    return Answer(data, 200, headers)


@route("GET", r"/")
def _front(hub: LocalHub, request: Request, part: Part) -> Answer:
    return _as_page(front_page(sorted(hub.store.repositories)))


@route("GET", r"/(?P<name>((datasets|spaces)/)?[^/]+/[^/]+)")
def _page(hub: LocalHub, request: Request, part: Part) -> Answer:
    # A browser carries no token; whoever sits at this machine may look at all of it.
    repository = hub.store.find(part["name"])
    files = repository.commits[repository.head("main")]
    return _as_page(repository_page(part["name"], files, private=repository.private))


def _as_page(text: str) -> Answer:
    kind = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": _POLICY}
    return Answer(text.encode(), headers=kind)
