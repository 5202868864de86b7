"""The page *Privacy*: what is kept, where and until when. Tests move the clock to prove it."""

from __future__ import annotations

import html
from pathlib import Path

import gradio as gr

from lab.keeping import OWN_SECONDS, PUBLIC_SECONDS
from lab.repeats import MOST_BYTES
from lab.text import duration, say
from lab.visitors import Visitors
from lab.workbench import Workbench

_ROWS = ("photo", "result", "repeats", "handed", "settings", "log")
_SECTIONS = ("place", "others", "proof")


class PrivacyPage:
    """Builds the page; it has no events.

    Args:
        bench: Says whether strangers use the lab.
        folder: The lab's own.
        visitors: Who looks at what.
    """

    def __init__(self, bench: Workbench, folder: Path, visitors: Visitors) -> None:
        self._public = bench.public

    def build(self, app: gr.Blocks) -> None:
        """Lay the page out inside ``app``, the current `gr.Blocks`."""
        gr.HTML(f'<article class="words">{self._text()}</article>')

    def _text(self) -> str:
        head = f"<h1>{self._say('title')}</h1><p>{self._say('lead')}</p>"
        rows = "".join(
            f'<tr><th scope="row">{self._say(row)}</th>'
            f"<td>{self._say(f'{row}_where')}</td><td>{self._say(f'{row}_until')}</td></tr>"
            for row in _ROWS
        )
        columns = "".join(
            f'<th scope="col">{self._say(name)}</th>' for name in ("what", "where", "until")
        )
        table = f"<table><thead><tr>{columns}</tr></thead><tbody>{rows}</tbody></table>"
        rest = "".join(
            f"<h2>{self._say(f'{name}_title')}</h2><p>{self._say(name)}</p>" for name in _SECTIONS
        )
        return head + table + rest

    def _say(self, key: str) -> str:
        """A sentence, in the wording for a public lab or an own one where there are two."""
        own = f"privacy.{key}_{'public' if self._public else 'own'}"
        # A minute more than the files' age: that is how often it is looked for.
        seconds = PUBLIC_SECONDS + 60 if self._public else OWN_SECONDS
        values = {"time": duration(seconds), "megabytes": MOST_BYTES >> 20}
        try:
            return html.escape(say(own, **values))
        except KeyError:
            return html.escape(say(f"privacy.{key}", **values))
