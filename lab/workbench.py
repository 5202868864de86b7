"""Where the lab's work is done: one tile at a time, exactly as the command line does it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from lab.examining import Examined, Examiner
from lab.honest import Maps
from lab.keeping import OWN_SECONDS, PUBLIC_SECONDS
from lab.line import Line
from lab.orders import Order, crop_of
from lab.planning import Speeds, count_tiles, plan_sentence, refuse_too_large
from lab.repeats import Repeats
from lab.results import write_result
from lab.settings import UpscaleSettings
from lab.shelf import Loading, Shelf
from lab.tasks import Doubt, Task, worker
from lab.zero import is_lent
from realesr.errors import Notice
from realesr.gate import WEB, Limits, inspect_header
from realesr.images.apart import Apart

if TYPE_CHECKING:
    from realesr.images import Picture
    from realesr.inference.auto_plan import Plan
    from realesr.inference.upscaler import Progress
    from realesr.models.loading import LoadedModel

Made = TypeVar("Made")

_WARM_UP_SIDE = 256
_FILES = ("before", "after", "file", "notices")
_ANY = Limits(2**62, 2**62)  # what was made here was judged before
_AT_ONCE = 3.0  # seconds a person waits without seeing anything


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
class Preview:
    """A part of the picture, before and after, while the whole is on its way: two PNG files."""

    before: Path
    after: Path


@dataclass(frozen=True)
class Result:
    """A finished run.

    Attributes:
        before: The photo as PNG, to be shown.
        after: The result as PNG, to be shown.
        file: The result as a person takes it home.
        seconds: What it took.
        notices: What a person should know about it.
        settings: What was asked for.
        plan: What was done where something was left to ``auto``; else None.
    """

    before: Path
    after: Path
    file: Path
    seconds: float
    notices: tuple[Notice, ...]
    settings: UpscaleSettings
    plan: Plan | None = None

    @property
    def files(self) -> list[Path]:
        """Before, after, and the one to take home."""
        return [self.before, self.after, self.file]

    def moved(self, files: Sequence[Path]) -> Result:
        """The same with its files elsewhere."""
        before, after, file = files
        return replace(self, before=before, after=after, file=file)


Step = Loading | Tiles | Preview | Saving


class Workbench:
    """Runs models for the pages.

    Gradio frees its queue the moment a person cancels, while the tile in hand still runs; a lock
    around each tile keeps the next job from running beside it.

    Args:
        public: Whether strangers use it: bundled models and smaller pictures only.
        clock: What the time is, in seconds since 1970.
    """

    def __init__(self, *, public: bool = False, clock: Callable[[], float] = time.time) -> None:
        self.public = public
        self.shelf = Shelf(public=public)
        self.line = Line()
        self.repeats = Repeats[Result](PUBLIC_SECONDS if public else OWN_SECONDS, clock=clock)
        self.limits = WEB if public else Limits(max_pixels=64_000_000)
        self._reader = Apart(limits=self.limits, seconds=10 if public else 60)
        self.most_output_pixels = 16_000_000 if public else 120_000_000
        self.speeds = Speeds(self.shelf)
        self._examiner = Examiner(self._reader)
        self._tile = threading.Lock()
        self._work = worker(self.shelf.load)
        self._warm: Future[LoadedModel] | None = None

    def warm_up(self) -> Future[LoadedModel]:
        """In the background, load the first model and measure it: the first click is quick then.

        The first pass after a start is slower than all later ones, so the best of three counts.
        """
        first = self.shelf.first  # a lent GPU is not for measuring
        warm = self.shelf.load if is_lent() else self.measure
        self._warm = self.shelf.submit(lambda: warm(first))
        return self._warm

    def wait_until_warm(self, seconds: float) -> None:
        """Give the warm-up, if one is under way, some time to end."""
        if self._warm is not None:
            wait([self._warm], timeout=seconds)

    def measure(self, name: str, side: int = _WARM_UP_SIDE) -> LoadedModel:
        """Load a model and find out how quick it is here."""
        import numpy as np

        from realesr.inference.upscaler import Upscaler

        model = self.shelf.load(name)
        upscaler = Upscaler(model)
        plain = np.zeros((side, side, 3), np.uint8)
        for _ in range(3):
            started = time.perf_counter()
            with self.one_tile():
                upscaler(plain)
            self.speeds.note(name, (time.perf_counter() - started) / side**2, best=True)
        return model

    def list_models(self) -> list[dict[str, object]]:
        """What is known of each model on offer."""
        return [self.shelf.facts(offer.name) for offer in self.shelf.offers()]

    def decide(self, photo: Path, settings: UpscaleSettings) -> Plan:
        """What is done to a photo where something is left to ``auto``.

        Raises:
            PictureError: As ``read``.
            ModelError: E208 for a model that is not on offer.
        """
        self.shelf.check(settings.model)
        return Order(settings, self.shelf.load).plan(self.examine(photo).checkup)

    def read(self, path: Path) -> Picture:
        """Read a photo through the gate, in a process of its own.

        Raises:
            PictureError: When it is no picture, damaged, too large, or takes too long.
        """
        return self._reader.read(path)

    def examine(self, photo: Path) -> Examined:
        """What is wrong with a photo; once looked at, it is known.

        Raises:
            PictureError: As ``read``.
        """
        return self._examiner.examine(photo)

    def plan(
        self, settings: UpscaleSettings, height: int, width: int, plan: Plan | None = None
    ) -> str:
        """One line on what a run over a picture of that size will take.

        Raises:
            ModelError: E208 for a model that is not on offer.
            PictureError: E107 when the result would be too large.
        """
        self._check(settings, height, width)
        return plan_sentence(self.shelf, self.speeds, settings, height, width, plan)

    def _check(self, settings: UpscaleSettings, height: int, width: int) -> None:
        self.shelf.check(settings.model)
        refuse_too_large(settings, height, width, self.most_output_pixels)

    @contextmanager
    def one_tile(self) -> Iterator[None]:
        """Have the machine for one tile."""
        with self._tile:
            yield

    def upscale(
        self, photo: Path, settings: UpscaleSettings, folder: Path
    ) -> Generator[Step, None, Result]:
        """Enlarge a photo, yielding after each tile; a part of it first where it takes longer.

        Args:
            photo: The file as it was uploaded.
            settings: How.
            folder: Where the pictures are written; the one for home in ``file/``.
        """
        known = self.repeats.find(photo, settings.to_json())
        if known is not None:
            return known.about.moved(known.lay(folder))
        result = yield from self._upscale(photo, settings, folder)
        self.repeats.keep(photo, settings.to_json(), result.files, result)
        return result

    def is_quick(self, photo: Path, settings: UpscaleSettings) -> bool:
        """Whether a run takes a moment only, so that it may go between two tiles of others."""
        header = inspect_header(photo, self.limits)
        seconds = self.speeds.expected(settings, header.height, header.width)
        return seconds is not None and seconds <= _AT_ONCE

    def is_known(self, photo: Path, settings: UpscaleSettings) -> bool:
        """Whether the result is at hand, so that nobody has to wait for it."""
        return self.repeats.find(photo, settings.to_json()) is not None

    def _upscale(
        self, photo: Path, settings: UpscaleSettings, folder: Path
    ) -> Generator[Step, None, Result]:
        picture = self.read(photo)
        height, width = picture.pixels.shape[:2]
        self._check(settings, height, width)
        yield from self.shelf.fetch_all(settings)
        started = time.perf_counter()
        order = Order(settings, self.shelf.load)
        plan = order.plan(self.examine(photo).checkup) if settings.decided else None
        seconds = self.speeds.expected(settings, height, width, plan)
        if not is_lent() and (seconds is None or seconds > _AT_ONCE):
            yield from self._preview(order, picture, plan, folder)
        begun = time.perf_counter()
        size = settings.enlargement.output_size(height, width)
        steps = self._work(Task(settings, plan, picture))
        total = count_tiles(order.upscaler(plan), height, width, size)
        larger = yield from self._stepped(steps, total, seconds)
        self.speeds.learn(settings, height, width, plan, time.perf_counter() - begun)
        yield Saving()
        before, after, file, told = write_result(picture, larger, photo, settings, folder)
        seconds = time.perf_counter() - started
        return Result(before, after, file, seconds, told, settings, plan)

    def make_true(
        self, photo: Path, made: Result, settings: UpscaleSettings, folder: Path
    ) -> Generator[Step, None, Result]:
        """Move a finished result until it is its photo once more when shrunk: one more step."""
        from realesr.quality.backprojection import make_consistent

        started = time.perf_counter()
        picture, larger = self.read(photo), self.read_again(photo, made)
        yield Saving()
        with self.one_tile():
            pixels = make_consistent(larger.pixels, picture.pixels)
        larger = Order(settings, self.shelf.load).stamped(larger.with_pixels(pixels))
        written = write_result(picture, larger, photo, settings, folder)
        seconds = made.seconds + time.perf_counter() - started
        return Result(*written[:3], seconds, written[3], settings)

    def dress(self, photo: Path, made: Result, settings: UpscaleSettings, folder: Path) -> Result:
        """Write a finished result in another format, or with or without its place."""
        written = write_result(
            self.read(photo), self.read_again(photo, made), photo, settings, folder
        )
        return replace(made, **dict(zip(_FILES, written, strict=True)), settings=settings)

    def read_again(self, photo: Path, made: Result) -> Picture:
        """A result from its file, with all that its photo carries."""
        from realesr.images import read_picture

        picture, larger = self.read(photo), read_picture(made.after, limits=_ANY)
        return replace(picture, pixels=larger.pixels, xmp=larger.xmp, notices=made.notices)

    def honesty(self, photo: Path, made: Result, folder: Path) -> Generator[Tiles, None, Maps]:
        """Draw what a result owes to its photo, and what was made up."""
        picture, larger = self.read(photo), self.read_again(photo, made)
        steps = self._work(Doubt(made.settings, made.plan, picture, made=larger, folder=folder))
        return (yield from self._stepped(steps, 1, None))

    def _preview(
        self, order: Order, picture: Picture, plan: Plan | None, folder: Path
    ) -> Generator[Step, None, None]:
        """The middle of the picture, so large that it is made before a person loses patience."""
        from realesr.images import write_picture

        side = self.speeds.side_within(order.settings, _AT_ONCE / 2, plan)
        crop = crop_of(picture.height, picture.width, side)
        if crop is None:
            return
        steps = self._work(Task(order.settings, plan, picture, crop))
        made = yield from self._stepped(steps, 1, None)
        before, after = folder / "part.png", folder / "part_larger.png"
        write_picture(made.before, before)
        write_picture(made.after, after)
        yield Preview(before, after)

    def _stepped(
        self, steps: Generator[Progress, None, Made], total: int, left: float | None
    ) -> Generator[Tiles, None, Made]:
        """Have the machine for one tile after the other."""
        yield Tiles(0, total, left)
        started = time.perf_counter()
        while True:
            try:
                with self.one_tile():
                    step = next(steps)
            except StopIteration as end:
                made: Made = end.value
                return made
            left = (time.perf_counter() - started) / step.done * (step.total - step.done)
            yield Tiles(step.done, step.total, left)
