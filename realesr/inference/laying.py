"""Laying tiles into the result, one fading over the other where they overlap."""

from __future__ import annotations

import numpy as np
import torch

from realesr.images import from_tensor, to_tensor
from realesr.inference.tiling import Box, Tile


class Mosaic:
    """A result that is filled tile by tile, row by row.

    Where tiles overlap, each pixel is (1 - v) above + v ((1 - h) left + h new), with v and h rising
    across the overlap: four tiles that meet leave no step. In an array of whole numbers, what a
    tile fades over was rounded before, so a blended pixel is off by two levels at most.

    Args:
        result: N x C x H x W float32, or H x W x C uint8 or uint16; written in place.
        scale: The network's scale.
    """

    def __init__(self, result: torch.Tensor | np.ndarray, scale: int) -> None:
        self._result = result
        self._scale = scale
        self._corner: torch.Tensor | None = None

    def lay(self, part: torch.Tensor, tile: Tile) -> None:
        """Lay one tile.

        Args:
            part: N x C x H x W, the network's answer for ``tile.source``.
            tile: Where it goes; tiles come in the order of `plan_tiles`.
        """
        inside = tile.inner.within(tile.source).times(self._scale)
        target = tile.inner.times(self._scale)
        part = part[..., inside.rows, inside.columns]
        top, left = tile.fade_top * self._scale, tile.fade_left * self._scale
        if top or left:
            part = self._faded(part, target, top, left)
        self._write(target, part)

    def _faded(self, part: torch.Tensor, target: Box, top: int, left: int) -> torch.Tensor:
        """The tile mixed with what is there, in the rows and columns over which it fades."""
        there = self._read(target)
        mixed = part.clone()
        if top:
            above = there[..., :top, :].clone()
            if left and self._corner is not None:
                above[..., :left] = self._corner
            # The tile to the right fades over these columns and needs what was here before.
            self._corner = above[..., -top:]
            rise = _ramp(top, mixed)[:, None]
            mixed[..., :top, :] = above.lerp(mixed[..., :top, :], rise)
        if left:
            rise = _ramp(left, mixed)
            mixed[..., :left] = there[..., :left].lerp(mixed[..., :left], rise)
        return mixed

    def _read(self, box: Box) -> torch.Tensor:
        if isinstance(self._result, torch.Tensor):
            return self._result[..., box.rows, box.columns]
        return to_tensor(np.ascontiguousarray(self._result[box.rows, box.columns]))

    def _write(self, box: Box, part: torch.Tensor) -> None:
        if isinstance(self._result, torch.Tensor):
            self._result[..., box.rows, box.columns] = part
            return
        place = self._result[box.rows, box.columns]
        place[...] = from_tensor(part, place.dtype).reshape(place.shape)


def _ramp(length: int, like: torch.Tensor) -> torch.Tensor:
    """Numbers rising inside (0, 1), as many as there are pixels to fade over."""
    return (torch.arange(length, dtype=like.dtype, device=like.device) + 0.5) / length
