"""What is wrong with a training run before an hour is spent on it: pictures, memory, time, disk.

Nothing of the run is written. The pictures are looked at one by one, and a few real steps are made
in a process of their own (``rehearsal``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from realesr.errors import RealesrError
from realesr.train.budget import budget, existing
from realesr.train.checkpoint import Checkpoints
from realesr.train.checkup import Look, findings, look_at
from realesr.train.config import TrainConfig
from realesr.train.diagnosis import Finding, Report, count
from realesr.train.opening import TrainingData, open_data
from realesr.train.paired import PairedPictures
from realesr.train.rehearsal import rehearse, unstored
from realesr.train.sources import open_sources

_GRAVITY = ("stop", "warning", "note")
_FEW_PICTURES, _MANY_EPOCHS = 50, 1000

Progress = Callable[[int, int], None]


def examine(
    config: TrainConfig, *, most: int = 1000, steps: bool = True, progress: Progress | None = None
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
        found += budget(config, len(data.pairs), rehearse(config), figures)
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
    there = existing(output)
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
