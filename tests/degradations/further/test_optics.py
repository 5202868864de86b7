"""Motion blur and defocus: the kernels have the length, direction and radius they are asked for."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from realesr.degradations.further.optics import Defocus, MotionBlur, defocus_kernel, motion_kernel


def moments(kernel: torch.Tensor) -> tuple[float, float, float, float, float]:
    """Mean x, mean y, variance along x, along y, and covariance of a kernel."""
    reach = kernel.shape[0] // 2
    grid = torch.arange(-reach, reach + 1, dtype=torch.float64)
    x, y = grid[None, :], grid[:, None]
    return tuple(
        float((kernel * weight).sum()) for weight in (x + 0 * y, y + 0 * x, x * x, y * y, x * y)
    )


@given(length=st.floats(0, 60), angle=st.floats(-math.pi, math.pi))
def test_a_motion_kernel_is_an_average_that_moves_nothing(length, angle):
    kernel = motion_kernel(length, angle)
    assert kernel.dtype == torch.float64
    assert kernel.shape[0] == kernel.shape[1] and kernel.shape[0] % 2 == 1
    assert bool((kernel >= 0).all())
    assert float(kernel.sum()) == pytest.approx(1.0, abs=1e-12)
    assert moments(kernel)[:2] == pytest.approx((0.0, 0.0), abs=1e-12)


@pytest.mark.parametrize("length", [1, 2, 5, 20, 41])
@pytest.mark.parametrize("angle", [0.0, math.pi / 2])
def test_along_an_axis_the_variance_is_that_of_a_line_and_a_pixel(length, angle):
    """A uniform line has length^2 / 12; light that falls on two pixels adds 1/6."""
    _, _, across, down, _ = moments(motion_kernel(length, angle))
    along, beside = (across, down) if angle == 0 else (down, across)
    assert along == pytest.approx(length**2 / 12 + 1 / 6, abs=1e-3)
    assert beside == pytest.approx(0.0, abs=1e-12)


@given(length=st.floats(3, 50), angle=st.floats(-math.pi, math.pi))
def test_any_motion_kernel_has_its_length_and_direction(length, angle):
    _, _, across, down, both = moments(motion_kernel(length, angle))
    assert across == pytest.approx((length * math.cos(angle)) ** 2 / 12, abs=0.26)
    assert down == pytest.approx((length * math.sin(angle)) ** 2 / 12, abs=0.26)
    assert both == pytest.approx(length**2 * math.cos(angle) * math.sin(angle) / 12, abs=0.26)


def test_one_lit_pixel_becomes_the_line_downwards_to_the_right():
    image = torch.zeros(1, 3, 31, 31)
    image[..., 15, 15] = 1.0
    smeared = MotionBlur(length=12, angle=math.pi / 4).apply(image, (31, 31))[0, 0]
    assert smeared[18, 18] > 0.05 and smeared[12, 12] > 0.05
    assert smeared[12, 18].abs() < 1e-6 and smeared[15, 22].abs() < 1e-6


@given(radius=st.floats(0.1, 40))
def test_a_disc_is_round_and_sums_to_one(radius):
    kernel = defocus_kernel(radius)
    assert kernel.dtype == torch.float64
    assert float(kernel.sum()) == pytest.approx(1.0, abs=1e-12)
    assert bool((kernel >= 0).all())
    for turned in (kernel.T, kernel.flip(0), kernel.flip(1)):
        assert torch.allclose(kernel, turned, atol=1e-14)


@pytest.mark.parametrize("radius", [1.0, 1.5, 2.7, 6.0, 13.3, 40.0])
def test_a_disc_has_the_area_and_the_spread_of_its_radius(radius):
    kernel = defocus_kernel(radius)
    area = float(kernel.sum() / kernel.max())
    assert area == pytest.approx(math.pi * radius**2, rel=2e-3)
    if radius > 2:
        assert moments(kernel)[2] == pytest.approx(radius**2 / 4 + 1 / 12, rel=0.02)


def test_a_disc_is_flat_inside_and_empty_outside():
    radius = 5.3
    kernel = defocus_kernel(radius)
    reach = kernel.shape[0] // 2
    grid = torch.arange(-reach, reach + 1, dtype=torch.float64)
    distance = torch.hypot(grid[:, None], grid[None, :])
    inside = kernel[distance < radius - math.sqrt(0.5)]
    assert torch.allclose(inside, inside[0].expand_as(inside))
    assert bool((kernel[distance > radius + math.sqrt(0.5)] == 0).all())
    edge = kernel[(distance - radius).abs() < 0.3]
    assert bool(((edge > 0) & (edge < inside[0])).all()), "the edge is not antialiased"


def test_a_disc_smaller_than_a_pixel_leaves_the_picture_alone():
    image = torch.rand(1, 3, 8, 9, generator=torch.Generator().manual_seed(0))
    assert torch.equal(Defocus(radius=0.4).apply(image, (8, 9)), image)


def test_the_operations_show_the_kernel_they_use():
    assert torch.equal(MotionBlur(length=7.5, angle=0.4).kernel(), motion_kernel(7.5, 0.4))
    assert torch.equal(Defocus(radius=2.5).kernel(), defocus_kernel(2.5))
