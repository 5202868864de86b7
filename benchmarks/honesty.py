"""Whether the invention map glows where errors are: fifty degraded pictures, block by block.

python benchmarks/honesty.py [--model NAME] [--partner NAME] [--pictures FOLDER]... [--quick]

For every block of 16x16 pixels: the invention map, the output's own gradient, and the real error,
all averaged; then Spearman's rank correlation of each of the two with the error, over all blocks
together, and picture by picture.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from report import machine, table, write_section
from scipy.stats import spearmanr
from skimage import data

import realesr
from realesr.degradations import Recipe, presets
from realesr.images import from_tensor, to_tensor
from realesr.quality.honesty import invention_map
from realesr.randomness import pick, spawn

SCALE, SIDE, BLOCK = 4, 320, 16
COUNT = 50
# scikit-image's natural pictures and pages; the class is what the benchmark reports by.
SAMPLES = {
    "photo": ("astronaut", "chelsea", "coffee", "rocket", "camera", "coins", "moon"),
    "text": ("page", "text"),
}
CLASSES = ("photo", "anime", "illus", "lineart", "text")


@dataclass(frozen=True)
class Blocks:
    """The three figures of each block of one picture."""

    kind: str
    invention: np.ndarray
    gradient: np.ndarray
    error: np.ndarray


def sharp_pictures(folders: list[Path], held_out: set[str]) -> Iterator[tuple[str, np.ndarray]]:
    """The samples, then the folders' pictures (only the held-out ones of a training folder)."""
    for kind, names in SAMPLES.items():
        for name in names:
            yield kind, _colour(getattr(data, name)())
    for folder in folders:
        paths = sorted(
            path for path in folder.iterdir() if path.suffix in (".png", ".jpg", ".webp")
        )
        chosen = [path for path in paths if path.name in held_out] or paths
        for path in chosen:
            prefix = path.name.partition("_")[0]
            kind = prefix if prefix in CLASSES else "photo"
            yield kind, _colour(realesr.read_picture(path).pixels)


def balanced(pictures: list[tuple[str, np.ndarray]]) -> list[tuple[str, np.ndarray]]:
    """One of each class, again and again: as many of each, each picture in its turn."""
    kinds = [kind for kind in CLASSES if any(kind == each for each, _ in pictures)]
    of_kind = {kind: [each for each in pictures if each[0] == kind] for kind in kinds}
    most = max(map(len, of_kind.values()))
    return [of_kind[kind][turn % len(of_kind[kind])] for turn in range(most) for kind in kinds]


def _colour(pixels: np.ndarray) -> np.ndarray:
    return np.dstack([pixels] * 3) if pixels.ndim == 2 else pixels[..., :3]


def crop(picture: np.ndarray, seed: int) -> np.ndarray:
    """A square somewhere inside, its side a multiple of blocks."""
    side = min(SIDE, *picture.shape[:2]) // BLOCK * BLOCK
    generator = spawn(seed, "crop")
    top, left = (pick(generator, range(length - side + 1)) for length in picture.shape[:2])
    return np.ascontiguousarray(picture[top : top + side, left : left + side])


def gradient(result: np.ndarray) -> np.ndarray:
    """How steep the brightness of a picture is, by Sobel."""
    light = cv2.cvtColor(result, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.hypot(cv2.Sobel(light, -1, 1, 0), cv2.Sobel(light, -1, 0, 1))


def blocks(values: np.ndarray) -> np.ndarray:
    """Means of blocks, in a row."""
    rows, columns = (length // BLOCK for length in values.shape)
    return values.reshape(rows, BLOCK, columns, BLOCK).mean((1, 3)).ravel()


def measure(
    kind: str,
    picture: np.ndarray,
    seed: int,
    recipe: Recipe,
    upscaler: realesr.Upscaler,
    partner: realesr.Upscaler | None,
) -> Blocks:
    """Degrade a picture, enlarge it, and compare map and gradient with the truth."""
    truth = crop(picture, seed)
    low = from_tensor(recipe.sample(seed).apply(to_tensor(truth)), np.uint8)
    result = upscaler(low)
    found = invention_map(upscaler, low, result, partner=partner)
    error = np.abs(result.astype(np.float32) - truth).mean(2)
    return Blocks(kind, blocks(found.values), blocks(gradient(result)), blocks(error))


def correlation(measured: list[Blocks], name: str) -> float:
    """Spearman's, over all blocks together."""
    values, errors = ([getattr(each, part) for each in measured] for part in (name, "error"))
    return float(spearmanr(np.concatenate(values), np.concatenate(errors))[0])


def by_picture(measured: list[Blocks], name: str) -> float:
    """The mean of each picture's own correlation."""
    return statistics.mean(correlation([each], name) for each in measured)


def figures(measured: list[Blocks]) -> list[list[str]]:
    """Rows of the table: everything, then class by class."""
    groups = {"**all**": measured}
    groups |= {kind: [each for each in measured if each.kind == kind] for kind in CLASSES}
    return [
        [
            name,
            str(len(group)),
            str(sum(len(each.error) for each in group)),
            *(f"{correlation(group, part):.3f}" for part in ("invention", "gradient")),
            *(f"{by_picture(group, part):.3f}" for part in ("invention", "gradient")),
        ]
        for name, group in groups.items()
        if group
    ]


def main(words: list[str] | None = None) -> None:
    """Measure and rewrite the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="lab-x4")
    parser.add_argument("--partner", help="a faithful model beside it")
    parser.add_argument("--pictures", type=Path, action="append", default=[])
    parser.add_argument("--held-out", type=Path, help="a training configuration: only its held-out")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--first-seed", type=int, default=1000, help="0 to 49 chose the weights")
    wanted = parser.parse_args(words)
    held_out: set[str] = set()
    if wanted.held_out:
        config = tomllib.loads(wanted.held_out.read_text(encoding="utf-8"))
        held_out = {Path(name).name for name in config["data"]["held_out"]}
    conditions = machine("scikit-image")
    sharp = list(sharp_pictures(wanted.pictures, held_out))
    pictures = balanced(sharp)
    recipe = presets.real_esrgan(SCALE)
    upscaler = realesr.Upscaler(wanted.model, precision="fp32", device="cpu")
    partner = None
    if wanted.partner:
        partner = realesr.Upscaler(wanted.partner, precision="fp32", device="cpu")
    measured = []
    # A picture that has its turn again gets another crop and another damage.
    for number in range(0, COUNT, 9 if wanted.quick else 1):
        kind, picture = pictures[number % len(pictures)]
        measured.append(
            measure(kind, picture, wanted.first_seed + number, recipe, upscaler, partner)
        )
    head = ["pictures", "number", "blocks", "invention map", "gradient"]
    head += ["invention map, by picture", "gradient, by picture"]
    body = (
        "Spearman's rank correlation with the mean absolute error (RGB) of blocks of 16×16 pixels. "
        f"`{wanted.model}`, recipe `real_esrgan`, crops of at most {SIDE} pixels of "
        f"{len(sharp)} pictures, as many of each class, crops and damages of "
        f"seeds from {wanted.first_seed}; gradient: of the output's brightness, by "
        "Sobel. "
        "“By picture” is the mean of every picture's own correlation.\n\n"
        f"{table(head, figures(measured))}"
    )
    command = " ".join(["python benchmarks/honesty.py", *(words or sys.argv[1:])])
    title = f"Whether the invention map of {wanted.model} shows where errors are"
    sys.stdout.write(write_section(title, command, conditions, body))


if __name__ == "__main__":
    main()
