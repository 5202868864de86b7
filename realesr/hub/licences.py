"""Whether what went into something and the licence it is given agree, each doubt as a sentence.

This is arithmetic on what licences say of themselves, no legal advice. Where it is disputed whether
a trained model is an adaptation of its pictures, the stricter reading is taken and said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Licence:
    """What a licence allows.

    Attributes:
        name: SPDX identifier.
        hub: What the Hub calls it; ``"other"`` where it has no word for it.
        attribution: Authors must be named.
        commercial: Commercial use is allowed.
        share_alike: What is made from it must have the same licence.
        derivatives: Changed versions may be passed on.
    """

    name: str
    hub: str
    attribution: bool = True
    commercial: bool = True
    share_alike: bool = False
    derivatives: bool = True


@dataclass(frozen=True)
class Part:
    """Something that went in, and on which terms.

    Attributes:
        name: What it is called.
        role: What it was.
        licence: As somebody wrote it; empty where nobody said.
    """

    name: str
    role: Literal["base model", "pictures"]
    licence: str


@dataclass(frozen=True)
class Finding:
    """One sentence about the chain; ``stops`` when it must be cleared before publishing."""

    sentence: str
    stops: bool


def _free() -> Iterator[Licence]:
    for name in ("CC0-1.0", "PDDL-1.0", "Unlicense", "0BSD"):
        yield Licence(name, {"PDDL-1.0": "pddl", "0BSD": "other"}.get(name, name.lower()), False)
    yield Licence("LicenseRef-PublicDomain", "other", False)
    for name in ("MIT", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0"):
        yield Licence(name, name.lower())


def _creative_commons() -> Iterator[Licence]:
    for version in ("2.0", "2.5", "3.0", "4.0"):
        for terms in ("BY", "BY-SA", "BY-NC", "BY-NC-SA", "BY-ND", "BY-NC-ND"):
            name = f"CC-{terms}-{version}"
            yield Licence(
                name,
                name.lower(),
                commercial="NC" not in terms,
                share_alike="SA" in terms,
                derivatives="ND" not in terms,
            )


def _others() -> Iterator[Licence]:
    for name, hub in (("GPL-3.0-only", "gpl-3.0"), ("AGPL-3.0-only", "agpl-3.0")):
        yield Licence(name, hub, share_alike=True)
    yield Licence("ODbL-1.0", "odbl", share_alike=True)
    yield Licence("LicenseRef-Academic", "other", commercial=False)


_TABLE = {
    licence.name: licence for make in (_free, _creative_commons, _others) for licence in make()
}
_ALIASES = {
    "cc0": "CC0-1.0",
    "cczero": "CC0-1.0",
    "publicdomain": "LicenseRef-PublicDomain",
    "pd": "LicenseRef-PublicDomain",
    "apache2": "Apache-2.0",
    "gpl3.0": "GPL-3.0-only",
    "agpl3.0": "AGPL-3.0-only",
    "pddl": "PDDL-1.0",
    "odbl": "ODbL-1.0",
    "academic": "LicenseRef-Academic",
    "researchonly": "LicenseRef-Academic",
}


def find_licence(text: str) -> Licence | None:
    """What is known of a licence, by its SPDX name or the Hub's; None for an unknown one.

    >>> find_licence("cc-by-4.0").name, find_licence("Public Domain").hub, find_licence("mine")
    ('CC-BY-4.0', 'other', None)
    """
    bare = _bare(text)
    name = next((name for name in _TABLE if _bare(name) == bare), _ALIASES.get(bare, ""))
    return _TABLE.get(name)


def spelled(text: str) -> str:
    """A licence by its SPDX name where it is known by another; else as it was written.

    >>> spelled("cc by 4.0"), spelled("CC0"), spelled("Public domain"), spelled("")
    ('CC-BY-4.0', 'CC0-1.0', 'LicenseRef-PublicDomain', 'unknown')
    """
    found = find_licence(text)
    if found:
        return found.name
    return UNKNOWN if _bare(text) in ("", "none", "other") else text.strip()


def examine(own: str, parts: Sequence[Part]) -> Iterator[Finding]:
    """Every doubt about a chain of licences.

    Args:
        own: The licence of what is published.
        parts: What went into it.

    >>> [each.stops for each in examine("MIT", [Part("photos", "pictures", "CC-BY-NC-4.0")])]
    [True]
    >>> list(examine("MIT", [Part("photos", "pictures", "CC0-1.0")]))
    []
    """
    mine = find_licence(own)
    if mine is None:
        said = f"{own!r} is no licence known here" if own else "no licence is given"
        yield Finding(f"{said}; write an SPDX name, such as BSD-3-Clause or CC-BY-4.0.", True)
    for part in parts:
        yield from _of_part(mine, part)


def _of_part(mine: Licence | None, part: Part) -> Iterator[Finding]:
    theirs, what = find_licence(part.licence), f"the {part.role} {part.name}"
    if theirs is None:
        said = part.licence if part.licence not in ("", UNKNOWN) else "not known"
        yield Finding(f"the licence of {what} is {said}; find it out, or leave it out.", True)
        return
    if not theirs.derivatives:
        yield Finding(
            f"{theirs.name} of {what} allows no changed versions, and a trained model may be one.",
            True,
        )
    if mine is None:
        return
    forbidden = mine.commercial and not theirs.commercial
    differs = theirs.name != mine.name
    if forbidden:
        yield Finding(
            f"{theirs.name} of {what} allows no commercial use, and {mine.name} would grant it; "
            "choose CC-BY-NC-4.0, say.",
            True,
        )
    if theirs.share_alike and differs:
        strict = part.role == "base model"
        why = "asks" if strict else "may ask (it is disputed for trained models)"
        yield Finding(
            f"{theirs.name} of {what} {why} for {theirs.name} again, not {mine.name}.", strict
        )
    elif part.role == "base model" and theirs.attribution and differs and not forbidden:
        yield Finding(
            f"{mine.name} is another licence than {theirs.name} of {what}, whose authors and terms "
            f"must stay named beside the weights; {theirs.name} again is the simple choice.",
            False,
        )


def _bare(text: str) -> str:
    return re.sub(r"[\s_-]+|\blicen[cs]e\b", "", text.lower())
