"""The page *Degrade*: how a photo goes bad, station by station."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from lab import status
from lab.controls import CONTROLS_SCRIPT
from lab.pages import degrade_strip as parts
from lab.pages.degrade_lesson import lesson, panel, usual_ranges
from lab.pages.degrade_rolls import draw_choices, drawn_values
from lab.pages.degrade_settings import BY_HAND, RECIPES, SCALES, DegradeSettings, to_share
from lab.pages.degrade_work import DegradeWork
from lab.samples import SHARP
from lab.sharing import (
    ANSWERED_SCRIPT,
    BEGUN_SCRIPT,
    ENDED_SCRIPT,
    SHARING_SCRIPT,
    followed,
    link_to,
)
from lab.text import i18n, say, words
from lab.viewer import CompareViewer
from lab.visitors import Visitors
from lab.workbench import Workbench
from realesr.errors import RealesrError
from realesr.inference.batch import PICTURE_SUFFIXES

logger = logging.getLogger(__name__)

_SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
_GO = "(address) => { if (address) location.href = address; }"
_QUIET: dict[str, Any] = {
    "show_progress": "hidden",
    "api_visibility": "private",
    "concurrency_id": "darkroom",
    "concurrency_limit": 2,
}


class DegradePage:
    """Builds the page and answers its events.

    Args:
        bench: Reads photos.
        folder: The lab's own.
        visitors: Who looks at what.
    """

    def __init__(self, bench: Workbench, folder: Path, visitors: Visitors) -> None:
        self.bench = bench
        self.visitors = visitors
        self.work = DegradeWork(bench, folder, visitors)

    # ---- parts ----------------------------------------------------------------------------------

    def build(self, app: gr.Blocks) -> None:
        """Lay the page out inside ``app``, the current `gr.Blocks`."""
        first = DegradeSettings()
        gr.Markdown(f"# {say('degrade.title')}\n\n{say('degrade.lead')}", elem_classes="lead")
        self.settings = gr.State(first)
        with gr.Row(elem_classes="choices"):
            self._build_choices(first)
        self.strip = gr.HTML(js_on_load=_SCRIPT, elem_id="strip", padding=False)
        with gr.Row(elem_classes="desk"):
            with gr.Column(scale=7, min_width=320, elem_classes="pictures"):
                self.viewer = CompareViewer(
                    words=words("viewer") | {"empty": say("degrade.empty")},
                    elem_id="viewer",
                    follow_address=True,
                )
            with gr.Column(scale=4, min_width=288, elem_classes="aside"):
                self.panel = gr.HTML(js_on_load=_SCRIPT + CONTROLS_SCRIPT, elem_id="station")
                self.send = gr.Button(i18n("degrade.send"), variant="primary", elem_id="send")
                self.download = gr.DownloadButton(i18n("degrade.download"), elem_id="download")
                self.status = gr.HTML(status.ready(), elem_id="status")
                self.going = gr.Textbox(visible=False)
        self.lesson = gr.HTML(elem_id="lesson", padding=False)
        self.address = gr.HTML(js_on_load=SHARING_SCRIPT, elem_id="address", padding=False)
        self._build_more()
        self._connect(app)

    def _build_choices(self, first: DegradeSettings) -> None:
        self.sample = gr.Dropdown(
            [(sharp.title, sharp.name) for sharp in SHARP.values()],
            value=first.sample,
            label=i18n("degrade.sample"),
            filterable=False,
            elem_id="sample",
        )
        self.recipe = gr.Dropdown(
            RECIPES,
            value=first.recipe,
            label=i18n("degrade.recipe"),
            filterable=False,
            elem_id="recipe",
        )
        self.scale = gr.Dropdown(
            [(f"{scale}×", scale) for scale in SCALES],
            value=first.sides,
            label=i18n("degrade.scale"),
            filterable=False,
            elem_id="scale",
        )
        self.seed = gr.Number(
            first.seed, label=i18n("degrade.seed"), precision=0, minimum=0, elem_id="seed"
        )
        self.roll = gr.Button(i18n("degrade.roll"), elem_id="roll")
        self.whole = gr.Checkbox(first.whole, label=i18n("degrade.whole"), elem_id="whole")
        self.photo = gr.File(
            label=i18n("degrade.photo"),
            file_types=list(PICTURE_SUFFIXES),
            type="filepath",
            height=132,
            elem_id="photo",
        )

    def _build_more(self) -> None:
        with gr.Accordion(i18n("degrade.sheet"), open=False, elem_id="sixteen") as self.rolls:
            self.sheet = gr.HTML(js_on_load=_SCRIPT, elem_id="sheet", padding=False)
        with gr.Accordion(i18n("degrade.draws"), open=False, elem_id="draws") as self.draws:
            self.parameter = gr.Dropdown(
                [], label=i18n("degrade.parameter"), filterable=False, elem_id="parameter"
            )
            self.histogram = gr.HTML(elem_id="histogram", padding=False)
        with gr.Accordion(i18n("degrade.share"), open=False, elem_id="repeat"):
            self.share = gr.HTML(js_on_load=SHARING_SCRIPT, elem_id="recipe-box")
            self.source = gr.DownloadButton(i18n("degrade.source"), size="sm", elem_id="source")

    def _connect(self, app: gr.Blocks) -> None:
        quick = [self.strip, self.settings, self.status, self.recipe, self.share]
        every = [*quick, self.panel, self.sample, self.scale, self.seed, self.whole]
        every += [self.rolls, self.draws]
        given = [self.settings, self.photo]

        def answer(event: Any, change: Any, values: list[Any], outputs: Any, **more: Any) -> None:
            if event != app.load:
                event(js=BEGUN_SCRIPT, api_visibility="private")
            changed = event(change, [*given, *values], outputs, **more, **_QUIET)
            changed.then(js=ANSWERED_SCRIPT, api_visibility="private")
            # While one answer is on its way the next must not be dropped: the last one counts.
            last: dict[str, Any] = {"trigger_mode": "always_last", **_QUIET}
            shown = changed.then(self.show, given, self._shown(), **last)
            shown.then(js=ENDED_SCRIPT, api_visibility="private")

        answer(app.load, self.open, [], every)
        for part, name in (
            (self.sample, "sample"),
            (self.recipe, "recipe"),
            (self.scale, "scale"),
            (self.whole, "whole"),
        ):
            answer(part.input, self.choose(name), [part], [*every, self.photo])
        answer(self.seed.submit, self.choose("seed"), [self.seed], every)
        answer(self.seed.blur, self.choose("seed"), [self.seed], every)
        answer(self.roll.click, self.roll_again, [], every)
        answer(self.photo.change, self.lay, [], every)
        answer(self.strip.pick, self.pick, [], every)
        answer(self.panel.move, self.move, [], every)
        answer(self.panel.slide, self.slide, [], quick, trigger_mode="always_last")
        answer(self.sheet.take, self.take, [], every)
        self.rolls.expand(self.show_sheet, given, self.sheet, **_QUIET)
        numbers = [self.parameter, self.histogram]
        self.draws.expand(self.list_draws, given, numbers, **_QUIET)
        self.parameter.input(self.show_draws, [*given, self.parameter], self.histogram, **_QUIET)
        handed = self.send.click(self.hand_over, given, self.going, **_QUIET)
        handed.then(js=_GO, inputs=[self.going], api_visibility="private")
        if not self.bench.public:
            app.unload(self.leave)

    def _shown(self) -> list[Any]:
        return [self.viewer, self.lesson, self.address, self.download, self.source]

    # ---- events that choose what happens ---------------------------------------------------------

    def open(
        self, settings: DegradeSettings, photo: str | None, request: gr.Request
    ) -> dict[Any, Any]:
        """Show what the address asks for."""
        try:
            asked = DegradeSettings.from_query(dict(request.query_params))
            return self._every(asked.at(asked.station), photo)
        except RealesrError as error:
            return {**self._every(DegradeSettings(), photo), self.status: status.refused(error)}

    def choose(self, name: str) -> Callable[..., dict[Any, Any]]:
        """What answers a choice of one of the settings."""

        def changed(
            settings: DegradeSettings, photo: str | None, value: Any, request: gr.Request
        ) -> dict[Any, Any]:
            change: dict[str, Any] = {name: value}
            if name == "recipe":
                change = {"scale": None, "chain": ""} | change if value != BY_HAND else {}
            if name in ("scale", "seed") and value != getattr(settings, name):
                change["chain"] = ""
            changes: dict[Any, Any] = {}
            if name == "sample" and photo:
                self._lay(None, request)
                photo, changes = None, {self.photo: None}
            return changes | self._try(
                lambda: dataclasses.replace(settings, **change).at(settings.station), photo
            )

        return changed

    def roll_again(self, settings: DegradeSettings, photo: str | None) -> dict[Any, Any]:
        """The next draw."""
        return self._try(lambda: settings.drawn(seed=settings.seed + 1), photo)

    def take(
        self, settings: DegradeSettings, photo: str | None, event: gr.EventData
    ) -> dict[Any, Any]:
        """A draw from the contact sheet."""
        return self._try(lambda: settings.drawn(seed=_of(event, "seed")), photo)

    def lay(
        self, settings: DegradeSettings, photo: str | None, request: gr.Request
    ) -> dict[Any, Any]:
        """A photo that has just been dropped, or the sample when it was taken away."""
        self._lay(photo, request)
        return self._try(lambda: settings, photo)

    def pick(
        self, settings: DegradeSettings, photo: str | None, event: gr.EventData
    ) -> dict[Any, Any]:
        """Look at another station."""
        return self._try(lambda: settings.at(_of(event, "station")), photo)

    def move(
        self, settings: DegradeSettings, photo: str | None, event: gr.EventData
    ) -> dict[Any, Any]:
        """A station earlier or later, left out, or a new one after it."""
        act, name = str(_of(event, "act")), event._data.get("name", "")
        return self._try(lambda: settings.moved(act, str(name)), photo)

    def slide(
        self, settings: DegradeSettings, photo: str | None, event: gr.EventData
    ) -> dict[Any, Any]:
        """Another value of one number of a station; the panel stays as it is."""
        try:
            changed = settings.slid(_of(event, "station"), _of(event, "field"), _of(event, "value"))
            return self._quick(changed, self.work.film(changed, photo), photo)
        except RealesrError as error:
            return {self.status: status.refused(error)}

    def leave(self, request: gr.Request) -> None:
        """Delete what a visitor had who has closed or reloaded the page."""
        self._lay(None, request)
        self.visitors.leave(request.session_hash)

    def _lay(self, photo: str | None, request: gr.Request) -> None:
        desk = self.visitors.desk(request.session_hash)
        if desk.photo and desk.photo != photo:
            self.work.sources.forget(desk.photo)
        self.visitors.lay(desk, photo)

    # ---- events that show it ---------------------------------------------------------------------

    def show(
        self, settings: DegradeSettings, photo: str | None, request: gr.Request
    ) -> dict[Any, Any]:
        """The chosen station in full: both pictures, what it did, and how to do it elsewhere."""
        desk = self.visitors.desk(request.session_hash)
        try:
            made = self.work.files(settings, photo, desk, desk.turn)
            if made is None:
                return {self.lesson: gr.skip()}
            shown, end, start = made
            film = self.work.film(settings, photo)
            return {
                self.viewer: shown,
                self.lesson: lesson(film, settings.station),
                self.address: followed(link_to("degrade", settings)),
                self.download: gr.DownloadButton(value=str(end)),
                self.source: gr.DownloadButton(value=str(start)),
            }
        except RealesrError:
            return {self.viewer: None, self.lesson: ""}  # why stands in the status already

    def show_sheet(self, settings: DegradeSettings, photo: str | None) -> str:
        """Sixteen draws side by side."""
        return parts.sheet(self.work.sixteen(settings, photo))

    def list_draws(self, settings: DegradeSettings, photo: str | None) -> tuple[gr.Dropdown, str]:
        """The numbers this recipe draws, and the histogram of the first, or of the one on show."""
        choices = draw_choices(settings)
        keys = [key for _, key in choices]
        on_show = [key for key in keys if key.startswith(f"{settings.origin()}|")]
        first = next(iter([*on_show, *keys]), None)
        told = self.show_draws(settings, photo, first) if first else ""
        return gr.Dropdown(choices=choices, value=first), told

    def show_draws(self, settings: DegradeSettings, photo: str | None, parameter: str) -> str:
        """The histogram of 500 draws of one number."""
        return drawn_values(settings, parameter)

    def hand_over(self, settings: DegradeSettings, photo: str | None) -> str:
        """Put the end aside for the page Upscale; gives the address that takes it there."""
        return f"./?photo={self.work.hand_over(settings, photo)}"

    # ---- what the parts say ----------------------------------------------------------------------

    def _quick(
        self, settings: DegradeSettings, film: parts.Film, photo: str | None
    ) -> dict[Any, Any]:
        start = self.work.source(settings, photo).file.name
        return {
            self.settings: settings,
            self.recipe: settings.shown_recipe,
            self.share: to_share(settings, start),
            self.strip: parts.strip(film, settings.station, whole=settings.whole),
            self.status: status.ready(),
        }

    def _try(self, change: Callable[[], DegradeSettings], photo: str | None) -> dict[Any, Any]:
        """Everything as it is after a change, or why it cannot be changed so."""
        try:
            return self._every(change(), photo)
        except RealesrError as error:
            return {self.status: status.refused(error)}

    def _every(self, settings: DegradeSettings, photo: str | None) -> dict[Any, Any]:
        source, film = self.work.source(settings, photo), self.work.film(settings, photo)
        told = status.plan(source.notice) if source.notice else status.ready()
        return {
            **self._quick(settings, film, photo),
            self.status: told,
            self.panel: panel(film, settings.station, source.credit, usual_ranges(settings)),
            self.sample: settings.sample,
            self.scale: settings.sides,
            self.seed: settings.seed,
            self.whole: settings.whole,
            self.rolls: gr.Accordion(open=False),
            self.draws: gr.Accordion(open=False),
        }


def _of(event: gr.EventData, name: str) -> Any:
    """A value the page's script sent; whatever else somebody sends is refused further on."""
    data = event._data if isinstance(event._data, dict) else {}
    value = data.get(name)
    return value if name not in ("station", "seed") or isinstance(value, int) else 0
