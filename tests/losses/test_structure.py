"""The structure loss is what SSIM, the metric, misses, and its gradient leads to the target."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from realesr.errors import ParameterError
from realesr.losses import structure
from realesr.quality import metrics


def pictures(seed: int, height: int, width: int, noise: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Two pictures of whole levels, the second a noisy copy of the first."""
    random = torch.Generator().manual_seed(seed)
    one = torch.randint(0, 256, (1, 3, height, width), generator=random) / 255
    other = one + noise * torch.randn(one.shape, generator=random)
    return one, (other.clamp(0, 1) * 255).round() / 255


def levels(picture: torch.Tensor) -> np.ndarray:
    return (picture[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)


@given(
    seed=st.integers(0, 99),
    height=st.integers(7, 40),
    width=st.integers(7, 40),
    noise=st.floats(0, 0.5),
)
def test_it_is_what_the_metric_misses(seed, height, width, noise):
    one, other = pictures(seed, height, width, noise)
    wanted = 1 - metrics.ssim(levels(one), levels(other)).value
    assert structure(one, other).item() == pytest.approx(wanted, abs=1e-4)


def test_its_gradient_is_that_of_differences():
    one, other = pictures(3, 12, 11, 0.2)
    one = one.double().float().requires_grad_()
    structure(one, other).backward()
    direction = torch.randn(one.shape, generator=torch.Generator().manual_seed(1))
    step = 1e-2
    with torch.no_grad():
        rise = structure(one + step * direction, other) - structure(one - step * direction, other)
    assert float((one.grad * direction).sum()) == pytest.approx(float(rise) / 2 / step, rel=0.02)


def test_going_downhill_finds_the_target():
    one, other = pictures(5, 16, 16, 0.3)
    made = one.clone().requires_grad_()
    optimiser = torch.optim.Adam([made], lr=0.01)
    before = structure(made, other).item()
    for _ in range(60):
        optimiser.zero_grad()
        structure(made, other).backward()
        optimiser.step()
    assert structure(made, other).item() < before / 5


def test_half_precision_is_computed_in_full():
    one, other = pictures(7, 20, 20, 0.1)
    found = structure(one.bfloat16(), other.bfloat16())
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(structure(one, other).item(), abs=0.01)


def test_what_is_smaller_than_a_window_is_refused():
    small = torch.zeros(1, 3, 6, 30)
    with pytest.raises(ParameterError, match="E003"):
        structure(small, small)
