"""Pairs to learn from: a photo, its degraded copy, and the biography of the damage.

A draw depends on (seed, epoch, index) and on nothing else: the number of workers changes nothing,
every epoch is new, and a resumed run continues the stream it left::

    pairs = DegradedPairs(open_source("photos"), presets.real_esrgan(4), seed=0)
    pair = pairs[3, 17]                         # epoch 3, picture 17, today and tomorrow
    pair.hr, pair.lr, pair.trace, pair.sharp

``feed`` makes the endless stream of batches of a training from any kind of pairs. Each kind has
two halves: ``cut`` reads, which workers do, and ``finish_all`` calculates, which a GPU does where
there is one; every picture has its own trace, no draw is shared by a batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from realesr.degradations import Recipe, Trace, UnsharpMask
from realesr.degradations.batches import degrade_batch
from realesr.errors import ConfigError
from realesr.randomness import derive
from realesr.train.pairs import (
    Batch,
    Crop,
    Key,
    Pair,
    Pairs,
    Placing,
    at_least,
    placing,
    planes,
    stack,
    turned,
    unit,
)
from realesr.train.pictures import Pictures, Pixels

__all__ = ["Batch", "DegradedPairs", "Pair", "PairDraw", "degrade_batch", "draw", "stack"]


@dataclass(frozen=True, kw_only=True)
class PairDraw(Placing):
    """Everything that is random about one pair.

    Attributes:
        epoch: Which pass over the pictures.
        index: Which picture.
        trace: What happens to the crop.
    """

    epoch: int
    index: int
    trace: Trace


def draw(recipe: Recipe, seed: int, epoch: int, index: int, *, turn: bool = False) -> PairDraw:
    """What happens to picture ``index`` in this epoch: a function of its arguments alone."""
    key = ("epoch", epoch, "index", index)
    # 53 bits: JavaScript, which reads traces in the lab, has no larger whole numbers.
    trace = recipe.sample(derive(seed, *key, "trace") >> 10)
    place = placing(seed, *key, turn=turn)
    return PairDraw(epoch=epoch, index=index, trace=trace, **vars(place))


class DegradedPairs(Pairs):
    """Pairs made while training, from pictures and a recipe.

    A crop is turned, sharpened, degraded whole, and a patch is cut from both, so that the borders
    of a patch have seen real neighbours.

    Args:
        pictures: High-resolution pictures.
        recipe: What may happen to them.
        seed: The one number that everything random follows from.
        crop: Side of the piece that is degraded, in pixels; smaller pictures are mirrored.
        patch: Side of the piece that is learned from, at most ``crop``.
        turn: Quarter turns too; left and right change places in any case.
        sharpen: The unsharp mask (Real-ESRGAN, section 3.4), or None.
        sharpen_input: Whether the sharpened picture is the one that is degraded.

    Raises:
        ConfigError: E404 for sides that do not fit the recipe's scale.
    """

    def __init__(
        self,
        pictures: Pictures,
        recipe: Recipe,
        *,
        seed: int = 0,
        crop: int = 400,
        patch: int = 256,
        turn: bool = False,
        sharpen: UnsharpMask | None = UnsharpMask(),  # noqa: B008 - frozen
        sharpen_input: bool = True,
    ) -> None:
        if not 0 < patch <= crop or crop % recipe.scale or patch % recipe.scale:
            raise ConfigError(
                "E404",
                f"crop {crop} and patch {patch} must be multiples of the scale {recipe.scale}, "
                "and the patch not above the crop.",
            )
        super().__init__(pictures.blocks())
        self.pictures, self.recipe, self.seed = pictures, recipe, seed
        self.crop, self.patch, self.turn = crop, patch, turn
        self.sharpen, self.sharpen_input = sharpen, sharpen_input

    def draw(self, key: int | Key) -> PairDraw:
        """What happens to this picture in this epoch."""
        return draw(self.recipe, self.seed, *self.key(key), turn=self.turn)

    def cut(self, key: int | Key) -> Crop:
        """Read the picture and cut the crop."""
        drawn = self.draw(key)
        pixels = at_least(self.pictures.read(drawn.index), self.crop)
        pixels = turned(_window(pixels, drawn.crop, self.crop), drawn.turns, drawn.flip)
        return Crop((drawn.epoch, drawn.index), planes(pixels), drawn.trace, drawn.patch)

    def fingerprint(self) -> str:
        """Of the pictures."""
        return self.pictures.fingerprint()

    def finish_all(
        self, crops: Sequence[Crop], device: torch.device | str | None = None
    ) -> list[Pair]:
        """Sharpen, degrade and cut the patches, on the device of the crops or another one."""
        hr = torch.stack([unit(crop.hr, device) for crop in crops])
        sharp = hr if self.sharpen is None else self.sharpen.apply(hr, (self.crop, self.crop))
        traces = [crop.trace for crop in crops if crop.trace is not None]
        lr = degrade_batch(sharp if self.sharpen_input else hr, traces)
        pairs = []
        for n, crop in enumerate(crops):
            before = self._patch(hr[n], crop, self.recipe.scale)
            after = before if sharp is hr else self._patch(sharp[n], crop, self.recipe.scale)
            pairs.append(Pair(before, self._patch(lr[n], crop, 1), crop.trace, after))
        return pairs

    def _patch(self, image: Tensor, crop: Crop, zoom: int) -> Tensor:
        """The patch of one picture, whose pixels are ``zoom`` times as fine as those of ``lr``."""
        small = self.patch // self.recipe.scale
        free = self.crop // self.recipe.scale - small + 1
        down, across = (int(share * free) * zoom for share in crop.patch)
        side = small * zoom
        return image[:, down : down + side, across : across + side].contiguous()


def _window(pixels: Pixels, place: tuple[float, float], side: int) -> Pixels:
    """A square of the picture at a place given as shares of what is free."""
    top, left = (
        int(share * (length - side + 1)) for share, length in zip(place, pixels.shape, strict=False)
    )
    return pixels[top : top + side, left : left + side]
