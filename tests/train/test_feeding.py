"""The stream of batches: what a step sees depends on the seed and the step, and on nothing else."""

from __future__ import annotations

import multiprocessing
import multiprocessing.util
import os
import signal
import subprocess
import sys
import threading
import time
from itertools import islice, pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from realesr.degradations import presets
from realesr.errors import ConfigError, PictureError, ResourceError
from realesr.train.data import Batch, DegradedPairs
from realesr.train.feeding import TOGETHER, Order, ahead, feed
from realesr.train.sources import PictureFiles, open_source

SEVEN = "samples:astronaut,camera,chelsea,coffee,coins,moon,rocket"


class Sizes:
    """Blocks without pictures."""

    def __init__(self, *sizes: int) -> None:
        self.sizes = sizes

    def blocks(self) -> tuple[int, ...]:
        return self.sizes


@pytest.fixture(scope="module")
def pairs() -> DegradedPairs:
    return DegradedPairs(
        open_source(SEVEN), presets.gentle(4), seed=3, crop=48, patch=32, turn=True, sharpen=None
    )


@pytest.fixture(scope="module")
def order(pairs) -> Order:
    return Order(pairs, seed=3)


def batches(pairs, order, count: int, **options) -> list[Batch]:
    stream = feed(pairs, order, **{"batch_size": 4, "first_step": 0} | options)
    try:
        return list(islice(stream, count))
    finally:
        stream.close()


def same(one: Batch, other: Batch) -> bool:
    # Everything but the seconds.
    tensors = all(torch.equal(getattr(one, n), getattr(other, n)) for n in ("hr", "lr", "sharp"))
    return tensors and one.ids == other.ids and one.traces == other.traces


@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=30),
    seed=st.integers(0, 99),
    epoch=st.integers(0, 5),
)
def test_every_epoch_is_an_order_of_all_pictures(sizes, seed, epoch):
    order, count = Order(Sizes(*sizes), seed), sum(sizes)
    keys = [order[epoch * count + place] for place in range(count)]
    assert sorted(keys) == [(epoch, index) for index in range(count)]


@given(seed=st.integers(0, 99), places=st.permutations(range(40)))
def test_the_order_does_not_depend_on_how_it_is_asked(seed, places):
    blocks = Sizes(*[3] * 6)
    forwards = Order(blocks, seed)
    wanted = [forwards[place] for place in range(40)]
    asked = Order(blocks, seed)
    assert {place: asked[place] for place in places} == dict(enumerate(wanted))


def test_epochs_and_seeds_have_orders_of_their_own():
    order = Order(Sizes(50), 0)
    epochs = [tuple(order[epoch * 50 + n][1] for n in range(50)) for epoch in range(5)]
    assert len(set(epochs)) == 5
    assert epochs[0] != tuple(Order(Sizes(50), 1)[n][1] for n in range(50))


def test_one_block_is_shuffled_evenly():
    """Each picture comes first equally often: 3,000 epochs of 6 pictures, within 4 deviations."""
    order = Order(Sizes(6), 0)
    firsts = [order[epoch * 6][1] for epoch in range(3000)]
    counts = [firsts.count(index) for index in range(6)]
    assert all(abs(count - 500) < 4 * (3000 * 1 / 6 * 5 / 6) ** 0.5 for count in counts), counts


