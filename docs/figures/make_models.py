"""Draw what the bundled models do: ``python docs/figures/make_models.py``, for models-compared.md.

Twenty pictures, each shrunk four times and damaged as such pictures are, then enlarged by bicubic,
by the official small model where its weights are in ``REALESR_WEIGHTS``, and by ours. The
photographs come with scikit-image (public domain or CC0); the rest is made by ``data_tools``.
"""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from sheet import FOLDER, GRAY

from data_tools.synthetic import make
from realesr.errors import RealesrError
from realesr.figures import INK
from realesr.inference.upscaler import Upscaler
from realesr.train.sources import open_source

SIDE, GAP, LINE, ROWS = 192, 8, 22, 5
MODELS = ("bicubic", "realesr-general-x4v3", "lab-x4-fidelity", "lab-x4")


@dataclass(frozen=True)
class Case:
    """A picture, what happened to it, and the place that is shown.

    Attributes:
        source: A photograph of scikit-image, or ``kind:seed`` of a synthetic picture.
        top: First row of the place, in pixels of the truth; a multiple of 4.
        left: First column.
        noise: Standard deviation in levels of 255.
        quality: Of the JPEG it was saved as; 0 for none.
    """

    source: str
    top: int
    left: int
    noise: float = 0
    quality: int = 0


CASES = (
    Case("astronaut", 20, 150, quality=60),
    Case("astronaut", 300, 20, noise=8, quality=75),
    Case("chelsea", 60, 120, quality=40),
    Case("chelsea", 100, 200, noise=12),
    Case("coffee", 60, 200, quality=50),
    Case("coffee", 180, 380),
    Case("rocket", 80, 260, noise=6, quality=70),
    Case("motorcycle_left", 200, 180, quality=60),
    Case("motorcycle_left", 280, 460),
    Case("brick", 120, 120, quality=70),
    Case("grass", 160, 160),
    Case("gravel", 160, 160, quality=60),
    Case("camera", 60, 160, noise=10, quality=80),
    Case("coins", 40, 40, quality=50),
    Case("hubble_deep_field", 200, 300, quality=80),
    Case("moon", 120, 60),
    Case("text:3", 40, 40),
    Case("text:8", 40, 40, quality=60),
    Case("drawing:2", 120, 120, quality=50),
    Case("drawing:5", 160, 160, quality=35),
)


def truth(source: str) -> np.ndarray:
    """The picture before anything happened to it."""
    if ":" in source:
        kind, seed = source.split(":")
        return make(kind, int(seed), 512)
    return open_source(f"samples:{source}").read(0)


def damaged(pixels: np.ndarray, case: Case) -> np.ndarray:
    """Shrunk four times, perhaps with noise, perhaps saved as JPEG."""
    height, width = (side // 4 for side in pixels.shape[:2])
    whole = Image.fromarray(pixels[: height * 4, : width * 4])
    small = np.asarray(whole.resize((width, height), Image.Resampling.BICUBIC), np.float64)
    small = small + case.noise * np.random.default_rng(7).standard_normal(small.shape)
    picture = Image.fromarray(small.round().clip(0, 255).astype(np.uint8))
    if not case.quality:
        return np.asarray(picture)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=case.quality)
    return np.asarray(Image.open(file))


def upscalers() -> dict[str, Upscaler]:
    """Every model whose weights are here."""
    found = {}
    for name in MODELS:
        try:
            found[name] = Upscaler(name, scale=4, precision="fp32", device="cpu")
        except RealesrError as refusal:
            sys.stderr.write(f"{name} is left out: {refusal}\n")
    return found


def described(case: Case) -> str:
    """What happened, in words."""
    said = [f"noise {case.noise:g}"] if case.noise else []
    said += [f"JPEG {case.quality}"] if case.quality else []
    return f"{case.source.replace('_', ' ')}, shrunk 4 times" + "".join(f", {w}" for w in said)


def draw() -> None:
    """Write ``models-1.jpg`` and so on: five pictures each, one row a picture."""
    font = ImageFont.load_default(size=14)
    ready = upscalers()
    titles = ["input", *ready, "truth"]
    for number in range(0, len(CASES), ROWS):
        cases = CASES[number : number + ROWS]
        step = SIDE + LINE + GAP
        size = (len(titles) * (SIDE + GAP) + GAP, LINE + len(cases) * step + GAP)
        sheet = Image.new("RGB", size, GRAY)
        words = ImageDraw.Draw(sheet)
        for place, title in enumerate(titles):
            words.text((GAP + place * (SIDE + GAP), 4), title, INK, font)
        for row, case in enumerate(cases):
            whole = truth(case.source)
            small = damaged(whole, case)
            near = small.repeat(4, axis=0).repeat(4, axis=1)
            down = LINE + row * step
            for place, picture in enumerate((near, *(run(small) for run in ready.values()), whole)):
                shown = picture[case.top : case.top + SIDE, case.left : case.left + SIDE]
                sheet.paste(Image.fromarray(shown), (GAP + place * (SIDE + GAP), down))
            words.text((GAP, down + SIDE + 2), described(case), INK, font)
        path = FOLDER / f"models-{number // ROWS + 1}.jpg"
        sheet.save(path, quality=88)


if __name__ == "__main__":
    draw()
