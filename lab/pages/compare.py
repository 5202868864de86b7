"""The page *Compare*: one picture against many models, with figures, crops and a blind test."""

from __future__ import annotations

import dataclasses
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from lab import status
from lab.comparing import Comparer, Comparison, Doing
from lab.pages import compare_parts as parts
from lab.pages.compare_blind import BlindTest
from lab.pages.compare_settings import RECIPES, SCALES, CompareSettings, to_share
from lab.samples import SHARP
from lab.sharing import SHARING_SCRIPT
from lab.text import duration, i18n, say, words
from lab.viewer import CompareViewer, Scene, Shown, View
from lab.visitors import Desk, Visitors
from lab.workbench import Workbench
from realesr.errors import RealesrError
from realesr.inference.batch import PICTURE_SUFFIXES

logger = logging.getLogger(__name__)

_QUEUE = "model"
_QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


class ComparePage:
    """Builds the page and answers its events.

    Args:
        bench: Runs the models.
        folder: The lab's own.
        visitors: Who looks at what.
    """

    def __init__(self, bench: Workbench, folder: Path, visitors: Visitors) -> None:
        self.bench, self.folder, self.visitors = bench, folder, visitors
        self.comparer = Comparer(bench, folder)
        self.blind = BlindTest(folder, visitors)

    # ---- parts ----------------------------------------------------------------------------------

    def build(self, app: gr.Blocks) -> None:
        """Lay the page out inside ``app``, the current `gr.Blocks`."""
        gr.Markdown(f"# {say('compare.title')}\n\n{say('compare.lead')}", elem_classes="lead")
        self.asked = gr.State(False)
        with gr.Row(elem_classes="desk"):
            with gr.Column(scale=7, min_width=320, elem_classes="pictures"):
                self.viewer = CompareViewer(
                    words=words("viewer"), elem_id="viewer", follow_address=True
                )
            with gr.Column(scale=3, min_width=288, elem_classes="controls"):
                self._build_choices(self._first())
                self._build_dock()
        self.figures = gr.HTML(elem_id="figures", padding=False, apply_default_css=False)
        self.matrix = gr.HTML(
            js_on_load=parts.SCRIPT, elem_id="matrix", padding=False, apply_default_css=False
        )
        self.blind.build()
        with gr.Accordion(i18n("compare.share"), open=False, elem_id="repeat"):
            self.share = gr.HTML(js_on_load=SHARING_SCRIPT, elem_id="recipe-box")
            self.source = gr.DownloadButton(i18n("compare.source"), size="sm", elem_id="source")
        self._connect(app)

    def _first(self) -> CompareSettings:
        """What is compared where nobody chose: of the usual models, those on offer."""
        offered = {offer.name for offer in self.bench.shelf.offers()}
        names = dict.fromkeys(["bicubic", self.bench.shelf.first, *CompareSettings().names])
        return CompareSettings(models=",".join(name for name in names if name in offered))

    def _build_choices(self, first: CompareSettings) -> None:
        self.photo = gr.File(
            label=i18n("compare.photo"), file_types=list(PICTURE_SUFFIXES), type="filepath",
            height=132, elem_id="photo",
        )  # fmt: skip
        self.sample = gr.Dropdown(
            [(sharp.title, sharp.name) for sharp in SHARP.values()], value=first.sample,
            label=i18n("compare.sample"), filterable=False, elem_id="sample",
        )  # fmt: skip
        self.recipe = gr.Dropdown(
            [(say("compare.as_it_is"), RECIPES[0]), *((name, name) for name in RECIPES[1:])],
            value=first.recipe, label=i18n("compare.recipe"), info=say("compare.recipe_info"),
            filterable=False, elem_id="recipe",
        )  # fmt: skip
        with gr.Row():
            self.scale = gr.Dropdown(
                [(f"{scale}×", scale) for scale in SCALES], value=first.scale, min_width=100,
                label=i18n("compare.scale"), filterable=False, elem_id="scale",
            )  # fmt: skip
            self.seed = gr.Number(
                first.seed, label=i18n("compare.seed"), precision=0, minimum=0, min_width=100,
                elem_id="seed",
            )  # fmt: skip
        self.models = gr.CheckboxGroup(
            [(offer.label, offer.name) for offer in self.bench.shelf.offers()],
            value=first.names, label=i18n("compare.models"), elem_id="models",
        )  # fmt: skip

    def _build_dock(self) -> None:
        with gr.Column(elem_classes="dock"):
            with gr.Row(elem_classes="actions"):
                self.run = gr.Button(
                    i18n("compare.run"), variant="primary", min_width=0, elem_id="run"
                )
                self.cancel = gr.Button(
                    i18n("upscale.cancel"), visible=False, min_width=0, elem_id="cancel"
                )
            self.status = gr.HTML(status.ready(), elem_id="status")

    def _connect(self, app: gr.Blocks) -> None:
        chosen = [self.sample, self.recipe, self.scale, self.seed, self.models]
        inputs = [self.photo, *chosen]
        shown = [self.viewer, self.status, self.figures, self.matrix, self.share, self.source]
        shown += self.blind.outputs
        outputs = [*shown, self.run, self.cancel]
        working: dict[str, Any] = {
            "concurrency_id": _QUEUE, "concurrency_limit": None, "trigger_mode": "multiple",
        } | _QUIET  # fmt: skip
        start = self.bench.line.in_turn(
            self.start,
            waiting=lambda place: {self.status: status.in_line(place)},
            full=lambda error: self._at_rest() | {self.status: status.refused(error)},
            at_once=lambda asked, *values: not asked,
        )
        opened = app.load(self.open, outputs=[self.asked, *chosen, self.status], **_QUIET)
        opened = opened.then(self.look_first, inputs, shown, **_QUIET)
        asked = self.run.click(
            self.ask, outputs=[self.asked, self.status, self.run, self.cancel], queue=False,
            **_QUIET,
        )  # fmt: skip
        runs = [
            event.then(start, [self.asked, *inputs], outputs, **working)
            for event in (opened, asked)
        ]
        self.cancel.click(
            self.stopped, outputs=[self.status, self.run, self.cancel], cancels=runs, queue=False,
            **_QUIET,
        )  # fmt: skip
        # Not `change`, which Gradio fires twice for one upload, the second time late.
        gr.on([self.photo.upload, self.photo.clear], self.look, inputs, shown, **_QUIET)
        for part in (self.sample, self.recipe, self.scale):
            part.input(self.look, inputs, shown, **_QUIET)
        self.seed.submit(self.look, inputs, shown, **_QUIET)
        self.blind.connect(_QUIET)
        if not self.bench.public:
            app.unload(self.leave)

    # ---- events ---------------------------------------------------------------------------------

    def open(self, request: gr.Request) -> tuple[Any, ...]:
        """Choose what the address asks for, and whether it asks for anything."""
        query = dict(request.query_params)
        first = self._first()
        try:
            settings = CompareSettings.from_query({"models": first.models, **query})
            settings.check(self.bench)
        except RealesrError as error:
            return (False, *_values(first), status.refused(error))
        known = any(field.name in query for field in dataclasses.fields(CompareSettings))
        return (known, *_values(settings), status.ready())

    def look(
        self, photo: str | None, sample: str, recipe: str, scale: int, seed: int | None,
        models: list[str], request: gr.Request,
    ) -> dict[Any, Any]:  # fmt: skip
        """Show the picture every model will be given, and the truth where it is known."""
        desk = self.visitors.desk(request.session_hash)
        if desk.photo and desk.photo != photo:
            self.comparer.sources.forget(desk.photo)
        turn = self.visitors.lay(desk, photo)
        desk.result = None
        desk.asked = asked = desk.asked + 1
        cleared = {
            self.figures: "", self.matrix: "", self.share: "", **self.blind.begin(None),
        }  # fmt: skip
        try:
            settings = _settings(sample, recipe, scale, seed, models)
            with self._workplace() as place:
                low, source, notice = self.comparer.prepare(settings, photo, Path(place))
                kept = self._keep(desk, turn, list(dict.fromkeys([low, source])))
        except Exception as error:
            kept, wrong = [], _told(error)
        if kept is None or desk.asked != asked:
            return {self.status: gr.skip()}
        if not kept:
            return cleared | {self.viewer: None, self.status: status.refused(wrong)}
        shown = [Shown(kept[0], say("shown.input"))]
        if settings.knows_truth:
            shown.append(Shown(kept[-1], say("compare.truth")))
        return cleared | {
            self.viewer: shown,
            self.status: status.plan(notice) if notice else status.ready(),
            self.share: to_share(settings, kept[-1].name),
            self.source: gr.DownloadButton(value=str(kept[-1])),
        }

    def look_first(
        self, photo: str | None, sample: str, recipe: str, scale: int, seed: int | None,
        models: list[str], request: gr.Request,
    ) -> dict[Any, Any]:  # fmt: skip
        """The same when the page opens: what was said of its address stays."""
        changes = self.look(photo, sample, recipe, scale, seed, models, request)
        if changes.get(self.status) == status.ready():
            del changes[self.status]
        return changes

    def ask(self) -> tuple[bool, str, gr.Button, gr.Button]:
        """Answer the click at once: others may be before this person."""
        return True, status.waiting(), gr.Button(interactive=False), gr.Button(visible=True)

    def start(
        self, asked: bool, photo: str | None, sample: str, recipe: str, scale: int,
        seed: int | None, models: list[str], request: gr.Request,
    ) -> Iterator[dict[Any, Any]]:  # fmt: skip
        """Run every model, yielding after each tile, so that Cancel stops between two."""
        if not asked:
            yield {self.status: gr.skip()}
            return
        desk = self.visitors.desk(request.session_hash)
        turn = self.visitors.lay(desk, photo)
        desk.asked += 1
        with self._workplace() as place, self.visitors.at_work(desk):
            try:
                settings = _settings(sample, recipe, scale, seed, models)
                steps = self.comparer.compare(settings, photo, Path(place))
                while desk.turn == turn:
                    try:
                        yield {self.status: doing(next(steps))}
                    except StopIteration as end:
                        # Who came with a view, or has chosen one, keeps it.
                        first = "view" not in request.query_params
                        yield self._finished(end.value, desk, turn, side_by_side=first)
                        return
            except Exception as error:
                yield self._at_rest() | {self.status: status.refused(_told(error))}

    def stopped(self) -> tuple[str, gr.Button, gr.Button]:
        """Say that the job has ended."""
        return status.cancelled(), gr.Button(interactive=True), gr.Button(visible=False)

    def leave(self, request: gr.Request) -> None:
        """Delete what a visitor had who has closed or reloaded the page."""
        desk = self.visitors.desk(request.session_hash)
        self.comparer.sources.forget(desk.photo)
        self.visitors.leave(request.session_hash)

    # ---- what the parts say ---------------------------------------------------------------------

    def _finished(
        self, made: Comparison, desk: Desk, turn: int, *, side_by_side: bool
    ) -> dict[Any, Any]:
        kept = self._keep(desk, turn, made.files)
        if kept is None:
            return {self.status: gr.skip()}
        made = made.moved(kept)
        desk.result = made
        shown = parts.pictures_of(made)
        seconds = sum(each.cost.seconds or 0 for each in made.contestants)
        told = say("compare.done", count=len(made.contestants), time=duration(seconds))
        return self._at_rest() | {
            self.viewer: Scene(shown, View(mode="side") if side_by_side else None),
            self.status: status.plan(told).replace("<p", '<p role="status"', 1),
            self.figures: parts.figures(made),
            self.matrix: parts.matrix(made),
            self.share: to_share(made.settings, made.source.name),
            self.source: gr.DownloadButton(value=str(made.source)),
            **self.blind.begin(made),
        }

    def _keep(self, desk: Desk, turn: int, files: list[Path]) -> list[Path] | None:
        """Move pictures to where the page can fetch them; it may still be fetching those before."""
        kept = self.visitors.keep(desk, turn, files, instead=False)
        self.visitors.trim(desk)
        return kept

    def _at_rest(self) -> dict[Any, Any]:
        return {self.run: gr.Button(interactive=True), self.cancel: gr.Button(visible=False)}

    def _workplace(self) -> tempfile.TemporaryDirectory[str]:
        return tempfile.TemporaryDirectory(prefix="work-", dir=self.folder)


def doing(now: Doing) -> str:
    """Which model runs, and how far it is."""
    told = say("compare.doing", name=now.name, number=now.number, total=now.total)
    return status.plan(told) + status.busy(now.step)


def _values(settings: CompareSettings) -> tuple[Any, ...]:
    return (
        settings.sample, settings.recipe, settings.scale, settings.seed, settings.names,
    )  # fmt: skip


def _settings(
    sample: str, recipe: str, scale: int, seed: int | None, models: list[str]
) -> CompareSettings:
    return CompareSettings(
        sample=sample, recipe=recipe, scale=scale, seed=seed or 0, models=",".join(models or ())
    )


def _told(error: Exception) -> RealesrError:
    """The error as a person may read it; a bug of ours goes to the log in full."""
    if isinstance(error, RealesrError):
        return error
    logger.exception("the page Compare broke")
    return RealesrError("E901", say("error.bug"), say("error.bug_next"))
