"""Pairs that exist already: the same scene in a high and a low resolution, file by file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import torch
from torch import Tensor

from realesr.degradations import UnsharpMask
from realesr.errors import ConfigError, PictureError
from realesr.train.pairs import Crop, Key, Pair, Pairs, placing, planes, turned
from realesr.train.pictures import SUFFIXES, Chosen, Pictures, Pixels, digest, joined
from realesr.train.sources import open_source

# 0001x4.png (DIV2K), photo_lr.png (realesr degrade), Canon_001_HR.png and _LR4.png (RealSR).
_MARK = re.compile(r"([-_ ]?x\d|[-_ ][hl][rq](x?\d)?)$", re.IGNORECASE)


def in_order_of(hr: Pictures, lr: Pictures) -> Pictures:
    """The low-resolution pictures in the order of their high-resolution partners, by name.

    Names are compared without their endings and, where that does not do, without a mark such as
    ``x4``, ``_lr`` or ``_HR``.

    Raises:
        PictureError: E403 for a picture without a partner or with two, naming it.

    >>> from realesr.train.sources import PictureFiles
    >>> hr, lr = PictureFiles(["1.png", "2.png"]), PictureFiles(["2x4.png", "1x4.png"])
    >>> [in_order_of(hr, lr).name(index) for index in range(2)]
    ['1x4.png', '2x4.png']
    """
    high, low = _names(hr), _names(lr)
    if set(high) != set(low):
        high, low = [_plain(name) for name in high], [_plain(name) for name in low]
    _check_unique(hr, high)
    _check_unique(lr, low)
    for source, names, others, kind in ((hr, high, set(low), "low"), (lr, low, set(high), "high")):
        alone = [source.name(n) for n, name in enumerate(names) if name not in others]
        if alone:
            more = f", and {len(alone) - 1} more have none" if len(alone) > 1 else ""
            raise PictureError(
                "E403",
                f"{alone[0]} has no partner of {kind} resolution{more}.",
                "Give both the same name, or take it out.",
            )
    places = {name: index for index, name in enumerate(low)}
    return Chosen(lr, [places[name] for name in high])


def open_paired(hr: Sequence[str], lr: Sequence[str]) -> tuple[Pictures, Pictures]:
    """Sources of high-resolution pictures and, for each, the source of their partners.

    Returns:
        Both, picture by picture in the same order.

    Raises:
        ConfigError: E404 for a source that is not there.
        PictureError: E403 for pictures without a partner.
    """
    pairs = []
    for one, other in zip(hr, lr, strict=True):
        high = open_source(one)
        pairs.append((high, in_order_of(high, open_source(other))))
    return joined([high for high, _ in pairs]), joined([low for _, low in pairs])


def _names(pictures: Pictures) -> list[str]:
    names = (PurePosixPath(pictures.name(index)) for index in range(len(pictures)))
    # A picture of a parquet file is called by its row, which is no ending.
    return [
        str(name.with_suffix("") if name.suffix.lower() in SUFFIXES else name) for name in names
    ]


def _plain(name: str) -> str:
    path = PurePosixPath(name)
    return str(path.with_name(_MARK.sub("", path.name) or path.name))


def _check_unique(source: Pictures, names: Sequence[str]) -> None:
    name, times = Counter(names).most_common(1)[0]
    if times > 1:
        same = [source.name(n) for n, each in enumerate(names) if each == name]
        raise PictureError(
            "E403",
            f"{same[0]} and {same[1]} would have the same partner.",
            "Take one of them out, or give them different names.",
        )


class PairedPictures(Pairs):
    """Patches of pictures whose low-resolution partners exist already.

    Args:
        hr: High-resolution pictures.
        lr: Their partners, in the same order.
        scale: HR side / LR side.
        seed: What places and turns follow from.
        patch: Side of the high-resolution piece that is learned from.
        turn: Quarter turns too; left and right change places in any case.
        sharpen: The unsharp mask of the targets, which is applied to the patch, or None.

    Raises:
        ConfigError: E404 for a patch that does not fit the scale.
    """

    def __init__(
        self,
        hr: Pictures,
        lr: Pictures,
        *,
        scale: int,
        seed: int = 0,
        patch: int = 256,
        turn: bool = False,
        sharpen: UnsharpMask | None = None,
    ) -> None:
        if patch <= 0 or patch % scale:
            raise ConfigError("E404", f"patch {patch} must be a multiple of the scale {scale}.")
        super().__init__(hr.blocks())
        self.hr, self.lr = hr, lr
        self.scale, self.seed, self.patch, self.turn = scale, seed, patch, turn
        self.sharpen = sharpen

    def read(self, index: int) -> tuple[Pixels, Pixels]:
        """A picture and its partner, whole.

        Raises:
            PictureError: E1xx for a file that cannot be read, E403 when the sides do not fit.
        """
        high, low = self.hr.read(index), self.lr.read(index)
        wanted = tuple(side * self.scale for side in low.shape[:2])
        if high.shape[:2] != wanted:
            raise PictureError(
                "E403",
                f"{self.hr.name(index)} is {_size(high)} and its partner "
                f"{self.lr.name(index)} {_size(low)}, which should be {self.scale} times smaller.",
                "Cut both to the same scene, or set the scale that fits.",
            )
        if min(high.shape[:2]) < self.patch:
            raise PictureError(
                "E403",
                f"{self.hr.name(index)} is {_size(high)}, smaller than the patch {self.patch}.",
                "Set a smaller data.patch, or take it out.",
            )
        return high, low

    def cut(self, key: int | Key) -> Crop:
        """The patch of this epoch from both."""
        epoch, index = self.key(key)
        place = placing(self.seed, "epoch", epoch, "index", index, turn=self.turn)
        high, low = self.read(index)
        small = self.patch // self.scale
        down, across = (
            int(share * (side - small + 1))
            for share, side in zip(place.patch, low.shape[:2], strict=True)
        )

        def part(pixels: Pixels, zoom: int) -> Tensor:
            top, left, side = down * zoom, across * zoom, small * zoom
            inside = pixels[top : top + side, left : left + side]
            return planes(turned(inside, place.turns, place.flip))

        hr, lr = part(high, self.scale), part(low, 1)
        return Crop((epoch, index), hr, None, lr=lr)

    def finish_all(
        self, crops: Sequence[Crop], device: torch.device | str | None = None
    ) -> list[Pair]:
        """The pairs of a batch, their targets sharpened where that is wanted."""
        pairs = super().finish_all(crops, device)
        if self.sharpen is None:
            return pairs
        hr = torch.stack([pair.hr for pair in pairs])
        sharp = self.sharpen.apply(hr, (self.patch, self.patch))
        return [replace(pair, sharp=each) for pair, each in zip(pairs, sharp, strict=True)]

    def fingerprint(self) -> str:
        """Of both sources."""
        return digest([self.hr.fingerprint(), self.lr.fingerprint()])


def _size(pixels: Pixels) -> str:
    return f"{pixels.shape[1]}x{pixels.shape[0]}"
