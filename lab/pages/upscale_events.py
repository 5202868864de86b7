"""What the page Upscale answers: to a photo, to a control, to a click."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from lab import recipes, status
from lab.pages import upscale_checkup, upscale_honesty
from lab.pages.upscale_runs import Runs, input_name, told
from lab.settings import UpscaleSettings
from lab.text import say
from lab.viewer import Shown
from lab.visitors import Desk
from realesr.commands.deciding import OPTIONS
from realesr.errors import ParameterError, RealesrError
from realesr.gate import inspect_header

if TYPE_CHECKING:
    from realesr.inference.auto_plan import Plan

MODEL_QUEUE = "model"
_PATIENCE = 30.0  # seconds the page waits for the model before it gives up saying how long
_TOGETHER = ({"model", "denoise"},)  # who decides about one decides about the other


class Events(Runs):
    """The answers; the parts they fill are built by `UpscalePage`."""

    first: UpscaleSettings
    sample: Path
    sample_png: Path

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
            changes |= self.decided(photo, settings)
        return changes

    def leave(self, request: gr.Request) -> None:
        """Delete what a visitor had who has closed or reloaded the page."""
        self.visitors.leave(request.session_hash)

    # ---- controls -------------------------------------------------------------------------------

    def decide(self, photo: str | None, *values: Any) -> dict[Any, Any]:
        """Leave everything to the check-up."""
        try:
            settings = self.controls.settings(values).deciding(frozenset(OPTIONS))
            count = len(self.bench.decide(self.source_of(photo), settings).decisions)
            return self.decided(photo, settings) | {self.status: status.decided(count)}
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
                    self.decided(photo, settings)
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

    def decided(self, photo: str | None, settings: UpscaleSettings) -> dict[Any, Any]:
        """What the check-up decides, in the controls."""
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

    # ---- what the parts say ---------------------------------------------------------------------

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
            return Shown(self.sample_png, input_name(photo))
        path = folder / f"{Path(photo).stem}.png"
        write_picture(self.bench.read(Path(photo)), path)
        return Shown(path, input_name(photo))
