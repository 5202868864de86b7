"""What holds for every recipe, size and scale, and for every noise field."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from realesr import degradations
from realesr.degradations import (
    Blur,
    Chain,
    Draw,
    GaussianNoise,
    Jpeg,
    OneOf,
    PoissonNoise,
    RandomBlur,
    RandomJpeg,
    RandomNoise,
    RandomResize,
    Recipe,
    Resize,
    Round,
    Shuffle,
    Sinc,
    Sometimes,
    Trace,
    UnsharpMask,
    presets,
)
from realesr.degradations.combinations import STEPS
from realesr.degradations.filters import convolve, convolve_twice, mirror
from realesr.degradations.kernels import gaussian_family, gaussian_line, sinc
from realesr.degradations.table import OPERATIONS


def ranges(low, high):
    number = st.floats(low, high, allow_nan=False)
    return st.tuples(number, number).map(lambda pair: (min(pair), max(pair)))


leaves = st.one_of(
    st.builds(RandomBlur, sigma=ranges(0.1, 6), plateau=st.sampled_from(["uniform", "reference"])),
    st.builds(
        RandomResize,
        up_range=ranges(1, 2),
        down_range=ranges(0.05, 1),
        antialias=st.booleans(),
    ),
    st.builds(
        RandomResize,
        up_range=ranges(1, 2),
        down_range=ranges(0.05, 1),
        standard=st.just("reference"),
    ),
    st.builds(RandomNoise, sigma=ranges(0, 60), levels=st.sampled_from(["photons", "reference"])),
    st.builds(RandomJpeg, quality=ranges(1, 100), standard=st.just("reference")),
    st.builds(RandomJpeg, quality=st.tuples(st.integers(1, 40), st.integers(40, 100))),
    st.just(Draw(operation="sinc", values={"size": (7, 21), "cutoff": (1.0, 3.0)})),
    st.just(Draw(operation="unsharp_mask")),
    *(
        st.just(Draw(operation=name, values=values))
        for name, values in {
            "motion_blur": {"length": (0.0, 12.0), "angle": (-1.5, 1.5)},
            "defocus": {"radius": (0.1, 5.0)},
            "sensor_noise": {"white": (100.0, 2000.0), "read_noise": (0.0, 4.0)},
            "film_grain": {"size": (0.3, 3.0), "strength": (0.0, 40.0)},
            "oversharpen": {"amount": (0.0, 3.0), "radius": (0.3, 4.0)},
            "chroma_subsampling": {"sampling": ("4:4:4", "4:2:2", "4:2:0")},
            "banding": {"levels": (2, 16, 256)},
            "webp": {"quality": (0.0, 100.0)},
            "vignette": {"angle": (0.0, 1.2)},
        }.items()
    ),
)


def combined(inner):
    several = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Sometimes, probability=st.floats(0, 1), steps=several),
        *(st.builds(kind, steps=several) for kind in (OneOf, Chain, Shuffle)),
    )


steps = st.recursive(leaves, combined, max_leaves=4)
recipes = st.builds(
    Recipe,
    name=st.text(max_size=10),
    scale=st.integers(1, 8),
    steps=st.lists(steps, max_size=5).map(tuple),
)


@settings(max_examples=80, deadline=None)
@given(
    recipe=recipes,
    height=st.integers(1, 5),
    width=st.integers(1, 5),
    batch=st.integers(1, 2),
    seed=st.integers(-(2**40), 2**62),
)
def test_any_recipe_on_any_size(recipe, height, width, batch, seed):
    generator = torch.Generator().manual_seed(0)
    hr = torch.rand(batch, 3, height * recipe.scale, width * recipe.scale, generator=generator)
    before = hr.clone()
    trace = recipe.sample(seed)
    lr = trace.apply(hr)
    assert lr.dtype == torch.float32 and bool(lr.isfinite().all())
    assert 0 <= float(lr.min()) and float(lr.max()) <= 1
    assert torch.equal(hr, before)
    again = Trace.from_json(trace.to_json())
    assert again == trace and torch.equal(again.apply(hr), lr)
    assert Recipe.from_json(recipe.to_json()) == recipe


@settings(max_examples=30, deadline=None)
@given(
    preset=st.sampled_from([presets.real_esrgan, presets.real_esrgan_exact]),
    scale=st.integers(1, 8),
    height=st.integers(1, 7),
    width=st.integers(1, 7),
    seed=st.integers(0, 2**32),
)
def test_the_presets_keep_their_promise_of_scale(preset, scale, height, width, seed):
    hr = torch.rand(1, 3, height * scale, width * scale)
    assert preset(scale).sample(seed).apply(hr).shape == (1, 3, height, width)


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 30),
    width=st.integers(1, 30),
    reach=st.integers(0, 12),
    seed=st.integers(0, 9),
)
def test_fourier_and_sums_agree_at_every_size(height, width, reach, seed):
    generator = torch.Generator().manual_seed(seed)
    image = torch.rand(1, 3, height, width, generator=generator)
    kernel = torch.rand(2 * reach + 1, 2 * reach + 1, generator=generator, dtype=torch.float64)
    kernel /= kernel.sum()
    padded = mirror(image.double(), reach, reach)
    direct = torch.nn.functional.conv2d(padded.transpose(0, 1), kernel[None, None]).transpose(0, 1)
    assert float((convolve(image, kernel) - direct).abs().max()) < 2e-6


@settings(max_examples=40, deadline=None)
@given(
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    reach=st.integers(0, 30),
    seed=st.integers(0, 9),
)
def test_a_line_down_and_across_is_the_plane(height, width, reach, seed):
    generator = torch.Generator().manual_seed(seed)
    image = torch.rand(2, 3, height, width, generator=generator)
    line = torch.rand(2 * reach + 1, generator=generator, dtype=torch.float64)
    line /= line.sum()
    before = image.clone()
    blurred = convolve_twice(image, line)
    expected = convolve(image.double(), torch.outer(line, line))
    assert float((blurred - expected).abs().max()) < 2e-6
    assert torch.equal(image, before)


def test_mirror_repeats_no_edge():
    line = torch.tensor([[[[1.0, 2.0]]]])
    assert mirror(line, 0, 3)[0, 0, 0].tolist() == [2, 1, 2, 1, 2, 1, 2, 1]
    assert mirror(torch.ones(1, 1, 1, 1), 4, 2).shape == (1, 1, 9, 5)


@settings(max_examples=40, deadline=None)
@given(
    shape=st.sampled_from(["gaussian", "generalised", "plateau"]),
    half=st.integers(0, 10),
    sigma_x=st.floats(0.2, 5),
    sigma_y=st.floats(0.2, 5),
    angle=st.floats(-3, 3),
    beta=st.floats(0.3, 5),
)
def test_kernels_sum_to_one_and_are_symmetric(shape, half, sigma_x, sigma_y, angle, beta):
    kernel = gaussian_family(shape, 2 * half + 1, sigma_x, sigma_y, angle, beta)
    assert abs(float(kernel.sum()) - 1) < 1e-12 and float(kernel.min()) >= 0
    assert torch.allclose(kernel, kernel.flip(0, 1))
    turned = gaussian_family(shape, 2 * half + 1, sigma_y, sigma_x, angle + torch.pi / 2, beta)
    assert torch.allclose(kernel, turned, atol=1e-9)


def test_the_sinc_passes_below_its_cutoff_only():
    spectrum = torch.fft.fft2(sinc(61, 1.2), s=(128, 128)).abs()
    frequency = torch.fft.fftfreq(128).mul(2 * torch.pi)
    radius = torch.hypot(frequency[:, None], frequency[None])
    assert float((spectrum[radius < 0.9] - 1).abs().max()) < 0.15
    assert float(spectrum[radius > 1.5].max()) < 0.15


def test_the_gaussian_has_the_width_it_says():
    kernel = gaussian_family("gaussian", 41, 3.0, 1.5)
    x = torch.arange(41, dtype=torch.float64) - 20
    assert abs(float((kernel.sum(0) * x**2).sum()) - 9) < 0.01
    assert abs(float((kernel.sum(1) * x**2).sum()) - 2.25) < 0.01
    assert abs(float(gaussian_line(51, 8.0).sum()) - 1) < 1e-12


NOISES = [
    GaussianNoise(sigma=20, gray=True, seed=3),
    GaussianNoise(sigma=20, gray=False, seed=3),
    PoissonNoise(scale=2, gray=True, seed=3),
    PoissonNoise(scale=2, gray=False, seed=3, levels=None),
]


@pytest.mark.parametrize("operation", NOISES, ids=repr)
def test_noise_of_two_pictures_in_a_batch_is_uncorrelated(operation):
    """The reference's gray Gaussian noise is one pattern for the whole batch: correlation 1."""
    coarse = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    batch = torch.nn.functional.interpolate(coarse, (96, 96), mode="bilinear") * 0.4 + 0.3
    field = operation.apply(batch, (96, 96)) - batch
    both = torch.corrcoef(field.flatten(1))[0, 1]
    # Gray fields have a third of the independent values.
    assert abs(float(both)) < 4 / (96 * 96) ** 0.5
    alone = operation.apply(batch[:1], (96, 96))
    assert torch.equal(alone, operation.apply(batch, (96, 96))[:1])
    channels = torch.corrcoef(field[0].flatten(1))
    assert (float(channels[0, 1]) > 0.9) == operation.gray


