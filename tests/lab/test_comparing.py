"""Many models on one picture: the same pixels as the commands, figures that hold, fair draws."""

from __future__ import annotations

import csv
import io
import json
import shlex
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.blind import COLUMNS, Answer, Tally, Trial
from lab.comparing import Comparer, Comparison, best_of, telling_places
from lab.pages import compare_parts as parts
from lab.pages.compare import ComparePage
from lab.pages.compare_blind import BlindTest, Sitting
from lab.pages.compare_settings import (
    RECIPES,
    SCALES,
    CompareSettings,
    command,
    python,
    safe_stem,
)  # fmt: skip
from lab.visitors import Visitors
from lab.workbench import Workbench
from realesr.errors import ModelError, ParameterError
from realesr.images import Picture, read_picture, write_picture
from realesr.quality.metrics import lpips_is_here, psnr, ssim

KNOWN = CompareSettings(recipe="gentle", seed=3, models="bicubic,lab-x4")
AS_IT_IS = CompareSettings(recipe="none", scale=2, models="lanczos,nearest")


@pytest.fixture(scope="module")
def made(photos, tmp_path_factory):
    """A comparison with its truth, and one without."""
    folder = tmp_path_factory.mktemp("compare")
    comparer = Comparer(Workbench(), folder)

    def run(settings: CompareSettings, name: str) -> Comparison:
        place = folder / name
        place.mkdir()
        steps = comparer.compare(settings, str(photos["rgb"]), place)
        seen = []
        while True:
            try:
                seen.append(next(steps))
            except StopIteration as end:
                assert [each.number for each in seen] == sorted(each.number for each in seen)
                assert {each.name for each in seen} == set(settings.names)
                return end.value

    return {"known": run(KNOWN, "known"), "as it is": run(AS_IT_IS, "as-it-is")}


def test_figures_are_those_of_the_files(made):
    known = made["known"]
    truth = read_picture(known.truth).pixels
    for each in known.contestants:
        pixels = read_picture(each.file).pixels
        assert pixels.shape == truth.shape
        found = {score.name: score.value for score in each.scores}
        assert found["PSNR"] == psnr(pixels, truth, border=4).value
        assert found["SSIM"] == ssim(pixels, truth, border=4).value
        assert ("LPIPS" in found) == lpips_is_here()
        assert each.cost.seconds > 0
        assert each.cost.memory is None or each.cost.memory >= 0
    assert bool(known.missing) == (not lpips_is_here())
    best = best_of(known)["PSNR"]
    values = {each.name: each.scores[0].value for each in known.contestants}
    assert values[best] == max(values.values())
    assert f"<strong>{values[best]:.2f} dB</strong>" in parts.figures(known)


def test_without_a_truth_there_is_consistency_and_a_reason(made):
    plain = made["as it is"]
    assert plain.truth is None and plain.input == plain.source
    assert [score.name for score in plain.contestants[0].scores] == ["Consistency"]
    assert "NIQE" in plain.missing  # 128 x 96 pixels are too few for it
    json.dumps(plain.as_rows())


@pytest.mark.parametrize(("name", "settings"), [("known", KNOWN), ("as it is", AS_IT_IS)])
def test_python_makes_the_same_pixels(made, name, settings, tmp_path, monkeypatch, capsys):
    comparison = made[name]
    monkeypatch.chdir(tmp_path)
    (tmp_path / comparison.source.name).write_bytes(comparison.source.read_bytes())
    exec(python(settings, comparison.source.name), {})
    for each in comparison.contestants:
        again = read_picture(tmp_path / each.file.name).pixels
        np.testing.assert_array_equal(again, read_picture(each.file).pixels)
    told = capsys.readouterr().out
    for each in comparison.contestants if comparison.truth else ():
        assert f"{each.name} {each.scores[0]}" in told


@pytest.mark.parametrize(("name", "settings"), [("known", KNOWN), ("as it is", AS_IT_IS)])
def test_the_command_makes_the_same_files(made, name, settings, tmp_path, monkeypatch):
    from realesr.cli import main

    comparison = made[name]
    monkeypatch.chdir(tmp_path)
    (tmp_path / comparison.source.name).write_bytes(comparison.source.read_bytes())
    for line in command(settings, comparison.source.name).splitlines():
        monkeypatch.setattr(sys, "argv", shlex.split(line))
        try:
            main()
        except SystemExit as end:
            assert not end.code
    for file in comparison.files:
        again = tmp_path / file.name
        np.testing.assert_array_equal(read_picture(again).pixels, read_picture(file).pixels)
        if file not in (comparison.source, comparison.input):
            assert again.read_bytes() == file.read_bytes()


settings_drawn = st.builds(
    CompareSettings,
    recipe=st.sampled_from(RECIPES),
    scale=st.sampled_from(SCALES),
    seed=st.integers(0, 2**53 - 1),
    models=st.lists(st.sampled_from(["bicubic", "lab-x4", "user/model"]), min_size=1).map(",".join),
)


@given(settings=settings_drawn)
def test_settings_survive_their_link(settings):
    from urllib.parse import parse_qsl

    assert CompareSettings.from_query(dict(parse_qsl(settings.to_query()))) == settings
    told = json.loads(settings.to_json())
    assert CompareSettings(sample=settings.sample, **told) == settings


@pytest.mark.parametrize("query", [{"scale": "5"}, {"recipe": "../x"}, {"seed": "-1"}])
def test_a_link_that_does_not_fit_is_refused(query):
    with pytest.raises(ParameterError):
        CompareSettings.from_query(query)


@pytest.mark.parametrize("models", ["", ",".join(f"m{n}" for n in range(7)), "../../secret"])
def test_models_that_are_none_or_too_many_or_unknown_are_refused(models):
    with pytest.raises((ParameterError, ModelError)):
        CompareSettings(models=models).check(Workbench(public=True))


