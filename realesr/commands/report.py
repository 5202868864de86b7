"""What a person or a program reads from a command: progress, sentences, one JSON document."""

from __future__ import annotations

import json
import re
import sys
import time

import typer

from realesr.commands.saying import printable, say, show
from realesr.inference.batch import Outcome, Report
from realesr.train.progress import spoken_time

__all__ = ["BatchBar", "announce", "finish", "printable", "say", "spoken_time"]

_HALVES = re.compile("[\ud800-\udfff]")


class BatchBar:
    """One line, rewritten while pictures are done; silent where nobody watches.

    The time left is judged by the work, not by the number of files: one large picture takes as long
    as a hundred small ones.

    Args:
        total: All the work, in any unit.
        count: How many pictures there are.
    """

    def __init__(self, total: float, count: int) -> None:
        self._total, self._count = total, count
        self._finished, self._number = 0.0, 0
        self._started: float | None = None
        self._watched = sys.stderr.isatty()

    def next(self, work: float) -> None:
        """One picture has had its turn."""
        self._finished += work
        self._number += 1

    def show(self, name: str, work: float) -> None:
        """Some of the picture at hand is done."""
        now = time.perf_counter()
        self._started = self._started or now
        if not self._watched:
            return
        share = min((self._finished + work) / self._total, 1.0)
        left = ""
        if share > 0 and now > self._started:
            left = f", {spoken_time((now - self._started) / share * (1 - share))} left"
        filled = round(24 * share)
        bar = "█" * filled + "░" * (24 - filled)
        place = f"{min(self._number + 1, self._count)}/{self._count}"
        line = f"\r\x1b[K{place} {printable(name)[:40]} {bar} {share:.0%}{left}"
        show(line)

    def clear(self) -> None:
        """Make room for a sentence."""
        if self._watched and self._started is not None:
            show("\r\x1b[K")


def announce(outcome: Outcome, *, as_json: bool) -> None:
    """Say what became of one file."""
    if outcome.error is not None:
        say(str(outcome.error))
    elif not as_json:
        size = f" ({outcome.size[1]}×{outcome.size[0]})" if outcome.size else ""
        typer.echo(printable(f"{outcome.state} {outcome.source} → {outcome.target}{size}"))
    for notice in outcome.notices:
        say(f"{outcome.source}: {notice}")


def finish(report: Report, *, as_json: bool, announced: bool = False) -> None:
    """Print what became of every file and leave with the fitting exit code.

    Args:
        report: What became of them.
        as_json: Print one JSON document on standard output, and nothing else there.
        announced: The outcomes were announced one by one already.
    """
    if as_json:
        document = json.dumps(report.as_dict(), ensure_ascii=False, indent=2)
        typer.echo(_HALVES.sub(lambda found: f"\\u{ord(found[0]):04x}", document))
    for outcome in () if announced else report.outcomes:
        announce(outcome, as_json=as_json)
    if report.stopped:
        say(report.stopped)
    if not as_json and len(report.outcomes) > 1:
        typer.echo(
            f"{len(report.outcomes)} found: {report.count('done')} done, "
            f"{report.count('refused')} refused, {report.count('skipped')} skipped"
        )
    if report.exit_code:
        raise typer.Exit(report.exit_code)
