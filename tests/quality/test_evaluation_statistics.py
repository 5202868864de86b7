"""Intervals and chances: against scipy, against their definitions, and in what they promise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap, permutation_test

from realesr.quality.evaluation.statistics import corrected, interval, luck

figures = st.lists(st.floats(-100, 100, allow_subnormal=False), min_size=1, max_size=9)


@pytest.mark.parametrize("count", [2, 5, 9])
def test_the_chance_is_scipys_exact_one(count):
    differences = np.random.default_rng(count).normal(0.4, 1, count)
    expected = permutation_test(
        (differences,), lambda each, axis: np.abs(each.mean(axis)), permutation_type="samples",
        alternative="greater", n_resamples=np.inf, vectorized=True,
    )  # fmt: skip
    assert luck(differences) == pytest.approx(expected.pvalue)


def test_of_many_pictures_the_chance_is_near_the_exact_one():
    differences = np.random.default_rng(3).normal(0.5, 1, 20)
    signs = np.random.default_rng(4).choice([-1, 1], (100_000, 20))
    expected = np.mean(np.abs(signs @ differences) >= abs(differences.sum()))
    assert luck(differences) == pytest.approx(expected, abs=0.01)
    assert luck(np.full(40, 0.1)) <= 1e-4


@given(figures)
def test_signs_and_scale_do_not_change_a_chance(differences):
    chance = luck(differences)
    assert 2 / 2 ** len(differences) <= chance + 1e-12 and chance <= 1
    assert luck([-each for each in differences]) == chance
    assert luck([4 * each for each in differences]) == pytest.approx(chance)


def test_equal_and_boundless_differences_are_counted():
    assert luck([0.0] * 4) == 1
    assert luck([math.inf, 1.0, 2.0]) == 0.25
    assert math.isnan(luck([math.nan, 1.0]))


def test_the_interval_is_scipys_percentile_bootstrap():
    values = np.random.default_rng(7).gamma(2, 3, 40)
    expected = bootstrap((values,), np.mean, method="percentile", n_resamples=5000, rng=1)
    found = interval(values)
    wide = expected.confidence_interval.high - expected.confidence_interval.low
    assert found == pytest.approx(tuple(expected.confidence_interval), abs=0.1 * wide)
    assert interval(values) == found != interval(values, seed=1)


@given(figures)
def test_the_interval_lies_around_the_mean_within_the_values(values):
    low, high = interval(values)
    edge = 1e-9 * (1 + max(map(abs, values)))
    assert min(values) - edge <= low <= high <= max(values) + edge
    assert len(set(values)) > 1 or high - low <= edge


def test_infinite_figures_have_an_interval_and_missing_ones_none():
    assert interval([math.inf, math.inf]) == (math.inf, math.inf)
    assert interval([30.0, math.inf, 31.0])[1] == math.inf
    assert all(map(math.isnan, interval([math.nan, 1.0])))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_corrected_chances_are_larger_and_in_the_same_order(chances):
    found = corrected(chances)
    assert all(before <= after <= 1 for before, after in zip(chances, found, strict=True))
    assert min(found) == min(1, len(chances) * min(chances))
    for one in range(len(chances)):
        for other in range(len(chances)):
            assert chances[one] > chances[other] or found[one] <= found[other]
