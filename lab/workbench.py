"""Where the lab's work is done: one tile at a time, exactly as the command line does it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Generator
from concurrent.futures import Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lab.shelf import Loading, Shelf
from lab.text import duration, say
from realesr.errors import Notice, ParameterError, PictureError
from realesr.gate import WEB, Limits
from realesr.images.apart import Apart
from realesr.models.catalogue import DEFAULT_MODEL, ModelSpec, known_models

if TYPE_CHECKING:
    from realesr.images import Picture
    from realesr.inference.upscaler import Upscaler
    from realesr.models.loading import LoadedModel

SCALES = (2, 3, 4, 8)
_WARM_UP_SIDE = 256


@dataclass(frozen=True)
class Tiles:
    """Tiles done, of all, and the seconds the rest will take, where that is known."""

    done: int
    total: int
    seconds_left: float | None


@dataclass(frozen=True)
class Saving:
    """The last step: the result is being written."""


@dataclass(frozen=True)
class Result:
    """A finished run: two PNG files of one scene, and what a person should know about them."""

    before: Path
    after: Path
    seconds: float
    notices: tuple[Notice, ...]


Step = Loading | Tiles | Saving


class Workbench:
    """Runs models for the pages.

    Gradio frees its queue the moment a person cancels, while the tile in hand still runs; a lock
    around each tile keeps the next job from running beside it.

    Args:
        public: Whether strangers use it: bundled models and smaller pictures only.
    """

    def __init__(self, *, public: bool = False) -> None:
        self.public = public
        self.shelf = Shelf(public=public)
        self.limits = WEB if public else Limits(max_pixels=64_000_000)
        self._reader = Apart(limits=self.limits, seconds=10 if public else 60)
        self.most_output_pixels = 16_000_000 if public else 120_000_000
        self._speeds: dict[str, float] = {}
        self._tile = threading.Lock()
        self._warm: Future[LoadedModel] | None = None

    def warm_up(self) -> Future[LoadedModel]:
        """In the background, load the default model and measure it: the first click is quick then.

        The first pass after a start is slower than all later ones, so the best of three counts.
        """
        self._warm = self.shelf.submit(self._warm_up)
        return self._warm

    def wait_until_warm(self, seconds: float) -> None:
        """Give the warm-up, if one is under way, some time to end."""
        if self._warm is not None:
            wait([self._warm], timeout=seconds)

    def _warm_up(self) -> LoadedModel:
        import numpy as np

        model = self.shelf.load(DEFAULT_MODEL)
        upscaler = _upscaler(model, model.spec.scale)
        plain = np.zeros((_WARM_UP_SIDE, _WARM_UP_SIDE, 3), np.uint8)
        for _ in range(3):
            started = time.perf_counter()
            with self._tile:
                upscaler(plain)
            speed = (time.perf_counter() - started) / plain[..., 0].size
            self._speeds[DEFAULT_MODEL] = min(speed, self._speeds.get(DEFAULT_MODEL, speed))
        return model

    def list_models(self) -> list[dict[str, object]]:
        """What is known of each model on offer."""
        known = {spec.name: spec.as_dict() for spec in known_models()}
        return [known.get(offer.name, {"name": offer.name}) for offer in self.shelf.offers()]

    def read(self, path: Path) -> Picture:
        """Read a photo through the gate, in a process of its own.

        Raises:
            PictureError: When it is no picture, damaged, too large, or takes too long.
        """
        return self._reader.read(path)

    def plan(self, name: str, scale: int, height: int, width: int) -> str:
        """One line on what a run over a picture of that size will take.

        Raises:
            ModelError: E208 for a model that is not on offer.
            ParameterError: E001 for a scale that is not.
            PictureError: E107 when the result would be too large.
        """
        self._check(name, scale, height, width)
        size = say(
            "plan.size",
            width=f"{width:,}",
            height=f"{height:,}",
            new_width=f"{width * scale:,}",
            new_height=f"{height * scale:,}",
        )
        seconds = self._expected(name, scale, height, width)
        unknown = say("plan.no_time")
        when = unknown if seconds is None else say("plan.time", time=duration(seconds))
        return " · ".join([size, *self._pieces(name, scale, height, width), when])

    def _check(self, name: str, scale: int, height: int, width: int) -> None:
        self.shelf.check(name)
        if scale not in SCALES:
            raise ParameterError("E001", say("error.scale", scale=scale), say("error.scale_next"))
        pixels = height * width * scale**2
        if pixels > self.most_output_pixels:
            cause = say(
                "error.too_large",
                scale=scale,
                width=width,
                height=height,
                megapixels=round(pixels / 1e6),
                limit=self.most_output_pixels // 10**6,
            )
            raise PictureError("E107", cause, say("error.too_large_next"))

    def _pieces(self, name: str, scale: int, height: int, width: int) -> list[str]:
        """How the work is divided, or that the model must come first."""
        model = self.shelf.loaded(name)
        if model is None:
            return [say("plan.download")] if self.shelf.is_away(name) else []
        count = _count_tiles(_upscaler(model, scale), height, width)
        return [say("plan.one_tile") if count == 1 else say("plan.tiles", count=count)]

    def _expected(self, name: str, scale: int, height: int, width: int) -> float | None:
        """Seconds a run will take: from this model's speed, else from another's and their sizes."""
        spec = self.shelf.spec(name)
        if spec is None or not self._speeds:
            return None
        pixels = _pixels_worked(spec, scale, height, width)
        if name in self._speeds:
            return pixels * self._speeds[name]
        measured = next(iter(self._speeds))
        other = self.shelf.spec(measured)
        if spec.architecture == "resampler":
            return 0.0
        if other is None or not spec.size or not other.size:
            return None
        return pixels * self._speeds[measured] * _cost(spec) / _cost(other)

    def upscale(
        self, photo: Path, name: str, scale: int, folder: Path
    ) -> Generator[Step, None, Result]:
        """Enlarge a photo, yielding after each tile.

        Args:
            photo: The file as it was uploaded.
            name: A model on offer.
            scale: One of ``SCALES``.
            folder: Where ``NAME.png`` and ``NAME_xSCALE.png`` are written.
        """
        from realesr.images import write_picture

        picture = self.read(photo)
        height, width = picture.pixels.shape[:2]
        self._check(name, scale, height, width)
        model = yield from self.shelf.fetch(name)
        started = time.perf_counter()
        larger = yield from self._run(_upscaler(model, scale), picture)
        pixels = _pixels_worked(model.spec, scale, height, width)
        self._speeds[name] = (time.perf_counter() - started) / pixels
        yield Saving()
        after = folder / f"{photo.stem}_x{scale}.png"
        write_picture(larger, after)
        before = folder / f"{photo.stem}.png"
        write_picture(picture, before)
        seconds = time.perf_counter() - started
        return Result(before, after, seconds, picture.notices)

    def _run(self, upscaler: Upscaler, picture: Picture) -> Generator[Tiles, None, Picture]:
        from realesr.inference.batch import upscale_picture

        height, width = picture.pixels.shape[:2]
        total = _count_tiles(upscaler, height, width)
        left = self._expected(upscaler.spec.name, int(upscaler.scale), height, width)
        yield Tiles(0, total, left)
        steps = upscale_picture(upscaler, picture)
        started = time.perf_counter()
        while True:
            try:
                with self._tile:
                    step = next(steps)
            except StopIteration as end:
                larger: Picture = end.value
                return larger
            left = (time.perf_counter() - started) / step.done * (step.total - step.done)
            yield Tiles(step.done, step.total, left)


def _upscaler(model: LoadedModel, scale: int) -> Upscaler:
    from realesr.inference.upscaler import Upscaler

    return Upscaler(model, scale=scale)


def _count_tiles(upscaler: Upscaler, height: int, width: int) -> int:
    """Tiles in all passes over a picture."""
    own = upscaler.spec.scale
    return sum(
        len(upscaler.plan(height * own**number, width * own**number))
        for number in range(upscaler.passes())
    )


def _pixels_worked(spec: ModelSpec, scale: int, height: int, width: int) -> int:
    """Pixels the network meets on the way to a scale, in all its passes.

    >>> bundled = next(spec for spec in known_models() if spec.name == "lab-x4")
    >>> _pixels_worked(bundled, 4, 10, 10), _pixels_worked(bundled, 8, 10, 10)
    (100, 1700)
    """
    passes = math.ceil(math.log(scale, spec.scale) - 1e-9) if spec.scale > 1 else 1
    return sum(height * width * spec.scale ** (2 * number) for number in range(max(passes, 1)))


def _cost(spec: ModelSpec) -> float:
    """Work per input pixel, in arbitrary units: every weight meets every pixel once."""
    return (spec.size or 0) / spec.multiple_of**2
