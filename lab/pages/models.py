"""The page *Models*: what there is, how quick it is here, one more from the Hub, one to publish."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from lab import status
from lab.pages import models_html
from lab.pages.models_publish import PublishWizard
from lab.pages.upscale_events import MODEL_QUEUE
from lab.pages.upscale_runs import told
from lab.shelf import Offer
from lab.text import i18n, say
from lab.visitors import Visitors
from lab.workbench import Workbench
from realesr.models.catalogue import known_models


class ModelsPage:
    """Builds the page and answers its events.

    Args:
        bench: Where the work is done.
        folder: The lab's own.
        visitors: Who looks at what.
    """

    def __init__(self, bench: Workbench, folder: Path, visitors: Visitors) -> None:
        self.bench = bench
        self.wizard = None if bench.public else PublishWizard(folder)

    def build(self, app: gr.Blocks) -> None:
        """Lay the page out inside ``app``, the current `gr.Blocks`."""
        first = self.bench.shelf.first
        gr.Markdown(f"# {say('models.title')}\n\n{say('models.lead')}", elem_classes="lead")
        self.table = gr.HTML(self._table(), elem_id="table")
        with gr.Row(elem_classes="desk"):
            with gr.Column(scale=6, min_width=320):
                self.chosen = gr.Dropdown(
                    self._names(), value=first, label=i18n("models.choose"), elem_id="chosen",
                    filterable=False,
                )  # fmt: skip
                with gr.Row():
                    self.measure = gr.Button(i18n("models.measure"), min_width=0, elem_id="measure")
                self.status = gr.HTML(status.ready(), elem_id="models-status")
                self.details = gr.HTML(self._details(first), elem_id="details")
                with gr.Accordion(i18n("models.card"), open=False, elem_id="card"):
                    self.card = gr.Markdown(models_html.card(self._spec(first)))
            with gr.Column(scale=4, min_width=288):
                gr.Markdown(f"## {say('models.more')}\n\n{say(self._more_words())}")
                self.hub = gr.Textbox(
                    label=i18n("models.hub"), placeholder="ada/old-maps-x4", max_lines=1,
                    elem_id="hub",
                )  # fmt: skip
                self.load = gr.Button(i18n("models.load"), elem_id="load")
                if self.wizard is not None:
                    self.wizard.build()
        self._connect(app)

    def _more_words(self) -> str:
        return "models.more_public" if self.bench.public else "models.more_own"

    def _connect(self, app: gr.Blocks) -> None:
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        shown = [self.details, self.card]
        self.chosen.change(self.choose, self.chosen, shown, **quiet)
        on_the_bench: dict[str, Any] = {
            "concurrency_id": MODEL_QUEUE, "concurrency_limit": None, **quiet,
        }  # fmt: skip
        self.measure.click(
            self._in_line(self.measured), self.chosen, [self.status, self.table], **on_the_bench
        )
        gr.on(
            [self.load.click, self.hub.submit],
            self._in_line(self.loaded),
            self.hub,
            [self.status, self.table, self.chosen, *shown],
            **on_the_bench,
        )
        app.load(self.refresh, None, [self.table, self.chosen], **quiet)
        if self.wizard is not None:
            self.wizard.connect(quiet)

    def _in_line(self, steps: Any) -> Any:
        return self.bench.line.in_turn(
            steps,
            waiting=lambda place: {self.status: status.in_line(place)},
            full=lambda error: {self.status: status.refused(error)},
        )

    # ---- events ---------------------------------------------------------------------------------

    def refresh(self) -> dict[Any, Any]:
        """What is on offer by now, and what was measured meanwhile."""
        return {self.table: self._table(), self.chosen: gr.update(choices=self._names())}

    def choose(self, name: str) -> dict[Any, Any]:
        """Show one model."""
        return {
            self.details: self._details(name),
            self.card: models_html.card(self._spec(name)),
        }

    def measured(self, request: gr.Request, name: str) -> Iterator[dict[Any, Any]]:
        """Load a model and run it over a plain square."""
        try:
            self.bench.shelf.check(name)
            for step in self.bench.shelf.fetch(name):
                yield {self.status: status.busy(step)}
            yield {self.status: status.waiting()}
            self.bench.measure(name, side=64)
            speed = models_html.speed(self.bench.speeds.measured(name))
            done = status.said(say("models.measured", name=name, speed=speed))
            yield {self.status: done, self.table: self._table()}
        except Exception as error:
            yield {self.status: status.refused(told(error))}

    def loaded(self, request: gr.Request, name: str) -> Iterator[dict[Any, Any]]:
        """Fetch a model and offer it from now on."""
        name = (name or "").strip()
        try:
            for step in self.bench.shelf.add(name):
                yield {self.status: status.busy(step)}
            yield {
                self.status: status.said(say("models.loaded", name=name)),
                self.table: self._table(),
                self.chosen: gr.update(choices=self._names(), value=name),
                **self.choose(name),
            }
        except Exception as error:
            yield {self.status: status.refused(told(error))}

    # ---- what is shown --------------------------------------------------------------------------

    def _names(self) -> list[tuple[str, str]]:
        return [(offer.label, offer.name) for offer in self.bench.shelf.offers()]

    def _table(self) -> str:
        shelf = self.bench.shelf
        return models_html.table(shelf, self.bench.speeds, shelf.offers())

    def _offer(self, name: str) -> Offer:
        return next(
            (each for each in self.bench.shelf.offers() if each.name == name),
            Offer(name, name, ""),
        )

    def _spec(self, name: str) -> Any:
        loaded = self.bench.shelf.loaded(name)
        known = next((spec for spec in known_models() if spec.name == name), None)
        return known or (loaded.spec if loaded else None)

    def _details(self, name: str) -> str:
        return models_html.details(self._offer(name), self._spec(name))
