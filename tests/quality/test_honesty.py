"""Honesty maps: what they are made of, what they say, and that they cost little memory."""

from __future__ import annotations

import re
import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.stats import spearmanr
from torch.nn import functional as F

from realesr import Upscaler
from realesr.degradations import presets
from realesr.errors import ParameterError
from realesr.images import from_tensor, to_tensor
from realesr.quality.backprojection import make_consistent
from realesr.quality.honesty import consistency_map, invention_map
from realesr.quality.metrics import consistency
from tests.pictures import natural, shrunk


@pytest.fixture(scope="module")
def bundled() -> Upscaler:
    return Upscaler("lab-x4", precision="fp32", device="cpu")


@pytest.fixture(scope="module")
def low() -> np.ndarray:
    return shrunk(natural("coffee", 128, 192), 4)


def again(result: np.ndarray, height: int, width: int) -> np.ndarray:
    """Made small by the definition: a bicubic kernel (a = -0.5) stretched by the factor."""

    def line(before: int, after: int) -> np.ndarray:
        step = before / after
        centre = (np.arange(after)[:, None] + 0.5) * step
        x = np.abs(np.arange(before) + 0.5 - centre) / step
        near, far = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
        weights = np.where(x < 1, near, np.where(x < 2, far, 0))
        return weights / weights.sum(1, keepdims=True)

    rows, columns = line(result.shape[0], height), line(result.shape[1], width)
    return np.einsum("ir,jc,rcd->ijd", rows, columns, result.astype(float))


# -- consistency -----------------------------------------------------------------------------------


def test_the_consistency_map_is_what_shrinking_leaves(bundled, low):
    result = bundled(low)
    found = consistency_map(result, low)
    by_hand = np.abs(again(result, *low.shape[:2]) - low).max(2)
    assert found.values.shape == low.shape[:2]
    assert np.abs(found.values - by_hand).max() < 0.01
    assert found.value == float(consistency(result, low))


def test_a_lie_glows_where_it_was_told(low):
    honest = make_consistent(Upscaler("bicubic", precision="fp32")(low), low)
    before = consistency_map(honest, low).values
    honest[40:60, 100:120] = 255 - honest[40:60, 100:120]
    after = consistency_map(honest, low).values
    inside = np.zeros_like(after, bool)
    inside[7:18, 22:33] = True  # as far as the filter that shrinks looks
    assert after[10:15, 25:30].mean() > before.max() + 20
    assert np.array_equal(after[~inside], before[~inside])


