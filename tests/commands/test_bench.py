"""`realesr bench`: a real, tiny run; its figures hang together."""

from __future__ import annotations

from PIL import Image


def test_bench_measures_and_draws(realesr, tmp_path):
    plot = tmp_path / "bench.png"
    run = realesr("bench", "--side", 32, "--repeats", 1, "--plot", plot, "--json")
    assert run.code == 0
    (case,) = run.document["cases"]
    assert case["model"] == "starter-x4" and case["side"] == 32 and case["tiles"] == 1
    assert case["seconds"] > 0 and case["exactness"] > 45
    assert case["ratio"] == case["plain_seconds"] / case["seconds"]
    with Image.open(plot) as picture:
        assert picture.width > 500


def test_bench_without_plain_is_a_table(realesr):
    run = realesr("bench", "--side", 24, "--repeats", 1, "--no-plain")
    assert run.code == 0 and run.out.startswith("| model |") and "| – |" in run.out


def test_a_model_that_cannot_be_measured_is_one_sentence(realesr):
    run = realesr("bench", "--model", "starter-x9", "--side", 24, "--repeats", 1)
    assert run.code == 5 and run.err.startswith("E301") and "E208" in run.err
