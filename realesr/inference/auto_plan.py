"""What to do with a picture, decided from its check-up, each decision with its reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Literal

from realesr.errors import ParameterError
from realesr.inference.decisions import Decision
from realesr.models.catalogue import DEFAULT_MODEL, find_model, known_models
from realesr.models.locating import place_of
from realesr.quality.checkup import LEAVE_ALONE, Checkup

Consistent = Literal["off", "plain", "full"]

# Measured as benchmarks/auto.py does, on other pictures: below twice, a model copes
# better with an earlier enlargement than with what shrinking leaves of the picture.
_LEAST_SHRINKING, _SURE = 1.9, 0.65
# An enlarged picture's edges are as soft as a Gaussian of 0.4 times its factor, seldom below this.
_SOFTNESS = 0.3
_GENTLE = 0.7
# Never chosen: what --auto makes shall look real; who wants the faithful model names it.
_FAITHFUL = "lab-x4-fidelity"
_CLEANER = "realesr-general-x4v3"
_A_LITTLE, _MUCH = 4.0, 15.0
# Shrinking an enlarged picture further than this would leave a network nothing to see.
_LEAST_SIDE = 32
_MOST_SHRINKING = 4.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that is decided about a picture, in the order in which it happens.

    Attributes:
        shrink: How many times smaller the picture is made before anything else.
        model: Name of the model.
        denoise: How much noise goes, for a model with a partner; None where it has none.
        strength: 1 is the model alone, 0 plain bicubic.
        fix_colour: Hold the colours to those of the input.
        sharpen: Sharpen the result; 0 is none.
        keep_grain: Put back grain that the model took out.
        consistent: ``"off"``; ``"plain"``: at least as true to the input as without ``--auto``;
            ``"full"``: shrunk again, it is the input.
        reasons: Of each decision.
        asked: Those that a person made.
    """

    shrink: float = 1.0
    model: str = DEFAULT_MODEL
    denoise: float | None = None
    strength: float = 1.0
    fix_colour: bool = False
    sharpen: float = 0.0
    keep_grain: float = 0.0
    consistent: Consistent = "off"
    reasons: Mapping[str, str] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What was decided, as sentences."""
        return tuple(
            Decision(
                "W122",
                self.reasons[name],
                name,
                getattr(self, name),
                "you" if name in self.asked else "auto",
            )
            for name in NAMES
            if name in self.reasons
        )

    def does_as(self, other: Plan) -> bool:
        """Whether both do the same to a picture, but for consistency."""
        names = [name for name in NAMES if name != "consistent"]
        return all(getattr(self, name) == getattr(other, name) for name in names)

    def because(self, name: str, reason: str) -> Plan:
        """The same with another reason."""
        return replace(self, reasons={**self.reasons, name: reason})


NAMES = tuple(each.name for each in fields(Plan) if each.name not in ("reasons", "asked"))
"""What can be decided, in order."""


def models_here() -> list[str]:
    """Names of the models that run without fetching anything."""
    return [
        spec.name
        for spec in known_models()
        if spec.architecture != "unet_discriminator" and place_of(spec) != "remote"
    ]


def make_plan(
    checkup: Checkup, asked: Mapping[str, object], available: Collection[str] | None = None
) -> Plan:
    """Decide what to do with a picture.

    Args:
        checkup: What is wrong with it.
        asked: What a person decided, by the names of ``Plan``'s fields; nothing overrules it.
        available: Models to choose from; those that need no download by default.

    Raises:
        ParameterError: E001 for a decision there is not.

    >>> import numpy as np
    >>> from realesr.quality.checkup import inspect
    >>> plan = make_plan(inspect(np.zeros((64, 64, 3), np.uint8)), {"strength": 0.5})
    >>> print(next(each for each in plan.decisions if each.name == "strength"))
    strength 0.5: You asked for it.
    """
    unknown = sorted(set(asked) - set(NAMES))
    if unknown:
        raise ParameterError(
            "E001", f"nothing is decided about {unknown[0]!r}.", f"Use {', '.join(NAMES)}."
        )
    available = models_here() if available is None else available
    model, why = _model(checkup, available)
    model = str(asked.get("model", model))
    decided: dict[str, tuple[object, str]] = {
        "shrink": _shrink(checkup),
        "model": (model, why),
        "denoise": _denoise(checkup, model),
        "strength": _strength(checkup),
        "fix_colour": (True, "Costs nothing and keeps every region's own colour."),
        "sharpen": (0.0, "The model sharpens enough."),
        "keep_grain": (0.0, "No grain worth keeping."),
        "consistent": ("plain", "No less true to the picture than with nothing decided."),
    }
    for name, value in asked.items():
        decided[name] = (value, "You asked for it.")
    values = {name: value for name, (value, _) in decided.items()}
    reasons = {name: reason for name, (value, reason) in decided.items() if value is not None}
    return Plan(**values, reasons=reasons, asked=frozenset(asked))  # type: ignore[arg-type]


def _shrink(checkup: Checkup) -> tuple[float, str]:
    found = checkup.findings["enlargement"]
    if found.value is None or found.value < _LEAST_SHRINKING or found.confidence < _SURE:
        return 1.0, "No trace of an earlier enlargement."
    if (checkup.findings["blur"].value or 0.0) < _SOFTNESS * found.value:
        return 1.0, "Sharper than an enlarged picture could be."
    most = min(_MOST_SHRINKING, min(checkup.width, checkup.height) / _LEAST_SIDE)
    factor = min(found.value, most)
    if factor < _LEAST_SHRINKING:
        return 1.0, "It was enlarged before, but is too small to be shrunk."
    return factor, found.sentence


def _model(checkup: Checkup, available: Collection[str]) -> tuple[str, str]:
    """The first suggestion that is here; leaving a picture alone is a plain filter."""
    drawing = checkup.findings.get("content")
    is_drawing = drawing is not None and (drawing.value or 0) > 0.5
    if (_is_noisy(checkup) or _is_compressed(checkup)) and not is_drawing:
        if {_CLEANER, find_model(_CLEANER).blend_with} <= set(available):
            return _CLEANER, "Takes away noise and JPEG blocks best of the models here."
    for suggestion in checkup.models:
        if suggestion.name == LEAVE_ALONE:
            return "lanczos", suggestion.reason
        if suggestion.name in available and suggestion.name != _FAITHFUL:
            return suggestion.name, suggestion.reason
    return DEFAULT_MODEL, "The default."


def _is_noisy(checkup: Checkup) -> bool:
    return (checkup.findings["noise"].value or 0.0) >= _A_LITTLE


def _is_compressed(checkup: Checkup) -> bool:
    return "jpeg" in checkup.faults


def _strength(checkup: Checkup) -> tuple[float, str]:
    if checkup.faults:
        return 1.0, "The model alone: there is something to repair."
    return _GENTLE, "Hardly damaged: a model alone would overdo it."


def _denoise(checkup: Checkup, model: str) -> tuple[float | None, str]:
    known = {spec.name for spec in known_models()}
    partner = find_model(model).blend_with if model in known else None
    if not partner or "wdn" not in partner + model:
        return None, ""
    noise = checkup.findings["noise"].value or 0.0
    if not _is_noisy(checkup) and not _is_compressed(checkup):
        return 0.0, "Hardly any noise: what is fine is detail."
    if noise < _MUCH:
        return 0.5, "A little noise goes, fine detail stays."
    return 1.0, "Much noise: all of it goes."
