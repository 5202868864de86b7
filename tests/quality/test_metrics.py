"""Each metric against its oracle: scikit-image, torchmetrics, or its formula written out."""

from __future__ import annotations

import math
from contextlib import nullcontext
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import torchmetrics
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from scipy.stats import spearmanr
from skimage import color, data, metrics
from torchmetrics.functional.image import (
    multiscale_structural_similarity_index_measure as torchmetrics_ms_ssim,
)
from torchmetrics.functional.image import peak_signal_noise_ratio as torchmetrics_psnr

from realesr.downloads import file_digest
from realesr.errors import ModelError, NetworkError, ParameterError
from realesr.images import to_tensor
from realesr.models.backbones import PUBLISHED, load_linear
from realesr.quality.metrics import (
    Lpips,
    colour_shift,
    lpips,
    lpips_is_here,
    ms_ssim,
    psnr,
    ssim,
)
from realesr.train.config import DataConfig, LossConfig, TrainConfig
from realesr.train.objectives import GeneratorObjective
from realesr.train.pairs import Batch
from tests.losses.feature_weights import (
    for_caffe,
    linear_weights,
    lpips_by_hand,
    normalised,
    squeezenet_by_hand,
    squeezenet_weights,
)

BACKBONE = "squeezenet1_1-imagenet-features.safetensors"
LINEAR = "lpips-lin-v0.1-squeeze.safetensors"


