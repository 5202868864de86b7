"""Many pictures through one model: one is read ahead and one is written behind while one runs.

At most two pictures and two results are in memory at a time, however long the run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from realesr.errors import Notice, PictureError, RealesrError
from realesr.gate import output_format
from realesr.images import Picture, encode_picture, plan_output, write_encoded
from realesr.images.animation import Animation, is_animation, read_animation
from realesr.images.encoding import to_eight_bits
from realesr.images.frames import AnimatedPng, frame_losses
from realesr.images.safefile import make_folder, refuse_overwriting
from realesr.inference.batch import AlphaChoice, Enlarge, Job, Outcome
from realesr.inference.ledger import Ledger
from realesr.inference.reading import Reading
from realesr.inference.sizes import Enlargement

if TYPE_CHECKING:
    import os

    from realesr.inference.upscaler import Progress

DISK_FULL = "E302"


@dataclass(frozen=True, kw_only=True)
class Task:
    """One picture of a run.

    Attributes:
        job: What to read and where to write.
        work: How much there is to do, in pixels the network meets.
        least_bytes: How long its result will be at least.
        replaces: Whether a result that is there may be replaced.
        notices: What is known of it before it is read.
    """

    job: Job
    work: float
    least_bytes: float = 0.0
    replaces: bool = False
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What is made of every picture, besides what the upscaler does.

    Attributes:
        enlargement: How large results shall be.
        reading: How pictures are read.
        quality: 1 to 100, for formats that lose something.
        alpha: What enlarges transparency.
        strip_gps: Leave out where a picture was taken.
        all_frames: Enlarge every frame of an animation, not just the first.
    """

    enlargement: Enlargement
    reading: Reading
    quality: int | None = None
    alpha: AlphaChoice = "model"
    strip_gps: bool = False
    all_frames: bool = False


@dataclass(frozen=True, eq=False)
class _Read:
    """A picture, or an animation, and the state of its file when it was read."""

    content: Picture | Animation
    source: os.stat_result


@dataclass(frozen=True, eq=False)
class _Made:
    """A result, not yet written: a picture, or an animation's packed frames."""

    content: Picture | AnimatedPng
    read: _Read
    started: float

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        if isinstance(self.content, Picture):
            return self.content.height, self.content.width
        return self.content.size


