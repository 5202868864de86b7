"""One picture against many models: the same input for all, and figures that say what they mean."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lab.pages.compare_settings import CompareSettings, result_name, safe_stem
from lab.pages.degrade_source import Source, Sources
from lab.peak import peak_memory, start_of_peak
from lab.repeats import sha256_of
from lab.settings import UpscaleSettings
from lab.text import say
from lab.workbench import Preview, Step, Tiles, Workbench
from realesr.commands.degrading import as_hr, as_lr
from realesr.degradations import presets
from realesr.images import Picture, from_tensor, read_picture, write_picture
from realesr.quality.metrics import consistency, lpips, lpips_is_here, niqe, psnr, ssim
from realesr.quality.pairs import Score

LARGEST = 1024
"""Longest side of a result: many models shall run while a person waits."""

_MOST_COSTS = 500
_GRID = 24  # of the places: whole pixels of the input at every scale
_NIQE_SIDE = 192  # from here on its statistics mean something


@dataclass(frozen=True)
class Cost:
    """What a run took, where that is known.

    Attributes:
        seconds: In the model, tile by tile.
        memory: Bytes beyond what was there.
    """

    seconds: float | None = None
    memory: int | None = None


@dataclass(frozen=True)
class Contestant:
    """What one model made.

    Attributes:
        name: The model's.
        file: The result, as `realesr upscale` writes it.
        cost: What the run took.
        scores: The figures.
    """

    name: str
    file: Path
    cost: Cost
    scores: tuple[Score, ...]


@dataclass(frozen=True)
class Comparison:
    """A finished comparison.

    Attributes:
        settings: What was asked for.
        input: What every model was given, PNG.
        source: What a person starts from to do the same: the truth, or the input, PNG.
        contestants: In the order of the settings.
        missing: Why a figure is not there; empty where none is missing.
        notice: What a person should know about the picture.
    """

    settings: CompareSettings
    input: Path
    source: Path
    contestants: tuple[Contestant, ...]
    missing: str = ""
    notice: str = ""

    @property
    def truth(self) -> Path | None:
        """The picture before it was degraded."""
        return self.source if self.settings.knows_truth else None

    @property
    def files(self) -> list[Path]:
        """Every file, each once."""
        return list(dict.fromkeys([self.source, self.input, *(c.file for c in self.contestants)]))

    def moved(self, files: list[Path]) -> Comparison:
        """The same with its files elsewhere."""
        place = dict(zip(self.files, files, strict=True))
        contestants = tuple(
            dataclasses.replace(each, file=place[each.file]) for each in self.contestants
        )
        return dataclasses.replace(
            self, input=place[self.input], source=place[self.source], contestants=contestants
        )

    def as_rows(self) -> list[dict[str, Any]]:
        """The figures as plain data."""
        return [
            {
                "model": each.name,
                "file": each.file.name,
                "seconds": each.cost.seconds,
                "memory_bytes": each.cost.memory,
                "scores": {
                    score.name: {
                        "value": score.value, "unit": score.unit, "protocol": score.protocol,
                    }
                    for score in each.scores
                },
            }
            for each in self.contestants
        ]  # fmt: skip


@dataclass(frozen=True)
class Doing:
    """Where a comparison stands: a step of one model's run."""

    name: str
    number: int
    total: int
    step: Step


