"""Laying tiles into the result, one fading over the other where they overlap."""

from __future__ import annotations

import numpy as np
import torch

from realesr.images import from_tensor, to_tensor
from realesr.inference.tiling import Tile


def _ramp(length: int, fade: int) -> torch.Tensor:
    """``fade`` numbers rising inside (0, 1), then ones."""
    rise = (torch.arange(fade) + 0.5) / fade if fade else torch.empty(0)
    return torch.cat((rise, torch.ones(length - fade)))


def _weight(tile: Tile, scale: int) -> torch.Tensor:
    inner = tile.inner.times(scale)
    return (
        _ramp(inner.height, tile.fade_top * scale)[:, None]
        * _ramp(inner.width, tile.fade_left * scale)[None, :]
    )


def lay(part: torch.Tensor, tile: Tile, scale: int, result: torch.Tensor) -> None:
    """Lay a tile over what is there, fading in at the edges it shares with earlier tiles.

    Args:
        part: N x C x H x W, the network's answer for ``tile.source``.
        tile: Where it goes.
        scale: The network's scale.
        result: N x C x H x W of the whole picture, written in place.
    """
    inside, target = tile.inner.within(tile.source).times(scale), tile.inner.times(scale)
    part = part[..., inside.rows, inside.columns]
    place = result[..., target.rows, target.columns]
    if tile.fade_top or tile.fade_left:
        weight = _weight(tile, scale).to(part.device)
        part = torch.where(weight < 1, place.lerp(part, weight), part)
    place.copy_(part)


def lay_rounded(part: torch.Tensor, tile: Tile, scale: int, result: np.ndarray) -> None:
    """The same for an array of whole numbers, rounding as it is laid down.

    What a tile fades over was rounded before, so a blended pixel is off by one level at most.

    Args:
        part: 1 x C x H x W, the network's answer for ``tile.source``.
        tile: Where it goes.
        scale: The network's scale.
        result: H x W x C, uint8 or uint16, written in place.
    """
    inside, target = tile.inner.within(tile.source).times(scale), tile.inner.times(scale)
    part = part[..., inside.rows, inside.columns]
    place = result[target.rows, target.columns]
    if tile.fade_top or tile.fade_left:
        weight = _weight(tile, scale)
        below = to_tensor(np.ascontiguousarray(place))
        part = torch.where(weight < 1, below.lerp(part.clamp(0, 1), weight), part)
    place[...] = from_tensor(part, result.dtype).reshape(place.shape)
