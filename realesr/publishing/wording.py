"""How a card is worded: sentences that depend on the model, tables, lines of a readable length."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
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

_WIDTH = 100
_WRAPPING: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}


def elsewhere(spec: ModelSpec) -> str:
    """Which other programs open the file; held to spandrel itself by a test."""
    if spec.architecture == "rrdbnet" and spec.arguments.get("growth") != 32:
        return "Other programs do not open it: they take RRDBNets of growth 32 only."
    if spec.architecture not in ("compact", "rrdbnet"):
        return "Other programs do not open it: this network is known to realesr alone."
    return "spandrel, and so chaiNNer, open `model.safetensors` too, with the same pixels."


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
