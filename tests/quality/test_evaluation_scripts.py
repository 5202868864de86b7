"""The scripts that measure and fit for the documentation run here too, small and end to end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from realesr.quality.metrics import niqe
from realesr.quality.naturalness import BUNDLED, NaturalScenes
from tests.pictures import natural

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def page(tmp_path, monkeypatch) -> Path:
    """Where the figures of a test go, instead of the documentation."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import report

    monkeypatch.setattr(report, "PAGE", tmp_path / "benchmarks.md")
    return report.PAGE


@pytest.mark.slow
def test_the_known_table_goes_onto_the_page_as_it_is_printed(page, tmp_path, capsys):
    import evaluation

    folder = tmp_path / "Set5"
    folder.mkdir()
    Image.fromarray(natural("coffee", 64, 64)).save(folder / "cup.png")
    evaluation.main([str(folder), "--quick"])
    written = page.read_text("utf-8")
    assert "## The known table on Set5" in written and "no weights" in written
    assert "### Set5, degraded by real_esrgan" in written and "| minus bicubic " in written
    assert "The whole program took" in written and str(tmp_path) not in written
    assert capsys.readouterr().out.strip().startswith("## The known table on Set5")


def test_a_fit_is_written_where_it_is_wanted(page, tmp_path, capsys):
    import natural_scenes

    noise = np.random.default_rng(1).integers(0, 256, (96 * 6, 96 * 7, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "photo_1.png")
    (tmp_path / "other.png").write_bytes(b"not read")
    made = tmp_path / "made.safetensors"
    natural_scenes.main([str(tmp_path), "--only", "photo_*", "-o", str(made)])
    found = NaturalScenes.load(made)
    assert found.about.startswith("1 free photographs") and "made.safetensors" in (
        capsys.readouterr().out
    )
    assert niqe(noise, natural=found).value < niqe(noise).value


def test_the_bundled_fit_is_whole():
    found = NaturalScenes.load(BUNDLED)
    assert found.mean.shape == (36,) and found.about.startswith("179 ")
    assert np.allclose(found.covariance, found.covariance.T)
    assert np.linalg.eigvalsh(found.covariance).min() > 0
