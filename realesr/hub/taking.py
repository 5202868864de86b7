"""What the stand-in Hub answers to writers: repositories, branches, large files, commits.

Reference: ``hf_api.py``, ``_commit_api.py`` and ``lfs.py`` of ``huggingface_hub``.
"""

from __future__ import annotations

import hashlib
import json

from realesr.hub.routing import API, KINDS, Answer, Desk, Part, Request, Routes, as_json, own, place
from realesr.hub.store import RefusalError, blob_hash, is_large

_LFS_TYPE = "application/vnd.git-lfs+json"

WRITING = Routes()
"""Every request that changes something."""


@WRITING.route("POST", r"/api/repos/create")
def _create(hub: Desk, request: Request, part: Part) -> Answer:
    asked = request.document
    user = hub.check_writer(request, asked.get("organization") or "")
    owner = asked.get("organization") or user
    prefix = KINDS[asked.get("type", "model") + "s"]
    private = asked.get("visibility", "public") == "private" or asked.get("private", False)
    name = f"{prefix}{owner}/{asked['name']}"
    hub.store.create(name, private=private)
    return as_json({"url": f"{hub.url}/{name}", "name": f"{owner}/{asked['name']}", "id": name})


@WRITING.route("POST", API + r"/branch/(?P<branch>[^/]+)")
def _branch(hub: Desk, request: Request, part: Part) -> Answer:
    repository = own(hub, request, place(part))
    if part["branch"] in repository.branches:
        raise RefusalError(409, "", "Reference already exists")
    start = request.document.get("startingPoint") or "main"
    repository.branches[part["branch"]] = repository.head(start)
    return as_json({})


@WRITING.route("DELETE", API + r"/branch/(?P<branch>[^/]+)")
def _unbranch(hub: Desk, request: Request, part: Part) -> Answer:
    repository = own(hub, request, place(part))
    if part["branch"] == "main":
        raise RefusalError(403, "", "main cannot be deleted")
    if repository.branches.pop(part["branch"], None) is None:
        raise RefusalError(404, "RevisionNotFound")
    return as_json({})


@WRITING.route("PUT", API + r"/settings")
def _settings(hub: Desk, request: Request, part: Part) -> Answer:
    repository = own(hub, request, place(part))
    repository.private = request.document.get("visibility") == "private"
    return as_json({})


@WRITING.route("POST", API + r"/preupload/(?P<revision>[^/]+)")
def _preupload(hub: Desk, request: Request, part: Part) -> Answer:
    repository = own(hub, request, place(part))
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


@WRITING.route("POST", r"/(?P<name>((datasets|spaces)/)?[^/]+/[^/]+)\.git/info/lfs/objects/batch")
def _batch(hub: Desk, request: Request, part: Part) -> Answer:
    own(hub, request, part["name"])
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


@WRITING.route("PUT", r"/lfs/(?P<oid>[0-9a-f]{64})")
def _take_large(hub: Desk, request: Request, part: Part) -> Answer:
    if hashlib.sha256(request.body).hexdigest() != part["oid"]:
        raise RefusalError(400, "", "The content has another sha256.")
    with hub.store.lock:
        hub.store.large[part["oid"]] = request.body
        hub.taken += len(request.body)
    return Answer()


@WRITING.route("POST", r"/lfs-verify/(?P<name>.+)")
def _verify_large(hub: Desk, request: Request, part: Part) -> Answer:
    if len(hub.store.large.get(request.document["oid"], b"")) != request.document["size"]:
        raise RefusalError(404, "EntryNotFound")
    return as_json({})


@WRITING.route("POST", API + r"/commit/(?P<revision>[^/]+)")
def _commit(hub: Desk, request: Request, part: Part) -> Answer:
    name = place(part)
    own(hub, request, name)
    lines = [json.loads(line) for line in request.body.splitlines()]
    commit = hub.store.apply(name, part["revision"], lines)
    url = f"{hub.url}/{name}/commit/{commit}"
    return as_json({"commitUrl": url, "commitOid": commit, "pullRequestUrl": None})
