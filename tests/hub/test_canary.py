"""A token planted everywhere is seen nowhere: models, data sets and Spaces, well and badly ended.

One form is that of the Hub's tokens, the other has no form that a pattern could know.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

import pytest

from lab.space import main as make_space
from tests.data_tools.publishing_sets import change_rows, make_set

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

FORMS = ["hf_" + "CANARY" * 5, "CANARY-without-a-form-0815"]
PROGRAMS = {
    "model": ["realesr.cli", "publish", "old-maps", "--repo", "ada/x"],
    "data set": ["data_tools.cli", "push", "maps", "--repo", "ada/x"],
    "space": ["lab.app", "space", "--repo", "ada/x"],
}
_CALL = "import sys; from {module} import main; sys.exit(main())"
# What the Hub does, and the exit code: once is waited out, a refusal is told.
TROUBLE = {
    "no trouble": (None, 0),
    "busy once": (("POST .*/commit/", 503), 0),
    "cut once": (("POST .*/commit/", 0), 0),
    "somebody was quicker once": (("POST .*/commit/main", 412), 0),
    "asked to wait once": (("POST .*/commit/", 429), 0),
    "refused": (("POST .*/commit/", 403), 6),
    "a riddle": (("POST .*/commit/", 418), 6),
    "expired": ("expired", 6),
    "read only": ("read", 6),
}


@pytest.fixture
def desk(hub, trained, tmp_path, monkeypatch):
    """A Hub, a run and a data set, and a home of its own."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(trained, "old-maps")
    make_set(tmp_path / "maps")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home" / "hf"))
    # How long a call takes is measured once for a weights file, and kept there.
    monkeypatch.setenv("REALESR_CACHE", str(trained.parent / "cache"))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[2]))
    return hub


def plant(desk, monkeypatch, canary, role="write"):
    """The canary is ada's token, in the environment."""
    desk._tokens[canary] = desk._tokens[desk.token("ada", role)]
    monkeypatch.setenv("HF_TOKEN", canary)


def main_of(module):
    return import_module(module).main


@pytest.fixture
def run(monkeypatch, capfd):
    """A program in this process: its exit code and all it said."""

    def call(kind, *more):
        module, *words = PROGRAMS[kind]
        monkeypatch.setattr(sys, "argv", ["program", *words, *more])
        capfd.readouterr()
        try:
            # The lab itself takes long to import, and is not what sends a Space.
            code = make_space(words[1:] + list(more)) if kind == "space" else main_of(module)()
        except SystemExit as end:
            code = end.code
        said = capfd.readouterr()
        return int(code or 0), said.out + said.err

    return call


def run_child(kind, *more):
    """A program in a child: its exit code, all it said, every command line meanwhile."""
    module, *words = PROGRAMS[kind]
    command = [sys.executable, "-c", _CALL.format(module=module), *words, *more]
    lines = b""
    # A file, so that a child that says much does not wait for its reader.
    with Path("said").open("w+b") as said:
        with subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT) as child:
            while child.poll() is None:
                time.sleep(0.1)
                for path in Path("/proc").glob("[0-9]*/cmdline"):
                    with contextlib.suppress(OSError):
                        lines += path.read_bytes()
        said.seek(0)
        output = said.read().decode()
    Path("said").unlink()
    return child.returncode, output, lines


def traces_of(canary: str, tmp_path: Path, desk) -> list[str]:
    """Files below here, and files on the Hub, that hold it; but those it was planted in."""
    word = canary.encode()
    found = [
        str(path)
        for path in tmp_path.rglob("*")
        if path.is_file() and path.name != "planted.toml" and word in path.read_bytes()
    ]
    for repository in desk.store.repositories:
        found += [path for path, data in desk.files(repository).items() if word in data]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("trouble", TROUBLE)
@pytest.mark.parametrize("kind", PROGRAMS)
@pytest.mark.parametrize("canary", FORMS, ids=["known form", "no form"])
def test_the_token_in_use_is_seen_nowhere(desk, run, tmp_path, monkeypatch, canary, kind, trouble):
    plant(desk, monkeypatch, canary, "read" if trouble == "read only" else "write")
    monkeypatch.setenv("REALESR_DEBUG", "1")
    monkeypatch.setenv("HF_DEBUG", "0")
    fault, expected = TROUBLE[trouble]
    if fault == "expired":
        desk.expire(canary)
    elif isinstance(fault, tuple):
        asked, status = fault
        if status:
            times = 99 if expected else 1
            desk.faults.answer(asked, status, times=times, headers={"Retry-After": "1"})
        else:
            desk.faults.cut(asked, "within")
    code, output = run(kind, "--yes")
    assert code == expected and "CANARY" not in output, output
    assert traces_of(canary, tmp_path, desk) == []


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
@pytest.mark.parametrize("kind", PROGRAMS)
def test_it_is_in_no_process_list(desk, tmp_path, monkeypatch, kind):
    plant(desk, monkeypatch, FORMS[1])
    code, output, lines = run_child(kind, "--yes")
    assert code == 0 and "CANARY" not in output, output
    assert PROGRAMS[kind][0].encode() in lines and b"CANARY" not in lines


@pytest.mark.parametrize("canary", FORMS, ids=["known form", "no form"])
@pytest.mark.parametrize("kind", PROGRAMS)
def test_a_token_on_the_command_line_is_refused_and_not_repeated(
    desk, run, tmp_path, monkeypatch, canary, kind
):
    plant(desk, monkeypatch, canary)
    for words in ([f"--token={canary}"], ["--json", "--token", canary]):
        code, output = run(kind, *words)
        assert code == 6 and "E603" in output and "Revoke it" in output, output
        assert "CANARY" not in output
    assert traces_of(canary, tmp_path, desk) == [] and not desk.asked


@pytest.mark.parametrize("canary", FORMS, ids=["known form", "no form"])
def test_a_token_in_a_file_stops_it_and_is_not_repeated(desk, run, monkeypatch, canary):
    plant(desk, monkeypatch, canary)
    about, config = Path("old-maps/about.toml"), Path("old-maps/config.toml")
    words, settings = about.read_text(), config.read_text()
    spoiled = [
        (about, words.replace("CC-BY-4.0", canary)),
        (about, words + f"\nthis is no TOML {canary}"),
        (config, settings.replace('"old-maps"', f'"{canary}"')),
        (config, settings + f"\n[{canary}]\n"),
    ]
    for (path, text), more in itertools.product(spoiled, [(), ("--yes",), ("--json",)]):
        about.write_text(words)
        config.write_text(settings)
        path.write_text(text)
        code, output = run("model", *more)
        assert code in (2, 6) and "CANARY" not in output, output
    assert not desk.asked


@pytest.mark.parametrize("canary", FORMS, ids=["known form", "no form"])
def test_a_token_in_a_data_set_stops_it_wherever_it_stands(desk, run, monkeypatch, canary):
    plant(desk, monkeypatch, canary)
    for column in ("author", "origin"):
        shutil.rmtree("maps")
        change_rows(make_set(Path("maps").absolute()), **{column: f"https://a.org?{canary}"})
        code, output = run("data set")
        assert code == 6 and "E603" in output and "CANARY" not in output, output
    assert not desk.asked


def test_every_other_command_refuses_it_too(desk, realesr):
    for words in (["models", "pull", FORMS[0]], ["upscale", FORMS[0], "-o", "x", "--json"]):
        told = realesr(*words)
        assert told.code == 6 and "E603" in told.err and "CANARY" not in told.out + told.err
    assert os.environ["HF_TOKEN"] != FORMS[0]
