"""What degrading costs a training: pictures a second, and what it adds to a training step.

python benchmarks/training_share.py [--device cuda] [--batch 48] [--crop 400] [--blocks 23]

Three times in one run, with the parts that training itself uses: degrading alone, RealESRGAN's step
of generator and discriminator alone on a batch that is there, and both together as ``feed`` runs
them.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import report
import torch
from accelerate import Accelerator
from skimage import data

from realesr.degradations import presets
from realesr.errors import RealesrError
from realesr.inference.memory import keep_freed_memory
from realesr.train.config import (
    DataConfig,
    EngineConfig,
    GanConfig,
    LossConfig,
    NetworkConfig,
    TrainConfig,
)
from realesr.train.data import Batch, DegradedPairs
from realesr.train.feeding import Order, feed
from realesr.train.pairs import stack
from realesr.train.trainer import Trainer


class InMemory:
    """Photographs that cost no reading, so that degrading is what is measured."""

    def __init__(self) -> None:
        self.pixels = [data.astronaut(), data.coffee(), np.tile(data.chelsea(), (2, 2, 1))]

    def __len__(self) -> int:
        """Twelve, each photograph four times."""
        return 4 * len(self.pixels)

    def name(self, index: int) -> str:
        """Its number."""
        return f"picture {index}"

    def read(self, index: int) -> np.ndarray:
        """The pixels."""
        return self.pixels[index % len(self.pixels)]

    def identity(self, index: int) -> str:
        """Its number."""
        return self.name(index)

    def fingerprint(self) -> str:
        """Always the same."""
        return "in memory"

    def blocks(self) -> Sequence[int]:
        """One run."""
        return (len(self),)


@dataclass(frozen=True)
class Measured:
    """Seconds for a batch, medians."""

    degrading: float
    step: float
    together: float

    @property
    def share(self) -> float:
        """What degrading adds to a step, as a share of the longer step."""
        return max(0.0, 1 - self.step / self.together)


def settings(arguments: argparse.Namespace, perceptual: str) -> TrainConfig:
    """The published RealESRGAN stage, with the sizes that were asked for."""
    return TrainConfig(
        name="share",
        output="unused",
        steps=400_000,
        batch_size=arguments.batch,
        data=DataConfig(pictures=("samples",), crop=arguments.crop, patch=arguments.patch),
        network=NetworkConfig(
            architecture="rrdbnet",
            features=arguments.features,
            blocks=arguments.blocks,
            growth=arguments.features // 2,
        ),
        losses=LossConfig(perceptual=perceptual),
        gan=GanConfig(features=arguments.features),
        engine=EngineConfig(precision=arguments.precision),
    )


def make_trainer(arguments: argparse.Namespace) -> Trainer:
    """The trainer; without the perceptual loss where its network's weights are not to be had."""
    accelerator = Accelerator(cpu=arguments.device == "cpu")
    wanted = ["none"] if arguments.perceptual == "none" else [arguments.perceptual, "none"]
    for perceptual in wanted:
        with contextlib.suppress(RealesrError):
            return Trainer(settings(arguments, perceptual), accelerator)
    raise SystemExit("No trainer could be made.")


def seconds(action: Callable[[], object], rounds: int, device: str) -> float:
    """The median of some runs, after one that does not count."""
    wait = torch.cuda.synchronize if device == "cuda" else (lambda: None)
    spent = []
    for _ in range(rounds + 1):
        wait()
        start = time.perf_counter()
        action()
        wait()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent[1:])


def measure(arguments: argparse.Namespace, trainer: Trainer) -> Measured:
    """All three, one after the other."""
    pairs = DegradedPairs(
        InMemory(), presets.real_esrgan(4), crop=arguments.crop, patch=arguments.patch
    )
    device, rounds = arguments.device, arguments.rounds
    crops = [[pairs.cut((turn, n % 12)) for n in range(arguments.batch)] for turn in range(4)]
    turns = iter(range(10**6))
    batch: list[Batch] = [stack(pairs.finish_all(crops[0], device))]

    def degrade() -> None:
        batch[0] = stack(pairs.finish_all(crops[next(turns) % len(crops)], device))

    degrading = seconds(degrade, rounds, device)
    step = seconds(lambda: trainer.train_step([batch[0]]), rounds, device)
    stream = feed(
        pairs,
        Order(pairs, 0),
        batch_size=arguments.batch,
        first_step=0,
        workers=arguments.workers,
        device=device,
    )
    with contextlib.closing(stream):
        together = seconds(lambda: trainer.train_step([next(stream)]), rounds, device)
    return Measured(degrading, step, together)


def main(words: Sequence[str] | None = None) -> None:
    """Measure, print, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cuda")
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--crop", type=int, default=400)
    parser.add_argument("--patch", type=int, default=256)
    parser.add_argument("--blocks", type=int, default=23)
    parser.add_argument("--features", type=int, default=64, help="channels of both networks")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--precision", choices=["bf16", "fp32"], default="bf16")
    parser.add_argument("--perceptual", choices=["vgg19", "none"], default="vgg19")
    arguments = parser.parse_args(words)
    if arguments.device == "cuda" and not torch.cuda.is_available():
        raise SystemExit("No CUDA device here; nothing was measured.")
    keep_freed_memory()
    state = report.machine("accelerate", "scikit-image")
    trainer = make_trainer(arguments)
    found = measure(arguments, trainer)
    name = torch.cuda.get_device_name() if arguments.device == "cuda" else report.processor()
    cost = (f"{1000 * each:.0f}" for each in (found.degrading, found.step, found.together))
    row = [name, f"{arguments.batch / found.degrading:.0f}", *cost, f"{100 * found.share:.0f} %"]
    head = ["device", "pictures per second", "ms to degrade a batch", "ms a training step"]
    body = report.table([*head, "ms of both together", "share of degrading"], [row])
    conditions = (
        f"{state}. Batches of {arguments.batch}, crops of {arguments.crop} px, patches of "
        f"{arguments.patch} px, `real_esrgan(4)` after an unsharp mask; RRDBNet-{arguments.blocks} "
        f"with its discriminator, {arguments.precision}, perceptual loss: "
        f"{trainer.config.losses.perceptual}; {arguments.workers} workers; medians of "
        f"{arguments.rounds}. The share is what degrading beside training adds to a step."
    )
    given = " ".join(sys.argv[1:] if words is None else words)
    title = "Degradation beside training on a " + ("GPU" if arguments.device == "cuda" else "CPU")
    command = f"python benchmarks/training_share.py {given}".rstrip()
    sys.stdout.write(report.write_section(title, command, conditions, body))


if __name__ == "__main__":
    main()
