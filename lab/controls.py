"""Controls made from the fields of a dataclass: its ranges, units and help stand there only once.

What a person changes is sent as the field's name and its new value; the page's script is
``controls.js``.
"""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.text import say
from realesr.degradations.spans import Field, Span, fields_of
from realesr.errors import ParameterError

CONTROLS_SCRIPT = Path(__file__).with_name("controls.js").read_text(encoding="utf-8")
STEPS = 1000
"""Places of a slider's handle."""
_WIDE = 101  # a range whose ends differ by more than this factor is shown in equal ratios


def controls(thing: Any, usual: Mapping[str, tuple[float, float]] | None = None) -> str:
    """A control for every field of a frozen dataclass, as HTML.

    Args:
        thing: The dataclass.
        usual: By field, the range that values come from as a rule; it is marked on the slider.
    """
    return "".join(
        _control(thing, field, (usual or {}).get(field.name)) for field in fields_of(type(thing))
    )


def _control(thing: Any, field: Field, usual: tuple[float, float] | None) -> str:
    value = getattr(thing, field.name)
    if field.name == "seed":
        return _row(
            field, f'<button type="button" data-field="seed">{_say("controls.seed")}</button>'
        )
    if field.kind == "bool":
        mark = " checked" if value else ""
        return _row(
            field, f'<input type="checkbox" id="f-{field.name}" data-field="{field.name}"{mark}>'
        )
    if field.kind == "choice":
        return _row(field, _choice(field, value))
    if field.span is None or field.kind not in ("int", "float"):
        return ""
    return _row(field, _slider(thing, field, field.span, value, usual), _usual(usual))


def _row(field: Field, control: str, more: str = "") -> str:
    name = field.name
    unit = f" ({html.escape(field.span.unit)})" if field.span and field.span.unit else ""
    about = f'<small id="h-{name}">{html.escape(field.help)}</small>' if field.help else ""
    label = f'<label for="f-{name}">{html.escape(label_of(name))}{unit}</label>'
    return f'<div class="control" data-of="{name}">{label}{control}{about}{more}</div>'


def label_of(name: str) -> str:
    """A field's name as words.

    >>> label_of("sigma_x")
    'sigma x'
    """
    return name.replace("_", " ")


def _choice(field: Field, value: Any) -> str:
    options = "".join(
        f"<option{' selected' if option == value else ''}>{html.escape(option)}</option>"
        for option in field.options
    )
    return f'<select id="f-{field.name}" data-field="{field.name}">{options}</select>'


def _slider(
    thing: Any, field: Field, span: Span, value: Any, usual: tuple[float, float] | None
) -> str:
    name = field.name
    step = _step(thing, field, span)
    ratios = span.low > 0 and span.high / span.low > _WIDE
    place = round(STEPS * share(span, span.low if value is None else value, ratios=ratios))
    data = f'data-low="{span.low:.10g}" data-high="{span.high:.10g}" data-step="{step}"'
    told = "" if value is None else spoken_number(value)
    empty = f' placeholder="{_say("controls.none")}"' if field.optional else ""
    described = f' aria-describedby="h-{name}"' if field.help else ""
    band = _band(span, usual, ratios=ratios) if usual else ""
    return (
        f'<span class="pair" {data}{" data-ratios" if ratios else ""}>'
        f'<span class="track">{band}<input type="range" min="0" max="{STEPS}" value="{place}" '
        f'data-slide="{name}" aria-label="{html.escape(label_of(name))}" '
        f'aria-valuetext="{told} {html.escape(span.unit)}"{described}></span>'
        f'<input type="number" id="f-{name}" data-field="{name}" step="any" '
        f'min="{span.low:.10g}" max="{span.high:.10g}" value="{told}"{empty}{described}></span>'
    )


def _band(span: Span, usual: tuple[float, float], *, ratios: bool) -> str:
    start, end = (100 * share(span, each, ratios=ratios) for each in usual)
    return f'<span class="usual" style="left:{start:.1f}%;width:{max(end - start, 1):.1f}%"></span>'


def _usual(usual: tuple[float, float] | None) -> str:
    """What the band on the slider means."""
    if usual is None:
        return ""
    told = say("controls.usual", low=f"{usual[0]:.3g}", high=f"{usual[1]:.3g}")
    return f"<small>{html.escape(told)}</small>"


def share(span: Span, value: float, *, ratios: bool) -> float:
    """Where a value lies in its range, from 0 to 1; by ratios or by differences.

    >>> share(Span(0.01, 100), 1, ratios=True), share(Span(0, 4), 1, ratios=False)
    (0.5, 0.25)
    """
    value = min(max(value, span.low), span.high)
    if ratios:
        return math.log(value / span.low) / math.log(span.high / span.low)
    return (value - span.low) / (span.high - span.low)


def spoken_number(value: float) -> str:
    """A number as a person reads it: four digits.

    >>> spoken_number(1.23456), spoken_number(0.00012), spoken_number(21)
    ('1.235', '0.00012', '21')
    """
    if isinstance(value, int):
        return str(value)
    return f"{value:.4g}" if 1e-4 <= abs(value) < 1e6 or not value else f"{value:.3e}"


def _step(thing: Any, field: Field, span: Span) -> str:
    """Whole numbers, odd ones where even ones are refused, or any."""
    if field.kind != "int":
        return "any"
    even = int(span.low) + int(span.low) % 2
    try:
        type(thing)(
            **{known.name: getattr(thing, known.name) for known in fields_of(type(thing))}
            | {field.name: even}
        )
    except ParameterError:
        return "2"
    return "1"


def _say(key: str) -> str:
    return html.escape(say(key), quote=True)