class Comparer:
    """Makes comparisons.

    Args:
        bench: Runs the models.
        folder: The lab's own.
    """

    def __init__(self, bench: Workbench, folder: Path) -> None:
        self.bench = bench
        self.sources = Sources(folder, bench.read)
        self._costs: dict[tuple[str, str], Cost] = {}

    def source(self, settings: CompareSettings, photo: str | None) -> Source:
        """A visitor's photo, or one of the pictures that come along."""
        return self.sources.own(photo) if photo else self.sources.sample(settings.sample)

    def prepare(
        self, settings: CompareSettings, photo: str | None, folder: Path
    ) -> tuple[Path, Path, str]:
        """Write what all models are given, and what it was made from.

        Returns:
            Input and source, the same file where the picture is taken as it is; and a notice.
        """
        source = self.source(settings, photo)
        stem = safe_stem(source.file.stem)
        picture, notice = source.pixels, source.notice
        if not settings.knows_truth:
            picture, cut = _middle(picture, LARGEST // settings.scale)
            notice = say("compare.cut", side=LARGEST // settings.scale) if cut else notice
            file = write_picture(picture, folder / f"{stem}.png")
            return file, file, notice
        hr, _ = as_hr(picture, settings.scale)
        trace = presets.preset(settings.recipe, settings.scale).sample(settings.seed)
        low = write_picture(as_lr(picture, trace.apply(hr)), folder / f"{stem}_lr.png")
        truth = picture.with_pixels(from_tensor(hr, "uint8"))
        return low, write_picture(truth, folder / f"{stem}.png"), notice

    def compare(
        self, settings: CompareSettings, photo: str | None, folder: Path
    ) -> Generator[Doing, None, Comparison]:
        """Run every model over the same picture, yielding after each tile.

        Args:
            settings: What is compared.
            photo: An uploaded file; None takes a picture that comes along.
            folder: Where the files are written.
        """
        settings.check(self.bench)
        low, source, notice = self.prepare(settings, photo, folder)
        truth = read_picture(source) if settings.knows_truth else None
        given = read_picture(low)
        contestants = []
        for number, name in enumerate(settings.names, 1):
            steps = self._run(low, name, settings, folder)
            while True:
                try:
                    yield Doing(name, number, len(settings.names), next(steps))
                except StopIteration as end:
                    file, cost = end.value
                    break
            made = read_picture(file)
            with self.bench.one_tile():
                scores = judge(made, given, truth, settings.scale)
            contestants.append(Contestant(name, file, cost, scores))
        missing = ""
        if truth is not None and not lpips_is_here():
            missing = say("compare.no_lpips")
        elif truth is None and min(given.height, given.width) * settings.scale < _NIQE_SIDE:
            missing = say("compare.no_niqe", side=_NIQE_SIDE)
        return Comparison(settings, low, source, tuple(contestants), missing, notice)

    def _run(
        self, low: Path, name: str, settings: CompareSettings, folder: Path
    ) -> Generator[Step, None, tuple[Path, Cost]]:
        place = folder / f"run-{safe_stem(name)}"
        place.mkdir()
        asked = UpscaleSettings(model=name, scale=settings.scale)
        key = (name, sha256_of(low))
        fresh = not self.bench.is_known(low, asked)
        cost = Cost() if fresh else self._costs.get(key, Cost())
        steps = self.bench.upscale(low, asked, place)
        before = start_of_peak() if fresh else None
        while True:
            started = time.perf_counter()
            try:
                step = next(steps)
            except StopIteration as end:
                made = end.value.file
                break
            if isinstance(step, Preview):
                cost = Cost()  # what follows is the whole picture
            elif isinstance(step, Tiles) and step.done:
                cost = Cost((cost.seconds or 0) + time.perf_counter() - started)
            yield step
        if before is not None and (peak := peak_memory()) is not None:
            cost = Cost(cost.seconds, max(peak - before, 0))
        self._costs[key] = cost
        if len(self._costs) > _MOST_COSTS:
            self._costs.pop(next(iter(self._costs)))
        return made.rename(folder / result_name(low.name, name)), cost


def judge(made: Picture, given: Picture, truth: Picture | None, scale: int) -> tuple[Score, ...]:
    """The figures that can be had: against the truth, or without it."""
    pixels = made.pixels[..., :3] if made.pixels.ndim == 3 and made.has_alpha else made.pixels
    if truth is not None:
        true = truth.pixels
        scores = [psnr(pixels, true, border=scale), ssim(pixels, true, border=scale)]
        if lpips_is_here():
            scores.append(lpips(pixels, true))
        return tuple(scores)
    low = given.pixels[..., :3] if given.pixels.ndim == 3 and given.has_alpha else given.pixels
    scores = [consistency(pixels, low)]
    if min(pixels.shape[:2]) >= _NIQE_SIDE:
        scores.insert(0, niqe(pixels))
    return tuple(scores)


def best_of(comparison: Comparison) -> dict[str, str]:
    """For each figure, the model that has the best one."""
    best = {}
    for place, score in enumerate(comparison.contestants[0].scores):
        low_is_good = score.name in ("LPIPS", "NIQE")
        values = {each.name: each.scores[place].value for each in comparison.contestants}
        best[score.name] = (min if low_is_good else max)(values, key=lambda name: values[name])
    return best


def telling_places(
    pictures: list[np.ndarray], count: int = 3, side: int = 64
) -> list[tuple[int, int]]:
    """Where the pictures differ most: upper left corners of squares that do not overlap.

    They lie on whole pixels of the input.

    Args:
        pictures: All of one size, H x W or H x W x C.
        count: At most so many places.
        side: Of the squares; smaller pictures give one place.
    """
    import cv2

    planes = np.stack([_gray(each) for each in pictures])
    spread = planes.std(axis=0) if len(planes) > 1 else np.abs(planes[0] - planes[0].mean())
    height, width = spread.shape
    side = min(side, height, width)
    means = cv2.boxFilter(spread, -1, (side, side), borderType=cv2.BORDER_CONSTANT)
    half = side // 2
    means = means[half : height - side + half + 1, half : width - side + half + 1]
    means = means[::_GRID, ::_GRID].copy()
    places, apart = [], -(-side // _GRID)
    for _ in range(count):
        row, column = (int(each) for each in np.unravel_index(means.argmax(), means.shape))
        if means[row, column] < 0:
            break
        places.append((row * _GRID, column * _GRID))
        rows = slice(max(0, row - apart + 1), row + apart)
        means[rows, max(0, column - apart + 1) : column + apart] = -1
    return places


def _gray(pixels: np.ndarray) -> np.ndarray:
    plane = pixels.astype(np.float32)
    return plane if plane.ndim == 2 else plane[..., :3].mean(axis=2)


def _middle(picture: Picture, side: int) -> tuple[Picture, bool]:
    height, width = picture.pixels.shape[:2]
    if max(height, width) <= side:
        return picture, False
    down, across = min(height, side), min(width, side)
    top, left = (height - down) // 2, (width - across) // 2
    cut = picture.pixels[top : top + down, left : left + across].copy()
    return picture.with_pixels(cut), True
