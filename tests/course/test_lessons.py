"""What every lesson promises: predictions, short cells, exercises, figures with words."""

from __future__ import annotations

import ast
import re

import pytest

from course.exercises import EXERCISES, NOTHING, find
from course.lessons import generated, is_solution, lessons, stub
from course.running import faults, run

LESSONS = lessons()
NAMES = [lesson.name for lesson in LESSONS]
CHECK = re.compile(r'check\("(\d\d\.\d)", (\w+)\)')


def code(lesson):
    return [cell for cell in lesson.cells() if cell.cell_type == "code"]


def exercises(lesson):
    """Name, solution's source and the answer's name of every exercise."""
    solution, found = None, []
    for cell in code(lesson):
        if is_solution(cell):
            solution = cell.source
        for name, answer in CHECK.findall(cell.source):
            found.append((name, solution, answer))
    return found


EVERY = [(lesson, *each) for lesson in LESSONS for each in exercises(lesson)]


@pytest.mark.parametrize("lesson", LESSONS, ids=NAMES)
def test_a_lesson_has_its_parts(lesson):
    texts = [cell.source for cell in lesson.cells() if cell.cell_type == "markdown"]
    assert re.match(rf"# {int(lesson.number)} · \w", texts[0])
    assert "**Question:**" in texts[0]
    assert any("## Take away" in text for text in texts[-2:])
    assert any("GPU" in text for text in texts), "says where a GPU changes the answer"
    assert not any("$" in text for text in texts), "formulas in plain letters: no MathJax offline"
    assert len(exercises(lesson)) >= 3


@pytest.mark.parametrize("lesson", LESSONS, ids=NAMES)
def test_cells_are_short_and_use_the_library(lesson):
    for cell in code(lesson):
        lines = cell.source.splitlines()
        assert len(lines) <= 15, cell.source
        assert max(map(len, lines), default=0) <= 100, cell.source
    whole = "\n".join(cell.source for cell in code(lesson))
    for word in ("matplotlib", "imshow(", "np.load(", "torch.load(", "pip install", "manual_seed("):
        assert word not in whole.replace("axes.imshow(", ""), word


@pytest.mark.parametrize("lesson", LESSONS, ids=NAMES)
def test_a_prediction_stands_before_every_answer(lesson):
    asked = []
    for place, cell in enumerate(code(lesson)):
        asked += [(name, place) for name in re.findall(r"(\w+) = predict\(", cell.source)]
        for name in re.findall(r"(\w+)\.reveal\(", cell.source):
            opened = [at for other, at in asked if other == name]
            assert opened, f"{name} is revealed but was never asked"
            assert place > opened[-1], f"{name} is asked and revealed in one cell"
            asked.remove((name, opened[-1]))
    assert not asked, f"never revealed: {asked}"
    assert "predict(" in "".join(cell.source for cell in code(lesson))


@pytest.mark.parametrize("lesson", LESSONS, ids=NAMES)
def test_only_checks_use_an_answer(lesson):
    """Otherwise the students' copy would stop where an exercise is still empty."""
    for cell in code(lesson):
        if not is_solution(cell) and not CHECK.search(cell.source):
            used = {node.id for node in ast.walk(ast.parse(cell.source)) if hasattr(node, "id")}
            assert not used & {answer for _, _, answer in exercises(lesson)}, cell.source


@pytest.mark.parametrize(
    ("lesson", "name", "solution", "answer"), EVERY, ids=[each[1] for each in EVERY]
)
def test_a_check_knows_right_from_wrong(lesson, name, solution, answer):
    imports = code(lesson)[0].source
    filled, empty = {}, {}
    exec(f"{imports}\n{solution}", filled)
    exec(f"{imports}\n{stub(solution)}", empty)
    assert repr(find(name).verdict(filled[answer])) == f"Exercise {name}: right."
    assert find(name).verdict(empty[answer]).mistake == NOTHING
    assert find(name).verdict(...).mistake == NOTHING
    wrong = find(name).wrong
    assert len(wrong) >= 2
    for words, mistaken in wrong:
        said = find(name).verdict(mistaken).mistake
        assert words in said, f"{words!r} is not in {said!r}"


def test_every_exercise_has_its_place_in_a_lesson():
    assert {name for _, name, _, _ in EVERY} >= set(EXERCISES)


def test_the_notebooks_in_git_are_those_of_the_sources():
    for path, text in generated().items():
        assert path.is_file(), f"{path.name} is missing: python -m course write"
        assert path.read_text(encoding="utf-8") == text, f"{path}: python -m course write"


@pytest.mark.slow
@pytest.mark.parametrize("lesson", LESSONS, ids=NAMES)
def test_a_lesson_runs(lesson):
    assert faults(run(lesson, short=True)) == []
