"""Whether two trainings of one configuration and seed give the same bits on this machine.

python benchmarks/same_bits.py CONFIG... [--steps 200]
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from report import machine, table, write_section

from realesr.train.config_files import read_config


def train(config: Path, output: Path, steps: int) -> dict[str, str]:
    """The sha256 of each file of weights and state after so many steps."""
    words = [f"steps={steps}", f"output={output}", f"save.every={steps}", "watch.preview_every=0"]
    words += [f"watch.validate_every={steps}", "optimiser.warmup=10"]
    settings = [part for word in words for part in ("--set", word)]
    command = [sys.executable, "-m", "realesr.cli", "train", str(config), *settings]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    step = output / f"step-{steps:06}"
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(step.glob("*.safetensors"))
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Train each configuration twice, compare, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path, nargs="+")
    parser.add_argument("--steps", type=int, default=200)
    wanted = parser.parse_args(arguments)
    rows = []
    for config in wanted.config:
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            first, second = Path(folder) / "first", Path(folder) / "second"
            pairs = Path(read_config(config).output) / "pairs"
            found = []
            for output in (first, second):
                if pairs.is_dir():
                    shutil.copytree(pairs, output / "pairs")
                found.append(train(config, output, wanted.steps))
            seconds = time.perf_counter() - started
        same = found[0] == found[1]
        files = ", ".join(found[0])
        verdict = "the same bits" if same else "**they differ**"
        rows.append([f"`{config}`", str(wanted.steps), files, verdict, f"{seconds:.0f}"])
    body = table(["configuration", "steps", "files compared", "result", "seconds for both"], rows)
    command = f"python benchmarks/same_bits.py {' '.join(map(str, wanted.config))}"
    sys.stdout.write(write_section("Two trainings, the same bits", command, machine(), body))
    return 0 if all(row[3] == "the same bits" for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
