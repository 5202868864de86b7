"""Consistency: the output degraded back against the input, by Pillow's filter and by a trace."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image

from realesr.degradations import presets
from realesr.errors import ParameterError
from realesr.images import from_tensor, to_tensor
from realesr.quality.metrics import consistency, psnr
from tests.pictures import natural


def shrunk_by_pillow(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Antialiased bicubic in floating point, rounded once."""
    planes = pixels[..., None] if pixels.ndim == 2 else pixels
    small = [
        np.asarray(
            Image.fromarray(planes[..., channel].astype(np.float32)).resize(
                (width, height), Image.Resampling.BICUBIC
            )
        )
        for channel in range(planes.shape[2])
    ]
    top = np.iinfo(pixels.dtype).max
    result = np.stack(small, axis=2).round().clip(0, top).astype(pixels.dtype)
    return result if pixels.ndim == 3 else result[..., 0]


def test_without_a_trace_it_is_the_psnr_after_antialiased_bicubic_on_fifty_pictures():
    for seed in range(50):
        random = np.random.default_rng(seed)
        scale, height, width = random.integers(2, 5), *random.integers(1, 12, 2)
        kind = np.uint16 if seed % 2 else np.uint8
        shape = (height * scale, width * scale) if seed % 4 == 3 else (
            height * scale, width * scale, 3,
        )  # fmt: skip
        result = random.integers(0, np.iinfo(kind).max + 1, shape).astype(kind)
        low = random.integers(0, np.iinfo(kind).max + 1, (height, width, *shape[2:])).astype(kind)
        expected = psnr(shrunk_by_pillow(result, height, width), low).value
        assert consistency(result, low).value == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("name", ["real_esrgan", "bicubic_only", "chat_app"])
def test_by_its_trace_the_truth_is_wholly_consistent(name):
    truth = natural("chelsea", 64, 48)
    trace = presets.preset(name, 4).sample(5)
    low = from_tensor(trace.apply(to_tensor(truth)), "uint8")
    score = consistency(truth, low, trace=trace)
    assert score.value == math.inf
    assert "degraded again by its own trace" in score.protocol
    other = np.ascontiguousarray(truth[::-1])
    assert consistency(other, low, trace=trace).value < 30


def test_detail_that_shrinking_forgets_costs_nothing():
    low = np.full((8, 8, 3), 120, np.uint8)
    plain = np.full((32, 32, 3), 120, np.uint8)
    board = np.indices((32, 32)).sum(0) % 2 * 40 + 100
    made_up = np.repeat(board[..., None], 3, axis=2).astype(np.uint8)
    assert consistency(plain, low).value == math.inf
    inside = slice(8, -8)  # at the border the filter is cut off
    assert consistency(made_up[inside, inside], low[2:-2, 2:-2]).value > 45


@pytest.mark.parametrize(
    ("size", "trace"), [((7, 40), None), ((31, 32), presets.bicubic_only(4).sample(0))]
)
def test_what_was_not_made_of_the_input_is_refused(size, trace):
    with pytest.raises(ParameterError, match=r"E003 .* was not made of 8x8"):
        consistency(np.zeros((*size, 3), np.uint8), np.zeros((8, 8, 3), np.uint8), trace=trace)
