"""The line that says where the work stands: plain sentences, escaped, of steady height."""

from __future__ import annotations

import html
from collections.abc import Sequence

from lab.line import Place
from lab.settings import UpscaleSettings
from lab.shelf import Loading
from lab.text import duration, say
from lab.workbench import Preview, Result, Saving, Step, Tiles
from realesr.errors import Notice, RealesrError
from realesr.inference.decisions import Decision


def ready() -> str:
    """Nothing has happened yet."""
    return _box("idle", _line(say("run.ready")))


def waiting_for(sentence: str) -> str:
    """Something that goes on, in its own words."""
    return _box("busy", _bar(0, 0), _line(sentence))


def said(sentence: str) -> str:
    """A sentence on what has been done."""
    return _box("done", _line(sentence))


def plan(sentence: str) -> str:
    """What a run will take, before it starts."""
    return f'<p class="plan">{html.escape(sentence)}</p>'


def decided(count: int) -> str:
    """The check-up has decided; nothing is made yet."""
    return _box("idle", _line(say("upscale.decided", count=count)))


def waiting() -> str:
    """A job that has not begun: others are before it, or it begins this moment."""
    return _box("busy", _bar(0, 0), _line(say("run.waiting")))


def in_line(place: Place) -> str:
    """A job that waits: how many are before it, and for how long."""
    key = {0: "line.next", 1: "line.one"}.get(place.before, "line.place")
    told = say(key, count=place.before)
    if place.before and place.seconds is not None:
        told = say("line.wait", place=told, time=duration(place.seconds))
    return _box("busy", _bar(0, 0), _line(told))


def busy(step: Step) -> str:
    """A step of a running job, with its bar."""
    if isinstance(step, Loading):
        return _box("busy", _bar(step.done, step.total), _line(_loading(step)))
    if isinstance(step, Preview):
        return _box("busy", _bar(0, 0), _line(say("run.preview")))
    if isinstance(step, Saving):
        return _box("busy", _bar(0, 0), _line(say("run.saving")))
    return _box("busy", _bar(step.done, step.total), _line(_tiles(step)))


def done(result: Result) -> str:
    """The end of a job, with what a person should know about it."""
    finished = say("run.done", time=duration(result.seconds))
    if result.settings.consistent:
        finished = f"{finished} {say('run.true')}"
    return _box("done", _line(finished), *notices([_told(notice) for notice in result.notices]))


def _told(notice: Notice) -> str:
    if not isinstance(notice, Decision):
        return str(notice)
    what = say(f"decision.{notice.name}")
    return say("decision.told", what=what, reason=notice.sentence)


def other(result: Result) -> str:
    """The settings are no longer those of the result on show."""
    return _box("idle", _line(say("run.other", name=name_of(result))))


def set_again(settings: UpscaleSettings) -> str:
    """A photo that was made here, with its settings."""
    name = say("shown.result", model=settings.model, size=size_of(settings))
    return _box("idle", _line(say("run.set_again", name=name)))


def name_of(result: Result) -> str:
    """What a result is called: its model, and how large it is."""
    model = result.plan.model if result.plan else result.settings.model
    name = say("shown.result", model=model, size=size_of(result.settings))
    return say("shown.true", name=name) if result.settings.consistent else name


def size_of(settings: UpscaleSettings) -> str:
    """How large a result is, as the page says it.

    >>> size_of(UpscaleSettings(scale=2)), size_of(UpscaleSettings(size="800x600"))
    ('×2', '800 × 600')
    """
    wanted = settings.enlargement
    if wanted.size:
        return f"{wanted.size[1]} × {wanted.size[0]}"
    return f"{wanted.long_edge} px" if wanted.long_edge else f"×{settings.scale:g}"


def cancelled() -> str:
    """A job stopped by its owner."""
    return _box("idle", _line(say("run.cancelled")))


def refused(error: RealesrError) -> str:
    """What is wrong and what to do, as one line with its code."""
    rest = str(error).removeprefix(error.code).strip()
    code = f"<strong>{html.escape(error.code)}</strong>"
    return _box("bad", f"<p>{code} {html.escape(rest)}</p>")


def notices(sentences: Sequence[str]) -> list[str]:
    """Each notice as a paragraph."""
    return [f'<p class="notice">{html.escape(sentence)}</p>' for sentence in sentences]


def _loading(step: Loading) -> str:
    if not step.done:
        return say("run.loading")
    done, total = f"{step.done / 1e6:.1f}", f"{(step.total or 0) / 1e6:.1f}"
    key = "run.fetching" if step.total else "run.fetching_open"
    return say(key, done=done, total=total)


def _tiles(step: Tiles) -> str:
    if step.seconds_left is None:
        return say("run.tiles_open", done=step.done, total=step.total)
    left = duration(step.seconds_left)
    if step.total == 1:
        return say("run.one_tile", left=left)
    return say("run.tiles", done=step.done, total=step.total, left=left)


def _bar(done: int, total: int | None) -> str:
    """A bar; one that only says "busy" where the end is unknown."""
    label = html.escape(say("run.progress"), quote=True)
    values = f' value="{done}" max="{total}"' if total and done else ""
    return f'<progress aria-label="{label}"{values}></progress>'


def _line(sentence: str) -> str:
    return f"<p>{html.escape(sentence)}</p>"


def _box(kind: str, *parts: str) -> str:
    """A bar moves too often to be read aloud; the end and an error are announced."""
    role = {"done": ' role="status"', "bad": ' role="alert"'}.get(kind, "")
    return f'<div class="state {kind}"{role}>{"".join(parts)}</div>'