@pytest.mark.parametrize("channels", [0, 2, 4])
def test_alpha_is_neither_asked_nor_changed(channels):
    draw = np.random.default_rng(3)
    shape = (12, 10) if not channels else (12, 10, channels)
    low = draw.integers(0, 256, shape, np.uint8)
    result = cv2.resize(low, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    honest = make_consistent(result, low)
    if channels:
        assert np.array_equal(honest[..., -1], result[..., -1])
    colour = slice(0, 3 if channels == 4 else 1)
    before, after = (
        consistency_map(each if not channels else each[..., colour].squeeze(), _colour(low, colour))
        for each in (result, honest)
    )
    assert consistency_map(honest, low).value == after.value > before.value


def _colour(low: np.ndarray, colour: slice) -> np.ndarray:
    return low if low.ndim == 2 else np.ascontiguousarray(low[..., colour].squeeze())


# -- back-projection -------------------------------------------------------------------------------


@settings(max_examples=20)
@given(
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    factor=st.sampled_from([1.0, 1.5, 2.0, 3.0, 4.0]),
    deep=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_any_result_becomes_consistent(height, width, factor, deep, seed):
    draw = np.random.default_rng(seed)
    dtype, step = (np.uint16, 257) if deep else (np.uint8, 1)
    # Values away from black and white, where a pixel has room to move.
    low = (draw.integers(110, 146, (height, width, 3)) * step).astype(dtype)
    size = max(1, round(height * factor)), max(1, round(width * factor))
    result = (draw.integers(110, 146, (*size, 3)) * step).astype(dtype)
    honest = make_consistent(result, low)
    before, after = (consistency_map(each, low) for each in (result, honest))
    assert honest.dtype == dtype and honest.shape == result.shape
    assert after.value >= min(before.value, 50)
    # Below twice the size, and in a handful of pixels, shrinking lets hardly any detail through.
    assert factor < 2 or min(height, width) < 4 or after.values.max() < 2.0


def test_a_share_goes_part_of_the_way(bundled, low):
    noisy = (low + np.random.default_rng(0).normal(0, 12, low.shape)).clip(0, 255).astype(np.uint8)
    result = bundled(noisy)
    values = [
        consistency_map(make_consistent(result, noisy, share=share), noisy).value
        for share in (0, 0.25, 0.5, 1)
    ]
    assert values == sorted(values)
    assert values[0] == pytest.approx(consistency_map(result, noisy).value, abs=0.1)
    # Half of what is missing is 6 dB less.
    assert values[2] - values[0] == pytest.approx(6, abs=0.5)
    assert values[3] > 50


def test_what_was_made_up_beyond_the_input_stays(bundled, low):
    """Detail too fine for the small picture is nobody's lie: back-projection leaves it."""
    result = bundled(low)
    fine = result.astype(float) - cv2.GaussianBlur(result.astype(float), (0, 0), 1)
    honest = make_consistent(result, low).astype(float)
    kept = honest - cv2.GaussianBlur(honest, (0, 0), 1)
    assert np.corrcoef(fine.ravel(), kept.ravel())[0, 1] > 0.97


@pytest.mark.parametrize(
    ("result", "low", "code"),
    [
        (np.zeros((3, 8), np.uint8), np.zeros((4, 4), np.uint8), "E003"),
        (np.zeros((8, 8), np.uint8), np.zeros((4, 4), np.uint16), "E005"),
        (np.zeros((8, 8, 3), np.uint8), np.zeros((4, 4), np.uint8), "E005"),
        (np.zeros((8, 8), np.float32), np.zeros((4, 4), np.float32), "E001"),
    ],
)
def test_two_strangers_are_refused(result, low, code):
    for ask in (consistency_map, make_consistent):
        with pytest.raises(ParameterError, match=code):
            ask(result, low)
    with pytest.raises(ParameterError, match="E001"):
        make_consistent(np.zeros((8, 8), np.uint8), np.zeros((4, 4), np.uint8), share=1.5)


# -- invention -------------------------------------------------------------------------------------


def test_the_invention_map_is_the_spread_of_all_answers(bundled, low):
    """Against the plain way: every answer kept, its way back by hand."""
    low = np.ascontiguousarray(low[:20, :24])
    result = bundled(low).astype(float)
    bicubic = Upscaler("bicubic", precision="fp32", device="cpu")
    squares = np.zeros(result.shape[:2])
    for turns in range(4):
        for mirrored in (False, True):
            asked = np.rot90(low, turns)
            asked = np.ascontiguousarray(asked[:, ::-1] if mirrored else asked)
            answer = bundled(asked)
            answer = np.rot90(answer[:, ::-1] if mirrored else answer, -turns)
            squares += np.square(answer - result).mean(2)
    movement = np.zeros_like(squares)
    for down, right in ((1, -1), (-1, -1)):
        moved = _moved(low, down / 4, right / 4)
        for upscaler, about, total, weight in (
            (bundled, result, squares, 0.5),
            (bicubic, bicubic(low).astype(float), movement, 0.5),
        ):
            answer = np.roll(upscaler(moved), (-down, -right), (0, 1))
            total += weight * np.square(answer - about).mean(2)
    doubt = np.sqrt(squares / 8) * 2 / (2 + np.sqrt(movement))
    light = np.pad(result @ (0.299, 0.587, 0.114), 1, "reflect")
    smooth = light[:, :-2] + 2 * light[:, 1:-1] + light[:, 2:]
    across = light[:-2] + 2 * light[1:-1] + light[2:]
    down, right = (smooth[2:] - smooth[:-2]) / 8, (across[:, 2:] - across[:, :-2]) / 8
    by_hand = doubt**0.75 * (np.hypot(down, right) + 0.3) ** 0.25
    found = invention_map(bundled, low)
    inside = slice(8, -8)
    difference = np.abs(found.values - by_hand)[inside, inside]
    assert difference.max() < 0.05 * by_hand.max()
    assert found.value == pytest.approx(found.values.mean())


def _moved(low: np.ndarray, down: float, right: float) -> np.ndarray:
    """Moved by part of a pixel with a Lanczos window of three, written as matrices."""

    def matrix(length: int, part: float) -> np.ndarray:
        x = np.subtract.outer(np.arange(length) - part, np.arange(length))
        weights = np.sinc(x) * np.sinc(x / 3) * (np.abs(x) < 3)
        return weights / weights.sum(1, keepdims=True)

    wide = np.pad(low, ((4, 4), (4, 4), (0, 0)), "symmetric").astype(float)
    rows, columns = matrix(wide.shape[0], down), matrix(wide.shape[1], right)
    moved = np.einsum("ir,jc,rcd->ijd", rows, columns, wide)[4:-4, 4:-4]
    return moved.round().clip(0, 255).astype(np.uint8)


def test_nothing_is_made_up_where_there_is_nothing(bundled):
    flat = np.full((24, 24, 3), 120, np.uint8)
    assert invention_map(bundled, flat).values[16:-16, 16:-16].max() < 2.0
    # A plain filter answers the same however it is asked.
    photo = natural("coffee", 24, 32)
    drawn = invention_map(bundled, photo).value
    for name in ("bicubic", "lanczos"):
        plain = Upscaler(name, precision="fp32", device="cpu")
        assert invention_map(plain, photo).value < 0.6 * drawn


def test_a_second_model_adds_its_doubt(bundled, low):
    alone = invention_map(bundled, low)
    partner = Upscaler("nearest", precision="fp32", device="cpu")
    doubted = invention_map(bundled, low, bundled(low), partner=partner)
    assert doubted.value > alone.value
    assert "second model" in doubted.protocol and "second model" not in alone.protocol


@pytest.mark.parametrize("shape", [(1, 1), (3, 17), (9, 5, 2), (7, 7, 4)], ids=str)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_odd_pictures_have_maps(bundled, shape, dtype):
    low = np.random.default_rng(1).integers(0, np.iinfo(dtype).max, shape, dtype)
    result = bundled(low)
    found = invention_map(bundled, low, result)
    assert found.values.shape == result.shape[:2] and np.isfinite(found.values).all()
    assert consistency_map(result, low).values.shape == low.shape[:2]
    drawn = found.picture(result)
    assert drawn.dtype == np.uint8 and drawn.shape[2] == 3
    assert drawn.shape[0] > result.shape[0] and drawn.shape[1] >= 300


def test_sixteen_bits_count_in_the_same_levels(bundled, low):
    deep = low.astype(np.uint16) * 257
    assert invention_map(bundled, deep).value == pytest.approx(
        invention_map(bundled, low).value, rel=0.1
    )
    assert consistency_map(bundled(deep), deep).values.mean() == pytest.approx(
        consistency_map(bundled(low), low).values.mean(), rel=0.1
    )


@pytest.mark.parametrize("scale", [1.5, 2, 4])
def test_any_enlargement_has_a_map(low, scale):
    upscaler = Upscaler("lab-x4", scale=scale, precision="fp32", device="cpu")
    told = []
    found = invention_map(upscaler, low, progress=lambda done, total: told.append((done, total)))
    assert found.values.shape == upscaler.output_size(*low.shape[:2])
    assert [done for done, _ in told] == list(range(1, 11)) and {total for _, total in told} == {10}


def test_what_makes_no_sense_is_refused(bundled, low):
    smaller = Upscaler("bicubic", scale=0.5, device="cpu")
    twice = Upscaler("bicubic", scale=2, device="cpu")
    with pytest.raises(ParameterError, match=r"E001 .*makes nothing up"):
        invention_map(smaller, low)
    with pytest.raises(ParameterError, match=r"E001 .*same scale"):
        invention_map(bundled, low, partner=twice)
    with pytest.raises(ParameterError, match=r"E003 .*is not what"):
        invention_map(bundled, low, low)


def test_no_answer_is_kept():
    """Four bytes a pixel for sums, what they become, three for each of two results, and bands."""
    plain = Upscaler("bicubic", tile=32, precision="fp32", device="cpu")
    low = natural("coffee", 160, 160)
    result = plain(low)
    tracemalloc.start()
    invention_map(plain, low, result)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    ten_answers = 10 * result.nbytes
    assert peak < ten_answers


def test_the_legend_says_what_glows(bundled, low):
    result = bundled(low)
    drawn = invention_map(bundled, low, result).picture(result)
    legend = drawn[result.shape[0] :]
    assert legend.max() == 255 and legend[16:].min() < 60  # words, black on white
    assert np.abs(np.diff(legend[8, 8:-8].astype(int), axis=0)).max() < 40  # a ramp
    ends = legend[8, 10].mean(), legend[8, -10].mean()
    assert ends[0] < 20 and ends[1] > 150


def test_the_guide_runs(low, tmp_path):
    Image.fromarray(np.ascontiguousarray(low[:16, :16])).save(tmp_path / "photo.png")
    guide = (Path(__file__).parents[2] / "docs" / "honesty.md").read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```python\n(.*?)```", guide, re.S))
    code = code.replace("photo.jpg", str(tmp_path / "photo.png")).replace("lab-x4", "lab-x4")
    names = {}
    exec(code.replace("lab-x4-fidelity", "bicubic"), names)
    assert names["glow"].shape[2] == 3
    assert consistency_map(names["honest"], names["photo"]).value > 45


@pytest.mark.slow
def test_it_predicts_where_errors_are(bundled):
    """A small version of ``benchmarks/honesty.py``, whose figures stand in docs/benchmarks.md."""
    maps, errors, edges = [], [], []
    names = ("astronaut", "chelsea", "coffee", "rocket")
    recipe = presets.real_esrgan(4)
    for seed, name in enumerate(names * 2):
        hr = natural(name, 256, 256)
        low = from_tensor(recipe.sample(seed).apply(to_tensor(hr)), np.uint8)
        result = bundled(low)
        found = invention_map(bundled, low, result)
        gray = result.astype(np.float32).mean(2)
        slope = np.hypot(cv2.Sobel(gray, -1, 1, 0), cv2.Sobel(gray, -1, 0, 1))
        maps.append(_blocks(found.values))
        errors.append(_blocks(np.abs(result.astype(float) - hr).mean(2)))
        edges.append(_blocks(slope))
    maps, errors, edges = (np.concatenate(each) for each in (maps, errors, edges))
    predicted, plain = spearmanr(maps, errors)[0], spearmanr(edges, errors)[0]
    assert predicted >= 0.5
    assert predicted >= plain + 0.05


def _blocks(values: np.ndarray) -> np.ndarray:
    return F.avg_pool2d(torch.from_numpy(np.float64(values))[None], 16)[0].flatten().numpy()
