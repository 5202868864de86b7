"""The pages, one file each."""

from __future__ import annotations

from typing import Protocol

import gradio as gr


class Page(Protocol):
    """What every page can do: lay itself out."""

    def build(self, app: gr.Blocks) -> None:
        """Lay the page out inside ``app``, the current `gr.Blocks`, and answer its events."""
