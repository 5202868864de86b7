"""The other presets: they fit every scale, replay, stay in their ranges, and are what they say."""

from __future__ import annotations

import collections

import pytest
import torch

from realesr.degradations import (
    Blur,
    Draw,
    GaussianNoise,
    Jpeg,
    Recipe,
    Resize,
    Round,
    Shuffle,
    Trace,
    presets,
)
from realesr.degradations.further.sensor import SensorNoise
from realesr.degradations.steps import RandomJpeg
from realesr.errors import ParameterError
from realesr.randomness import spawn

NAMES = [name for name in presets.PRESETS if not name.startswith("real_esrgan")]


def picture(height: int, width: int) -> torch.Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", NAMES)
def test_the_preset_is_found_by_name(name):
    recipe = presets.preset(name, 4)
    assert recipe == getattr(presets, name)(4)
    assert recipe.name == name and recipe.scale == 4


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scale", range(1, 9))
def test_it_fits_every_scale_and_replays_to_equal_bits(name, scale):
    recipe = getattr(presets, name)(scale)
    assert Recipe.from_json(recipe.to_json()) == recipe
    hr = picture(5 * scale, 9 * scale)
    kept = hr.clone()
    for seed in range(4):
        trace = recipe.sample(seed)
        lr = trace.apply(hr)
        assert lr.shape == (1, 3, 5, 9)
        assert torch.equal((lr * 255).round() / 255, lr)
        text = trace.to_json()
        assert len(text) < 1500
        assert torch.equal(Trace.from_json(text).apply(hr), lr)
    assert torch.equal(hr, kept)


@pytest.mark.parametrize("name", NAMES)
def test_one_pixel_of_low_resolution_is_enough(name):
    for seed in range(5):
        trace = getattr(presets, name)(4).sample(seed)
        assert trace.apply(picture(4, 4)).shape == (1, 3, 1, 1)


def test_a_scale_that_is_none_is_refused():
    for name in NAMES:
        for scale in (0, 9, -4):
            with pytest.raises(ParameterError, match="scale"):
                getattr(presets, name)(scale)


def test_gentle_is_exactly_what_was_agreed():
    """One order: blur half the time, sigma .2 to 1.2; resize; noise 1 to 8; JPEG 60 to 95."""
    recipe = presets.gentle(4)
    seen = collections.defaultdict(list)
    for seed in range(600):
        *operations, last = recipe.sample(seed).operations
        assert last == Round()
        blurs = [each for each in operations if isinstance(each, Blur)]
        assert [type(each) for each in operations] == [Blur] * len(blurs) + [
            Resize,
            GaussianNoise,
            Jpeg,
        ]
        seen["blurred"].append(len(blurs))
        for blur in blurs:
            assert blur.shape == "gaussian" and blur.sigma_x == blur.sigma_y
            seen["sigma"].append(blur.sigma_x)
        resize, noise, jpeg = operations[-3:]
        assert resize.factor == 1 / 4 and resize.antialias
        seen["mode"].append(resize.mode)
        assert not noise.gray
        seen["noise"].append(noise.sigma)
        seen["quality"].append(jpeg.quality)
    assert 0.43 < sum(seen["blurred"]) / 600 < 0.57
    assert set(seen["mode"]) == {"area", "bilinear", "bicubic"}
    for name, low, high in (("sigma", 0.2, 1.2), ("noise", 1, 8), ("quality", 60, 95)):
        slack = (high - low) * 0.05
        assert low <= min(seen[name]) < low + slack, name
        assert high - slack < max(seen[name]) <= high, name


def test_bicubic_only_is_antialiased_bicubic():
    hr = picture(24, 32)
    lr = presets.bicubic_only(4).sample(3).apply(hr)
    plain = torch.nn.functional.interpolate(hr, (6, 8), mode="bicubic", antialias=True)
    assert torch.equal(lr, (plain.clamp(0, 1) * 255).round() / 255)


def test_bsrgan_shuffles_but_shrinks_in_order_and_ends_with_jpeg():
    recipe = presets.bsrgan(4)
    orders, halved, sensors, jpegs = collections.Counter(), 0, 0, 0
    for seed in range(400):
        *operations, jpeg, last = recipe.sample(seed).operations
        assert last == Round() and isinstance(jpeg, Jpeg) and 30 <= jpeg.quality <= 95
        factors = [each.factor for each in operations if isinstance(each, Resize)]
        assert factors[-1] == 1 / 4, "the last shrinking must be the one to the final size"
        halved += len(factors) == 3 and factors[0] == 0.5
        sensors += any(isinstance(each, SensorNoise) for each in operations)
        jpegs += any(isinstance(each, Jpeg) for each in operations)
        orders[tuple(type(each).__name__ for each in operations)] += 1
        noise = next(each for each in operations if isinstance(each, GaussianNoise))
        assert 2 <= noise.sigma <= 25
    assert len(orders) > 150
    assert 0.18 < halved / 400 < 0.32
    assert 0.18 < sensors / 400 < 0.32
    assert 0.85 < jpegs / 400 < 0.95


def test_shuffled_orders_are_equally_likely_and_kept_ones_stay():
    qualities = (10.0, 20.0, 30.0)
    steps = tuple(RandomJpeg(quality=(each, each)) for each in qualities)
    shuffle = Shuffle(steps=steps, in_order=(0, 2))
    orders = collections.Counter(
        tuple(jpeg.quality for jpeg in shuffle.sample(spawn(seed))) for seed in range(1200)
    )
    assert all(order.index(10.0) < order.index(30.0) for order in orders)
    assert len(orders) == 3
    assert all(340 < count < 460 for count in orders.values())
    free = Shuffle(steps=steps)
    assert len({free.sample(spawn(seed)) for seed in range(100)}) == 6


def test_shuffling_changes_no_draw_of_the_steps():
    """Each step has its own generator, so a narrower neighbour changes nothing."""
    wide = Shuffle(steps=(RandomJpeg(), Draw(operation="defocus", values={"radius": (1.0, 9.0)})))
    narrow = Shuffle(steps=(RandomJpeg(quality=(50, 51)), wide.steps[1]))
    for seed in range(20):
        one, other = (
            next(each for each in shuffle.sample(spawn(seed)) if not isinstance(each, Jpeg))
            for shuffle in (wide, narrow)
        )
        assert one == other


@pytest.mark.parametrize("places", [(3,), (0, 0), ()])
def test_places_that_are_not_there_are_refused(places):
    with pytest.raises(ParameterError, match="in_order"):
        Shuffle(steps=(RandomJpeg(), RandomJpeg()), in_order=places)


def test_electrons_are_drawn_by_doublings():
    """Half of the draws lie below the geometric mean, as for a logarithmic range."""
    whites = [
        each.white
        for seed in range(600)
        for each in presets.phone_night(4).sample(seed).operations
        if isinstance(each, SensorNoise)
    ]
    assert len(whites) == 600 and 83 <= min(whites) < max(whites) <= 1000
    assert 0.42 < sum(white < (83 * 1000) ** 0.5 for white in whites) / 600 < 0.58
