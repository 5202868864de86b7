"""What a check-up answers: findings by name, and models in the order of how well they suit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from realesr.quality.estimators import Estimate


@dataclass(frozen=True)
class Finding:
    """One thing found out about a picture.

    Attributes:
        value: The figure; None when the picture does not tell.
        unit: What it counts.
        confidence: 0 (a guess) to 1 (certain).
        sentence: The same for a person.
        matters: Whether it is a fault that a person would want to know of first.
        details: Further figures, by name.
    """

    value: float | None
    unit: str
    confidence: float
    sentence: str
    matters: bool = False
    details: Mapping[str, object] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Plain values, for ``--json``."""
        return {
            "value": None if self.value is None else round(self.value, 4),
            "unit": self.unit,
            "confidence": round(self.confidence, 3),
            "sentence": self.sentence,
            "matters": self.matters,
            **self.details,
        }


@dataclass(frozen=True)
class Suggestion:
    """A model that may suit.

    Attributes:
        name: As ``--model`` takes it, or ``LEAVE_ALONE``.
        reason: Why it stands where it stands, in a sentence.
    """

    name: str
    reason: str


@dataclass(frozen=True)
class Checkup:
    """What is wrong with a picture, and which model suits it.

    Attributes:
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        findings: What was found out, by name.
        models: The best first; leaving the picture alone has its place among them.
    """

    width: int
    height: int
    findings: Mapping[str, Finding]
    models: tuple[Suggestion, ...] = ()

    @property
    def faults(self) -> dict[str, Finding]:
        """The findings that matter."""
        return {name: found for name, found in self.findings.items() if found.matters}

    def as_dict(self) -> dict[str, object]:
        """Plain values, for ``--json``."""
        return {
            "width": self.width,
            "height": self.height,
            "findings": {name: found.as_dict() for name, found in self.findings.items()},
            "models": [{"name": each.name, "reason": each.reason} for each in self.models],
        }


def finding(
    found: Estimate,
    sentence: str,
    details: Mapping[str, object] | None = None,
    *,
    matters: bool = False,
) -> Finding:
    """An estimate with its sentence."""
    return Finding(found.value, found.unit, found.confidence, sentence, matters, details or {})


def untold(what: str) -> str:
    """The sentence for a picture that does not tell."""
    return f"{what} cannot be told: the picture is too small or too flat."
