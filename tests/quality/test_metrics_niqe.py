"""NIQE against the paper's formulas written out with scipy, one block after the other."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import correlate
from scipy.special import gamma
from skimage import data

from realesr.errors import ParameterError
from realesr.quality.metrics import niqe
from realesr.quality.naturalness import NaturalScenes, features, fit

SHAPES = np.arange(0.2, 10.0005, 0.001)
MOMENTS = gamma(2 / SHAPES) ** 2 / (gamma(1 / SHAPES) * gamma(3 / SHAPES))


def fitted_by_hand(values: np.ndarray) -> tuple[float, float, float, float]:
    """Shape, left and right width, mean: the moment matching of the paper."""
    left = np.sqrt(np.mean(values[values < 0] ** 2))
    right = np.sqrt(np.mean(values[values > 0] ** 2))
    ratio = left / right
    moment = np.mean(np.abs(values)) ** 2 / np.mean(values**2)
    moment *= (ratio**3 + 1) * (ratio + 1) / (ratio**2 + 1) ** 2
    shape = SHAPES[np.argmin((MOMENTS - moment) ** 2)]
    width = np.sqrt(gamma(1 / shape) / gamma(3 / shape))
    return shape, left * width, right * width, (right - left) * width * (
        gamma(2 / shape) / gamma(1 / shape)
    )  # fmt: skip


def features_by_hand(picture: np.ndarray) -> np.ndarray:
    top = np.iinfo(picture.dtype).max
    colours = picture if picture.ndim == 3 else np.stack([picture] * 3, axis=2)
    gray = colours / top @ np.array([0.299, 0.587, 0.114]) * 255
    gray = gray[: gray.shape[0] // 96 * 96, : gray.shape[1] // 96 * 96]
    small = Image.fromarray(gray.astype(np.float32)).resize(
        (gray.shape[1] // 2, gray.shape[0] // 2), Image.Resampling.BICUBIC
    )
    distances = np.arange(-3, 4) ** 2
    window = np.exp(-(distances[:, None] + distances) / (2 * (7 / 6) ** 2))
    window /= window.sum()
    columns = []
    for image, side in ((gray, 96), (np.asarray(small, np.float64), 48)):
        mean = correlate(image, window, mode="nearest")
        contrast = np.sqrt(np.abs(correlate(image**2, window, mode="nearest") - mean**2))
        plain = (image - mean) / (contrast + 1)
        rows = []
        for top_row in range(0, image.shape[0], side):
            for left_column in range(0, image.shape[1], side):
                block = plain[top_row : top_row + side, left_column : left_column + side]
                shape, left, right, _ = fitted_by_hand(block.ravel())
                row = [shape, (left + right) / 2]
                for shift in ((0, 1), (1, 0), (1, 1), (-1, 1)):
                    neighbours = np.roll(block, shift, axis=(0, 1))
                    shape, left, right, middle = fitted_by_hand((block * neighbours).ravel())
                    row += [shape, middle, left, right]
                rows.append(row)
        columns.append(rows)
    return np.concatenate(columns, axis=1)


def photos() -> list[np.ndarray]:
    coffee = data.coffee()
    return [
        coffee[:200, :300],
        data.camera()[100:300, 150:390],
        (data.astronaut()[:192, 100:300].astype(np.uint16) * 257) // 3,
        cv2.GaussianBlur(coffee[100:300, 200:420], (0, 0), 2),
    ]


def parameters(seed: int) -> NaturalScenes:
    random = np.random.default_rng(seed)
    root = random.normal(0, 0.2, (36, 60))
    return NaturalScenes(random.uniform(0, 2, 36), root @ root.T, "made-up parameters")


@pytest.mark.parametrize("number", range(4))
def test_it_is_the_papers_formula_on_given_parameters(number):
    photo, natural = photos()[number], parameters(number)
    expected = features_by_hand(photo)
    found, _ = features(photo)
    assert found == pytest.approx(expected, abs=2e-3)
    gap = natural.mean - expected.mean(axis=0)
    spread = (natural.covariance + np.cov(expected, rowvar=False)) / 2
    distance = np.sqrt(gap @ np.linalg.pinv(spread) @ gap)
    score = niqe(photo, natural=natural)
    assert score.value == pytest.approx(distance, abs=1e-3)
    assert score.protocol.endswith("fitted on made-up parameters")


def test_damage_is_less_natural():
    photo = data.coffee()[:384, :576]
    random = np.random.default_rng(0)
    noisy = np.clip(photo + random.normal(0, 25, photo.shape), 0, 255).astype(np.uint8)
    _, file = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, 8])
    plain = niqe(photo).value
    for damaged in (noisy, cv2.GaussianBlur(photo, (0, 0), 3), cv2.imdecode(file, 1)):
        assert niqe(damaged).value > plain + 0.5


def test_a_fit_is_of_the_sharp_blocks_and_comes_back_from_its_file(tmp_path):
    sharp = np.random.default_rng(2).integers(0, 256, (96 * 6, 96 * 7), np.uint8)
    blurred = cv2.GaussianBlur(sharp, (0, 0), 3)
    half = np.concatenate([sharp, blurred], axis=1)
    found = fit([half], "noise")
    assert found.mean == pytest.approx(fit([sharp], "noise").mean, abs=0.05)
    found.save(tmp_path / "noise.safetensors")
    again = NaturalScenes.load(tmp_path / "noise.safetensors")
    assert np.array_equal(again.covariance, found.covariance) and again.about == "noise"
    assert niqe(sharp, natural=again).value < niqe(blurred, natural=again).value
    with pytest.raises(ParameterError, match=r"E003 .* too few to fit"):
        fit([sharp[:200, :200]], "little")


@pytest.mark.parametrize(
    "picture", [np.zeros((300, 300), np.uint8), np.eye(95, 400, dtype=np.uint8)]
)
def test_where_nothing_can_be_judged_it_is_refused(picture):
    with pytest.raises(ParameterError, match="E003 0 blocks"):
        niqe(picture)
