"""The ledger tells finished results from others, whatever moment a run died at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from realesr.errors import ParameterError
from realesr.images.safefile import write_file
from realesr.inference.batch import Job
from realesr.inference.ledger import LEDGER_NAME, Ledger

ROOT = Path(__file__).resolve().parents[2]

# A result is written in a process that dies at the n-th call that touches the disk, for every n.
DEATHS = """
import json, os, shutil, signal, sys
from pathlib import Path
from realesr.images.safefile import write_file
from realesr.inference.batch import Job
from realesr.inference.ledger import Ledger

folder, older = Path(sys.argv[1]), sys.argv[2] == "older"
out, source = folder / "out", folder / "a.png"
source.write_bytes(b"source")
job = Job(source, out / "deep" / "a_x4.png", False)
NAMES = ("open", "write", "fsync", "link", "replace", "unlink", "close", "mkdir")
real = {name: getattr(os, name) for name in NAMES}

def arm(doomed):
    count = 0
    def guarded(name):
        def call(*arguments, **settings):
            nonlocal count
            count += 1
            if count != doomed:
                return real[name](*arguments, **settings)
            if name == "write":
                real["write"](arguments[0], arguments[1][: len(arguments[1]) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return call
    for name in NAMES:
        setattr(os, name, guarded(name))
    return lambda: count

def make(values, data):
    ledger = Ledger(out, values)
    replaces = ledger.state(job) == "new settings"
    job.target.parent.mkdir(parents=True, exist_ok=True)
    temporary = ledger.begin(job, data, source.stat())
    write_file(job.target, data, force=replaces, temporary=temporary)
    ledger.finish(job)
    ledger.close()

report = []
for doomed in range(1, 200):
    shutil.rmtree(out, ignore_errors=True)
    if older:
        make({"scale": 2}, b"old" * 300)
    child = os.fork()
    if child == 0:
        calls = arm(doomed)
        make({"scale": 4}, b"new!" * 300)
        os._exit(0 if calls() >= doomed else 30)
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) == 30:
        break
    ledger = Ledger(out, {"scale": 4})
    ledger.sweep([job])
    state = ledger.state(job)
    ledger.close()
    whole = job.target.exists() and job.target.read_bytes()
    kind = {False: "none", b"old" * 300: "old", b"new!" * 300: "new"}.get(whole, "torn")
    left = [str(path) for path in out.rglob(".realesr-*.tmp")] if out.exists() else []
    make({"scale": 4}, b"new!" * 300) if state != "finished" else None
    ledger = Ledger(out, {"scale": 4})
    report.append([state, kind, len(left), ledger.state(job), ledger.state(job) == "finished"])
    ledger.close()
print(json.dumps(report))
"""


@pytest.mark.parametrize("before", ["nothing", "older"])
def test_killed_at_any_call_the_next_run_knows_what_to_do(tmp_path, before):
    done = subprocess.run(
        [sys.executable, "-c", DEATHS, str(tmp_path), before],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert len(report) >= 12
    expected = {("finished", "new"), ("new settings", "old") if before == "older" else ()}
    expected |= {("absent", "none")} if before == "nothing" else set()
    seen = {(state, kind) for state, kind, *_ in report}
    assert seen == expected - {()}
    assert all(left == 0 for _, _, left, _, _ in report), "a temporary file was left"
    assert all(finished for *_, finished in report)


def job_in(folder: Path, name: str = "a") -> Job:
    (folder / "in").mkdir(exist_ok=True)
    (folder / "in" / f"{name}.png").write_bytes(name.encode())
    return Job(folder / "in" / f"{name}.png", folder / "out" / f"{name}_x4.png", False)


def make(ledger: Ledger, job: Job, data: bytes = b"result") -> None:
    write_file(job.target, data, temporary=ledger.begin(job, data, job.source.stat()), force=True)
    ledger.finish(job)


def state(folder: Path, job: Job, **values: object) -> str:
    ledger = Ledger(folder / "out", values)
    try:
        return ledger.state(job)
    finally:
        ledger.close()


@pytest.fixture
def finished(tmp_path) -> Job:
    job = job_in(tmp_path)
    (tmp_path / "out").mkdir()
    ledger = Ledger(tmp_path / "out", {"scale": 4})
    make(ledger, job)
    ledger.close()
    return job


def test_what_is_finished_and_what_is_not(tmp_path, finished):
    assert state(tmp_path, finished, scale=4) == "finished"
    assert state(tmp_path, finished, scale=2) == "new settings"
    other = job_in(tmp_path, "b")
    assert state(tmp_path, other, scale=4) == "absent"
    other.target.write_bytes(b"somebody's")
    assert state(tmp_path, other, scale=4) == "foreign"
    os.utime(finished.target, ns=(1, 1))
    assert state(tmp_path, finished, scale=4) == "finished", "only its date has changed"
    os.utime(finished.source, ns=(1, 1))
    assert state(tmp_path, finished, scale=4) == "new source"
    finished.target.write_bytes(b"edited")
    assert state(tmp_path, finished, scale=4) == "foreign"
    finished.target.unlink()
    assert state(tmp_path, finished, scale=4) == "absent"


def test_a_ledger_moved_with_its_pictures_stays_true(tmp_path, finished):
    (tmp_path / "moved").mkdir()
    for name in ("in", "out"):
        (tmp_path / name).rename(tmp_path / "moved" / name)
    job = Job(tmp_path / "moved" / "in" / "a.png", tmp_path / "moved" / "out" / "a_x4.png", False)
    assert state(tmp_path / "moved", job, scale=4) == "finished"


def test_a_ledger_names_no_folder_above_the_results(tmp_path, finished):
    text = (tmp_path / "out" / LEDGER_NAME).read_text()
    assert "../in/a.png" in text and str(tmp_path) not in text


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60), st.integers(0, 600), st.booleans())
def test_a_damaged_ledger_never_stops_a_run(tmp_path, junk, place, cut):
    job = job_in(tmp_path)
    path = tmp_path / "out" / LEDGER_NAME
    path.unlink(missing_ok=True)
    ledger = Ledger(tmp_path / "out", {"scale": 4})
    make(ledger, job)
    ledger.close()
    data = path.read_bytes()
    path.write_bytes(data[:place] + junk + (b"" if cut else data[place:]))
    assert state(tmp_path, job, scale=4) in ("finished", "foreign", "new settings", "new source")
    ledger = Ledger(tmp_path / "out", {"scale": 4})
    make(ledger, job)
    ledger.close()
    assert state(tmp_path, job, scale=4) == "finished", "what is written after the damage counts"


@pytest.mark.parametrize(
    "line",
    ["[]", "7", '"values"', '{"target": 3}', "{}", '{"time": "x", "target": "a"}', "[" * 9999],
    ids=lambda line: line[:20],
)
def test_lines_that_make_no_sense_are_passed_over(tmp_path, finished, line):
    with (tmp_path / "out" / LEDGER_NAME).open("a") as stream:
        stream.write(line)
    assert state(tmp_path, finished, scale=4) == "finished"


def test_only_temporary_files_are_swept(tmp_path, finished):
    """A ledger from a stranger cannot have other files removed; fresh ones of others stay."""
    out = tmp_path / "out"
    line = json.loads((out / LEDGER_NAME).read_text().splitlines()[1])
    names = {
        "stale": ".realesr-0123456789abcdef.tmp",
        "orphan": ".realesr-00000000000000aa.tmp",
        "fresh": ".realesr-00000000000000bb.tmp",
        "precious": "precious.txt",
    }
    for name in names.values():
        (out / name).write_text("x")
    os.utime(out / names["orphan"], (1, 1))
    with (out / LEDGER_NAME).open("a") as stream:
        for name in (names["stale"], names["precious"]):
            stream.write(json.dumps({**line, "temporary": name}) + "\n")
    ledger = Ledger(out, {"scale": 4})
    assert ledger.sweep([finished]) == 2
    ledger.close()
    assert {name for name in names if (out / names[name]).exists()} == {"fresh", "precious"}


def test_only_one_run_works_in_a_folder(tmp_path, finished):
    ledger = Ledger(tmp_path / "out", {})
    with pytest.raises(ParameterError, match="E008"):
        Ledger(tmp_path / "out", {})
    ledger.close()
    Ledger(tmp_path / "out", {}).close()
