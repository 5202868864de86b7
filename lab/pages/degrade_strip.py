"""The film strip of the page *Degrade*, and its contact sheet: pictures with numbers, as HTML.

The pictures are PNG inside the page, each pixel as it is: the same place of every station, enlarged
by repeating its pixels.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from torch import Tensor

from lab import chains
from lab.controls import label_of, spoken_number
from lab.text import say
from realesr.degradations import Jpeg, Operation, Trace
from realesr.degradations.further.codecs import WebP
from realesr.degradations.spans import fields_of
from realesr.images import from_tensor
from realesr.quality.metrics import psnr

DETAIL = 0.25
"""Side of the detail in the strip, as a share of the picture's shorter side."""
_SHOWN = 320  # pixels: whole pictures are shrunk to it for the strip


@dataclass(frozen=True, eq=False)
class Film:
    """A picture on its way through a trace.

    Attributes:
        hr: The picture before the first operation, (1, 3, H, W).
        trace: What happens.
        images: The picture after each operation.
        middle: Where the detail is taken from: down and across, as shares of the sides.
    """

    hr: Tensor
    trace: Trace
    images: Sequence[Tensor]
    middle: tuple[float, float] = (0.5, 0.5)

    def before(self, station: int) -> Tensor:
        """The picture before that operation, from 1."""
        return self.images[station - 2] if station > 1 else self.hr

    def after(self, station: int) -> Tensor:
        """The picture after that operation; 0 is the one before all."""
        return self.images[station - 1] if station else self.hr


def strip(film: Film, station: int, *, whole: bool) -> str:
    """All stations as buttons in order, the chosen one marked."""
    cells = [_cell(film, place, station, whole=whole) for place in range(len(film.images) + 1)]
    say_which = html.escape(say("degrade.strip"), quote=True)
    note = f'<p class="note">{html.escape(say("degrade.strip_note"))}</p>'
    return f'<ol class="strip" aria-label="{say_which}">{"".join(cells)}</ol>{note}'


def _cell(film: Film, place: int, chosen: int, *, whole: bool) -> str:
    image = film.after(place)
    operation = film.trace.operations[place - 1] if place else None
    name = chains.spoken(operation) if operation else say("degrade.original")
    size = say("degrade.size", width=image.shape[-1], height=image.shape[-2])
    told = [html.escape(part) for part in (numbers(operation) if operation else [])]
    lost = loss(operation, film.before(place), image) if operation else ""
    picture = shrunk(image) if whole else detail(image, film.middle)
    current = ' aria-current="step"' if place == chosen else ""
    return (
        f'<li><button type="button" data-station="{place}"{current}>'
        f'<img alt="" src="{png(picture)}"><span class="name">'
        f'<span class="place">{place}</span> {html.escape(name)}</span>'
        f'<span class="numbers">{"<br>".join(told) or "&nbsp;"}</span>'
        f'<span class="size">{size}</span><span class="loss">{html.escape(lost) or "&nbsp;"}</span>'
        "</button></li>"
    )


def numbers(operation: Operation) -> list[str]:
    """What was drawn, a line for each value that is not a default.

    >>> from realesr.degradations import Resize
    >>> numbers(Resize(factor=0.25, mode="area"))
    ['factor 0.25', 'mode area']
    """
    lines = []
    for field in fields_of(type(operation)):
        value = getattr(operation, field.name)
        if field.name == "seed" or (not field.required and value == field.default):
            continue
        name = label_of(field.name)
        if isinstance(value, bool):
            lines.append(name if value else say("degrade.not", name=name))
            continue
        plain = isinstance(value, int | float)
        unit = field.span.unit if field.span else ""
        shown = (
            spoken_number(round(value, 3) if isinstance(value, float) else value)
            if plain
            else value
        )
        lines.append(f"{name} {shown} {unit}".rstrip())
    return lines


def loss(operation: Operation, before: Tensor, after: Tensor) -> str:
    """What it cost: pixels, bytes, or how far the picture is from the one before, in decibels."""
    if before.shape != after.shape:
        share = after[0, 0].numel() / before[0, 0].numel()
        return say("degrade.pixels", percent=f"{100 * share:.3g}")
    score = psnr(from_tensor(after, "uint8"), from_tensor(before, "uint8")).value
    if score == float("inf"):
        return say("degrade.same")
    changed = say("degrade.psnr", score=f"{score:.1f}")
    if not isinstance(operation, Jpeg | WebP):
        return changed
    kilobytes, raw = len(_file(operation, before)) / 1000, before.numel() / 1000
    return say("degrade.bytes", now=f"{kilobytes:.3g}", raw=f"{raw:.3g}", changed=changed)


def _file(operation: Any, image: Tensor) -> bytes:
    """The file that the codec would make."""
    kind, flag = (".jpg", cv2.IMWRITE_JPEG_QUALITY)
    if isinstance(operation, WebP):
        kind, flag = ".webp", cv2.IMWRITE_WEBP_QUALITY
    pixels = cv2.cvtColor(from_tensor(image, "uint8"), cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(kind, pixels, [flag, max(1, round(operation.quality))])
    return bytes(data)


def detail(image: Tensor, middle: tuple[float, float]) -> np.ndarray[Any, Any]:
    """A square of the picture around a place, the same share of it at every size."""
    sides = image.shape[-2:]
    side = max(4, round(DETAIL * min(sides)))
    top, left = (
        min(max(0, round(share * long - side / 2)), max(0, long - side))
        for share, long in zip(middle, sides, strict=True)
    )
    return from_tensor(image[..., top : top + side, left : left + side], "uint8")


def shrunk(image: Tensor) -> np.ndarray[Any, Any]:
    """The whole picture, small."""
    pixels = from_tensor(image, "uint8")
    ratio = _SHOWN / max(pixels.shape[:2])
    if ratio >= 1:
        return pixels
    return cv2.resize(pixels, None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)


def png(pixels: np.ndarray[Any, Any]) -> str:
    """The pixels as an address that holds them all."""
    colours = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".png", colours, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return "data:image/png;base64," + base64.b64encode(data).decode()


def sheet(rolls: Sequence[tuple[int, Film]]) -> str:
    """Several draws, each with its picture and its numbers, as buttons that choose one."""
    cells = []
    for seed, film in rolls:
        lines = [
            f"<b>{html.escape(chains.spoken(each))}</b> {html.escape(', '.join(numbers(each)))}"
            for each in film.trace.operations[:-1]
        ]
        lr = shrunk(film.images[-1])
        caption = html.escape(say("degrade.seed_is", seed=seed))
        name = html.escape(say("degrade.take", seed=seed), quote=True)
        cells.append(
            f'<li><button type="button" data-seed="{seed}" aria-label="{name}">'
            f'<img alt="" src="{png(lr)}"><span class="name">{caption}'
            f'</span></button><ol class="drawn"><li>{"</li><li>".join(lines)}</li></ol></li>'
        )
    return f'<ul class="sheet">{"".join(cells)}</ul>'
