"""The known table measured: every model on this machine on Set5, as `realesr evaluate` prints it.

python benchmarks/evaluation.py FOLDER [--quick]

REALESR_WEIGHTS names the folders with further weights. The sections hold the program's Markdown,
unedited; --quick takes no times and draws nothing.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from report import machine, write_section

FIGURE = Path(__file__).resolve().parent.parent / "docs" / "figures" / "quality-set5.png"


def run(folder: Path, words: list[str], *, quick: bool) -> tuple[str, float]:
    """What `realesr evaluate` wrote, and the seconds that the whole program took."""
    with tempfile.TemporaryDirectory() as place:
        table = Path(place) / "table.md"
        command = [sys.executable, "-m", "realesr.cli", "evaluate", folder, "-o", table, *words]
        started = time.perf_counter()
        words = [*map(str, command), *(["--no-speed"] if quick else [])]
        # A model that is refused ends it with a code of its own; the table says which, and why.
        ended = subprocess.run(words, check=False, stdout=subprocess.DEVNULL).returncode
        if not table.exists():
            sys.exit(ended)
        return table.read_text(encoding="utf-8"), time.perf_counter() - started


def main(words: list[str] | None = None) -> None:
    """Measure and rewrite the sections."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="Set5's five pictures")
    parser.add_argument("--quick", action="store_true", help="no times, no plot")
    wanted = parser.parse_args(words)
    sections = {
        "The known table on Set5": [
            *"--known-table --recipe bicubic_only --recipe real_esrgan_exact".split(),
            *([] if wanted.quick else ["--plot", str(FIGURE), "--force"]),
        ],
        "Models compared on damaged pictures": [
            *"--recipe gentle --recipe real_esrgan".split(),
            *(word for name in _compared() for word in ("--model", name)),
        ],
    }
    for title, options in sections.items():
        conditions = machine("pillow")
        text, seconds = run(wanted.folder, options, quick=wanted.quick)
        shown = " ".join(word for word in options if word not in (str(FIGURE), "--plot", "--force"))
        took = f"{conditions}. The whole program took {seconds:.0f} s."
        command = f"realesr evaluate Set5 {shown}"
        sys.stdout.write(write_section(title, command, took, text))


def _compared() -> list[str]:
    """Bicubic, what comes along, and the official models that are on this machine."""
    from realesr.models.catalogue import BUILT_IN, known_models
    from realesr.models.locating import place_of

    here = [spec.name for spec in known_models() if place_of(spec) in ("bundled", "local")
            and spec.source != BUILT_IN and spec.scale == 4
            and spec.architecture != "unet_discriminator"]  # fmt: skip
    return ["bicubic", *here]


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    main()
