"""What every kind of pairs has in common: how one is asked for, placed, turned and stacked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from realesr.degradations import Trace
from realesr.randomness import spawn, uniform
from realesr.train.pictures import Pixels

Key = tuple[int, int]
"""(epoch, index): which pass over the pictures, and which picture."""


@dataclass(frozen=True, kw_only=True)
class Placing:
    """Where a pair is cut from its picture, and how it is turned.

    Attributes:
        crop: Where the crop lies in the picture, (down, across), each in [0, 1).
        patch: Where the patch lies in the crop, (down, across), each in [0, 1).
        flip: Whether left and right change places.
        turns: Quarter turns against the clock, before the flip.
    """

    crop: tuple[float, float]
    patch: tuple[float, float]
    flip: bool
    turns: int


def placing(seed: int, *key: int | str, turn: bool) -> Placing:
    """A placing that is a function of its arguments alone."""
    generator = spawn(seed, *key)
    shares = [uniform(generator, 0, 1) for _ in range(6)]
    return Placing(
        crop=(shares[0], shares[1]),
        patch=(shares[2], shares[3]),
        flip=shares[4] < 0.5,
        turns=int(shares[5] * 4) if turn else 0,
    )


@dataclass(frozen=True)
class Crop:
    """What reading gives: pixels as they are stored, and what shall still happen to them.

    Attributes:
        key: Epoch and index.
        hr: ``(3, h, w)``, uint8 or uint16; the whole crop where ``lr`` is still to be made.
        trace: What happens or happened to it; None where nobody knows.
        patch: Where the patch lies in a crop that is still whole.
        lr: The degraded copy, where it exists already.
        sharp: The sharpened ``hr``, where it exists already.
    """

    key: Key
    hr: Tensor
    trace: Trace | None
    patch: tuple[float, float] = (0.0, 0.0)
    lr: Tensor | None = None
    sharp: Tensor | None = None


@dataclass(frozen=True)
class Pair:
    """A patch before and after; ``hr, lr, trace = pair`` works.

    Attributes:
        hr: The photo as it is, ``(3, patch, patch)``, float32, [0, 1].
        lr: Its degraded copy, ``(3, patch / scale, patch / scale)``, multiples of 1/255.
        trace: What happened; ``trace.apply`` gives ``lr`` back from the whole crop that was
            degraded. None where the low-resolution pictures came from elsewhere.
        sharp: ``hr`` after the unsharp mask; ``hr`` itself without one. RealESRNet learns towards
            it, RealESRGAN too, except its discriminator.
    """

    hr: Tensor
    lr: Tensor
    trace: Trace | None
    sharp: Tensor

    def __iter__(self) -> Iterator[Any]:
        """The three that make a pair."""
        return iter((self.hr, self.lr, self.trace))


@dataclass(frozen=True)
class Batch:
    """Pairs side by side: ``(n, 3, h, w)`` each, and one trace a picture.

    Attributes:
        hr: The patches as they are.
        lr: Their degraded copies.
        traces: What happened to each.
        sharp: The sharpened patches; ``hr`` itself without sharpening.
        ids: (epoch, index) of each.
        seconds: How long reading and degrading took, all pictures together, and how long the
            training waited for the batch: ``read``, ``degrade``, ``wait``.
    """

    hr: Tensor
    lr: Tensor
    traces: tuple[Trace | None, ...]
    sharp: Tensor
    ids: tuple[Key, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict, compare=False)


def stack(pairs: Sequence[Pair]) -> Batch:
    """Pairs to a batch; the ``collate_fn`` of a DataLoader."""
    hr = _stacked([pair.hr for pair in pairs])
    plain = all(pair.sharp is pair.hr for pair in pairs)
    return Batch(
        hr,
        _stacked([pair.lr for pair in pairs]),
        tuple(pair.trace for pair in pairs),
        hr if plain else _stacked([pair.sharp for pair in pairs]),
    )


def _stacked(images: Sequence[Tensor]) -> Tensor:
    if images[0].device.type != "cpu":
        return torch.stack(list(images))
    # NumPy copies in one thread; see ``unit``.
    return torch.from_numpy(np.stack([image.numpy() for image in images]))


class Pairs(Dataset[Pair], ABC):
    """Pairs by (epoch, index), or by index alone in the epoch that ``set_epoch`` named."""

    def __init__(self, blocks: Sequence[int]) -> None:
        self._blocks = tuple(blocks)
        # Shared memory: workers that outlive an epoch see the new one.
        self._epoch = torch.zeros((), dtype=torch.int64)
        self._epoch.share_memory_()  # type: ignore[no-untyped-call]

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch an index alone means; worker processes hear it too."""
        self._epoch.fill_(epoch)

    def blocks(self) -> Sequence[int]:
        """Sizes of the runs of pictures that are cheap to read together."""
        return self._blocks

    def __len__(self) -> int:
        """How many pictures there are."""
        return sum(self._blocks)

    def __getitem__(self, key: int | Key) -> Pair:
        """The pair of this picture in this epoch."""
        return self.finish(self.cut(key))

    def key(self, key: int | Key) -> Key:
        """Epoch and index, checked."""
        epoch, index = key if isinstance(key, tuple) else (int(self._epoch), key)
        if not 0 <= index < len(self):
            raise IndexError(f"picture {index} of {len(self)}")
        return epoch, index

    @abstractmethod
    def cut(self, key: int | Key) -> Crop:
        """Read what the pair is made of: the part of the work that has no arithmetic."""

    def finish(self, crop: Crop, device: torch.device | str | None = None) -> Pair:
        """The pair, on the device of the crop or another one."""
        return self.finish_all([crop], device)[0]

    def finish_all(
        self, crops: Sequence[Crop], device: torch.device | str | None = None
    ) -> list[Pair]:
        """The pairs of a batch, which a GPU makes side by side."""
        return [_ready(crop, device) for crop in crops]


def _ready(crop: Crop, device: torch.device | str | None) -> Pair:
    """A pair that needs no arithmetic but the numbers' type."""
    assert crop.lr is not None
    hr = unit(crop.hr, device)
    sharp = hr if crop.sharp is None else unit(crop.sharp, device)
    return Pair(hr, unit(crop.lr, device), crop.trace, sharp)


def unit(pixels: Tensor, device: torch.device | str | None = None) -> Tensor:
    """Stored pixels as a network sees them: float32, [0, 1]."""
    top = torch.iinfo(pixels.dtype).max
    if device is not None:
        return pixels.to(device).to(torch.float32).div_(top)
    # One thread: for so little work, a busy computer's threads wait longer for each other.
    values = pixels.numpy().astype(np.float32)
    values /= np.float32(top)
    return torch.from_numpy(values)


def planes(pixels: Pixels) -> Tensor:
    """HWC pixels as a tensor ``(3, h, w)`` of the same numbers, in memory of its own."""
    return torch.from_numpy(np.array(pixels.transpose(2, 0, 1), order="C"))


def turned(pixels: Pixels, turns: int, flip: bool) -> Pixels:
    """The picture after quarter turns, then mirrored."""
    pixels = np.rot90(pixels, turns)
    return pixels[:, ::-1] if flip else pixels


def at_least(pixels: Pixels, side: int) -> Pixels:
    """The picture, mirrored below and to the right until it has the side."""
    below, right = (max(0, side - length) for length in pixels.shape[:2])
    if not below and not right:
        return pixels
    return np.pad(pixels, ((0, below), (0, right), (0, 0)), mode="reflect")
