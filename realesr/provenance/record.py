"""What is said of a result, as a value and as XMP properties.

Reference:
    IPTC, Digital Source Type NewsCodes, cv.iptc.org/newscodes/digitalsourcetype; IPTC Photo
    Metadata Standard 2023.1, "Digital Source Type".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from realesr.models.catalogue import Training

IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
OURS = "urn:x-realesr:provenance:1:"
PREFIXES = {IPTC: "Iptc4xmpExt", OURS: "realesr"}
SOURCE_TYPE = f"{IPTC} DigitalSourceType"
VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"

MADE_UP = "compositeWithTrainedAlgorithmicMedia"
ENHANCED = "algorithmicallyEnhanced"
# What a picture was before stays true when it says more than we would: a picture made by a model
# does not become a photograph by being enlarged.
_STRONGER = ("trainedAlgorithmicMedia", "compositeSynthetic", "algorithmicMedia", MADE_UP)

_TEXTS = ("model", "sha256", "training", "settings", "versions")
_NAMES = dict(zip(_TEXTS, ("Model", "Sha256", "Training", "Settings", "Versions"), strict=True))
_LONGEST = 4000
_TRAININGS: tuple[Training, ...] = get_args(Training)


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where a result comes from.

    Attributes:
        model: As ``--model`` takes it: a name, or ``user/name@commit`` on the Hub. Of a file, its
            name without the folder.
        sha256: Of its weights; of a blend those of both, the first named being ``model``; empty
            for a plain filter.
        training: Whether a discriminator taught it.
        settings: The options of ``realesr upscale`` by name, where they were not the default.
        versions: Of the programs that made it, by name.
        source_type: IPTC's word, the last part of its address.

    >>> made = Provenance(model="lab-x4", training="adversarial", settings={"scale": 4.0})
    >>> made.source_type, made.settings
    ('compositeWithTrainedAlgorithmicMedia', {'scale': 4.0})
    """

    model: str
    sha256: tuple[str, ...] = ()
    training: Training = "unknown"
    settings: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    source_type: str = ""

    def __post_init__(self) -> None:
        if not self.source_type:
            object.__setattr__(self, "source_type", source_type_of(self.training))

    def as_dict(self) -> dict[str, object]:
        """Plain values, for ``--json``."""
        return {
            "model": self.model,
            "sha256": list(self.sha256),
            "training": self.training,
            "settings": dict(self.settings),
            "versions": dict(self.versions),
            "source_type": self.source_type,
        }

    def as_properties(self) -> dict[str, str]:
        """XMP properties, text by ``"namespace local"``."""
        texts = {
            "model": self.model,
            "sha256": " ".join(self.sha256),
            "training": self.training,
            "settings": _plain(self.settings),
            "versions": _plain(self.versions),
        }
        told = {f"{OURS} {_NAMES[name]}": text for name, text in texts.items() if text}
        return {SOURCE_TYPE: VOCABULARY + self.source_type, **told}

    def sentences(self) -> list[str]:
        """The same for a person."""
        made = {
            "adversarial": "a model taught by a discriminator: fine detail may be invented",
            "faithful": "a model that keeps to what it sees",
            "none": "a plain filter, no model",
            "unknown": "how it was trained is not known, so detail may be invented",
        }[self.training]
        lines = [f"Made with {self.model}: {made}."]
        if self.sha256:
            lines.append(f"Weights {' and '.join(digest[:12] + '…' for digest in self.sha256)}.")
        if self.settings:
            told = ", ".join(f"{name} {_spoken(value)}" for name, value in self.settings.items())
            lines.append(f"Settings: {told}.")
        if self.versions:
            told = ", ".join(f"{name} {version}" for name, version in self.versions.items())
            lines.append(f"Versions: {told}.")
        return [*lines, f"IPTC digital source type: {self.source_type}."]


def source_type_of(training: Training) -> str:
    """IPTC's word for what comes out of a model.

    Where it is not known how a model was trained, the word that promises less is the honest one.

    >>> source_type_of("faithful"), source_type_of("unknown")
    ('algorithmicallyEnhanced', 'compositeWithTrainedAlgorithmicMedia')
    """
    return ENHANCED if training in ("faithful", "none") else MADE_UP


def stronger(before: str, now: str) -> str:
    """Of two words, the one that must stay: what was there before, where it says more.

    >>> stronger("trainedAlgorithmicMedia", "algorithmicallyEnhanced")
    'trainedAlgorithmicMedia'
    >>> stronger("digitalCapture", "algorithmicallyEnhanced")
    'algorithmicallyEnhanced'
    """
    return before if before in _STRONGER else now


def from_properties(properties: Mapping[str, str]) -> Provenance | None:
    """What was said of a picture, read back; a stranger wrote the file, so nothing is trusted.

    Returns:
        None where none of it is there, or it makes no sense.
    """
    found = {name: properties.get(f"{OURS} {_NAMES[name]}", "") for name in _TEXTS}
    if not found["model"] or max(map(len, found.values())) > _LONGEST:
        return None
    training = {str(each): each for each in _TRAININGS}.get(found["training"], "unknown")
    return Provenance(
        model=found["model"],
        sha256=tuple(found["sha256"].split()),
        training=training,
        settings=_object(found["settings"]),
        versions={name: str(value) for name, value in _object(found["versions"]).items()},
        source_type=source_word(properties),
    )


def source_word(properties: Mapping[str, str]) -> str:
    """IPTC's word in a packet, without its address; empty where there is none."""
    return properties.get(SOURCE_TYPE, "").rstrip("/").rpartition("/")[2]


def _plain(values: Mapping[str, Any]) -> str:
    return json.dumps(dict(values), ensure_ascii=False) if values else ""


def _object(text: str) -> dict[str, Any]:
    """A flat JSON object of plain values; empty for anything else."""
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {
        name: value for name, value in found.items() if isinstance(value, str | int | float | bool)
    }


def _spoken(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