def picture_pair(seed: int, least: int = 7, most: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """A made-up truth and something like it; every fourth gray, every second of 16 bits."""
    random = np.random.default_rng(seed)
    height, width = random.integers(least, most, 2)
    shape = (height, width) if seed % 4 == 3 else (height, width, 3)
    truth = cv2.GaussianBlur(random.random(shape), (0, 0), 1.5)
    truth = np.clip((truth - 0.5) * random.uniform(1, 4) + 0.5, 0, 1)
    result = np.clip(truth + random.normal(0, random.uniform(0.002, 0.3), shape), 0, 1)
    kind = np.uint16 if seed % 2 else np.uint8
    top = np.iinfo(kind).max
    return (result * top).round().astype(kind), (truth * top).round().astype(kind)


def in_colour(picture: np.ndarray) -> np.ndarray:
    return picture if picture.ndim == 3 else np.stack([picture] * 3, axis=2)


def brightness(picture: np.ndarray) -> np.ndarray:
    return color.rgb2ycbcr(in_colour(picture))[..., 0]


def inside(picture: np.ndarray, border: int) -> np.ndarray:
    return picture[border : picture.shape[0] - border, border : picture.shape[1] - border]


def test_psnr_is_scikit_images_and_torchmetrics_on_fifty_pictures():
    for seed in range(50):
        border = seed % 3
        result, truth = picture_pair(seed)
        made, true = inside(result, border), inside(truth, border)
        top = np.iinfo(truth.dtype).max
        found = psnr(result, truth, border=border).value
        expected = metrics.peak_signal_noise_ratio(true, made, data_range=top)
        assert found == pytest.approx(expected, abs=1e-4)
        floats = (torch.from_numpy(each.astype(np.float64)) for each in (made, true))
        assert found == pytest.approx(
            torchmetrics_psnr(*floats, data_range=float(top)).item(), abs=1e-4
        )
        on_y = metrics.peak_signal_noise_ratio(brightness(true), brightness(made), data_range=255)
        assert psnr(result, truth, border=border, colour="y").value == pytest.approx(on_y, abs=1e-4)


def test_ssim_is_scikit_images_on_fifty_pictures():
    for seed in range(50):
        border = seed % 3
        result, truth = picture_pair(seed, least=7 + 2 * border)
        made, true = inside(result, border), inside(truth, border)
        expected = metrics.structural_similarity(brightness(true), brightness(made), data_range=219)
        assert ssim(result, truth, border=border).value == pytest.approx(expected, abs=1e-4)
        top = np.iinfo(truth.dtype).max
        in_rgb = metrics.structural_similarity(
            in_colour(true), in_colour(made), channel_axis=2, data_range=top
        )
        found = ssim(result, truth, border=border, colour="rgb").value
        assert found == pytest.approx(in_rgb, abs=1e-4)


def test_ms_ssim_is_torchmetrics_on_fifty_pictures():
    for seed in range(50):
        result, truth = picture_pair(seed, least=176, most=190)
        planes = (torch.from_numpy(brightness(each))[None, None] for each in (result, truth))
        expected = torchmetrics_ms_ssim(*planes, data_range=219.0).item()
        assert ms_ssim(result, truth).value == pytest.approx(expected, abs=1e-4)


def test_colour_shift_is_the_difference_of_means_on_fifty_pictures():
    for seed in range(50):
        border = seed % 3
        result, truth = picture_pair(seed)
        made, true = (inside(in_colour(each), border) for each in (result, truth))
        levels = 255 / np.iinfo(truth.dtype).max
        expected = (made.astype(float).mean((0, 1)) - true.astype(float).mean((0, 1))) * levels
        shift = colour_shift(result, truth, border=border)
        assert list(shift.parts.values()) == pytest.approx(list(expected), abs=1e-4)
        assert shift.value == pytest.approx(np.abs(expected).max(), abs=1e-4)


@given(st.integers(0, 10_000))
def test_equal_pictures_are_perfect_and_order_does_not_matter(seed):
    result, truth = picture_pair(seed, most=20)
    assert psnr(truth, truth).value == math.inf
    assert ssim(truth, truth).value == pytest.approx(1)
    assert colour_shift(truth, truth).value == 0
    for metric in (psnr, ssim, colour_shift):
        assert metric(result, truth).value == pytest.approx(metric(truth, result).value)
    assert ssim(result, truth).value < 1


def test_values_by_hand():
    black, gray = np.zeros((9, 8, 3), np.uint8), np.full((9, 8, 3), 51, np.uint8)
    assert psnr(gray, black).value == pytest.approx(-20 * math.log10(0.2))
    assert psnr(gray, black, colour="y").value == pytest.approx(
        -20 * math.log10(0.2 * (235 - 16) / 255)
    )
    steady = (0.01 * 219) ** 2
    low, high = 16.0, 16 + 0.2 * 219
    expected = (2 * low * high + steady) / (low**2 + high**2 + steady)
    assert ssim(gray, black).value == pytest.approx(expected)
    tinted = gray.copy()
    tinted[:4, :, 2] += 18
    assert colour_shift(tinted, gray).parts == pytest.approx(
        {"red": 0, "green": 0, "blue": 18 * 4 / 9}
    )


def test_an_array_and_its_tensor_and_gray_and_its_colour_score_alike():
    result, truth = picture_pair(2)
    tensors = to_tensor(result), to_tensor(truth)
    gray, gray_truth = picture_pair(3)
    for metric in (psnr, ssim, colour_shift):
        assert metric(*tensors).value == pytest.approx(metric(result, truth).value, abs=1e-4)
        assert metric(gray, gray_truth).value == pytest.approx(
            metric(in_colour(gray), in_colour(gray_truth)).value
        )
    deep = truth.astype(np.uint16) * 257
    assert psnr(deep, truth).value == math.inf


def test_a_score_names_its_protocol():
    result, truth = picture_pair(4, least=20)
    score = psnr(result, truth, border=4)
    assert float(score) == score.value
    assert str(score) == f"PSNR {score.value:.4f} dB (RGB, 8-bit, border 4 px)"
    assert ssim(result, truth).protocol == ("Y of BT.601 (16..235), 8-bit, border 0 px, window 7x7")
    assert "float" in psnr(to_tensor(result), to_tensor(truth)).protocol
    assert "16-bit against 8-bit" in psnr(result.astype(np.uint16), truth).protocol


@pytest.mark.parametrize(
    ("result", "code", "words"),
    [
        (np.zeros((9, 8, 3), np.uint8), "E003", "8x9 and the truth 9x9"),
        (np.zeros((9, 9, 4), np.uint8), "E005", "transparency"),
        (np.zeros((9, 9, 3), np.float32), "E005", "float32"),
        (np.zeros((2, 9, 9, 3), np.uint8), "E005", "uint8"),
        (torch.zeros(2, 3, 9, 9), "E002", "not one picture"),
        (torch.zeros(9, 9), "E002", "1 x 3 x H x W"),
    ],
)
def test_what_cannot_be_compared_is_refused(result, code, words):
    for metric in (psnr, ssim, colour_shift):
        with pytest.raises(ParameterError) as refusal:
            metric(result, np.zeros((9, 9, 3), np.uint8))
        assert refusal.value.code == code
        assert words in str(refusal.value)


def test_too_small_for_a_metric_is_refused_and_the_smallest_is_not():
    def zeros(side: int) -> np.ndarray:
        return np.zeros((side, side + 30, 3), np.uint8)

    for metric, least in ((psnr, 1), (ssim, 7), (ms_ssim, 176)):
        assert metric(zeros(least + 4), zeros(least + 4), border=2).value > 0
        for border in (2, -1):
            with pytest.raises(ParameterError, match="E003"):
                metric(zeros(least + 3), zeros(least + 3), border=border)
    with pytest.raises(ParameterError, match="E001"):
        psnr(zeros(8), zeros(8), colour="lab")


def weights_folder(folder: Path, seed: int, metadata: dict[str, str] | None) -> Path:
    save_file(squeezenet_weights(seed), folder / BACKBONE, metadata=metadata)
    save_file(linear_weights(seed), folder / LINEAR)
    return folder


@pytest.mark.parametrize("trained_by", ["torchvision", "DeepScale"])
def test_lpips_is_the_papers_equation_on_random_weights(tmp_path, trained_by):
    metadata = {"preprocess": "Caffe"} if trained_by == "DeepScale" else None
    folder = weights_folder(tmp_path, 11, metadata)
    backbone, linear = squeezenet_weights(11), linear_weights(11)
    prepare = for_caffe if metadata else normalised
    network = Lpips(folder / BACKBONE, folder / LINEAR)
    for seed in range(50):
        result, truth = picture_pair(seed, least=17, most=34)
        seen = (
            squeezenet_by_hand(backbone, prepare(to_tensor(in_colour(each))))
            for each in (result, truth)
        )
        score = lpips(result, truth, network=network)
        assert score.value == pytest.approx(lpips_by_hand(linear, *seen), abs=1e-4)
        assert f"trained by {trained_by}" in score.protocol
        assert ("own scale" in score.protocol) == (trained_by == "DeepScale")
        assert lpips(truth, truth, network=network).value == 0


def test_lpips_finds_its_weights_or_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("REALESR_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("REALESR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert not lpips_is_here()
    with pytest.raises(NetworkError, match=r"E604 .*REALESR_WEIGHTS"):
        Lpips()
    weights_folder(tmp_path, 1, None)
    assert lpips_is_here()
    assert isinstance(Lpips(), Lpips)
    with pytest.raises(ModelError, match=r"E205 .* is not the linear layers of LPIPS"):
        Lpips(linear=tmp_path / BACKBONE)
    small = np.zeros((16, 40, 3), np.uint8)
    with pytest.raises(ParameterError, match="E003"):
        lpips(small, small, network=Lpips())


def test_the_published_linear_layers_are_read_and_not_below_zero():
    """torchmetrics comes with the very file that is fetched; its tensors were saved on a GPU."""
    published = Path(torchmetrics.__file__).parent / "functional/image/lpips_models/squeeze.pth"
    assert file_digest(published) == PUBLISHED["lpips-squeeze"].sha256
    assert published.stat().st_size == PUBLISHED["lpips-squeeze"].size
    expected = torch.load(published, map_location="cpu", weights_only=True)
    for index, layer in enumerate(load_linear(published)):
        assert torch.equal(layer, expected[f"lin{index}.model.1.weight"])
        assert layer.min() >= 0


@pytest.fixture(scope="module")
def real_lpips(shared) -> Lpips:
    folder = shared / "data/weights"
    return Lpips(folder / BACKBONE, folder / LINEAR)


def test_lpips_with_the_real_weights_is_the_papers_equation(real_lpips, shared):
    backbone = load_file(shared / "data/weights" / BACKBONE)
    linear = load_file(shared / "data/weights" / LINEAR)
    photo = data.coffee()[100:196, 200:328]
    for result in (distorted["blur"](photo, 3), distorted["jpeg"](photo, 3)):
        seen = (
            squeezenet_by_hand(backbone, for_caffe(to_tensor(each))) for each in (result, photo)
        )
        expected = lpips_by_hand(linear, *seen)
        assert lpips(result, photo, network=real_lpips).value == pytest.approx(expected, abs=1e-4)


def noisy(photo: np.ndarray, level: int) -> np.ndarray:
    added = np.random.default_rng(level).normal(0, 2 * 1.5**level, photo.shape)
    return np.clip(photo + added, 0, 255).round().astype(np.uint8)


def blurred(photo: np.ndarray, level: int) -> np.ndarray:
    return cv2.GaussianBlur(photo, (0, 0), 0.4 * 1.35**level)


def saved_as_jpeg(photo: np.ndarray, level: int) -> np.ndarray:
    quality = (95, 85, 70, 50, 35, 22, 13, 7)[level]
    _, file = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(file, cv2.IMREAD_COLOR)


def made_small(photo: np.ndarray, level: int) -> np.ndarray:
    size = photo.shape[1::-1]
    small = [max(2, round(side / 1.25 ** (level + 1))) for side in size]
    lr = cv2.resize(photo, small, interpolation=cv2.INTER_AREA)
    return cv2.resize(lr, size, interpolation=cv2.INTER_CUBIC)


def darkened(photo: np.ndarray, level: int) -> np.ndarray:
    return (photo * 0.92 ** (level + 1)).round().astype(np.uint8)


distorted = {
    "noise": noisy,
    "blur": blurred,
    "jpeg": saved_as_jpeg,
    "small": made_small,
    "dark": darkened,
}


def orders(network: Lpips, photos: list[np.ndarray], levels: range) -> dict[str, float]:
    """The worst photo's Spearman correlation of level and LPIPS, for each kind of distortion."""
    found = {}
    for kind, distort in distorted.items():
        rows = [
            [lpips(distort(photo, level), photo, network=network).value for level in levels]
            for photo in photos
        ]
        found[kind] = min(spearmanr(levels, row).statistic for row in rows)
    return found


def test_lpips_orders_rising_distortions(real_lpips):
    photos = [data.astronaut()[:96, 160:256], data.chelsea()[60:156, 120:216]]
    found = orders(real_lpips, photos, range(0, 8, 2))
    assert min(found.values()) >= 0.95, found


@pytest.mark.slow
def test_lpips_orders_two_hundred_pairs(real_lpips):
    photos = [
        data.astronaut()[:192, 128:320],
        data.chelsea()[60:252, 120:312],
        data.coffee()[100:292, 200:392],
        data.rocket()[100:292, 200:392],
        np.stack([data.camera()[100:292, 150:342]] * 3, axis=2),
    ]
    found = orders(real_lpips, photos, range(8))
    assert min(found.values()) >= 0.95, found


def test_lpips_teaches_and_its_gradient_is_a_number_where_nothing_is_seen(tmp_path, monkeypatch):
    """As a loss: the metric's value, and no division by a root of zero."""
    weights = squeezenet_weights(3)
    # A first layer that is silent wherever the picture is one flat colour.
    kernel = weights["features.0.weight"]
    weights["features.0.weight"] = kernel - kernel.mean(dim=(2, 3), keepdim=True)
    weights["features.0.bias"] = torch.full_like(weights["features.0.bias"], -0.1)
    save_file(weights, tmp_path / BACKBONE)
    save_file(linear_weights(3), tmp_path / LINEAR)
    monkeypatch.setenv("REALESR_WEIGHTS", str(tmp_path))
    config = TrainConfig(
        name="x", output=str(tmp_path), steps=1, batch_size=2,
        data=DataConfig(pictures=("samples",)),
        losses=LossConfig(perceptual="lpips", perceptual_weight=2.0),
    )  # fmt: skip
    objective = GeneratorObjective(config, torch.device("cpu"), nullcontext)
    truth = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    fake = truth.flip(-1).clone()
    fake[:, :, :40] = 0.5
    network = Lpips()
    assert (network.network(fake)[0][:, :, 2:8] < 0).all()
    fake.requires_grad_(True)
    term = objective.terms(fake, Batch(truth, truth, (), truth), None, None)["perceptual"]
    wanted = 2 * float(network(fake.detach(), truth).mean())
    assert float(term.detach()) == pytest.approx(wanted, rel=1e-6)
    term.backward()
    assert fake.grad.isfinite().all() and fake.grad.abs().sum() > 0
