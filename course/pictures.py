"""The lessons' photographs: those that come with scikit-image, so that no network is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def photo(
    name: str, top: int = 0, left: int = 0, height: int | None = None, width: int | None = None
) -> Tensor:
    """A photograph of scikit-image, or a piece of one.

    Args:
        name: Such as ``"astronaut"``; all of them stand in ``realesr.train.sources.SAMPLES``.
        top: First row.
        left: First column.
        height: Rows; all that are left when None.
        width: Columns; all that are left when None.

    Returns:
        1 x 3 x H x W, float32 in [0, 1]; a gray photograph has three equal channels.

    Raises:
        ConfigError: E404 when there is none of that name.

    >>> photo("chelsea", 20, 40, 64, 48).shape
    torch.Size([1, 3, 64, 48])
    """
    import numpy as np

    from realesr.images import to_tensor
    from realesr.train.sources import open_source

    pixels = open_source(f"samples:{name}").read(0)
    bottom = None if height is None else top + height
    right = None if width is None else left + width
    piece = np.ascontiguousarray(pixels[top:bottom, left:right, :3])
    return to_tensor(piece)


def middles(names: str, side: int) -> Tensor:
    """The brightness in the middle of several photographs, for networks that learn in seconds.

    Args:
        names: Their names, with spaces between them.
        side: Height and width of each piece.

    Returns:
        N x 1 x side x side, float32 in [0, 1]; the green channel stands for brightness.

    >>> middles("coffee camera", 32).shape
    torch.Size([2, 1, 32, 32])
    """
    import torch

    pieces = []
    for name in names.split():
        whole = photo(name)
        top, left = ((length - side) // 2 for length in whole.shape[-2:])
        pieces.append(whole[:, 1:2, top : top + side, left : left + side])
    return torch.cat(pieces)
