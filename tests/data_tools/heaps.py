"""Heaps of pictures to build data sets from: clean ones, and what may be wrong with one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import skimage
from PIL import Image

from data_tools.building import Outcome, build
from data_tools.manifest import MANIFEST, REJECTED, read_rows
from data_tools.settings import build_from

SIDE = 224
_FOLDER = Path(skimage.__file__).parent / "data"
_CORNERS = {
    "astronaut": [(0, 96), (200, 60)],
    "coffee": [(20, 150), (150, 330)],
    "chelsea": [(40, 90)],
}


def photographs() -> dict[str, np.ndarray]:
    """Five sharp pieces of photographs, none of which overlap, by name."""
    found = {}
    for name, corners in _CORNERS.items():
        whole = np.asarray(Image.open(_FOLDER / f"{name}.png").convert("RGB"))
        for number, (top, left) in enumerate(corners):
            found[f"{name}{number}"] = whole[top : top + SIDE, left : left + SIDE].copy()
    return found


def write_heap(folder: Path, pictures: dict[str, np.ndarray]) -> Path:
    """Write pictures as PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, pixels in pictures.items():
        Image.fromarray(pixels).save(folder / f"{name}.png")
    return folder


def jpeg(pixels: np.ndarray, quality: int) -> bytes:
    """As a JPEG file."""
    swapped = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", swapped, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def built(output: Path, *sources: Any, changes: tuple[str, ...] = (), **values: Any) -> Outcome:
    """Build with rules that fit small pictures."""
    plan = build_from({"sources": list(sources), **values}, ("select.side=100", *changes))
    return build(plan, output)


def kept(output: Path) -> dict[str, dict[str, Any]]:
    """The rows of the manifest by source."""
    return {row["source"]: row for row in read_rows(output / MANIFEST)}


def rejected(output: Path) -> dict[str, set[str]]:
    """The rules that left a picture out, by source."""
    found: dict[str, set[str]] = {}
    for row in read_rows(output / REJECTED):
        found.setdefault(row["source"], set()).add(row["rule"])
    return found


def contents(folder: Path) -> dict[str, bytes]:
    """Every file under a folder by its path."""
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
