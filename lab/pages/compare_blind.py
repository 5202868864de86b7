"""The blind test of the page *Compare*: A, B and X without names, and what a person made of it."""

from __future__ import annotations

import html
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from lab.blind import Answer, Tally, Trial
from lab.comparing import Comparison
from lab.pages.compare_parts import places_of, shown_pixels
from lab.pages.degrade_strip import png
from lab.text import i18n, say
from lab.visitors import Desk, Visitors

_SIDE = 96
_PLACES = 8
_BETTER = ("A", "B", "")


@dataclass(frozen=True)
class Sitting:
    """A person's test, kept on the server.

    Attributes:
        trial: The question that is open; None before the first and after an answer.
        tally: What was answered.
    """

    trial: Trial | None = None
    tally: Tally = field(default_factory=Tally)


class BlindTest:
    """Builds the test and answers its events.

    Args:
        folder: The lab's own.
        visitors: Keep the file that is taken home.
    """

    def __init__(self, folder: Path, visitors: Visitors) -> None:
        self.folder, self.visitors = folder, visitors

    def build(self) -> None:
        """Lay it out."""
        self.sitting = gr.State(Sitting())
        with gr.Accordion(i18n("blind.title"), open=False, elem_id="blind", visible=False) as whole:
            self.whole = whole
            gr.Markdown(say("blind.lead"))
            with gr.Row():
                self.one = gr.Dropdown([], label=i18n("blind.one"), filterable=False)
                self.other = gr.Dropdown([], label=i18n("blind.other"), filterable=False)
                self.next = gr.Button(i18n("blind.begin"), variant="primary", elem_id="blind-next")
            self.pictures = gr.HTML(
                elem_id="blind-pictures", padding=False, apply_default_css=False
            )
            self.better = gr.Radio(
                [(say(f"blind.better_{each or 'none'}"), each) for each in _BETTER],
                value="", label=i18n("blind.better"), visible=False, elem_id="blind-better",
            )  # fmt: skip
            with gr.Row(elem_classes="actions"):
                self.said = {
                    letter: gr.Button(
                        i18n(f"blind.x_is_{letter.lower()}"), visible=False,
                        elem_id=f"blind-{letter.lower()}",
                    )
                    for letter in ("A", "B")
                }  # fmt: skip
            self.verdict = gr.HTML(elem_id="blind-verdict")
            self.export = gr.DownloadButton(
                i18n("blind.export"), visible=False, elem_id="blind-export"
            )

    def connect(self, quiet: dict[str, Any]) -> None:
        """Wire it."""
        outputs = [
            self.sitting, self.pictures, self.better, self.verdict, self.export, self.next,
            *self.said.values(),
        ]  # fmt: skip
        self.next.click(self.ask, [self.sitting, self.one, self.other], outputs, **quiet)
        for letter, button in self.said.items():
            button.click(self.answer(letter), [self.sitting, self.better], outputs, **quiet)

    def begin(self, comparison: Comparison | None) -> dict[Any, Any]:
        """A new comparison: a new test, between its first and last model."""
        names = [] if comparison is None else [each.name for each in comparison.contestants]
        if comparison is not None and comparison.truth:
            names.append(say("compare.truth"))
        ready = len(names) > 1
        return {
            self.whole: gr.Accordion(visible=ready),
            self.sitting: Sitting(),
            self.one: gr.Dropdown(choices=names, value=names[0] if ready else None),
            self.other: gr.Dropdown(choices=names, value=names[-1] if ready else None),
            self.pictures: "",
            self.verdict: "",
            self.export: gr.DownloadButton(visible=False),
            **self._asking(False),
            self.next: gr.Button(say("blind.begin"), visible=True),
        }

    @property
    def outputs(self) -> list[Any]:
        """What ``begin`` changes."""
        return [
            self.whole, self.sitting, self.one, self.other, self.pictures, self.verdict,
            self.export, self.next, self.better, *self.said.values(),
        ]  # fmt: skip

    # ---- events ---------------------------------------------------------------------------------

    def ask(self, sitting: Sitting, one: str, other: str, request: gr.Request) -> dict[Any, Any]:
        """Draw the next trial and show its three pictures without a name."""
        comparison = self._desk(request).result
        files = _files(comparison)
        if one == other or one not in files or other not in files:
            return {self.verdict: _told(say("blind.two"))}
        places = places_of(comparison, _PLACES)
        trial = Trial.drawn(one, other, places)
        shown = {"A": trial.a, "B": trial.b, "X": trial.behind_x}
        drawn = {
            letter: _cut(shown_pixels(files[name]), trial.place) for letter, name in shown.items()
        }
        return {
            self.sitting: replace(sitting, trial=trial),
            self.pictures: _three(drawn),
            self.better: gr.Radio(value=""),
            self.verdict: "",
            **self._asking(True),
        }

    def answer(self, letter: str) -> Callable[..., dict[Any, Any]]:
        """What answers "X is A", or "X is B"."""

        def answered(sitting: Sitting, better: str, request: gr.Request) -> dict[Any, Any]:
            trial = sitting.trial
            if trial is None:
                return {self.verdict: _told(say("blind.over"))}
            said = Answer(trial, "A" if letter == "A" else "B", _known(better))
            tally = sitting.tally.with_answer(said)
            kept = self._keep(self._desk(request), tally)
            return {
                self.sitting: Sitting(None, tally),
                self.verdict: verdict(said, tally),
                self.export: gr.DownloadButton(value=str(kept), visible=True)
                if kept
                else gr.skip(),
                **self._asking(False),
                self.next: gr.Button(say("blind.next"), visible=True),
            }

        return answered

    def _asking(self, asking: bool) -> dict[Any, Any]:
        return {
            self.better: gr.Radio(visible=asking),
            **{button: gr.Button(visible=asking) for button in self.said.values()},
            self.next: gr.Button(visible=not asking),
        }

    def _desk(self, request: gr.Request) -> Desk:
        return self.visitors.desk(request.session_hash)

    def _keep(self, desk: Desk, tally: Tally) -> Path | None:
        with tempfile.TemporaryDirectory(prefix="work-", dir=self.folder) as place:
            file = Path(place) / "blind-test.csv"
            file.write_text(tally.to_csv(), encoding="utf-8")
            kept = self.visitors.keep(desk, desk.turn, [file], instead=False)
        return kept[0] if kept else None


