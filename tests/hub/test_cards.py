"""What a card says, and what it must not say."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from realesr.hub.plan import CARD
from realesr.models.catalogue import find_model
from realesr.publishing.about import read_about
from realesr.publishing.facts import CONFIG, Facts, gather
from realesr.publishing.variant import Variant
from realesr.publishing.wording import elsewhere, wrapped


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
    taught = dataclasses.replace(untaught, step=3)
    variant = Variant("ada/x", dataclasses.replace(facts, run=taught), about)
    assert not any("step 0" in each.sentence for each in variant.findings())


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
