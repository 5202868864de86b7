"""Which model suits a picture: a table of rules, each with its points and its reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from realesr.models.catalogue import known_models
from realesr.quality.checkup.report import Checkup, Suggestion

LEAVE_ALONE = "leave it alone"
"""The suggestion to use no model at all."""

_LARGE, _HUGE = 1_000_000, 4_000_000


@dataclass(frozen=True)
class _Traits:
    """What the rules ask about."""

    pixels: int
    drawing: bool
    noisy: bool
    grainy: bool
    compressed: bool
    soft: bool
    enlarged: bool

    @property
    def clean(self) -> bool:
        return not (self.noisy or self.compressed or self.enlarged)


@dataclass(frozen=True)
class _Rule:
    name: str
    points: float
    reason: str
    holds: Callable[[_Traits], bool] = lambda traits: True


_RULES = (
    _Rule(LEAVE_ALONE, 0.5, "Invents nothing; its faults stay."),
    _Rule(
        LEAVE_ALONE,
        6.5,
        "Large, sharp and clean already: a model could only invent.",
        lambda it: it.clean and not it.soft and it.pixels >= _HUGE,
    ),
    _Rule("lanczos", 1.0, "Changes nothing but the size."),
    _Rule("lab-x4", 5.0, "Made for damaged pictures of every kind."),
    _Rule("lab-x4-fidelity", 3.0, "Faithful, and softer than the others."),
    _Rule(
        "lab-x4-fidelity",
        5.5,
        "Hardly damaged: the faithful model invents least.",
        lambda it: it.clean and not it.soft,
    ),
    _Rule(
        "realesr-general-x4v3",
        4.0,
        "A quick model for damaged photographs.",
        lambda it: not it.drawing,
    ),
    _Rule(
        "realesr-general-wdn-x4v3",
        4.4,
        "Keeps fine grain that others would smooth away.",
        lambda it: not it.drawing and it.grainy and not it.compressed,
    ),
    _Rule(
        "RealESRGAN_x4plus",
        4.6,
        "The full model for damaged photographs; slow on a CPU.",
        lambda it: not it.drawing and not it.clean,
    ),
    _Rule(
        "RealESRGAN_x2plus",
        4.5,
        "Large enough that twice the side will do; slow on a CPU.",
        lambda it: not it.drawing and it.pixels >= _LARGE,
    ),
    _Rule(
        "RealESRNet_x4plus",
        2.5,
        "Faithful and soft; slow on a CPU.",
        lambda it: not it.drawing,
    ),
    _Rule(
        "ESRGAN_SRx4_DF2KOST_official",
        3.5,
        "Made for clean pictures such as this; slow on a CPU.",
        lambda it: not it.drawing and it.clean and not it.soft,
    ),
    _Rule(
        "RealESRGAN_x4plus_anime_6B",
        5.4,
        "Made for drawings.",
        lambda it: it.drawing,
    ),
    _Rule(
        "realesr-animevideov3",
        4.2,
        "Made for drawings; the quickest official model.",
        lambda it: it.drawing,
    ),
)


def rank(checkup: Checkup) -> tuple[Suggestion, ...]:
    """The models that suit a picture, the best first, each with its reason.

    Only models of the catalogue are named; each once, by the rule with most points.
    """
    traits = _traits(checkup)
    known = {spec.name for spec in known_models()} | {LEAVE_ALONE}
    best: dict[str, _Rule] = {}
    for rule in _RULES:
        if rule.name in known and rule.holds(traits):
            present = best.get(rule.name)
            if present is None or rule.points > present.points:
                best[rule.name] = rule
    ranked = sorted(best.values(), key=lambda rule: -rule.points)
    return tuple(Suggestion(rule.name, rule.reason) for rule in ranked)


def _traits(checkup: Checkup) -> _Traits:
    matters = {name for name, found in checkup.findings.items() if found.matters}
    noise = checkup.findings["noise"].value or 0.0
    content = checkup.findings.get("content")
    return _Traits(
        pixels=checkup.width * checkup.height,
        drawing=bool(content and (content.value or 0) > 0.5),
        noisy="noise" in matters,
        grainy=1.5 <= noise < 8,
        compressed="jpeg" in matters,
        soft="blur" in matters,
        enlarged="enlargement" in matters,
    )
