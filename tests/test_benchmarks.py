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
