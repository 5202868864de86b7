"""WebP, chroma subsampling and banding against their formulas and against Pillow."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from realesr.degradations.further.codecs import (
    Banding,
    ChromaSubsampling,
    WebP,
    band,
    subsample_chroma,
    webp,
)
from realesr.errors import ParameterError

LUMA = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def photo() -> torch.Tensor:
    from skimage import data

    pixels = data.astronaut()[40:241, 120:309]
    return torch.from_numpy(np.ascontiguousarray(pixels)).movedim(-1, 0)[None] / 255


def psnr(one: torch.Tensor, other: torch.Tensor) -> float:
    return float(-10 * torch.log10((one - other).square().mean()))


def test_webp_is_what_pillow_writes_and_reads():
    image = photo()
    pixels = (image[0] * 255).round().byte().movedim(0, -1).numpy()
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", quality=40)
    expected = torch.from_numpy(np.array(Image.open(file).convert("RGB"))).movedim(-1, 0) / 255
    assert torch.equal(webp(image, 40)[0], expected)


def test_better_webp_quality_is_closer_and_each_picture_is_its_own():
    image = torch.cat([photo(), photo().flip(-1)])
    scores = [psnr(webp(image, quality), image) for quality in (5, 40, 75, 100)]
    assert scores == sorted(scores) and 20 < scores[0] < scores[-1]
    together = webp(image, 30)
    assert torch.equal(together[1:], webp(image[1:], 30))
    assert torch.equal((together * 255).round() / 255, together)


def test_a_picture_too_large_for_webp_is_refused_in_a_sentence():
    with pytest.raises(ParameterError, match="16383"):
        WebP(quality=50).apply(torch.zeros(1, 3, 1, 16384), (1, 16384))


@pytest.mark.parametrize("sampling", ["4:4:4", "4:2:2", "4:2:0"])
@given(height=st.integers(1, 9), width=st.integers(1, 9), seed=st.integers(0, 99))
def test_chroma_subsampling_leaves_brightness_alone(sampling, height, width, seed):
    # Colours near gray, so that nothing is clipped at 0 or 1.
    image = 0.4 + 0.2 * noise(1, 3, height, width, seed=seed)
    shared = subsample_chroma(image, sampling)
    assert shared.shape == image.shape
    assert torch.allclose((shared * LUMA).sum(1), (image * LUMA).sum(1), atol=1e-5)


def test_chroma_subsampling_is_the_triangle_of_the_average():
    """Blue difference 1, 0, 0, 0 across: pairs average to 1/2, 0; spread 1/2, 3/8, 1/8, 0."""
    blue = torch.tensor([0.02, 0.0, 0.0, 0.0])
    image = 0.5 + torch.stack([0 * blue, -0.344136 * blue, 1.772 * blue])[None, :, None]
    shared = subsample_chroma(image, "4:2:2")[0, 2, 0] - 0.5
    expected = 1.772 * 0.02 * torch.tensor([1 / 2, 3 / 8, 1 / 8, 0])
    assert torch.allclose(shared, expected, atol=1e-5)


def test_444_changes_nothing_and_420_loses_more_than_422():
    image = photo()
    assert torch.allclose(subsample_chroma(image, "4:4:4"), image, atol=1e-5)
    assert psnr(subsample_chroma(image, "4:2:2"), image) > psnr(
        subsample_chroma(image, "4:2:0"), image
    )


def test_a_red_edge_on_blue_bleeds():
    image = torch.zeros(1, 3, 16, 17)
    image[:, 0, :, :9] = 1.0
    image[:, 2, :, 9:] = 1.0
    shared = ChromaSubsampling(sampling="4:2:0").apply(image, (16, 17))
    assert float((shared - image).abs()[..., 7:11].max()) > 0.2
    assert torch.allclose(shared[..., :6], image[..., :6], atol=1e-4)


@given(levels=st.integers(2, 300))
def test_banding_gives_exactly_so_many_levels(levels):
    ramp = torch.linspace(0, 1, 4096).view(1, 1, 1, -1)
    banded = band(ramp, levels)
    assert len(banded.unique()) == levels
    assert float((banded - ramp).abs().max()) <= 0.5 / (levels - 1) + 1e-6
    assert torch.equal(band(banded, levels), banded)


def test_256_levels_are_an_ordinary_file():
    image = photo()
    assert torch.allclose(Banding(levels=256).apply(image, (201, 189)), image, atol=1e-6)
