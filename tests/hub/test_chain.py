"""Where a model comes from: bases and pictures, with what is known of their licences."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest
import yaml

from realesr.models.catalogue import ModelSpec
from realesr.publishing.about import About, Source
from realesr.publishing.card import Card
from realesr.publishing.chain import trace
from realesr.publishing.facts import Facts, Run
from realesr.publishing.variant import Variant
from realesr.train.config_files import config_from
from tests.data_tools.heaps import built, photographs, write_heap
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


@pytest.fixture(scope="module")
def set_of_ann(tmp_path_factory):
    """A set as `realesr-data build` makes it, most of it to learn from."""
    folder = tmp_path_factory.mktemp("chain")
    heap = write_heap(folder / "heap", photographs())
    built(
        folder / "set", {"path": str(heap), "licence": "CC0-1.0", "author": "Ann"}, validation=0.3
    )
    return folder / "set"


@pytest.mark.parametrize("gone", ["nothing", "metadata", "manifest"])
def test_a_run_on_a_split_of_a_built_set_finds_its_licences(set_of_ann, tmp_path, gone):
    """As docs/data-sets.md says to train on it: ``pictures = ["SET/train"]``."""
    folder = Path(shutil.copytree(set_of_ann, tmp_path / "set"))
    if gone == "metadata":
        (folder / "train" / "metadata.parquet").unlink()
    if gone == "manifest":
        (folder / "manifest.parquet").unlink()
    count = len(list((folder / "train").glob("*.png")))
    (found,) = trace(facts([str(folder / "train")]), About()).sources
    assert count and found == Source(f"train ({count} pictures)", "CC0-1.0", "Ann")
    (other,) = trace(facts([str(folder / "nothing")]), About()).sources
    assert other.licence == ""


def test_words_about_pictures_that_a_run_did_not_see_are_told():
    words = (Source("pictures/maps/", "CC0-1.0"), Source("pictures/mpas", "CC0-1.0"))
    known = facts(["pictures/maps"])
    chain = trace(known, About(data=words))
    assert chain.sources == words[:1] and chain.unmatched == ("pictures/mpas",)
    told = Variant("ada/maps", known, About(licence="MIT", data=words)).findings()
    (about,) = [each for each in told if "mpas" in each.sentence]
    assert not about.stops and "(pictures/maps)" in about.sentence
    data = dataclasses.replace(known.run.config.data, lr=("/srv/pictures/mpas",))
    config = dataclasses.replace(known.run.config, data=data)
    paired = dataclasses.replace(known, run=dataclasses.replace(known.run, config=config))
    low = Source("mpas", "CC0-1.0")
    assert trace(paired, About(data=(low,))).unmatched == ()
    bare = dataclasses.replace(known, run=None)
    assert trace(bare, About(data=words)).unmatched == ()


@pytest.mark.parametrize("named", ["pictures/maps", "/srv/pictures/maps"])
def test_a_person_says_what_nothing_else_does(named):
    words = Source("pictures/maps" if named[0] != "/" else "maps", "CC0-1.0", "City archive")
    assert trace(facts([named]), About(data=(words,))).sources == (words,)
    nameless = trace(facts([named]), About()).sources
    assert [source.licence for source in nameless] == [""] and "/srv" not in nameless[0].name
