"""A few real steps in a process of their own, to learn what a run needs before it is begun.

The process takes a configuration on its standard input and says one line of JSON at a time, so that
one that is killed for its memory has told how far it came. It begins with a pass of one picture and
goes on to two and four; what a larger pass takes follows from these, and is measured where there is
room and time for it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from realesr.errors import RealesrError

if TYPE_CHECKING:
    from realesr.train.config import TrainConfig
    from realesr.train.opening import TrainingData
    from realesr.train.trainer import Trainer

_LONGEST_STEP = 20.0
_LONGEST_STORING = 10.0
_ROOM = 0.9


@dataclass(frozen=True)
class Needs:
    """What a run takes, measured or, where that would have taken too long, reckoned from less.

    Attributes:
        error: Why no step could be made; empty when one could.
        died: Whether memory ran out: the system then ends the process.
        device: Where it computes.
        memory: Bytes at the most, of the process or of the GPU.
        free: Bytes there were.
        checkpoint: Bytes of one saved state.
        parameters: Numbers in all networks.
        step_seconds: One step, its data aside.
        data_seconds: Reading and degrading the pictures of one step, by one process.
        stored_seconds: Storing one picture with all its draws, by one process; 0 without.
        stored_bytes: What that takes on disk.
        measured: Pictures in the largest pass that was made.
    """

    error: str = ""
    died: bool = False
    device: str = "cpu"
    memory: float = 0.0
    free: float = 0.0
    checkpoint: int = 0
    parameters: int = 0
    step_seconds: float = 0.0
    data_seconds: float = 0.0
    stored_seconds: float = 0.0
    stored_bytes: float = 0.0
    measured: int = 0


def unstored(config: TrainConfig) -> TrainConfig:
    """The same run with its pairs made on the fly, so that opening its data writes nothing."""
    return replace(config, data=replace(config.data, stored=0))


def rehearse(config: TrainConfig) -> Needs:
    """Make a few steps of a run in another process; nothing is written."""
    program = subprocess.Popen(
        [sys.executable, "-m", "realesr.train.rehearsal"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    try:
        said, _ = program.communicate(json.dumps(config.as_dict()))
    except BaseException:
        program.kill()
        program.wait()
        raise
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    return reckon(config, lines, died=program.returncode != 0)


def reckon(config: TrainConfig, lines: list[dict[str, Any]], *, died: bool) -> Needs:
    """What a run needs, from the lines its rehearsal said."""
    told = {line["is"]: line for line in lines if line["is"] != "pass"}
    if "error" in told:
        return Needs(error=told["error"]["sentence"])
    died = died or "full" in told
    if "ready" not in told:
        return Needs(error="The networks could not be made.", died=died)
    ready, stored = told["ready"], told.get("stored", {"seconds": 0.0, "bytes": 0.0})
    size = config.batch_size // config.engine.accumulate
    passes = {line["pictures"]: line for line in lines if line["is"] == "pass"}
    memory = _at(size, {count: each["memory"] for count, each in passes.items()})
    whole = {
        name: size * min((each[name] / count for count, each in passes.items()), default=0.0)
        for name in ("seconds", "data")
    }
    return Needs(
        error="" if passes else "The first step did not end.",
        died=died,
        device=ready["device"],
        memory=max(memory, ready["memory"]),
        free=ready["free"],
        checkpoint=ready["checkpoint"],
        parameters=ready["parameters"],
        step_seconds=whole["seconds"] * config.engine.accumulate,
        data_seconds=whole["data"] * config.engine.accumulate,
        stored_seconds=stored["seconds"] * max(1, config.data.stored),
        stored_bytes=stored["bytes"],
        measured=max(passes, default=0),
    )


def _at(size: int, values: dict[int, float]) -> float:
    """A value at a number of pictures: as measured, or on the line through least and most."""
    if size in values or not values:
        return values.get(size, 0.0)
    (few, low), (many, high) = min(values.items()), max(values.items())
    return high + (size - many) * max(0.0, (high - low) / max(1, many - few))


def _main() -> None:
    """The process: a configuration comes in, lines of JSON go out."""
    from realesr.train.config_files import config_from

    # Whatever else prints must not mix with the lines.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    config = config_from(json.loads(sys.stdin.read()))
    try:
        for line in _rehearsal(config):
            out.write(json.dumps(line) + "\n")
            out.flush()
    except Exception as error:
        out.write(json.dumps({"is": "full"} if _is_full(error) else _refused(error)) + "\n")
        out.flush()


def _is_full(error: Exception) -> bool:
    """Whether memory ran out; PyTorch says so in several ways."""
    if isinstance(error, RealesrError):
        return False
    return isinstance(error, MemoryError) or "memory" in str(error)


def _refused(error: Exception) -> dict[str, Any]:
    if isinstance(error, RealesrError):
        return {"is": "error", "sentence": f"{error.cause} {error.next_step}".strip()}
    sentence = f"The first step failed ({type(error).__name__}: {error}). Please report it."
    return {"is": "error", "sentence": sentence}


def _rehearsal(config: TrainConfig) -> Iterator[dict[str, Any]]:
    from realesr.train.engine import make_accelerator
    from realesr.train.opening import open_data
    from realesr.train.trainer import Trainer

    data = open_data(unstored(config))
    trainer = Trainer(config, make_accelerator())
    free = free_memory(trainer)
    tensors, _ = trainer.state()
    numbers = [tensor for part in tensors.values() for tensor in part.values()]
    weights = [weight for network in trainer.networks.values() for weight in network.parameters()]
    # The optimisers' state is made by the first step: two numbers for each weight.
    saved = sum(each.nbytes for each in numbers) + 2 * sum(each.nbytes for each in weights)
    yield {
        "is": "ready",
        "device": trainer.device.type,
        "free": free,
        "memory": used_memory(trainer),
        "checkpoint": saved,
        "parameters": sum(weight.numel() for weight in weights),
    }
    if config.gan is not None:
        trainer.step = config.gan.start_step
    yield from _passes(config, data, trainer, free)
    if config.data.stored:
        yield _stored(data, config)


def _passes(
    config: TrainConfig, data: TrainingData, trainer: Trainer, free: float
) -> Iterator[dict[str, Any]]:
    """Passes of one picture, of a few, and of all where that is quick and fits."""
    whole = config.batch_size // config.engine.accumulate
    made: dict[int, dict[str, Any]] = {}
    for size in sorted({1, min(2, whole), min(4, whole), whole}):
        memory = _at(size, {n: each["memory"] for n, each in made.items()})
        seconds = size * min((each["total"] / n for n, each in made.items()), default=0.0)
        if size > 2 and (seconds > _LONGEST_STEP or memory > _ROOM * free):
            return
        made[size] = _pass(data, trainer, size)
        yield {"is": "pass", **made[size]}


def _pass(data: TrainingData, trainer: Trainer, size: int) -> dict[str, Any]:
    """One pass, twice where that is quick: the first one of a size also settles in."""
    from realesr.train.feeding import feed

    batches = feed(data.pairs, data.order, batch_size=size, first_step=0, device=trainer.device)
    best: dict[str, Any] = {}
    for _ in range(3):
        started = time.perf_counter()
        batch = next(batches)
        _settle(trainer)
        fed = time.perf_counter()
        trainer.train_step([batch])
        _settle(trainer)
        ended = time.perf_counter()
        if not best or ended - fed < best["seconds"]:
            best = {"seconds": ended - fed, "data": fed - started, "total": ended - started}
        if ended - started > _LONGEST_STEP / 4:
            break
    batches.close()  # type: ignore[attr-defined]
    return {"pictures": size, "memory": used_memory(trainer), **best}


def _stored(data: TrainingData, config: TrainConfig) -> dict[str, Any]:
    """How long storing a picture takes, for each draw, and how large it gets with all of them."""
    from realesr.train.data import DegradedPairs
    from realesr.train.paired import PairedPictures
    from realesr.train.records import about, record

    pairs = data.pairs
    assert isinstance(pairs, DegradedPairs | PairedPictures)  # not stored ones: see `unstored`
    draws = about(pairs, config.data.stored)["draws"]
    seconds, sizes = [], []
    started = time.perf_counter()
    for index in range(0, len(pairs), max(1, len(pairs) // 8)):
        before = time.perf_counter()
        parts = record(pairs, index, 1).pixels()
        seconds.append(time.perf_counter() - before)
        times = {"lr.bin": draws}
        sizes.append(
            sum(times.get(name, 1) * each.nbytes for name, part in parts.items() for each in part)
        )
        if time.perf_counter() - started > _LONGEST_STORING:
            break
    seconds.sort()
    middle = seconds[len(seconds) // 2]
    return {"is": "stored", "seconds": middle, "bytes": sum(sizes) / len(sizes)}


def _settle(trainer: Trainer) -> None:
    import torch

    if trainer.device.type == "cuda":
        torch.cuda.synchronize(trainer.device)


def used_memory(trainer: Trainer) -> float:
    """The most bytes that were in use so far: of the GPU, or of this process."""
    import torch

    if trainer.device.type == "cuda":
        return float(torch.cuda.max_memory_reserved(trainer.device))
    import resource

    # Kilobytes, but bytes on macOS.
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(most if sys.platform == "darwin" else most * 1024)


def free_memory(trainer: Trainer) -> float:
    """The bytes there are for a run: what is free, and what this process has taken already."""
    import torch

    if trainer.device.type == "cuda":
        free = torch.cuda.mem_get_info(trainer.device)[0]
        return float(free + torch.cuda.memory_reserved(trainer.device))
    return _available() + used_memory(trainer)


def _available() -> float:
    """The bytes of memory that a process can still get; infinite where nobody says."""
    limits = [float("inf")]
    try:
        said = Path("/proc/meminfo").read_text("ascii")
        line = next(line for line in said.splitlines() if line.startswith("MemAvailable:"))
        limits.append(float(line.split()[1]) * 1024)
    except (OSError, StopIteration):
        pages = os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
        limits.append(pages * os.sysconf("SC_PAGE_SIZE") if pages > 0 else float("inf"))
    # A container may have less than its machine.
    group = Path("/sys/fs/cgroup")
    for most, now in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            numbers = [(group / name).read_text("ascii").strip() for name in (most, now)]
            limits.append(float(numbers[0]) - float(numbers[1]))
        except (OSError, ValueError):
            continue
    return max(0.0, min(limits))


if __name__ == "__main__":
    _main()
