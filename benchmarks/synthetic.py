"""Synthetic pictures measured: milliseconds each, and how their power falls over frequency.

python benchmarks/synthetic.py [--pictures 40] [--side 512] [--quick]
"""

from __future__ import annotations

import argparse
import statistics
import time

import cv2
from report import machine, table, write_section

from data_tools.report.measuring import sight
from data_tools.synthetic import KINDS, make


def measured(kind: str, pictures: int, side: int) -> list[str]:
    """A row of the table."""
    seconds, slopes = [], []
    for seed in range(pictures):
        start = time.perf_counter()
        picture = make(kind, seed, side)
        seconds.append(time.perf_counter() - start)
        slope = sight(picture).slope
        slopes += [slope] if slope is not None else []
    ordered = sorted(slopes)
    reach = f"{ordered[len(ordered) // 10]:.1f} to {ordered[-1 - len(ordered) // 10]:.1f}"
    return [
        kind,
        f"{1000 * statistics.median(seconds):.0f}",
        f"{1000 * max(seconds):.0f}",
        f"{statistics.mean(slopes):.2f}",
        reach,
    ]


def main(words: list[str] | None = None) -> None:
    """Measure every kind in one process and write the section."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=40)
    parser.add_argument("--side", type=int, default=512)
    parser.add_argument("--quick", action="store_true", help="a few small pictures")
    given = parser.parse_args(words)
    pictures, side = (3, 256) if given.quick else (given.pictures, given.side)
    cv2.setNumThreads(1)
    for kind in KINDS:
        make(kind, 0, side)  # Fonts and tables are loaded once.
    rows = [measured(kind, pictures, side) for kind in KINDS]
    head = ["kind", "median ms", "slowest ms", "mean slope of power", "middle 80 %"]
    body = (
        f"{pictures} pictures of {side} x {side} of each kind, one process, one thread. The slope "
        "is the exponent of power over frequency; photographs have about -2 to -3.\n\n"
        + table(head, rows)
    )
    command = "python benchmarks/synthetic.py"
    print(write_section("Synthetic pictures", command, machine("opencv-python-headless"), body))


if __name__ == "__main__":
    main()
