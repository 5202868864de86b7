"""The page *Upscale*: drop a photo, hear what is wrong with it, enlarge it, doubt it, keep it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from lab import recipes, status
from lab.keeping import OWN_SECONDS
from lab.pages import upscale_checkup, upscale_honesty
from lab.pages.upscale_controls import Controls
from lab.pages.upscale_events import MODEL_QUEUE, Events
from lab.samples import write_sample
from lab.settings import UpscaleSettings
from lab.sharing import SHARING_SCRIPT
from lab.text import duration, i18n, say, words
from lab.viewer import CompareViewer, Shown
from lab.visitors import Visitors
from lab.workbench import Workbench
from realesr.inference.batch import PICTURE_SUFFIXES

__all__ = ["MODEL_QUEUE", "UpscalePage"]


class UpscalePage(Events):
    """Builds the page and wires its events.

    Args:
        bench: Where the work is done.
        folder: The lab's own; holds the sample, and the work in hand.
        visitors: Who looks at what.
    """

    def __init__(self, bench: Workbench, folder: Path, visitors: Visitors) -> None:
        self.bench, self.folder, self.visitors = bench, folder, visitors
        self.sample = write_sample(folder)
        self.sample_png = folder / f"{self.sample.stem}.png"
        self.controls = Controls(bench.shelf)
        self.first = UpscaleSettings(model=bench.shelf.first)
        self._write_sample_png()

    def _write_sample_png(self) -> None:
        from realesr.images import write_picture

        write_picture(self.bench.read(self.sample), self.sample_png, force=True)

    # ---- parts ----------------------------------------------------------------------------------

    def build(self, app: gr.Blocks) -> None:
        """Lay the page out inside ``app``, the current `gr.Blocks`."""
        gr.Markdown(f"# {say('upscale.title')}\n\n{say('upscale.lead')}", elem_classes="lead")
        with gr.Row(elem_classes="desk areas"):
            with gr.Column(min_width=288, elem_classes="arrival"):
                self._build_photo()
            with gr.Column(min_width=320, elem_classes="pictures"):
                self._build_pictures()
            with gr.Column(min_width=288, elem_classes="controls"):
                self._build_dock()
                self._build_controls()
                self._build_home()
        self._connect(app)

    def _build_pictures(self) -> None:
        self.viewer = CompareViewer(
            [Shown(self.sample_png, say("shown.sample"))], words=words("viewer"), elem_id="viewer"
        )
        with gr.Row(elem_classes="doubts", visible=False) as self.doubts:
            self.honest = gr.Button(i18n("honesty.ask"), min_width=0, size="sm", elem_id="honest")
            self.true = gr.Button(i18n("honesty.true"), min_width=0, size="sm", elem_id="true")
        self.legend = gr.HTML(upscale_honesty.nothing(), elem_id="legend")
        self.checkup = gr.HTML(upscale_checkup.waiting(), elem_id="checkup")
        self.controls.build_decisions(self.first)

    def _build_photo(self) -> None:
        self.photo = gr.File(
            label=i18n("upscale.photo"),
            file_types=list(PICTURE_SUFFIXES),
            type="filepath",
            height=132,
            elem_id="photo",
        )
        key = "upscale.kept_public" if self.bench.public else "upscale.kept_own"
        kept = say(key, time=duration(OWN_SECONDS))
        gr.HTML(f'<p class="kept">{kept}</p>')

    def _build_controls(self) -> None:
        self.controls.build_main(self.first)
        with gr.Accordion(i18n("upscale.finer"), open=False, elem_id="finer"):
            self.controls.build_finer(self.first)

    def _build_dock(self) -> None:
        self.plan = gr.HTML(self.plan_line(None, self.first, None), elem_id="plan")
        with gr.Column(elem_classes="dock"):
            with gr.Row(elem_classes="actions"):
                self.run = gr.Button(
                    i18n("upscale.run"), variant="primary", min_width=0, elem_id="run"
                )
                self.cancel = gr.Button(
                    i18n("upscale.cancel"), visible=False, min_width=0, elem_id="cancel"
                )
                self.download = gr.DownloadButton(
                    "", visible=False, min_width=0, elem_id="download"
                )
            self.status = gr.HTML(status.ready(), elem_id="status")

    def _build_home(self) -> None:
        with gr.Accordion(i18n("upscale.file"), open=False, elem_id="file"):
            self.controls.build_file(self.first)
        with gr.Accordion(i18n("upscale.repeat"), open=False, elem_id="repeat"):
            self.recipe = gr.HTML(
                recipes.every_way(self.sample.name, self.first),
                js_on_load=SHARING_SCRIPT,
                elem_id="recipe",
            )
            self.source = gr.DownloadButton(
                i18n("upscale.download_input"),
                value=str(self.sample),
                size="sm",
                elem_id="source",
            )
        self.credit = gr.Markdown(say("upscale.sample_credit"), elem_classes="credit")

    def workplace(self) -> tempfile.TemporaryDirectory[str]:
        """A folder for the work in hand."""
        return tempfile.TemporaryDirectory(prefix="work-", dir=self.folder)

    # ---- wiring ---------------------------------------------------------------------------------

    def _connect(self, app: gr.Blocks) -> None:
        inputs = [self.photo, *self.controls.inputs]
        self.quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        self._connect_settings(app, inputs)
        outputs = [
            self.viewer, self.status, self.run, self.cancel, self.download, self.doubts,
            self.legend, self.plan, self.recipe,
        ]  # fmt: skip
        asked = self.run.click(
            self.wait_in_line,
            outputs=[self.status, self.run, self.cancel, self.download],
            queue=False,
            **self.quiet,
        )
        trued = self.true.click(
            self.ask_true, inputs, [*self.controls.inputs, *outputs], queue=False, **self.quiet
        )
        on_the_bench: dict[str, Any] = {
            "concurrency_id": MODEL_QUEUE,
            "concurrency_limit": None,
            "trigger_mode": "multiple",  # a run that another photo ended may be in its last tile
            **self.quiet,
        }
        start = self._in_line(self.start, at_once=self.needs_no_turn, quick=self.is_quick)
        runs = [step.then(start, inputs, outputs, **on_the_bench) for step in (asked, trued)]
        doubted = self.honest.click(
            self.wait_in_line,
            outputs=[self.status, self.run, self.cancel, self.download],
            queue=False,
            **self.quiet,
        ).then(self._in_line(self.doubt), [self.photo], outputs, **on_the_bench)
        self.cancel.click(
            self.stopped,
            outputs=[self.status, self.run, self.cancel, self.download],
            cancels=[*runs, doubted],
            queue=False,
            **self.quiet,
        )
        for ended in (*runs, doubted):
            ended.then(js=_focus("#run"), **self.quiet)
        if not self.bench.public:
            # Far from the server a connection may break while the page is still open.
            app.unload(self.leave)

    def _in_line(
        self, steps: Callable[..., Any], **which: Callable[..., bool]
    ) -> Callable[..., Any]:
        """Work that waits for its turn, and says so."""
        return self.bench.line.in_turn(
            steps,
            waiting=lambda place: {self.status: status.in_line(place)},
            full=lambda error: self.at_rest() | {self.status: status.refused(error)},
            **which,
        )

    def _connect_settings(self, app: gr.Blocks, inputs: list[Any]) -> None:
        """What follows from a photo and from every control."""
        controls = self.controls
        described = [self.plan, self.recipe, self.status, *controls.inputs]
        looks: dict[str, Any] = {
            "fn": self.look,
            "inputs": inputs,
            "outputs": [self.checkup, *described],
        }
        app.load(
            self.greet, inputs, [self.photo, self.plan, self.recipe, self.status, *controls.inputs],
            **self.quiet,
        ).then(**looks, **self.quiet)  # fmt: skip
        self.photo.change(
            self.choose,
            inputs,
            [
                self.viewer, self.status, self.run, self.cancel, self.download, self.doubts,
                self.legend, self.checkup, self.plan, self.recipe, self.source, self.credit,
                *controls.inputs,
            ],
            **self.quiet,
        ).then(**looks, **self.quiet)  # fmt: skip
        controls.decide.click(self.decide, inputs, [self.checkup, *described], **self.quiet)
        for name, part in controls.parts.items():
            if name in ("format", "keep_gps"):
                part.input(self.dress, inputs, [self.download, self.recipe], **self.quiet)
                continue
            part.input(
                self.touched(name),
                inputs,
                described,
                trigger_mode="always_last",
                **self.quiet,
            )


def _focus(selector: str) -> str:
    """A script that gives a focus that was lost with its button to another one."""
    return (
        "() => { setTimeout(() => { if (document.activeElement === document.body) "
        f"document.querySelector('{selector}')?.focus({{ preventScroll: true }}); }}, 150); }}"
    )
