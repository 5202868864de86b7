"""The page *When not to*: where a made-up detail does harm."""

from __future__ import annotations

import html
from pathlib import Path

import gradio as gr

from lab.text import say
from lab.visitors import Visitors
from lab.workbench import Workbench

_SECTIONS = ("faces", "evidence", "consent", "history", "art")
_ADVICE = ("do_compare", "do_maps", "do_plain", "do_say")


class EthicsPage:
    """Builds the page; it has no events.

    Args:
        bench: Where the work is done.
        folder: The lab's own.
        visitors: Who looks at what.
    """

    def __init__(self, bench: Workbench, folder: Path, visitors: Visitors) -> None:
        pass

    def build(self, app: gr.Blocks) -> None:
        """Lay the page out inside ``app``, the current `gr.Blocks`."""
        sections = "".join(
            f"<h2>{_say(f'{name}_title')}</h2><p>{_say(name)}</p>" for name in _SECTIONS
        )
        advice = "".join(f"<li>{_say(name)}</li>" for name in _ADVICE)
        gr.HTML(
            f'<article class="words"><h1>{_say("title")}</h1><p>{_say("lead")}</p>{sections}'
            f"<h2>{_say('do_title')}</h2><ul>{advice}</ul></article>"
        )


def _say(key: str) -> str:
    return html.escape(say(f"ethics.{key}"))
