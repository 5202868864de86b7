"""What JPEG left behind in pixels: its quality, and its blocks.

JPEG rounds each cosine amount of a block to a multiple of its table's entry. A picture that went
through it and was saved again as PNG still has its amounts near those multiples. For each quality
we ask how much more often than by chance they are, and the best answer wins.

Reference: Fan and de Queiroz, "Identification of bitmap compression history: JPEG detection and
quantizer estimation", IEEE Transactions on Image Processing 12(2), 2003.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from realesr.quality.estimators.jpeg_file import standard_tables
from realesr.quality.estimators.planes import (
    Estimate,
    Pixels,
    Plane,
    blocks,
    colours,
    cosines,
    ended,
    luma,
)

_MOST_BLOCKS, _FEWEST = 2000, 8
_ORDER = np.add.outer(np.arange(8), np.arange(8)).ravel()
_LOOKED_AT = np.flatnonzero((_ORDER > 0) & (_ORDER <= 6))
# The amounts after the decoder rounded to whole levels, twice: brightness, then colours.
_ROUNDING = 0.4
# The same in blocks where pixels met the end of the range and were cut off.
_CUT_OFF = (1.5, 3.0, 6.0, 12.0)
_MOSTLY_ENDED = 0.3
# How many amounts may lie anywhere, because a pixel of their block met the end of the range.
_STRAY = 0.03
_CERTAIN = 0.004
_FEWEST_PATTERNS = 6
_ENOUGH = 25.0


@dataclass(frozen=True)
class JpegTrace(Estimate):
    """The quality of a JPEG that a picture's pixels went through; None when there is no trace.

    Attributes:
        offset: Where its blocks begin, (down, across), each 0 to 7; not (0, 0) after cropping.
    """

    offset: tuple[int, int] = (0, 0)


def jpeg_quality(pixels: Pixels) -> JpegTrace:
    """The quality of the last JPEG compression that the pixels went through.

    Args:
        pixels: HW or HWC, uint8 or uint16.

    Returns:
        1 to 100 as libjpeg counts, or None: never compressed, resized since, or too small or too
        flat to tell.
    """
    levels = colours(pixels)
    light = luma(pixels)
    cut_off = ended(levels)
    offsets = [(0, 0)]
    if (shifted := _block_offset(light)) != (0, 0):
        offsets.append(shifted)
    for offset in offsets:
        values = blocks(light, *offset)
        whole = np.flatnonzero(blocks(cut_off, *offset).sum(1) == 0)
        # Of ink on paper hardly a block is whole; the others are still near the multiples.
        tries = [(values[whole] if len(whole) >= _FEWEST else values, _ROUNDING)]
        if len(whole) < _MOSTLY_ENDED * len(values):
            tries += [(values, error) for error in _CUT_OFF]
        found = max((_nearest_multiples(*each) for each in tries), key=lambda trace: trace[1])
        quality, each, total = found
        if each > _CERTAIN and total > _ENOUGH:
            return JpegTrace(float(quality), "quality", float(1 - np.exp(-total / 100)), offset)
    return JpegTrace(None, "quality", 0.0)


def _nearest_multiples(values: Plane, error: float) -> tuple[int, float, float]:
    """The best quality, and its logarithm of likelihood against chance: per amount, and in all.

    Args:
        values: Blocks, one a row.
        error: How far amounts may be from their multiples, as a deviation.
    """
    # Equal blocks (a drawn gradient has thousands) are one piece of evidence.
    _, first = np.unique(np.rint(values @ np.sin(np.arange(1.0, 65.0))), return_index=True)
    amounts = np.abs(values[first] @ cosines().T)
    energy = amounts[:, 1:].sum(1)
    if len(amounts) > _MOST_BLOCKS:
        amounts = amounts[np.argpartition(-energy, _MOST_BLOCKS)[:_MOST_BLOCKS]]
    gain, count, telling = np.zeros(100), 0, 0
    for pattern in _LOOKED_AT:
        column = amounts[:, pattern]
        column = column[column > 0.5]
        count += len(column)
        telling += len(column) > 0
        steps, which = np.unique(standard_tables()[0].reshape(100, 64)[:, pattern], False, True)
        gain += _evidence(column, steps, error)[which]
    if telling < _FEWEST_PATTERNS:
        return 100, 0.0, 0.0
    best = int(gain.argmax())
    return best + 1, float(gain[best]) / max(count, 1), float(gain[best])


def _evidence(amounts: Plane, steps: npt.NDArray[np.int64], error: float) -> Plane:
    """How much likelier amounts are as multiples of each step, with an error, than not.

    Amounts that round to zero say nothing: in any picture most are small.

    Args:
        amounts: None below zero.
        steps: Rising.
        error: The deviation of amounts from their multiples.
    """
    falling = np.sort(amounts)[::-1]
    # Of the amounts the first so many do not round to zero; they stand one step after the other.
    counts = len(falling) - np.searchsorted(falling[::-1], steps / 2, "right")
    counts[steps < 2 * error] = 0
    gains = np.zeros(len(steps))
    told = np.flatnonzero(counts)
    if not len(told):
        return gains
    large = np.concatenate([falling[:count] for count in counts[told]])
    step = np.repeat(steps[told].astype(np.float32), counts[told])
    off = large - step * np.rint(large / step)
    density = _bell(off, error)
    starts = np.concatenate([[0], np.cumsum(counts[told])])
    near = starts[np.searchsorted(steps[told], 6 * error)]
    for neighbour in (off[:near] - step[:near], off[:near] + step[:near]):
        density[:near] += _bell(neighbour, error)
    density *= step * np.float32((1 - _STRAY) / (error * np.sqrt(2 * np.pi)))
    likely = np.log(density + np.float32(_STRAY))
    gains[told] = np.add.reduceat(likely, starts[:-1], dtype=np.float64)
    return gains


def _bell(off: Plane, error: float) -> Plane:
    height: Plane = np.exp(-np.square(off / np.float32(error)) / 2)
    return height


def blockiness(pixels: Pixels) -> Estimate:
    """How much higher the steps between 8x8 blocks are than within them.

    Args:
        pixels: HW or HWC, uint8 or uint16.

    Returns:
        Levels of 256: the mean step across borders, less the mean step beside them; 0 without
        blocks, about 1 where they begin to be seen in smooth places.
    """
    light = luma(pixels)
    if min(light.shape) < 24:
        return Estimate(None, "levels", 0.0)
    differences = []
    for axis in (0, 1):
        phase, highest = _phases(light, axis)
        differences.append(phase[highest] - np.median(np.delete(phase, highest)))
    value = float(np.mean(differences))
    return Estimate(value if value > 0.02 else 0.0, "levels", min(1.0, light.size / 65_536))


def _block_offset(light: Plane) -> tuple[int, int]:
    """Where blocks seem to begin, (down, across)."""
    if min(light.shape) < 24:
        return 0, 0
    return (_phases(light, 0)[1] + 1) % 8, (_phases(light, 1)[1] + 1) % 8


def _phases(light: Plane, axis: int) -> tuple[npt.NDArray[np.float64], int]:
    """The mean step at each of eight places of a block, and where it is highest."""
    steps = _mean_steps(light, axis)
    phase = np.array([steps[start::8].mean() for start in range(8)])
    return phase, int(phase.argmax())


def _mean_steps(light: Plane, axis: int) -> npt.NDArray[np.float64]:
    """The mean step from each row or column to the next, beyond what its neighbours lead to.

    Steps of real edges are cut off: blocks are looked for where the picture is smooth.
    """
    step = np.diff(light, axis=axis)
    step = step if axis == 0 else step.T
    surprise = np.minimum(np.abs(step[1:-1] - (step[:-2] + step[2:]) / 2), 2)
    means: npt.NDArray[np.float64] = surprise.mean(1, dtype=np.float64)
    return np.concatenate([means[:1], means, means[-1:]])
