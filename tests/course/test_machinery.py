"""Predictions, exercises, stubs, and the eye that looks at executed lessons."""

from __future__ import annotations

import nbformat
import pytest
import torch
from nbformat.v4 import new_code_cell, new_notebook, new_output

from course import check, explore, predict, quick
from course.book import page
from course.exercises import NOTHING, Exercise, MistakeError, ask
from course.lessons import FOLDER, Lesson, generated, notebook, stub
from course.running import faults
from course.training import cut, fresh, teach
from realesr.errors import ParameterError
from realesr.models.compact import Compact
from realesr.randomness import spawn


def double(answer):
    if ask(answer, 4) != 8:
        raise MistakeError("Twice 4 is 8.")


EXERCISE = Exercise("99.1", double, [])


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda x: 2 * x, ""),
        (lambda x: x, "Twice 4 is 8."),
        (lambda x: None, NOTHING),
        (lambda x: ..., NOTHING),
        (..., NOTHING),
        (None, NOTHING),
        (8, "the function itself"),
        (lambda x: 1 / 0, "ZeroDivisionError: division by zero"),
        (lambda: 8, "TypeError"),
    ],
)
def test_an_exercise_answers_in_sentences(answer, words):
    verdict = EXERCISE.verdict(answer)
    assert words in verdict.mistake
    assert verdict.right == (not words)
    assert ("right" in repr(verdict)) == verdict.right
    assert 'role="status"' in verdict._repr_html_()


def test_an_unknown_exercise_is_refused():
    with pytest.raises(ParameterError, match="no exercise"):
        check("01.99", 1)
    with pytest.raises(ParameterError, match="no exercise"):
        check("nonsense", 1)


def test_a_prediction_waits_and_then_says():
    guess = predict("Left or right?", ["left", "right <b>"], mine="a")
    assert "right &lt;b&gt;" in guess.html()
    assert "It is" not in repr(guess)
    assert repr(guess.reveal("B", "So it is.")) == "You said A. It is B: right <b>. So it is."
    assert repr(guess.reveal("a", "Yes.")) == "You said A, and it is A: left. Yes."
    assert repr(predict("Or?", ["x", "y"]).reveal("A", "Z.")) == "It is A: x. Z."


@pytest.mark.parametrize(
    ("question", "choices", "mine"),
    [("No question.", ["a", "b"], None), ("One?", ["a"], None), ("Two?", ["a", "b"], "C")],
)
def test_a_prediction_that_is_none_is_refused(question, choices, mine):
    with pytest.raises(ParameterError):
        predict(question, choices, mine=mine)


def test_without_a_notebook_sliders_are_silent(capsys):
    explore(print, sigma=(0, 1))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("setting", "value"), [("1", 3), ("0", 30), ("", 30), (None, 30)])
def test_quick_is_read_from_the_environment(monkeypatch, setting, value):
    monkeypatch.delenv("QUICK", raising=False)
    if setting is not None:
        monkeypatch.setenv("QUICK", setting)
    assert quick(3, 30) == value


def test_a_stub_keeps_names_and_no_answers():
    left = stub('import math\n\n\ndef f(x):\n    """Say."""\n    return x\n\n\ny = f(3)\nprint(y)')
    filled = {}
    exec(left, filled)
    assert filled["y"] is ... and filled["f"](1) is None and filled["f"].__doc__ == "Say."
    assert "return" not in left and "print" not in left


SOURCE = """# %% [markdown]
# # 1 · Title
# **Question:** why?

# %%
from course import check

# %% tags=["solution"]
def answer():
    return 42

# %%
check("01.1", answer)
"""


def test_two_copies_are_made_from_one_source(tmp_path):
    (tmp_path / "01_title.py").write_text(SOURCE)
    files = generated(tmp_path)
    student, whole = (
        nbformat.reads(files[tmp_path / copy / "01_title.ipynb"], 4)
        for copy in ("student", "with_solutions")
    )
    for made in (student, whole):
        nbformat.validate(made)
        assert "colab.research.google.com" in made.cells[0].source
        assert "google.colab" in made.cells[1].source
        assert all(not cell.get("outputs") for cell in made.cells)
    assert "42" not in nbformat.writes(student)
    hidden = next(cell for cell in whole.cells if "42" in cell.source)
    assert hidden.metadata["jupyter"]["source_hidden"] and hidden.metadata["cellView"] == "form"
    assert generated(tmp_path) == files


