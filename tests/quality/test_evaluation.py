"""An evaluation, small and whole: same inputs for all, figures that anybody can take again."""

from __future__ import annotations

import csv
import io
import json
import math

import numpy as np
import pytest
from PIL import Image

from realesr.degradations import presets
from realesr.errors import ParameterError, PictureError
from realesr.images import from_tensor, to_tensor
from realesr.inference.upscaler import Upscaler
from realesr.models.loading import load_model
from realesr.quality.evaluation import (
    as_csv,
    as_document,
    as_known_table,
    as_markdown,
    data_set_names,
    evaluate,
    known_entries,
    quality_plot,
    worst_places,
)
from realesr.quality.evaluation.running import make_case
from realesr.quality.metrics import psnr, ssim
from tests.pictures import natural


class Held:
    """Pictures that lie in memory; one of a name ending in ! cannot be read."""

    def __init__(self, **pictures: np.ndarray) -> None:
        self.pictures = pictures

    def __len__(self) -> int:
        return len(self.pictures)

    def name(self, index: int) -> str:
        return list(self.pictures)[index]

    def read(self, index: int) -> np.ndarray:
        name = self.name(index)
        if name == "damaged":
            raise PictureError("E103", f"{name} is cut off.", "Copy it again.")
        return self.pictures[name]


PHOTOS = Held(
    cat=natural("chelsea", 66, 81),
    cup=natural("coffee", 60, 72),
    rocket=natural("rocket", 64, 64).astype(np.uint16) * 257,
)
MODELS = ["nearest", "bicubic", "lab-x4-fidelity"]
MEASURES = ["psnr", "psnr-y", "ssim", "ssim-rgb", "ms-ssim", "colour-shift", "consistency"]
CLEAN, DAMAGED = presets.bicubic_only(4), presets.real_esrgan(4)


@pytest.fixture(scope="module")
def found():
    return evaluate(MODELS, {"photos": PHOTOS}, [CLEAN, DAMAGED], measures=MEASURES, speed=False)


def test_there_is_a_row_for_each_model_picture_and_recipe(found):
    assert len(found.rows) == 3 * 3 * 2 and not found.refused
    assert found.groups == [("photos", "bicubic_only"), ("photos", "real_esrgan")]
    assert [each.parameters > 0 for each in found.subjects] == [False, False, True]
    sizes = {row.picture: (row.height, row.width) for row in found.rows}
    assert sizes == {"cat": (64, 80), "cup": (60, 72), "rocket": (64, 64)}
    # Too small for five sizes: left out, not made up.
    assert all("ms-ssim" not in row.scores for row in found.rows)


def test_a_row_can_be_taken_again_by_hand(found):
    row = next(r for r in found.rows if (r.picture, r.recipe, r.model) == (
        "cup", "real_esrgan", "lab-x4-fidelity",
    ))  # fmt: skip
    truth = PHOTOS.pictures["cup"]
    low = from_tensor(DAMAGED.sample(row.seed).apply(to_tensor(truth)), "uint8")
    result = Upscaler("lab-x4-fidelity", precision="fp32")(low)
    assert row.scores["psnr"] == psnr(result, truth, border=4).value
    assert row.scores["ssim"] == ssim(result, truth, border=4).value
    assert "border 4 px" in found.protocols["psnr"]


def test_every_model_is_given_the_same_and_a_seed_depends_on_the_name_alone(found):
    seeds = {(row.picture, row.recipe): {row.seed} for row in found.rows}
    for row in found.rows:
        assert seeds[row.picture, row.recipe] == {row.seed}
    alone = Held(rocket=PHOTOS.pictures["rocket"])
    case = make_case("other", alone, 0, DAMAGED, 0, None)
    assert seeds["rocket", "real_esrgan"] == {case.trace.seed}
    assert make_case("other", alone, 0, DAMAGED, 1, None).trace.seed != case.trace.seed
    middle = make_case("other", PHOTOS, 0, CLEAN, 0, 32)
    assert np.array_equal(middle.truth, PHOTOS.pictures["cat"][17:49, 24:56])


def test_means_and_comparisons_follow_from_the_rows(found):
    group = ("photos", "bicubic_only")
    by_hand = [r.scores["psnr"] for r in found.rows if (r.recipe, r.model) == (group[1], "bicubic")]
    mean = found.mean("bicubic", group, "psnr")
    assert mean.value == pytest.approx(np.mean(by_hand)) and mean.count == 3
    assert min(by_hand) <= mean.low <= mean.value <= mean.high <= max(by_hand)
    compared = found.compare("bicubic", "nearest", group, "psnr")
    assert compared.difference == pytest.approx(
        mean.value - found.mean("nearest", group, "psnr").value
    )
    assert compared.wins == 3 and compared.chance == 0.25
    assert found.compare("nearest", "bicubic", group, "psnr").wins == 0
    assert found.compare("nearest", "nearest", group, "psnr").difference == 0
    assert found.mean("bicubic", group, "ms-ssim") is None
    assert found.compare("bicubic", "nearest", group, "ms-ssim") is None


def test_the_tables_hold_what_was_found(found):
    text = as_markdown(found, against="bicubic")
    mean = found.mean("lab-x4-fidelity", ("photos", "bicubic_only"), "psnr")
    assert f"**{mean.value:.2f} [" in text
    assert "| minus bicubic " in text and "Of 3 pictures no p is under 0.25" in text
    assert "- PSNR, dB: RGB, " in text and "Seed 0" in text
    for table in text.split("\n\n"):
        lines = table.splitlines()
        if table.startswith("|"):
            assert len({len(line) for line in lines}) == 1 and len(lines) in (4, 5)
    rows = list(csv.DictReader(io.StringIO(as_csv(found))))
    assert len(rows) == len(found.rows) and rows[0]["ms-ssim"] == ""
    assert float(rows[5]["psnr"]) == found.rows[5].scores["psnr"]
    document = json.loads(json.dumps(as_document(found), allow_nan=False))
    assert len(document["rows"]) == 18 and document["stopped"] is None
    # Three pairs of models, six measures that fit, two recipes.
    assert len(document["comparisons"]) == 3 * 6 * 2 == len(document["means"])