@given(name=st.text(max_size=60))
def test_no_name_leaves_its_folder(name):
    safe = safe_stem(name)
    assert safe and "/" not in safe and not safe.startswith(".") and ".." != safe


@given(
    height=st.integers(20, 300), width=st.integers(20, 300), count=st.integers(1, 8),
    seed=st.integers(0, 99),
)  # fmt: skip
def test_places_lie_inside_apart_and_on_whole_pixels_of_the_input(height, width, count, seed):
    random = np.random.default_rng(seed)
    pictures = [random.random((height, width)) for _ in range(2)]
    places = telling_places(pictures, count)
    side = min(64, height, width)
    assert 1 <= len(places) <= count
    for number, (top, left) in enumerate(places):
        assert top % 24 == 0 and left % 24 == 0
        assert top + side <= height and left + side <= width
        for other_top, other_left in places[:number]:
            assert abs(top - other_top) >= side or abs(left - other_left) >= side


def test_the_first_place_is_where_they_differ():
    one = np.zeros((256, 256, 3))
    other = one.copy()
    other[120:180, 72:130] = 1
    assert telling_places([one, other], 1) in ([(120, 72)], [(96, 72)], [(120, 48)])


# ---- the blind test -----------------------------------------------------------------------------


def test_every_order_is_drawn_about_as_often():
    drawn = Counter()
    for _ in range(2000):
        trial = Trial.drawn("one", "other", [(0, 0), (8, 8)])
        assert {trial.a, trial.b} == {"one", "other"}
        drawn[trial.a, trial.x, trial.place] += 1
    assert len(drawn) == 8
    assert all(170 < count < 340 for count in drawn.values())  # 250 and six deviations


@given(said=st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from("AB")), min_size=1))
def test_the_tally_counts_and_judges_by_chance(said):
    tally = Tally()
    for x, guess in said:
        tally = tally.with_answer(Answer(Trial("a", "b", x, (0, 0)), guess))
    right = sum(x == guess for x, guess in said)
    assert tally.right == right
    assert 0 < tally.by_chance <= 1
    assert (tally.by_chance == 1) == (right == 0)


def test_answers_go_home_as_csv_that_no_spreadsheet_runs():
    trial = Trial("=cmd()", "lab-x4", "A", (24, 48))
    text = Tally((Answer(trial, "A", "A"), Answer(trial, "B"))).to_csv()
    rows = list(csv.reader(io.StringIO(text)))
    assert tuple(rows[0]) == COLUMNS
    assert rows[1] == ["1", "'=cmd()", "lab-x4", "A", "A", "1", "'=cmd()", "24", "48"]
    assert rows[2][5:7] == ["0", ""]


def test_the_page_learns_no_name_before_the_answer(made, tmp_path):
    visitors = Visitors(tmp_path)
    blind = BlindTest(tmp_path, visitors)
    names = ("sitting", "pictures", "better", "verdict", "export", "next")
    for name in names:  # the parts only name what an event changes
        setattr(blind, name, name)
    blind.said = {"A": "said A", "B": "said B"}
    person = SimpleNamespace(session_hash="someone")
    visitors.desk("someone").result = made["known"]
    asked = blind.ask(Sitting(), "bicubic", "lab-x4", person)
    sitting = asked.pop(blind.sitting)
    told = "".join(str(getattr(each, "value", each)) for each in asked.values())
    assert "data:image/png" in told
    assert "bicubic" not in told and "lab-x4" not in told and str(tmp_path) not in told
    wrong = {"A": "B", "B": "A"}[sitting.trial.x]
    answered = blind.answer(wrong)(sitting, wrong, person)
    assert f"X was {sitting.trial.behind_x}" in answered[blind.verdict]
    assert answered[blind.sitting].tally.right == 0
    assert Path(answered[blind.export].value["path"]).read_text().count("\n") == 2
    again = blind.answer("A")(answered[blind.sitting], "", person)
    assert set(again) == {blind.verdict}, "one answer to one question"


def test_the_last_kept_things_stay_while_a_page_fetches_them(tmp_path):
    cache, work = tmp_path / "cache", tmp_path / "work"
    cache.mkdir()
    work.mkdir()
    visitors = Visitors(cache)
    desk = visitors.desk("someone")
    kept = []
    for number in range(6):
        (work / "a.png").write_bytes(bytes([number]))
        kept += visitors.keep(desk, desk.turn, [work / "a.png"], instead=False)
        visitors.trim(desk)
    assert [path.exists() for path in kept] == [False, False, True, True, True, True]
    visitors.leave("someone")
    assert not any(cache.iterdir())


def test_a_slow_answer_to_an_earlier_question_is_not_shown(tmp_path):
    visitors = Visitors(tmp_path)
    page = ComparePage(Workbench(), tmp_path, visitors)
    for name in ("viewer", "status", "figures", "matrix", "share", "source"):
        setattr(page, name, name)  # the parts only name what an event changes
    page.blind.begin = lambda made: {}
    person = SimpleNamespace(session_hash="someone")
    noise = np.random.default_rng(5).integers(0, 256, (1600, 1600, 3), np.uint8)
    photo = str(write_picture(Picture(noise), tmp_path / "photo.png"))
    answers = {}

    def ask(recipe: str) -> None:
        answers[recipe] = page.look(photo, "coffee", recipe, 4, 7, ["bicubic"], person)

    slow = threading.Thread(target=ask, args=("real_esrgan",))
    slow.start()
    while not visitors.desk("someone").asked:
        time.sleep(0.001)
    ask("none")
    slow.join()
    assert set(answers["real_esrgan"]) == {"status"}
    assert len(answers["none"]["viewer"]) == 1
