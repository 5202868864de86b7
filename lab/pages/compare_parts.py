"""What the page *Compare* shows as HTML: the matrix of crops and the table of figures."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lab.comparing import Comparison, best_of, telling_places
from lab.pages.degrade_strip import png
from lab.text import say
from lab.viewer import Shown, View
from realesr.images import read_picture
from realesr.quality.pairs import Score

SIDE = 64
_LOWER_IS_BETTER = ("LPIPS", "NIQE")

SCRIPT = """
element.addEventListener('click', ({ target }) => {
  const view = target.closest('button[data-view]')?.dataset.view;
  const stage = document.querySelector('#viewer .viewer');
  if (!view || !stage) return;
  stage.viewer.setView(view);
  stage.scrollIntoView({ block: 'start' });
});
"""
"""For the ``js_on_load`` of the matrix: a crop takes the viewer to its place."""


def pictures_of(comparison: Comparison) -> list[Shown]:
    """Input, results, truth, in this order."""
    shown = [Shown(comparison.input, say("shown.input"))]
    shown += [Shown(each.file, each.name) for each in comparison.contestants]
    if comparison.truth:
        shown.append(Shown(comparison.truth, say("compare.truth")))
    return shown


def shown_pixels(path: Path) -> np.ndarray[Any, Any]:
    """A picture's pixels as a page can draw them: H x W x 3, 8 bit."""
    pixels = read_picture(path).pixels
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    if pixels.ndim == 2 or pixels.shape[2] < 3:
        gray = pixels if pixels.ndim == 2 else pixels[..., 0]
        return np.repeat(gray[..., None], 3, axis=2)
    return np.ascontiguousarray(pixels[..., :3])


def places_of(comparison: Comparison, count: int = 3) -> list[tuple[int, int]]:
    """Where the results differ most: upper left corners of squares."""
    results = [shown_pixels(each.file) for each in comparison.contestants]
    return telling_places(results, count, SIDE)


def matrix(comparison: Comparison) -> str:
    """The same places of all pictures, enlarged alike: a row a place, a column a picture."""
    shown = pictures_of(comparison)
    drawn = [shown_pixels(each.path) for each in shown]
    result = shown_pixels(comparison.contestants[0].file)
    height, width = result.shape[:2]
    head = "".join(f'<th scope="col">{html.escape(each.name)}</th>' for each in shown)
    rows = []
    for number, (top, left) in enumerate(places_of(comparison), 1):
        view = View(
            mode="side", zoom=4, of=width,
            x=round(min(1, (left + SIDE / 2) / width), 4),
            y=round(min(1, (top + SIDE / 2) / height), 4),
        )  # fmt: skip
        cells = "".join(
            f"<td>{_crop(each, name.name, (top, left), result.shape, view)}</td>"
            for each, name in zip(drawn, shown, strict=True)
        )
        rows.append(f'<tr><th scope="row">{number}</th>{cells}</tr>')
    told = html.escape(say("compare.matrix", side=SIDE))
    return (
        f'<section class="matrix"><h2>{html.escape(say("compare.places"))}</h2><p>{told}</p>'
        f'<div class="wide" tabindex="0" role="group" aria-label="{told}"><table>'
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
        "</section>"
    )


def _crop(
    pixels: np.ndarray[Any, Any],
    name: str,
    place: tuple[int, int],
    whole: tuple[int, ...],
    view: View,
) -> str:
    factor = max(1, whole[0] // pixels.shape[0])
    top, left, side = (math.ceil(each / factor) for each in (*place, SIDE))
    label = html.escape(say("compare.go", name=name, x=place[1], y=place[0]), quote=True)
    part = pixels[top : top + side, left : left + side]
    return (
        f'<button type="button" data-view="{view.to_text()}" aria-label="{label}">'
        f'<img src="{png(part)}" alt=""></button>'
    )


def figures(comparison: Comparison) -> str:
    """The table: a row a model, the best of each figure marked, the protocols below."""
    best = best_of(comparison)
    names = [score.name for score in comparison.contestants[0].scores]
    head = "".join(f'<th scope="col">{_title(name)}</th>' for name in names)
    head += "".join(
        f'<th scope="col">{html.escape(say(f"compare.{each}"))}</th>'
        for each in ("seconds", "memory")
    )
    rows = []
    for each in comparison.contestants:
        cells = "".join(_figure(score, best[score.name] == each.name) for score in each.scores)
        seconds, memory = each.cost.seconds, each.cost.memory
        cells += f"<td>{'–' if seconds is None else f'{seconds:.2f} s'}</td>"
        cells += f"<td>{'–' if memory is None else f'{memory / 1e6:.0f} MB'}</td>"
        rows.append(f'<tr><th scope="row">{html.escape(each.name)}</th>{cells}</tr>')
    label = html.escape(say("compare.figures"))
    below = "".join(f"<p>{html.escape(line)}</p>" for line in _explained(comparison))
    return (
        f'<section class="figures"><h2>{label}</h2>'
        f'<div class="wide" tabindex="0" role="group" aria-label="{label}"><table>'
        f'<thead><tr><th scope="col">{html.escape(say("compare.model"))}</th>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>{below}</section>"
    )


def _title(name: str) -> str:
    arrow = "↓" if name in _LOWER_IS_BETTER else "↑"
    better = say("compare.lower" if name in _LOWER_IS_BETTER else "compare.higher")
    return (
        f'{html.escape(name)} <span aria-hidden="true">{arrow}</span>'
        f'<span class="unseen"> ({html.escape(better)})</span>'
    )


def _figure(score: Score, best: bool) -> str:
    digits = 2 if score.unit == "dB" else 4
    number = "∞" if math.isinf(score.value) else f"{score.value:.{digits}f}"
    number = f"{number} {score.unit}".strip()
    return f"<td>{f'<strong>{number}</strong>' if best else number}</td>"


def _explained(comparison: Comparison) -> Sequence[str]:
    """How the figures were made, and why one may be missing."""
    first = comparison.contestants[0].scores
    lines = [say("compare.protocol", name=each.name, protocol=each.protocol) for each in first]
    lines.append(say("compare.costs"))
    return [line for line in (comparison.notice, comparison.missing, *lines) if line]
