"""From a configuration to data: every kind of source, what is held out, and refusals."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from realesr.degradations import presets, save_recipe
from realesr.errors import ConfigError
from realesr.train.config_files import config_from
from realesr.train.data import DegradedPairs
from realesr.train.feeding import feed
from realesr.train.opening import TrainingData, open_data
from realesr.train.paired import PairedPictures
from realesr.train.stored import StoredPairs

SAMPLES = "samples:astronaut,coffee,rocket"


def opened(folder: Path, *, sharpen: dict | None = None, **data) -> TrainingData:
    data = {"pictures": [SAMPLES], "crop": 96, "patch": 64, "recipe": "gentle"} | data
    values = {"name": "x", "output": str(folder / "run"), "steps": 5, "batch_size": 2}
    return open_data(config_from(values | {"data": data, "sharpen": sharpen or {}}))


def names(data: TrainingData) -> list[str]:
    return [data.pictures.name(index) for index in range(len(data.pictures))]


def first(data: TrainingData) -> torch.Tensor:
    stream = feed(data.pairs, data.order, batch_size=3, first_step=0)
    (batch,) = islice(stream, 1)
    return batch.lr


def test_pictures_are_degraded_on_the_fly_or_stored(tmp_path):
    fly, stored = opened(tmp_path), opened(tmp_path, stored=2)
    assert isinstance(fly.pairs, DegradedPairs) and isinstance(stored.pairs, StoredPairs)
    assert names(fly) == names(stored) == ["astronaut.png", "coffee.png", "rocket.jpg"]
    assert fly.fingerprints == stored.fingerprints
    assert first(fly).shape == first(stored).shape == (3, 3, 16, 16)
    assert (tmp_path / "run" / "pairs" / "draws.jsonl").read_text().count("\n") == 6
    assert fly.pairs.sharpen is not None and fly.pairs.sharpen_input


def test_the_switches_of_sharpening(tmp_path):
    never = {"input": False, "pixel": False, "perceptual": False}
    assert opened(tmp_path, sharpen=never).pairs.sharpen is None
    aside = opened(tmp_path, sharpen={"input": False}).pairs
    assert aside.sharpen is not None and not aside.sharpen_input


def test_pairs_that_exist_are_opened_and_stored(tmp_path):
    for number in range(4):
        low = np.random.default_rng(number).integers(0, 256, (30, 20, 3), np.uint8)
        for side, pixels in (("hr", low.repeat(4, 0).repeat(4, 1)), ("lr", low)):
            (tmp_path / side).mkdir(exist_ok=True)
            Image.fromarray(pixels).save(tmp_path / side / f"{number}.png")
    places = {"pictures": [str(tmp_path / "hr")], "lr": [str(tmp_path / "lr")]}
    places["recipe"] = "real_esrgan"  # the default: nothing is degraded
    fly, stored = opened(tmp_path, **places), opened(tmp_path, **places, stored=1)
    assert isinstance(fly.pairs, PairedPictures) and isinstance(stored.pairs, StoredPairs)
    assert torch.equal(first(fly), first(stored))
    one = {"held_out": [str(tmp_path / "hr" / "1.png")]}
    one["held_out_lr"] = [str(tmp_path / "lr" / "1.png")]
    held = opened(tmp_path, **places, **one)
    assert names(held) == ["0.png", "2.png", "3.png"]
    for index, number in enumerate((0, 2, 3)):
        hr, lr, _ = held.pairs[0, index]
        assert torch.equal(lr.repeat_interleave(4, 1).repeat_interleave(4, 2), hr), number


def test_held_out_pictures_are_never_learned_from(tmp_path):
    whole = opened(tmp_path)
    held = opened(tmp_path, held_out=["samples:coffee,chelsea"])
    assert names(held) == ["astronaut.png", "rocket.jpg"]
    assert len(held.pairs) == 2 and held.fingerprints != whole.fingerprints
    # Nothing in common: nothing is left out, and the data is the same.
    assert opened(tmp_path, held_out=["samples:moon"]).fingerprints == whole.fingerprints
    with pytest.raises(ConfigError, match="Every picture is held out"):
        opened(tmp_path, held_out=[SAMPLES])


def test_a_recipe_file_is_for_its_scale(tmp_path):
    save_recipe(presets.gentle(2), tmp_path / "mine.toml")
    with pytest.raises(ConfigError, match=r"E404 .*mine\.toml is for scale 2, not 4"):
        opened(tmp_path, recipe=str(tmp_path / "mine.toml"))
    save_recipe(presets.bicubic_only(4), tmp_path / "mine.toml")
    data = opened(tmp_path, recipe=str(tmp_path / "mine.toml"))
    assert data.pairs.recipe == presets.bicubic_only(4)
    with pytest.raises(ConfigError, match=r"E404 recipe .*real_esrgen.* did you mean"):
        opened(tmp_path, recipe="real_esrgen")


def test_stored_pairs_of_another_configuration_are_refused(tmp_path):
    opened(tmp_path, stored=2)
    with pytest.raises(ConfigError, match="another data, pictures was 3 and is 2"):
        opened(tmp_path, stored=2, held_out=["samples:coffee"])
