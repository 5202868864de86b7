"""Configurations: files, mistakes, the table in the documentation."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from realesr.degradations.spans import fields_of
from realesr.errors import ConfigError
from realesr.train.config import DataConfig, GanConfig, TrainConfig
from realesr.train.config_files import (
    TABLES,
    as_markdown,
    config_as_toml,
    config_from,
    read_config,
)

ROOT = Path(__file__).resolve().parent.parent.parent
CONFIGS = sorted((ROOT / "configs").glob("*.toml"))
NEEDED = {"name": "x", "output": "y", "steps": 5, "batch_size": 2}


def refusal(values: dict) -> str:
    with pytest.raises(ConfigError) as caught:
        config_from(values)
    assert caught.value.code == "E404"
    return caught.value.cause


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_file_of_the_project_is_read_and_comes_back(path):
    config = read_config(path)
    assert config_from(tomllib.loads(config_as_toml(config))) == config


def test_the_promised_files_are_there():
    promised = {"realesrnet_x4", "realesrgan_x4", "realesrgan_x2", "compact_x4", "finetune"}
    assert promised | {"paired", "classroom", "smoke"} <= {path.stem for path in CONFIGS}


def test_the_published_numbers():
    net, gan = (
        read_config(ROOT / "configs" / f"{name}_x4.toml") for name in ("realesrnet", "realesrgan")
    )
    assert (net.optimiser.learning_rate, gan.optimiser.learning_rate) == (2e-4, 1e-4)
    assert (net.steps, gan.steps, net.batch_size, gan.batch_size) == (1_000_000, 400_000, 48, 48)
    assert net.gan is None and gan.gan is not None
    assert (gan.gan.weight, gan.losses.perceptual_weight, gan.losses.pixel_weight) == (0.1, 1, 1)
    assert net.optimiser.betas == (0.9, 0.99) and net.ema == 0.999
    assert (gan.sharpen.pixel, gan.sharpen.perceptual, gan.sharpen.adversarial) == (
        True,
        True,
        False,
    )


def test_all_mistakes_are_named_at_once_with_the_nearest_key():
    cause = refusal(
        {
            "name": "x",
            "output": "y",
            "step": 5,
            "batch_size": 9999,
            "scale": -4,
            "data": {"pictures": ["a"], "wokers": 2, "crop": "big"},
            "optimiser": {"lerning_rate": 1},
            "gan": 3,
        }
    )
    for words in (
        'key "step" is unknown; did you mean "steps"?',
        "steps is missing.",
        "batch_size must be a whole number between 1 and 4096",
        "scale must be a whole number between 1 and 8, got -4",
        'did you mean "data.workers"?',
        "data.crop must be a whole number",
        'did you mean "optimiser.learning_rate"?',
        "gan must be a table",
    ):
        assert words in cause
    assert "TrainConfig" not in cause and "DataConfig" not in cause


@pytest.mark.parametrize(
    ("table", "values", "words"),
    [
        ("network", {"blocks": 3}, "compact has no blocks"),
        ("data", {"pictures": ["a"], "crop": 64, "patch": 128}, "patch 128 is larger than crop 64"),
        ("data", {"pictures": []}, "pictures is empty"),
        ("data", {}, "data.pictures is missing"),
        ("data", {"pictures": ["a"], "lr": ["b", "c"]}, "as many sources as pictures"),
        ("data", {"pictures": ["a"], "crop": 66, "patch": 66}, "must be multiples of the scale 4"),
        ("losses", {"artifact_weight": 1.0}, "needs a [gan] table"),
        ("engine", {"accumulate": 3}, "must be a multiple of engine.accumulate 3"),
        ("start", {"discriminator": "x"}, "start.discriminator needs a [gan] table"),
        ("optimiser", {"betas": [0.9, 1.0]}, "betas must be below 1"),
        ("network", {"architecture": "rrdbnet"}, "rrdbnet has the scales (1, 2, 4, 8), not 3"),
        ("data", {"pictures": ["a"], "lr": ["b"], "recipe": "gentle"}, "that is done already"),
        ("gan", {}, ""),
    ],
)
def test_what_does_not_fit_together(table, values, words):
    said = {**NEEDED, "data": {"pictures": ["a"]}, table: values}
    if table == "network" and "architecture" in values:
        said["scale"] = 3
        said["data"] = {"pictures": ["a"], "crop": 96, "patch": 48}
    if not words:
        assert config_from(said).gan == GanConfig()
        return
    assert words in refusal(said)


def test_a_change_on_the_command_line_counts_as_if_it_were_written():
    path = ROOT / "configs" / "smoke.toml"
    changed = read_config(path, ["steps=7", "data.workers=2", "output=a b/c", "gan.kind=hinge"])
    assert (changed.steps, changed.data.workers, changed.output) == (7, 2, "a b/c")
    assert changed.gan is not None and changed.gan.kind == "hinge"
    for wrong in ("steps", "=3", "steps.more=1"):
        with pytest.raises(ConfigError, match="E404"):
            read_config(path, [wrong])


@pytest.mark.parametrize("text", [b"steps = = 3", b"\xff\xfe", b"steps = 1\nsteps = 2"])
def test_a_file_that_is_no_toml(tmp_path, text):
    path = tmp_path / "x.toml"
    path.write_bytes(text)
    with pytest.raises(ConfigError, match="E404"):
        read_config(path)


def test_what_may_change_between_two_starts():
    config = TrainConfig(**NEEDED, data=DataConfig(pictures=("a",)))
    free = replace(config, name="z", output="elsewhere", steps=9)
    assert free.lasting() == config.lasting()
    moved = replace(config, data=DataConfig(pictures=("./a",), workers=3))
    spare = replace(config, engine=replace(config.engine, gradient_checkpointing=True))
    assert moved.lasting() == spare.lasting() == config.lasting()
    assert replace(config, seed=1).lasting() != config.lasting()
    cosine = replace(config, optimiser=replace(config.optimiser, schedule="cosine"))
    assert replace(cosine, steps=9).lasting() != cosine.lasting()


def test_every_key_has_its_help_and_the_page_has_every_key():
    for table in (TrainConfig, *TABLES.values()):
        for field in fields_of(table):
            assert field.help or field.name in TABLES, f"{table.__name__}.{field.name}"
    page = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    assert as_markdown() in page


def test_fine_tuning_goes_on_with_the_losses_of_the_model_it_begins_with():
    made, tuned = (
        read_config(ROOT / "configs" / f"{name}.toml") for name in ("lab_x4_fidelity", "finetune")
    )
    assert tuned.start.generator == "lab-x4-fidelity"
    assert tuned.losses.pixel == made.losses.pixel
    assert tuned.losses.structure_weight > 0 and made.losses.structure_weight > 0
    assert tuned.losses.perceptual == made.losses.perceptual
