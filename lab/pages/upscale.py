"""The page *Upscale*: drop a photo, enlarge it, compare, take it home."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from lab import recipes, status
from lab.samples import write_sample
from lab.text import i18n, say, words
from lab.viewer import CompareViewer, Shown
from lab.visitors import Visitors
from lab.workbench import SCALES, Result, Workbench
from realesr.errors import RealesrError
from realesr.gate import inspect_header
from realesr.inference.batch import PICTURE_SUFFIXES

logger = logging.getLogger(__name__)

MODEL_QUEUE = "model"
_DEFAULT_SCALE = 4
_PATIENCE = 30.0  # seconds the page waits for the model before it gives up saying how long


class UpscalePage:
    """Builds the page and answers its events.

    Args:
        bench: Where the work is done.
        folder: The lab's own; holds the sample, and the work in hand.
        visitors: Who looks at what.
    """

    def __init__(self, bench: Workbench, folder: Path, visitors: Visitors) -> None:
        self.bench = bench
        self.folder = folder
        self.visitors = visitors
        self.sample = write_sample(folder)
        self.sample_png = folder / f"{self.sample.stem}.png"
        self._write_sample_png()

    def _write_sample_png(self) -> None:
        from realesr.images import write_picture

        write_picture(self.bench.read(self.sample), self.sample_png, force=True)

    # ---- parts ----------------------------------------------------------------------------------

    def build(self, app: gr.Blocks) -> None:
        """Lay the page out inside ``app``, the current `gr.Blocks`."""
        gr.Markdown(f"# {say('upscale.title')}\n\n{say('upscale.lead')}", elem_classes="lead")
        with gr.Row(elem_classes="desk"):
            with gr.Column(scale=7, min_width=320, elem_classes="pictures"):
                self.viewer = CompareViewer(
                    [Shown(self.sample_png, say("shown.sample"))],
                    words=words("viewer"),
                    elem_id="viewer",
                )
            with gr.Column(scale=3, min_width=288, elem_classes="controls"):
                self._build_controls()
        self._connect(app)

    def _build_controls(self) -> None:
        offers = self.bench.shelf.offers()
        self.photo = gr.File(
            label=i18n("upscale.photo"),
            file_types=list(PICTURE_SUFFIXES),
            type="filepath",
            height=132,
            elem_id="photo",
        )
        kept = say("upscale.kept_public" if self.bench.public else "upscale.kept_own")
        gr.HTML(f'<p class="kept">{kept}</p>')
        self.model = gr.Dropdown(
            [(offer.label, offer.name) for offer in offers],
            value=self.bench.shelf.first,
            label=i18n("upscale.model"),
            info=self._about(self.bench.shelf.first),
            filterable=False,
            elem_id="model",
        )
        self.scale = gr.Radio(
            [(f"{scale}×", scale) for scale in SCALES],
            value=_DEFAULT_SCALE,
            label=i18n("upscale.scale"),
            elem_id="scale",
        )
        first = self.bench.shelf.first
        self.plan = gr.HTML(self._plan_line(None, first, _DEFAULT_SCALE), elem_id="plan")
        with gr.Column(elem_classes="dock"):
            with gr.Row(elem_classes="actions"):
                self.run = gr.Button(
                    i18n("upscale.run"),
                    variant="primary",
                    min_width=0,
                    elem_id="run",
                )
                self.cancel = gr.Button(
                    i18n("upscale.cancel"),
                    visible=False,
                    min_width=0,
                    elem_id="cancel",
                )
                self.download = gr.DownloadButton(
                    "", visible=False, min_width=0, elem_id="download"
                )
            self.status = gr.HTML(status.ready(), elem_id="status")
        with gr.Accordion(i18n("upscale.repeat"), open=False, elem_id="repeat"):
            self.recipe = gr.HTML(
                recipes.both(self.sample.name, first, _DEFAULT_SCALE),
                js_on_load=recipes.COPY_SCRIPT,
                elem_id="recipe",
            )
            self.source = gr.DownloadButton(
                i18n("upscale.download_input"),
                value=str(self.sample),
                size="sm",
                elem_id="source",
            )
        self.credit = gr.Markdown(say("upscale.sample_credit"), elem_classes="credit")

    def _connect(self, app: gr.Blocks) -> None:
        settings = [self.photo, self.model, self.scale]
        outputs = [self.viewer, self.status, self.run, self.cancel, self.download]
        described = [self.plan, self.model, self.recipe]
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        asked = self.run.click(
            self.wait_in_line,
            outputs=[self.status, self.run, self.cancel, self.download],
            queue=False,
            **quiet,
        )
        running = asked.then(
            self.bench.line.in_turn(
                self.start,
                waiting=lambda place: {self.status: status.in_line(place)},
                full=lambda error: self._at_rest() | {self.status: status.refused(error)},
            ),
            settings,
            [*outputs, *described],
            concurrency_id=MODEL_QUEUE,
            concurrency_limit=None,
            trigger_mode="multiple",  # a run that another photo ended may still be in its last tile
            **quiet,
        )
        app.load(self.greet, settings, described, **quiet)
        self.cancel.click(
            self.stopped,
            outputs=[self.status, self.run, self.cancel],
            cancels=[running],
            queue=False,
            **quiet,
        )
        running.then(js=_focus("#run"), **quiet)
        self.photo.change(
            self.choose, settings, [*outputs, *described, self.source, self.credit], **quiet
        )
        self.model.change(self.describe, settings, [*described, self.status], **quiet)
        self.scale.change(self.describe, settings, [*described, self.status], **quiet)
        if not self.bench.public:
            # Far from the server a connection may break while the page is still open.
            app.unload(self.leave)

    # ---- events ---------------------------------------------------------------------------------

    def choose(
        self, photo: str | None, model: str, scale: int, request: gr.Request
    ) -> dict[Any, Any]:
        """Show a photo that has just been dropped, or the sample when it was taken away."""
        desk = self.visitors.desk(request.session_hash)
        turn = self.visitors.lay(desk, photo)
        changes: dict[Any, Any] = {
            self.run: gr.Button(interactive=True),
            self.cancel: gr.Button(visible=False),
            self.download: gr.DownloadButton(value=None, visible=False),
            self.credit: gr.Markdown(visible=photo is None),
            self.source: gr.DownloadButton(value=str(self._source(photo))),
            self.status: status.ready(),
            **self._settings(photo, model, scale),
        }
        with self._workplace() as folder:
            try:
                shown = self._input(photo, Path(folder))
                if photo is not None:
                    kept = self.visitors.keep(desk, turn, [shown.path])
                    if kept is None:
                        return {self.status: gr.skip()}
                    shown = Shown(kept[0], shown.name)
                changes[self.viewer] = [shown]
            except Exception as error:
                changes |= {
                    self.viewer: None,
                    self.status: status.refused(_told(error)),
                    self.run: gr.Button(interactive=False),
                }
        return changes

    def leave(self, request: gr.Request) -> None:
        """Delete what a visitor had who has closed or reloaded the page."""
        self.visitors.leave(request.session_hash)

    def _workplace(self) -> tempfile.TemporaryDirectory[str]:
        return tempfile.TemporaryDirectory(prefix="work-", dir=self.folder)

    def greet(self, photo: str | None, model: str, scale: int) -> dict[Any, Any]:
        """Fill in the expected time once the model is warm."""
        self.bench.wait_until_warm(_PATIENCE)
        return self._settings(photo, model, scale)

    def describe(
        self, photo: str | None, model: str, scale: int, request: gr.Request
    ) -> dict[Any, Any]:
        """Say what a run with these settings will take, and whose result is still on show."""
        desk = self.visitors.desk(request.session_hash)
        changes = self._settings(photo, model, scale)
        if desk.result and desk.result != (model, scale) and not desk.running:
            changes[self.status] = status.other(*desk.result)
        elif desk.result and not desk.running:
            changes[self.status] = status.ready()
        return changes

    def wait_in_line(self) -> tuple[str, gr.Button, gr.Button, gr.DownloadButton]:
        """Answer the click at once: others may be before this person."""
        return (
            status.waiting(),
            gr.Button(interactive=False),
            gr.Button(visible=True),
            gr.DownloadButton(value=None, visible=False),
        )

    def start(
        self, photo: str | None, model: str, scale: int, request: gr.Request
    ) -> Iterator[dict[Any, Any]]:
        """Enlarge the photo, yielding after each tile, so that Cancel stops between two.

        A photo put in its place meanwhile ends the run as well.
        """
        desk = self.visitors.desk(request.session_hash)
        turn = self.visitors.lay(desk, photo)
        desk.result = None
        with self._workplace() as folder, self.visitors.at_work(desk):
            steps = self.bench.upscale(self._source(photo), model, scale, Path(folder))
            done = False
            while not done:
                try:
                    changes: dict[Any, Any] = {self.status: status.busy(next(steps))}
                except StopIteration as end:
                    done = True
                    result: Result = end.value
                    kept = self.visitors.keep(desk, turn, [result.before, result.after])
                    if kept is not None:
                        result = replace(result, before=kept[0], after=kept[1])
                        changes = self._at_rest() | self._finished(result, photo, model, scale)
                        desk.result = (model, scale)
                except Exception as error:
                    changes = self._at_rest() | {self.status: status.refused(_told(error))}
                    done = True
                if desk.turn != turn:
                    # Gradio shows the last value again at the end: it must change nothing.
                    yield {self.status: gr.skip()}
                    return
                yield changes

    def stopped(self) -> tuple[str, gr.Button, gr.Button]:
        """Say that the job has ended."""
        return status.cancelled(), gr.Button(interactive=True), gr.Button(visible=False)

    # ---- what the parts say ---------------------------------------------------------------------

    def _at_rest(self) -> dict[Any, Any]:
        return {self.run: gr.Button(interactive=True), self.cancel: gr.Button(visible=False)}

    def _finished(
        self, result: Result, photo: str | None, model: str, scale: int
    ) -> dict[Any, Any]:
        name = say("shown.result", model=model, scale=scale)
        return {
            self.viewer: [Shown(result.before, _input_name(photo)), Shown(result.after, name)],
            self.status: status.done(result),
            self.download: gr.DownloadButton(
                say("upscale.download", scale=scale), value=str(result.after), visible=True
            ),
            **self._settings(photo, model, scale),
        }

    def _settings(self, photo: str | None, model: str, scale: int) -> dict[Any, Any]:
        source = self._source(photo).name
        return {
            self.plan: self._plan_line(photo, model, scale),
            self.model: gr.Dropdown(info=self._about(model)),
            self.recipe: recipes.both(source, model, scale),
        }

    def _plan_line(self, photo: str | None, model: str, scale: int) -> str:
        """The plan, or nothing for a photo that cannot be read: the status says why."""
        try:
            header = inspect_header(self._source(photo), self.bench.limits)
            return status.plan(self.bench.plan(model, scale, header.height, header.width))
        except RealesrError as error:
            return status.refused(error) if error.code == "E107" else status.plan("")

    def _about(self, model: str) -> str:
        return next((o.about for o in self.bench.shelf.offers() if o.name == model), "")

    def _source(self, photo: str | None) -> Path:
        return Path(photo) if photo else self.sample

    def _input(self, photo: str | None, folder: Path) -> Shown:
        """The photo as the PNG that the viewer shows."""
        from realesr.images import write_picture

        if photo is None:
            return Shown(self.sample_png, _input_name(photo))
        path = folder / f"{Path(photo).stem}.png"
        write_picture(self.bench.read(Path(photo)), path)
        return Shown(path, _input_name(photo))


def _focus(selector: str) -> str:
    """A script that gives a focus that was lost with its button to another one."""
    return (
        "() => { setTimeout(() => { if (document.activeElement === document.body) "
        f"document.querySelector('{selector}')?.focus({{ preventScroll: true }}); }}, 150); }}"
    )


def _input_name(photo: str | None) -> str:
    return say("shown.input") if photo else say("shown.sample")


def _told(error: Exception) -> RealesrError:
    """The error as a person may read it; a bug of ours goes to the log in full."""
    if isinstance(error, RealesrError):
        return error
    logger.exception("the page Upscale broke")
    return RealesrError("E901", say("error.bug"), say("error.bug_next"))