def test_blocks_come_into_use_one_after_the_other():
    """A data set that is read block by block is read once an epoch, few blocks at a time."""
    size, blocks = 20, 60
    order = Order(Sizes(*[size] * blocks), 1)
    used = [order[place][1] // size for place in range(size * blocks)]
    first = {block: used.index(block) for block in set(used)}
    last = {block: len(used) - 1 - used[::-1].index(block) for block in set(used)}
    open_at = [sum(first[b] <= n <= last[b] for b in first) for n in range(len(used))]
    assert max(open_at) <= TOGETHER + 2
    # A block is spread over many others, and no two are begun at once.
    spread = [last[block] - first[block] for block in first]
    assert sorted(spread)[len(spread) // 2] > TOGETHER * size / 2
    starts = sorted(first.values())
    assert max(later - sooner for sooner, later in pairwise(starts)) < 5 * size
    assert sorted(range(blocks), key=first.__getitem__) != list(range(blocks))


def test_workers_change_nothing_within_and_across_epochs(pairs, order):
    alone = batches(pairs, order, 6)
    assert {key[0] for batch in alone for key in batch.ids} == {0, 1, 2, 3}
    for workers in (1, 2):
        assert all(map(same, batches(pairs, order, 6, workers=workers), alone)), workers


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_a_stream_goes_on_where_it_was_left(pairs, order, workers):
    whole = batches(pairs, order, 6)
    for first in (1, 3):
        rest = batches(pairs, Order(pairs, 3), 6 - first, first_step=first, workers=workers)
        assert all(map(same, rest, whole[first:])), first


def test_processes_and_passes_share_a_step_out(pairs, order):
    """2 processes x 2 passes see together, in one order, what one process sees at once."""
    whole = batches(pairs, order, 3)
    for processes, passes in ((1, 2), (2, 1), (2, 2), (4, 1)):
        parts = [
            batches(pairs, order, 3 * passes, process=n, processes=processes, accumulate=passes)
            for n in range(processes)
        ]
        for step, batch in enumerate(whole):
            mine = [part[step * passes + turn] for turn in range(passes) for part in parts]
            assert sum((each.ids for each in mine), ()) == batch.ids
            assert torch.equal(torch.cat([each.lr for each in mine]), batch.lr)


def test_no_picture_is_missed_or_seen_twice_in_an_epoch(pairs, order):
    ids = [key for batch in batches(pairs, order, 7) for key in batch.ids]
    for epoch in range(4):
        assert sorted(i for e, i in ids if e == epoch) == list(range(len(pairs)))


@pytest.mark.parametrize("options", [{"accumulate": 3}, {"processes": 8}, {"processes": 3}])
def test_a_batch_that_does_not_divide_is_refused_at_once(pairs, order, options):
    with pytest.raises(ConfigError, match="batch_size 4 must be a multiple"):
        feed(pairs, order, batch_size=4, first_step=0, **options)


def test_a_batch_says_where_its_time_went(pairs, order):
    (alone,) = batches(pairs, order, 1)
    (fetched,) = batches(pairs, order, 1, workers=1)
    for batch in (alone, fetched):
        assert set(batch.seconds) == {"read", "degrade", "wait"}
        assert all(seconds > 0 for seconds in batch.seconds.values())
    # Without workers the training waits for all of it.
    assert alone.seconds["wait"] >= alone.seconds["read"] + alone.seconds["degrade"]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_damaged_picture_is_refused_by_name(tmp_path, workers):
    path = tmp_path / "broken.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    pairs = DegradedPairs(PictureFiles([path]), presets.gentle(4), crop=48, patch=32)
    before = set(multiprocessing.active_children())
    stream = feed(pairs, Order(pairs, 0), batch_size=1, first_step=0, workers=workers)
    with pytest.raises(PictureError, match=r"E\d+ broken\.png"):
        next(stream)
    assert set(multiprocessing.active_children()) <= before, "workers ended, though not closed"


class Endless:
    """Pictures that are never read to the end."""

    def __len__(self) -> int:
        return 1

    def blocks(self) -> tuple[int]:
        return (1,)

    def read(self, index: int) -> None:
        time.sleep(600)


def test_a_worker_that_the_system_ends_is_told():
    pairs = DegradedPairs(Endless(), presets.gentle(4), crop=48, patch=32)
    before = set(multiprocessing.active_children())

    def kill() -> None:
        while not (workers := set(multiprocessing.active_children()) - before):
            time.sleep(0.05)
        time.sleep(0.5)
        for worker in workers:
            os.kill(worker.pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(ResourceError, match=r"E301 a process .* Set data\.workers lower"):
        batches(pairs, Order(pairs, 0), 1, batch_size=1, workers=1)
    killer.join()


def test_what_a_device_finishes_is_what_workers_finish(pairs, order):
    """The way of a GPU, workers cut and the training degrades, taken with the CPU."""
    from realesr.train.feeding import _fed, _Plan

    plan = _Plan(order, 4, 4, 0, 1, 0, 1)
    later = _fed(pairs, plan, 2, torch.device("cpu"))
    assert all(map(same, islice(later, 3), batches(pairs, order, 3)))
    later.close()


TRAINING = """
import os, signal, sys, time
from realesr.degradations import presets
from realesr.train.data import DegradedPairs
from realesr.train.feeding import Order, feed
from realesr.train.sources import open_source

told = []
signal.signal(signal.SIGTERM, lambda *_: told.append("term"))
signal.signal(signal.SIGINT, lambda *_: told.append("int"))
pairs = DegradedPairs(open_source("samples:astronaut,coffee"), presets.gentle(4), crop=48, patch=32)
batches = feed(pairs, Order(pairs, 0), batch_size=2, first_step=0, workers=2)
next(batches)
print("ready", flush=True)
while not told:
    next(batches)
for _ in range(20):
    next(batches)
if "close" in sys.argv:
    batches.close()
print("saved", *told, flush=True)
"""


@pytest.mark.parametrize(
    "kind", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
def test_workers_outlive_a_signal_to_all_and_not_the_training(kind):
    """A scheduler or a terminal signals every process; the training still gets its batches."""
    child = subprocess.Popen(
        [sys.executable, "-c", TRAINING, "close"],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert child.stdout.readline() == "ready\n"
        os.killpg(child.pid, kind)
        rest, _ = child.communicate(timeout=60)
    finally:
        child.kill()
    assert rest.startswith("saved") and child.returncode == 0
    assert not _alive(child.pid)


def test_a_worker_may_be_told_to_end_before_it_is_ready(pairs, order):
    before, told = set(multiprocessing.active_children()), set()

    def tell_each_at_once() -> None:
        while len(told) < 2:
            for worker in set(multiprocessing.active_children()) - before - told:
                os.kill(worker.pid, signal.SIGTERM)
                told.add(worker)

    teller = threading.Thread(target=tell_each_at_once)
    teller.start()
    fed = batches(pairs, order, 3, workers=2)
    teller.join()
    assert all(map(same, fed, batches(pairs, order, 3)))


class _BreaksAtItsEnd:
    """Pictures whose worker aborts when it is told to end, as one whose threads still ran did."""

    def __init__(self, pairs: DegradedPairs) -> None:
        self.pairs = pairs

    def cut(self, key):
        multiprocessing.util.Finalize(None, os.abort, exitpriority=1)
        return self.pairs.cut(key)

    def finish(self, crop):
        return self.pairs.finish(crop)


def test_a_worker_that_breaks_at_its_end_spoils_nothing(pairs, order):
    broken = batches(_BreaksAtItsEnd(pairs), order, 2, workers=1)
    assert all(map(same, broken, batches(pairs, order, 2)))


SPAWNED = """
import multiprocessing, sys
from itertools import islice
from realesr.degradations import presets
from realesr.train.data import DegradedPairs
from realesr.train.feeding import Order, feed
from realesr.train.sources import open_source
from realesr.train.storing import store_pairs

if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    pictures = open_source("samples:astronaut,coffee,moon")
    fly = DegradedPairs(pictures, presets.gentle(4), crop=48, patch=32)
    stored = store_pairs(fly, sys.argv[1], 1, workers=1)
    for pairs in (fly, stored):
        streams = [
            feed(pairs, Order(pairs, 0), batch_size=2, first_step=0, workers=workers)
            for workers in (0, 1)
        ]
        for one, other in islice(zip(*streams), 3):
            assert one.ids == other.ids and one.traces == other.traces
            assert (one.hr == other.hr).all() and (one.lr == other.lr).all()
            assert (one.sharp == other.sharp).all()
        for stream in streams:
            stream.close()
    print("equal")
"""


@pytest.mark.slow
def test_workers_may_be_started_afresh(tmp_path):
    """Without a copy of the parent's memory, as on macOS and Windows, everything travels whole."""
    script = tmp_path / "spawned.py"
    script.write_text(SPAWNED)
    child = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "pairs")], capture_output=True, text=True
    )
    assert child.stdout == "equal\n", child.stderr


@pytest.mark.slow
def test_workers_end_when_the_training_is_killed():
    child = subprocess.Popen(
        [sys.executable, "-c", TRAINING],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert child.stdout.readline() == "ready\n"
    os.kill(child.pid, signal.SIGKILL)
    child.communicate(timeout=60)
    deadline = time.monotonic() + 30
    while _alive(child.pid) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not _alive(child.pid)


def _alive(group: int) -> bool:
    """Whether any process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_next_is_made_while_this_one_is_used():
    begun = [threading.Event() for _ in range(3)]

    def make(number: int) -> int:
        begun[number].set()
        return number

    made = ahead(range(3), make)
    assert next(made) == 0
    assert begun[1].wait(60), "nothing is made while the caller uses the first"
    assert not begun[2].is_set()
    assert list(made) == [1, 2]


def test_what_cannot_be_made_is_told_in_its_turn():
    made = ahead([2, 1, 0, 5], lambda number: 2 // number)
    assert [next(made), next(made)] == [1, 2]
    with pytest.raises(ZeroDivisionError):
        next(made)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_gpu_finishes_what_workers_cut(pairs, order, workers, cuda):
    there = batches(pairs, order, 3, workers=workers, device=cuda)
    for one, other in zip(there, batches(pairs, order, 3), strict=True):
        assert one.ids == other.ids and one.traces == other.traces
        assert set(one.seconds) == set(other.seconds) == {"read", "degrade", "wait"}
        assert torch.equal(one.hr.cpu(), other.hr)
        assert float((one.lr.cpu() - other.lr).square().mean()) < 1e-6
