"""Everything that can go wrong between here and the Hub: it ends right, or nothing is visible."""

from __future__ import annotations

import threading

import pytest

from realesr.errors import NetworkError
from realesr.hub.plan import Plan
from realesr.hub.uploading import Uploader

# The client's own way of sending large files.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

CARD = b"---\nlicense: cc-by-4.0\n---\n# Maps\n"
STEPS = (
    r"GET /api/models/{name}$",
    r"POST /api/repos/create",
    r"POST .*/{name}/branch/",
    r"GET .*/{name}/tree/realesr-upload",
    r"POST .*/{name}/preupload/",
    r"POST /{name}\.git/info/lfs",
    r"PUT /lfs/{oid}",
    r"POST /lfs-verify/{name}",
    r"POST .*/{name}/commit/realesr-upload",
    r"POST .*/{name}/paths-info/",
    r"POST .*/{name}/commit/main",
    r"GET .*/{name}/refs",
    r"DELETE .*/{name}/branch/",
)
LOST = ("before", "within", "after")
KINDS = (408, 409, 429, 500, 502, 503, 504, *LOST)
EXPIRED = {"X-Error-Message": "Invalid credentials in Authorization header"}


def plan(name="ada/maps", mark=b"1"):
    weights = b"\0weights" + (mark * 70_000)[:70_000]
    files = {"README.md": CARD + mark, "model.safetensors": weights, "config.json": b"{}"}
    return Plan(name, "model", files, "Maps")


def push(wanted, pauses=(0.01,) * 8):
    return Uploader(pauses=pauses).push(wanted)


def whole(wanted):
    return {path: wanted.read(path) for path in wanted.files}


def history(hub, name):
    """Everything a reader of main could have seen, newest first."""
    repository = hub.store.repositories[name]
    commit, seen = repository.branches["main"], []
    while commit:
        files = repository.commits[commit]
        seen.append({path: data for path, data in files.items() if path != ".gitattributes"})
        commit = repository.parents[commit]
    return seen


def assert_whole(hub, wanted):
    assert history(hub, wanted.repository) == [whole(wanted), {}]
    assert set(hub.store.repositories[wanted.repository].branches) == {"main"}


def in_threads(pushes):
    """Push several plans at once; what each raised, by the repository's name."""
    raised = {}

    def go(wanted):
        try:
            push(wanted)
        except Exception as error:
            raised[wanted.repository, wanted.digest] = error

    threads = [threading.Thread(target=go, args=(wanted,)) for wanted in pushes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def test_every_step_may_fail_once_in_every_way(hub):
    """Ten pushes, each with one kind of trouble at each of its thirteen steps."""
    plans = []
    for kind in KINDS:
        wanted = plan(f"ada/maps-{kind}", str(kind).encode())
        plans.append(wanted)
        for step in STEPS:
            if kind == 409 and step.startswith("POST") and "/branch/" in step:
                continue  # there it means that somebody was quicker, and is believed
            asked = step.format(name=wanted.repository, oid=wanted.sums["model.safetensors"])
            if "repos/create" in step:
                if kind != 503:
                    continue  # the one address that names no repository; met by one of them
            if kind in LOST:
                hub.faults.cut(asked, kind)
            else:
                hub.faults.answer(asked, kind)
    assert in_threads(plans) == {}
    for wanted in plans:
        assert_whole(hub, wanted)
    assert hub.faults.happened == len(KINDS) * (len(STEPS) - 1), "a fault was never met"


# The client itself waits half a minute before it gives up a question.
ASKED = pytest.param("GET .*/tree/", marks=pytest.mark.slow)


@pytest.mark.parametrize("step", ["POST .*/commit/realesr", "POST .*/commit/main", ASKED])
@pytest.mark.parametrize("status", [503, 0])
def test_lasting_trouble_is_told_leaves_nothing_and_the_same_command_goes_on(hub, step, status):
    wanted = plan()
    if status:
        hub.faults.answer(step, status, times=1000)
    else:
        hub.faults.cut(step, times=1000)
    with pytest.raises(NetworkError) as caught:
        push(wanted, pauses=())
    assert caught.value.code == "E602" and "goes on from there" in caught.value.next_step
    assert "Nothing is visible yet" in caught.value.cause
    assert history(hub, "ada/maps") == [{}]
    taken = hub.taken
    hub.faults.clear()
    push(wanted)
    assert_whole(hub, wanted)
    if "commit" in step:
        assert hub.taken == taken, "large files that had arrived were sent again"


@pytest.mark.parametrize("step", STEPS[2:-2])
def test_a_token_that_expires_on_the_way_is_told_and_the_next_one_goes_on(hub, step):
    wanted = plan()
    asked = step.format(name="ada/maps", oid=wanted.sums["model.safetensors"])
    hub.faults.answer(asked, 401, headers=EXPIRED)
    with pytest.raises(NetworkError, match="E601 the Hub does not accept the token"):
        push(wanted)
    assert history(hub, "ada/maps") == [{}]
    push(wanted)
    assert_whole(hub, wanted)


@pytest.mark.parametrize(
    ("role", "name", "words"),
    [
        ("expired", "ada/maps", "has expired"),
        ("read", "ada/maps", r"cannot write to ada/maps \(read-only"),
        ("write", "eve/maps", r"cannot write to eve/maps"),
    ],
)
def test_tokens_that_are_no_good(hub, monkeypatch, role, name, words):
    monkeypatch.setenv("HF_TOKEN", hub.token("ada", role))
    with pytest.raises(NetworkError, match=f"E601 .*{words}"):
        push(plan(name))
    assert not hub.store.repositories and not hub.store.large


def test_without_a_token_nothing_is_asked(hub, monkeypatch, tmp_path):
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setenv("HF_TOKEN_PATH", str(tmp_path / "none"))
    with pytest.raises(NetworkError, match="E601 there is no token"):
        push(plan())
    assert not hub.asked


def test_offline_nothing_is_asked(hub, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(NetworkError, match="E604"):
        push(plan())
    assert not hub.asked


def test_two_who_push_at_once_never_mix(hub):
    """Whoever comes last wins whole; the Hub's 412 sends the other back to look again."""
    first, second = plan(mark=b"1"), plan(mark=b"2")
    hub.faults.answer("POST .*/commit/main", 412, times=2)
    raised = in_threads([first, second])
    assert not raised
    states = history(hub, "ada/maps")
    assert states[0] in (whole(first), whole(second)) and states[-1] == {}
    assert all(state in (whole(first), whole(second), {}) for state in states)
    assert set(hub.store.repositories["ada/maps"].branches) == {"main"}


def test_a_file_that_arrives_changed_is_noticed_before_anyone_sees_it(hub):
    """Somebody else writes to the branch between sending and looking."""
    wanted = plan()
    hub.faults.answer("POST .*/commit/main", 503, times=1000)
    with pytest.raises(NetworkError):
        push(wanted, pauses=())
    branch = next(name for name in hub.store.repositories["ada/maps"].branches if name != "main")
    hub.commit("ada/maps", {**hub.files("ada/maps", branch), "config.json": b"evil"}, branch)
    hub.faults.clear()
    push(wanted)
    assert_whole(hub, wanted)
