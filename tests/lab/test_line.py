"""The line before the model: order, places, room for all who may, and nobody lost."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.line import Line, Place
from realesr.errors import BusyError
from tests.lab.apart import run_apart


@dataclass(frozen=True)
class Visitor:
    session_hash: str


def refused(error: BusyError) -> str:
    return f"refused {error.code}"


async def read(handler, *values) -> list[object]:
    return [answer async for answer in handler(*values)]


def counting(log: list[object], steps: int = 3):
    def work(name: str, visitor: Visitor):
        for step in range(steps):
            log.append((name, step))
            yield (name, step)

    return work


@settings(max_examples=20)
@given(st.lists(st.booleans(), min_size=1, max_size=12))
def test_every_job_is_done_whole_quick_ones_first_and_one_step_at_a_time(kinds):
    line, log, gate = Line(), [], threading.Event()

    def first(visitor: Visitor):
        assert gate.wait(20)
        yield "first"

    async def everybody():
        opening = asyncio.create_task(read(line.in_turn(first, waiting=str, full=refused), None))
        await asyncio.sleep(0)
        jobs = [
            asyncio.create_task(
                read(
                    line.in_turn(
                        counting(log),
                        waiting=lambda place: place,
                        full=refused,
                        quick=lambda *_, q=q: q,
                    ),
                    f"{number}",
                    Visitor(f"visitor {number}"),
                )
            )
            for number, q in enumerate(kinds)
        ]
        await asyncio.sleep(0.01)
        gate.set()
        return await asyncio.gather(opening, *jobs)

    answers = run_apart(everybody())[1:]
    for number, answer in enumerate(answers):
        done = [each for each in answer if not isinstance(each, Place)]
        assert done == [(f"{number}", step) for step in range(3)]
    order = [int(name) for name, step in log if step == 0]
    for kind in (True, False):
        alike = [number for number in order if kinds[number] == kind]
        assert alike == sorted(alike)
    assert not any(kinds) or kinds[order[0]], "quick ones go first"
    assert len(line) == 0


def test_a_quick_job_goes_between_two_steps_of_a_long_one():
    line, log = Line(), []
    begun, go_on = threading.Event(), threading.Event()

    def long(visitor: Visitor):
        begun.set()
        assert go_on.wait(20)
        log.append("tile 1")
        yield "tile 1"
        log.append("tile 2")
        yield "tile 2"

    def quick(visitor: Visitor):
        log.append("crop")
        yield "crop"

    async def both():
        one = asyncio.create_task(read(line.in_turn(long, waiting=str, full=refused), None))
        await asyncio.to_thread(begun.wait, 20)
        handler = line.in_turn(quick, waiting=str, full=refused, quick=lambda visitor: True)
        two = asyncio.create_task(read(handler, None))
        await asyncio.sleep(0.05)
        go_on.set()
        await asyncio.gather(one, two)

    run_apart(both())
    assert log == ["tile 1", "crop", "tile 2"]


def test_who_waits_reads_their_place_and_the_time():
    now = [0.0]
    line, gate = Line(clock=lambda: now[0]), threading.Event()

    def ten_seconds(visitor: Visitor):
        yield "work"
        assert gate.wait(20)
        now[0] += 10.0

    async def everybody():
        handler = line.in_turn(ten_seconds, waiting=lambda place: place, full=refused)
        gate.set()
        await read(handler, Visitor("a"))
        gate.clear()
        tasks = [asyncio.create_task(read(handler, Visitor(name))) for name in "bcd"]
        await asyncio.sleep(0.3)
        gate.set()
        return await asyncio.gather(*tasks)

    places = [[each for each in told if isinstance(each, Place)] for told in run_apart(everybody())]
    assert places[1][0] == Place(1, 10.0) and places[2][0] == Place(2, 20.0)


def test_over_the_bound_the_answer_comes_at_once_and_nobody_loses_their_place():
    line, gate, done = Line(most=4, most_each=2), threading.Event(), []

    def work(name: str, visitor: Visitor):
        assert gate.wait(20)
        done.append(name)
        yield name

    async def everybody():
        handler = line.in_turn(work, waiting=lambda place: place, full=str)
        tasks = [asyncio.create_task(read(handler, f"{n}", Visitor("one"))) for n in range(3)]
        await asyncio.sleep(0)
        tasks += [asyncio.create_task(read(handler, f"{n}", Visitor(f"{n}"))) for n in range(3, 8)]
        await asyncio.sleep(0.05)
        told = [task.result() for task in tasks if task.done()]
        gate.set()
        await asyncio.gather(*tasks)
        return told

    told = run_apart(everybody())
    assert len(told) == 4 and all(len(each) == 1 and each[0].startswith("E010 ") for each in told)
    assert "three jobs of yours" in told[0][0] and "4 people are waiting" in told[1][0]
    assert sorted(done) == ["0", "1", "3", "4"]


def test_who_leaves_is_not_worked_for_and_a_running_one_is_closed_after_its_step():
    line, log = Line(), []
    begun, go_on = threading.Event(), threading.Event()

    def work(name: str, visitor: Visitor):
        try:
            log.append(f"{name} begins")
            begun.set()
            assert go_on.wait(20)
            yield name
            log.append(f"{name} goes on")
            yield name
        finally:
            log.append(f"{name} is closed")

    async def everybody():
        handler = line.in_turn(work, waiting=lambda place: place, full=refused)
        tasks = [asyncio.create_task(read(handler, name, Visitor(name))) for name in "abc"]
        await asyncio.to_thread(begun.wait, 20)
        for task in tasks[:2]:
            task.cancel()
        await asyncio.sleep(0.05)
        assert len(line) == 3, "a step in hand cannot be stopped; its place is kept"
        go_on.set()
        await asyncio.gather(*tasks, return_exceptions=True)

    run_apart(everybody())
    assert log == ["a begins", "a is closed", "c begins", "c goes on", "c is closed"]
    assert len(line) == 0


def test_a_job_that_breaks_tells_its_owner_and_the_next_one_runs():
    line, log = Line(), []

    def breaks(visitor: Visitor):
        yield "half"
        raise ValueError("broken")

    async def both():
        with pytest.raises(ValueError, match="broken"):
            await read(line.in_turn(breaks, waiting=str, full=refused), None)
        return await read(line.in_turn(counting(log, 1), waiting=str, full=refused), "next", None)

    assert run_apart(both())[-1] == ("next", 0)


def test_what_needs_no_model_waits_for_nobody():
    line, gate, log = Line(), threading.Event(), []

    def blocks(visitor: Visitor):
        assert gate.wait(20)
        yield "late"

    async def both():
        slow = asyncio.create_task(read(line.in_turn(blocks, waiting=str, full=refused), None))
        await asyncio.sleep(0)
        handler = line.in_turn(
            counting(log, 2), waiting=str, full=refused, at_once=lambda name, _: name == "known"
        )
        told = await read(handler, "known", None)
        assert not slow.done()
        gate.set()
        await slow
        return told

    assert run_apart(both()) == [("known", 0), ("known", 1)]
