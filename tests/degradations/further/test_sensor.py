"""Sensor noise: the colour space, the mosaic, and noise whose variance follows the light."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from realesr.degradations.further.sensor import (
    SensorNoise,
    bayer_masks,
    demosaic,
    expose,
    from_linear_light,
    to_linear_light,
)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_srgb_curve_has_the_values_of_the_standard():
    # 188 of 255 is half the light: the number every colour course quotes.
    assert float(from_linear_light(torch.tensor(0.5))) * 255 == pytest.approx(187.5, abs=0.1)
    assert float(to_linear_light(torch.tensor(0.04))) == pytest.approx(0.04 / 12.92)
    assert float(to_linear_light(torch.tensor(1.0))) == pytest.approx(1.0)


@given(st.floats(0, 1, width=32))
def test_the_curve_and_its_inverse_cancel(value):
    there = to_linear_light(torch.tensor(value, dtype=torch.float64))
    assert float(from_linear_light(there)) == pytest.approx(value, abs=2e-6)


@given(height=st.integers(1, 9), width=st.integers(1, 9))
def test_each_pixel_sees_one_colour_in_the_order_rggb(height, width):
    masks = bayer_masks(height, width)
    assert torch.equal(masks.sum(1), torch.ones(1, height, width))
    for row in range(height):
        for column in range(width):
            assert int(masks[0, :, row, column].argmax()) == (row % 2) + (column % 2)


def test_demosaicking_keeps_what_was_measured_and_is_exact_on_planes():
    raw = torch.rand(2, 1, 7, 8, generator=generator())
    full = demosaic(raw)
    measured = (full * bayer_masks(7, 8)).sum(1, keepdim=True)
    assert torch.allclose(measured, raw, atol=1e-6)

    row, column = torch.arange(12.0)[:, None], torch.arange(10.0)[None, :]
    plane = torch.stack(
        [
            0.1 + 0.01 * row + 0.03 * column,
            0.5 - 0.02 * row + 0 * column,
            0.2 + 0.01 * column + 0 * row,
        ]
    )
    full = demosaic((plane[None] * bayer_masks(12, 10)).sum(1, keepdim=True))
    assert torch.allclose(full[0, :, 1:-1, 1:-1], plane[:, 1:-1, 1:-1], atol=1e-6)


def test_a_missing_colour_is_the_mean_of_its_neighbours():
    raw = torch.rand(1, 1, 6, 6, generator=generator(3))
    full, pixel = demosaic(raw)[0], raw[0, 0]
    # At (2, 2) stands red: green is beside it, blue at the corners.
    assert full[1, 2, 2] == pytest.approx(
        float(pixel[1, 2] + pixel[3, 2] + pixel[2, 1] + pixel[2, 3]) / 4
    )
    assert full[2, 2, 2] == pytest.approx(
        float(pixel[1, 1] + pixel[1, 3] + pixel[3, 1] + pixel[3, 3]) / 4
    )
    # At (2, 3) stands green: red is left and right, blue above and below.
    assert full[0, 2, 3] == pytest.approx(float(pixel[2, 2] + pixel[2, 4]) / 2)
    assert full[2, 2, 3] == pytest.approx(float(pixel[1, 3] + pixel[3, 3]) / 2)


@pytest.mark.parametrize(("white", "read"), [(100.0, 0.0), (1000.0, 20.0), (50.0, 5.0)])
def test_the_variance_is_gain_times_signal_plus_read_noise_squared(white, read):
    gain = 1 / white
    for signal in (0.0, 0.1, 0.5, 1.0):
        light = torch.full((400_000,), signal)
        noisy = expose(light, white, read, torch.randn(light.shape, generator=generator(1)))
        expected = gain * signal + (gain * read) ** 2
        assert float(noisy.var()) == pytest.approx(expected, rel=0.02)
        assert float(noisy.mean()) == pytest.approx(signal, abs=4 * (expected / 4e5) ** 0.5 + 1e-7)


def test_the_operation_has_that_variance_where_a_colour_was_measured():
    """Seen through the whole operation: back in linear light, on the pixels that saw the colour."""
    signal, white, read = 0.3, 500.0, 4.0
    gray = torch.full((1, 3, 400, 400), float(from_linear_light(torch.tensor(signal))))
    saved = SensorNoise(white=white, read_noise=read, seed=5).apply(gray, (400, 400))
    light = to_linear_light(saved)
    masks = bayer_masks(400, 400).bool().expand_as(light)
    expected = signal / white + (read / white) ** 2
    assert float(light[masks].var()) == pytest.approx(expected, rel=0.03)
    # A guessed green is a mean of four, so it has a quarter of the variance.
    assert float(light[:, 1][:, ::2, ::2].var()) == pytest.approx(expected / 4, rel=0.05)


def test_without_noise_a_gray_picture_survives_the_mosaic():
    ramp = torch.linspace(0.1, 0.9, 30).expand(1, 3, 20, 30)
    saved = SensorNoise(white=1e6, read_noise=0, seed=0).apply(ramp, (20, 30))
    assert float((saved - ramp)[..., 1:-1].abs().max()) < 0.01


def test_fine_coloured_stripes_turn_into_other_colours():
    """The fringes of a mosaic: one-pixel stripes fall between the filters."""
    stripes = torch.zeros(1, 3, 16, 16)
    stripes[..., ::2] = 1.0
    saved = SensorNoise(white=1e6, read_noise=0, seed=0).apply(stripes, (16, 16))
    red, green, blue = saved[0].mean((1, 2))
    assert float(red) > 0.9 and float(blue) < 0.1 and 0.4 < float(green) < 0.9


def test_dark_tones_are_noisier_than_bright_ones_in_the_file():
    deviations = [
        float(
            SensorNoise(white=200, read_noise=2, seed=1)
            .apply(torch.full((1, 3, 128, 128), tone), (128, 128))
            .std()
        )
        for tone in (0.2, 0.8)
    ]
    assert deviations[0] > 1.5 * deviations[1]


def test_the_noise_of_a_guess_is_shared_with_its_neighbours():
    flat = torch.full((1, 3, 200, 200), 0.5)
    noise = SensorNoise(white=200, read_noise=2, seed=1).apply(flat, (200, 200))[0, 0] - 0.5
    together = torch.stack([noise[:, :-1].flatten(), noise[:, 1:].flatten()])
    assert float(torch.corrcoef(together)[0, 1]) > 0.3
    assert F.mse_loss(noise, torch.zeros_like(noise)) > 0
