"""One station of the page *Degrade* in full: controls, formula, what it did; all as HTML."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from lab import chains, plots
from lab.controls import controls
from lab.pages.degrade_jpeg import blocks
from lab.pages.degrade_settings import DegradeSettings, drawn_stations
from lab.pages.degrade_strip import Film
from lab.text import say
from realesr.degradations import Jpeg, Operation
from realesr.degradations.spans import fields_of
from realesr.degradations.table import OPERATIONS


def panel(film: Film, station: int, credit: str, usual: dict[str, tuple[float, float]]) -> str:
    """The station's name, what it is, its controls, and what can be done with it.

    Args:
        film: What is shown.
        station: Which operation, from 1; 0 is the picture before the first.
        credit: Whose picture it is.
        usual: By field, the range the recipe draws from.
    """
    if not station:
        title, about, body = say("degrade.original"), html.escape(credit), ""
    else:
        operation = film.trace.operations[station - 1]
        title = f"{station} {chains.spoken(operation)}"
        about = _prose(chains.summary(operation)) + _papers(operation)
        body = f'<div class="fields">{controls(operation, usual)}</div>'
    return (
        f'<h3 data-at="{station}">{html.escape(title)}</h3><p class="about">{about}</p>'
        f"{body}{_moves(film, station)}"
    )


def _papers(operation: Operation) -> str:
    papers = chains.references(operation)
    if not papers:
        return ""
    told = html.escape("; ".join(paper.rstrip(".") for paper in papers))
    return f" <cite>{html.escape(say('degrade.after'))} {told}.</cite>"


def _prose(text: str) -> str:
    return re.sub(r"``(.+?)``", r"<code>\1</code>", html.escape(text))


def _moves(film: Film, station: int) -> str:
    last = len(film.trace.operations)
    moves = [
        ("earlier", station < 2),
        ("later", station in (0, last)),
        ("out", not station or last < 2),
    ]
    buttons = "".join(
        f'<button type="button" data-act="{act}"{" disabled" if off else ""}>'
        f"{html.escape(say(f'degrade.{act}'))}</button>"
        for act, off in moves
    )
    options = "".join(
        f'<option value="{name}">{html.escape(say(f"operation.{name}"))}</option>'
        for name in OPERATIONS
    )
    first = html.escape(say("degrade.add"))
    full = " disabled" if last >= chains.MOST_STATIONS else ""
    name = html.escape(say("degrade.add_name"), quote=True)
    return (
        f'<div class="moves">{buttons}<select data-add aria-label="{name}"{full}>'
        f'<option value="">{first}</option>{options}</select></div>'
    )


def lesson(film: Film, station: int) -> str:
    """The line of Python, the kernel, the waves, the changes, the JPEG tables: what there is."""
    if not station:
        return f'<p class="about">{html.escape(say("degrade.choose"))}</p>'
    operation = film.trace.operations[station - 1]
    before, after = film.before(station), film.after(station)
    height, width = film.hr.shape[-2:]
    line = f"image = {chains.as_python(operation)}.apply(image, ({height}, {width}))"
    parts = [*_kernel(operation)]
    parts.append(_figure(plots.spectra(_light(before), _light(after)), "spectra"))
    if before.shape == after.shape and not hasattr(operation, "kernel"):
        change = 255 * (after.clamp(0, 1) - before.clamp(0, 1)).numpy()
        parts.append(_figure(plots.change_histogram(change), "change"))
    if isinstance(operation, Jpeg):
        parts.append(blocks(operation, before, film.middle))
    return (
        f'<h3>{html.escape(say("degrade.line"))}</h3><pre class="line">{html.escape(line)}</pre>'
        f'<div class="plots">{"".join(parts)}</div>'
    )


def _light(image: torch.Tensor) -> np.ndarray[Any, Any]:
    """Brightness in levels of 255."""
    weights = torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)
    levels = image[0].clamp(0, 1).mul(255).round()
    return (levels * weights).sum(0).double().numpy()


def _figure(drawn: plots.Drawing, key: str) -> str:
    return drawn.figure(say(f"plot.{key}"), say(f"plot.{key}_caption"), say(f"plot.{key}_alt"))


@lru_cache(64)
def _kernel(operation: Any) -> tuple[str, ...]:
    """Its kernel as picture, as profile and as what passes; nothing where it has none."""
    if not hasattr(operation, "kernel"):
        return ()
    kernel = operation.kernel().numpy()
    return (
        _figure(plots.kernel_picture(kernel), "kernel"),
        _figure(plots.kernel_profile(kernel), "profile"),
        _figure(plots.frequency_response(kernel), "response"),
    )


def usual_ranges(settings: DegradeSettings) -> dict[str, tuple[float, float]]:
    """By field of the chosen station, the range the recipe draws from.

    Nothing for what no step drew, and where another operation was put in its place.
    """
    recipe, station = settings.preset(), settings.station
    drawn = drawn_stations(recipe, settings.seed)
    operations = settings.trace().operations
    if not 0 < station <= min(len(drawn), len(operations)):
        return {}
    step, was = drawn[station - 1]
    if type(was) is not type(operations[station - 1]):
        return {}
    fields = [field.name for field in fields_of(type(was))]
    found = {name: chains.declared(recipe, step, was, name) for name in fields}
    return {name: ends for name, ends in found.items() if ends}
