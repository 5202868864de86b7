"""Small built data sets for tests of publishing, with every kind of picture that must survive."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from data_tools.manifest import COLUMNS, MANIFEST, REJECTED, REJECTIONS

LICENCES = ("CC0-1.0", "CC-BY-4.0", "LicenseRef-PublicDomain")


def make_set(folder: Path, count: int = 6, side: int = 24) -> Path:
    """A data set as `realesr-data build` leaves it: 8 and 16 bit, alpha, JPEG, two splits."""
    random = np.random.default_rng(0)
    rows = []
    for number in range(count):
        split = "validation" if number % 5 == 4 else "train"
        (folder / split).mkdir(parents=True, exist_ok=True)
        suffix = ".jpg" if number % 3 == 0 else ".png"
        path = folder / split / f"{number:05}{suffix}"
        channels = 4 if number % 3 == 1 else 3
        kind = np.uint16 if number % 3 == 2 else np.uint8
        pixels = random.integers(0, np.iinfo(kind).max, (side, side, channels)).astype(kind)
        if kind is np.uint16:
            cv2.imwrite(str(path), pixels)
        else:
            Image.fromarray(pixels).save(path)
        rows.append(_row(folder, path, split, number, channels, kind, side))
    pq.write_table(pa.Table.from_pylist(rows, COLUMNS), folder / MANIFEST)
    left = {
        "source": f"{folder}/blurred.png",
        "rule": "blur",
        "score": 2.5,
        "threshold": 1.25,
        "sentence": f"{folder}/blurred.png is blurred",
    }
    pq.write_table(pa.Table.from_pylist([left], REJECTIONS), folder / REJECTED)
    plan = {"version": "0.1.0", "sources": [{"path": str(folder / "photos")}]}
    (folder / "build.json").write_text(json.dumps(plan), encoding="utf-8")
    return folder


def _row(folder, path, split, number, channels, kind, side):
    with_defaults = {column.name: None for column in COLUMNS}
    return with_defaults | {
        "file": path.relative_to(folder).as_posix(),
        "source": f"{folder}/photos/{number}.png",
        "licence": LICENCES[number % 3],
        "author": f"Author {number % 3}",
        "origin": "https://example.org/photos",
        "split": split,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "phash": f"{number:064x}",
        "width": side,
        "height": side,
        "mode": "RGBA" if channels == 4 else "RGB",
        "bits": 16 if kind is np.uint16 else 8,
    }


def change_rows(folder: Path, **values: object) -> None:
    """Write the same values into every row of the manifest."""
    rows = [row | values for row in pq.read_table(folder / MANIFEST).to_pylist()]
    pq.write_table(pa.Table.from_pylist(rows, COLUMNS), folder / MANIFEST)
