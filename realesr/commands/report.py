"""What a person or a program reads from a command: progress, sentences, one JSON document."""

from __future__ import annotations

import json
import sys
import time
from types import TracebackType
from typing import Self

import typer

from realesr.inference.batch import Report


def say(sentence: str) -> None:
    """A remark for a person, on standard error so that standard output stays clean."""
    typer.echo(sentence, err=True)


class TileBar:
    """One line that is rewritten while tiles are done; silent where nobody watches."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._started = time.perf_counter()
        self._watched = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._watched:
            typer.echo("\r\x1b[K", err=True, nl=False)

    def show(self, done: int, total: int) -> None:
        """Tiles done, of all, and the time left at the pace so far."""
        if not self._watched:
            return
        left = (time.perf_counter() - self._started) / done * (total - done)
        filled = round(24 * done / total)
        bar = "█" * filled + "░" * (24 - filled)
        typer.echo(
            f"\r\x1b[K{self._label} {bar} {done}/{total} tiles, {left:.0f} s left",
            err=True,
            nl=False,
        )


def finish(report: Report, *, as_json: bool) -> None:
    """Print what became of every file and leave with the fitting exit code."""
    if as_json:
        typer.echo(json.dumps(report.as_dict(), ensure_ascii=False, indent=2))
    for outcome in report.outcomes:
        if outcome.error is not None:
            say(str(outcome.error))
        elif not as_json:
            size = f" ({outcome.size[1]}×{outcome.size[0]})" if outcome.size else ""
            typer.echo(f"{outcome.state} {outcome.source} → {outcome.target}{size}")
        for notice in outcome.notices:
            say(f"{outcome.source.name}: {notice}")
    if not as_json and len(report.outcomes) > 1:
        typer.echo(
            f"{len(report.outcomes)} found: {report.count('done')} done, "
            f"{report.count('refused')} refused, {report.count('skipped')} skipped"
        )
    if report.exit_code:
        raise typer.Exit(report.exit_code)
