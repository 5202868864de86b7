"""Degradation measured: milliseconds a picture, against the reference's chain in the same run.

python benchmarks/degradations.py [--pictures 200] [--repeats 3]

What degrading costs a training, on a GPU or a CPU, is measured by ``training_share.py``.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import defaultdict
from collections.abc import Callable

import reference_chain
import torch
from report import machine, table, write_section
from skimage import data

from realesr.degradations import Trace, presets
from realesr.images import to_tensor
from realesr.inference.memory import keep_freed_memory

SIDE = 400


def photograph() -> torch.Tensor:
    """The middle of scikit-image's astronaut."""
    pixels = data.astronaut()[56 : 56 + SIDE, 56 : 56 + SIDE]
    return to_tensor(pixels.copy())


def timed(trace: Trace, hr: torch.Tensor) -> list[tuple[str, float]]:
    """Milliseconds of each stage of a trace."""
    stages = []
    before = time.perf_counter()
    for operation, _ in trace.stages(hr):
        now = time.perf_counter()
        stages.append((type(operation).__name__, (now - before) * 1000))
        before = now
    return stages


def milliseconds(action: Callable[[], object]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    action()
    return (time.perf_counter() - start) * 1000


def on_cpu(pictures: int, repeats: int) -> str:
    """Ours and the reference's in turn, so that both meet the same load; the best run counts."""
    torch.set_num_threads(2)
    hr = photograph()
    recipe = presets.real_esrgan(4, sharpen=True)
    exact = presets.real_esrgan_exact(4, sharpen=True)
    ours, drawing, reference = [], [], []
    spent: dict[str, list[float]] = defaultdict(list)
    for seed in range(-3, pictures):
        trace, plain = recipe.sample(seed), exact.sample(seed)
        draws, runs, plain_runs = [], [], []
        for _ in range(repeats):
            draws.append(milliseconds(lambda seed=seed: recipe.sample(seed)))
            runs.append(timed(trace, hr))
            plain_runs.append(milliseconds(lambda plain=plain: reference_chain.apply(plain, hr)))
        if seed < 0:
            continue
        best = min(runs, key=lambda stages: sum(spent for _, spent in stages))
        for name, value in best:
            spent[name].append(value)
        drawing.append(min(draws))
        ours.append(min(draws) + sum(value for _, value in best))
        reference.append(min(plain_runs))
    mean, plain_mean = statistics.mean(ours), statistics.mean(reference)
    median, plain_median = statistics.median(ours), statistics.median(reference)
    rows = [
        ["`real_esrgan(4)` with unsharp mask", f"{mean:.1f}", f"{median:.1f}", "1"],
        [
            "plain reference chain, same draws",
            f"{plain_mean:.1f}",
            f"{plain_median:.1f}",
            f"{plain_mean / mean:.1f} (medians: {plain_median / median:.1f})",
        ],
    ]
    parts = [["draw the trace", f"{statistics.mean(drawing):.2f}", f"{pictures}"]]
    parts[0].append(f"{statistics.mean(drawing):.2f}")
    for name, values in sorted(spent.items(), key=lambda item: -sum(item[1])):
        share = sum(values) / pictures
        parts.append([name, f"{statistics.mean(values):.2f}", f"{len(values)}", f"{share:.2f}"])
    head = ["chain", "mean ms a picture", "median ms", "times ours"]
    detail = ["operation", "mean ms each", "times", "ms a picture"]
    return f"{table(head, rows)}\n\nWhere our time goes:\n\n{table(detail, parts)}"


def processor_time(pictures: int) -> str:
    """Both chains on one thread by the processor's own clock, which other programs hardly move."""
    torch.set_num_threads(1)
    hr = photograph()
    recipe = presets.real_esrgan(4, sharpen=True)
    exact = presets.real_esrgan_exact(4, sharpen=True)
    ours, reference = [], []
    for seed in range(-2, pictures):
        trace, plain = recipe.sample(seed), exact.sample(seed)
        start = time.process_time()
        trace.apply(hr)
        between = time.process_time()
        reference_chain.apply(plain, hr)
        if seed >= 0:
            ours.append((between - start) * 1000)
            reference.append((time.process_time() - between) * 1000)
    mean, plain_mean = statistics.mean(ours), statistics.mean(reference)
    return (
        f"On one thread by processor time, which a busy machine hardly moves, seeds 0 to "
        f"{pictures - 1}: {mean:.1f} ms against {plain_mean:.1f} ms, {plain_mean / mean:.1f} times."
    )


def main() -> None:
    """Measure, print, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    keep_freed_memory()
    state = machine("scikit-image")
    body = on_cpu(arguments.pictures, arguments.repeats)
    body += "\n\n" + processor_time(min(arguments.pictures, 50))
    conditions = (
        f"{state}. {SIDE}x{SIDE}, seeds 0 to {arguments.pictures - 1}, one process, 2 threads; "
        f"the two chains take turns, and the best of {arguments.repeats} runs of each counts."
    )
    command = "python benchmarks/degradations.py"
    print(write_section("Degradation on a CPU", command, conditions, body))


if __name__ == "__main__":
    main()
