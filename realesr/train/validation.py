"""Is it getting better? The same held-out pairs, restored again and again, and their scores.

::

    pairs = fixed_pairs(held_out, recipe, seed=config.seed, count=8)
    validation = Validation(pairs)
    outputs = restore(ema_network, pairs)            # once, also for the previews and the alarms
    journal.write(step, "validation", validation.scores(outputs))

The pairs depend on the pictures, the recipe and the seed alone, so step 100 and step 100,000 are
asked the very same question, in this run and in every run that resumes it. ``outputs`` also feed
``Previews.show`` and ``Alarms.pictures``.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from realesr.errors import PictureError
from realesr.images import to_tensor
from realesr.models.resamplers import Resampler
from realesr.quality import metrics
from realesr.randomness import derive

if TYPE_CHECKING:
    from realesr.degradations import Recipe, Trace, UnsharpMask
    from realesr.train.sources import Pictures

_log = logging.getLogger(__name__)
# Every network of the house takes input sides that are multiples of this.
MULTIPLE = 4
LEAST = 32


@dataclass(frozen=True, eq=False)
class FixedPair:
    """A picture before and after, the same at every look.

    Attributes:
        name: What to call it; also its file's name, so without separators.
        hr: The truth, ``(1, 3, h, w)``, float32, [0, 1].
        lr: What the network is given, ``(1, 3, h / scale, w / scale)``.
        trace: What happened to it, where that is known.
    """

    name: str
    hr: Tensor
    lr: Tensor
    trace: Trace | None = None

    @property
    def scale(self) -> int:
        """How many times finer the truth is."""
        return int(self.hr.shape[-1] // self.lr.shape[-1])

    @cached_property
    def bicubic(self) -> Tensor:
        """What no network is needed for, clamped: the line that a network has to pass."""
        enlarged: Tensor = Resampler("bicubic", self.scale)(self.lr)
        return enlarged.clamp(0, 1)


def fixed_pairs(
    pictures: Pictures,
    recipe: Recipe,
    *,
    seed: int,
    count: int = 8,
    side: int = 384,
    sharpen: UnsharpMask | None = None,
) -> list[FixedPair]:
    """Degrade some pictures once and for all: the middle of each, evenly chosen.

    Args:
        pictures: Best those that are not learned from.
        recipe: What may happen to them.
        seed: The run's.
        count: How many pictures at most.
        side: Longest side of the piece, in HR pixels; smaller pictures stay whole.
        sharpen: The unsharp mask before the degradation, where the run has one.

    Raises:
        PictureError: E003 for a picture too small for the networks.
    """
    pairs: list[FixedPair] = []
    for index in _spread(len(pictures), count):
        name, hr = pictures.name(index), to_tensor(pictures.read(index))
        rows, columns = _middle(hr.shape, recipe.scale, side, name)
        hr = hr[:, :, rows, columns].contiguous()
        # 53 bits: JavaScript, which reads traces in the lab, has no larger whole numbers.
        trace = recipe.sample(derive(seed, "held out", index) >> 10)
        input_ = hr if sharpen is None else sharpen.apply(hr, (hr.shape[-2], hr.shape[-1]))
        pairs.append(FixedPair(_file_name(name, len(pairs)), hr, trace.apply(input_), trace))
    return pairs


def fixed_partners(
    pictures: Pictures, partners: Pictures, *, scale: int, count: int = 8, side: int = 384
) -> list[FixedPair]:
    """The same for pairs that were photographed, not made.

    Args:
        pictures: The high-resolution ones.
        partners: The low-resolution ones, in the same order.
        scale: HR side / LR side.
        count: How many pairs at most.
        side: Longest side of the piece, in HR pixels.

    Raises:
        PictureError: E003 for a picture too small for the networks.
    """
    pairs: list[FixedPair] = []
    for index in _spread(len(pictures), count):
        name = pictures.name(index)
        hr, lr = (to_tensor(each.read(index)) for each in (pictures, partners))
        rows, columns = _middle(hr.shape, scale, side, name)
        small = (slice(each.start // scale, each.stop // scale) for each in (rows, columns))
        lr = lr[(slice(None), slice(None), *small)].contiguous()
        name = _file_name(name, len(pairs))
        pairs.append(FixedPair(name, hr[:, :, rows, columns].contiguous(), lr))
    return pairs


def restore(network: nn.Module, pairs: Sequence[FixedPair]) -> list[Tensor]:
    """What the network makes of every pair, in evaluation mode and without gradients.

    Returns:
        For each ``(1, 3, h, w)``, float32 on the CPU, not clamped.
    """
    device = next((each.device for each in network.parameters()), torch.device("cpu"))
    learning = network.training
    network.eval()
    try:
        with torch.inference_mode():
            return [network(pair.lr.to(device)).float().cpu() for pair in pairs]
    finally:
        network.train(learning)


class Validation:
    """The scores of fixed pairs beside bicubic's: the pictures' means.

    PSNR and SSIM by the protocols of ``realesr.quality.metrics`` with a border of ``scale`` pixels,
    LPIPS over the whole pieces. Where this machine has no weights for LPIPS it is left out, and
    that is said once.

    Args:
        pairs: What ``fixed_pairs`` gave.
    """

    def __init__(self, pairs: Sequence[FixedPair]) -> None:
        self.pairs = tuple(pairs)
        self._with_lpips = metrics.lpips_is_here()
        if not self._with_lpips:
            _log.warning(
                "LPIPS is left out of the validation: its weights are not in a folder of "
                "REALESR_WEIGHTS. The guide on training says where to get them."
            )
        self._bicubic: dict[str, float] = {}

    def scores(self, outputs: Sequence[Tensor]) -> dict[str, float]:
        """How good the results are.

        Args:
            outputs: What ``restore`` gave for the pairs.

        Returns:
            ``psnr`` (dB), ``ssim`` and perhaps ``lpips`` (lower is better), and the same of bicubic
            enlargement as ``psnr_bicubic`` and so on. Not a number where an output is not.
        """
        if not self._bicubic:
            self._bicubic = self._means([pair.bicubic for pair in self.pairs])
        ours = self._means(outputs)
        return ours | {f"{name}_bicubic": value for name, value in self._bicubic.items()}

    def _means(self, outputs: Sequence[Tensor]) -> dict[str, float]:
        rows = [self._row(*each) for each in zip(self.pairs, outputs, strict=True)]
        return {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}

    def _row(self, pair: FixedPair, output: Tensor) -> dict[str, float]:
        names = ("psnr", "ssim", "lpips") if self._with_lpips else ("psnr", "ssim")
        if not output.isfinite().all():
            return dict.fromkeys(names, math.nan)
        # What a file would hold: clamped, rounded to 8 bit.
        result = output.clamp(0, 1).mul(255).round().div(255)
        row = {
            "psnr": float(metrics.psnr(result, pair.hr, border=pair.scale)),
            "ssim": float(metrics.ssim(result, pair.hr, border=pair.scale)),
        }
        if self._with_lpips:
            row["lpips"] = float(metrics.lpips(result, pair.hr))
        return row


def _spread(length: int, count: int) -> list[int]:
    """Places evenly over a list, the first among them.

    >>> _spread(10, 4), _spread(2, 8)
    ([0, 2, 5, 7], [0, 1])
    """
    count = min(length, count)
    return [place * length // count for place in range(count)]


def _middle(shape: Sequence[int], scale: int, side: int, name: str) -> tuple[slice, slice]:
    """The middle of a picture, in HR pixels: aligned to LR pixels, its sides fit for a network."""
    step = scale * MULTIPLE
    least = -(-LEAST // step) * step
    if min(shape[-2:]) < least:
        raise PictureError(
            "E003",
            f"{name} is {shape[-1]}×{shape[-2]} px; {least}×{least} is the least here.",
            "Leave it out of held_out.",
        )
    kept = [min(length, max(side, least)) // step * step for length in shape[-2:]]
    starts = [
        (length - k) // 2 // scale * scale for length, k in zip(shape[-2:], kept, strict=True)
    ]
    rows, columns = (slice(start, start + k) for start, k in zip(starts, kept, strict=True))
    return rows, columns


def _file_name(name: str, place: int) -> str:
    r"""A name that is safe as a file's, and of which there is only one.

    >>> _file_name("holiday/a b?.png", 2)
    '03_a_b'
    """
    word = re.sub(r"[^\w-]+", "_", PurePath(name).stem).strip("_")
    return f"{place + 1:02}_{word[:40]}".rstrip("_")
