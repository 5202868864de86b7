"""The check-up as a person reads it: what is wrong first, then the models that suit."""

from __future__ import annotations

import html
from collections.abc import Collection

from lab.text import say
from realesr.quality.checkup import LEAVE_ALONE, Checkup


def told(checkup: Checkup, offered: Collection[str]) -> str:
    """Sentences and ranked models, as HTML.

    Args:
        checkup: What was found.
        offered: Models on offer here: others are named as such.
    """
    faults = checkup.faults
    first = (
        "".join(f"<li>{html.escape(found.sentence)}</li>" for found in faults.values())
        if faults
        else f"<li>{html.escape(say('checkup.sound'))}</li>"
    )
    rest = "".join(
        f"<li>{html.escape(found.sentence)} <small>{_sure(found.confidence)}</small></li>"
        for name, found in checkup.findings.items()
        if name not in faults
    )
    models = "".join(_model(each.name, each.reason, offered) for each in checkup.models)
    return (
        f'<section class="checkup"><h3>{html.escape(say("checkup.title"))}</h3>'
        f'<ul class="faults">{first}</ul>'
        f"<details><summary>{html.escape(say('checkup.more'))}</summary><ul>{rest}</ul></details>"
        f"<details><summary>{html.escape(say('checkup.models'))}</summary><ol>{models}</ol>"
        "</details></section>"
    )


def waiting() -> str:
    """While it looks."""
    return (
        f'<section class="checkup"><h3>{html.escape(say("checkup.title"))}</h3>'
        f"<p>{html.escape(say('checkup.waiting'))}</p></section>"
    )


def _model(name: str, reason: str, offered: Collection[str]) -> str:
    here = name in offered or name == LEAVE_ALONE
    away = "" if here else f" <small>{html.escape(say('checkup.not_here'))}</small>"
    return f"<li><strong>{html.escape(name)}</strong>{away} {html.escape(reason)}</li>"


def _sure(confidence: float) -> str:
    return html.escape(say("checkup.sure", percent=round(100 * confidence)))
