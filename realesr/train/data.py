"""Pairs to learn from: a photo, its degraded copy, and the biography of the damage.

A draw depends on (seed, epoch, index) and on nothing else: the number of workers changes nothing,
every epoch is new, and a resumed run continues the stream it left::

    pairs = DegradedPairs(pictures, presets.real_esrgan(4), seed=0)
    for epoch in range(10):
        pairs.set_epoch(epoch)
        for batch in DataLoader(pairs, batch_size=48, num_workers=5, collate_fn=stack):
            ...                                 # batch.hr, batch.lr, batch.traces, batch.sharp

On a GPU let the workers only read and crop (``Crops``), and degrade in the training process
(``finish``): every picture its own trace, no draw shared by a batch.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from realesr.degradations import Recipe, Trace, UnsharpMask
from realesr.errors import ConfigError, ParameterError
from realesr.images import read_picture, to_tensor
from realesr.randomness import derive, spawn, uniform


@dataclass(frozen=True, kw_only=True)
class PairDraw:
    """Everything that is random about one pair: plain data, one line of JSON.

    Attributes:
        epoch: Which pass over the pictures.
        index: Which picture.
        crop: Where the crop lies in the picture, (down, across), each in [0, 1).
        patch: Where the patch lies in the crop, (down, across), each in [0, 1).
        flip: Whether left and right change places.
        trace: What happens to the crop.
    """

    epoch: int
    index: int
    crop: tuple[float, float]
    patch: tuple[float, float]
    flip: bool
    trace: Trace

    def to_json(self) -> str:
        """One line, without a newline."""
        return json.dumps(vars(self) | {"trace": json.loads(self.trace.to_json())})

    @classmethod
    def from_json(cls, line: str) -> PairDraw:
        """The draw that ``to_json`` wrote."""
        data = json.loads(line)
        places = {name: tuple(data[name]) for name in ("crop", "patch")}
        return cls(**data | places | {"trace": Trace.from_json(json.dumps(data["trace"]))})


def draw(recipe: Recipe, seed: int, epoch: int, index: int) -> PairDraw:
    """What happens to picture ``index`` in this epoch: a function of its arguments alone."""
    key = ("epoch", epoch, "index", index)
    generator = spawn(seed, *key)
    down, across, patch_down, patch_across, coin = (uniform(generator, 0, 1) for _ in range(5))
    return PairDraw(
        epoch=epoch,
        index=index,
        crop=(down, across),
        patch=(patch_down, patch_across),
        flip=coin < 0.5,
        # 53 bits: JavaScript, which reads traces in the lab, has no larger whole numbers.
        trace=recipe.sample(derive(seed, *key, "trace") >> 10),
    )


@dataclass(frozen=True)
class Crop:
    """A piece of a photo and what shall happen to it."""

    hr: Tensor
    draw: PairDraw


@dataclass(frozen=True)
class Pair:
    """A patch before and after; ``hr, lr, trace = pair`` works.

    Attributes:
        hr: The photo as it is, ``(3, patch, patch)``, float32, [0, 1].
        lr: Its degraded copy, ``(3, patch / scale, patch / scale)``, multiples of 1/255.
        trace: What happened; ``trace.apply`` gives ``lr`` back from the whole sharpened crop.
        sharp: ``hr`` after the unsharp mask that also came before the degradation; ``hr`` itself
            without one. RealESRNet learns towards it, RealESRGAN too, except its discriminator.
    """

    hr: Tensor
    lr: Tensor
    trace: Trace
    sharp: Tensor

    def __iter__(self) -> Iterator[Any]:
        """The three that make a pair."""
        return iter((self.hr, self.lr, self.trace))


@dataclass(frozen=True)
class Batch:
    """Pairs side by side: ``(n, 3, h, w)`` each, and one trace a picture."""

    hr: Tensor
    lr: Tensor
    traces: tuple[Trace, ...]
    sharp: Tensor


def stack(pairs: Sequence[Pair]) -> Batch:
    """Pairs to a batch; the ``collate_fn`` of a DataLoader."""
    return Batch(
        torch.stack([pair.hr for pair in pairs]),
        torch.stack([pair.lr for pair in pairs]),
        tuple(pair.trace for pair in pairs),
        torch.stack([pair.sharp for pair in pairs]),
    )


def degrade_batch(
    hr: Tensor, traces: Sequence[Trace], device: torch.device | str | None = None
) -> Tensor:
    """Degrade a batch on a device, each picture by its own trace.

    Args:
        hr: ``(n, 3, h, w)``, float32, [0, 1].
        traces: One for each picture, of one scale.
        device: Where to work; where ``hr`` is by default.

    Returns:
        ``(n, 3, h / scale, w / scale)`` on the device.

    Raises:
        ParameterError: E004 when there are not as many traces as pictures.
    """
    if len(traces) != len(hr):
        raise ParameterError("E004", f"{len(hr)} pictures need as many traces, got {len(traces)}.")
    moved = hr.to(device) if device is not None else hr
    return torch.cat([trace.apply(moved[n : n + 1]) for n, trace in enumerate(traces)])


class DegradedPairs(Dataset[Pair]):
    """Pairs made while training, from pictures and a recipe.

    A crop is mirrored or not, sharpened, degraded whole, and a patch is cut from both, so that the
    borders of a patch have seen real neighbours.

    Args:
        pictures: Files with high-resolution pictures.
        recipe: What may happen to them.
        seed: The one number that everything random follows from.
        crop: Side of the piece that is degraded, in pixels; smaller pictures are mirrored.
        patch: Side of the piece that is learned from, at most ``crop``.
        sharpen: The unsharp mask before the degradation (Real-ESRGAN, section 3.4), or None.
        draws: A file from ``store_draws`` to replay instead of drawing; after its last epoch it
            starts over.

    Raises:
        ConfigError: E404 without pictures, or for sides that do not fit the recipe's scale.
    """

    def __init__(
        self,
        pictures: Sequence[Path | str],
        recipe: Recipe,
        *,
        seed: int = 0,
        crop: int = 400,
        patch: int = 256,
        sharpen: UnsharpMask | None = UnsharpMask(),  # noqa: B008 - frozen
        draws: Path | str | None = None,
    ) -> None:
        if not pictures:
            raise ConfigError("E404", "There are no pictures to learn from.")
        if not 0 < patch <= crop or crop % recipe.scale or patch % recipe.scale:
            raise ConfigError(
                "E404",
                f"crop {crop} and patch {patch} must be multiples of the scale {recipe.scale}, "
                "and the patch not above the crop.",
            )
        self.pictures = tuple(Path(picture) for picture in pictures)
        self.recipe, self.seed = recipe, seed
        self.crop, self.patch, self.sharpen = crop, patch, sharpen
        self.stored = StoredDraws(draws) if draws is not None else None
        # Shared memory: workers that outlive an epoch see the new one.
        self._epoch = torch.zeros((), dtype=torch.int64)
        self._epoch.share_memory_()  # type: ignore[no-untyped-call]

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes next, before iterating; worker processes hear it too."""
        self._epoch.fill_(epoch)

    def __len__(self) -> int:
        """How many pictures there are."""
        return len(self.pictures)

    def __getitem__(self, index: int) -> Pair:
        """The pair of this picture in this epoch."""
        return self.finish(self.cut(index))

    def draw(self, index: int) -> PairDraw:
        """What happens to this picture in this epoch."""
        if self.stored is not None:
            return self.stored.draw(int(self._epoch), index)
        return draw(self.recipe, self.seed, int(self._epoch), index)

    def cut(self, index: int) -> Crop:
        """Read the picture and cut the crop: the part of the work that has no arithmetic."""
        if not 0 <= index < len(self.pictures):
            raise IndexError(f"picture {index} of {len(self.pictures)}")
        drawn = self.draw(index)
        pixels = _rgb(read_picture(self.pictures[index]).pixels)
        pixels = _window(_at_least(pixels, self.crop), drawn.crop, self.crop)
        if drawn.flip:
            pixels = pixels[:, ::-1]
        return Crop(to_tensor(np.ascontiguousarray(pixels))[0], drawn)

    def finish(self, crop: Crop, device: torch.device | str | None = None) -> Pair:
        """Sharpen, degrade and cut the patch, on the device of the crop or another one."""
        hr = crop.hr[None].to(device) if device is not None else crop.hr[None]
        sharp = hr if self.sharpen is None else self.sharpen.apply(hr, (self.crop, self.crop))
        lr = degrade_batch(sharp, [crop.draw.trace])
        scale = self.recipe.scale
        return Pair(
            self._patch(hr, crop.draw, scale),
            self._patch(lr, crop.draw, 1),
            crop.draw.trace,
            self._patch(sharp, crop.draw, scale),
        )

    def _patch(self, image: Tensor, drawn: PairDraw, zoom: int) -> Tensor:
        """The patch of one picture, whose pixels are ``zoom`` times as fine as those of ``lr``."""
        small = self.patch // self.recipe.scale
        free = self.crop // self.recipe.scale - small + 1
        down, across = (int(share * free) * zoom for share in drawn.patch)
        side = small * zoom
        return image[0, :, down : down + side, across : across + side].contiguous()


