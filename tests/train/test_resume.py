"""A run that was stopped and goes on is, bit for bit, the run that was never stopped."""

from __future__ import annotations

import io
import json
import os
import shutil
from pathlib import Path

import pytest

from realesr.degradations import presets
from realesr.errors import ConfigError
from realesr.train import run as running
from realesr.train.checkpoint import Checkpoints
from realesr.train.config_files import read_config
from realesr.train.journal import Journal
from realesr.train.run import train
from tests.train.faults import Count, damage, watched
from tests.train.runs import contents, journal, make_run, trained

STOP, END = 3, 23


@pytest.fixture
def seen(monkeypatch):
    """The (epoch, index) of every picture that a run learned from, in order."""
    ids: list[tuple[int, int]] = []
    feed = running.feed

    def telling(*words, **options):
        batches = feed(*words, **options)

        def told():
            try:
                for batch in batches:
                    ids.extend(batch.ids)
                    yield batch
            finally:
                batches.close()

        return told()

    monkeypatch.setattr(running, "feed", telling)
    return ids


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """The run that was never stopped: its configuration, last step and pictures, made once."""
    made = {}

    def give(gan: bool, pictures: int, *changes: str) -> tuple[Path, dict[str, str]]:
        key = (gan, pictures, changes)
        if key not in made:
            folder = tmp_path_factory.mktemp("straight")
            config = make_run(folder, pictures=pictures, gan=gan)
            ended = trained(config, folder / "run", f"steps={END}", "save.every=100", *changes)
            made[key] = config, contents(ended.folder)
        return made[key]

    return give


@pytest.mark.parametrize("workers", [0, 1, 2])
@pytest.mark.parametrize("pictures", [50, 7], ids=["within an epoch", "across epochs"])
@pytest.mark.parametrize("gan", [False, True], ids=["RealESRNet", "RealESRGAN"])
def test_a_resumed_run_is_the_run_that_was_not_stopped(
    gan, pictures, workers, straight, seen, tmp_path
):
    config, expected = straight(gan, pictures)
    del seen[:]  # The straight run may just have been made.
    workers = f"data.workers={workers}"
    trained(config, tmp_path, f"steps={STOP}", workers)
    ended = trained(config, tmp_path, f"steps={END}", workers, resume=True)
    assert ended.step == END and contents(ended.folder) == expected
    assert {"weights.safetensors", "generator.safetensors", "state.json"} < set(expected)
    order = running.open_data(read_config(config)).order
    assert seen == [order[position] for position in range(2 * END)]
    assert journal(tmp_path) == list(range(1, END + 1))


@pytest.mark.parametrize(
    "changes",
    [
        ("engine.precision=bf16",),
        ("engine.accumulate=2", "batch_size=4", "optimiser.clip=0.1"),
        ("optimiser.schedule=steps", "optimiser.milestones=[2, 3, 5]", "optimiser.warmup=4"),
        ("losses.artifact_weight=1", "losses.frequency_weight=0.1", "gan.start_step=5"),
        ("data.stored=2",),
    ],
    ids=["bf16", "accumulation", "schedule", "further losses", "stored"],
)
def test_whatever_a_run_is_made_of(changes, straight, tmp_path):
    config, expected = straight(True, 7, *changes)
    trained(config, tmp_path, "steps=3", *changes)
    trained(config, tmp_path, "steps=4", *changes, resume=True)
    ended = trained(config, tmp_path, f"steps={END}", *changes, resume=True)
    assert contents(ended.folder) == expected


def test_what_is_watched_and_saved_changes_nothing(straight, tmp_path):
    config, expected = straight(False, 7)
    often = ("save.every=1", "save.keep=5", "watch.log_every=7", "data.workers=1")
    trained(config, tmp_path, "steps=5", *often)
    looking = ("watch.preview_every=4", "watch.validate_every=3", "watch.pictures=2")
    ended = trained(config, tmp_path, f"steps={END}", *looking, resume=True)
    found = contents(ended.folder)
    assert {name for name in found if found[name] != expected[name]} <= {"alarms.json"}
    assert (tmp_path / "previews" / "sheet.png").exists()