def test_the_students_copy_folds_answers_away(tmp_path):
    reveal = '# %%\nguess.reveal("B", "So it is.")\n'
    (tmp_path / "01_title.py").write_text(SOURCE + reveal)
    files = generated(tmp_path)
    student, whole = (
        nbformat.reads(files[tmp_path / copy / "01_title.ipynb"], 4)
        for copy in ("student", "with_solutions")
    )
    assert student.cells[-1].metadata["jupyter"]["source_hidden"]
    assert "folded" in student.cells[0].source
    assert not whole.cells[-1].metadata and "folded" not in whole.cells[0].source


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ({"text/plain": "Not yet. Twice 4 is 8."}, "does not pass"),
        ({"image/png": "AAAA", "text/plain": "x"}, "without alternative text"),
        ({"text/html": '<figure><img alt="tiny"></figure>'}, "without"),
        ({"text/plain": "<Axes: >", "text/html": ""}, ""),
        ({"text/plain": "<function f object at 0x7f>"}, "tells a reader nothing"),
        ({"text/plain": "Exercise 01.1: right."}, ""),
    ],
)
def test_the_eye_sees_what_a_reader_stumbles_over(output, words):
    cell = new_code_cell("x", outputs=[new_output("display_data", data=output)])
    found = faults(new_notebook(cells=[cell]))
    assert bool(found) == bool(words)
    assert words in " ".join(found)


def test_warnings_are_seen():
    said = new_output("stream", name="stderr", text="UserWarning: old")
    assert faults(new_notebook(cells=[new_code_cell("x", outputs=[said])]))


def test_a_page_stands_alone():
    written = page("Title <1>", "<p>x</p>")
    assert "Title &lt;1&gt;" in written and 'name="viewport"' in written
    assert "http" not in written


def test_cut_takes_the_same_place_of_both():
    low = torch.arange(64.0).reshape(1, 1, 8, 8)
    high = low.repeat_interleave(2, -1).repeat_interleave(2, -2)
    given, wanted = cut(low, high, 5, 3, 2, spawn(0))
    assert torch.equal(given, wanted[..., ::2, ::2]) and given.shape == (5, 1, 3, 3)


def test_teaching_is_repeatable_and_leaves_the_global_generator_alone():
    low = torch.rand(2, 1, 16, 16, generator=spawn(1))
    high = torch.rand(2, 1, 32, 32, generator=spawn(2))
    before = torch.random.get_rng_state()
    curves = []
    for _ in range(2):
        network = fresh(lambda: Compact(scale=2, features=4, convolutions=1, channels=1))
        curves.append(teach(network, low, high, steps=8, patch=8))
    assert curves[0] == curves[1] and curves[0][-1][1] < curves[0][0][1]
    assert torch.equal(before, torch.random.get_rng_state())


def test_every_source_is_a_notebook_that_validates():
    for path in sorted(FOLDER.glob("[0-9][0-9]_*.py")):
        nbformat.validate(notebook(Lesson(path)))


@pytest.mark.slow
def test_buttons_and_sliders_appear_where_a_person_sits(monkeypatch):
    from nbclient import NotebookClient

    monkeypatch.delenv("REALESR_PLAIN", raising=False)
    cells = [
        "from course import explore, predict\nguess = predict('Which?', ['a', 'b'])\nguess",
        "guess._buttons.value = 'B'\nguess.reveal('B', 'Yes.')",
        "explore(lambda sigma: print(sigma), sigma=(0.5, 2.0, 0.5))",
    ]
    made = new_notebook(cells=[new_code_cell(each) for each in cells])
    NotebookClient(made, timeout=200).execute()
    asked, said, moved = ([dict(each.data) for each in cell.outputs] for cell in made.cells)
    assert "Which?" in asked[0]["text/html"]
    widget = "application/vnd.jupyter.widget-view+json"
    assert widget in asked[1] and widget in moved[0]
    assert said[0]["text/plain"].startswith("You said B, and it is B")