def test_the_worst_places_are_where_the_error_is_largest(found):
    assert [each.model for each in found.worst].count("nearest") == 2
    for each in found.worst:
        rows, columns = each.truth.shape[:2]
        assert max(rows, columns) <= 96 and each.low.shape[:2] == (rows // 4, columns // 4)
        error = (each.result.astype(float) - each.truth) ** 2
        assert each.psnr == pytest.approx(10 * math.log10(255**2 / error.mean()), abs=0.3)
    with Image.open(io.BytesIO(worst_places(found))) as sheet:
        assert sheet.size == (1212, 34 + 6 * 330 + 12)
    with Image.open(io.BytesIO(quality_plot(found))) as plot:
        assert plot.width > 400


class Perfect(Held):
    """White pictures: every model is right."""


def test_perfect_results_are_told_and_stay_json():
    white = Perfect(white=np.full((64, 64, 3), 255, np.uint8))
    found = evaluate(["nearest", "bicubic"], {"w": white}, [CLEAN], measures=["psnr"], speed=False)
    assert found.mean("bicubic", ("w", "bicubic_only"), "psnr").value == math.inf
    assert found.compare("nearest", "bicubic", found.groups[0], "psnr").difference == 0
    assert "inf" in as_markdown(found)
    assert as_document(found)["means"][0]["value"] is None
    json.dumps(as_document(found), allow_nan=False)


def test_what_cannot_be_used_is_told_and_the_rest_goes_on(tmp_path):
    pictures = Held(
        damaged=np.zeros(1), tiny=natural("coffee", 9, 40), cup=natural("coffee", 40, 40)
    )
    strange = tmp_path / "strange.safetensors"
    strange.write_bytes(b"nothing of the kind")
    models = ["nearest", str(strange), load_model("nearest", device="cpu")]
    found = evaluate(models, {"p": pictures}, [CLEAN], measures=["psnr"])
    codes = {each.what: each.error.code for each in found.refused}
    assert codes == {str(strange): "E203", "p/damaged": "E103", "p/tiny": "E003"}
    assert [each.name for each in found.subjects] == ["nearest", "nearest (2)"]
    assert all(each.milliseconds > 0 for each in found.subjects)
    assert len(found.rows) == 2 and "Left out: p/tiny" in as_markdown(found)
    with pytest.raises(ParameterError, match=r"E001 .*did you mean psnr"):
        evaluate(["nearest"], {"p": pictures}, [CLEAN], measures=["pnsr"])
    with pytest.raises(ParameterError, match="E007"):
        evaluate([], {"p": pictures}, [CLEAN])
    assert dict(data_set_names(["a/x", "b/x"])) == {"a/x": "a/x", "b/x": "b/x"}


def test_stopped_it_keeps_whole_pictures_only():
    def stop(done: int, total: int, what: str) -> None:
        if done == 3:
            raise KeyboardInterrupt

    found = evaluate(
        ["nearest", "bicubic"], {"p": PHOTOS}, [CLEAN], measures=["psnr"], progress=stop
    )
    assert [row.picture for row in found.rows] == ["cat", "cat"]
    assert found.stopped in as_markdown(found)


def test_the_known_table_has_every_row_and_no_figure_without_weights(tmp_path, monkeypatch):
    monkeypatch.setenv("REALESR_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("REALESR_CACHE", str(tmp_path / "cache"))
    entries, strangers = known_entries()
    methods = [entry.method.partition(" (")[0] for entry in entries]
    assert methods[:8] == [
        "nearest", "bicubic", "lanczos", "SRCNN", "SRResNet", "SRGAN", "ESRGAN", "Real-ESRGAN",
    ]  # fmt: skip
    assert "lab-x4" in methods and not strangers
    assert all(entry.model is None for entry in entries[4:8])
    assert not any("discriminator" in name for name in methods)
    cup = Held(cup=PHOTOS.pictures["cup"])
    models, measures = ["nearest", "bicubic", "lab-x4-fidelity"], ["psnr", "ssim"]
    found = evaluate(models, {"Set5": cup}, [CLEAN, DAMAGED], measures=measures, speed=False)
    text = as_known_table(found, entries, cup)
    lines = {line.split("|")[1].strip(): line for line in text.splitlines() if line[:1] == "|"}
    assert lines["SRResNet"].count("no weights") == 4 and " 1.52 M " in lines["SRResNet"]
    assert " 16.7 M " in lines["Real-ESRGAN"] and "28.50 | .823 | 40 (V100)" in lines["Real-ESRGAN"]
    ours = found.mean("bicubic", ("Set5", "bicubic_only"), "psnr").value
    assert f" {ours:.2f} " in lines["bicubic"] and "26.72" in lines["bicubic"]
    assert "PSNR, real_esrgan" in lines["method"]
    # The first of the variations is the table's own protocol.
    assert f"| {ours:.2f} |" in lines["antialiased bicubic"] or f"{ours:.2f} |" in text
    for figure in ("26.72", "29.40", "30.45", "28.50", "40 ms"):
        assert f"**{figure}" in text or f" {figure}" in text