# What is there already.


def test_a_finished_run_stays_as_it_is(straight, tmp_path):
    config, _ = straight(False, 7)
    trained(config, tmp_path, "steps=2")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    ended = trained(config, tmp_path, "steps=2", resume=True)
    assert ended.step == 2 and not ended.signal
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_a_resume_of_nothing_begins_and_says_so(straight, tmp_path):
    config, expected = straight(False, 7)
    said = io.StringIO()
    settings = read_config(config, [f"output={tmp_path}", f"steps={END}", "save.every=100"])
    ended = train(settings, resume=True, stream=said)
    assert "no complete step: beginning" in said.getvalue()
    assert contents(ended.folder) == expected


def test_a_run_is_not_written_over(straight, tmp_path):
    config, _ = straight(False, 7)
    trained(config, tmp_path, "steps=2")
    with pytest.raises(ConfigError) as caught:
        trained(config, tmp_path, "steps=4")
    assert caught.value.code == "E505" and "--resume" in caught.value.next_step
    assert Checkpoints(tmp_path).steps() == [2]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (("seed=1",), ["seed was 0 and is 1"]),
        (("batch_size=4", "scale=4"), ["batch_size was 2 and is 4", "scale was 2 and is 4"]),
        (("network.features=8",), ["network.features was 4 and is 8"]),
        (("gan.weight=0.5",), ["gan.weight was left out and is 0.5"]),
        (("optimiser.betas=[0.5, 0.9]",), ["optimiser.betas was [0.9, 0.99] and is [0.5, 0.9]"]),
    ],
)
def test_another_configuration_is_refused_with_the_difference(changes, words, straight, tmp_path):
    config, _ = straight(False, 7)
    trained(config, tmp_path, "steps=2")
    with pytest.raises(ConfigError) as caught:
        trained(config, tmp_path, "steps=4", *changes, resume=True)
    assert caught.value.code == "E505" and all(word in caught.value.cause for word in words)


def test_other_pictures_are_refused(tmp_path):
    config = make_run(tmp_path)
    trained(config, tmp_path / "run", "steps=2")
    (tmp_path / "pictures" / "06.png").unlink()
    with pytest.raises(ConfigError) as caught:
        trained(config, tmp_path / "run", "steps=4", resume=True)
    assert caught.value.code == "E505" and "pictures are not what" in caught.value.cause
    assert Checkpoints(tmp_path / "run").newest().step == 2


def test_a_damaged_step_is_passed_over_and_said(straight, tmp_path):
    config, expected = straight(False, 7)
    trained(config, tmp_path, "steps=8")
    damage(tmp_path / "step-000008")
    said = io.StringIO()
    settings = read_config(config, [f"output={tmp_path}", f"steps={END}", "save.every=100"])
    ended = train(settings, resume=True, stream=said)
    assert contents(ended.folder) == expected
    assert (
        "E501 step-000008 is damaged (generator.safetensors differs from its checksum); "
        "going on from step-000004." in said.getvalue()
    )
    assert journal(tmp_path) == list(range(1, END + 1))


# A kill leaves the disk as it is just before the call that was not made any more.


