"""Every word the lab shows, from one file for each language in ``lab/languages``.

Labels of Gradio's own parts are translated in the browser (`i18n`); sentences with numbers in them
are filled here (`say`).
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import gradio as gr


def _read(file: Path) -> dict[str, str]:
    rooms: dict[str, dict[str, str]] = tomllib.loads(file.read_text(encoding="utf-8"))
    return {f"{room}.{key}": text for room, kept in rooms.items() for key, text in kept.items()}


LANGUAGES = {file.stem: _read(file) for file in Path(__file__).parent.glob("languages/*.toml")}
ENGLISH = LANGUAGES["en"]

i18n = gr.I18n(**LANGUAGES)


def say(key: str, **values: object) -> str:
    """The sentence of that key, filled in.

    >>> say("plan.tiles", count=3)
    '3 tiles'
    """
    return ENGLISH[key].format(**values)


def words(room: str) -> dict[str, str]:
    """Every word of one room of the table, without the room's name.

    >>> words("viewer")["fit"]
    'Fit'
    """
    return {
        key.removeprefix(f"{room}."): text
        for key, text in ENGLISH.items()
        if key.startswith(f"{room}.")
    }


def duration(seconds: float) -> str:
    """A time as people say it, rounded up.

    >>> duration(0.4), duration(89), duration(200), duration(8000)
    ('1 s', '89 s', '4 min', '3 h')
    """
    if seconds < 90:
        return say("time.seconds", count=max(1, -int(-seconds // 1)))
    if seconds < 90 * 60:
        return say("time.minutes", count=-int(-seconds // 60))
    return say("time.hours", count=-int(-seconds // 3600))
