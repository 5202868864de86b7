"""The doctor names exactly what is wrong, lets a healthy run pass, and writes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from realesr.commands.wiring import app
from realesr.errors import RealesrError
from realesr.train.budget import budget
from realesr.train.config import TrainConfig
from realesr.train.config_files import read_config
from realesr.train.diagnosis import Finding
from realesr.train.doctor import examine
from realesr.train.rehearsal import Needs, reckon, rehearse
from realesr.train.sources import open_source
from tests.train.runs import make_run, trained

GOOD = ("astronaut", "chelsea", "coffee", "motorcycle_left", "rocket")


@pytest.fixture(scope="module")
def photos() -> dict[str, np.ndarray]:
    """Photographs, shrunk until they are sharp and without a past."""
    pictures = open_source("samples:" + ",".join(GOOD))
    photos = {}
    for number, name in enumerate(GOOD):
        image = Image.fromarray(np.ascontiguousarray(pictures.read(number)))
        size = (image.width * 10 // 17, image.height * 10 // 17)
        photos[name] = np.asarray(image.resize(size, Image.Resampling.LANCZOS))
    return photos


@pytest.fixture
def folder(tmp_path: Path, photos) -> Path:
    """A configuration, and a folder of good photographs."""
    make_run(tmp_path, pictures=1)
    (tmp_path / "pictures" / "00.png").unlink()
    for name, photo in photos.items():
        Image.fromarray(photo).save(tmp_path / "pictures" / f"{name}.png")
    return tmp_path


def config(folder: Path, *changes: str) -> TrainConfig:
    return read_config(folder / "run.toml", changes)


def found(folder: Path, *changes: str) -> dict[str, Finding]:
    """What the doctor says, by what it is about, without steps."""
    report = examine(config(folder, *changes), steps=False)
    assert json.loads(json.dumps(report.as_dict()))["can_start"] is report.can_start
    return {each.about: each for each in report.findings if each.weight != "note"}


def files(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_a_healthy_run_may_start_and_nothing_is_written(folder):
    before = files(folder)
    arguments = ["doctor", str(folder / "run.toml"), "--json"]
    result = CliRunner().invoke(app, [*arguments, "--set", "data.stored=2"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["can_start"]
    assert {each["weight"] for each in report["findings"]} == {"note"}
    figures = report["figures"]
    assert (figures["pictures"], figures["looked_at"]) == (5, 5)
    assert figures["epochs"] == 12 * 2 / 5
    assert 1e8 < figures["memory_bytes"] < figures["memory_free_bytes"]
    assert figures["total_seconds"] > figures["storing_seconds"] > 0
    assert files(folder) == before


def test_the_smoke_configuration_passes():
    root = Path(__file__).resolve().parent.parent.parent
    result = CliRunner().invoke(app, ["doctor", str(root / "configs" / "smoke.toml"), "--no-steps"])
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith("smoke: training can start.\n")


def damage(photo: np.ndarray, kind: str) -> np.ndarray:
    random = np.random.default_rng(1)
    height, width = photo.shape[:2]
    if kind == "blur":
        return cv2.GaussianBlur(photo, (0, 0), 3)
    if kind == "noise":
        return np.clip(np.rint(photo + random.normal(0, 14, photo.shape)), 0, 255).astype(np.uint8)
    if kind == "quality":
        return cv2.imdecode(cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, 50])[1], 1)
    if kind == "enlargement":
        return cv2.resize(photo[:150, :150], (450, 450), interpolation=cv2.INTER_CUBIC)
    if kind == "flatness":
        return np.full_like(photo, 90)
    ramp = np.linspace(40, 200, width)[None] + np.linspace(0, 55, height)[:, None]
    return np.repeat((np.rint(ramp / 6) * 6).astype(np.uint8)[..., None], 3, 2)


@pytest.mark.parametrize("kind", ["blur", "noise", "quality", "enlargement", "flatness", "banding"])
def test_each_damage_is_named_with_its_picture(folder, photos, kind):
    bad = damage(photos["motorcycle_left"], kind)
    (folder / "pictures" / "motorcycle_left.png").unlink()
    Image.fromarray(bad).save(folder / "pictures" / "odd.png")
    told = found(folder)
    assert told[kind].weight == "warning"
    assert told[kind].pictures == ("odd.png",)
    assert "1 of 5 pictures is" in told[kind].sentence
    assert {each.pictures for each in told.values()} == {("odd.png",)}


def test_a_damaged_file_stops_it_with_its_name(folder):
    path = folder / "pictures" / "coffee.png"
    path.write_bytes(path.read_bytes()[:5000])
    result = CliRunner().invoke(app, ["doctor", str(folder / "run.toml"), "--no-steps"])
    assert result.exit_code == 2
    assert "STOP 1 picture cannot be read: coffee.png" in result.stdout
    assert result.stdout.endswith("tiny: training cannot start.\n")


def test_small_pictures_are_named_smallest_first(folder, photos):
    for side in (20, 12):
        path = folder / "pictures" / f"{side}.png"
        Image.fromarray(photos["rocket"][:side, :side]).save(path)
    told = found(folder)["small"]
    assert told.pictures == ("12.png", "20.png")
    assert "crop of 32 px, some than the patch of 16 px" in told.sentence


def test_copies_and_what_is_learned_and_held_out_are_named(folder, photos):
    (folder / "held").mkdir()
    Image.fromarray(photos["rocket"]).resize((300, 200)).save(folder / "held" / "other.jpg")
    Image.fromarray(photos["chelsea"]).save(folder / "pictures" / "cat.png")
    told = found(folder, f"data.held_out=['{folder}/held']")
    assert told["copies"].pictures == ("chelsea.png",)
    assert "chelsea.png is cat.png" in told["copies"].sentence
    assert "(1 to the pixel)" in told["copies"].sentence
    assert told["held out"].pictures == ("other.jpg",)
    assert "other.jpg is rocket.png" in told["held out"].sentence


def test_a_held_out_file_of_the_same_folder_is_not_learned_from(folder):
    report = examine(config(folder, f"data.held_out=['{folder}/pictures/coffee.png']"), steps=False)
    assert report.figures["pictures"] == 4
    assert all(each.weight == "note" for each in report.findings)


@pytest.fixture
def paired(folder: Path) -> Path:
    """The same pictures with partners half as large."""
    (folder / "low").mkdir()
    for path in (folder / "pictures").iterdir():
        image = Image.open(path)
        whole = image.crop((0, 0, image.width // 2 * 2, image.height // 2 * 2))
        whole.save(path)
        whole.resize((whole.width // 2, whole.height // 2)).save(folder / "low" / path.name)
    return folder


def partners(folder: Path) -> tuple[str, str]:
    """The change that makes the run learn from pairs; nothing is degraded then."""
    return f"data.lr=['{folder}/low']", "data.recipe=real_esrgan"


def test_good_pairs_pass(paired):
    assert found(paired, *partners(paired)) == {}


def test_pairs_of_another_scale_stop_it(paired):
    path = paired / "low" / "rocket.png"
    Image.open(path).resize((100, 100)).save(path)
    told = found(paired, *partners(paired))
    assert told["broken"].weight == "stop"
    assert told["broken"].pictures == ("rocket.png",)
    assert "its partner rocket.png 100x100, which should be 2 times smaller" in (
        told["broken"].sentence
    )


def test_a_missing_partner_stops_it(paired):
    (paired / "low" / "coffee.png").unlink()
    told = found(paired, *partners(paired))
    assert (told["data"].weight, "coffee.png has no partner" in told["data"].sentence) == (
        "stop",
        True,
    )


def test_partners_of_another_scene_are_named(paired):
    path = paired / "low" / "coffee.png"
    Image.open(path).rotate(180).save(path)
    assert found(paired, *partners(paired))["likeness"].pictures == ("coffee.png",)


@pytest.mark.parametrize(
    ("changes", "about", "words"),
    [
        (["data.pictures=['nowhere']"], "data", "There are no pictures at nowhere"),
        (["data.recipe=reel_esrgan"], "data", "real_esrgan"),
        (["output=/dev/null/run"], "output", "/dev/null is no folder. Name another output."),
        (["optimiser.learning_rate=0.1"], "learning rate", "high for Adam"),
        (["optimiser.warmup=12"], "learning rate", "never gets where it should"),
        (["gan.features=4"], "start", "random weights"),
    ],
)
def test_settings_that_go_wrong_are_said(folder, changes, about, words):
    assert words in found(folder, *changes)[about].sentence


def test_only_some_of_many_pictures_are_looked_at_spread_evenly(folder):
    seen = []
    report = examine(config(folder), most=2, steps=False, progress=lambda *now: seen.append(now))
    assert report.figures["looked_at"] == 2
    assert "5 pictures to learn from, 2 of them looked at." in [
        each.sentence for each in report.findings
    ]
    assert seen == [(1, 2), (2, 2)]


def test_a_run_that_was_begun_is_pointed_out(folder):
    ended = trained(folder / "run.toml", folder / "run", "steps=4")
    told = [each.sentence for each in examine(config(folder), steps=False).findings]
    assert any(f"holds a run up to {ended.folder.name}: --resume" in each for each in told)


def test_a_saved_state_is_as_large_as_foretold(folder):
    changes = ("gan.features=4", "steps=4", "network.features=24")
    needs = rehearse(config(folder, *changes))
    assert (needs.error, needs.died, needs.measured) == ("", False, 2)
    ended = trained(folder / "run.toml", folder / "other", *changes)
    written = sum(path.stat().st_size for path in ended.folder.glob("*.safetensors"))
    assert needs.checkpoint < written < 1.2 * needs.checkpoint
    assert needs.step_seconds > 0 < needs.data_seconds


def test_a_first_step_that_fails_is_said_in_its_words(folder):
    needs = rehearse(config(folder, "start.generator=no-such-model"))
    assert "no-such-model" in needs.error
    told = list(budget(config(folder), 5, needs, {}))
    assert [each.weight for each in told] == ["stop"]


READY = {
    "is": "ready",
    "device": "cpu",
    "free": 8e9,
    "memory": 3e8,
    "checkpoint": 10**6,
    "parameters": 1000,
}


def passes(*sizes: int) -> list[dict]:
    return [
        {"is": "pass", "pictures": n, "memory": 4e8 + n * 1e8, "seconds": 0.5 * n, "data": 0.1 * n}
        for n in sizes
    ]


def test_a_larger_pass_is_reckoned_from_smaller_ones(folder):
    big = config(folder, "batch_size=64", "engine.accumulate=2")
    needs = reckon(big, [READY, *passes(1, 2, 4)], died=False)
    assert needs.memory == pytest.approx(4e8 + 32 * 1e8)
    assert needs.step_seconds == pytest.approx(32)
    assert needs.data_seconds == pytest.approx(6.4)
    assert needs.measured == 4
    whole = reckon(big, [READY, *passes(1, 32)], died=False)
    assert whole.memory == 4e8 + 32 * 1e8


@pytest.mark.parametrize(
    ("lines", "died"), [([], True), ([READY], True), ([READY, *passes(1), {"is": "full"}], False)]
)
def test_a_process_that_ran_out_of_memory_stops_it(folder, lines, died):
    told = list(budget(config(folder), 5, reckon(config(folder), lines, died=died), {}))
    assert [(each.about, each.weight) for each in told] == [("memory", "stop")]


@pytest.mark.parametrize(("memory", "weight"), [(1e9, "note"), (7.5e9, "warning"), (9e9, "stop")])
def test_memory_is_weighed_against_what_there_is(folder, memory, weight):
    needs = Needs(memory=memory, free=8e9, step_seconds=0.1)
    told = {each.about: each.weight for each in budget(config(folder), 5, needs, {})}
    assert told["memory"] == weight


def test_a_disk_too_small_for_the_states_stops_it(folder):
    figures: dict[str, float] = {}
    needs = Needs(free=8e9, checkpoint=10**15, stored_bytes=1e15)
    told = {each.about: each for each in budget(config(folder), 5, needs, figures)}
    assert told["disk"].weight == "stop"
    # Two are kept, and a third is whole before one of them goes.
    assert figures["disk_bytes"] == 3 * 10**15 + 5 * 10**15


def test_time_counts_steps_data_and_storing(folder):
    figures: dict[str, float] = {}
    needs = Needs(free=8e9, step_seconds=2.0, data_seconds=3.0, stored_seconds=10.0)
    told = {each.about: each for each in budget(config(folder), 5, needs, figures)}
    assert figures["total_seconds"] == 12 * 5.0 + 50
    assert "12 steps of 5 s take about 60 s" in told["time"].sentence
    stored = config(folder, "data.stored=3")
    list(budget(stored, 5, needs, figures))
    assert figures["total_seconds"] == 12 * 2.0 + 50


def test_a_run_that_waits_for_its_data_is_told_so(folder):
    needs = Needs(free=8e9, step_seconds=0.1, data_seconds=0.4)
    told = {each.about: each for each in budget(config(folder, "steps=5000"), 5, needs, {})}
    assert told["data"].weight == "warning"
    assert "data.stored" in told["data"].sentence


def test_mistakes_in_the_file_are_a_refusal_as_everywhere(folder):
    with pytest.raises(RealesrError, match=r"did you mean .*steps"):
        config(folder, "step=4")
