"""How a card is worded: sentences that depend on the model, tables, lines of a readable length."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from realesr.models.catalogue import ModelSpec, Training
from realesr.provenance.record import source_type_of

_DOUBTS: dict[Training, str] = {
    "adversarial": " (a discriminator taught it, so detail may be invented)",
    "faithful": " (no discriminator taught it)",
    "none": "",
    "unknown": " (it is not known how it was trained, so detail may be invented)",
}
SAID = {
    training: "`realesr upscale` and the lab say in each result's metadata how it was made: "
    f"`{source_type_of(training)}`{doubt}, this model, its hash, the settings."
    for training, doubt in _DOUBTS.items()
}
"""What results say of themselves, by how the model was trained."""

ROWS = 4
"""Pictures among the examples."""
_WIDTH = 100
_WRAPPING: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}


def elsewhere(spec: ModelSpec) -> str:
    """Which other programs open the file; held to spandrel itself by a test."""
    if spec.architecture == "rrdbnet" and spec.arguments.get("growth") != 32:
        return "Other programs do not open it: they take RRDBNets of growth 32 only."
    if spec.architecture not in ("compact", "rrdbnet"):
        return "Other programs do not open it: this network is known to realesr alone."
    return "spandrel, and so chaiNNer, open `model.safetensors` too, with the same pixels."


def spread(gains: Mapping[str, float], count: int) -> list[str]:
    """Names from the largest gain to the smallest, both among them and the others evenly between.

    >>> spread({"a": 1.0, "b": -2.0, "c": 3.0, "d": 0.5, "e": 0.1}, 3)
    ['c', 'd', 'b']
    """
    ranked = sorted(gains, key=lambda name: 0.0 if math.isnan(gains[name]) else -gains[name])
    if len(ranked) <= count:
        return ranked
    return [ranked[round(place * (len(ranked) - 1) / (count - 1))] for place in range(count)]


def picked(held_out: int) -> str:
    """Which of the held-out pictures the examples show."""
    if held_out <= ROWS:
        return "Of every held-out picture its most detailed piece, the one that gained most first."
    return (
        f"Of {held_out} held-out pictures the one that gained most over bicubic (first), the one "
        "that gained least (last), and two between, by the PSNR of their most detailed pieces; "
        f"the means in the figure are those of the {ROWS} shown."
    )


def link(name: str, url: str) -> str:
    """A name, as a link where there is an address."""
    return f"[{name}]({url})" if url else name


def unwritten(name: str) -> str:
    """The gap that a person must fill."""
    return f"**[to be written by a person: {name}]**"


def table(head: tuple[str, ...], rows: list[list[str]]) -> Iterator[str]:
    """A Markdown table, line by line."""
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(_cell(cell) for cell in row)} |"


def wrapped(text: str) -> str:
    """Prose in lines that can be read; tables, code and pictures stay as they are."""
    lines, in_code = [], False
    for line in text.split("\n"):
        in_code ^= line.startswith("```")
        stays = in_code or len(line) <= _WIDTH or line.startswith(("|", "#", "!", "    "))
        lines += [line] if stays else textwrap.wrap(line, _WIDTH, **_WRAPPING)
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
