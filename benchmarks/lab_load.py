"""The lab under load: a class of fifty for five minutes, then a burst of 150 within five seconds.

python benchmarks/lab_load.py [--quick] [--json]

Each visitor has a picture of a colour of their own, so that somebody else's result would be seen.
The lab runs as it does for strangers; at the end its clock is moved by ten minutes, and its folder
is looked through.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import httpx
import numpy as np
from report import machine, table, write_section

SIDE, SCALE = 64, 2
FILE = {"_type": "gradio.FileData"}
ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Tally:
    """What became of all jobs.

    Attributes:
        waits: Seconds from the call to the result.
        refusals: Seconds from the call to a polite no.
        lost: Jobs that ended in neither, and how.
        foreign: Results that were not their owner's.
        memory: Seconds since the start, and megabytes held by the lab.
    """

    waits: list[float] = field(default_factory=list)
    refusals: list[float] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    foreign: int = 0
    memory: list[tuple[float, float]] = field(default_factory=list)


def picture(colour: tuple[int, int, int]) -> bytes:
    """A visitor's picture: one colour, unlike any other's."""
    return cv2.imencode(".png", np.full((SIDE, SIDE, 3), colour, np.uint8))[1].tobytes()


def colours(count: int) -> list[tuple[int, int, int]]:
    """Colours that lie at least 24 steps apart."""
    levels = range(16, 256, 34)
    every = [(b, g, r) for b in levels for g in levels for r in levels]
    return random.Random(1).sample(every, count)


class Visitor:
    """One person with one picture.

    Args:
        line: How requests are made.
        colour: Of their picture.
        tally: Where it is noted what became of their jobs.
    """

    def __init__(self, line: httpx.AsyncClient, colour: tuple[int, int, int], tally: Tally) -> None:
        self._line, self._colour, self._tally = line, colour, tally

    async def job(self) -> None:
        """Send the picture, wait for the result, see whose it is."""
        try:
            await self._job()
        except (httpx.HTTPError, ValueError, KeyError, IndexError) as fault:
            self._tally.lost.append(repr(fault))

    async def _job(self) -> None:
        sent = {"files": ("mine.png", picture(self._colour), "image/png")}
        photo = {"path": (await self._post("upload", files=sent))[0], "meta": FILE}
        started = time.perf_counter()
        asked = await self._post("call/upscale", json={"data": [photo, "lab-x4", SCALE]})
        kind, told = "", ""
        async with self._line.stream(
            "GET", f"/gradio_api/call/upscale/{asked['event_id']}"
        ) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("event: "):
                    kind = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    told = line.removeprefix("data: ")
        seconds = time.perf_counter() - started
        if kind == "error" and "E010" in told:
            self._tally.refusals.append(seconds)
        elif kind == "complete":
            self._tally.waits.append(seconds)
            await self._check(json.loads(told)[0]["url"])
        else:
            self._tally.lost.append(f"{kind}: {told[:200]}")

    async def _post(self, path: str, **body: object) -> object:
        answer = await self._line.post(f"/gradio_api/{path}", **body)
        answer.raise_for_status()
        return answer.json()

    async def _check(self, address: str) -> None:
        body = (await self._line.get(address)).content
        pixels = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)
        own = pixels.shape[:2] == (SIDE * SCALE, SIDE * SCALE)
        near = np.abs(pixels.mean((0, 1)) - self._colour).max() < 12
        self._tally.foreign += not (own and near)


async def class_of(visitors: list[Visitor], seconds: float) -> None:
    """Everybody works on, with pauses to look, until the time is over."""
    end = time.perf_counter() + seconds

    async def one(visitor: Visitor, number: int) -> None:
        dice = random.Random(number)
        await asyncio.sleep(dice.uniform(0, 4))
        while time.perf_counter() < end:
            await visitor.job()
            await asyncio.sleep(dice.uniform(2, 8))

    await asyncio.gather(*(one(visitor, number) for number, visitor in enumerate(visitors)))


async def burst_of(visitors: list[Visitor], seconds: float) -> None:
    """All of them once, spread over a few seconds."""

    async def one(visitor: Visitor, after: float) -> None:
        await asyncio.sleep(after)
        await visitor.job()

    step = seconds / len(visitors)
    await asyncio.gather(*(one(each, number * step) for number, each in enumerate(visitors)))


def resident(process: int) -> float:
    """Megabytes of memory a process holds."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def watch(process: int, tally: Tally) -> None:
    """Note the memory once a second."""
    started = time.perf_counter()
    while True:
        tally.memory.append((time.perf_counter() - started, resident(process)))
        await asyncio.sleep(1)


