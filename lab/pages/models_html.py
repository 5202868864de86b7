"""Models as a person reads of them: a row for each, and the card of one."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

from lab.planning import Speeds
from lab.shelf import Offer, Shelf
from lab.text import say
from realesr.models.catalogue import BUILT_IN, ModelSpec, known_models
from realesr.models.hub_files import is_hub_id
from realesr.models.locating import place_of

_MEGAPIXEL = 1_000_000


def table(shelf: Shelf, speeds: Speeds, offers: Sequence[Offer]) -> str:
    """Every model on offer: place, factor, licence, size, and speed where it was measured."""
    names = ("name", "place", "scale", "licence", "size", "speed")
    head = "".join(f'<th scope="col">{_say(f"models.{name}")}</th>' for name in names)
    rows = "".join(_row(offer, shelf.spec(offer.name), speeds) for offer in offers)
    return (
        f'<div class="models" tabindex="0" role="region" aria-label="{_say("models.table")}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(offer: Offer, spec: ModelSpec | None, speeds: Speeds) -> str:
    if spec is None:
        cells = [say("models.place_local"), "–", say("models.unknown"), "–"]
    else:
        scale = say("models.any") if spec.architecture == "resampler" else f"×{spec.scale}"
        cells = [place(spec), scale, spec.licence, size(spec)]
    cells.append(speed(speeds.measured(offer.name)))
    said = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
    about = html.escape(offer.about if spec is None else spec.description)
    name = html.escape(offer.name)
    return f'<tr><th scope="row">{name}<small>{about}</small></th>{said}</tr>'


def place(spec: ModelSpec) -> str:
    """Where its weights are, in a word."""
    if spec.name in {known.name for known in known_models()}:
        return say(f"models.place_{place_of(spec)}")
    return say("models.place_hub" if is_hub_id(spec.source) else "models.place_local")


def size(spec: ModelSpec) -> str:
    """How long its file is."""
    if spec.source == BUILT_IN:
        return "–"
    if not spec.size:
        return "–"
    digits = 1 if spec.size > 1e6 else 2
    return say("models.megabytes", size=f"{spec.size / 1e6:.{digits}f}")


def speed(seconds_a_pixel: float | None) -> str:
    """How long a megapixel of input takes here; nothing where it was not measured."""
    if seconds_a_pixel is None:
        return "–"
    return say("models.seconds", seconds=f"{seconds_a_pixel * _MEGAPIXEL:.1f}")


def details(offer: Offer, spec: ModelSpec | None) -> str:
    """All that is known of one model."""
    link = f"./?{urlencode({'model': offer.name})}"
    use = f'<p><a class="use" href="{html.escape(link)}">{_say("models.use")}</a></p>'
    facts = [] if spec is None else _facts(spec)
    listed = "".join(
        f"<dt>{_say(f'models.{name}')}</dt><dd>{html.escape(text)}</dd>" for name, text in facts
    )
    name, about = html.escape(offer.name), html.escape(offer.about)
    return f'<section class="model"><h3>{name}</h3><p>{about}</p><dl>{listed}</dl>{use}</section>'


def _facts(spec: ModelSpec) -> list[tuple[str, str]]:
    arguments = ", ".join(f"{name} {value}" for name, value in spec.arguments.items())
    known = [
        ("network", f"{spec.architecture}: {arguments}"),
        ("trained", say(f"models.trained_{spec.training}")),
        ("sees", say("models.radius", pixels=spec.radius)),
        ("paper", spec.paper),
        ("partner", spec.blend_with or ""),
        ("sha256", spec.sha256 or ""),
        ("source", "" if spec.is_bundled else spec.source),
    ]
    return [(name, text) for name, text in known if text]


def card(spec: ModelSpec | None) -> str:
    """Its card, where one lies beside its weights, as Markdown without the YAML at its top."""
    if spec is None or spec.source == BUILT_IN:
        return say("models.no_card")
    weights = Path(spec.source)
    for beside in (weights.with_suffix(".md"), weights.with_name("README.md")):
        if weights.is_file() and beside.is_file():
            return plain_card(beside.read_text(encoding="utf-8"))
    return say("models.no_card")


def plain_card(text: str) -> str:
    """A card without its YAML, its headings below the page's, no link to a file not here."""
    body = text.split("---\n", 2)[2] if text.startswith("---\n") else text
    lowered = re.sub(r"^(#+) ", r"##\1 ", body, flags=re.MULTILINE)
    return re.sub(r"\[([^\]]+)\]\((?!https?://)[^)]*\)", r"\1", lowered).strip()


def _say(key: str) -> str:
    return html.escape(say(key), quote=True)
