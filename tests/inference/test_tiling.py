"""Tile geometry: it covers, it stays inside, it aligns."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from realesr.inference.tiling import plan_tiles

SIDES = st.integers(1, 300)


@given(SIDES, SIDES, st.integers(8, 128), st.integers(0, 40), st.sampled_from([1, 2, 4]))
def test_inner_rectangles_cover_every_pixel_once(height, width, tile, halo, multiple_of):
    count = np.zeros((height, width), int)
    for part in plan_tiles(height, width, tile=tile, halo=halo, multiple_of=multiple_of):
        count[part.inner.rows, part.inner.columns] += 1
        for edge, side in [
            (part.source.top, 0), (part.source.left, 0),
            (part.source.bottom, height), (part.source.right, width),
        ]:  # fmt: skip
            assert edge % multiple_of == 0 or edge == side
        assert part.source.top <= part.inner.top and part.inner.bottom <= part.source.bottom
        assert part.source.left <= part.inner.left and part.inner.right <= part.source.right
    assert (count == 1).all()


@given(SIDES, SIDES, st.integers(16, 128), st.integers(1, 40))
def test_the_halo_is_full_except_at_the_picture_s_edge(height, width, tile, halo):
    for part in plan_tiles(height, width, tile=tile, halo=halo):
        assert part.inner.top - part.source.top in (halo, part.inner.top)
        assert part.inner.left - part.source.left in (halo, part.inner.left)
        assert part.source.bottom - part.inner.bottom in (halo, height - part.inner.bottom)
        assert part.source.right - part.inner.right in (halo, width - part.inner.right)


@given(SIDES, SIDES, st.integers(16, 128), st.integers(0, 40), st.integers(0, 20))
def test_fading_tiles_lie_on_finished_ones(height, width, tile, halo, blend):
    done = np.zeros((height, width), bool)
    for part in plan_tiles(height, width, tile=tile, halo=halo, blend=blend):
        inner = part.inner
        assert done[inner.top : inner.top + part.fade_top, inner.columns].all()
        assert done[inner.rows, inner.left : inner.left + part.fade_left].all()
        done[inner.rows, inner.columns] = True
    assert done.all()
