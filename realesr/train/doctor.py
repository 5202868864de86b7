"""What is wrong with a training run before an hour is spent on it: pictures, memory, time, disk.

Nothing of the run is written. The pictures are looked at one by one, and a few real steps are made
in a process of their own (``rehearsal``).
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from realesr.errors import RealesrError
from realesr.train.checkpoint import Checkpoints
from realesr.train.checkup import Look, findings, look_at
from realesr.train.config import TrainConfig
from realesr.train.diagnosis import Finding, Report, count, duration, size
from realesr.train.durable import free_bytes
from realesr.train.opening import TrainingData, open_data
from realesr.train.paired import PairedPictures
from realesr.train.rehearsal import Needs, rehearse, unstored
from realesr.train.sources import open_sources

_GRAVITY = ("stop", "warning", "note")
_FEW_PICTURES, _MANY_EPOCHS = 50, 1000
_ROOM = 0.9
_LONG = 600.0

Progress = Callable[[int, int], None]


def examine(
    config: TrainConfig, *, most: int = 400, steps: bool = True, progress: Progress | None = None
) -> Report:
    """Look at everything a training run needs.

    Args:
        config: The run.
        most: How many pictures to look at, spread evenly; 0 for all of them.
        steps: Whether to make a few steps, which memory, time and disk are reckoned from.
        progress: Called with the pictures that were looked at and all that will be.

    Returns:
        What was found; ``Report.can_start`` says whether training can start.
    """
    figures: dict[str, float] = {}
    try:
        data = open_data(unstored(config))
        found = list(_pictures(config, data, most, figures, progress))
    except RealesrError as refusal:
        sentence = f"{refusal.cause} {refusal.next_step}".strip()
        return Report(config.name, (Finding("data", "stop", sentence),), figures)
    found += _settings(config, len(data.pairs), figures)
    found += _output(config)
    if steps and all(each.weight != "stop" for each in found):
        found += _needs(config, len(data.pairs), rehearse(config), figures)
    found.sort(key=lambda each: _GRAVITY.index(each.weight))
    return Report(config.name, tuple(found), figures)


def _pictures(
    config: TrainConfig,
    data: TrainingData,
    most: int,
    figures: dict[str, float],
    progress: Progress | None,
) -> Iterator[Finding]:
    """Count the pictures, look at them, and compare them with those held out."""
    pairs = data.pairs if isinstance(data.pairs, PairedPictures) else None
    total = len(data.pictures)
    looks = look_at(data.pictures, pairs=pairs, most=most, progress=progress)
    held_out: list[Look] = []
    if config.data.held_out:
        held_out = look_at(open_sources(config.data.held_out), most=most, quick=True)
    figures |= {"pictures": total, "looked_at": len(looks), "held_out": len(held_out)}
    figures["megapixels"] = round(sum(look.width * look.height for look in looks) / 1e6, 3)
    seen = "all looked at" if len(looks) == total else f"{len(looks):,} of them looked at"
    kind = "pair" if pairs else "picture"
    yield Finding("pictures", "note", f"{count(total, kind)} to learn from, {seen}.")
    yield from findings(looks, held_out, config, paired=pairs is not None)


def _settings(config: TrainConfig, pictures: int, figures: dict[str, float]) -> Iterator[Finding]:
    """What the configuration alone makes one expect."""
    epochs = config.steps * config.batch_size / max(1, pictures)
    figures["epochs"] = round(epochs, 2)
    if epochs < 1:
        yield Finding(
            "epochs",
            "note",
            f"{count(config.steps, 'step')} of {config.batch_size} see {epochs:.0%} of the "
            "pictures once. Set more steps to see all.",
        )
    if pictures < _FEW_PICTURES and epochs > _MANY_EPOCHS:
        yield Finding(
            "epochs",
            "note",
            f"Each of the {count(pictures, 'picture')} is seen {epochs:,.0f} times: the network "
            "may learn them by heart. Take more pictures, or fewer steps.",
        )
    if not config.data.held_out:
        yield Finding(
            "held out",
            "note",
            "No pictures are held out: scores and previews are of pictures that are learned from. "
            "Name some in data.held_out.",
        )
    if config.gan and not config.start.generator:
        yield Finding(
            "start",
            "warning",
            "The GAN begins with random weights, and colours and shapes settle late. Train without "
            "[gan] first, then name that run in start.generator.",
        )
    if config.optimiser.learning_rate > 2e-3:
        yield Finding(
            "learning rate",
            "warning",
            f"A learning rate of {config.optimiser.learning_rate:g} is high for Adam: the loss may "
            "jump or become no number. 1e-4 to 1e-3 is usual.",
        )
    if config.optimiser.warmup >= config.steps:
        yield Finding(
            "learning rate",
            "warning",
            f"The warm-up takes {count(config.optimiser.warmup, 'step')} of {config.steps:,}: the "
            "learning rate never gets where it should. Set optimiser.warmup lower.",
        )
    if config.data.patch // config.scale < 24:
        yield Finding(
            "patch",
            "note",
            f"Patches are {config.data.patch // config.scale} px small before enlarging: the "
            "network sees little of what surrounds a pixel. 32 px and more are usual.",
        )
    if config.save.every >= config.steps:
        yield Finding("save", "note", "The run is saved at its end only: a stop before saves once.")


def _output(config: TrainConfig) -> Iterator[Finding]:
    """Whether the output can be written, and what is there already."""
    output = Path(config.output)
    there = _existing(output)
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        reason = "cannot be written" if there.is_dir() else "is no folder"
        yield Finding("output", "stop", f"{there} {reason}. Name another output.")
        return
    try:
        begun = Checkpoints(output, config.save.keep).newest()
    except RealesrError as refusal:
        yield Finding("output", "stop", f"{refusal.cause} {refusal.next_step}".strip())
        return
    if begun is not None:
        yield Finding(
            "output",
            "note",
            f"{output} holds a run up to {begun.folder.name}: --resume goes on with it, without "
            "it training refuses to begin there.",
        )


def _needs(
    config: TrainConfig, pictures: int, needs: Needs, figures: dict[str, float]
) -> Iterator[Finding]:
    """Memory, time and disk against what there is."""
    if needs.died:
        yield Finding(
            "memory",
            "stop",
            "The system ended the first step, most likely for its memory. Set a smaller "
            "batch_size or data.patch, or a larger engine.accumulate.",
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
    how = "measured" if needs.measured == whole else f"reckoned from {needs.measured} pictures"
    said = f"A step takes {size(needs.memory)} of memory ({how})"
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
        "storing_seconds": round(storing, 1),
        "total_seconds": round(total, 1),
    }
    said = (
        f"{count(config.steps, 'step')} of {each:.2g} s take about {duration(each * config.steps)}"
    )
    if storing:
        said += f", after {duration(storing)} to store the pairs"
    yield Finding("time", "note", f"{said} on {needs.device}, without previews and validation.")
    if data > 0.5 * step and total > _LONG:
        yield Finding(
            "data",
            "warning" if data > step else "note",
            f"Preparing the pictures takes {data:.2g} s a step, the step itself {step:.2g} s. Set "
            "data.stored = 8, or more data.workers where there are idle processors.",
        )


def _disk(
    config: TrainConfig, pictures: int, needs: Needs, figures: dict[str, float]
) -> Iterator[Finding]:
    # A new state is whole before the oldest one goes.
    states = (config.save.keep + 1) * needs.checkpoint
    stored = needs.stored_bytes * pictures
    free = free_bytes(_existing(Path(config.output)))
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


def _existing(path: Path) -> Path:
    while not path.exists() and path != path.parent:
        path = path.parent
    return path
