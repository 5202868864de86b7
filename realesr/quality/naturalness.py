"""How natural a picture looks, without knowing the truth: NIQE.

Sharp photographs share statistics: what is left of a pixel once the brightness and contrast around
it are taken out has nearly always the same distribution, and so have products of neighbours. NIQE
fits those distributions block by block and measures how far their mean and spread are from those of
good photographs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from realesr.errors import ParameterError
from realesr.quality.pairs import Picture, Score, as_float

__all__ = ["NaturalScenes", "features", "fit", "niqe"]

Figures = npt.NDArray[np.float64]
BLOCK = 96
SHARP = 0.75
_LUMA = (0.299, 0.587, 0.114)
SHIFTS = ((0, 1), (1, 0), (1, 1), (-1, 1))
BUNDLED = Path(__file__).parent / "natural_scenes.safetensors"


@dataclass(frozen=True, eq=False)
class NaturalScenes:
    """What good photographs have in common.

    Attributes:
        mean: Of the 36 features.
        covariance: 36 x 36.
        about: Which photographs these were; part of every score's protocol.
    """

    mean: Figures
    covariance: Figures
    about: str

    def save(self, path: Path) -> None:
        """Write them as safetensors."""
        from safetensors.numpy import save_file

        save_file(
            {"mean": self.mean, "covariance": self.covariance}, path, metadata={"about": self.about}
        )

    @staticmethod
    def load(path: Path) -> NaturalScenes:
        """Read what ``save`` wrote."""
        from safetensors import safe_open

        with safe_open(path, framework="numpy") as file:
            about = (file.metadata() or {}).get("about", path.name)
            return NaturalScenes(file.get_tensor("mean"), file.get_tensor("covariance"), about)


def niqe(picture: Picture, *, natural: NaturalScenes | None = None) -> Score:
    """Naturalness Image Quality Evaluator: the distance from good photographs; lower is better.

    Args:
        picture: HWC or HW array of uint8 or uint16, or a 1 x 3 x H x W tensor in [0, 1].
        natural: What to measure the distance from; None for what this project fitted. Figures of
            another fit, such as the published ones of the authors', are on another scale.

    Raises:
        ParameterError: E002 or E005 for what is no picture, E003 for one with fewer than two
            blocks of 96 x 96 pixels that are not flat.

    Reference:
        A. Mittal, R. Soundararajan and A. Bovik, Making a "Completely Blind" Image Quality
        Analyzer, IEEE Signal Processing Letters 20(3), 2013, equation 10.
    """
    natural = natural or _bundled()
    found, _ = features(picture)
    if len(found) < 2:
        raise ParameterError(
            "E003",
            f"{len(found)} blocks of {BLOCK}x{BLOCK} pixels can be judged; NIQE needs 2.",
            "Give a larger picture.",
        )
    difference = natural.mean - found.mean(axis=0)
    spread = (natural.covariance + np.cov(found.T)) / 2
    distance = float(np.sqrt(difference @ np.linalg.pinv(spread) @ difference))
    seen = f"gray of BT.601 (0..255, not rounded), blocks {BLOCK}x{BLOCK}, 2 sizes"
    return Score("NIQE", distance, "", f"{seen}, fitted on {natural.about}")


def fit(pictures: Iterable[Picture], about: str) -> NaturalScenes:
    """Learn from photographs what is natural: their sharp blocks count, as in the paper.

    Args:
        pictures: Sharp, undamaged photographs.
        about: What to call them.

    Raises:
        ParameterError: E003 when they have fewer than 37 sharp blocks.
    """
    kept = []
    for picture in pictures:
        found, sharpness = features(picture)
        if len(found):
            kept.append(found[sharpness > SHARP * sharpness.max()])
    rows = np.concatenate(kept) if kept else np.empty((0, 36))
    if len(rows) <= rows.shape[1]:
        raise ParameterError(
            "E003", f"{len(rows)} sharp blocks are too few to fit 36 features.", "Give more."
        )
    return NaturalScenes(rows.mean(axis=0), np.cov(rows.T), about)


def features(picture: Picture) -> tuple[Figures, Figures]:
    """What is measured of each block of 96 x 96 pixels.

    Returns:
        Blocks x 36 features (18 at full size, 18 at half), and each block's sharpness. Blocks in
        which a distribution has no spread, such as blank sky, are left out.
    """
    colours = as_float(picture) * 255
    gray = (colours * colours.new_tensor(_LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)
    height, width = (side // BLOCK * BLOCK for side in gray.shape[2:])
    gray = gray[..., :height, :width]
    if not gray.numel():
        return np.empty((0, 36)), np.empty(0)
    half = F.interpolate(gray, scale_factor=0.5, mode="bicubic", antialias=True)
    columns, sharpness = [], np.empty(0)
    for image, side in ((gray, BLOCK), (half, BLOCK // 2)):
        plain, contrast = normalised(image)
        columns.append(_of_blocks(_cut(plain, side)))
        if side == BLOCK:
            sharpness = _cut(contrast, side).mean(axis=(1, 2))
    rows = np.concatenate(columns, axis=1)
    whole = np.isfinite(rows).all(axis=1)
    return rows[whole], sharpness[whole]


def normalised(image: Tensor) -> tuple[Tensor, Tensor]:
    """The picture without its local brightness and contrast, and the contrast that was taken out.

    Args:
        image: 1 x 1 x H x W in 256 levels.

    Reference: equations 1 to 3.
    """
    place = torch.arange(-3, 4, dtype=image.dtype)
    line = torch.exp(-place.square() / (2 * (7 / 6) ** 2))
    window = torch.outer(line, line)[None, None] / line.sum() ** 2

    def around(each: Tensor) -> Tensor:
        return F.conv2d(F.pad(each, (3, 3, 3, 3), mode="replicate"), window)

    mean = around(image)
    contrast = (around(image.square()) - mean.square()).abs().sqrt()
    return (image - mean) / (contrast + 1), contrast


def _cut(image: Tensor, side: int) -> Figures:
    """The blocks of an image, in rows: N x side x side."""
    rows, columns = image.shape[2] // side, image.shape[3] // side
    blocks = image.view(rows, side, columns, side).transpose(1, 2).reshape(-1, side, side)
    return blocks.numpy()


def _of_blocks(blocks: Figures) -> Figures:
    """N x 18: shape and spread of the pixels, and of their products with four neighbours."""
    shape, left, right, _ = asymmetric(blocks)
    columns = [shape, (left + right) / 2]
    for shift in SHIFTS:
        shape, left, right, mean = asymmetric(blocks * np.roll(blocks, shift, axis=(1, 2)))
        columns += [shape, mean, left, right]
    return np.stack(columns, axis=1)


def asymmetric(blocks: Figures) -> tuple[Figures, Figures, Figures, Figures]:
    """The generalised Gaussian, of two widths, that fits each block best, by its moments.

    Returns:
        Shape, width to the left, width to the right, and mean; not numbers where a block has no
        values on one side.

    Reference: equations 4 to 8.
    """
    values = blocks.reshape(len(blocks), -1)
    with np.errstate(divide="ignore", invalid="ignore"):
        below, above = values < 0, values > 0
        squares = values**2
        left = np.sqrt((squares * below).sum(1) / below.sum(1))
        right = np.sqrt((squares * above).sum(1) / above.sum(1))
        ratio = left / right
        moment = np.abs(values).mean(1) ** 2 / squares.mean(1)
        moment *= (ratio**3 + 1) * (ratio + 1) / (ratio**2 + 1) ** 2
    shapes, moments, narrow, shift = _table()
    # The nearest in the table, whose moments rise with the shape.
    place = np.searchsorted((moments[1:] + moments[:-1]) / 2, moment)
    left, right = left * narrow[place], right * narrow[place]
    return shapes[place], left, right, (right - left) * shift[place]


@cache
def _table() -> tuple[Figures, Figures, Figures, Figures]:
    """For each shape: its moment, width over deviation, and mean over the widths' difference."""
    shapes = np.arange(200, 10_001) / 1000
    one, two, three = (torch.lgamma(torch.from_numpy(n / shapes)).numpy() for n in (1, 2, 3))
    return shapes, np.exp(2 * two - one - three), np.exp((one - three) / 2), np.exp(two - one)


@cache
def _bundled() -> NaturalScenes:
    return NaturalScenes.load(BUNDLED)
