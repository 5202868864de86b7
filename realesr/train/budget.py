"""What a run takes against what there is: memory, time, disk."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

from realesr.train.config import TrainConfig
from realesr.train.diagnosis import Finding, count, duration, size
from realesr.train.durable import free_bytes
from realesr.train.rehearsal import Needs

_ROOM = 0.9
_LONG = 600.0


def budget(
    config: TrainConfig, pictures: int, needs: Needs, figures: dict[str, float]
) -> Iterator[Finding]:
    """What there is to say about memory, time and disk.

    Args:
        config: The run.
        pictures: How many there are to learn from.
        needs: What its rehearsal took.
        figures: Receives the numbers behind the sentences.
    """
    if needs.died:
        yield Finding(
            "memory",
            "stop",
            "There is not enough memory for the first step. Set a smaller batch_size or "
            "data.patch, or a larger engine.accumulate.",
        )
        return
    if needs.error:
        yield Finding("step", "stop", needs.error)
        return
    yield from _memory(config, needs, figures)
    yield from _time(config, pictures, needs, figures)
    yield from _disk(config, pictures, needs, figures)


def _memory(config: TrainConfig, needs: Needs, figures: dict[str, float]) -> Iterator[Finding]:
    whole = config.batch_size // config.engine.accumulate
    figures["memory_bytes"] = round(needs.memory)
    if math.isfinite(needs.free):
        figures["memory_free_bytes"] = round(needs.free)
    of = "the GPU" if needs.device == "cuda" else "the computer"
    how = "measured" if needs.measured == whole else f"reckoned from a pass of {needs.measured}"
    said = f"A step takes about {size(needs.memory)} of memory ({how})"
    if needs.memory <= _ROOM * needs.free:
        there = f"; {of} has {size(needs.free)} to give" if math.isfinite(needs.free) else ""
        yield Finding("memory", "note", f"{said}{there}.")
        return
    yield Finding(
        "memory",
        "stop" if needs.memory > needs.free else "warning",
        f"{said}, and {of} has {size(needs.free)} to give. Set a smaller batch_size or "
        "data.patch, or a larger engine.accumulate.",
    )


def _time(
    config: TrainConfig, pictures: int, needs: Needs, figures: dict[str, float]
) -> Iterator[Finding]:
    helpers = max(1, min(config.data.workers, os.cpu_count() or 1))
    # Stored pairs are cut in next to no time, and workers prepare while the network learns.
    data = 0.0 if config.data.stored else needs.data_seconds / helpers
    step = needs.step_seconds
    each = max(step, data) if config.data.workers else step + data
    storing = needs.stored_seconds * pictures / helpers
    total = storing + each * config.steps
    figures |= {
        "step_seconds": round(step, 4),
        "data_seconds": round(data, 4),
        "storing_seconds": round(storing, 3),
        "total_seconds": round(total, 3),
    }
    here = "GPU" if needs.device == "cuda" else needs.device.upper()
    said = f"{count(config.steps, 'step')} of {duration(each)} take about"
    said += f" {duration(each * config.steps)} on this {here}"
    if storing:
        said += f", after {duration(storing)} to store the pairs"
    yield Finding("time", "note", f"{said}; previews and validation come on top.")
    if data > 0.5 * step and total > _LONG:
        yield Finding(
            "data",
            "warning" if data > step else "note",
            f"Preparing the pictures takes {duration(data)} a step, the step itself "
            f"{duration(step)}. Set data.stored = 8, or more data.workers where there are idle "
            "processors.",
        )


def _disk(
    config: TrainConfig, pictures: int, needs: Needs, figures: dict[str, float]
) -> Iterator[Finding]:
    # A new state is whole before the oldest one goes.
    states = (config.save.keep + 1) * needs.checkpoint
    stored = needs.stored_bytes * pictures
    free = free_bytes(existing(Path(config.output)))
    figures |= {"checkpoint_bytes": needs.checkpoint, "disk_bytes": round(states + stored)}
    said = f"{config.save.keep + 1} saved states of {size(needs.checkpoint)}"
    if stored:
        said += f" and stored pairs of {size(stored)}"
    if free is None:
        yield Finding("disk", "note", f"{said} will be written.")
        return
    figures["disk_free_bytes"] = free
    if free < states + stored:
        yield Finding(
            "disk",
            "stop",
            f"{said} do not fit: {size(free)} are free at {config.output}. Make room, or name "
            "another output.",
        )
    else:
        yield Finding("disk", "note", f"{said} fit: {size(free)} are free.")


def existing(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path
