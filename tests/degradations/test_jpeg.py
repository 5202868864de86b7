"""Our JPEG against the real one: OpenCV's libjpeg, 4:2:0, at every tenth quality."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from realesr.degradations import Jpeg
from realesr.degradations.jpeg import CHROMINANCE, COSINES, LUMINANCE, halve, table

QUALITIES = [10, 20, 30, 40, 50, 60, 70, 80, 90, 95]


def photographs():
    """Ten pictures of sizes that are no multiples of 16, from those installed with scikit-image."""
    rng = np.random.default_rng(0)
    pictures = []
    for name in ("astronaut", "chelsea", "coffee", "rocket"):
        whole = getattr(data, name)()
        for height, width in [(123, 157), (88, 201), (64, 95)]:
            top = int(rng.integers(0, whole.shape[0] - height))
            left = int(rng.integers(0, whole.shape[1] - width))
            cut = whole[top : top + height, left : left + width, :3]
            pictures.append(np.ascontiguousarray(cut))
    return pictures[:10]


def as_libjpeg_gives_it(pixels, quality):
    done, data_ = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return cv2.imdecode(data_, cv2.IMREAD_COLOR)[..., ::-1]


def as_we_give_it(pixels, quality):
    image = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255
    written = Jpeg(quality=quality).apply(image, pixels.shape[:2])
    return (written[0].permute(1, 2, 0) * 255).round().numpy().astype(np.uint8)


@pytest.mark.parametrize("quality", QUALITIES)
def test_photographs_come_out_as_from_libjpeg(quality):
    pictures = photographs()
    assert len(pictures) == 10 and any(side % 16 for side in pictures[0].shape[:2])
    for pixels in pictures:
        written = as_we_give_it(pixels, quality)
        assert np.array_equal(written, as_libjpeg_gives_it(pixels, quality))


@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    quality=st.integers(1, 100),
    seed=st.integers(0, 99),
)
def test_any_size_and_quality(height, width, quality, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    assert np.array_equal(as_we_give_it(pixels, quality), as_libjpeg_gives_it(pixels, quality))


@pytest.mark.parametrize("standard", ["libjpeg", "reference"])
@pytest.mark.parametrize("quality", [1, 50, 100])
def test_never_nan_and_always_a_picture(standard, quality):
    image = torch.rand(2, 3, 19, 33, generator=torch.Generator().manual_seed(0))
    written = Jpeg(quality=quality, standard=standard).apply(image, (19, 33))
    assert written.shape == image.shape and bool(written.isfinite().all())
    assert 0 <= float(written.min()) and float(written.max()) <= 1


def test_quality_100_only_rounds():
    assert table(LUMINANCE, 100).eq(1).all() and table(CHROMINANCE, 1).eq(255).all()
    gray = torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(0)).expand(1, 3, -1, -1)
    finest = Jpeg(quality=100).apply(gray, (32, 32))
    assert float((finest - gray).abs().max()) < 3 / 255


def test_the_cosines_are_cosines():
    place = torch.arange(8, dtype=torch.float64)
    waves = torch.cos((2 * place + 1) * place[:, None] * torch.pi / 16) * 2**0.5
    waves[0] /= 2**0.5
    assert float((COSINES / 8192 - waves).abs().max()) < 2 / 8192


def test_the_reference_fills_the_border_with_black():
    """A flat colour of 44x44 errs in the last rows, not inside; libjpeg errs nowhere."""
    flat = torch.tensor([0.8, 0.3, 0.2]).view(1, 3, 1, 1).expand(1, 3, 44, 44).contiguous()
    reference = (Jpeg(quality=50, standard="reference").apply(flat, (44, 44)) - flat).abs()
    ours = (Jpeg(quality=50).apply(flat, (44, 44)) - flat).abs()
    assert float(reference[..., 32:, :].max()) > 5 * float(reference[..., :32, :32].max())
    assert float(ours.max()) < 4 / 255


def test_chroma_halves_round_up_and_down_in_turn():
    steps = torch.tensor([[[[0.0, 1.0] * 4, [0.0, 1.0] * 4]]])
    assert halve(steps).flatten().tolist() == [0.0, 1.0, 0.0, 1.0]


def test_pictures_of_a_batch_do_not_touch():
    generator = torch.Generator().manual_seed(0)
    batch = torch.rand(3, 3, 21, 30, generator=generator)
    for standard in ("libjpeg", "reference"):
        together = Jpeg(quality=60, standard=standard).apply(batch, (21, 30))
        alone = Jpeg(quality=60, standard=standard).apply(batch[1:2], (21, 30))
        assert torch.allclose(together[1:2], alone, atol=1e-6)
