"""The artifact loss and the frequency loss against loops that follow their definitions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from realesr.losses import artifact, frequency, l1
from realesr.losses.artifact import artifact_map


def pictures(seed: int, count: int, *shape: int) -> list[torch.Tensor]:
    drawn = np.random.default_rng(seed).random((count, *shape), np.float32)
    return list(torch.from_numpy(drawn))


def map_by_loops(prediction, smoothed, target):
    """Pixel by pixel, with NumPy's variance over an explicit window."""
    error = np.abs(prediction - target).sum(1)
    smoothed_error = np.abs(smoothed - target).sum(1)
    found = np.zeros_like(error)
    for index, picture in enumerate(error):
        around = np.pad(picture, 3, mode="reflect")
        whole = picture.var(ddof=1) ** (1 / 5)
        for row, column in np.ndindex(picture.shape):
            window = around[row : row + 7, column : column + 7]
            if picture[row, column] >= smoothed_error[index, row, column]:
                found[index, row, column] = whole * window.var(ddof=1)
    return found[:, None]


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1), st.integers(4, 9), st.integers(4, 9))
def test_the_map_and_the_loss_follow_the_definition(seed, height, width):
    three = pictures(seed, 3, 2, 3, height, width)
    prediction, smoothed, target = (each.numpy().astype(np.float64) for each in three)
    expected = map_by_loops(prediction, smoothed, target)
    np.testing.assert_allclose(artifact_map(*three).numpy(), expected, atol=1e-5)
    loss = (expected * np.abs(prediction - target)).mean()
    assert artifact(*three).item() == pytest.approx(loss, rel=1e-4, abs=1e-6)


def test_errors_that_the_averaged_weights_exceed_cost_nothing():
    prediction, target = pictures(1, 2, 1, 3, 8, 8)
    worse = target + 2 * (prediction - target)
    assert artifact(prediction, worse, target).item() == 0
    assert artifact(prediction, target, target).item() > 0


def test_a_restless_error_costs_more_than_an_even_one_of_the_same_size():
    target = torch.full((1, 3, 16, 16), 0.5)
    even = target + 0.1
    restless = target.clone()
    restless[..., ::2, ::2] += 0.4
    assert l1(even, target).item() == pytest.approx(l1(restless, target).item())
    assert artifact(restless, target, target) > 100 * artifact(even, target, target)


def test_no_gradient_runs_through_the_map_and_a_perfect_picture_gives_none():
    prediction, smoothed, target = pictures(2, 3, 2, 3, 8, 8)
    prediction.requires_grad_()
    artifact(prediction, smoothed, target).backward()
    places = artifact_map(prediction, smoothed, target)
    expected = places * torch.sign(prediction.detach() - target) / target.numel()
    torch.testing.assert_close(prediction.grad, expected)
    perfect = target.clone().requires_grad_()
    artifact(perfect, smoothed, target).backward()
    assert torch.isfinite(perfect.grad).all() and not perfect.grad.any()


@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(1, 9))
def test_the_frequency_loss_is_numpys_transform(seed, height, width):
    prediction, target = pictures(seed, 2, 2, 3, height, width)
    difference = prediction.numpy().astype(np.float64) - target.numpy()
    expected = np.abs(np.fft.fft2(difference, norm="ortho")).mean()
    assert frequency(prediction, target).item() == pytest.approx(expected, rel=1e-5)


def test_the_frequency_loss_of_one_wave_by_hand():
    """A cosine of amplitude a has two coefficients of size a n / 2 (n x n pixels, ortho)."""
    wave = 0.2 * torch.cos(2 * torch.pi * 3 * torch.arange(16) / 16).expand(1, 1, 16, 16)
    assert frequency(wave, torch.zeros_like(wave)).item() == pytest.approx(2 * 0.2 * 8 / 256)


def test_faint_texture_weighs_more_in_the_frequency_loss_than_in_l1():
    """White noise spreads over all waves, a shift of brightness is a single one."""
    target = torch.zeros(1, 1, 32, 32)
    noise = 0.1 * torch.randn(1, 1, 32, 32, generator=torch.Generator().manual_seed(3))
    shift = target + noise.abs().mean()
    assert l1(noise, target).item() == pytest.approx(l1(shift, target).item())
    assert frequency(noise, target) > 20 * frequency(shift, target)


def test_half_precision_is_accepted():
    prediction, smoothed, target = (each.bfloat16() for each in pictures(4, 3, 1, 3, 8, 8))
    whole = [each.float() for each in (prediction, smoothed, target)]
    assert frequency(prediction, target).item() == pytest.approx(
        frequency(whole[0], whole[2]).item(), rel=0.02
    )
    assert artifact(prediction, smoothed, target).item() == pytest.approx(
        artifact(*whole).item(), rel=0.05
    )
