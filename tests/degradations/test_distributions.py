"""100,000 draws of each step against the distributions of the reference implementation.

Continuous parts by Kolmogorov-Smirnov, atoms, sizes and choices by chi-square; p > 0.01 divided by
the number of tests. One seed always, two more with the slow tests.
"""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from realesr.degradations import (
    Blur,
    GaussianNoise,
    Jpeg,
    PoissonNoise,
    Resize,
    Sinc,
    presets,
)
from realesr.randomness import spawn

DRAWS = 100_000
SEEDS = [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)]
SIZES = list(range(7, 22, 2))
MODES = ["area", "bilinear", "bicubic"]


class Judge:
    """Collects p-values, and names the smallest when it is too small."""

    def __init__(self):
        self.values = {}

    def uniform(self, name, values, low, high):
        assert len(values) > 100, name
        self.values[name] = stats.kstest(values, "uniform", args=(low, high - low)).pvalue

    def shares(self, name, values, shares):
        found = Counter(values)
        counts = np.array([found[option] for option in shares])
        assert counts.sum() == len(values), f"{name}: something else was drawn"
        expected = np.array(list(shares.values())) * len(values)
        self.values[name] = stats.chisquare(counts, expected).pvalue

    def verdict(self):
        name = min(self.values, key=self.values.get)
        assert self.values[name] > 0.01 / len(self.values), (name, self.values[name])


@pytest.fixture
def judge():
    judge = Judge()
    yield judge
    if judge.values:  # none when a test was stopped
        judge.verdict()


def drawn(step, seed):
    generator = spawn(seed, "distribution")
    return [step.sample(generator) for _ in range(DRAWS)]


def judge_sincs(judge, name, sincs, low_of):
    judge.shares(f"{name} sizes", [each.size for each in sincs], dict.fromkeys(SIZES, 1 / 8))
    for low in {low_of(size) for size in SIZES}:
        cutoffs = [each.cutoff for each in sincs if low_of(each.size) == low]
        judge.uniform(f"{name} cutoff from {low:.2f}", cutoffs, low, math.pi)


def judge_blur(judge, operations, sigma, *, plateau_atom):
    kinds = {True: 0.1, False: 0.9}
    judge.shares("sinc or not", [isinstance(each, Sinc) for each in operations], kinds)
    sincs = [each for each in operations if isinstance(each, Sinc)]
    judge_sincs(judge, "sinc", sincs, lambda size: math.pi / (3 if size < 13 else 5))
    blurs = [each for each in operations if isinstance(each, Blur)]
    judge.shares("sizes", [each.size for each in blurs], dict.fromkeys(SIZES, 1 / 8))
    turned = [each for each in blurs if each.sigma_x != each.sigma_y]
    families = {
        ("gaussian", False): 0.45,
        ("gaussian", True): 0.25,
        ("generalised", False): 0.12,
        ("generalised", True): 0.03,
        ("plateau", False): 0.12,
        ("plateau", True): 0.03,
    }
    judge.shares(
        "families", [(each.shape, each.sigma_x != each.sigma_y) for each in blurs], families
    )
    judge.uniform("sigma x", [each.sigma_x for each in blurs], *sigma)
    judge.uniform("sigma y", [each.sigma_y for each in turned], *sigma)
    judge.uniform("angle", [each.angle for each in turned], -math.pi, math.pi)
    assert {each.angle for each in blurs if each.sigma_x == each.sigma_y} == {0.0}
    independent = stats.pearsonr(
        [each.sigma_x for each in turned], [each.sigma_y for each in turned]
    )
    judge.values["sigma x against y"] = independent.pvalue
    generalised = [each.beta for each in blurs if each.shape == "generalised"]
    halves = {True: 0.5, False: 0.5}
    judge.shares("generalised below 1", [beta < 1 for beta in generalised], halves)
    judge.uniform("generalised, low", [beta for beta in generalised if beta < 1], 0.5, 1)
    judge.uniform("generalised, high", [beta for beta in generalised if beta >= 1], 1, 4)
    plateau = [each.beta for each in blurs if each.shape == "plateau"]
    if plateau_atom:
        judge.shares("plateau exactly 1", [beta == 1 for beta in plateau], halves)
        plateau = [beta for beta in plateau if beta != 1]
    judge.uniform("plateau", plateau, 1, 2)


def only(operations):
    assert all(len(each) == 1 for each in operations)
    return [each[0] for each in operations]


