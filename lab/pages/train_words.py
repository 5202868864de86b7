"""Plots and verdicts of a run: losses, scores, learning rates, the two players, alarms."""

from __future__ import annotations

import html

from lab.plots import drawing
from lab.text import say
from lab.theatre import Lines, Run, alarms, balance, drift, drift_verdict, series
from realesr import figures

_COLOURS = (figures.BLUE, figures.ORANGE, figures.GREEN, figures.AMBER, figures.INK)
_LOSSES = ("pixel", "perceptual", "gan", "artifact", "frequency")
_PLOTS = (
    ("losses", "train", _LOSSES, True),
    ("scores", "validation", ("psnr", "psnr_bicubic"), False),
    ("lpips", "validation", ("lpips", "lpips_bicubic"), False),
    ("players", "train", ("d_real", "d_fake"), False),
    ("rates", "train", ("generator_learning_rate", "discriminator_learning_rate"), False),
)
_TIMES = {"rates": 1e4}


def plots(lines: Lines, step: int | None) -> str:
    """Every plot that the journal has lines for, with a mark at a step."""
    shown = "".join(_plot(*each, lines, step) for each in _PLOTS)
    return f'<div class="plots">{shown}</div>' if shown else _paragraph("train.nothing")


def _plot(
    key: str, kind: str, names: tuple[str, ...], logarithmic: bool, lines: Lines, step: int | None
) -> str:
    found = series(lines, kind, names)
    if not found:
        return ""
    with drawing(width=4.2, height=2.6) as drawn:
        for colour, (name, points) in zip(_COLOURS, found.items(), strict=False):
            steps, values = zip(*points, strict=True)
            values = [value * _TIMES.get(key, 1) for value in values]
            drawn.axes.plot(steps, values, color=colour, label=say(f"train.series_{name}"))
        if logarithmic:
            drawn.axes.set_yscale("log")
            drawn.axes.yaxis.set_major_formatter("{x:.2g}")
            drawn.axes.yaxis.set_minor_formatter("{x:.2g}")
        if step is not None:
            drawn.axes.axvline(step, color=figures.SOFT, linewidth=1)
        drawn.axes.set_xlabel(say("train.steps"))
        drawn.axes.set_ylabel(say(f"train.unit_{key}"))
    title, caption = say(f"train.plot_{key}"), say(f"train.caption_{key}")
    last = "; ".join(f"{say(f'train.series_{n}')} {p[-1][1]:.4g}" for n, p in found.items())
    return drawn.figure(title, caption, say("train.alt", title=title, last=last))


def verdicts(run: Run, lines: Lines) -> str:
    """What the numbers mean, in plain words, and what the trainer warned of."""
    judged = (balance(lines), drift_verdict(drift(run)))
    parts = [_verdict(told, bad) for told, bad in judged if told]
    rows = "".join(
        f"<li>{html.escape(say('train.alarm', step=f'{step:,}', code=code))} "
        f"{html.escape(sentence)}</li>"
        for step, code, sentence in alarms(lines)
    )
    if rows:
        parts.append(f"<h3>{html.escape(say('train.alarms'))}</h3><ul class='alarms'>{rows}</ul>")
    return "".join(parts) or _paragraph("train.no_alarm")


def _verdict(sentence: str, bad: bool) -> str:
    return f'<p class="verdict{" bad" if bad else ""}">{html.escape(sentence)}</p>'


def _paragraph(key: str) -> str:
    return f"<p>{html.escape(say(key))}</p>"
