"""Laying tiles: what overlaps fades from one into the next, without a step."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from realesr.inference.laying import Mosaic
from realesr.inference.tiling import plan_tiles

SCALE = 2


def laid(tiles, value):
    """A picture laid from tiles of constant value, as float and as whole numbers."""
    bottom, right = tiles[-1].inner.bottom * SCALE, tiles[-1].inner.right * SCALE
    floats = torch.zeros(1, 3, bottom, right)
    rounded = np.zeros((bottom, right, 3), np.uint8)
    mosaics = Mosaic(floats, SCALE), Mosaic(rounded, SCALE)
    for number, tile in enumerate(tiles):
        size = tile.source.height * SCALE, tile.source.width * SCALE
        part = torch.full((1, 3, *size), float(value(number)))
        for mosaic in mosaics:
            mosaic.lay(part, tile)
    return floats[0, 0].numpy(), rounded[:, :, 0] / 255


@pytest.mark.parametrize("axis", [0, 1])
def test_two_tiles_fade_along_a_ramp(axis):
    size = (40, 20) if axis == 0 else (20, 40)
    tiles = plan_tiles(*size, tile=20, halo=8, blend=6)
    assert len(tiles) == 2
    for picture in laid(tiles, lambda number: number):
        profile = picture[:, 5] if axis == 0 else picture[5]
        steps = np.diff(profile)
        assert profile[0] == 0 and profile[-1] == 1 and (steps >= 0).all()
        assert np.count_nonzero((profile > 0) & (profile < 1)) == 6 * SCALE
        assert steps.max() <= 1 / (6 * SCALE) + 1 / 255


@pytest.mark.parametrize("values", [(0, 1, 0, 1), (0, 0, 1, 1), (1, 0, 0, 1), (0, 0, 0, 1)])
def test_four_tiles_meet_without_a_step(values):
    tiles = plan_tiles(40, 40, tile=20, halo=8, blend=6)
    for picture in laid(tiles, values.__getitem__):
        assert np.abs(np.diff(picture, axis=0)).max() <= 1 / (6 * SCALE) + 2 / 255
        assert np.abs(np.diff(picture, axis=1)).max() <= 1 / (6 * SCALE) + 2 / 255


def test_the_mixture_is_the_formula():
    tiles = plan_tiles(40, 40, tile=20, halo=8, blend=6)
    above, right, left, new = 0.9, 0.2, 0.4, 0.7
    picture, _ = laid(tiles, (above, right, left, new).__getitem__)
    rise = (np.arange(6 * SCALE) + 0.5) / (6 * SCALE)
    vertical, horizontal = rise[:, None], rise[None, :]
    upper = (1 - horizontal) * above + horizontal * right
    lower = (1 - horizontal) * left + horizontal * new
    corner = slice((20 - 6) * SCALE, 20 * SCALE)
    expected = (1 - vertical) * upper + vertical * lower
    assert np.abs(picture[corner, corner] - expected).max() < 1e-6


def test_equal_tiles_leave_no_trace():
    tiles = plan_tiles(50, 45, tile=16, halo=8, blend=8)
    for picture in laid(tiles, lambda number: 0.5):
        assert np.abs(picture - 0.5).max() <= 0.5 / 255 + 1e-6


def test_without_fading_the_last_tile_counts():
    tiles = plan_tiles(40, 40, tile=20, halo=8)
    for picture in laid(tiles, float):
        assert set(np.unique(picture.clip(0, 1))) <= {0.0, 1.0}