async def simulate(address: str, process: int, users: int, seconds: float) -> tuple[Tally, Tally]:
    """The class, then the burst."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
    lesson, rush = Tally(), Tally()
    own = colours(users + 150)
    async with httpx.AsyncClient(base_url=address, timeout=300, limits=limits) as line:
        watching = asyncio.create_task(watch(process, lesson))
        await class_of([Visitor(line, colour, lesson) for colour in own[:users]], seconds)
        watching.cancel()
        await burst_of([Visitor(line, colour, rush) for colour in own[users:]], 5.0)
    return lesson, rush


def slope(memory: list[tuple[float, float]], last: float) -> float:
    """Megabytes by which memory grew over the last seconds, by a straight line through them."""
    end = memory[-1][0]
    times, sizes = zip(*[each for each in memory if each[0] >= end - last], strict=True)
    return float(np.polyfit(times, sizes, 1)[0] * last)


def left_after_ten_minutes(folder: Path, flag: Path) -> int:
    """Move the lab's clock, give its keeper time for a round, and count what still lies there."""
    before = {path for path in folder.rglob("*") if path.is_file() and "mine" in path.name}
    flag.touch()
    for _ in range(75):
        left = [path for path in before if path.exists()]
        if not left:
            break
        time.sleep(1)
    return len(left)


def serve(port: int, flag: Path) -> None:
    """The lab for strangers; where the flag stands, its clock is ten minutes ahead."""
    from lab import app

    app.end_when_told()
    clock = lambda: time.time() + (600 if flag.exists() else 0)  # noqa: E731
    try:
        app.serve("127.0.0.1", port, public=True, clock=clock)
    except KeyboardInterrupt:
        return


def measure(users: int, seconds: float) -> dict[str, float]:
    """Start a lab, load it, end it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory() as place:
        folder, flag = Path(place) / "lab", Path(place) / "later"
        settings = {**os.environ, "GRADIO_TEMP_DIR": str(folder), "HF_HUB_OFFLINE": "1"}
        command = [sys.executable, __file__, "--serve", str(port), str(flag)]
        lab = subprocess.Popen(command, cwd=ROOT, env=settings, stdout=subprocess.DEVNULL)
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(address, lab)
            lesson, rush = asyncio.run(simulate(address, lab.pid, users, seconds))
            at_work = len(list(folder.glob("*/work-*")))
            left = left_after_ten_minutes(folder, flag)
        finally:
            lab.terminate()
            lab.wait(30)
    late = sorted(lesson.waits)[int(len(lesson.waits) * 0.95)]
    return {
        "jobs": len(lesson.waits),
        "refused": len(lesson.refusals),
        "median_s": round(statistics.median(lesson.waits), 2),
        "p95_s": round(late, 2),
        "burst_jobs": len(rush.waits),
        "burst_refused": len(rush.refusals),
        "burst_refused_worst_s": round(max(rush.refusals, default=0.0), 2),
        "burst_last_result_s": round(max(rush.waits), 1),
        "lost": len(lesson.lost) + len(rush.lost),
        "lost_how": "; ".join(sorted({*lesson.lost, *rush.lost})[:3]),
        "foreign": lesson.foreign + rush.foreign,
        "memory_mb": round(lesson.memory[-1][1]),
        "memory_growth_mb": round(slope(lesson.memory, seconds * 0.8), 1),
        "folders_at_work": at_work,
        "files_left": left,
    }


def wait_for(address: str, lab: subprocess.Popen[bytes]) -> None:
    """Until the lab answers."""
    for _ in range(600):
        try:
            httpx.get(f"{address}/config", timeout=5).raise_for_status()
            return
        except httpx.HTTPError:
            if lab.poll() is not None:
                raise
            time.sleep(0.2)


def main() -> None:
    """Measure; rewrite the section, or print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--quick", action="store_true", help="forty seconds instead of five minutes"
    )
    parser.add_argument("--json", action="store_true", help="print the figures, write nothing")
    parser.add_argument("--serve", nargs=2, metavar=("PORT", "FLAG"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        serve(int(chosen.serve[0]), Path(chosen.serve[1]))
        return
    conditions = machine("gradio")
    seconds = 40.0 if chosen.quick else 300.0
    found = measure(50, seconds)
    if chosen.json:
        print(json.dumps(found))
        return
    rows = [
        ["jobs done, turned away", f"{found['jobs']}, {found['refused']}"],
        ["call to result, median and 95 %", f"{found['median_s']} s, {found['p95_s']} s"],
        [
            "burst of 150 in 5 s: done, turned away",
            f"{found['burst_jobs']}, {found['burst_refused']}",
        ],
        ["slowest polite no", f"{found['burst_refused_worst_s']} s"],
        ["last result of the burst", f"{found['burst_last_result_s']} s"],
        ["lost jobs, results of somebody else", f"{found['lost']}, {found['foreign']}"],
        [
            f"memory, growth over the last {seconds * 0.8:.0f} s",
            f"{found['memory_mb']} MB, {found['memory_growth_mb']} MB",
        ],
        ["files left ten minutes later", str(found["files_left"])],
    ]
    said = f"Fifty visitors for {seconds:.0f} s, each with a {SIDE}×{SIDE} picture, ×{SCALE}.\n\n"
    if chosen.quick:
        said = "A quick run. " + said
    body = said + table(["what", "found"], rows)
    command = "python benchmarks/lab_load.py" + (" --quick" if chosen.quick else "")
    print(write_section("The lab under load", command, conditions, body))


if __name__ == "__main__":
    main()