@pytest.mark.parametrize("seed", SEEDS)
def test_first_blur_of_the_reference(judge, seed):
    step = presets.real_esrgan_exact(4).steps[0]
    judge_blur(judge, only(drawn(step, seed)), (0.2, 3.0), plateau_atom=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_second_blur_of_the_reference(judge, seed):
    operations = drawn(presets.real_esrgan_exact(4).steps[4], seed)
    judge.shares("happens", [len(each) for each in operations], {1: 0.8, 0: 0.2})
    blurs = [each[0] for each in operations if each]
    judge_blur(judge, blurs, (0.2, 1.5), plateau_atom=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_corrected_plateau_is_uniform(judge, seed):
    step = presets.real_esrgan(4).steps[0]
    judge_blur(judge, only(drawn(step, seed)), (0.2, 3.0), plateau_atom=False)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("place", "base", "shares", "up", "down"),
    [
        (1, 1.0, (0.2, 0.7, 0.1), (1.0, 1.5), (0.15, 1.0)),
        (5, 0.25, (0.3, 0.4, 0.3), (1.0, 1.2), (0.3, 1.0)),
    ],
)
def test_resizes(judge, seed, place, base, shares, up, down):
    step = presets.real_esrgan_exact(4).steps[place]
    operations: list[Resize] = only(drawn(step, seed))
    factors = np.array([each.factor for each in operations]) / base
    ways = np.sign(factors - 1).astype(int).tolist()
    judge.shares("ways", ways, {1: shares[0], -1: shares[1], 0: shares[2]})
    judge.uniform("up", factors[factors > 1], *up)
    judge.uniform("down", factors[factors < 1], *down)
    judge.shares("modes", [each.mode for each in operations], dict.fromkeys(MODES, 1 / 3))
    assert {each.antialias for each in operations} == {False}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("place", "sigma", "scale"), [(2, (1, 30), (0.05, 3.0)), (6, (1, 25), (0.05, 2.5))]
)
def test_noises(judge, seed, place, sigma, scale):
    step = presets.real_esrgan_exact(4).steps[place]
    operations = only(drawn(step, seed))
    kinds = [type(each) for each in operations]
    judge.shares("kinds", kinds, {GaussianNoise: 0.5, PoissonNoise: 0.5})
    for kind, name, span in [(GaussianNoise, "sigma", sigma), (PoissonNoise, "scale", scale)]:
        some = [each for each in operations if isinstance(each, kind)]
        judge.uniform(name, [getattr(each, name) for each in some], *span)
        judge.shares(f"{name} gray", [each.gray for each in some], {True: 0.4, False: 0.6})
    judge.uniform("seeds", [each.seed for each in operations], 0, 2**32)
    poisson = [each for each in operations if isinstance(each, PoissonNoise)]
    assert {each.levels for each in poisson} == {None}


@pytest.mark.parametrize("seed", SEEDS)
def test_jpeg_qualities(judge, seed):
    exact = only(drawn(presets.real_esrgan_exact(4).steps[3], seed))
    judge.uniform("quality", [each.quality for each in exact], 30, 95)
    whole = only(drawn(presets.real_esrgan(4).steps[3], seed))
    equal = {float(quality): 1 / 66 for quality in range(30, 96)}
    judge.shares("whole quality", [each.quality for each in whole], equal)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_last_stage(judge, seed):
    drawings = drawn(presets.real_esrgan_exact(4).steps[7], seed)
    first_jpeg = [isinstance(each[0], Jpeg) for each in drawings]
    judge.shares("order", first_jpeg, {True: 0.5, False: 0.5})
    for early, each in zip(first_jpeg, drawings, strict=True):
        kinds = [type(operation) for operation in each]
        middle = [Sinc] if Sinc in kinds else []
        assert kinds == ([Jpeg, Resize, *middle] if early else [Resize, *middle, Jpeg])
    by_kind = {
        kind: [each for operations in drawings for each in operations if isinstance(each, kind)]
        for kind in (Jpeg, Resize, Sinc)
    }
    judge.shares(
        "sinc",
        [any(isinstance(each, Sinc) for each in operations) for operations in drawings],
        {True: 0.8, False: 0.2},
    )
    judge_sincs(judge, "final sinc", by_kind[Sinc], lambda size: math.pi / 3)
    judge.uniform("quality", [each.quality for each in by_kind[Jpeg]], 30, 95)
    judge.shares("modes", [each.mode for each in by_kind[Resize]], dict.fromkeys(MODES, 1 / 3))
    assert {each.factor for each in by_kind[Resize]} == {0.25}
