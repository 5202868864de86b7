"""Attacks on the real server: none succeeds, and each guard taken away lets one through."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from lab.guards import Guards, fetches, names_address
from realesr.images import Picture, write_picture
from tests.lab.apart import run_apart

from . import attacking
from .attacking import ADDRESSES, ATTACKS, CANARY, COLOUR, Target, lies, traversals


def aimed_at(start_lab, address: str, folder: Path) -> Target:
    _, cache = start_lab.programs[address]
    picture = folder / "private.png"
    write_picture(Picture(np.full((40, 40, 3), COLOUR, np.uint8)), picture, force=True)
    return Target(address, cache, picture)


@pytest.fixture(scope="module")
def strangers(start_lab, tmp_path_factory) -> Target:
    address = start_lab(["spaces_app.py"], SPACE_ID="ada/lab", SECRET=CANARY)
    return aimed_at(start_lab, address, tmp_path_factory.mktemp("private"))


def test_there_are_more_than_a_hundred_ways_out(tmp_path):
    ways = traversals(Target("", tmp_path, tmp_path / "a.png"))
    assert len(set(ways)) > 300 and len(ADDRESSES) >= 18 and len(lies()) >= 14


@pytest.mark.parametrize("name", ATTACKS)
def test_no_attack_succeeds(strangers, name):
    ATTACKS[name](strangers)


def test_the_lab_is_whole_after_all_of_them(strangers, start_lab):
    told = strangers.call("upscale", strangers.uploaded("a.png", attacking.picture()), "lab-x4", 2)
    assert "event: complete" in told
    log = (start_lab.programs[strangers.address][1].parent / "log").read_text()
    assert CANARY not in log


# ---- each guard is needed -----------------------------------------------------------------------

NEEDED = [
    ("all_files", attacking.read_files),
    ("uploaded_files", attacking.forge_calls),
    ("fetching", attacking.have_fetched),
    ("owners_doors", attacking.look_behind),
    ("headers", attacking.refuse_in_text),
    ("attachments", attacking.serve_scripts),
    ("gate", attacking.lie_about_kinds),
    ("pixels", attacking.send_bombs),
    ("upload_size", attacking.send_too_much),
    ("models", attacking.have_fetched),
    ("escapes", attacking.answer_with_scripts),
    ("bound", attacking.overfill_the_line),
    ("keeper", attacking.stay_too_long),
]


@pytest.mark.slow
@pytest.mark.parametrize(("guard", "attack"), NEEDED)
def test_without_this_guard_an_attack_succeeds(start_lab, tmp_path, guard, attack):
    program = ["-m", "tests.lab.without_guard", guard]
    address = start_lab(program, SPACE_ID="ada/lab", SECRET=CANARY)
    try:
        with pytest.raises(AssertionError):
            attack(aimed_at(start_lab, address, tmp_path))
    finally:
        start_lab.programs[address][0].terminate()


@pytest.mark.slow
def test_no_event_opens_a_file_in_any_form(strangers):
    attacking.forge_files(strangers, forms=4, whole=True)


@pytest.mark.slow
def test_over_the_bound_strangers_are_turned_away(start_lab, tmp_path):
    address = start_lab(["spaces_app.py"], SPACE_ID="ada/lab")
    attacking.overfill_the_line(aimed_at(start_lab, address, tmp_path))


@pytest.mark.slow
def test_ten_minutes_later_nothing_is_left(start_lab, tmp_path):
    address = start_lab(["-m", "tests.lab.without_guard", "clock"], SPACE_ID="ada/lab")
    attacking.stay_too_long(aimed_at(start_lab, address, tmp_path))


# ---- the guards by themselves -------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/gradio_api/file=C:\\x.png", "/file=HTTPS://a/", "/x/proxy=a"])
def test_addresses_in_requests_are_seen(path):
    assert fetches(path)


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ([{"path": "HTTP://a/b.png"}], True),
        ([{"images": [{"file": {"path": " file:///etc/passwd"}}]}], True),
        (({"path": "/tmp/gradio/ab/http.png", "url": "http://127.0.0.1:7860/x"},), False),
        (["http://in/a/sentence", 4, None, {"path": None}], False),
    ],
)
def test_addresses_in_values_are_seen(value, named):
    assert names_address(value) is named


def through(guards: Guards, path: str, method: str = "POST") -> tuple[int, bytes]:
    """One request through the guards: the status and the body of the answer."""
    sent = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message) -> None:
        sent.append(message)

    scope = {"type": "http", "path": path, "method": method, "headers": []}
    run_apart(guards(scope, receive, send))
    return sent[0]["status"], sent[1]["body"]


async def never_ends(scope, receive, send) -> None:
    await asyncio.sleep(60)


async def says_ok(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


def test_an_upload_that_never_ends_is_ended(tmp_path):
    guards = Guards(never_ends, tmp_path, seconds=0.05)
    status, body = through(guards, "/gradio_api/upload")
    assert status == 408 and b"E001" in body


def test_too_many_uploads_at_once_are_told_to_wait(tmp_path):
    status, body = through(Guards(says_ok, tmp_path, most=0), "/gradio_api/upload")
    assert status == 503 and b"E010" in body
    assert through(Guards(says_ok, tmp_path, most=1), "/gradio_api/upload")[0] == 200


def test_a_full_disk_takes_no_uploads(tmp_path):
    status, body = through(Guards(says_ok, tmp_path, least_free=2**62), "/gradio_api/upload")
    assert status == 503 and b"E010" in body
