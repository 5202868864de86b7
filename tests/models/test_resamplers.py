"""Nearest, bilinear, bicubic and Lanczos: the values of PyTorch and Pillow, tiled or whole."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from realesr import Upscaler, load_model
from realesr.errors import ModelError, ParameterError
from realesr.models.blending import blend_models
from realesr.models.loading import at_scale
from realesr.models.resamplers import Resampler, phase_weights
from tests.models.test_networks import furthest_pixel_read
from tests.pictures import natural

KINDS = ["nearest", "bilinear", "bicubic", "lanczos"]
SIZES = [(1, 1), (2, 3), (37, 53), (5, 90)]


def picture(height: int, width: int) -> torch.Tensor:
    return torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(height))


@pytest.mark.parametrize("scale", [1, 2, 3, 4, 7, 16])
@pytest.mark.parametrize("kind", KINDS[:3])
def test_values_are_those_of_pytorch(kind, scale):
    corners = {} if kind == "nearest" else {"align_corners": False}
    for size in SIZES:
        image = picture(*size)
        expected = F.interpolate(image.double(), scale_factor=scale, mode=kind, **corners)
        assert (Resampler(kind, scale)(image) - expected).abs().max() <= 1e-6


@pytest.mark.parametrize("scale", [1, 2, 3, 4, 7])
def test_lanczos_is_that_of_pillow(scale):
    for height, width in SIZES:
        image = picture(height, width)
        result = Resampler("lanczos", scale)(image)[0, 0].numpy()
        plane = Image.fromarray(image[0, 0].numpy())
        expected = plane.resize((width * scale, height * scale), Image.Resampling.LANCZOS)
        assert np.abs(result - np.asarray(expected)).max() <= 2e-6


def test_lanczos_of_a_picture_is_pillows_within_rounding():
    pixels = natural("coffee", 40, 56)
    result = Upscaler("lanczos", device="cpu")(pixels)
    expected = Image.fromarray(pixels).resize((224, 160), Image.Resampling.LANCZOS)
    assert np.abs(result.astype(int) - np.asarray(expected)).max() <= 1


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("kind", KINDS)
def test_tiled_equals_whole(kind, scale):
    model = at_scale(load_model(kind, device="cpu"), scale)
    image = picture(75, 101)
    tiled = Upscaler(model, tile=32, precision="bf16", device="cpu").upscale_tensor(image)
    assert (tiled - model.network(image)).abs().max() <= 2e-6


@pytest.mark.parametrize("kind", KINDS)
def test_the_radius_is_what_gradients_say(kind):
    network = Resampler(kind, 3)
    assert furthest_pixel_read(network, 16) == network.radius


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scale", [1, 2, 3, 5, 16])
def test_weights_sum_to_one_and_mirror(kind, scale):
    weights = phase_weights(kind, scale)
    assert torch.allclose(weights.sum(1), torch.ones(scale), atol=1e-6)
    assert torch.allclose(weights, weights.flip(0, 1), atol=1e-7)


@pytest.mark.parametrize(("factor", "scale"), [(0.25, 1), (1, 1), (2, 2), (2.5, 3), (16, 16)])
def test_a_filter_takes_any_factor(factor, scale):
    model = at_scale(load_model("bicubic", device="cpu"), factor)
    assert model.spec.scale == model.network.scale == scale
    assert model.spec.arguments == {"kind": "bicubic", "scale": scale}


def test_a_factor_over_the_limit_is_refused():
    with pytest.raises(ParameterError, match="E001"):
        at_scale(load_model("bicubic", device="cpu"), 17)


def test_a_trained_model_keeps_its_scale():
    model = load_model("lab-x4", device="cpu")
    assert at_scale(model, 2) is model


def test_filters_have_nothing_to_blend():
    with pytest.raises(ModelError, match="E211"):
        blend_models(*(load_model(kind, device="cpu") for kind in ("bicubic", "lanczos")), 0.5)


@pytest.mark.parametrize(("kind", "scale"), [("cubic", 4), ("bicubic", 0), ("bicubic", 17)])
def test_other_filters_are_refused(kind, scale):
    with pytest.raises(ValueError, match="resampler"):
        Resampler(kind, scale)