class Pipeline:
    """Reads, enlarges and writes pictures, the three at the same time.

    Args:
        enlarge: Gives what makes pictures larger; called when the first picture is read, so that no
            model is loaded for a bad one.
        wishes: What is made of every picture.
        ledger: Where finished results are written down; None for a single file.
        progress: Called with a task, and how much of it is done, 0 to 1, after each tile.
    """

    def __init__(
        self,
        enlarge: Callable[[], Enlarge],
        wishes: Wishes,
        ledger: Ledger | None = None,
        progress: Callable[[Task, float], None] | None = None,
    ) -> None:
        self._prepare = enlarge
        self._wishes = wishes
        self._ledger = ledger
        self._progress = progress or (lambda task, share: None)

    def run(self, tasks: Sequence[Task], tell: Callable[[Task, Outcome], None]) -> bool:
        """Do the tasks in their order.

        A picture's refusal is an outcome, not an exception. An exception such as Ctrl-C passes
        through after the result that is being written is there and told.

        Args:
            tasks: What to do.
            tell: Called with each task and what became of it.

        Returns:
            Whether all had their turn; a full disk ends the run, since all that follow would fail.
        """
        behind: tuple[Task, Future[Outcome]] | None = None

        def collect() -> bool:
            nonlocal behind
            if behind is None:
                return True
            wait([behind[1]])
            (task, future), behind = behind, None
            outcome = future.result()
            tell(task, outcome)
            return outcome.error is None or outcome.error.code != DISK_FULL

        with ThreadPoolExecutor(1, "reader") as reader, ThreadPoolExecutor(1, "writer") as writer:
            try:
                ahead = [reader.submit(self._read, task) for task in tasks[:1]]
                for number, task in enumerate(tasks, start=1):
                    read = ahead.pop().result()
                    ahead = [reader.submit(self._read, task) for task in tasks[number : number + 1]]
                    made = read if isinstance(read, Outcome) else self._make(task, read)
                    # One result is written at a time, so that no more than two are in memory.
                    if not collect():
                        return False
                    behind = task, writer.submit(self._finish, task, made)
                    # Held here, it would outlive its writing while the next one is made.
                    del read, made
                return collect()
            finally:
                collect()

    def _read(self, task: Task) -> _Read | Outcome:
        path = task.job.source
        try:
            reading, source = self._wishes.reading, path.stat()
            if self._wishes.all_frames and is_animation(reading.header(path)):
                return _Read(read_animation(path, limits=reading.limits), source)
            return _Read(reading.picture(path), source)
        except RealesrError as error:
            return Outcome.refused(task.job, error)
        except OSError as error:
            gone = PictureError("E100", f"{path.name} went away: {error.strerror}.", "Try again.")
            return Outcome.refused(task.job, gone)

    def _make(self, task: Task, read: _Read) -> _Made | Outcome:
        """Run the model, in the thread that Ctrl-C interrupts."""
        started = time.perf_counter()
        enlarge = self._prepare()
        self._progress(task, 0.0)
        content = read.content
        try:
            if isinstance(content, Animation):
                result: Picture | AnimatedPng = self._animate(task, content, enlarge)
            else:
                steps = self._enlarge(enlarge, content)
                result = _exhaust(steps, partial(self._progress, task))
        except RealesrError as error:
            return Outcome.refused(task.job, error)
        return _Made(result, read, started)

    def _enlarge(self, enlarge: Enlarge, picture: Picture) -> Generator[Progress, None, Picture]:
        by_factor = self._wishes.enlargement.scale is not None
        size = (
            None if by_factor else self._wishes.enlargement.output_size(*picture.pixels.shape[:2])
        )
        return enlarge(picture, size=size, alpha=self._wishes.alpha)

    def _animate(self, task: Task, animation: Animation, enlarge: Enlarge) -> AnimatedPng:
        cover = self._dressed(animation.cover)
        total = len(animation.durations)
        frames = AnimatedPng(
            animation.durations, animation.plays, icc=cover.icc, exif=cover.exif, dpi=cover.dpi
        )
        for number, pixels in enumerate(animation.frames()):
            steps = self._enlarge(enlarge, replace(cover, pixels=pixels))
            show = partial(self._show_frame, task, number, total)
            made = _exhaust(steps, show)
            frames.xmp = made.xmp
            frames.add(made.pixels)
        return frames

    def _show_frame(self, task: Task, number: int, total: int, share: float) -> None:
        self._progress(task, (number + share) / total)

    def _dressed(self, picture: Picture) -> Picture:
        return picture.without_gps() if self._wishes.strip_gps else picture

    def _finish(self, task: Task, made: _Made | Outcome) -> Outcome:
        """Encode and write a result, in the writer's thread."""
        if isinstance(made, Outcome):
            return made
        try:
            notices = self._write(task, made)
        except RealesrError as error:
            return Outcome.refused(task.job, error)
        return Outcome(
            task.job.source,
            "done",
            task.job.target,
            notices=(*task.notices, *notices),
            size=made.size,
            seconds=time.perf_counter() - made.started,
        )

    def _write(self, task: Task, made: _Made) -> tuple[Notice, ...]:
        job = task.job
        data, notices = self._encode(job.target, made)
        make_folder(job.target.parent)
        temporary = None
        if self._ledger:
            refuse_overwriting(job.target, force=task.replaces)
            temporary = self._ledger.begin(job, data, made.read.source)
        write_encoded(data, job.target, size=made.size, force=task.replaces, temporary=temporary)
        if self._ledger:
            self._ledger.finish(job)
        return notices

    def _encode(self, target: Path, made: _Made) -> tuple[bytes, tuple[Notice, ...]]:
        picture_format = output_format(target, animated=self._wishes.all_frames)
        content = made.content
        if isinstance(content, Picture):
            content = self._dressed(content)
            if picture_format != "GIF":
                data = encode_picture(content, target.suffix, quality=self._wishes.quality)
                return data, (*content.notices, *plan_output(content, target))
            told = content.notices
            still = AnimatedPng([0], 1, icc=content.icc, xmp=content.xmp)
            still.add(to_eight_bits(content.pixels))
            content = still
        else:
            assert isinstance(made.read.content, Animation)
            told = self._dressed(made.read.content.cover).notices
        data = content.finish(picture_format, quality=self._wishes.quality)
        return data, (*told, *frame_losses(picture_format, content.icc))


def _exhaust(steps: Generator[Progress, None, Picture], show: Callable[[float], None]) -> Picture:
    """Run to the end, telling the share that is done."""
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            result: Picture = end.value
            return result
        show(step.done / step.total)
