"""The Space: assembled, shown, pushed, and started as the Hub would start it."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import types
import urllib.request
from pathlib import Path

import pytest

from lab.app import main
from lab.zero import announced, is_lent, on_lent_gpu
from realesr.errors import ModelError, RealesrError
from realesr.hub.card_rules import mistakes
from realesr.images import read_picture
from realesr.publishing.space import Space
from tests.hub.conftest import hub

from .test_upscale_page import by_library, fetched, send, upload

__all__ = ["hub"]
# The Hub's client hands whole files to its HTTP library in a way that this one will drop.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
NAME = "ada/lab"
ROOT = Path(__file__).resolve().parents[2]


def test_the_program_here_is_the_one_that_a_space_gets():
    assert (ROOT / "spaces_app.py").read_text(encoding="utf-8") == Space(NAME).app


def test_a_dry_run_sends_nothing_and_shows_exactly_what_is_pushed_then(hub, capsys):
    assert main(["space", "--repo", NAME, "--json"]) == 0
    planned = json.loads(capsys.readouterr().out)
    assert planned["published"] is False and not hub.asked
    assert main(["space", "--repo", NAME, "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("space ada/lab (private: seen by you alone)")
    assert "Nothing was sent" in shown and not hub.asked

    assert main(["space", "--repo", NAME, "--yes"]) == 0
    assert "ada/lab pushed; seen by you alone" in capsys.readouterr().out
    files = {path: data for path, data in pushed(hub).items() if path != ".gitattributes"}
    assert {path: len(data) for path, data in files.items()} == {
        file["path"]: file["bytes"] for file in planned["files"]
    }
    for path, text in planned["texts"].items():
        assert files[path].decode() == text
        assert all(line in shown for line in text.splitlines())
    assert not [path for path in files if "__pycache__" in path or path.endswith(".pyi")]
    card = files["README.md"].decode()
    assert mistakes(card, "space") == [] and "sdk: gradio" in card
    assert main(["space", "--repo", NAME, "--yes"]) == 0
    assert "was there already, byte for byte" in capsys.readouterr().out


def pushed(hub) -> dict[str, bytes]:
    return dict(hub.files(f"spaces/{NAME}"))


def test_what_was_pushed_runs_alone(hub, start_lab, photos, tmp_path, capsys):
    """From a folder that holds nothing else, as the Hub starts it, with its own words."""
    assert main(["space", "--repo", NAME, "--yes"]) == 0
    folder = tmp_path / "space"
    for path, data in pushed(hub).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    words = folder / "lab" / "languages" / "en.toml"
    text = words.read_text(encoding="utf-8")
    words.write_text(text.replace('title = "realesr lab"', 'title = "the lab from the Space"'))
    address = start_lab(["spaces_app.py"], folder, SPACE_ID=NAME)
    with urllib.request.urlopen(f"{address}/config", timeout=30) as answer:
        assert json.load(answer)["title"] == "the lab from the Space"
    end, answer = send(address, "upscale", [upload(address, photos["rgb"])])
    assert end == "complete"
    assert (fetched(answer, tmp_path) == by_library(photos["rgb"])).all()


def test_only_listed_models_of_the_hub_are_offered(hub, capsys):
    words = ["space", "--repo", NAME, "--json", "--model", "ada/one", "--model", "ada/two"]
    assert main(words) == 0
    planned = json.loads(capsys.readouterr().out)
    program = (
        "import json, os, sys; exec(sys.stdin.read().split('from lab.app')[0]); "
        "from lab.shelf import Shelf; shelf = Shelf(public=True); "
        "print(json.dumps([shelf.first, [each.name for each in shelf.offers()]]))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        input=planned["texts"]["spaces_app.py"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    first, offered = json.loads(run.stdout)
    assert first == "ada/one" and {"ada/one", "ada/two", "lab-x4"} <= set(offered)
    assert "ada/three" not in offered


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--repo", "lab"], 2),
        (["--repo", NAME, "--model", "../../etc"], 2),
        (["--repo", "hf_" + "a" * 34], 6),
    ],
)
def test_refusals_are_one_sentence(hub, capsys, words, code):
    assert main(["space", *words]) == code
    told = capsys.readouterr()
    assert told.err.count("\n") == 1 and not told.out and not hub.asked


# ---- the lent GPU -------------------------------------------------------------------------------


def work(count: int, fails: bool):
    """Stands for a model's run: steps, then a result or a refusal."""
    yield from range(count)
    if fails:
        raise ModelError("E204", "not finite.", "Another one.")
    return multiprocessing.current_process().name


