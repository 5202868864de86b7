"""Training data measured: patches a second, and the share of a training step that data takes.

python benchmarks/training_data.py [--steps 20]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from report import machine, table, write_section

from realesr.inference.memory import keep_freed_memory
from realesr.train.config import TrainConfig
from realesr.train.config_files import config_from
from realesr.train.feeding import feed
from realesr.train.opening import TrainingData, open_data
from realesr.train.trainer import Trainer

PHOTOGRAPHS = "samples:astronaut,chelsea,coffee,motorcycle_left,rocket"
COMPACT = {"architecture": "compact", "features": 64, "convolutions": 16}
BATCH = 2
RRDBNET = {"architecture": "rrdbnet", "blocks": 23}


def configured(folder: Path, network: dict[str, Any], stored: int, **data: Any) -> TrainConfig:
    """RealESRNet's data: crops of 400, degraded by the second-order recipe."""
    return config_from(
        {
            "name": "benchmark",
            "output": str(folder / "run"),
            "steps": 1000,
            "batch_size": BATCH,
            "network": network,
            "engine": {"precision": "fp32"},
            "data": {"pictures": [PHOTOGRAPHS], "stored": stored, "patch": 192} | data,
        }
    )


def rates(data: TrainingData, patches: int) -> list[str]:
    """Patches a second of one process, and the milliseconds that reading and degrading take."""
    batches = feed(data.pairs, data.order, batch_size=BATCH, first_step=0)
    list(islice(batches, 5))
    start, clock = time.perf_counter(), time.process_time()
    taken = list(islice(batches, patches // BATCH))
    count = BATCH * len(taken)
    seconds, worked = time.perf_counter() - start, time.process_time() - clock
    parts = [sum(batch.seconds[name] for batch in taken) for name in ("read", "degrade")]
    return [
        f"{count / seconds:,.0f}",
        f"{worked / count * 1000:.2f}",
        *(f"{part / count * 1000:.2f}" for part in parts),
    ]


def share(config: TrainConfig, data: TrainingData, steps: int) -> list[str]:
    """The milliseconds of a step, and the share in it of waiting for data, without workers."""
    trainer = Trainer(config, Accelerator(cpu=True))
    batches = feed(data.pairs, data.order, batch_size=config.batch_size, first_step=0)
    trainer.train_step([next(batches)])
    start, waited = time.perf_counter(), 0.0
    for batch in islice(batches, steps):
        trainer.train_step([batch])
        waited += batch.seconds["wait"]
    seconds = time.perf_counter() - start
    return [f"{seconds / steps * 1000:,.0f}", f"{waited / seconds:.1%}"]


def main() -> None:
    """Measure, print, and write the section of docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=20)
    steps = parser.parse_args().steps
    keep_freed_memory()
    # A busy machine then slows both halves of a step alike, and shares stay what they are.
    torch.set_num_threads(1)
    conditions = machine("scikit-image")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        configs = {
            "stored draws": configured(folder, COMPACT, 4),
            "degraded on the fly": configured(folder, COMPACT, 0),
        }
        data = {name: open_data(config) for name, config in configs.items()}
        counts = {"stored draws": 4000, "degraded on the fly": 60}
        speeds = [[name, *rates(data[name], counts[name])] for name in configs]
        shares = []
        for label, network, count in (
            ("compact, 16 x 64", COMPACT, steps),
            ("RRDBNet-23", RRDBNET, 2),
        ):
            for name in configs:
                stored = 4 if name == "stored draws" else 0
                config = configured(folder, network, stored)
                shares.append([label, name, *share(config, data[name], count)])
    rate_head = ["pairs", "patches/s", "processor ms each", "read ms", "degrade ms"]
    share_head = ["network", "pairs", f"ms a step of {BATCH}", "share of data"]
    body = f"{table(rate_head, speeds)}\n\n{table(share_head, shares)}"
    told = (
        f"{conditions}. Patches of 192 px out of crops of 400 px, sharpened, `real_esrgan(4)`; one "
        "process, one thread, no workers, so that all of the work on data counts as waiting."
    )
    section = write_section(
        "Training data on a CPU", "python benchmarks/training_data.py", told, body
    )
    print(section)


if __name__ == "__main__":
    main()
