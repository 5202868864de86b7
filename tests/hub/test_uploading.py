"""The uploader against a Hub over HTTP, with the real client and all that can go wrong."""

from __future__ import annotations

import hashlib

import pytest

from realesr.errors import ParameterError
from realesr.hub.plan import SUMS, Plan, read_sums
from realesr.hub.uploading import Uploader

# The client's own way of sending large files.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

CARD = b"---\nlicense: cc-by-4.0\n---\n# Maps\n"
WEIGHTS = bytes(range(256)) * 300


def plan(weights=WEIGHTS, **settings):
    files = {"README.md": CARD, "model.safetensors": weights, "config.json": b"{}"}
    settings = {"repository": "ada/maps", "kind": "model", "message": "Maps", **settings}
    return Plan(given={**files, **settings.pop("more", {})}, **settings)


def push(wanted, pauses=(0.01,) * 5):
    return Uploader(pauses=pauses).push(wanted)


def seen(hub, name="ada/maps"):
    """What a reader sees, the Hub's own file aside."""
    return {path: data for path, data in hub.files(name).items() if path != ".gitattributes"}


def whole(wanted):
    return {path: wanted.read(path) for path in wanted.files}


def test_what_was_planned_is_there_in_one_commit_and_private(hub):
    wanted = plan()
    told = []
    made = Uploader(progress=lambda *done: told.append(done)).push(wanted)
    assert seen(hub) == whole(wanted)
    repository = hub.store.repositories["ada/maps"]
    assert repository.private and set(repository.branches) == {"main"}
    assert repository.branches["main"] == made.commit and made.changed
    first = repository.parents[made.commit]
    assert repository.parents[first] is None, "main went from empty to whole in one commit"
    assert told[-1] == (wanted.total, wanted.total)
    sums = read_sums(seen(hub)[SUMS].decode())
    assert sums["model.safetensors"] == hashlib.sha256(WEIGHTS).hexdigest()
    assert set(sums) == set(wanted.given)


def test_doing_it_again_changes_nothing_and_sends_nothing(hub):
    before = push(plan())
    taken = hub.taken
    again = push(plan())
    assert (again.commit, again.changed, hub.taken) == (before.commit, False, taken)


def test_a_later_push_replaces_what_an_earlier_one_brought_and_nothing_else(hub):
    push(plan(more={"old.txt": b"old"}))
    theirs = {**hub.files("ada/maps"), "notes.md": b"written by a person"}
    hub.commit("ada/maps", theirs)
    wanted = plan(weights=b"new" * 100)
    push(wanted)
    assert seen(hub) == {**whole(wanted), "notes.md": b"written by a person"}


def test_public_is_asked_for_and_comes_last(hub):
    with pytest.raises(ParameterError, match="E001 'ada' is no name"):
        plan(repository="ada")
    push(plan(public=True))
    assert not hub.store.repositories["ada/maps"].private
    settings = next(at for at, line in enumerate(hub.asked) if "/settings" in line)
    assert any("commit/main" in line for line in hub.asked[:settings])
    with pytest.raises(ParameterError, match="E001 ada/maps is public"):
        push(plan(weights=b"other"))
    assert seen(hub)["model.safetensors"] == WEIGHTS
