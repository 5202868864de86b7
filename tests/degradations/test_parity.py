"""The operations against what the reference implementation gave, value for value."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from realesr.degradations import (
    Blur,
    GaussianNoise,
    Jpeg,
    PoissonNoise,
    Resize,
    Round,
    Sinc,
    UnsharpMask,
    filters,
    noise,
)
from tests.conftest import GOLDEN

KERNELS = json.loads((GOLDEN / "kernels.json").read_text())
CHAINS = json.loads((GOLDEN / "chains.json").read_text())
FAMILY = {"iso": "gaussian", "aniso": "gaussian", "gen": "generalised", "plateau": "plateau"}


def as_tensor(pixels):
    """HWC as NCHW float32 in [0, 1]."""
    values = pixels.astype(np.float32) / (255 if pixels.dtype == np.uint8 else 1)
    return torch.from_numpy(values).permute(2, 0, 1)[None].contiguous()


def largest_difference(image, pixels):
    return float((image - as_tensor(pixels)).abs().max())


@pytest.fixture(scope="module")
def operators():
    return np.load(GOLDEN / "operators.npz")


@pytest.fixture(scope="module")
def picture(operators):
    return as_tensor(operators["image"])


def operation_of(entry):
    """The operation whose kernel an entry of kernels.json describes."""
    if entry["shape"] == "sinc":
        return Sinc(size=entry["size"], cutoff=entry["cutoff"])
    family = next(ours for theirs, ours in FAMILY.items() if entry["shape"].startswith(theirs))
    names = ("size", "sigma_x", "sigma_y", "angle", "beta")
    return Blur(shape=family, **{name: entry[name] for name in names})


@pytest.mark.parametrize("entry", KERNELS, ids=lambda entry: f"{entry['shape']}-{entry['size']}")
def test_kernel(entry):
    expected = np.load(GOLDEN / "kernels.npz")[entry["key"]]
    kernel = operation_of(entry).kernel()
    assert kernel.dtype == torch.float64
    assert np.abs(kernel.numpy() - expected).max() < 1e-12


def test_filtering(operators, picture):
    entries = {f"filtered_{entry['key']}": entry for entry in KERNELS}
    stored = [key for key in operators if key.startswith("filtered_")]
    assert stored
    for key in stored:
        filtered = operation_of(entries[key]).apply(picture, (128, 160))
        assert largest_difference(filtered, operators[key]) < 1e-5


def test_padding_a_kernel_with_zeros_changes_nothing(picture):
    small = Blur(size=7, sigma_x=1.2, sigma_y=0.7, angle=0.5).kernel()
    padded = torch.nn.functional.pad(small, (7, 7, 7, 7))
    difference = filters.convolve(picture, small) - filters.convolve(picture, padded)
    assert float(difference.abs().max()) < 2e-6


def test_unsharp_mask(operators, picture):
    assert largest_difference(UnsharpMask().apply(picture, (128, 160)), operators["usm"]) < 3e-4


@pytest.mark.parametrize("mode", ["area", "bilinear", "bicubic"])
@pytest.mark.parametrize(("height", "width"), [(47, 59), (163, 204)])
def test_resize(operators, picture, mode, height, width):
    factor = (max(height / 128, width / 160) + min((height + 1) / 128, (width + 1) / 160)) / 2
    resized = Resize(factor=factor, mode=mode).apply(picture, (128, 160))
    assert largest_difference(resized, operators[f"resize_{mode}_{height}x{width}"]) < 1e-5


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_the_references_first_resize_takes_other_positions(picture, mode):
    factor = 0.3721
    expected = torch.nn.functional.interpolate(
        picture, scale_factor=factor, mode=mode, align_corners=False
    )
    reference = Resize(factor=factor, mode=mode, standard="reference").apply(picture, (128, 160))
    by_size = Resize(factor=factor, mode=mode).apply(picture, (128, 160))
    assert torch.equal(reference, expected)
    assert reference.shape == by_size.shape
    assert not torch.allclose(reference, by_size, atol=1e-3)


@pytest.mark.parametrize("quality", [30, 50, 75, 95])
def test_reference_jpeg(operators, picture, quality):
    written = Jpeg(quality=quality, standard="reference").apply(picture, (128, 160))
    assert largest_difference(written, operators[f"diffjpeg_q{quality}"]) < 1e-4


@pytest.mark.parametrize("quality", [30, 50, 75, 95])
def test_libjpeg_is_met_bit_for_bit(operators, picture, quality):
    written = Jpeg(quality=quality).apply(picture, (128, 160))
    assert torch.equal(
        (written * 255).round(), (as_tensor(operators[f"libjpeg_q{quality}"]) * 255).round()
    )


def test_poisson_levels(operators, picture):
    levels = noise.count_levels((picture * 255).round().to(torch.int64))
    assert levels == int(operators["poisson_levels_rgb"])


def replayed(stage, image, arrays, prefix):
    """One recorded stage, by the operation that does it."""
    original = tuple(arrays[f"{prefix}hr"].shape[:2])
    if stage["stage"] in ("blur", "sinc"):
        kernel = torch.from_numpy(arrays[prefix + stage["kernel"]])
        return filters.convolve(image, kernel)
    if stage["stage"] == "resize":
        height, width = stage["height"], stage["width"]
        low = max(height / original[0], width / original[1])
        high = min((height + 1) / original[0], (width + 1) / original[1])
        resize = Resize(factor=(low + high) / 2, mode=stage["mode"])
        assert resize.size(original) == (height, width)
        return resize.apply(image, original)
    if stage["stage"] == "noise":
        return (image + as_tensor(arrays[prefix + stage["field"]])).clamp(0, 1)
    if stage["stage"] == "jpeg":
        return Jpeg(quality=stage["quality"], standard="reference").apply(image, original)
    return Round().apply(image, original)


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: f"chain{chain['chain']}")
def test_recorded_chain(chain):
    arrays = np.load(GOLDEN / "chains.npz")
    prefix = f"chain{chain['chain']}_"
    image = as_tensor(arrays[f"{prefix}hr"])
    for number, stage in enumerate(chain["stages"]):
        image = replayed(stage, image, arrays, prefix)
        allowed = 1 / 255 + 1e-6 if stage["stage"] == "round" else 1e-4
        expected = arrays[f"{prefix}stage_{number}"]
        assert largest_difference(image, expected) < allowed, (number, stage)


@pytest.mark.parametrize("gray", [False, True])
def test_noise_is_what_the_chains_added(gray):
    """Strength, gray or not, and where clipping happens, by statistics of the recorded fields."""
    arrays = np.load(GOLDEN / "chains.npz")
    found = 0
    for chain in CHAINS:
        for number, stage in enumerate(chain["stages"]):
            if stage["stage"] != "noise" or stage["gray"] != gray:
                continue
            prefix = f"chain{chain['chain']}_"
            image = as_tensor(arrays[f"{prefix}stage_{number - 1}"])
            recorded = as_tensor(arrays[prefix + stage["field"]])
            if stage["kind"] == "gaussian":
                operation = GaussianNoise(sigma=stage["sigma"], gray=gray, seed=1)
                field = noise.gaussian(image, gray, 1) * operation.sigma / 255
            else:
                operation = PoissonNoise(scale=stage["scale"], gray=gray, seed=1, levels=None)
                field = noise.poisson(image, gray, 1, None) * operation.scale
            same = bool((recorded[:, 0] == recorded[:, 1]).all())
            assert same == gray == (field.shape[1] == 1)
            ratio = float(field.expand_as(recorded).std() / recorded.std())
            assert abs(ratio - 1) < 4 / (2 * recorded[0, 0].numel()) ** 0.5
            found += 1
    assert found
