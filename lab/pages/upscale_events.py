"""What the page Upscale answers: to a photo, to a control, to a click."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from lab import recipes, status
from lab.pages import upscale_checkup, upscale_honesty
from lab.pages.upscale_controls import Controls
from lab.settings import UpscaleSettings
from lab.text import say
from lab.viewer import Shown
from lab.visitors import Desk, Visitors
from lab.workbench import Preview, Result, Workbench
from realesr.commands.deciding import OPTIONS
from realesr.errors import ParameterError, RealesrError
from realesr.gate import inspect_header

if TYPE_CHECKING:
    from realesr.inference.auto_plan import Plan

logger = logging.getLogger(__name__)

MODEL_QUEUE = "model"
_PATIENCE = 30.0  # seconds the page waits for the model before it gives up saying how long
_TOGETHER = ({"model", "denoise"},)  # who decides about one decides about the other


class Events:
    """The answers; the parts they fill are built by `UpscalePage`."""

    bench: Workbench
    visitors: Visitors
    controls: Controls
    first: UpscaleSettings
    sample: Path
    sample_png: Path
    workplace: Callable[[], Any]

    # ---- a photo --------------------------------------------------------------------------------

    def greet(self, request: gr.Request, photo: str | None, *values: Any) -> dict[Any, Any]:
        """Open with what the address says; say how long it takes once the model is warm."""
        query = dict(request.query_params)
        changes: dict[Any, Any] = {}
        settings = self.first
        try:
            if set(query) & {field.name for field in dataclasses.fields(UpscaleSettings)}:
                settings = UpscaleSettings.from_query(query)
                self.bench.shelf.check(settings.model)
                changes |= self.controls.show(settings)
            plan = self.bench.decide(self.source_of(photo), settings) if settings.decided else None
            if plan is not None:
                changes |= self.controls.show(settings, plan)
            if "photo" in query:
                desk = self.visitors.desk(request.session_hash)
                handed = self.visitors.take(str(query["photo"]), desk)
                if handed is None:
                    raise ParameterError("E001", say("error.handed"), say("error.handed_next"))
                changes[self.photo], photo = str(handed), str(handed)
        except RealesrError as error:
            return {self.status: status.refused(error)}
        self.bench.wait_until_warm(_PATIENCE)
        return changes | self.described(photo, settings, plan)

    def choose(self, request: gr.Request, photo: str | None, *values: Any) -> dict[Any, Any]:
        """Show a photo that has just been dropped, or the sample when it was taken away."""
        desk = self.visitors.desk(request.session_hash)
        turn = self.visitors.lay(desk, photo)
        changes: dict[Any, Any] = {
            self.run: gr.Button(interactive=True),
            self.cancel: gr.Button(visible=False),
            self.download: gr.DownloadButton(value=None, visible=False),
            self.doubts: gr.Row(visible=False),
            self.legend: upscale_honesty.nothing(),
            self.checkup: upscale_checkup.waiting(),
            self.credit: gr.Markdown(visible=photo is None),
            self.source: gr.DownloadButton(value=str(self.source_of(photo))),
            self.status: status.ready(),
        }
        with self.workplace() as folder:
            try:
                shown = self._input(photo, Path(folder))
                if photo is not None:
                    kept = self.visitors.keep(desk, turn, [shown.path])
                    if kept is None:
                        return {self.status: gr.skip()}
                    shown = Shown(kept[0], shown.name)
                changes[self.viewer] = [shown]
                changes |= self._set_again(photo) or self.described(
                    photo, self.controls.settings(values), None
                )
            except Exception as error:
                changes |= {
                    self.viewer: None,
                    self.checkup: "",
                    self.status: status.refused(told(error)),
                    self.run: gr.Button(interactive=False),
                }
        return changes

    def _set_again(self, photo: str | None) -> dict[Any, Any] | None:
        """The settings of a photo that is a result of ours, as its metadata say."""
        settings = UpscaleSettings.of_result(Path(photo)) if photo else None
        if settings is None or settings.model not in {o.name for o in self.bench.shelf.offers()}:
            return None
        return {
            **self.controls.show(settings),
            **self.described(photo, settings, None),
            self.status: status.set_again(settings),
        }

    def look(self, photo: str | None, *values: Any) -> dict[Any, Any]:
        """Say what is wrong with the photo, and decide what is left to that."""
        try:
            settings = self.controls.settings(values)
            examined = self.bench.examine(self.source_of(photo))
        except RealesrError:
            return {self.checkup: ""}
        offered = {offer.name for offer in self.bench.shelf.offers()}
        changes: dict[Any, Any] = {self.checkup: upscale_checkup.told(examined.shown, offered)}
        if settings.decided:
            changes |= self._decided(photo, settings)
        return changes

    def leave(self, request: gr.Request) -> None:
        """Delete what a visitor had who has closed or reloaded the page."""
        self.visitors.leave(request.session_hash)

    # ---- controls -------------------------------------------------------------------------------

    def decide(self, photo: str | None, *values: Any) -> dict[Any, Any]:
        """Leave everything to the check-up."""
        try:
            settings = self.controls.settings(values).deciding(frozenset(OPTIONS))
            return self._decided(photo, settings)
        except RealesrError as error:
            return {self.status: status.refused(error)}

    def touched(self, name: str) -> Callable[..., dict[Any, Any]]:
        """What follows when a person sets a control: that decision is theirs now."""
        mine = next((group for group in _TOGETHER if name in group), {name})

        def answer(request: gr.Request, photo: str | None, *values: Any) -> dict[Any, Any]:
            try:
                settings = self.controls.settings(values)
                settings = settings.deciding(settings.decided - mine)
                changes = (
                    self._decided(photo, settings)
                    if settings.decided or name == "auto"
                    else self._model_told(settings) | self.described(photo, settings, None)
                )
            except RealesrError as error:
                return {self.status: status.refused(error)}
            desk = self.visitors.desk(request.session_hash)
            return changes | self._whose(desk, settings)

        return answer

    def _model_told(self, settings: UpscaleSettings) -> dict[Any, Any]:
        """The sentence on the model, and its dial."""
        shown = self.controls.show(settings)
        parts = self.controls.parts
        return {parts[name]: shown[parts[name]] for name in ("model", "denoise", "auto")}

    def _decided(self, photo: str | None, settings: UpscaleSettings) -> dict[Any, Any]:
        plan = self.bench.decide(self.source_of(photo), settings)
        return self.controls.show(settings, plan) | self.described(photo, settings, plan)

    def _whose(self, desk: Desk, settings: UpscaleSettings) -> dict[Any, Any]:
        """Say when the result on show is no longer that of the settings."""
        if not desk.result or desk.running:
            return {}
        if desk.result.settings.does_as(settings):
            return {self.status: status.ready()}
        return {self.status: status.other(desk.result)}

    def dress(self, request: gr.Request, photo: str | None, *values: Any) -> dict[Any, Any]:
        """Offer the finished result in another format, or with or without its place."""
        try:
            settings = self.controls.settings(values)
        except RealesrError:
            return {self.recipe: gr.skip()}
        changes: dict[Any, Any] = {self.recipe: self.ways(photo, settings)}
        desk = self.visitors.desk(request.session_hash)
        made = desk.result
        if made is None or desk.running or not made.settings.does_as(settings):
            return changes
        with self.workplace() as folder:
            dressed = self.bench.dress(self.source_of(photo), made, settings, Path(folder))
            kept = self._keep(desk, desk.turn, dressed, instead=False)
        return changes if kept is None else changes | {self.download: self._home(kept)}

    # ---- a run ----------------------------------------------------------------------------------

    def wait_in_line(self) -> tuple[str, gr.Button, gr.Button, gr.DownloadButton]:
        """Answer the click at once: others may be before this person."""
        return (
            status.waiting(),
            gr.Button(interactive=False),
            gr.Button(visible=True),
            gr.DownloadButton(interactive=False),
        )

    def ask_true(self, photo: str | None, *values: Any) -> dict[Any, Any]:
        """Set the control that makes a result true to its photo."""
        waiting = dict(
            zip((self.status, self.run, self.cancel, self.download), self.wait_in_line(),
                strict=True)
        )  # fmt: skip
        try:
            settings = self.controls.settings(values)
            settings = replace(settings, consistent=True).deciding(
                settings.decided - {"consistent"}
            )
            shown = (
                self._decided(photo, settings)
                if settings.decided
                else {**self.controls.show(settings), **self.described(photo, settings, None)}
            )
        except RealesrError as error:
            return {self.status: status.refused(error)}
        return shown | waiting

    def start(
        self, request: gr.Request, photo: str | None, *values: Any
    ) -> Iterator[dict[Any, Any]]:
        """Enlarge the photo, yielding after each tile, so that Cancel stops between two.

        A photo put in its place meanwhile ends the run as well.
        """
        desk = self.visitors.desk(request.session_hash)
        turn = self.visitors.lay(desk, photo)
        made = desk.result
        with self.workplace() as folder, self.visitors.at_work(desk):
            try:
                settings = self.controls.settings(values)
            except RealesrError as error:
                yield self.at_rest() | {self.status: status.refused(error)}
                return
            source = self.source_of(photo)
            if made and made.settings.needs_only_truth(settings):
                steps = self.bench.make_true(source, made, settings, Path(folder))
            else:
                steps = self.bench.upscale(source, settings, Path(folder))
            finished = self._finished(desk, turn, photo)
            yield from self._carried_out(desk, turn, steps, finished, photo)

    def needs_no_turn(self, request: gr.Request, photo: str | None, *values: Any) -> bool:
        """Whether the result is known already."""
        try:
            settings = self.controls.settings(values)
        except RealesrError:
            return True
        return self.bench.is_known(self.source_of(photo), settings)

    def is_quick(self, request: gr.Request, photo: str | None, *values: Any) -> bool:
        """Whether a run takes a moment only."""
        try:
            return self.bench.is_quick(self.source_of(photo), self.controls.settings(values))
        except RealesrError:
            return True

    def doubt(self, request: gr.Request, photo: str | None) -> Iterator[dict[Any, Any]]:
        """Draw the honesty maps of the result on show."""
        desk = self.visitors.desk(request.session_hash)
        turn, made = desk.turn, desk.result
        if made is None:
            yield self.at_rest() | {self.status: status.ready()}
            return

        def finished(maps: Any) -> dict[Any, Any] | None:
            kept = self.visitors.keep(desk, turn, maps.files, instead=False)
            if kept is None:
                return None
            pictures = zip(kept, (maps.consistency, maps.invention), strict=True)
            shown = [Shown(path, upscale_honesty.name_of(found)) for path, found in pictures]
            return {
                self.viewer: [*self._pair(made, photo), *shown],
                self.legend: upscale_honesty.legend(maps),
                self.status: status.ready(),
            }

        with self.workplace() as folder, self.visitors.at_work(desk):
            steps = self.bench.honesty(self.source_of(photo), made, Path(folder))
            yield from self._carried_out(desk, turn, steps, finished, photo)

    def _carried_out(
        self,
        desk: Desk,
        turn: int,
        steps: Iterator[Any],
        finished: Callable[[Any], dict[Any, Any] | None],
        photo: str | None,
    ) -> Iterator[dict[Any, Any]]:
        """Work step by step, telling each; a photo put in place meanwhile ends it."""
        done = False
        while not done:
            changes: dict[Any, Any] | None
            try:
                step = next(steps)
                changes = {self.status: status.busy(step)}
                if isinstance(step, Preview):
                    changes |= self._part(desk, turn, step)
            except StopIteration as end:
                done = True
                changes = finished(end.value)
                changes = None if changes is None else self.at_rest() | changes
            except Exception as error:
                changes = self.at_rest() | {self.status: status.refused(told(error))}
                done = True
            if desk.turn != turn or changes is None:
                # Gradio shows the last value again at the end: it must change nothing.
                yield {self.status: gr.skip()}
                return
            yield changes

    def stopped(self) -> tuple[str, gr.Button, gr.Button, gr.DownloadButton]:
        """Say that the job has ended."""
        return (
            status.cancelled(),
            gr.Button(interactive=True),
            gr.Button(visible=False),
            gr.DownloadButton(interactive=True),
        )

    def at_rest(self) -> dict[Any, Any]:
        """The buttons as they are while nothing runs."""
        return {
            self.run: gr.Button(interactive=True),
            self.cancel: gr.Button(visible=False),
            self.download: gr.DownloadButton(interactive=True),
        }

    # ---- what the parts say ---------------------------------------------------------------------

    def _finished(
        self, desk: Desk, turn: int, photo: str | None
    ) -> Callable[[Result], dict[Any, Any] | None]:
        def changes(result: Result) -> dict[Any, Any] | None:
            kept = self._keep(desk, turn, result)
            if kept is None:
                return None
            return {
                self.viewer: self._pair(kept, photo),
                self.status: status.done(kept),
                self.download: self._home(kept),
                self.doubts: gr.Row(visible=True),
                self.legend: upscale_honesty.nothing(),
                **self.described(photo, kept.settings, kept.plan),
            }

        return changes

    def _keep(
        self, desk: Desk, turn: int, result: Result, *, instead: bool = True
    ) -> Result | None:
        """Move a result's files to where the page can fetch them."""
        files = list(dict.fromkeys(result.files))
        kept = self.visitors.keep(desk, turn, files, instead=instead)
        if kept is None:
            return None
        places = dict(zip(files, kept, strict=True))
        desk.result = result.moved([places[file] for file in result.files])
        return desk.result

    def _home(self, made: Result) -> gr.DownloadButton:
        words = say("upscale.download", size=status.size_of(made.settings))
        return gr.DownloadButton(words, value=str(made.file), visible=True, interactive=True)

    def _pair(self, made: Result, photo: str | None) -> list[Shown]:
        return [Shown(made.before, _input_name(photo)), Shown(made.after, status.name_of(made))]

    def _part(self, desk: Desk, turn: int, step: Preview) -> dict[Any, Any]:
        """The preview in the viewer, while the whole is on its way."""
        kept = self.visitors.keep(desk, turn, [step.before, step.after])
        if kept is None:
            return {}
        desk.result = None
        names = (say("shown.part"), say("shown.preview"))
        return {
            self.viewer: [Shown(path, name) for path, name in zip(kept, names, strict=True)],
            self.doubts: gr.Row(visible=False),
            self.legend: upscale_honesty.nothing(),
        }

    def described(
        self, photo: str | None, settings: UpscaleSettings, plan: Plan | None
    ) -> dict[Any, Any]:
        """What a run will take, and how to do the same elsewhere."""
        return {
            self.plan: self.plan_line(photo, settings, plan),
            self.recipe: self.ways(photo, settings),
        }

    def ways(self, photo: str | None, settings: UpscaleSettings) -> str:
        """Link, command, Python and JSON."""
        return recipes.every_way(self.source_of(photo).name, settings)

    def plan_line(self, photo: str | None, settings: UpscaleSettings, plan: Plan | None) -> str:
        """The plan, or nothing for a photo that cannot be read: the status says why."""
        try:
            header = inspect_header(self.source_of(photo), self.bench.limits)
            return status.plan(self.bench.plan(settings, header.height, header.width, plan))
        except RealesrError as error:
            return status.refused(error) if error.code == "E107" else status.plan("")

    def source_of(self, photo: str | None) -> Path:
        """The photo's file, or the sample's."""
        return Path(photo) if photo else self.sample

    def _input(self, photo: str | None, folder: Path) -> Shown:
        """The photo as the PNG that the viewer shows."""
        from realesr.images import write_picture

        if photo is None:
            return Shown(self.sample_png, _input_name(photo))
        path = folder / f"{Path(photo).stem}.png"
        write_picture(self.bench.read(Path(photo)), path)
        return Shown(path, _input_name(photo))


def _input_name(photo: str | None) -> str:
    return say("shown.input") if photo else say("shown.sample")


def told(error: Exception) -> RealesrError:
    """The error as a person may read it; a bug of ours goes to the log in full."""
    if isinstance(error, RealesrError):
        return error
    logger.exception("the page Upscale broke")
    return RealesrError("E901", say("error.bug"), say("error.bug_next"))
