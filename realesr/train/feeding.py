"""The endless stream of batches that a training learns from.

Position n of the stream is one picture in one epoch, a function of the seed alone, and step s uses
the positions from ``s * batch_size`` on. So a resumed run goes on exactly where it stopped, and
neither worker processes, nor accumulation, nor the number of machines change what a step sees.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import torch
from torch.utils.data import DataLoader, Dataset

from realesr.errors import ConfigError, RealesrError
from realesr.randomness import spawn
from realesr.train.pairs import Batch, Crop, Key, Pairs, stack
from realesr.train.workers import (
    as_it_is,
    end_workers,
    leave_signals,
    losses_told,
    signals_held,
)

TOGETHER = 8
Item = TypeVar("Item")
Made = TypeVar("Made")


class Blocks(Protocol):
    """Anything that says which of its items are cheap to read together."""

    def blocks(self) -> Sequence[int]:
        """Sizes of the runs, in order."""


class Order:
    """Which picture comes when: every epoch another order, in which each comes once.

    Of a data set with many blocks only about eight are in use at a time, and a new one comes into
    use when an old one is done: so it can be read block by block, once an epoch.

    Args:
        pictures: Pictures or pairs.
        seed: What the order follows from.

    >>> from realesr.train.sources import open_source
    >>> order = Order(open_source("samples:astronaut,coffee,rocket"), seed=0)
    >>> sorted(order[n] for n in range(3)), order[3][0]
    ([(0, 0), (0, 1), (0, 2)], 1)
    """

    def __init__(self, pictures: Blocks, seed: int) -> None:
        self.sizes, self.seed = tuple(pictures.blocks()), seed
        self._epochs: dict[int, list[int]] = {}

    def __getitem__(self, position: int) -> Key:
        """Epoch and index at a place of the stream."""
        epoch, place = divmod(position, sum(self.sizes))
        if epoch not in self._epochs:
            # A step may reach from one epoch into the next, no further is looked at.
            self._epochs = {old: self._epochs[old] for old in self._epochs if old == epoch - 1}
            self._epochs[epoch] = self._drawn(epoch)
        return epoch, self._epochs[epoch][place]

    def _drawn(self, epoch: int) -> list[int]:
        """Blocks begin one after the other, and each is spread over the next ``TOGETHER``."""
        generator = spawn(self.seed, "order", epoch)
        sizes = torch.tensor(self.sizes)
        count = int(sizes.sum())
        if len(sizes) <= TOGETHER:
            return [int(n) for n in torch.randperm(count, generator=generator)]
        blocks = torch.randperm(len(sizes), generator=generator)
        begins = torch.empty(len(sizes), dtype=torch.float64)
        begins[blocks] = (sizes[blocks].cumsum(0) - sizes[blocks]).double()
        spread = TOGETHER * count / len(sizes)
        when = torch.rand(count, generator=generator, dtype=torch.float64) * spread
        when += begins.repeat_interleave(sizes)
        return [int(n) for n in when.argsort(stable=True)]


def feed(
    pairs: Pairs,
    order: Order,
    *,
    batch_size: int,
    first_step: int,
    accumulate: int = 1,
    process: int = 0,
    processes: int = 1,
    workers: int = 0,
    device: torch.device | str | None = None,
) -> Iterator[Batch]:
    """Batches without end: for each step from ``first_step`` on, one for each of its passes.

    Close it (``batches.close()``) when the training ends, before anything slow: workers that are
    told to end by the system wait half a minute for that.

    Args:
        pairs: What is learned from.
        order: In which order.
        batch_size: Pictures of a step, all processes and passes together.
        first_step: Where to begin; the number of steps done so far.
        accumulate: Passes that make a step.
        process: Which process this is.
        processes: How many there are.
        workers: Processes that prepare pictures, for each training process.
        device: With a CUDA device workers only read, and it degrades.

    Raises:
        ConfigError: E404 when ``batch_size`` does not divide.
        ResourceError: E301 when the system has ended a worker.
        RealesrError: Whatever a picture is refused for.
    """
    share, rest = divmod(batch_size, accumulate * processes)
    if rest or not share:
        raise ConfigError(
            "E404",
            f"batch_size {batch_size} must be a multiple of engine.accumulate x processes, "
            f"{accumulate} x {processes}.",
        )
    later = device is not None and torch.device(device).type != "cpu"
    plan = _Plan(order, batch_size, share, first_step, accumulate, process, processes)
    return _fed(pairs, plan, workers, device if later else None)


@dataclass(frozen=True)
class _Plan:
    """Which pictures go into which pass, without end."""

    order: Order
    batch_size: int
    share: int
    first_step: int
    accumulate: int
    process: int
    processes: int

    def __iter__(self) -> Iterator[list[Key]]:
        step = self.first_step
        while True:
            for turn in range(self.accumulate):
                part = turn * self.processes + self.process
                first = step * self.batch_size + part * self.share
                yield [self.order[first + n] for n in range(self.share)]
            step += 1


@dataclass(frozen=True)
class _Prepared:
    """What a worker hands over: a batch, or crops that the device shall finish."""

    crops: list[Crop]
    batch: Batch | None
    ids: tuple[Key, ...]
    seconds: dict[str, float]


class _Preparing(Dataset[_Prepared | RealesrError]):
    """Whole batches by their keys; a refusal is handed over, for exceptions lose their class."""

    def __init__(self, pairs: Pairs, *, finish: bool) -> None:
        self.pairs, self.finish = pairs, finish

    def __getitem__(self, keys: list[Key]) -> _Prepared | RealesrError:
        try:
            started = time.perf_counter()
            crops = [self.pairs.cut(key) for key in keys]
            read = time.perf_counter()
            batch = stack([self.pairs.finish(crop) for crop in crops]) if self.finish else None
            seconds = {"read": read - started, "degrade": time.perf_counter() - read}
        except RealesrError as refusal:
            return refusal
        return _Prepared([] if batch else crops, batch, tuple(keys), seconds)


def _fed(
    pairs: Pairs, plan: _Plan, workers: int, device: torch.device | str | None
) -> Iterator[Batch]:
    loader = DataLoader(
        _Preparing(pairs, finish=device is None),
        batch_size=None,
        sampler=plan,
        num_workers=workers,
        collate_fn=as_it_is,
        worker_init_fn=leave_signals,
    )
    with signals_held():
        prepared = iter(loader)
    make = functools.partial(_finished, pairs, device)
    batches = ahead(prepared, make) if device is not None else (make(each) for each in prepared)
    try:
        while True:
            started = time.perf_counter()
            with losses_told():
                batch = next(batches)
            waited = {"wait": time.perf_counter() - started}
            yield replace(batch, seconds=batch.seconds | waited)
    finally:
        batches.close()
        end_workers(prepared)


def ahead(items: Iterable[Item], make: Callable[[Item], Made]) -> Generator[Made]:
    """What is made of each item, in order; the next is made while the caller uses this one.

    >>> list(ahead([1, 2, 3], lambda number: number * number))
    [1, 4, 9]
    """
    with ThreadPoolExecutor(1) as maker:
        coming: Future[Made] | None = None
        for item in items:
            following = maker.submit(make, item)
            if coming is not None:
                yield coming.result()
            coming = following
        if coming is not None:
            yield coming.result()


def _finished(
    pairs: Pairs, device: torch.device | str | None, item: _Prepared | RealesrError
) -> Batch:
    if isinstance(item, RealesrError):
        raise item
    seconds, batch = item.seconds, item.batch
    if batch is None:
        started = time.perf_counter()
        batch = _beside_training(lambda: stack(pairs.finish_all(item.crops, device)), device)
        seconds = seconds | {"degrade": time.perf_counter() - started}
    return replace(batch, ids=item.ids, seconds=seconds)


def _beside_training(make: Callable[[], Batch], device: torch.device | str | None) -> Batch:
    """On a GPU in a stream of its own, for what waits there must not wait for a training step."""
    if device is None or torch.device(device).type != "cuda":
        return make()
    stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
    with torch.cuda.stream(stream):
        batch = make()
    stream.synchronize()
    for pictures in (batch.hr, batch.lr, batch.sharp):
        # Its memory is this stream's, which must not use it again before the training is done.
        pictures.record_stream(torch.cuda.default_stream(device))
    return batch
