"""Fit what NIQE calls natural to photographs; this made realesr/quality/natural_scenes.safetensors.

python benchmarks/natural_scenes.py FOLDER --only "photo_*"
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from realesr.images import read_picture
from realesr.quality.naturalness import BUNDLED, fit
from realesr.train.pictures import as_rgb


def main(words: list[str] | None = None) -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="sharp, undamaged photographs")
    parser.add_argument("--only", default="*", help="names that count")
    parser.add_argument("-o", "--output", type=Path, default=BUNDLED)
    wanted = parser.parse_args(words)
    files = [file for file in sorted(wanted.folder.glob(wanted.only)) if file.suffix != ".csv"]
    about = f"{len(files)} free photographs of realesr (own scale)"
    found = fit((as_rgb(read_picture(file).pixels) for file in files), about)
    found.save(wanted.output)
    sys.stdout.write(f"{wanted.output.name}: {about}\n")


if __name__ == "__main__":
    main()
