"""A saved step comes back as it was, and anything else is passed over or refused in a sentence."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from realesr.errors import ConfigError, ParameterError, ResourceError
from realesr.models.loading import load_model
from realesr.train.checkpoint import Checkpoint, Checkpoints
from realesr.train.saved import seal
from tests.train.faults import damage, is_step, parts

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(autouse=True)
def disk_that_need_not_turn(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def run(tmp_path) -> Checkpoints:
    """A run that saved step 10 and step 20."""
    run = Checkpoints(tmp_path / "runs" / "one", keep=2)
    for step in (10, 20):
        run.save(step, **parts(step))
    return run


def refusal(action) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        action()
    assert caught.value.exit_code == 2
    return caught.value


def test_the_newest_step_comes_back(run):
    found = run.newest()
    assert is_step(found, 20) and found.folder == run.output / "step-000020"
    assert found.version and not run.notices
    assert found.files == {
        "generator.safetensors", "optimiser.safetensors", "config.json", "state.json",
    }  # fmt: skip


def test_only_the_newest_few_stay_and_the_size_is_bounded(run):
    size = 0
    for step in range(30, 100, 10):
        run.save(step, **parts(step))
        assert run.steps() == [step - 10, step]
        now = sum(path.stat().st_size for path in run.output.rglob("*"))
        assert not size or now == size
        size = now
    wide = Checkpoints(run.output, keep=4)
    for step in (100, 110, 120):
        wide.save(step, **parts(step))
    assert wide.steps() == [90, 100, 110, 120]


def test_one_step_alone_is_not_kept():
    with pytest.raises(ParameterError) as caught:
        Checkpoints(Path("anywhere"), keep=1)
    assert caught.value.code == "E001"


def test_a_run_without_steps_has_no_newest(tmp_path):
    assert Checkpoints(tmp_path / "none").newest() is None
    (tmp_path / "empty").mkdir()
    empty = Checkpoints(tmp_path / "empty")
    assert empty.newest() is None and not empty.notices and not (tmp_path / "none").exists()


def test_a_step_that_is_there_stays_as_it_is(run):
    stamp = (run.output / "step-000020" / "manifest.json").stat().st_mtime_ns
    run.save(20, **parts(20))
    assert (run.output / "step-000020" / "manifest.json").stat().st_mtime_ns == stamp


def test_steps_of_a_future_that_was_given_up_go(run):
    damage(run.output / "step-000020")
    run.save(15, **parts(15))
    assert run.steps() == [10, 15] and is_step(run.newest(), 15)


def test_looking_changes_nothing_on_the_disk(run):
    (run.output / "step-000030.tmp").mkdir()
    damage(run.output / "step-000020")
    before = {path: path.stat().st_mtime_ns for path in run.output.rglob("*")}
    run.newest()
    assert {path: path.stat().st_mtime_ns for path in run.output.rglob("*")} == before


def test_strangers_in_the_output_are_left_alone(run):
    names = ["step-7", "step-000010.tmp.txt", "notes.tmp", "metrics.jsonl", "step-000099x"]
    for name in names:
        (run.output / name).write_text("mine")
    (run.output / "step-000020" / "notes.txt").write_text("mine")
    run.tidy()
    run.save(30, **parts(30))
    assert all((run.output / name).read_text() == "mine" for name in names)
    assert is_step(run.newest(), 30)


# One bit of any byte, a cut anywhere: never a wrong state, always the step before.


@given(data=st.data())
def test_any_bit_turned_over_is_seen(data, tmp_path_factory):
    run = saved_once(tmp_path_factory)
    folder = run.output / "step-000020"
    path = data.draw(st.sampled_from(sorted(folder.iterdir())))
    content = path.read_bytes()
    place = data.draw(st.integers(0, 8 * len(content) - 1))
    turned = bytearray(content)
    turned[place // 8] ^= 1 << place % 8
    path.write_bytes(turned)
    try:
        found = run.newest()
        assert is_step(found, 10) or (is_step(found, 20) and path.name == "manifest.json")
        if found.step == 10:
            (notice,) = run.notices
            assert notice.code == "E501" and "going on from step-000010" in notice.sentence
            assert "step-000020 is" in notice.sentence and path.name in notice.sentence
    finally:
        path.write_bytes(content)


@given(data=st.data())
def test_any_cut_is_seen(data, tmp_path_factory):
    run = saved_once(tmp_path_factory)
    folder = run.output / "step-000020"
    path = data.draw(st.sampled_from(sorted(folder.iterdir())))
    content = path.read_bytes()
    # The line end after the manifest says nothing.
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 2))])
    try:
        assert is_step(run.newest(), 10) and "step-000020 is" in run.notices[0].sentence
    finally:
        path.write_bytes(content)


def saved_once(tmp_path_factory) -> Checkpoints:
    run = Checkpoints(tmp_path_factory.getbasetemp() / "saved once", keep=2)
    if not run.steps():
        for step in (10, 20):
            run.save(step, **parts(step))
    return run


def rewrite(folder: Path, **changes: object) -> None:
    """A manifest that somebody changed on purpose, its checksum too."""
    manifest = json.loads((folder / "manifest.json").read_text()) | changes
    manifest["seal"] = seal(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize("name", ["manifest.json", "state.json", "optimiser.safetensors"])
def test_a_missing_file_is_seen(run, name):
    (run.output / "step-000020" / name).unlink()
    assert is_step(run.newest(), 10)
    assert f"is incomplete ({name} is missing); going on from step-000010." in str(run.notices[0])


def test_a_link_is_not_followed(run, tmp_path):
    path = run.output / "step-000020" / "state.json"
    path.rename(tmp_path / "elsewhere.json")
    path.symlink_to(tmp_path / "elsewhere.json")
    assert is_step(run.newest(), 10) and "state.json is no file" in str(run.notices[0])


@pytest.mark.parametrize(
    "changes",
    [
        {"files": {"../step-000010/state.json": {"bytes": 1, "sha256": ""}}},
        {"files": {"/etc/passwd": {"bytes": 1, "sha256": ""}}},
        {"files": {"state.pkl": {"bytes": 1, "sha256": ""}}},
        {"files": {"state.json": 3}}, {"files": 3}, {"about": 3}, {"step": "ten"}, {"step": None},
        {"files": {"state.json": {"bytes": "many", "sha256": ""}}},
    ],
)  # fmt: skip
def test_a_manifest_that_makes_no_sense_is_passed_over(run, changes):
    rewrite(run.output / "step-000020", **changes)
    assert is_step(run.newest(), 10) and run.notices[0].code == "E501"


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "[" * 100_000, '{"seal": 1}', "\xff"])
def test_a_manifest_that_is_none_is_passed_over(run, text):
    (run.output / "step-000020" / "manifest.json").write_bytes(text.encode("latin-1"))
    assert is_step(run.newest(), 10) and run.notices[0].code == "E501"


def test_a_step_of_a_later_version_is_refused_not_passed_over(run):
    rewrite(run.output / "step-000020", schema=2, version="9.1")
    refused = refusal(run.newest)
    assert refused.code == "E502" and "realesr 9.1" in refused.cause


def test_several_notices_and_none_left(run):
    damage(run.output / "step-000010")
    damage(run.output / "step-000020")
    (run.output / "step-000030.tmp").mkdir()
    assert run.newest() is None
    assert [notice.code for notice in run.notices] == ["E501"] * 3
    assert all(str(notice).endswith("; no complete step is left.") for notice in run.notices)


def test_a_killed_save_is_told_and_tidied(run):
    (run.output / "step-000030.tmp").mkdir()
    (run.output / "step-000030.tmp" / "generator.safetensors").write_bytes(b"half")
    (run.output / "step-000005.tmp").mkdir()  # One that was being removed.
    assert is_step(run.newest(), 20)
    assert [str(notice) for notice in run.notices] == [
        "E501 step-000030.tmp is incomplete (killed while saving); going on from step-000020."
    ]
    half = run.output / "previews" / f".realesr-{7:016x}.tmp"
    half.parent.mkdir()
    half.write_bytes(b"half a picture")
    run.tidy()
    assert run.steps() == [10, 20] and not list(run.output.rglob("*.tmp"))


# What is given to go on from, and is no run.


@pytest.mark.parametrize("kind", ["weights file", "empty folder", "other folder", "missing"])
def test_what_is_no_saved_step_is_refused(kind, tmp_path):
    path = tmp_path / "net_g_40000.pth"
    if kind == "weights file":
        torch.save({"params": {}}, path)
    elif kind != "missing":
        path.mkdir()
        if kind == "other folder":
            (path / "40000.state").write_bytes(b"x")
    refused = refusal(lambda: Checkpoint.open(path))
    assert refused.code == "E502" and refused.cause.startswith("net_g_40000.pth ")
    assert "[start]" in refused.next_step


def test_a_file_or_a_step_is_no_output(run, tmp_path):
    (tmp_path / "net.pth").write_bytes(b"x")
    assert refusal(Checkpoints(tmp_path / "net.pth").newest).code == "E502"
    refused = refusal(Checkpoints(run.output / "step-000020").newest)
    assert refused.code == "E502" and "Name the folder that holds it." in str(refused)


def test_a_damaged_step_that_is_opened_by_name_is_refused(run):
    damage(run.output / "step-000020")
    refused = refusal(lambda: Checkpoint.open(run.output / "step-000020"))
    assert str(refused).startswith(
        "E501 step-000020 is damaged (generator.safetensors differs from its checksum)."
    )


def test_a_part_that_the_run_did_not_have_is_told(run):
    found = run.newest()
    for action in (lambda: found.tensors("discriminator"), lambda: found.document("schedule")):
        assert refusal(action).code == "E502"


def test_a_part_that_went_meanwhile_is_told(run):
    found = run.newest()
    shutil.rmtree(found.folder)
    assert refusal(lambda: found.tensors("generator")).code == "E502"
    assert refusal(lambda: found.document("state")).code == "E502"


@pytest.mark.parametrize("name", ["manifest", "../state", "State", "", "a b"])
def test_a_name_that_is_no_part_is_refused(run, name):
    with pytest.raises(ParameterError):
        run.save(30, tensors={}, documents={name: 1}, about={})
    assert run.steps() == [10, 20] and not list(run.output.glob("*.tmp"))


def test_a_tensor_that_cannot_be_kept_leaves_nothing_behind(run):
    odd = {"generator": {"good": torch.ones(2), "odd": torch.ones(2, dtype=torch.complex64)}}
    with pytest.raises(ParameterError):
        run.save(30, tensors=odd, documents={}, about={})
    assert run.steps() == [10, 20] and not list(run.output.glob("*.tmp"))


def test_ctrl_c_in_a_save_leaves_nothing_behind(run, monkeypatch):
    class Hurried(torch.Tensor):
        def detach(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.save(30, tensors={"a": {"w": Hurried([1.0])}}, documents={}, about={})
    assert run.steps() == [10, 20] and not list(run.output.glob("*.tmp"))


# The disk, as the system itself refuses it.


def test_a_disk_that_is_too_small_is_seen_before_a_byte_is_written(run, monkeypatch):
    usage = shutil.disk_usage(run.output)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1 << 20))
    with pytest.raises(ResourceError) as caught:
        run.save(30, **parts(30))
    assert str(caught.value).startswith(
        "E503 could not write step-000030: no space left (1.1 MB needed, 1.0 MB free). "
        "Training stopped at step 30; step-000020 is safe."
    )
    assert caught.value.exit_code == 5 and run.steps() == [10, 20]


def test_a_file_that_the_system_stops_in_the_middle(run):
    """A limit on the length of files: the kernel itself refuses the write."""
    script = (
        "import resource, sys, pathlib, torch\n"
        "from realesr.errors import ResourceError\n"
        "from realesr.train.checkpoint import Checkpoints\n"
        "large = {'tensors': {'generator': {'weight': torch.zeros(50_000)}}}\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n"
        "    Checkpoints(pathlib.Path(sys.argv[1])).save(30, **large, documents={}, about={})\n"
        "except ResourceError as refused:\n"
        "    print(refused)\n"
    )
    words = [sys.executable, "-c", script, str(run.output)]
    said = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert said.startswith("E503 could not write step-000030: file too large. Training stopped")
    assert run.steps() == [10, 20] and not list(run.output.glob("*.tmp"))
    assert is_step(run.newest(), 20)


@pytest.mark.parametrize("kind", ["file above", "file in its place", "too many open files"])
def test_an_output_that_cannot_be_written(kind, run, tmp_path):
    if kind == "too many open files":
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
        try:
            with pytest.raises(ResourceError) as caught:
                run.save(30, **parts(30))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        assert (
            "too many open files" in caught.value.cause and "left as they are" in caught.value.cause
        )
        assert run.steps() == [10, 20] and is_step(run.newest(), 20)
    else:
        (tmp_path / "file").write_text("mine")
        below = tmp_path / "file" / ("run" if kind == "file above" else "")
        with pytest.raises(ResourceError) as caught:
            Checkpoints(below).save(30, **parts(30))
        assert "no earlier step is saved" in caught.value.cause
        assert (tmp_path / "file").read_text() == "mine"
    assert caught.value.code == "E503"


def test_what_is_saved_is_a_model_that_loads(tmp_path):
    spec = {"architecture": "compact", "scale": 2, "arguments": {"features": 4, "convolutions": 1}}
    from realesr.models.compact import Compact

    network = Compact(scale=2, features=4, convolutions=1)
    Checkpoints(tmp_path).save(
        1, tensors={"generator": network.state_dict()}, documents={"config": spec}, about={}
    )
    loaded = load_model(str(tmp_path / "step-000001" / "generator.safetensors"), device="cpu")
    assert loaded.spec.scale == 2
    state = loaded.network.state_dict()
    assert all(torch.equal(state[name], value) for name, value in network.state_dict().items())
