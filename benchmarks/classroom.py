"""The classroom lesson, timed: from random weights past bicubic, with its two figures.

python benchmarks/classroom.py

Runs `realesr train configs/classroom.toml` as a class would, and writes the figures of
docs/training.md.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from report import machine, table, write_section

from realesr.train.curves import draw_curves
from realesr.train.journal import Journal

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "docs" / "figures"


def main() -> None:
    """Train, then write the section and the figures."""
    conditions = machine()
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "classroom"
        command = [str(Path(sys.executable).with_name("realesr")), "train"]
        command += [str(ROOT / "configs" / "classroom.toml"), "--set", f"output={output}"]
        started = time.perf_counter()
        subprocess.run(command, check=True)
        taken = time.perf_counter() - started
        looks = [line for line in Journal.read(output) if line["kind"] == "validation"]
        sheet = Image.open(output / "previews" / "sheet.png").convert("RGB")
        sheet.save(FIGURES / "classroom-sheet.jpg", quality=90, subsampling=0)
        draw_curves(output, FIGURES / "classroom-curves.png")
    rows = [
        [
            f"{look['step']:,}",
            f"{look['psnr']:.2f} dB",
            f"{look['psnr'] - look['psnr_bicubic']:+.2f} dB",
            f"{look['ssim']:.3f}",
        ]
        for look in looks
    ]
    last = looks[-1]
    rows.append(["bicubic", f"{last['psnr_bicubic']:.2f} dB", "", f"{last['ssim_bicubic']:.3f}"])
    body = (
        f"{taken:.0f} s in all, the program's start included. Means over the three held-out "
        "pictures; PSNR in RGB, 8 bit, border 4; SSIM on Y, border 4, 7 x 7 uniform window.\n\n"
    ) + table(["step", "PSNR", "against bicubic", "SSIM"], rows)
    print(write_section("The classroom", "python benchmarks/classroom.py", conditions, body))


if __name__ == "__main__":
    main()