@pytest.mark.parametrize("gan", [False, True], ids=["RealESRNet", "RealESRGAN"])
def test_before_every_call_of_its_saves_a_run_could_be_killed(gan, straight, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    config, expected = straight(gan, 7)
    output, count, looking = tmp_path / "run", Count(), [False]
    saved, copies = [0], []

    def look(name: str, words: tuple[object, ...]) -> None:
        if looking[0] or not output.exists():
            return
        looking[0] = True
        count(name, words)
        found = Checkpoints(output).newest()
        step = found.step if found else 0
        assert step in (saved[0], saved[0] + 1), (name, words)
        saved[0] = step
        if len(count.calls) % 61 == 0:
            copies.append(shutil.copytree(output, tmp_path / f"killed-{len(copies)}"))
        looking[0] = False

    with watched(look):
        trained(config, output, "steps=3", "save.every=1")
    assert saved[0] == 3 and len(count.calls) > 150 and len(copies) > 2
    for copy in copies:
        ended = trained(config, copy, f"steps={END}", "save.every=100", resume=True)
        assert contents(ended.folder) == expected and not list(copy.glob("*.tmp"))
    kept = json.loads((output / "step-000003" / "manifest.json").read_text("utf-8"))
    assert kept["step"] == 3 and Checkpoints(output).steps() == [2, 3]


def test_each_logged_mean_is_over_the_steps_that_had_it(tmp_path):
    config = make_run(tmp_path, gan=True)
    each, five = tmp_path / "each", tmp_path / "five"
    trained(config, each, "steps=5", "gan.start_step=2", "watch.log_every=1")
    trained(config, five, "steps=5", "gan.start_step=2", "watch.log_every=5")
    lines = [line for line in Journal.read(each) if line["kind"] == "train"]
    (mean,) = [line for line in Journal.read(five) if line["kind"] == "train"]
    for name in ("loss", "gan", "pixel", "d_real", "discriminator_gradient"):
        said = [line[name] for line in lines if name in line]
        assert len(said) == (3 if name in ("loss", "gan", "pixel") else 5)
        assert mean[name] == pytest.approx(sum(said) / len(said), rel=1e-5), name


def test_where_every_step_is_damaged_nothing_is_begun_over_them(tmp_path):
    config, output = make_run(tmp_path), tmp_path / "run"
    trained(config, output, "steps=8")
    steps = sorted(output.glob("step-*"))
    for step in steps:
        (step / "weights.safetensors").write_bytes(b"torn")
    for resume in (True, False):
        with pytest.raises(ConfigError, match="none of them is complete") as caught:
            trained(config, output, "steps=8", resume=resume)
        assert caught.value.code == "E501"
    assert sorted(output.glob("step-*")) == steps


def test_a_recipe_that_says_something_else_is_noticed(tmp_path):
    config, output, recipe = make_run(tmp_path), tmp_path / "run", tmp_path / "mine.json"
    recipe.write_text(presets.gentle(2).to_json(), encoding="utf-8")
    trained(config, output, "steps=4", f"data.recipe={recipe}")
    recipe.write_text(presets.real_esrgan(2).to_json(), encoding="utf-8")
    with pytest.raises(ConfigError, match="the recipe") as caught:
        trained(config, output, "steps=8", f"data.recipe={recipe}", resume=True)
    assert caught.value.code == "E505"


def test_a_finished_run_of_another_configuration_is_not_taken_for_this_one(tmp_path):
    config, output = make_run(tmp_path), tmp_path / "run"
    trained(config, output, "steps=4")
    with pytest.raises(ConfigError, match="features was 4 and is 8"):
        trained(config, output, "steps=4", "network.features=8", resume=True)


def test_the_weights_it_began_with_may_be_gone(tmp_path):
    config = make_run(tmp_path)
    trained(config, tmp_path / "first", "steps=4")
    start = f"start.generator={tmp_path / 'first' / 'step-000004'}"
    straight = trained(config, tmp_path / "straight", start, "steps=8", "seed=3")
    stopped = tmp_path / "stopped"
    trained(config, stopped, start, "steps=4", "seed=3")
    shutil.rmtree(tmp_path / "first")
    ended = trained(config, stopped, start, "steps=8", "seed=3", resume=True)
    assert contents(ended.folder) == contents(straight.folder)


def test_a_run_that_no_longer_looks_still_says_how_the_earlier_looks_went(tmp_path):
    config, said = make_run(tmp_path), io.StringIO()
    trained(config, tmp_path / "run", "steps=4", "watch.validate_every=2")
    changes = (f"output={tmp_path / 'run'}", "steps=6", "watch.validate_every=0")
    train(read_config(config, changes), resume=True, stream=said)
    # No picture was held out, and that is said.
    assert "On pictures it learned from, PSNR: " in said.getvalue().splitlines()[-1]
    assert " at step 4; bicubic " in said.getvalue()
