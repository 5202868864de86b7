"""The publish wizard: a run, its card, what the licences say, every file. Nothing is sent."""

from __future__ import annotations

import html
import shlex
from pathlib import Path
from typing import Any

import gradio as gr

from lab import status
from lab.pages.models_html import plain_card
from lab.pages.upscale_runs import told
from lab.text import i18n, say
from realesr.errors import ParameterError
from realesr.publishing.about import About

RUNS = Path("runs")


class PublishWizard:
    """Shows what `realesr publish RUN --repo NAME` would publish.

    Args:
        folder: The lab's own.
        runs: Where runs lie.
    """

    def __init__(self, folder: Path, runs: Path = RUNS) -> None:
        self.folder, self.runs = folder, runs

    def build(self) -> None:
        """The wizard's parts."""
        gr.Markdown(f"## {say('publish.title')}\n\n{say('publish.lead')}")
        self.run = gr.Dropdown(
            self.names(), value=None, label=i18n("publish.run"), elem_id="publish-run",
            filterable=False,
        )  # fmt: skip
        self.repo = gr.Textbox(
            label=i18n("publish.repo"), placeholder="ada/old-maps-x4", max_lines=1,
            elem_id="publish-repo",
        )  # fmt: skip
        self.dry = gr.Button(i18n("publish.dry"), elem_id="publish-dry")
        self.status = gr.HTML("", elem_id="publish-status")
        self.plan = gr.HTML("", elem_id="publish-plan")
        with gr.Accordion(i18n("publish.card"), open=True, visible=False) as self.card_box:
            self.card = gr.Markdown("", elem_id="publish-card")

    def connect(self, quiet: dict[str, Any]) -> None:
        """Its one event."""
        self.dry.click(
            self.show,
            [self.run, self.repo],
            [self.status, self.plan, self.card_box, self.card],
            **quiet,
        )

    def names(self) -> list[str]:
        """The runs that can be published: those with a configuration and a journal."""
        found = sorted(self.runs.glob("*/config.toml")) if self.runs.is_dir() else []
        return [path.parent.name for path in found]

    def show(self, run: str | None, repo: str) -> dict[Any, Any]:
        """The dry run: card, findings and files."""
        try:
            if run not in self.names():
                raise ParameterError("E001", say("publish.no_run"), say("publish.no_run_next"))
            repo = (repo or "").strip()
            variant = self._variant(self.runs / run, repo)
            findings = variant.findings()
            stops = [each.sentence for each in findings if each.stops]
            notes = [each.sentence for each in findings if not each.stops]
            return {
                self.status: status.said(say("publish.stops" if stops else "publish.clear")),
                self.plan: _plan(variant, repo, str(self.runs / run), stops, notes),
                self.card_box: gr.update(visible=True),
                self.card: plain_card(variant.card.text()),
            }
        except Exception as error:
            return {self.status: status.refused(told(error)), self.plan: ""}

    def _variant(self, target: Path, repo: str) -> Any:
        from realesr.hub.plan import check_name
        from realesr.publishing.about import NAME, read_about
        from realesr.publishing.facts import gather
        from realesr.publishing.variant import Variant

        check_name(repo)
        beside = target / NAME
        words = read_about(beside) if beside.is_file() else About()
        return Variant(repo, gather(target), words, public=True)


def _plan(variant: Any, repo: str, target: str, stops: list[str], notes: list[str]) -> str:
    files = variant.plan
    rows = "".join(
        f"<li>{html.escape(path)} <small>{files.size(path):,} bytes</small></li>"
        for path in files.files
    )
    command = html.escape(shlex.join(["realesr", "publish", target, "--repo", repo, "--yes"]))
    return (
        '<section class="publish">'
        f"{_list('publish.to_clear', stops)}{_list('publish.to_know', notes)}"
        f"<h4>{_say('publish.files')}</h4><ul>{rows}</ul>"
        f"<p>{_say('publish.then')}</p><pre>{command}</pre></section>"
    )


def _list(key: str, sentences: list[str]) -> str:
    if not sentences:
        return ""
    items = "".join(f"<li>{html.escape(each)}</li>" for each in sentences)
    return f"<h4>{_say(key)}</h4><ul>{items}</ul>"


def _say(key: str) -> str:
    return html.escape(say(key), quote=True)