class Crops(Dataset[Crop]):
    """The crops of some pairs, not yet degraded: for workers of a training that has a GPU."""

    def __init__(self, pairs: DegradedPairs) -> None:
        self.pairs = pairs

    def __len__(self) -> int:
        """How many pictures there are."""
        return len(self.pairs)

    def __getitem__(self, index: int) -> Crop:
        """The crop of this picture in this epoch."""
        return self.pairs.cut(index)


def store_draws(pairs: DegradedPairs, path: Path | str, epochs: int) -> None:
    """Write every draw of the first epochs to a file, one line of JSON each; no picture is read."""
    path = Path(path)
    unfinished = path.with_name(path.name + ".part")
    with unfinished.open("w", encoding="utf-8") as file:
        for epoch in range(epochs):
            for index in range(len(pairs)):
                file.write(draw(pairs.recipe, pairs.seed, epoch, index).to_json() + "\n")
    unfinished.replace(path)


class StoredDraws:
    """Draws from a file of ``store_draws``; only their places are held in memory.

    Raises:
        ConfigError: E404 for a file without draws, or a picture that has none.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.places: dict[tuple[int, int], int] = {}
        with self.path.open("rb") as file:
            place = 0
            for line in file:
                data = json.loads(line)
                self.places[data["epoch"], data["index"]] = place
                place += len(line)
        if not self.places:
            raise ConfigError("E404", f"{self.path.name} holds no draws.")
        self.epochs = 1 + max(epoch for epoch, _ in self.places)

    def draw(self, epoch: int, index: int) -> PairDraw:
        """The stored draw of this picture; after the last stored epoch the first comes again."""
        place = self.places.get((epoch % self.epochs, index))
        if place is None:
            raise ConfigError(
                "E404",
                f"{self.path.name} has no draw for picture {index} in epoch {epoch % self.epochs}.",
                "Store the draws again for these pictures.",
            )
        with self.path.open("rb") as file:
            file.seek(place)
            return PairDraw.from_json(file.readline().decode())


def _rgb(pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Three channels: gray three times, alpha left out."""
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    colours = pixels[..., :3] if pixels.shape[-1] >= 3 else pixels[..., :1]
    return np.broadcast_to(colours, (*colours.shape[:2], 3))


def _at_least(pixels: np.ndarray[Any, Any], side: int) -> np.ndarray[Any, Any]:
    """The picture, mirrored below and to the right until it has the side."""
    below, right = (max(0, side - length) for length in pixels.shape[:2])
    return np.pad(pixels, ((0, below), (0, right), (0, 0)), mode="reflect")


def _window(
    pixels: np.ndarray[Any, Any], place: tuple[float, float], side: int
) -> np.ndarray[Any, Any]:
    """A square of the picture at a place given as shares of what is free."""
    top, left = (
        int(share * (length - side + 1)) for share, length in zip(place, pixels.shape, strict=False)
    )
    return pixels[top : top + side, left : left + side]