def drained(steps) -> tuple[list[object], object]:
    told = []
    while True:
        try:
            told.append(next(steps))
        except StopIteration as end:
            return told, end.value


def lending(announcements: list[int]) -> types.ModuleType:
    """A stand-in for the package ``spaces`` on ZeroGPU: a forked process, pickles both ways.

    As spaces 0.51 does it (``zero/wrappers.py``): what a generator returns is dropped.
    """
    context = multiprocessing.get_context("fork")

    def gpu(*, duration):
        def decorate(task):
            def inside(pipe, values):
                for each in task(*values):
                    pipe.send(("told", each))
                pipe.send(("end", None))

            def wrapped(*values):
                announcements.append(duration(*values))
                ours, theirs = context.Pipe()
                process = context.Process(target=inside, args=(theirs, values), name="lent")
                process.start()
                try:
                    while (message := ours.recv())[0] == "told":
                        yield message[1]
                finally:
                    process.join()

            return wrapped

        return decorate

    module = types.ModuleType("spaces")
    module.GPU = gpu
    return module


def test_without_the_package_the_work_is_done_here(monkeypatch):
    monkeypatch.setitem(sys.modules, "spaces", None)
    assert on_lent_gpu(work, lambda count, fails: 5) is work


def test_on_a_lent_gpu_steps_result_and_refusal_come_back(monkeypatch):
    announcements: list[int] = []
    monkeypatch.setitem(sys.modules, "spaces", lending(announcements))
    lent = on_lent_gpu(work, lambda count, fails: announced(16_700_000, count * 1e6))
    assert drained(lent(3, False)) == ([0, 1, 2], "lent")
    steps = lent(2, True)
    assert [next(steps), next(steps)] == [0, 1]
    with pytest.raises(ModelError, match=r"E204 not finite\. Another one\."):
        next(steps)
    assert announcements == [14, 10]


def test_a_gpu_that_is_taken_away_is_a_coded_sentence(monkeypatch):
    module = types.ModuleType("spaces")
    module.GPU = lambda *, duration: lambda task: lambda *values: iter(())
    monkeypatch.setitem(sys.modules, "spaces", module)
    with pytest.raises(RealesrError, match="E901 a lent GPU was taken away"):
        drained(on_lent_gpu(work, lambda count, fails: 5)(1, False))


@pytest.mark.parametrize(("text", "lent"), [("", False), ("0", False), ("1", True), ("True", True)])
def test_whether_gpus_are_lent_here(monkeypatch, text, lent):
    monkeypatch.setenv("SPACES_ZERO_GPU", text)
    assert is_lent() is lent


def test_a_photo_enlarged_on_a_lent_gpu_has_the_same_pixels(photos, tmp_path):
    """The whole way of the page, in a program that was told that GPUs are lent."""
    program = (
        "import sys; from pathlib import Path; from tests.lab.test_space import lending\n"
        "announcements = []; sys.modules['spaces'] = lending(announcements)\n"
        "from lab.settings import UpscaleSettings; from lab.workbench import Workbench\n"
        "bench = Workbench(public=True); bench.warm_up().result()\n"
        "steps = bench.upscale(Path(sys.argv[1]), UpscaleSettings(scale=2), Path(sys.argv[2]))\n"
        "while True:\n"
        "    try:\n"
        "        next(steps)\n"
        "    except StopIteration as end:\n"
        "        print(end.value.file, announcements)\n"
        "        break\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, str(photos["rgb"]), str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "SPACES_ZERO_GPU": "true", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    file, announcements = run.stdout.strip().rsplit(" [", 1)
    assert announcements == "5]"
    assert (read_picture(file).pixels == by_library(photos["rgb"], 2)).all()
