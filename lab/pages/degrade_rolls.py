"""What a recipe draws: 500 draws of one number, beside the range it says it draws from."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache

import numpy as np

from lab import chains, plots
from lab.controls import label_of, spoken_number
from lab.pages.degrade_settings import DegradeSettings, drawn_stations
from lab.text import say
from realesr.degradations import presets
from realesr.degradations.spans import fields_of
from realesr.degradations.table import OPERATIONS, name_of

DRAWS = 500


@lru_cache(32)
def _values(recipe: str, scale: int) -> dict[str, list[float]]:
    """Every number drawn in 500 rolls, by step, operation and field: ``"3|jpeg|quality"``."""
    drawn: dict[str, list[float]] = defaultdict(list)
    preset = presets.preset(recipe, scale)
    for seed in range(DRAWS):
        for step, operation in drawn_stations(preset, seed):
            start = f"{step}|{name_of(OPERATIONS, operation)}"
            for field in fields_of(type(operation)):
                if field.kind in ("int", "float") and field.name != "seed":
                    value = getattr(operation, field.name)
                    if value is not None:
                        drawn[f"{start}|{field.name}"].append(value)
    # A number that is always the same was not drawn.
    return {key: values for key, values in sorted(drawn.items()) if len(set(values)) > 1}


def draw_choices(settings: DegradeSettings) -> list[tuple[str, str]]:
    """The numbers this recipe draws, in words and as they are called here."""
    return [(_title(key), key) for key in _values(settings.recipe, settings.sides)]


def _title(key: str) -> str:
    step, operation, field = key.split("|")
    name = say(f"operation.{operation}")
    return say("degrade.parameter_name", step=int(step) + 1, operation=name, field=label_of(field))


def drawn_values(settings: DegradeSettings, key: str) -> str:
    """The histogram of one number over 500 rolls, as HTML; empty for a number that is not drawn."""
    values = _values(settings.recipe, settings.sides).get(key)
    if not values:
        return ""
    step, name, field = key.split("|")
    recipe, kind = settings.preset(), OPERATIONS[name]
    usual = chains.declared(recipe, int(step), chains.to_begin_with(name), field)
    span = next(each.span for each in fields_of(kind) if each.name == field)
    unit = f" / {span.unit}" if span and span.unit else ""
    now = None
    if settings.origin() == f"{step}|{name}" and settings.station <= len(
        settings.trace().operations
    ):
        now = getattr(settings.trace().operations[settings.station - 1], field, None)
    drawn = plots.draw_histogram(values, usual, now, f"{label_of(field)}{unit}")
    low, high = (spoken_number(float(end)) for end in np.percentile(values, (25, 75)))
    told = say("degrade.draws_told", count=len(values), low=low, high=high)
    ends = [spoken_number(float(end)) for end in (min(values), max(values))]
    return drawn.figure(
        _title(key), told, say("degrade.draws_alt", name=_title(key), low=ends[0], high=ends[1])
    )
