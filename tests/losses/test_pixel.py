"""The pixel losses against values worked out by hand, and what holds for all of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from realesr import losses

PIXEL = [losses.l1, losses.mse, losses.charbonnier]


def batch(*values: float) -> torch.Tensor:
    return torch.tensor(values).view(1, 1, 1, -1)


def test_values_by_hand():
    prediction, target = batch(0.1, 0.5, 0.9, 0.2), batch(0.2, 0.5, 0.6, 0.2)
    assert losses.l1(prediction, target).item() == pytest.approx((0.1 + 0.3) / 4)
    assert losses.mse(prediction, target).item() == pytest.approx((0.01 + 0.09) / 4)
    rounded = [np.hypot(difference, 1e-3) for difference in (0.1, 0, 0.3, 0)]
    assert losses.charbonnier(prediction, target).item() == pytest.approx(np.mean(rounded))


def test_gradients_by_hand():
    for loss, expected in [
        (losses.l1, [-0.5, 0.5]),
        (losses.mse, [-0.1, 0.3]),
        (losses.charbonnier, [-0.5 * 0.1 / np.hypot(0.1, 1e-3), 0.5 * 0.3 / np.hypot(0.3, 1e-3)]),
    ]:
        prediction = batch(0.1, 0.9).requires_grad_()
        loss(prediction, batch(0.2, 0.6)).backward()
        assert prediction.grad.flatten().tolist() == pytest.approx(expected)


def test_charbonnier_is_smooth_where_l1_has_a_tip():
    equal = batch(0.5).requires_grad_()
    losses.charbonnier(equal, batch(0.5)).backward()
    assert equal.grad.item() == 0
    assert losses.charbonnier(batch(0.5), batch(0.5), epsilon=0.01).item() == pytest.approx(0.01)


@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_they_are_symmetric_and_least_for_equal_pictures(seed, pictures):
    pair = np.random.default_rng(seed).random((2, pictures, 3, 5, 4), np.float32)
    first, second = torch.from_numpy(pair)
    for loss in PIXEL:
        there, back = loss(first, second), loss(second, first)
        assert there.item() == pytest.approx(back.item(), rel=1e-6)
        assert loss(first, first) <= there


@given(st.integers(0, 2**32 - 1))
def test_a_batch_costs_the_mean_of_its_pictures(seed):
    """Two processes with half a batch each must have the gradients of one with the whole."""
    pair = np.random.default_rng(seed).random((2, 4, 3, 5, 6), np.float32)
    first, second = torch.from_numpy(pair)
    for loss in [*PIXEL, losses.frequency]:
        each = [loss(first[i : i + 1], second[i : i + 1]).item() for i in range(4)]
        assert loss(first, second).item() == pytest.approx(np.mean(each), rel=1e-5)
