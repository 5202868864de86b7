"""A training step measured: the number type that ``auto`` chooses beside plain fp32.

python benchmarks/training.py [--device cpu|cuda] [--steps 9] [--quick]

Both run in turn in one process, on the same batch. Plain fp32 is what the reference project does:
float32, channels first. On a GPU the full recipe is measured too: RRDBNet-23, batch 48, patches of
256 px, with the degradation, against the authors' 0.86 to 1.08 s on four V100.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
from report import machine, table, write_section

from realesr.inference.memory import keep_freed_memory
from realesr.train.config_files import config_from
from realesr.train.engine import make_accelerator
from realesr.train.pairs import Batch
from realesr.train.trainer import Trainer

# name, network, batch, patch, with a discriminator of so many features
CASES = [
    (
        "Compact 64 x 16, stage one",
        {"architecture": "compact", "features": 64, "convolutions": 16},
        16,
        192,
        0,
    ),
    (
        "Compact 64 x 16, stage two",
        {"architecture": "compact", "features": 64, "convolutions": 16},
        16,
        192,
        32,
    ),
    ("RRDBNet-6, stage one", {"architecture": "rrdbnet", "blocks": 6}, 4, 128, 0),
]
FULL = [("RRDBNet-23, stage two", {"architecture": "rrdbnet", "blocks": 23}, 48, 256, 64)]


def trainer(case: tuple, precision: str, device: str) -> Trainer:
    """A trainer of the case in one number type."""
    _, network, batch, patch, judge = case
    config = config_from(
        {
            "name": "benchmark",
            "output": "unused",
            "steps": 1000,
            "batch_size": batch,
            "network": network,
            "data": {"pictures": ["samples"], "patch": patch},
            "engine": {"precision": precision},
            **({"gan": {"features": judge}} if judge else {}),
        }
    )
    return Trainer(config, make_accelerator(cpu=device == "cpu"))


def seconds(run: Trainer, batch: Batch) -> float:
    """One step, until the device is done."""
    started = time.perf_counter()
    said = run.train_step([batch])
    float(next(iter(said.values())))
    return time.perf_counter() - started


def measure(case: tuple, steps: int, device: str) -> list[str]:
    """The row of a case: medians of steps taken in turn."""
    name, _, count, patch, _ = case
    generator = torch.Generator().manual_seed(0)
    hr = torch.rand(count, 3, patch, patch, generator=generator).to(device)
    lr = torch.nn.functional.avg_pool2d(hr, 4)
    batch = Batch(hr=hr, lr=lr, traces=(), sharp=hr)
    runs = {each: trainer(case, each, device) for each in ("fp32", "auto")}
    taken: dict[str, list[float]] = {each: [] for each in runs}
    for turn in range(steps + 1):
        for each, run in runs.items():
            spent = seconds(run, batch)
            if turn:
                taken[each].append(spent)
    plain, ours = (statistics.median(taken[each]) for each in ("fp32", "auto"))
    kind = str(runs["auto"].dtype).removeprefix("torch.")
    size = f"{count} x {patch} px"
    return [name, size, f"{plain:.3f} s", f"{ours:.3f} s", kind, f"{plain / ours:.1f}"]


def main() -> None:
    """Measure every case and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--steps", type=int, default=9)
    parser.add_argument("--quick", action="store_true", help="one small case, nothing is written")
    arguments = parser.parse_args()
    keep_freed_memory()
    conditions = machine("accelerate")
    cases = CASES + (FULL if arguments.device == "cuda" else [])
    if arguments.quick:
        small = {"architecture": "compact", "features": 8, "convolutions": 1}
        cases = [("Compact 8 x 1", small, 2, 32, 8)]
    head = ["network", "batch", "plain fp32", "auto", "auto is", "times as fast"]
    body = table(head, [measure(case, arguments.steps, arguments.device) for case in cases])
    if not arguments.quick:
        command = f"python benchmarks/training.py --device {arguments.device}"
        write_section(f"A training step ({arguments.device})", command, conditions, body)
    print(body)


if __name__ == "__main__":
    main()
