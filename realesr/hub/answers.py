"""What the stand-in Hub answers to readers, as ``huggingface_hub`` asks for it.

Reference: ``hf_api.py`` and ``file_download.py`` of that client.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs

from realesr.hub.card_rules import mistakes
from realesr.hub.pages import front_page, repository_page
from realesr.hub.routing import (
    API,
    KINDS,
    Answer,
    Desk,
    Part,
    Request,
    Routes,
    as_json,
    place,
    seen,
)
from realesr.hub.store import Files, RefusalError, Repository, blob_hash, entry

_LATER = "2026-01-01T00:00:00.000Z"
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_FILE = r"/(?P<name>((datasets|spaces)/)?[^/]+/[^/]+)/resolve/(?P<at>[^/]+)/(?P<path>.+)"

READING = Routes()
"""Every request that changes nothing."""


@READING.route("GET", r"/api/whoami-v2")
def _whoami(hub: Desk, request: Request, part: Part) -> Answer:
    user = hub.user(request)
    if user is None:
        raise RefusalError(401, "", "Invalid username or password.")
    access = {"accessToken": {"displayName": "local", "role": user.role}}
    return as_json({"type": "user", "name": user.name, "orgs": [], "auth": access})


@READING.route("POST", r"/api/validate-yaml")
def _validate(hub: Desk, request: Request, part: Part) -> Answer:
    asked = request.document
    found = mistakes(asked["content"], asked.get("repoType") or "model")
    body = {"errors": [{"message": text} for text in found], "warnings": []}
    return Answer(json.dumps(body).encode(), 400 if found else 200)


@READING.route("GET", r"/api/(?P<kind>models|datasets|spaces)")
def _list(hub: Desk, request: Request, part: Part) -> Answer:
    author = request.query.get("author", "")
    prefix = KINDS[part["kind"]]
    found = []
    for name in sorted(hub.store.repositories):
        parts = name.split("/")
        kind = f"{parts[0]}/" if len(parts) == 3 else ""
        if kind != prefix or author not in ("", parts[-2]):
            continue
        try:
            repository = seen(hub, request, name)
        except RefusalError:
            continue
        found.append(_about(name, repository, repository.head("main")))
    return as_json(found)


@READING.route("GET", API + r"(/revision/(?P<revision>[^/]+))?")
def _info(hub: Desk, request: Request, part: Part) -> Answer:
    name = place(part)
    repository = seen(hub, request, name)
    commit = repository.head(part["revision"] or "main")
    return Answer(as_json(_about(name, repository, commit)).body, headers={"X-Repo-Commit": commit})


@READING.route("GET", r"/api/(?P<name>[^/]+/[^/]+)(/revision/(?P<revision>[^/]+))?")
def _info_of_model(hub: Desk, request: Request, part: Part) -> Answer:
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


@READING.route("GET", API + r"/refs")
def _refs(hub: Desk, request: Request, part: Part) -> Answer:
    branches = seen(hub, request, place(part)).branches

    def listed(prefix: str, names: Iterable[str]) -> list[dict[str, str]]:
        return [
            {"name": name, "ref": f"{prefix}{name}", "targetCommit": branches[name]}
            for name in names
        ]

    requests = [name for name in branches if name.startswith("refs/pr/")]
    others = [name for name in branches if name not in requests]
    shown = {"branches": listed("refs/heads/", others), "converts": [], "tags": []}
    return as_json({**shown, "pullRequests": listed("", requests)})


@READING.route("POST", API + r"/paths-info/(?P<revision>[^/]+)")
def _paths(hub: Desk, request: Request, part: Part) -> Answer:
    repository = seen(hub, request, place(part))
    files = repository.commits[repository.head(part["revision"])]
    if "json" in request.headers.get("content-type", ""):
        paths = request.document["paths"]
    else:
        paths = parse_qs(request.body.decode())["paths"]
    every = {each["path"]: each for each in tree(files, "", deep=True)}
    return as_json([every[path] for path in paths if path in every])


@READING.route("GET", API + r"/tree/(?P<revision>[^/]+)(/(?P<folder>.+))?")
def _tree(hub: Desk, request: Request, part: Part) -> Answer:
    repository = seen(hub, request, place(part))
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


@READING.route(
    "GET", r"/(?P<name>((datasets|spaces)/)?[^/]+/[^/]+)/resolve/(?P<at>[^/]+)/(?P<path>.+)"
)
def _resolve(hub: Desk, request: Request, part: Part) -> Answer:
    repository = seen(hub, request, part["name"])
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


@READING.route("GET", r"/")
def _front(hub: Desk, request: Request, part: Part) -> Answer:
    return _as_page(front_page(sorted(hub.store.repositories)))


@READING.route("GET", r"/(?P<name>((datasets|spaces)/)?[^/]+/[^/]+)")
def _page(hub: Desk, request: Request, part: Part) -> Answer:
    # A browser carries no token; whoever sits at this machine may look at all of it.
    repository = hub.store.find(part["name"])
    files = repository.commits[repository.head("main")]
    return _as_page(repository_page(part["name"], files, private=repository.private))


def _as_page(text: str) -> Answer:
    kind = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": _POLICY}
    return Answer(text.encode(), headers=kind)
