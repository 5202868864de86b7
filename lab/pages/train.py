"""The page *Train*: a run as a theatre, from first step to last; a small one started here."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import gradio as gr

from lab import status, theatre
from lab.classroom import LESSONS, Classroom
from lab.pages import train_words
from lab.pages.upscale_runs import told
from lab.text import i18n, say, words
from lab.viewer import CompareViewer, Shown
from lab.visitors import Visitors
from lab.workbench import Workbench
from realesr.errors import ParameterError

_GLANCE = 3.0  # seconds between two looks at a run that is going


class TrainPage:
    """Builds the page and answers its events.

    Args:
        bench: Where the work is done.
        folder: The lab's own.
        visitors: Who looks at what.
        runs: Where runs lie.
    """

    def __init__(
        self, bench: Workbench, folder: Path, visitors: Visitors, runs: Path = theatre.RUNS
    ) -> None:
        self.bench, self.folder, self.visitors, self.runs = bench, folder, visitors, runs
        self.classroom = Classroom(runs=runs, public=bench.public)

    def build(self, app: gr.Blocks) -> None:
        """Lay the page out inside ``app``, the current `gr.Blocks`."""
        gr.Markdown(f"# {say('train.title')}\n\n{say('train.lead')}", elem_classes="lead")
        with gr.Row(elem_classes="desk"):
            with gr.Column(scale=7, min_width=320, elem_classes="pictures"):
                self.viewer = CompareViewer(
                    [], words=words("viewer") | {"empty": say("train.empty")}, elem_id="viewer"
                )
                self.step = gr.Slider(
                    0, 1, 0, step=1, label=i18n("train.look"), elem_id="step", buttons=[],
                    visible=False,
                )  # fmt: skip
                self.where = gr.HTML("", elem_id="where")
            with gr.Column(scale=3, min_width=288, elem_classes="controls"):
                self.run = gr.Dropdown(
                    [], label=i18n("train.run"), filterable=False, elem_id="run-name"
                )
                self.crop = gr.Dropdown(
                    [], label=i18n("train.crop"), filterable=False, elem_id="crop", visible=False
                )
                self.judge = gr.Checkbox(
                    False, label=i18n("train.judge"), info=i18n("train.judge_info"),
                    elem_id="judge", visible=False,
                )  # fmt: skip
                if not self.bench.public:
                    self._build_classroom()
                self.verdicts = gr.HTML("", elem_id="verdicts")
        self.plots = gr.HTML("", elem_id="plots")
        self._connect(app)

    def _build_classroom(self) -> None:
        gr.Markdown(f"## {say('train.start_title')}\n\n{say('train.start_lead')}")
        self.lesson = gr.Radio(
            [(say(f"train.lesson_{name}"), name) for name in LESSONS],
            value=LESSONS[0],
            label=i18n("train.lesson"),
            elem_id="lesson",
        )
        with gr.Row(elem_classes="actions"):
            self.start = gr.Button(i18n("train.start"), variant="primary", elem_id="start")
            self.stop = gr.Button(i18n("train.stop"), visible=False, elem_id="stop")
        self.status = gr.HTML(status.ready(), elem_id="train-status")
        self.clock = gr.Timer(_GLANCE, active=False)

    def _connect(self, app: gr.Blocks) -> None:
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        chosen = [self.run, self.crop, self.step, self.judge]
        scene = [self.viewer, self.where]
        stage = [self.crop, self.step, self.judge, *scene, self.plots, self.verdicts]
        app.load(self.open, None, [self.run, *stage], **quiet)
        self.run.input(self.choose, self.run, stage, **quiet)
        for part in (self.crop, self.step, self.judge):
            part.input(self.show, chosen, scene, trigger_mode="always_last", **quiet)
        if self.bench.public:
            return
        class_parts = [self.status, self.start, self.stop, self.clock]
        self.start.click(self.begin, self.lesson, class_parts, **quiet)
        self.stop.click(self.end, None, class_parts, **quiet)
        self.clock.tick(self.watch, None, [self.run, *stage, *class_parts], **quiet)

    # ---- the theatre ----------------------------------------------------------------------------

    def open(self) -> dict[Any, Any]:
        """Open with the run that has most to show."""
        found = theatre.runs(self.runs)
        if not found:
            return {self.verdicts: f"<p>{say('train.no_runs')}</p>"}
        best = max(
            found.values(), key=lambda run: (bool(run.crops), bool(run.judge), len(run.steps))
        )
        choices = gr.update(choices=list(found), value=best.name)
        return {self.run: choices, **self.choose(best.name)}

    def choose(self, name: str) -> dict[Any, Any]:
        """Show a run at its end."""
        run = theatre.runs(self.runs).get(name)
        if run is None:
            return {self.where: status.refused(_no_run())}
        steps, crops, lines = run.steps, run.crops, run.lines
        last = max(len(steps) - 1, 0)
        crop = crops[0] if crops else None
        return {
            self.crop: gr.update(choices=crops, value=crop, visible=bool(crops)),
            self.step: gr.update(maximum=max(last, 1), value=last, visible=bool(crops)),
            self.judge: gr.update(visible=bool(crops and run.judge), value=False),
            self.plots: train_words.plots(lines, steps[last] if steps else None),
            self.verdicts: train_words.verdicts(run, lines),
            **self._scene(run, crop, last, judged=False),
        }

    def show(self, name: str, crop: str | None, index: float, judged: bool) -> dict[Any, Any]:
        """Show a crop at a step."""
        run = theatre.runs(self.runs).get(name)
        if run is None or crop not in run.crops:
            return {self.where: status.refused(_no_run())}
        return self._scene(run, crop, int(index), judged=judged)

    def _scene(self, run: theatre.Run, crop: str | None, index: int, *, judged: bool) -> Any:
        if crop is None:
            return {self.viewer: None, self.where: f"<p>{say('train.no_previews')}</p>"}
        steps = run.steps
        step = steps[min(max(index, 0), len(steps) - 1)]
        now = run.at(step) / f"{crop}.png"
        with tempfile.TemporaryDirectory(prefix="work-", dir=self.folder) as place:
            shown = [
                # First and last lie under the wipe.
                Shown(now, say("train.at", step=f"{step:,}")),
                Shown(run.crop("input", crop), say("shown.input")),
                Shown(run.crop("truth", crop), say("train.truth")),
            ]
            if judged and run.judge:
                opinion = theatre.opinion(run.judge, now, Path(place))
                kept = tempfile.mkdtemp(prefix="made-", dir=self.folder / "gradio")
                shown.append(Shown(Path(shutil.move(opinion, kept)), say("train.opinion")))
        where = say("train.where", step=f"{step:,}", of=f"{steps[-1]:,}")
        return {self.viewer: shown, self.where: f"<p>{where}</p>"}

    # ---- a run of one's own ---------------------------------------------------------------------

    def begin(self, lesson: str) -> dict[Any, Any]:
        """Start a lesson."""
        try:
            name = self.classroom.start(lesson)
        except Exception as error:
            return {self.status: status.refused(told(error))}
        return {
            self.status: status.waiting_for(say("train.begun", name=name)),
            self.start: gr.Button(interactive=False),
            self.stop: gr.Button(visible=True),
            self.clock: gr.Timer(active=True),
        }

    def end(self) -> dict[Any, Any]:
        """Stop it after the step in hand."""
        self.classroom.stop()
        return self._ended()

    def watch(self) -> dict[Any, Any]:
        """Look at the run that is going; show it once it has something to show."""
        name = self.classroom.name
        found = theatre.runs(self.runs)
        changes: dict[Any, Any] = (
            {
                self.status: status.waiting_for(
                    self.classroom.told() or say("train.begun", name=name)
                )
            }
            if self.classroom.is_running
            else self._ended()
        )
        if name in found:
            changes[self.run] = gr.update(choices=list(found), value=name)
            changes |= self.choose(name)
        return changes

    def _ended(self) -> dict[Any, Any]:
        return {
            self.status: status.said(self.classroom.told() or say("train.ended")),
            self.start: gr.Button(interactive=True),
            self.stop: gr.Button(visible=False),
            self.clock: gr.Timer(active=False),
        }


def _no_run() -> ParameterError:
    return ParameterError("E001", say("train.gone"), say("train.gone_next"))
