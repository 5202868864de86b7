"""Whether a JPEG had been a JPEG before, and of which quality.

After one compression the amounts of a cosine pattern become rarer the larger they are. After two
they do not: multiples of the first table's entry were rounded to multiples of the last one's, and
some of those got more, others none. So for each earlier quality ask how much better the amounts
found are told by such a comb under a falling curve than by a falling curve alone.

Reference: Bianchi and Piva, "Image forgery localization via block-grained analysis of JPEG
artifacts", IEEE Transactions on Information Forensics and Security 7(3), 2012. The falling curves
are the best there are (isotonic regression) instead of a model.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from realesr.quality.estimators.compression import JpegTrace
from realesr.quality.estimators.jpeg_file import standard_tables
from realesr.quality.estimators.planes import Pixels, Plane, blocks, colours, cosines, ended, luma

Table = npt.NDArray[np.int64]

_PATTERNS = np.array([1, 2, 8, 9, 16, 10, 17, 3, 24])
_HIGHEST = 16
_FEWEST = 60
_MOST_BLOCKS = 6000
# How far amounts may be from their multiples after pixels were rounded in between.
_ROUNDING = 0.45
_LOWEST, _HIGHEST_QUALITY = 20, 98
_ENOUGH = 20.0
_STRAY = 0.04


def first_quality(pixels: Pixels, last: JpegTrace, table: Table | None = None) -> JpegTrace:
    """The quality of the compression before the last one, with blocks in the same places.

    Args:
        pixels: HW or HWC, uint8 or uint16.
        last: What ``jpeg_quality`` said of them.
        table: The last table for brightness, where the file tells it; 8x8.

    Returns:
        1 to 100 as libjpeg counts; None when there is no trace of it: compressed once, or before
        at the same or a much higher quality, or cropped in between.
    """
    nothing = JpegTrace(None, "quality", 0.0, last.offset)
    if last.value is None:
        return nothing
    if table is None:
        table = standard_tables()[0, round(last.value) - 1]
    final = table.reshape(64)[_PATTERNS]
    counts = _counts(pixels, final, last.offset)
    if counts.sum() < _FEWEST:
        return nothing
    gain = np.zeros(100)
    for count, number, step in zip(counts, _PATTERNS, final, strict=True):
        before, which = np.unique(standard_tables()[0].reshape(100, 64)[:, number], False, True)
        alone = _likelihood(count, np.ones((1, _HIGHEST)))[0]
        combs = np.stack([_comb(int(earlier), int(step)) for earlier in before])
        gain += (_likelihood(count, combs) - alone)[which]
    # A second passage at the same quality changes nothing; nor does a finer one to speak of.
    gain[: _LOWEST - 1] = gain[_HIGHEST_QUALITY:] = 0
    gain[max(0, round(last.value) - 3) : round(last.value) + 2] = 0
    best = int(gain.argmax())
    if gain[best] < _ENOUGH:
        return nothing
    confidence = float(1 - np.exp(-gain[best] / 60))
    return JpegTrace(float(best + 1), "quality", confidence, last.offset)


def _counts(pixels: Pixels, final: Table, offset: tuple[int, int]) -> Plane:
    """How often each multiple 1 to 16 of the last steps occurs, a row for each pattern."""
    levels = colours(pixels)
    whole = blocks(ended(levels), *offset).sum(1) == 0
    values = blocks(luma(pixels), *offset)[whole]
    values = values[:: max(1, len(values) // _MOST_BLOCKS)]
    multiples = np.rint(np.abs(values @ cosines()[_PATTERNS].T) / final).astype(np.int64)
    found = [np.bincount(column, minlength=_HIGHEST + 1) for column in multiples.T]
    return np.stack([each[1 : _HIGHEST + 1] for each in found]).astype(np.float64)


def _comb(earlier: int, step: int) -> Plane:
    """How much more often than by chance multiples 1 to 16 of a step come from another's."""
    sources = np.arange(1, int((_HIGHEST + 1) * step / earlier) + 2) * earlier
    places = np.arange(1, _HIGHEST + 1)
    edges = np.concatenate([places - 0.5, [_HIGHEST + 0.5]]) * step
    below = _normal((edges[:, None] - sources) / _ROUNDING)
    share: Plane = np.diff(below, axis=0).sum(1) * earlier / step
    return (1 - _STRAY) * share + _STRAY


def _normal(values: Plane) -> Plane:
    """The share of a normal distribution below a value (logistic approximation, to 0.01)."""
    below: Plane = 1 / (1 + np.exp(-np.clip(1.702 * values, -40, 40)))
    return below


def _likelihood(count: Plane, combs: Plane) -> Plane:
    """The logarithm of likelihood of counts under each comb times the best falling curve."""
    # Pooling: the falling curve at k is the least of the greatest means over spans around k.
    total = np.concatenate([[0.0], np.cumsum(count)])
    weight = np.concatenate([np.zeros((len(combs), 1)), np.cumsum(combs, 1)], 1)
    start, stop = np.triu_indices(len(count) + 1, 1)
    means = np.full((len(combs), len(count), len(count)), -np.inf)
    means[:, start, stop - 1] = (total[stop] - total[start]) / (weight[:, stop] - weight[:, start])
    greatest = np.maximum.accumulate(means[:, :, ::-1], axis=2)[:, :, ::-1]
    spans = np.where(np.tri(len(count)).T[None] > 0, greatest, np.inf)
    curve = spans.min(1)
    share = combs * np.maximum(curve, 1e-9)
    share /= share.sum(1, keepdims=True)
    likely: Plane = (count * np.log(share)).sum(1)
    return likely
