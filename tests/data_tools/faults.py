"""Two hundred faults of thirteen kinds, planted among pictures that have none.

Faults of quality are made of other pictures than the clean ones, so that none is found merely as a
copy. Copies are made of clean ones, leaks of Set5.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from realesr.images import read_picture

LICENCES = ("CC0-1.0", "CC-BY-4.0", "MIT", "Apache-2.0", "LicenseRef-PublicDomain")
COUNTS = {
    "blurred": 18, "upscaled": 18, "jpeg": 18, "noisy": 18, "flat": 12, "crop": 18, "resize": 15,
    "re-encode": 15, "flip": 15, "truncated": 13, "licence": 12, "leak": 15, "tiny": 13,
}  # fmt: skip
"""Two hundred in all."""
RULES = {
    "blurred": ("blur",), "upscaled": ("enlarged", "blur"), "jpeg": ("jpeg", "blocks"),
    "noisy": ("noise",), "flat": ("flat",), "crop": ("tiles", "near"), "resize": ("near", "tiles"),
    "re-encode": ("near", "tiles"), "flip": ("near", "tiles"), "truncated": ("readable",),
    "licence": ("licence",), "leak": ("test_sets",), "tiny": ("side",),
}  # fmt: skip
"""The rules that are meant to find each."""

Pixels = np.ndarray


@dataclass(frozen=True)
class Planted:
    """A heap with faults.

    Attributes:
        table: The list of all its pictures, with licences.
        clean: Names of pictures without fault.
        faults: The kind of each fault, by name.
        origins: The clean picture that a copy was made of, by name.
    """

    table: Path
    clean: tuple[str, ...]
    faults: dict[str, str]
    origins: dict[str, str]


def plant(folder: Path, data: Path, seed: int = 0) -> Planted:
    """Write the heap.

    Args:
        folder: Where to.
        data: The team's folder ``data``, with ``train`` and ``eval/Set5``.
        seed: Of what is damaged and how.
    """
    draw = np.random.default_rng(seed)
    with (data / "train" / "SOURCES.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    shrunk = [row for row in rows if float(row["downscale"] or 1) >= 2]
    others = [row for row in rows if float(row["downscale"] or 1) < 2]
    listed, faults, origins = [], {}, {}
    folder.mkdir(parents=True)
    for row in shrunk:
        name = f"m-{row['tile']}"
        (folder / name).write_bytes((data / "train" / row["tile"]).read_bytes())
        listed.append((name, row["spdx"], row["author"]))
    clean = tuple(name for name, *_ in listed)
    spare = [others[place] for place in draw.permutation(len(others))]
    copied = [shrunk[place] for place in draw.permutation(len(shrunk))]
    set5 = sorted((data / "eval" / "Set5").iterdir())
    for kind, count in COUNTS.items():
        for number in range(count):
            if kind in ("crop", "resize", "re-encode", "flip"):
                row = copied.pop()
            else:
                row = spare[0]
                spare = spare[1:] + spare[:1]
            tile = set5[number % 5] if kind == "leak" else data / "train" / row["tile"]
            # Before and after the clean ones in the list, as it comes.
            stem = f"{'az'[number % 2]}-{kind}-{number:02}"
            name = _write(folder / stem, kind, tile, draw)
            faults[name] = kind
            if kind in ("crop", "resize", "re-encode", "flip"):
                origins[name] = f"m-{row['tile']}"
            licence = "CC-BY-NC-ND-4.0" if kind == "licence" else "MIT"
            listed.append((name, licence, row["author"]))
    table = folder / "list.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("file", "licence", "author"), *sorted(listed)])
    return Planted(table, clean, faults, origins)


def _write(stem: Path, kind: str, tile: Path, draw: np.random.Generator) -> str:
    pixels = read_picture(tile).pixels
    pixels = np.ascontiguousarray(np.dstack([pixels] * 3) if pixels.ndim == 2 else pixels[..., :3])
    if kind == "truncated":
        data = _png(pixels) if draw.random() < 0.5 else _jpeg(pixels, 95)
        data = data[: int(len(data) * draw.uniform(0.1, 0.9))]
        suffix = ".png" if data[:1] == b"\x89" else ".jpg"
    elif kind in ("jpeg", "re-encode"):
        low, high = (20, 60) if kind == "jpeg" else (82, 95)
        data, suffix = _jpeg(pixels, int(draw.integers(low, high + 1))), ".jpg"
        if kind == "jpeg" and draw.random() < 0.5:
            data, suffix = _png(_decoded(data)), ".png"
    else:
        data, suffix = _png(_DAMAGES[kind](pixels, draw)), ".png"
    path = stem.with_name(stem.name + suffix)
    path.write_bytes(data)
    return path.name


def _blurred(pixels: Pixels, draw: np.random.Generator) -> Pixels:
    return cv2.GaussianBlur(pixels, (0, 0), draw.uniform(2, 4))


def _upscaled(pixels: Pixels, draw: np.random.Generator) -> Pixels:
    factor = draw.uniform(2, 4)
    height, width = pixels.shape[:2]
    small = cv2.resize(pixels, (round(width / factor), round(height / factor)), interpolation=3)
    way = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)[int(draw.integers(3))]
    return cv2.resize(small, (width, height), interpolation=way)


def _noisy(pixels: Pixels, draw: np.random.Generator) -> Pixels:
    noise = draw.normal(0, draw.uniform(9, 25), pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


def _flat(pixels: Pixels, draw: np.random.Generator) -> Pixels:
    colour = pixels.reshape(-1, 3)[int(draw.integers(len(pixels)))]
    ramp = np.linspace(0, draw.uniform(0, 40), 512)[:, None, None]
    return np.clip(colour + np.broadcast_to(ramp, (512, 512, 3)), 0, 255).astype(np.uint8)


def _crop(pixels: Pixels, draw: np.random.Generator) -> Pixels:
    side = int(min(pixels.shape[:2]) * draw.uniform(0.6, 0.9))
    top, left = (int(draw.integers(length - side + 1)) for length in pixels.shape[:2])
    return pixels[top : top + side, left : left + side]


def _resized(pixels: Pixels, draw: np.random.Generator) -> Pixels:
    factor = draw.uniform(0.55, 0.9)
    return cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)


def _flipped(pixels: Pixels, draw: np.random.Generator) -> Pixels:
    return np.ascontiguousarray(pixels[:, ::-1] if draw.random() < 0.7 else pixels[::-1])


def _leaked(pixels: Pixels, draw: np.random.Generator) -> Pixels:
    way = int(draw.integers(3))
    if way == 0:
        return _flipped(pixels, draw)
    if way == 1:
        larger = max(1.0, 270 / min(pixels.shape[:2]))
        return cv2.resize(pixels, None, fx=larger, fy=larger, interpolation=cv2.INTER_CUBIC)
    return pixels


def _tiny(pixels: Pixels, draw: np.random.Generator) -> Pixels:
    side = int(draw.integers(24, 200))
    return pixels[:side, : int(side * draw.uniform(0.7, 1.4)) + 1]


def _same(pixels: Pixels, draw: np.random.Generator) -> Pixels:
    return pixels


_DAMAGES: dict[str, Callable[[Pixels, np.random.Generator], Pixels]] = {
    "blurred": _blurred, "upscaled": _upscaled, "noisy": _noisy, "flat": _flat, "crop": _crop,
    "resize": _resized, "flip": _flipped, "leak": _leaked, "tiny": _tiny, "licence": _same,
}  # fmt: skip


def _png(pixels: Pixels) -> bytes:
    return cv2.imencode(".png", pixels[..., ::-1])[1].tobytes()


def _jpeg(pixels: Pixels, quality: int) -> bytes:
    flags = [cv2.IMWRITE_JPEG_QUALITY, quality]
    return cv2.imencode(".jpg", pixels[..., ::-1], flags)[1].tobytes()


def _decoded(data: bytes) -> Pixels:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
