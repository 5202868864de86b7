"""The page Train: a run as a theatre, verdicts in words, the real trainer started and stopped."""

from __future__ import annotations

import io
import json
import time

import pytest

from lab import theatre
from lab.classroom import Classroom
from lab.pages import train_words
from realesr.errors import ParameterError
from realesr.images import read_picture

from .looking import Look


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder of runs with one real run of two players."""
    from realesr.train.config_files import read_config
    from realesr.train.run import train

    place = tmp_path_factory.mktemp("runs")
    changes = ["steps=4", "save.every=4", "watch.validate_every=2", "watch.preview_every=2"]
    changes += [f"output={place / 'duel'}", "watch.log_every=1", "gan.start_step=1"]
    train(read_config("configs/smoke.toml", changes), stream=io.StringIO())
    return place


@pytest.fixture
def duel(runs, tmp_path):
    return theatre.runs(runs, tmp_path)["duel"]


def test_a_run_shows_the_same_crops_at_every_look(duel):
    assert duel.steps == [0, 2, 4]
    assert duel.crops
    for step in duel.steps:
        for name in duel.crops:
            now = read_picture(duel.at(step) / f"{name}.png").pixels
            truth = read_picture(duel.crop("truth", name)).pixels
            assert now.shape == truth.shape


def test_the_plots_and_verdicts_are_those_of_the_journal(duel):
    lines = duel.lines
    shown = train_words.plots(lines, 2)
    for title in ("Losses", "PSNR", "The two players", "Learning rates"):
        assert f"<h4>{title}</h4>" in shown
    told = train_words.verdicts(duel, lines)
    assert "discriminator" in told and "Colours" in told


def test_the_discriminators_opinion_is_a_picture_of_the_crops_size(duel, tmp_path):
    assert duel.judge is not None
    crop = duel.at(4) / f"{duel.crops[0]}.png"
    drawn = read_picture(theatre.opinion(duel.judge, crop, tmp_path))
    assert (drawn.height, drawn.width) == read_picture(crop).pixels.shape[:2]


def test_journals_that_came_along_are_on_the_bill(tmp_path):
    found = theatre.runs(tmp_path / "none")
    assert len(found) >= 3
    for run in found.values():
        assert run.folder is None and run.steps == [] and run.crops == []
        assert train_words.plots(run.lines, None).count("<svg") >= 2


def logs(*pairs: tuple[float, float]) -> list[dict[str, object]]:
    return [
        {"step": n, "kind": "train", "d_real": r, "d_fake": f} for n, (r, f) in enumerate(pairs)
    ]


@pytest.mark.parametrize(
    ("pairs", "words", "bad"),
    [
        ([(0.6, 0.4)] * 5, "even", False),
        ([(0.99, 0.02)] * 5, "has won", True),
        ([(0.5, 0.5)] * 5, "sees no difference", True),
        ([(0.99, 0.01)] * 5 + [(0.6, 0.4)] * 20, "even", False),
    ],
)
def test_who_is_ahead_is_said_in_plain_words(pairs, words, bad):
    told, alarm = theatre.balance(logs(*pairs))
    assert words in told and alarm is bad


def test_a_run_without_a_second_player_has_no_balance():
    assert theatre.balance([{"step": 1, "kind": "train", "pixel": 0.1}]) == ("", False)


def test_colours_that_drift_are_an_alarm():
    assert theatre.drift_verdict([(0, 9.0, "red +9"), (10, 1.0, "red +1")])[1] is False
    told, bad = theatre.drift_verdict([(10, 9.0, "red +9.0, green +0.1, blue -0.2")])
    assert bad and "red +9.0" in told


def test_strangers_start_nothing_and_nobody_starts_what_is_no_lesson(tmp_path):
    with pytest.raises(ParameterError, match="E001"):
        Classroom(runs=tmp_path, public=True).start("smoke")
    with pytest.raises(ParameterError, match="E001"):
        Classroom(runs=tmp_path).start("../configs/smoke")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_real_trainer_is_started_watched_and_stopped(tmp_path):
    lessons = Classroom(runs=tmp_path)
    name = lessons.start("smoke")
    with pytest.raises(ParameterError, match="E008"):
        lessons.start("smoke")
    journal = tmp_path / name / "metrics.jsonl"
    for _ in range(900):
        if journal.is_file() and '"train"' in journal.read_text():
            break
        assert lessons.is_running, lessons.told()
        time.sleep(0.1)
    lessons.stop()
    assert not lessons.is_running
    saved = sorted((tmp_path / name).glob("step-*/manifest.json"))
    assert saved and json.loads(saved[-1].read_text())
    assert "Stopped at step" in lessons.told() or (tmp_path / name / "step-000040").is_dir()


@pytest.mark.browser
def test_a_visit_by_keyboard_and_on_a_phone(browser, start_lab, runs):
    program = (
        "import sys; from pathlib import Path; from lab import theatre, classroom; "
        "from lab.pages import train; theatre.RUNS = Path(sys.argv.pop(1)); "
        "train.TrainPage.__init__.__defaults__ = (theatre.RUNS,); "
        "from lab.app import main; main()"
    )
    one = Look(browser, start_lab(["-c", program, str(runs)]) + "/train", ready="#plots svg")
    one.page.wait_for_selector("#viewer .captions >> text=Truth")
    assert "Step 4 of 4" in one.page.inner_text("#where")
    one.page.focus("#step input[type=range]")
    one.page.keyboard.press("Home")
    one.page.wait_for_selector("#where >> text=Step 0 of 4")
    one.page.focus("#judge input")
    one.page.keyboard.press("Space")
    one.page.wait_for_selector("#viewer >> text=Looks made here")
    one.page.set_viewport_size({"width": 360, "height": 740})
    assert one.page.evaluate("document.documentElement.scrollWidth") == 360
    one.close()
