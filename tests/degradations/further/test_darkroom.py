"""Halos of the height the formula says, and grain with its size, strength and tone."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from realesr.degradations.further.darkroom import FilmGrain, Oversharpen, bell, grain, oversharpen


@pytest.mark.parametrize("amount", [0.3, 1.0, 2.0])
@pytest.mark.parametrize("radius", [0.5, 1.0, 3.0])
def test_the_overshoot_beside_a_step_is_the_formula(amount, radius):
    step = 0.1
    image = torch.full((1, 3, 5, 60), 0.45)
    image[..., 30:] += step
    sharp = oversharpen(image, amount, radius)[0, 0, 2]
    taps = bell(radius)
    overshoot = amount * step * (1 - float(taps[len(taps) // 2])) / 2
    assert float(sharp[30]) - 0.55 == pytest.approx(overshoot, rel=1e-3)
    assert 0.45 - float(sharp[29]) == pytest.approx(overshoot, rel=1e-3)
    assert float(sharp[0]) == pytest.approx(0.45, abs=1e-5), "the flat part changed"


def test_halos_are_gray():
    """A red edge gets the same halo in all three channels."""
    image = torch.full((1, 3, 8, 20), 0.5)
    image[:, 0, :, 10:] = 0.6
    change = Oversharpen(amount=1.5, radius=1.0).apply(image, (8, 20)) - image
    assert torch.allclose(change[:, 0], change[:, 1], atol=1e-6)
    assert torch.allclose(change[:, 0], change[:, 2], atol=1e-6)


def test_a_wider_radius_makes_a_wider_halo():
    image = torch.full((1, 3, 4, 80), 0.3)
    image[..., 40:] = 0.6
    widths = [
        int(((oversharpen(image, 1.0, radius) - image)[0, 0, 0].abs() > 0.01).sum())
        for radius in (0.7, 2.0, 5.0)
    ]
    assert widths == sorted(set(widths))


@pytest.mark.parametrize("size", [0.1, 0.6, 1.5, 3.0])
def test_grain_has_variance_one_up_to_the_border(size):
    field = grain(torch.zeros(64, 3, 40, 40), size, True, 2)
    assert float(field.std()) == pytest.approx(1.0, abs=0.03)
    edge = torch.cat([field[..., 0, :].flatten(), field[..., :, -1].flatten()])
    assert float(edge.std()) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("size", [0.8, 1.5, 3.0])
def test_grain_resembles_itself_over_its_size(size):
    """Noise blurred by a Gaussian has the correlation exp(-d^2 / (4 size^2)) at distance d."""
    field = grain(torch.zeros(40, 3, 80, 80), size, True, 3)
    for distance in (1, 2, 4):
        pair = torch.stack([field[..., distance:].flatten(), field[..., :-distance].flatten()])
        expected = float(torch.exp(torch.tensor(-(distance**2) / (4 * size**2))))
        assert float(torch.corrcoef(pair)[0, 1]) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("tone", [0.1, 0.25, 0.5, 0.9])
def test_the_deviation_follows_the_tone(tone):
    flat = torch.full((1, 3, 200, 200), tone)
    noise = FilmGrain(size=0.5, strength=6, seed=1).apply(flat, (200, 200)) - flat
    expected = 2 * 6 / 255 * (tone * (1 - tone)) ** 0.5
    assert float(noise.std()) == pytest.approx(expected, rel=0.03)


def test_gray_grain_is_one_layer_and_colour_grain_three():
    flat = torch.full((1, 3, 64, 64), 0.5)
    gray = FilmGrain(size=1, strength=8, gray=True, seed=4).apply(flat, (64, 64))[0] - 0.5
    assert torch.allclose(gray[0], gray[1]) and torch.allclose(gray[0], gray[2])
    colour = FilmGrain(size=1, strength=8, gray=False, seed=4).apply(flat, (64, 64))[0] - 0.5
    correlation = torch.corrcoef(colour.flatten(1))
    assert float(correlation[0, 1].abs()) < 0.1


@given(seed=st.integers(0, 2**53 - 1))
def test_each_seed_is_its_own_grain(seed):
    flat = torch.full((1, 3, 8, 8), 0.5)
    one = FilmGrain(size=0.7, strength=20, seed=seed).apply(flat, (8, 8))
    again = FilmGrain(size=0.7, strength=20, seed=seed).apply(flat, (8, 8))
    other = FilmGrain(size=0.7, strength=20, seed=seed ^ 1).apply(flat, (8, 8))
    assert torch.equal(one, again) and not torch.equal(one, other)
