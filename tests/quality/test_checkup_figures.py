"""What the check-up says of pictures damaged by known amounts; the promises, on fewer pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import checkup

    return checkup


def broken(bench, seen) -> list[str]:
    """The promises that these pictures break, in words."""
    return [
        f"{each.quantity}: {each.words}, promised {each.promised}"
        for each in bench.scores(seen)
        if not each.kept
    ]


def test_forty_damaged_pictures_are_told(bench):
    seen = bench.look(bench.cases(40))
    found = {each.quantity: each.figure for each in bench.scores(seen)}
    assert found.pop("enlarged, factor") >= 0.75  # of eight
    assert not [words for words in broken(bench, seen) if not words.startswith("enlarged")]


def test_further_damages_are_told(bench):
    seen = bench.look(bench.cases(16, None, bench.FURTHER))
    found = {each.quantity: each.figure for each in bench.scores(seen)}
    assert found["motion"] >= 0.5
    assert found["no motion, others"] >= 0.9
    assert found["borders, within 1 pixel"] >= 0.75
    assert found["JPEG before the last, within 3"] >= 0.5


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_three_hundred_damaged_pictures_are_told(bench):
    seen = bench.look(bench.cases(300))
    assert len(seen) == 300
    assert not broken(bench, seen)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_three_hundred_with_the_photographs_of_set5(bench, shared):
    assert not broken(bench, bench.look(bench.cases(300, shared / "data" / "eval" / "Set5")))