@pytest.mark.parametrize("levels", [4, 64, 256])
def test_poisson_noise_has_the_variance_of_photons(levels):
    for value in (26, 102, 204):
        image = torch.full((1, 3, 128, 128), value / 255)
        noisy = PoissonNoise(scale=0.05, seed=5, levels=levels).apply(image, (128, 128))
        measured = float((noisy - image).var()) / 0.05**2
        assert abs(measured / (value / 255 / levels) - 1) < 0.05


def test_counting_levels_makes_flat_pictures_noisy_for_no_reason():
    flat = torch.full((1, 3, 64, 64), 0.5)
    reference = PoissonNoise(scale=1, seed=1, levels=None).apply(flat, (64, 64))
    ours = PoissonNoise(scale=1, seed=1).apply(flat, (64, 64))
    assert float(reference.std()) > 8 * float(ours.std())


def test_a_pixel_changed_by_one_level_changes_its_own_noise_only():
    """So that rounding on another device moves a pixel, not the whole field."""
    image = torch.full((1, 3, 32, 32), 100 / 255)
    other = image.clone()
    other[0, 1, 4, 4] = 101 / 255
    operation = PoissonNoise(scale=1, seed=2)
    changed = operation.apply(image, (32, 32)) != operation.apply(other, (32, 32))
    assert changed.nonzero().tolist() in ([], [[0, 1, 4, 4]])


