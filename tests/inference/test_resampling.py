"""The resampler: constants stay, ramps stay, it agrees with Pillow's Lanczos."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from realesr.inference.resampling import lanczos_taps, resample


@given(st.integers(1, 90), st.integers(1, 90))
def test_weights_sum_to_one_and_are_symmetric(before, after):
    indices, weights = lanczos_taps(before, after)
    assert np.allclose(weights.sum(1), 1, atol=1e-5)
    assert indices.min() >= 0 and indices.max() < before
    matrix = np.zeros((after, before))
    np.add.at(matrix, (np.arange(after)[:, None], indices), weights)
    assert np.allclose(matrix, matrix[::-1, ::-1], atol=1e-5)


@given(
    st.integers(1, 40), st.integers(1, 40), st.integers(1, 150), st.integers(1, 150),
    st.sampled_from([(np.uint8, 201), (np.uint16, 40_001)]),
)  # fmt: skip
def test_a_flat_picture_stays_flat(height, width, new_height, new_width, kind):
    dtype, level = kind
    flat = np.full((height, width, 3), level, dtype)
    result = resample(flat, new_height, new_width)
    assert result.dtype == dtype and result.shape == (new_height, new_width, 3)
    assert (result == level).all()


@pytest.mark.parametrize("size", [(50, 70), (31, 200), (150, 96), (333, 90)])
def test_it_agrees_with_pillow_away_from_the_border(size):
    noise = np.random.default_rng(0).integers(0, 256, (150, 200), dtype=np.uint8)
    ours = resample(noise, *size).astype(int)
    floats = Image.fromarray(noise.astype(np.float32))  # in 8 bit Pillow rounds between two passes
    pillow = np.asarray(floats.resize(size[::-1], Image.Resampling.LANCZOS))
    difference = np.abs(ours - pillow.round().clip(0, 255))
    edge = [max(3 * side // 50, 6) for side in size]
    inside = difference[edge[0] : -edge[0], edge[1] : -edge[1]]
    assert inside.size and inside.max() <= 1
