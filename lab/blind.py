"""A blind test: can a person tell two pictures apart, and which do they like better?

The order is drawn here, on the server; the page learns it together with the verdict.
"""

from __future__ import annotations

import csv
import io
import math
import secrets
from dataclasses import dataclass
from typing import Literal

Letter = Literal["A", "B"]
_CHOICE = secrets.SystemRandom()
COLUMNS = ("trial", "a", "b", "x", "said", "right", "better", "top", "left")


@dataclass(frozen=True)
class Trial:
    """One question: A and B are two models' pictures, X is one of them once more.

    Attributes:
        a: Whose picture A is.
        b: Whose picture B is.
        x: Which of the two X is.
        place: The upper left corner of the part that is shown.
    """

    a: str
    b: str
    x: Letter
    place: tuple[int, int]

    @classmethod
    def drawn(cls, one: str, other: str, places: list[tuple[int, int]]) -> Trial:
        """A trial that nobody can foresee: order, X and place are drawn anew."""
        a, b = _CHOICE.sample([one, other], 2)
        return cls(a, b, _CHOICE.choice(("A", "B")), _CHOICE.choice(places))

    @property
    def behind_x(self) -> str:
        """Whose picture X is."""
        return self.a if self.x == "A" else self.b


@dataclass(frozen=True)
class Answer:
    """What a person said.

    Attributes:
        trial: The question.
        said: Which one they took X for.
        better: Which one they liked better; empty for neither.
    """

    trial: Trial
    said: Letter
    better: Letter | Literal[""] = ""

    @property
    def right(self) -> bool:
        """Whether X was recognised."""
        return self.said == self.trial.x

    @property
    def liked(self) -> str:
        """Whose picture was liked better; empty for neither."""
        return {"A": self.trial.a, "B": self.trial.b, "": ""}[self.better]


@dataclass(frozen=True)
class Tally:
    """All answers of one person.

    >>> one = Trial("bicubic", "lab-x4", "B", (0, 0))
    >>> tally = Tally().with_answer(Answer(one, "B", "B")).with_answer(Answer(one, "A"))
    >>> tally.right, len(tally.answers), tally.liked()
    (1, 2, {'lab-x4': 1})
    """

    answers: tuple[Answer, ...] = ()

    def with_answer(self, answer: Answer) -> Tally:
        """One more."""
        return Tally((*self.answers, answer))

    @property
    def right(self) -> int:
        """How often X was recognised."""
        return sum(answer.right for answer in self.answers)

    @property
    def by_chance(self) -> float:
        """How likely somebody who only guesses is right at least as often.

        >>> trial = Trial("one", "other", "A", (0, 0))
        >>> Tally((Answer(trial, "A"),) * 5).by_chance
        0.03125
        """
        count = len(self.answers)
        ways = sum(math.comb(count, k) for k in range(self.right, count + 1))
        return float(ways / 2**count)

    def liked(self) -> dict[str, int]:
        """How often each was liked better."""
        names = [answer.liked for answer in self.answers if answer.liked]
        return {name: names.count(name) for name in dict.fromkeys(names)}

    def to_csv(self) -> str:
        """Every answer as a row.

        >>> print(Tally((Answer(Trial("one", "other", "A", (8, 16)), "B", "A"),)).to_csv())
        trial,a,b,x,said,right,better,top,left
        1,one,other,A,B,0,one,8,16
        <BLANKLINE>
        """
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(COLUMNS)
        for number, answer in enumerate(self.answers, 1):
            trial = answer.trial
            table.writerow(
                [
                    number, _inert(trial.a), _inert(trial.b), trial.x, answer.said,
                    int(answer.right), _inert(answer.liked), *trial.place,
                ]
            )  # fmt: skip
        return text.getvalue()


def _inert(name: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@", "\t")) else name