def test_unsharp_mask_leaves_small_differences_alone():
    ramp = torch.linspace(0, 1, 200).expand(1, 3, 60, 200).contiguous()
    inside = UnsharpMask().apply(ramp, (60, 200))[..., 30:-30]
    assert torch.allclose(inside, ramp[..., 30:-30], atol=1e-5)


def test_resize_counts_from_the_original():
    image = torch.rand(1, 3, 37, 53)
    resize = Resize(factor=0.25, mode="area")
    assert resize.apply(image, (100, 80)).shape[-2:] == (25, 20)
    assert Resize(factor=0.01).size((10, 10)) == (1, 1)
    for mode in ("area", "bilinear", "bicubic"):
        for standard in ("size", "reference"):
            whole = Resize(factor=1.0, mode=mode, standard=standard)
            assert torch.allclose(whole.apply(image, (37, 53)), image, atol=1e-6)


@pytest.mark.parametrize("scale", range(1, 9))
def test_one_over_scale_is_exact(scale):
    resize = Resize(factor=1 / scale)
    for side in range(scale, 20_000 * scale + 1, scale):
        assert resize.size((side, 1))[0] == side // scale


def interpolated(side, factor):
    """The side that the reference's call gives."""
    line = torch.zeros(1, 1, 1, side)
    return F.interpolate(line, scale_factor=(1.0, factor), mode="nearest").shape[-1]


@pytest.mark.parametrize(("side", "factor", "small"), [(400, 0.29, 115), (400, 0.2825, 112)])
def test_a_product_a_hair_below_a_whole_number_is_rounded_down(side, factor, small):
    assert Resize(factor=factor).size((side, side)) == (small, small)
    assert interpolated(side, factor) == small


@settings(max_examples=300, deadline=None)
@given(side=st.integers(1, 3000), share=st.integers(500, 400_000))
def test_the_size_is_the_one_that_the_references_call_gives(side, share):
    """Factors of five decimals, as recipes draw them."""
    factor = share / 100_000
    assume(side * factor >= 1)
    assert Resize(factor=factor).size((side, 1))[0] == interpolated(side, factor)


def test_antialias_widens_the_filter_when_shrinking():
    checks = (torch.arange(64)[:, None] + torch.arange(64)) % 2
    image = checks.float().expand(1, 3, 64, 64).contiguous()
    for mode in ("bilinear", "bicubic"):
        smooth = Resize(factor=0.3, mode=mode, antialias=True).apply(image, (64, 64))
        rough = Resize(factor=0.3, mode=mode).apply(image, (64, 64))
        assert float(smooth.std()) < 0.3 * float(rough.std())


def test_operations_are_plain_frozen_values():
    blur = Blur(size=7, sigma_x=1, sigma_y=2)
    assert blur == Blur(size=7, sigma_x=1.0, sigma_y=2.0) and hash(blur) == hash(blur)
    with pytest.raises(dataclasses.FrozenInstanceError):
        blur.size = 9
    with pytest.raises(TypeError):
        Jpeg(80)
    assert Sinc(size=7, cutoff=np.float32(2.0)) == Sinc(size=7, cutoff=2.0)
    assert Round() == Round()


def test_public_names_are_sorted_and_exist():
    assert degradations.__all__ == sorted(degradations.__all__)
    assert all(hasattr(degradations, name) for name in degradations.__all__)
    for cls in (*STEPS.values(), *OPERATIONS.values()):
        assert cls.__name__ in degradations.__all__
