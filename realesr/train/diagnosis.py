"""What the doctor finds: sentences with a weight, and the figures behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from realesr.train.progress import spoken_time

Weight = Literal["stop", "warning", "note"]
_NAMED = 5


@dataclass(frozen=True)
class Finding:
    """One thing the doctor has to say.

    Attributes:
        about: What it is about, one word: ``"blurry"``, ``"memory"``, ...
        weight: ``"stop"`` when training cannot start or would not get far, ``"warning"`` when its
            result would suffer, ``"note"`` for what is good to know.
        sentence: What it is and what to do, for a person.
        pictures: The names of all pictures it is about.
    """

    about: str
    weight: Weight
    sentence: str
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """What the doctor found about a run.

    Attributes:
        name: The run.
        findings: The gravest first.
        figures: Plain numbers by name, with their unit at the end of it.
    """

    name: str
    findings: tuple[Finding, ...]
    figures: dict[str, float]

    @property
    def can_start(self) -> bool:
        """Whether training can start."""
        return all(finding.weight != "stop" for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for ``--json``."""
        return {
            "name": self.name,
            "can_start": self.can_start,
            "findings": [
                vars(finding) | {"pictures": list(finding.pictures)} for finding in self.findings
            ],
            "figures": self.figures,
        }


def listed(names: Sequence[str], extras: Sequence[str] = ()) -> str:
    """The first few names, each with its extra behind it, and how many more there are.

    >>> listed(["a.png", "b.png"], ["2.1 px", "3.0 px"])
    'a.png (2.1 px), b.png (3.0 px)'
    >>> listed([f"{n}.png" for n in range(7)])
    '0.png, 1.png, 2.png, 3.png, 4.png and 2 more'
    """
    said = [f"{name} ({extras[n]})" if extras else name for n, name in enumerate(names[:_NAMED])]
    more = len(names) - len(said)
    return ", ".join(said) + (f" and {more} more" if more else "")


def count(number: int, noun: str) -> str:
    """A number of things.

    >>> count(1, "picture"), count(1200, "step")
    ('1 picture', '1,200 steps')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def size(number: float) -> str:
    """Bytes as people say them.

    >>> size(3_200_000), size(5.2e10)
    ('3.2 MB', '52 GB')
    """
    if number < 1e9:
        return f"{number / 1e6:.1f} MB" if number < 1e8 else f"{number / 1e6:.0f} MB"
    return f"{number / 1e9:.1f} GB" if number < 2e10 else f"{number / 1e9:,.0f} GB"


def duration(seconds: float) -> str:
    """A time as people say it.

    >>> duration(0.034), duration(42), duration(7300)
    ('0.034 s', '42 s', '2 h 02 min')
    """
    return f"{seconds:.2g} s" if seconds < 10 else spoken_time(seconds)
