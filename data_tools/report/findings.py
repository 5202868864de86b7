"""What a report says first: a few figures, and sentences about what deserves a look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from data_tools.report.gathering import Material
from realesr.hub.licences import UNKNOWN


@dataclass(frozen=True)
class Finding:
    """One sentence.

    Attributes:
        sentence: For a person.
        doubt: Whether it deserves a look.
    """

    sentence: str
    doubt: bool = True


def summary(material: Material) -> list[tuple[str, str]]:
    """A few labelled figures."""
    entries = material.entries
    pixels = sum(entry.size[0] * entry.size[1] for entry in entries)
    left = len({each.source for each in material.left})
    said = [
        ("pictures", f"{len(entries):,}"),
        ("megapixels", f"{pixels / 1e6:,.1f}"),
        ("left out" if material.built else "would be left out", f"{left:,}"),
        ("known licences", f"{len({entry.licence for entry in entries} - {UNKNOWN}):,}"),
    ]
    slopes = [each.slope for each in material.sights.values() if each.slope is not None]
    if slopes:
        said.append(("median slope of power", signed(float(np.median(slopes)))))
    return said


def signed(value: float) -> str:
    """A number with a minus sign that is one.

    >>> signed(-2.254)
    '−2.25'
    """
    return f"{value:.2f}".replace("-", "−")


def findings(material: Material) -> Iterator[Finding]:
    """What deserves a look, or that nothing does."""
    doubts = list(_doubts(material))
    yield from doubts
    if not doubts:
        yield Finding("Nothing here asks for attention; the pages below show why.", doubt=False)


def _doubts(material: Material) -> Iterator[Finding]:
    total = len(material.entries)
    yield from _rejections(material)
    unknown = sum(entry.licence == UNKNOWN for entry in material.entries)
    if unknown:
        yield Finding(
            f"{unknown:,} of {total:,} pictures have no known licence; push refuses them."
        )
    if total and len({entry.split for entry in material.entries}) == 1 and material.built:
        yield Finding(
            "All pictures are in one split, so nothing is held out to judge a model by.",
            doubt=False,
        )
    small = sum(min(entry.size) < 128 for entry in material.entries)
    if small:
        yield Finding(
            f"{small:,} pictures have a side below 128 pixels, less than most crops need."
        )
    gray = sum(entry.mode in ("L", "LA") for entry in material.entries)
    if total and gray > 0.1 * total:
        yield Finding(f"{gray / total:.0%} of the pictures are gray; models lose colour from that.")
    yield from _looks(material)


def _rejections(material: Material) -> Iterator[Finding]:
    met = {each.source for each in material.left}
    if not met:
        return
    named = {entry.source for entry in material.entries} | met
    rule, count = Counter(each.rule for each in material.left).most_common(1)[0]
    verb = "were" if material.built else "would be"
    yield Finding(
        f"{len(met):,} of {len(named):,} pictures {verb} left out, most by the rule {rule} "
        f"({count:,}).",
        doubt=len(met) > 0.25 * len(named),
    )


def _looks(material: Material) -> Iterator[Finding]:
    sights = list(material.sights.values())
    if not sights:
        return
    levels = np.stack([each.levels[3] for each in sights]).mean(0)
    for end, name in ((0, "black"), (-1, "white")):
        if levels[end] > 0.2:
            yield Finding(f"{levels[end]:.0%} of all pixels are nearly {name}.")
    slopes = [each.slope for each in sights if each.slope is not None]
    if len(slopes) >= 8:
        middle = float(np.median(slopes))
        if middle < -3.2:
            yield Finding(
                f"Power falls with the exponent {signed(middle)}, steeper than photographs at full "
                "size do (about −2 to −3): many are soft or were enlarged."
            )
        elif middle > -1.3:
            yield Finding(
                f"Power falls with the exponent {signed(middle)}, more slowly than in photographs: "
                "noise, text or drawings."
            )


def document(material: Material) -> dict[str, Any]:
    """The same as plain values, for ``--json``."""
    often = Counter(each.rule for each in material.left)
    return {
        "folder": str(material.folder),
        "built": material.built,
        "summary": dict(summary(material)),
        "findings": [each.sentence for each in findings(material)],
        "left_out": dict(often.most_common()),
        "licences": dict(Counter(entry.licence for entry in material.entries).most_common()),
        "looked_at": len(material.sights),
    }
