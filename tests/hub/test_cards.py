"""What a card says, and what it must not say."""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from realesr.errors import ConfigError
from realesr.hub.plan import CARD
from realesr.images import read_picture
from realesr.models.catalogue import find_model
from realesr.publishing.about import read_about
from realesr.publishing.card import EXAMPLES
from realesr.publishing.facts import CONFIG, Facts, gather
from realesr.publishing.variant import Variant
from realesr.publishing.wording import elsewhere, wrapped
from realesr.train.previews import sheet


@pytest.fixture(scope="module")
def facts(trained) -> Facts:
    return gather(trained)


def card_of(facts: Facts, trained: Path) -> str:
    variant = Variant("ada/old-maps-x4", facts, read_about(trained / "about.toml"))
    return variant.plan.read(CARD).decode()


def test_a_card_says_whose_figures_it_shows_in_lines_that_can_be_read(facts, trained):
    text = card_of(facts, trained)
    assert "They are the figures of the published weights (step" in text
    run = dataclasses.replace(facts.run, scored=facts.run.step + 3)
    later = card_of(dataclasses.replace(facts, run=run), trained)
    assert f"They are the figures of step {run.scored} (step {run.step} of" in later
    prose = [line for line in text.splitlines() if not line.startswith(("|", "#", "!"))]
    assert max(map(len, prose)) <= 100
    assert "pip install realesr" not in text


def test_the_config_says_whether_a_discriminator_taught_it(facts, trained):
    variant = Variant("ada/old-maps-x4", facts, read_about(trained / "about.toml"))
    told = json.loads(variant.plan.read(CONFIG))
    assert told["training"] == ("adversarial" if facts.run.config.gan else "faithful")
    assert "compositeWithTrainedAlgorithmicMedia" in card_of(facts, trained)


def test_a_model_that_learned_nothing_is_no_variant(facts, trained):
    start = dataclasses.replace(facts.run.config.start, generator="lab-x4-fidelity")
    config = dataclasses.replace(facts.run.config, start=start)
    untaught = dataclasses.replace(facts.run, config=config, step=0)
    about = read_about(trained / "about.toml")
    variant = Variant("ada/x", dataclasses.replace(facts, run=untaught), about)
    assert any("step 0" in each.sentence and each.stops for each in variant.findings())
    with pytest.raises(ConfigError, match=r"E609 .*step 0") as caught:
        variant.check()
    assert "about.toml" not in caught.value.next_step
    wordless = dataclasses.replace(variant, about=dataclasses.replace(about, summary=""))
    with pytest.raises(ConfigError, match=r"summary.*step 0") as caught:
        wordless.check()
    assert "about.toml" in caught.value.next_step
    taught = dataclasses.replace(untaught, step=3)
    variant = Variant("ada/x", dataclasses.replace(facts, run=taught), about)
    assert not any("step 0" in each.sentence for each in variant.findings())


def test_a_model_that_lost_psnr_says_so(facts, trained):
    scores, base = {"psnr": 12.76, "ssim": 0.48}, {"psnr": 12.83, "ssim": 0.45}
    known = dataclasses.replace(facts, run=dataclasses.replace(facts.run, scores=scores, base=base))
    variant = Variant("ada/x", known, read_about(trained / "about.toml"))
    said = "PSNR is 0.07 dB lower than that of the model it began with, while SSIM went from 0.450"
    assert said in " ".join(card_of(known, trained).split())
    assert [each.stops for each in variant.findings() if said in each.sentence] == [False]
    gained = dataclasses.replace(known.run, base=scores, scores=scores | {"psnr": 12.9})
    assert gained.worse == "" and dataclasses.replace(gained, base={}).worse == ""
    assert "lower than" not in card_of(dataclasses.replace(facts, run=gained), trained)


def test_examples_show_the_best_the_worst_and_two_between(facts, trained, tmp_path):
    """Six pictures whose names do not follow their gain; how far each is from the truth does."""
    folder = tmp_path / "previews"
    faults = {"a": 9, "b": 2, "c": 40, "d": 5, "e": 20, "f": 1}
    for name, fault in faults.items():
        truth = np.full((128, 128, 3), 128, np.uint8)
        columns = {"truth": truth, "bicubic": truth + 10, "input": truth[::4, ::4]}
        for column, pixels in (columns | {"step-000006": truth + fault}).items():
            (folder / column).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(folder / column / f"{name}.png")
    run = dataclasses.replace(facts.run, folder=tmp_path, step=6, held_out=6)
    known = dataclasses.replace(facts, run=run)
    variant = Variant("ada/x", known, read_about(trained / "about.toml"))

    def read(column: str, name: str) -> np.ndarray:
        return read_picture(folder / column / f"{name}.png").pixels

    columns = [("input", "input", "its pixels, enlarged"), ("bicubic", "bicubic", "of the 4 shown")]
    columns += [("step-000006", "this model", "of the 4 shown")]
    columns += [("truth", "truth", "the picture itself")]
    shown = read_picture_bytes(variant.plan.read(EXAMPLES))
    assert (shown == sheet(["f", "d", "a", "c"], columns, read, 4)).all()
    assert "Of 6 held-out pictures the one that gained most" in variant.card.text()
    later = dataclasses.replace(facts, run=dataclasses.replace(run, step=9))
    columns[2] = ("step-000006", "this model, step 6", "of the 4 shown")
    shown = read_picture_bytes(dataclasses.replace(variant, facts=later).plan.read(EXAMPLES))
    assert (shown == sheet(["f", "d", "a", "c"], columns, read, 4)).all()
    run = dataclasses.replace(run, held_out=4)
    few = dataclasses.replace(variant, facts=dataclasses.replace(facts, run=run))
    assert "Of every held-out picture" in few.card.text()


def read_picture_bytes(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture)


def test_what_other_programs_open_is_told_case_by_case():
    assert "same pixels" in elsewhere(find_model("lab-x4"))
    assert "same pixels" in elsewhere(find_model("RealESRGAN_x4plus"))
    assert "realesr alone" in elsewhere(find_model("srcnn-x4"))
    thin = dataclasses.replace(find_model("RealESRGAN_x4plus"), arguments={"growth": 16})
    assert "growth 32 only" in elsewhere(thin)


def test_tables_and_code_are_never_broken():
    long = "word " * 60
    text = f"{long}\n| {long} |\n```\n{long}\n```\n# {long}"
    lines = wrapped(text).splitlines()
    assert lines[-5:] == text.splitlines()[1:] and max(map(len, lines[:-5])) <= 100