def verdict(answer: Answer, tally: Tally) -> str:
    """Right or wrong, who was who, and what all answers say so far, as HTML."""
    trial = answer.trial
    first = say("blind.right" if answer.right else "blind.wrong", x=trial.behind_x)
    lines = [first, say("blind.who", a=trial.a, b=trial.b)]
    count = len(tally.answers)
    chance = f"{100 * tally.by_chance:.0f}" if tally.by_chance >= 0.01 else "< 1"
    lines.append(say("blind.tally", right=tally.right, count=count, chance=chance))
    liked = [say("blind.liked", name=name, count=n) for name, n in tally.liked().items()]
    lines += liked
    return _told(*lines)


def _told(*lines: str) -> str:
    """Sentences that are read out when they come."""
    inner = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
    return f'<div class="state" role="status">{inner}</div>'


def _known(better: Any) -> Any:
    return better if better in _BETTER else ""


def _files(comparison: Comparison | None) -> dict[str, Path]:
    if not isinstance(comparison, Comparison):
        return {}
    files = {each.name: each.file for each in comparison.contestants}
    if comparison.truth:
        files[say("compare.truth")] = comparison.truth
    return {name: file for name, file in files.items() if file.exists()}


def _cut(pixels: np.ndarray[Any, Any], place: tuple[int, int]) -> np.ndarray[Any, Any]:
    height, width = pixels.shape[:2]
    top = min(place[0], max(0, height - _SIDE))
    left = min(place[1], max(0, width - _SIDE))
    return pixels[top : top + _SIDE, left : left + _SIDE]


def _three(drawn: dict[str, np.ndarray[Any, Any]]) -> str:
    """A, X and B beside each other; X in the middle is next to both."""
    figures = "".join(
        f"<figure><figcaption>{letter}</figcaption>"
        f'<img src="{png(drawn[letter])}" alt="{html.escape(say("blind.alt", letter=letter))}">'
        "</figure>"
        for letter in ("A", "X", "B")
    )
    return f'<div class="three">{figures}</div>'
