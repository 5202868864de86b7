"""Every alarm through the real trainer: runs made to go wrong that way, and healthy ones."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from realesr.errors import ModelError
from realesr.train.config_files import config_from
from realesr.train.journal import Journal
from realesr.train.run import train

TINY = {"architecture": "compact", "features": 12, "convolutions": 2}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Photographs, their small copies, and photographs that somebody spoiled."""
    from skimage import data

    def tinted(pixels):
        return pixels + np.array([14.0, -6.0, 0.0])

    def gridded(pixels):
        spoiled = pixels - 8
        # Even after a turn or a flip these dots lie at the same place of each 4 x 4 pixels.
        for down, across in ((1, 1), (1, 2), (2, 1), (2, 2)):
            spoiled[down::4, across::4] += 32
        return spoiled

    root = tmp_path_factory.mktemp("pictures")
    for name in ("astronaut", "chelsea"):
        whole = getattr(data, name)()
        photo, other = whole[20:212, 60:252], whole[60:252, 180:372]
        (root / "held out").mkdir(exist_ok=True)
        Image.fromarray(other).save(root / "held out" / f"{name}.png")
        for kind, change in (("plain", np.copy), ("tinted", tinted), ("gridded", gridded)):
            (root / kind).mkdir(exist_ok=True)
            pixels = change(photo.astype(float)).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(root / kind / f"{name}.png")
        (root / "small").mkdir(exist_ok=True)
        small = Image.fromarray(photo).resize((48, 48), Image.Resampling.BICUBIC)
        small.save(root / "small" / f"{name}.png")
    return root


def run(folders, output, *, steps=40, rate=2e-3, every=4, learn_from=None, network=None, **tables):
    """Train; the codes that were told, in order, and what a person read meanwhile."""
    plain, small = str(folders / "plain"), str(folders / "small")
    data = {"pictures": [plain], "held_out": [str(folders / "held out")]}
    data["recipe"] = "gentle"
    if learn_from:
        data = {"pictures": [str(folders / learn_from)], "lr": [small]}
        data |= {"held_out": [plain], "held_out_lr": [small]}
    optimiser = {"learning_rate": rate} | tables.pop("optimiser", {})
    values = {
        "name": "run",
        "output": str(output),
        "steps": steps,
        "batch_size": 4,
        "ema": 0.5,
        "data": data | {"crop": 96, "patch": 64},
        "network": network or TINY,
        "optimiser": optimiser,
        "save": {"every": 10},
        "watch": {
            "log_every": 1,
            "preview_every": 0,
            "validate_every": every,
            "pictures": 2,
            "tensorboard": False,
        },
    }
    stream = io.StringIO()
    try:
        train(config_from(values | tables), stream=stream)
    finally:
        told = [line for line in Journal.read(output) if line["kind"] == "alarm"]
        # Whoever reads the terminal reads what the journal says.
        assert all(f"{line['code']} {line['sentence']}" in stream.getvalue() for line in told)
    return [line["code"] for line in told]


def test_a_healthy_first_stage_is_left_alone(folders, tmp_path):
    assert run(folders, tmp_path / "run", every=2) == []


def test_a_healthy_second_stage_is_left_alone(folders, tmp_path):
    gan = {"kind": "vanilla", "features": 8, "learning_rate": 1e-4}
    assert run(folders, tmp_path / "run", rate=1e-3, gan=gan) == []


def test_healthy_fine_tuning_is_left_alone(folders, tmp_path):
    network = {"architecture": "compact", "features": 64, "convolutions": 16}
    told = run(folders, tmp_path / "run", steps=20, rate=1e-4, every=2, network=network,
               start={"generator": "lab-x4-fidelity"}, losses={"pixel": "charbonnier"},
               optimiser={"schedule": "cosine", "warmup": 5})  # fmt: skip
    assert told == []


def test_colours_that_drift(folders, tmp_path):
    assert run(folders, tmp_path / "run", learn_from="tinted") == ["W511"]


def test_a_checkerboard(folders, tmp_path):
    assert run(folders, tmp_path / "run", steps=32, learn_from="gridded", rate=5e-3) == ["W512"]


def test_a_discriminator_that_wins(folders, tmp_path):
    gan = {"kind": "vanilla", "features": 8, "learning_rate": 5e-3}
    assert run(folders, tmp_path / "run", steps=44, rate=0.0, every=0, gan=gan) == ["W513"]


def test_no_more_progress(folders, tmp_path):
    network = {"architecture": "compact", "features": 64, "convolutions": 16}
    told = run(folders, tmp_path / "run", steps=12, rate=0.0, every=1, network=network,
               start={"generator": "lab-x4-fidelity"})  # fmt: skip
    assert told == ["W515"]


def test_losses_that_are_no_numbers_stop_the_run(folders, tmp_path):
    deep = {"architecture": "compact", "features": 16, "convolutions": 20}
    with pytest.raises(ModelError, match=r"E504 .* 5 steps in a row.*No state was saved"):
        run(folders, tmp_path / "run", rate=1.0, network=deep, losses={"pixel": "mse"})
    told = [line["code"] for line in Journal.read(tmp_path / "run") if line["kind"] == "alarm"]
    assert told == ["W514"]


def test_an_alarm_that_spoke_is_remembered_by_a_resumed_run(folders, tmp_path):
    told = run(folders, tmp_path / "run", steps=20, learn_from="tinted")
    assert told == ["W511"]
    before = Journal.read(tmp_path / "run")
    config = config_from(resumed(tmp_path / "run", steps=40))
    train(config, resume=True)
    lines = Journal.read(tmp_path / "run")
    assert lines[: len(before)] == before and lines[-1]["step"] == 40
    assert [line["code"] for line in lines if line["kind"] == "alarm"] == ["W511"]


def resumed(output, *, steps):
    """The run's own configuration with another end."""
    import tomllib

    values = tomllib.loads((output / "config.toml").read_text("utf-8"))
    return values | {"steps": steps}
