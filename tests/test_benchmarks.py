"""The benchmarks that need a machine of their own run here too, small and end to end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.fixture
def page(tmp_path, monkeypatch) -> Path:
    """Where the figures of a test go, instead of the documentation."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import report

    monkeypatch.setattr(report, "PAGE", tmp_path / "benchmarks.md")
    return report.PAGE


SMALL = (
    "--batch 1 --crop 32 --patch 16 --blocks 1 --features 8 --rounds 1 --precision fp32 "
    "--perceptual none"
)


def test_the_share_of_degrading_is_measured(page, capsys):
    import training_share

    training_share.main([*"--device cpu --workers 0".split(), *SMALL.split()])
    section = page.read_text(encoding="utf-8")
    assert "## Degradation beside training on a CPU" in section
    assert capsys.readouterr().out in section + "\n"
    (figures,) = re.findall(r"\| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) % \|", section)
    speed, degrading, step, together, share = map(int, figures)
    assert min(speed, degrading, step, together) > 0
    # The times are rounded to whole milliseconds.
    assert abs(share - 100 * max(0, 1 - step / together)) <= 1 + 100 / together


def test_the_share_is_measured_on_a_gpu(page, cuda):
    import training_share

    training_share.main(["--device", cuda, "--workers", "1", *SMALL.split()])
    assert "## Degradation beside training on a GPU" in page.read_text(encoding="utf-8")


def test_without_a_gpu_nothing_is_measured(page, monkeypatch):
    import torch
    import training_share

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SystemExit, match="No CUDA device here"):
        training_share.main([])
    assert not page.exists()


@pytest.mark.slow
def test_the_engine_is_measured(page, capsys):
    import engine

    engine.main(["--quick"])
    section = page.read_text(encoding="utf-8")
    assert capsys.readouterr().out in section + "\n"
    assert re.search(r"\| Compact-32 \| 64×64 \| [\d.]+ \| [\d.]+ \| [\d.]+ \|", section)
    (seam,) = re.findall(r"\| Compact-32 \| 32 \| 4 \| ([\d.]+) \|", section)
    assert float(seam) < 255 * 2e-6
    assert re.search(r"\| 160 px \(one pass\) \| [\d.]+ \| 1.000 \|", section)


def test_the_work_of_a_pass_is_counted(page):
    """RRDBNet-23 at 256 x 256 takes 2.35 TFLOP, by the papers' count."""
    import gpu

    from realesr.models.rrdbnet import RRDBNet

    assert gpu.work(RRDBNet(4, 64, 23, 32), 256, 256) == pytest.approx(2.35, abs=0.005)


def test_the_gpu_benchmark_needs_a_gpu(page):
    import gpu
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here: run the benchmark itself")
    with pytest.raises(SystemExit, match="No CUDA device here"):
        gpu.main()
    assert not page.exists()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_trainings_give_the_same_bits(page, tmp_path):
    """200 steps of the whole second stage, and the comparison would notice another seed."""
    import same_bits

    config = BENCHMARKS.parent / "configs" / "smoke.toml"
    assert same_bits.main([str(config), "--steps", "200"]) == 0
    assert "| the same bits |" in page.read_text(encoding="utf-8")
    text = config.read_text(encoding="utf-8")
    assert "seed" not in text
    other = tmp_path / "other.toml"
    other.write_text("seed = 1\n" + text, encoding="utf-8")
    one, two = (same_bits.train(each, tmp_path / each.stem, 3) for each in (config, other))
    assert one.keys() == two.keys() and one != two
