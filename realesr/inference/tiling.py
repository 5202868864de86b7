"""Tiles: arithmetic only, no pixels and no network.

A picture is cut into inner rectangles that cover it. Around each one the network also reads a
*halo*, because a convolution near a border would otherwise see padding where there is picture.

- A halo as wide as the network's receptive radius makes tiled and whole results equal.
- Where that is not affordable (RRDBNet-23 looks 349 pixels far) the halo is narrower, and the inner
  rectangles overlap by ``blend`` pixels, over which one tile fades into the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Box:
    """A rectangle of pixels, from ``top`` and ``left`` up to before ``bottom`` and ``right``."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Rows inside."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns inside."""
        return self.right - self.left

    @property
    def rows(self) -> slice:
        """The rows as a slice, for indexing."""
        return slice(self.top, self.bottom)

    @property
    def columns(self) -> slice:
        """The columns as a slice, for indexing."""
        return slice(self.left, self.right)

    def times(self, scale: int) -> Box:
        """The same rectangle on a picture ``scale`` times as large.

        >>> Box(1, 2, 3, 4).times(4)
        Box(top=4, left=8, bottom=12, right=16)
        """
        return Box(self.top * scale, self.left * scale, self.bottom * scale, self.right * scale)

    def within(self, outer: Box) -> Box:
        """The same rectangle in coordinates that start at ``outer``'s corner.

        >>> Box(10, 20, 30, 40).within(Box(8, 16, 32, 48))
        Box(top=2, left=4, bottom=22, right=24)
        """
        return Box(
            self.top - outer.top,
            self.left - outer.left,
            self.bottom - outer.top,
            self.right - outer.left,
        )


@dataclass(frozen=True)
class Tile:
    """One run of the network.

    Attributes:
        source: What is read from the picture, halo included.
        inner: What of the result is kept, in the picture's own coordinates.
        fade_top: Rows at the top of ``inner`` that fade in over the tile above.
        fade_left: Columns at the left of ``inner`` that fade in over the tile before.
    """

    source: Box
    inner: Box
    fade_top: int = 0
    fade_left: int = 0


def _cuts(length: int, tile: int, multiple_of: int) -> list[int]:
    """Where to cut a side: the fewest parts of at most ``tile`` pixels, as equal as they can be.

    >>> _cuts(1000, 512, 1), _cuts(100, 512, 1), _cuts(10, 8, 4)
    ([0, 500, 1000], [0, 100], [0, 8, 10])
    """
    parts = -(-length // tile)
    part = _round_up(-(-length // parts), multiple_of)
    return [*range(0, length, part), length]


def _round_up(pixels: int, multiple_of: int) -> int:
    return -(-pixels // multiple_of) * multiple_of


def plan_tiles(
    height: int, width: int, *, tile: int, halo: int, blend: int = 0, multiple_of: int = 1
) -> list[Tile]:
    """Cover a picture with tiles, row by row.

    Args:
        height: Rows of the picture.
        width: Columns of the picture.
        tile: Side of the inner rectangles, in pixels.
        halo: Extra pixels read on each side, as far as the picture goes.
        blend: Pixels by which an inner rectangle reaches back over the tile before it, and over
            which it fades in; at most ``halo``.
        multiple_of: Every edge of ``source`` falls on a multiple of this, except the picture's own.

    Returns:
        The tiles. Without ``blend`` their inner rectangles cover every pixel exactly once.

    >>> [t.inner for t in plan_tiles(4, 6, tile=4, halo=1)]
    [Box(top=0, left=0, bottom=4, right=3), Box(top=0, left=3, bottom=4, right=6)]
    """
    tile, halo = _round_up(tile, multiple_of), _round_up(halo, multiple_of)
    blend = min(blend, halo)
    rows, columns = _cuts(height, tile, multiple_of), _cuts(width, tile, multiple_of)
    tiles = []
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            source = Box(
                max(top - halo, 0),
                max(left - halo, 0),
                min(bottom + halo, height),
                min(right + halo, width),
            )
            fade_top, fade_left = min(blend, top), min(blend, left)
            inner = Box(top - fade_top, left - fade_left, bottom, right)
            tiles.append(Tile(source, inner, fade_top, fade_left))
    return tiles
