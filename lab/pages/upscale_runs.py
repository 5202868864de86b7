"""A run on the page Upscale: from the click to the result on show, the maps, and home."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from lab import status
from lab.pages import upscale_honesty
from lab.pages.upscale_controls import Controls
from lab.text import say
from lab.viewer import Shown
from lab.visitors import Desk, Visitors
from lab.workbench import Preview, Result, Workbench
from realesr.errors import RealesrError

if TYPE_CHECKING:
    from lab.settings import UpscaleSettings
    from realesr.inference.auto_plan import Plan

logger = logging.getLogger(__name__)

Changes = dict[Any, Any]


class Runs:
    """What happens between a click and its result; `Events` knows photos and controls."""

    bench: Workbench
    visitors: Visitors
    controls: Controls
    workplace: Callable[[], Any]
    source_of: Callable[[str | None], Path]
    described: Callable[[str | None, UpscaleSettings, Plan | None], Changes]
    decided: Callable[[str | None, UpscaleSettings], Changes]

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
                self.decided(photo, settings)
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

    # ---- the result on show ---------------------------------------------------------------------

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
        return [Shown(made.before, input_name(photo)), Shown(made.after, status.name_of(made))]

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


def input_name(photo: str | None) -> str:
    """What stands above the photo."""
    return say("shown.input") if photo else say("shown.sample")


def told(error: Exception) -> RealesrError:
    """The error as a person may read it; a bug of ours goes to the log in full."""
    if isinstance(error, RealesrError):
        return error
    logger.exception("the page Upscale broke")
    return RealesrError("E901", say("error.bug"), say("error.bug_next"))
