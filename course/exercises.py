"""Exercises whose check names the likely mistake.

A lesson's checks stand in ``course/checks/lesson_NN.py``::

    @exercise("01.1", wrong=[("leave pixels out", every_fourth), ("too dark", sums_instead)])
    def shrink(answer):
        small = ask(answer, plate, 4)
        if rim(small) > 5:
            raise MistakeError("The rim still has rings: blur before you leave pixels out.")

``wrong`` lists answers that people give, at least two, each with a piece of the sentence that it
must meet. The solution stands in the lesson, in a cell with the tag ``solution``; the students'
copy has only its first lines. A test feeds all of them, and the empty answer, to every check.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from realesr.errors import ParameterError

NOTHING = "There is no answer yet: put yours where the three dots are."


class MistakeError(Exception):
    """What is wrong with an answer, in a sentence that helps."""


@dataclass(frozen=True)
class Exercise:
    """A check with the wrong answers that it must recognise.

    Args:
        name: Lesson and number, such as ``"01.1"``.
        judge: Raises ``MistakeError`` for an answer that is not right.
        wrong: Answers that people give, each after a piece of the sentence that it must meet.
    """

    name: str
    judge: Callable[[Any], None]
    wrong: Sequence[tuple[str, Any]]

    def verdict(self, answer: Any) -> Verdict:
        """Judge an answer; never a traceback."""
        if answer is ... or answer is None:
            return Verdict(self.name, NOTHING)
        try:
            self.judge(answer)
        except MistakeError as mistake:
            return Verdict(self.name, str(mistake))
        return Verdict(self.name, "")


@dataclass(frozen=True)
class Verdict:
    """What a check says; an empty mistake is none."""

    name: str
    mistake: str

    @property
    def right(self) -> bool:
        """Whether the answer passes."""
        return not self.mistake

    def __repr__(self) -> str:
        return f"Exercise {self.name}: right." if self.right else f"Not yet. {self.mistake}"

    def _repr_html_(self) -> str:
        colour = "#009E73" if self.right else "#D55E00"
        return (
            f'<div role="status" class="verdict" style="border-left: 4px solid {colour}; '
            f'padding: 0.4em 1em">{html.escape(repr(self))}</div>'
        )


EXERCISES: dict[str, Exercise] = {}


def exercise(
    name: str, *, wrong: Sequence[tuple[str, Any]]
) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Register a check under a lesson's number; see the module."""

    def register(judge: Callable[[Any], None]) -> Callable[[Any], None]:
        EXERCISES[name] = Exercise(name, judge, wrong)
        return judge

    return register


def find(name: str) -> Exercise:
    """An exercise by its name.

    Raises:
        ParameterError: E001 when there is none.
    """
    lesson = name.partition(".")[0]
    if lesson.isdigit():
        try:
            import_module(f"course.checks.lesson_{lesson}")
        except ModuleNotFoundError as error:
            if not (error.name or "").startswith("course.checks"):
                raise
    if name not in EXERCISES:
        raise ParameterError("E001", f"there is no exercise {name!r}.", "It looks like '01.1'.")
    return EXERCISES[name]


def check(name: str, answer: Any) -> Verdict:
    """Look at an answer, and say what is probably wrong with it.

    Args:
        name: Lesson and number, such as ``"01.1"``.
        answer: A function, a number, a list: what the exercise asks for.

    Raises:
        ParameterError: E001 when there is no such exercise.
    """
    return find(name).verdict(answer)


def ask(answer: Any, *arguments: Any) -> Any:
    """Call an answer that should be a function, and turn its failures into sentences.

    Raises:
        MistakeError: When it is no function, gives nothing back, or stops.
    """
    if not callable(answer):
        raise MistakeError("Give the function itself to check, without calling it.")
    try:
        given = answer(*arguments)
    except Exception as error:
        said = str(error).split("\n")[0]
        raise MistakeError(f"Your function stopped with {type(error).__name__}: {said}") from error
    if given is None or given is ...:
        raise MistakeError(NOTHING)
    return given
