"""What was decided about a picture, as a person and a program read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from realesr.errors import Notice


@dataclass(frozen=True)
class Decision(Notice):
    """One thing that was decided about a picture.

    Attributes:
        name: What was decided, as the option is called.
        value: What it was decided to be.
        by: ``"auto"``, or ``"you"`` for what a person asked for.

    >>> str(Decision("W122", "It was enlarged 2 times.", "shrink", 2.0))
    'shrink 2: It was enlarged 2 times.'
    """

    name: str = ""
    value: object = None
    by: Literal["auto", "you"] = "auto"

    def __str__(self) -> str:
        shown = f"{self.value:g}" if isinstance(self.value, float) else str(self.value)
        return f"{self.name} {shown}: {self.sentence}"

    def as_dict(self) -> dict[str, object]:
        """Plain values, for ``--json``."""
        return {
            "decision": self.name,
            "value": self.value,
            "reason": self.sentence,
            "by": self.by,
        }
