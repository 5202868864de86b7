"""Guided tours: data that sets the pages' real controls and rings their real elements.

A tour is a file ``NAME.toml`` here; its words stand under ``[tour-NAME]`` in the table of words:
for each stop ``1_say``, ``1_ask``, the answers ``1_a``, ``1_b``, ``1_c`` and ``1_told``, which is
shown once a person has answered. A stop without ``ring`` is a question at the end.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from lab.text import say, words

FOLDER = Path(__file__).parent
NAMES = ("photo", "jpeg", "beauty", "invented")
_LETTERS = "abc"


@dataclass(frozen=True, kw_only=True)
class Deed:
    """What a tour does to the page.

    Attributes:
        act: ``"press"`` a button, ``"fill"`` a field, ``"choose"`` from a list, ``"view"``, which
            sets what the viewer shows, or ``"wait"`` until something stands there.
        on: A selector.
        value: What is filled in or chosen.
    """

    act: str
    on: str
    value: str = ""


@dataclass(frozen=True, kw_only=True)
class Stop:
    """One stop: where it is, what is ringed, what is asked, what then happens.

    Attributes:
        page: The page it is on, as its address ends; empty for Upscale.
        query: The settings it begins with, as in a link; None goes on from the stop before.
        ring: The selector of what is ringed.
        right: The number of the right answer; 0 where each is right for who gives it.
        answers: How many there are.
        do: Done when the answer is given: the reveal.
        ring_after: What is ringed then, where that is something else.
        leave: A button that is pressed to go on: it leads to the next stop's page.
    """

    page: str = ""
    query: str | None = None
    ring: str = ""
    right: int = 0
    answers: int = 3
    do: tuple[Deed, ...] = ()
    ring_after: str = ""
    leave: str = ""


@dataclass(frozen=True, kw_only=True)
class Tour:
    """A tour by its name, with its stops in order."""

    name: str
    stops: tuple[Stop, ...]

    @property
    def title(self) -> str:
        """What it is called."""
        return say(f"tour-{self.name}.title")

    def as_data(self) -> dict[str, Any]:
        """The tour with its words, as the page's script takes it."""
        told = words(f"tour-{self.name}")
        stops = []
        for number, stop in enumerate(self.stops, 1):
            plain = vars(stop) | {"do": [vars(deed) for deed in stop.do]}
            answers = [told[f"{number}_{letter}"] for letter in _LETTERS[: stop.answers]]
            spoken = {key: told[f"{number}_{key}"] for key in ("say", "ask", "told")}
            stops.append({**plain, **spoken, "answers": answers})
        return {"title": self.title, "stops": stops}


def load(name: str) -> Tour:
    """The tour of this name."""
    data = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    stops = [
        Stop(**{**stop, "do": tuple(Deed(**deed) for deed in stop.get("do", []))})
        for stop in data["stop"]
    ]
    return Tour(name=name, stops=tuple(stops))


def tours_bar() -> gr.HTML:
    """The line at the top of every page that the tours start from, and the script that leads."""
    tours = {name: load(name) for name in NAMES}
    links = "".join(
        f'<li><a href="?tour={name}" data-tour="{name}">{tour.title}</a></li>'
        for name, tour in tours.items()
    )
    data = json.dumps({name: tour.as_data() for name, tour in tours.items()})
    script = (FOLDER / "tours.js").read_text(encoding="utf-8")
    return gr.HTML(
        f'<nav class="tours" aria-label="{say("tour.bar")}"><span>{say("tour.bar")}</span>'
        f'<ul>{links}</ul></nav><div data-card></div><div class="tour-ring" hidden></div>',
        js_on_load=f"const TOURS = {data};\nconst WORDS = {json.dumps(words('tour'))};\n{script}",
        elem_id="tours",
        padding=False,
    )
