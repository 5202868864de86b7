"""Draw the figures of ``docs/synthetic-pictures.md``: ``python docs/figures/make_synthetic.py``.

A strip for each kind, at the pictures' own pixels. It needs nothing but this project.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from data_tools.synthetic import make

FOLDER = Path(__file__).resolve().parent
SIDE, GAP, GRAY = 208, 6, 214
SEEDS = {
    "leaves": (3, 5, 15, 0),
    "text": (3, 12, 7, 18),
    "drawing": (3, 5, 10, 16),
    "texture": (2, 5, 7, 14),
    "chart": (0, 2, 5, 15),
    "fields": (0, 1, 3, 6),
}


def strip(kind: str, seeds: tuple[int, ...]) -> Path:
    """Pictures of one kind side by side, as ``synthetic-KIND.jpg``."""
    gap = np.full((SIDE, GAP, 3), GRAY, np.uint8)
    parts = [part for seed in seeds for part in (gap, make(kind, seed, SIDE))][1:]
    path = FOLDER / f"synthetic-{kind}.jpg"
    cv2.imwrite(str(path), np.hstack(parts)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
    return path


if __name__ == "__main__":
    for kind, seeds in SEEDS.items():
        strip(kind, seeds)
