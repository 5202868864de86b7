"""What a run will take before it starts: tiles, seconds, and whether the result has room."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lab.settings import UpscaleSettings
from lab.shelf import Shelf
from lab.text import duration, say
from realesr.errors import PictureError
from realesr.models.catalogue import ModelSpec

if TYPE_CHECKING:
    from realesr.inference.auto_plan import Plan
    from realesr.inference.upscaler import Upscaler

_LEAST_SIDE, _MOST_SIDE = 48, 256


class Speeds:
    """How long each model takes for a pixel on this machine.

    Args:
        shelf: Knows the models' sizes: who was not measured is judged by who was.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._known: dict[str, float] = {}

    def note(self, name: str, seconds_a_pixel: float, *, best: bool = False) -> None:
        """Keep what was measured; the least of several where ``best``."""
        before = self._known.get(name, seconds_a_pixel)
        self._known[name] = min(before, seconds_a_pixel) if best else seconds_a_pixel

    def measured(self, name: str) -> float | None:
        """Seconds a pixel of the input, where the model has run here."""
        return self._known.get(name)

    def learn(
        self, settings: UpscaleSettings, height: int, width: int, plan: Plan | None, seconds: float
    ) -> None:
        """Keep what a run took."""
        name, pixels = self._work(settings, height, width, plan)
        if pixels:
            self.note(name, seconds / pixels)

    def expected(
        self, settings: UpscaleSettings, height: int, width: int, plan: Plan | None = None
    ) -> float | None:
        """Seconds a run will take: from this model's speed, else from another's and their sizes."""
        name, pixels = self._work(settings, height, width, plan)
        speed = self._speed(name)
        return None if speed is None else pixels * speed

    def side_within(
        self, settings: UpscaleSettings, seconds: float, plan: Plan | None = None
    ) -> int:
        """The side of a square that is made within so many seconds, 48 to 256."""
        name, pixels = self._work(settings, 100, 100, plan)
        speed = self._speed(name)
        if speed is None:
            return _LEAST_SIDE
        fits = math.sqrt(seconds / max(pixels / 100**2 * speed, 1e-12))
        return int(min(max(fits, _LEAST_SIDE), _MOST_SIDE))

    def _speed(self, name: str) -> float | None:
        if name in self._known:
            return self._known[name]
        spec = self._shelf.spec(name)
        if spec is None or not self._known:
            return None
        if spec.architecture == "resampler":
            return 0.0
        measured = next(iter(self._known))
        other = self._shelf.spec(measured)
        if other is None or not _cost(spec) or not _cost(other):
            return None
        return self._known[measured] * _cost(spec) / _cost(other)

    def _work(
        self, settings: UpscaleSettings, height: int, width: int, plan: Plan | None
    ) -> tuple[str, float]:
        """Which model meets how many pixels; a plan that is held to the plain run costs both."""
        name = plan.model if plan else settings.model
        shrink = plan.shrink if plan else settings.shrink
        spec = self._shelf.spec(name)
        if spec is None:
            return name, float(height * width)
        if shrink > 1:
            pixels = height * width / shrink**2
        else:
            pixels = float(pixels_worked(spec, _factor(settings, height, width), height, width))
        if plan is not None and plan.consistent == "plain":
            pixels += height * width
        return name, pixels


def plan_sentence(
    shelf: Shelf,
    speeds: Speeds,
    settings: UpscaleSettings,
    height: int,
    width: int,
    plan: Plan | None = None,
) -> str:
    """Size, tiles and time in one line."""
    new_height, new_width = settings.enlargement.output_size(height, width)
    size = say(
        "plan.size",
        width=f"{width:,}",
        height=f"{height:,}",
        new_width=f"{new_width:,}",
        new_height=f"{new_height:,}",
    )
    seconds = speeds.expected(settings, height, width, plan)
    when = say("plan.no_time") if seconds is None else say("plan.time", time=duration(seconds))
    return " · ".join([size, *_pieces(shelf, settings, height, width, plan), when])


def _pieces(
    shelf: Shelf, settings: UpscaleSettings, height: int, width: int, plan: Plan | None
) -> list[str]:
    """How the work is divided, or that the model must come first."""
    from realesr.inference.upscaler import Upscaler

    name, shrink = (plan.model, plan.shrink) if plan else (settings.model, settings.shrink)
    model = shelf.loaded(name)
    if model is None:
        return [say("plan.download")] if shelf.is_away(name) else []
    if shrink > 1:
        return [say("plan.shrunk", factor=f"{shrink:.2g}")]
    wanted = settings.enlargement
    upscaler = Upscaler(model, scale=wanted.scale)
    count = count_tiles(upscaler, height, width, wanted.output_size(height, width))
    return [say("plan.one_tile") if count == 1 else say("plan.tiles", count=count)]


def count_tiles(upscaler: Upscaler, height: int, width: int, size: tuple[int, int]) -> int:
    """Tiles in all passes over a picture on its way to a height and width."""
    own = upscaler.spec.scale
    factor = max(size[0] / height, size[1] / width)
    return sum(
        len(upscaler.plan(height * own**number, width * own**number))
        for number in range(upscaler.passes(factor))
    )


def refuse_too_large(settings: UpscaleSettings, height: int, width: int, most: int) -> None:
    """Refuse a result that has no room here, or would have to grow or shrink too far.

    Raises:
        PictureError: E107.
    """
    wanted = settings.enlargement
    wanted.check(height, width, say("shown.input"))
    new_height, new_width = wanted.output_size(height, width)
    if new_height * new_width <= most:
        return
    cause = say(
        "error.too_large",
        new_width=f"{new_width:,}",
        new_height=f"{new_height:,}",
        megapixels=round(new_height * new_width / 1e6),
        limit=most // 10**6,
    )
    raise PictureError("E107", cause, say("error.too_large_next"))


def pixels_worked(spec: ModelSpec, factor: float, height: int, width: int) -> int:
    """Pixels the network meets on the way to a factor, in all its passes.

    >>> bundled = next(spec for spec in known_models() if spec.name == DEFAULT_MODEL)
    >>> pixels_worked(bundled, 4, 10, 10), pixels_worked(bundled, 8, 10, 10)
    (100, 1700)
    """
    passes = math.ceil(math.log(factor, spec.scale) - 1e-9) if spec.scale > 1 else 1
    return sum(height * width * spec.scale ** (2 * number) for number in range(max(passes, 1)))


def _factor(settings: UpscaleSettings, height: int, width: int) -> float:
    new_height, new_width = settings.enlargement.output_size(height, width)
    return max(new_height / height, new_width / width)


def _cost(spec: ModelSpec) -> float:
    """Work per input pixel, in arbitrary units: every weight meets every pixel once."""
    return (spec.size or 0) / spec.multiple_of**2
