"""A guess before every answer: what one has guessed is what one remembers."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from course.moving import can_move
from realesr.errors import ParameterError

LETTERS = "ABCDEF"


def predict(question: str, choices: Sequence[str], *, mine: str | None = None) -> Prediction:
    """Ask before the next cell is run.

    Args:
        question: One sentence with a question mark.
        choices: From two to six answers, in an order that gives nothing away.
        mine: Your letter, where there are no buttons to press.

    Returns:
        The prediction, whose ``reveal`` comes after the cell that shows what happens.

    Raises:
        ParameterError: E001 for a question that is none, or a letter that is no choice.
    """
    return Prediction(question, choices, mine)


class Prediction:
    """A question with lettered choices, and what was chosen."""

    def __init__(self, question: str, choices: Sequence[str], mine: str | None = None) -> None:
        if not question.rstrip().endswith("?") or not 2 <= len(choices) <= len(LETTERS):
            raise ParameterError(
                "E001", "a prediction is a question with two to six choices.", "End it with a ?."
            )
        self.question = question
        self.choices = dict(zip(LETTERS, choices, strict=False))
        self.mine = None if mine is None else self._letter(mine)
        self._buttons: Any = None

    def reveal(self, right: str, because: str) -> Answer:
        """Say which one it is, and why.

        Args:
            right: The letter.
            because: One or two sentences.
        """
        chosen = self.mine or (self._buttons.value if self._buttons is not None else None)
        return Answer(self._letter(right), self.choices[self._letter(right)], because, chosen)

    def _letter(self, text: str) -> str:
        letter = text.strip().upper()
        if letter not in self.choices:
            raise ParameterError(
                "E001", f"{text!r} is no choice here.", f"Choose from {', '.join(self.choices)}."
            )
        return letter

    def _ipython_display_(self) -> None:
        from IPython.display import HTML, display

        display(HTML(self.html()))
        if can_move():
            import ipywidgets

            self._buttons = ipywidgets.ToggleButtons(
                options=list(self.choices), value=None, description="I say"
            )
            display(self._buttons)

    def html(self) -> str:
        """The question as everybody sees it, with or without buttons."""
        items = "".join(
            f"<li><b>{letter}</b> {html.escape(words)}</li>"
            for letter, words in self.choices.items()
        )
        return (
            '<div class="prediction" style="border-left: 4px solid #0072B2; padding: 0.4em 1em">'
            f"<b>Predict first.</b> {html.escape(self.question)}"
            f'<ul style="list-style: none; padding-left: 0; margin: 0.4em 0">{items}</ul></div>'
        )

    def __repr__(self) -> str:
        choices = "\n".join(f"  {letter}  {words}" for letter, words in self.choices.items())
        return f"Predict first. {self.question}\n{choices}"


class Answer:
    """What it was, and whether the guess was right."""

    def __init__(self, letter: str, words: str, because: str, chosen: str | None) -> None:
        self.letter, self.words, self.because, self.chosen = letter, words, because, chosen

    def __repr__(self) -> str:
        if self.chosen == self.letter:
            said = f"You said {self.chosen}, and it is"
        else:
            said = f"You said {self.chosen}. It is" if self.chosen else "It is"
        return f"{said} {self.letter}: {self.words}. {self.because}"

    def _repr_html_(self) -> str:
        return (
            '<div class="answer" style="border-left: 4px solid #009E73; padding: 0.4em 1em">'
            f"{html.escape(repr(self))}</div>"
        )
