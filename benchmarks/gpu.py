"""What only a GPU shows: run times of the large network, frames a second, the matrix rate.

python benchmarks/gpu.py

Nobody has run this on a card yet: no figure of it stands in docs/benchmarks.md.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable

import torch
from report import machine, table, write_section

from realesr.inference.running import Runner
from realesr.models.catalogue import ModelSpec
from realesr.models.compact import Compact
from realesr.models.loading import LoadedModel
from realesr.models.rrdbnet import RRDBNet

REPEATS = 20


def milliseconds(action: Callable[[], object]) -> float:
    """The median time of a run on the card, after three that warm up."""
    for _ in range(3):
        action()
    found = []
    for _ in range(REPEATS):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        action()
        end.record()
        end.synchronize()
        found.append(start.elapsed_time(end))
    return statistics.median(found)


def matrix_rate() -> float:
    """TFLOP/s of a bf16 product of two 8192 x 8192 matrices."""
    one, other = (torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    return 2 * 8192**3 / milliseconds(lambda: one @ other) / 1e9


def loaded(network: torch.nn.Module, architecture: str) -> LoadedModel:
    """A network with random weights as a model."""
    spec = ModelSpec(architecture, architecture, {}, 4, source="", radius=network.radius)
    return LoadedModel(network.eval(), spec)


def work(network: torch.nn.Module, height: int, width: int) -> float:
    """TFLOP of one pass: twice the multiplications, each weight once for each pixel it meets."""
    counted = 0

    def count(module: torch.nn.Module, _: object, made: torch.Tensor) -> None:
        nonlocal counted
        counted += 2 * module.weight.numel() * made.shape[2] * made.shape[3]

    hooks = [
        module.register_forward_hook(count)
        for module in network.modules()
        if isinstance(module, torch.nn.Conv2d)
    ]
    with torch.device("meta"):
        shape = torch.empty(1, 3, height, width)
    network.to("meta")(shape)
    for hook in hooks:
        hook.remove()
    return counted / 1e12


def rows() -> list[list[str]]:
    """Each case: eager and compiled on the card alone, and a whole run with its transfers."""
    cases = [
        ("RRDBNet-23", lambda: RRDBNet(4, 64, 23, 32), "rrdbnet", 256, 256),
        ("Compact-32", lambda: Compact(4, 64, 32), "compact", 2048, 2048),
        ("Compact-16", lambda: Compact(4, 64, 16), "compact", 480, 640),
    ]
    rate, found = matrix_rate(), []
    for name, make, architecture, height, width in cases:
        effort = work(make(), height, width)
        runner = Runner(loaded(make(), architecture), "cuda", torch.bfloat16, together=1)
        tile = torch.rand(1, 3, height, width)
        there = tile.to("cuda", memory_format=torch.channels_last)
        with torch.inference_mode():
            eager = milliseconds(lambda: runner._network(there))  # noqa: B023
            compiled_network = torch.compile(runner._network, mode="max-autotune")
            compiled = milliseconds(lambda: compiled_network(there))  # noqa: B023
        whole = milliseconds(lambda: runner(tile))  # noqa: B023
        share = effort / (min(eager, compiled) / 1e3) / rate
        cells = [f"{number:.2f}" for number in (eager, compiled, whole, 1000 / whole)]
        found.append([name, f"{width}×{height}", f"{effort:.2f}", *cells, f"{share:.0%}"])
    return found


def main() -> None:
    """Measure and write the section."""
    if not torch.cuda.is_available():
        sys.exit("No CUDA device here; this benchmark measures nothing else.")
    head = ["network", "input", "TFLOP", "eager, ms", "compiled, ms", "with transfers, ms"]
    head += ["frames a second, with transfers", "of the matrix rate"]
    body = f"bf16 matrix product: {matrix_rate():.0f} TFLOP/s.\n\n{table(head, rows())}"
    conditions = f"{torch.cuda.get_device_name()}; {machine()}"
    command = "python benchmarks/gpu.py"
    sys.stdout.write(write_section("On a GPU", command, conditions, body))


if __name__ == "__main__":
    main()
