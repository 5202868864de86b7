"""Where a model comes from: bases and pictures, with what is known of their licences."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from realesr.models.catalogue import ModelSpec
from realesr.publishing.about import About, Source
from realesr.publishing.card import Card
from realesr.publishing.chain import trace
from realesr.publishing.facts import Facts, Run
from realesr.train.config_files import config_from
from tests.data_tools.publishing_sets import make_set

SPEC = ModelSpec("maps", "compact", {"scale": 4, "features": 16}, 4, "maps.safetensors", sha256="0")


def facts(pictures=("samples",), generator=""):
    """A model of a run with these pictures, which began with that model."""
    plain = {"name": "maps", "output": "runs/maps", "steps": 10, "batch_size": 2}
    tables = {"data": {"pictures": list(pictures)}, "start": {"generator": generator}}
    run = Run(
        folder=Path("runs/maps"),
        config=config_from({**plain, **tables}),
        step=10,
        steps_done=10,
        scored=10,
        scores={"psnr": 27.0},
        bicubic={"psnr": 26.0},
        base={"psnr": 26.5} if generator else {},
        seconds=60.0,
        rate=10.0,
        version="0.1.0",
        data={},
        held_out=3,
    )
    return Facts("maps", Path("maps.safetensors"), SPEC, 1000, run)


def card(known, about=None):
    about = about or About()
    return Card("ada/maps", known, about, trace(known, about))


def test_a_base_of_the_hub_is_named_where_the_hub_looks():
    known = facts(generator="eve/base")
    made = card(known, About(licence="CC-BY-4.0", base_licence="CC-BY-4.0"))
    data = yaml.safe_load(made.metadata())
    assert (data["base_model"], data["base_model_relation"]) == ("eve/base", "finetune")
    assert "| eve/base | 26.50 |" in made.text() and "| bicubic | 26.00 |" in made.text()
    assert [part.licence for part in made.chain.parts()][:1] == ["CC-BY-4.0"]


def test_a_known_base_brings_its_licence_and_a_file_brings_nothing():
    known = trace(facts(generator="RealESRGAN_x4plus"), About())
    assert (known.base, known.base_id, known.base_licence) == (
        "RealESRGAN_x4plus",
        "",
        "BSD-3-Clause",
    )
    file = trace(facts(generator="/srv/weights/old.safetensors"), About())
    assert (file.base, file.base_id, file.base_licence) == ("old.safetensors", "", "")
    told = trace(
        facts(generator="/srv/weights/old.pth"), About(base="eve/base", base_licence="MIT")
    )
    assert (told.base, told.base_id, told.base_licence) == ("eve/base", "eve/base", "MIT")


def test_data_sets_of_the_hub_are_listed_and_samples_are_known():
    made = card(facts(["hf://ada/old-maps@v1/train", "samples:coffee"]))
    assert yaml.safe_load(made.metadata())["datasets"] == ["ada/old-maps"]
    licences = [source.licence for source in made.chain.sources]
    assert licences == ["", "LicenseRef-PublicDomain"]


def test_a_built_set_brings_the_licences_of_its_pictures(tmp_path):
    folder = make_set(tmp_path / "maps")
    sources = trace(facts([str(folder)]), About()).sources
    assert {source.licence for source in sources} == {
        *("CC0-1.0", "CC-BY-4.0", "LicenseRef-PublicDomain")
    }
    assert all(source.name == "maps (2 pictures)" for source in sources)
    assert {source.credit for source in sources} == {"Author 0", "Author 1", "Author 2"}


@pytest.mark.parametrize("named", ["pictures/maps", "/srv/pictures/maps"])
def test_a_person_says_what_nothing_else_does(named):
    words = Source("pictures/maps" if named[0] != "/" else "maps", "CC0-1.0", "City archive")
    assert trace(facts([named]), About(data=(words,))).sources == (words,)
    nameless = trace(facts([named]), About()).sources
    assert [source.licence for source in nameless] == [""] and "/srv" not in nameless[0].name
