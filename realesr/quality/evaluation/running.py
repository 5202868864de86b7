"""The measuring itself: every picture degraded once, every model run on it, every figure taken."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from realesr.errors import ModelError, NetworkError, ParameterError, PictureError, RealesrError
from realesr.images import from_tensor, to_tensor
from realesr.inference.upscaler import Upscaler
from realesr.models.loading import LoadedModel, load_model
from realesr.quality.bench import median_seconds
from realesr.quality.evaluation.measures import Case, Pixels, chosen, usual
from realesr.quality.evaluation.results import Evaluation, Refused, Row, Subject, Worst
from realesr.randomness import derive

if TYPE_CHECKING:
    from realesr.degradations import Recipe

Model = str | Path | LoadedModel
SPEED_SIDE = 256
SQUARE = 96


class Pictures(Protocol):
    """High-resolution pictures by number, such as ``realesr.train.sources.open_source`` gives."""

    def __len__(self) -> int:
        """How many there are."""

    def name(self, index: int) -> str:
        """What to call this one."""

    def read(self, index: int) -> Pixels:
        """The picture: H x W x 3, RGB, uint8 or uint16."""


def evaluate(
    models: Sequence[Model],
    pictures: Mapping[str, Pictures],
    recipes: Sequence[Recipe],
    *,
    measures: Sequence[str] | None = None,
    seed: int = 0,
    count: int | None = None,
    crop: int | None = None,
    precision: str = "fp32",
    device: str = "auto",
    speed: bool = True,
    worst: int = 2,
    progress: Callable[[int, int, str], None] | None = None,
) -> Evaluation:
    """Judge models on pictures whose truth is known, every model on the very same inputs.

    A model that cannot be loaded, and a picture that cannot be read, is left out and told; the
    others are measured. Ctrl-C ends after what is whole.

    Args:
        models: Names, files, or loaded models.
        pictures: Data sets by name; ``realesr.train.sources.open_source`` opens them.
        recipes: What the pictures are degraded by; each says its scale.
        measures: Names of ``measures.MEASURES``; None for PSNR, SSIM, LPIPS where its weights are
            here, and consistency.
        seed: Each picture's degradation follows from it and the picture's name alone.
        count: At most so many pictures of each data set, evenly chosen.
        crop: Only the middle of each picture, at most so many pixels wide and high.
        precision: Number type that results are computed in.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        speed: Measure each model's time on 256x256 pixels too, with default settings.
        worst: Places to keep for each model, of those where it failed most.
        progress: Called with results done, results in all, and what is next.

    Raises:
        ParameterError: E001 for an unknown measure, E007 without models, pictures or recipes.
    """
    if not (models and pictures and recipes):
        raise ParameterError(
            "E007", "there is nothing to evaluate.", "Name a model, pictures and a recipe."
        )
    found = Evaluation([], chosen(usual() if measures is None else measures), seed, precision)
    run = _Run(found, device, worst, progress)
    try:
        run.open(models)
        run.go(pictures, recipes, count, crop)
        if speed:
            run.time()
    except KeyboardInterrupt:
        found.stopped = f"Stopped after {len(found.rows)} results; the table has what was done."
    return found


class _Run:
    """One evaluation while it goes on."""

    def __init__(
        self,
        found: Evaluation,
        device: str,
        worst: int,
        progress: Callable[[int, int, str], None] | None,
    ) -> None:
        self.found, self.device, self.worst = found, device, worst
        self.progress = progress or (lambda done, total, what: None)
        self.loaded: dict[str, LoadedModel] = {}

    def open(self, models: Sequence[Model]) -> None:
        """Load every model once; those with the same name are told apart by what was typed."""
        for model in models:
            try:
                loaded = (
                    model if isinstance(model, LoadedModel) else load_model(model, device="cpu")
                )
                Upscaler(loaded, device=self.device)
            except (ModelError, NetworkError) as error:
                self.found.refused.append(Refused(str(model), error))
                continue
            name = loaded.spec.name
            if name in self.loaded:
                name = name if isinstance(model, LoadedModel) else str(model)
                name = name if name not in self.loaded else f"{name} ({len(self.loaded) + 1})"
            self.loaded[name] = loaded
            numbers = sum(each.numel() for each in loaded.network.parameters())
            self.found.subjects.append(Subject(name, loaded.spec, numbers))

    def go(
        self,
        pictures: Mapping[str, Pictures],
        recipes: Sequence[Recipe],
        count: int | None,
        crop: int | None,
    ) -> None:
        """Run every model over every picture of every data set."""
        plan = [
            (dataset, source, index, recipe)
            for (dataset, source), recipe in itertools.product(pictures.items(), recipes)
            for index in spread(len(source), count)
        ]
        total = len(plan) * len(self.loaded)
        upscalers: dict[tuple[str, int], Upscaler] = {}
        for number, (dataset, source, index, recipe) in enumerate(plan):
            try:
                case = make_case(dataset, source, index, recipe, self.found.seed, crop)
            except RealesrError as error:
                name = f"{dataset}/{source.name(index)}"
                self.found.refused.append(Refused(name, error))
                continue
            rows = []
            for place, (name, loaded) in enumerate(self.loaded.items()):
                self.progress(number * len(self.loaded) + place, total, f"{name}: {case.picture}")
                key = name, recipe.scale
                if key not in upscalers:
                    upscalers[key] = Upscaler(
                        loaded,
                        scale=recipe.scale,
                        precision=self.found.precision,
                        device=self.device,
                    )
                rows.append(self._row(name, upscalers[key], case))
            # Only whole pictures: means of models must be over the same ones.
            self.found.rows += rows

    def _row(self, name: str, upscaler: Upscaler, case: Case) -> Row:
        started = time.perf_counter()
        result = upscaler(case.low)
        seconds = time.perf_counter() - started
        scores = {}
        for measure in self.found.measures:
            if measure.fits(case):
                score = measure.score(result, case)
                scores[measure.name] = score.value
                self._note(measure.name, score.protocol)
        self._keep_worst(name, case, result)
        height, width = case.truth.shape[:2]
        return Row(
            case.dataset, case.recipe, case.picture, case.trace.seed, width, height, name, seconds,
            scores,
        )  # fmt: skip

    def _note(self, measure: str, protocol: str) -> None:
        known = self.found.protocols.setdefault(measure, protocol)
        if protocol not in known.split("; or "):
            self.found.protocols[measure] = f"{known}; or {protocol}"

    def _keep_worst(self, name: str, case: Case, result: Pixels) -> None:
        if not self.worst:
            return
        kept = [each for each in self.found.worst if each.model == name]
        others = [each for each in self.found.worst if each.model != name]
        kept = sorted([*kept, worst_place(name, case, result)], key=lambda each: each.psnr)
        self.found.worst = others + kept[: self.worst]

    def time(self) -> None:
        """The median seconds of each model on 256 x 256 pixels, as a person would run it."""
        pixels = np.random.default_rng(0).integers(0, 256, (SPEED_SIDE, SPEED_SIDE, 3), np.uint8)
        timed = []
        for subject in self.found.subjects:
            total = len(self.found.rows)
            self.progress(total, total, f"{subject.name}: speed")
            upscaler = Upscaler(self.loaded[subject.name], device=self.device)
            seconds = median_seconds(lambda run=upscaler: run(pixels), 3)  # type: ignore[misc]
            timed.append(Subject(subject.name, subject.spec, subject.parameters, 1000 * seconds))
        self.found.subjects[:] = timed


def make_case(
    dataset: str, source: Pictures, index: int, recipe: Recipe, seed: int, crop: int | None
) -> Case:
    """Read a picture, cut it to a multiple of the scale and degrade it.

    Raises:
        PictureError: E1xx when it cannot be read, E003 when it is too small.
    """
    name, truth, scale = source.name(index), source.read(index), recipe.scale
    rows, columns = (_middle(side, crop, scale) for side in truth.shape[:2])
    truth = np.ascontiguousarray(truth[rows, columns])
    if min(truth.shape[:2]) < 4 * scale:
        raise PictureError(
            "E003", f"{name} is too small to be shrunk {scale} times.", "Leave it out."
        )
    # 53 bits: JavaScript, which reads traces in the lab, has no larger whole numbers.
    trace = recipe.sample(derive(seed, "evaluation", name) >> 10)
    low = from_tensor(trace.apply(to_tensor(truth)), "uint8")
    return Case(dataset, recipe.name, name, truth, low, trace)


def worst_place(name: str, case: Case, result: Pixels) -> Worst:
    """The square of a picture where the result is furthest from the truth."""
    scale = case.trace.scale
    step = max(1, SQUARE // scale) * scale // 2
    truth, made = (_levels(each) for each in (case.truth, result))
    error = ((made - truth) ** 2).mean(axis=2)
    summed = np.pad(error.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    height, width = (min(2 * step, side) for side in error.shape)
    tops = np.arange(0, error.shape[0] - height + 1, scale)
    lefts = np.arange(0, error.shape[1] - width + 1, scale)
    totals = (
        summed[tops[:, None] + height, lefts + width]
        - summed[tops[:, None], lefts + width]
        - summed[tops[:, None] + height, lefts]
        + summed[tops[:, None], lefts]
    )
    row, column = np.unravel_index(totals.argmax(), totals.shape)
    top, left = int(tops[row]), int(lefts[column])
    mean = max(float(totals[row, column]) / (height * width), 1e-9)
    part = slice(top, top + height), slice(left, left + width)
    small = tuple(slice(each.start // scale, -(-each.stop // scale)) for each in part)
    return Worst(
        case.dataset, case.recipe, case.picture, name, left, top,
        float(10 * np.log10(255**2 / mean)),
        case.low[small].copy(), _bytes(result[part]), _bytes(case.truth[part]),
    )  # fmt: skip


def spread(length: int, count: int | None) -> list[int]:
    """Places evenly over a list, the first among them.

    >>> spread(10, 4), spread(2, None)
    ([0, 2, 5, 7], [0, 1])
    """
    count = length if count is None else min(length, count)
    return [place * length // count for place in range(count)]


def _middle(side: int, crop: int | None, scale: int) -> slice:
    kept = min(side, crop or side) // scale * scale
    start = (side - kept) // 2 if crop else 0
    return slice(start, start + kept)


def _levels(pixels: Pixels) -> np.ndarray:
    return pixels.astype(np.float64) * (255 / np.iinfo(pixels.dtype).max)


def _bytes(pixels: Pixels) -> np.ndarray:
    return _levels(pixels).round().astype(np.uint8)


def data_set_names(texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each source as it was typed, with a short name; two of one name keep their whole text.

    >>> list(data_set_names(["photos/Set5", "samples:coffee"]))
    [('photos/Set5', 'Set5'), ('samples:coffee', 'samples:coffee')]
    """
    short = [text if re.match(r"samples|hf://", text) else Path(text).name for text in texts]
    for text, name in zip(texts, short, strict=True):
        yield text, name if short.count(name) == 1 and name else text
