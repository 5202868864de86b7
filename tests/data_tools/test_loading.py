"""The set that was built loads where people load sets, and trains."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from data_tools.manifest import read_rows
from data_tools.publishing.shards import plan_shards, write_shards
from realesr.hub.local_hub import LocalHub
from realesr.train.sources import open_source
from tests.data_tools.heaps import built, kept, photographs, write_heap

CLASSROOM = Path(__file__).resolve().parent.parent.parent / "configs" / "classroom.toml"


@pytest.fixture(scope="module")
def built_set(tmp_path_factory):
    folder = tmp_path_factory.mktemp("loading")
    heap = write_heap(folder / "heap", photographs())
    source = {"path": str(heap), "licence": "CC0-1.0", "author": "Ann"}
    built(folder / "set", source, validation=0.4)
    return folder / "set"


@pytest.mark.parametrize("streaming", [False, True])
def test_load_dataset_gives_every_picture_with_its_licence(built_set, tmp_path, streaming):
    datasets = pytest.importorskip("datasets")
    rows = kept(built_set)
    for split in ("train", "validation"):
        data = datasets.load_dataset(
            str(built_set), split=split, streaming=streaming, cache_dir=str(tmp_path)
        )
        found = list(data)
        wanted = [row for row in rows.values() if row["split"] == split]
        assert {each["source"] for each in found} == {row["source"] for row in wanted}
        for each in found:
            assert (each["licence"], each["author"]) == ("CC0-1.0", "Ann")
            pixels = open_source(str(built_set / rows[each["source"]]["file"])).read(0)
            assert np.array_equal(np.asarray(each["image"]), pixels)


def test_training_reads_a_split(built_set):
    pictures = open_source(str(built_set / "train"))
    assert len(pictures) == sum(row["split"] == "train" for row in kept(built_set).values())


def parquet_of(built_set):
    shards = plan_shards(built_set, read_rows(built_set / "manifest.parquet"))
    (place,) = (path for shard, path in write_shards(built_set, shards) if "train" in shard.path)
    return place


def run(module: str, *words: object, **more: str) -> None:
    command = [sys.executable, "-m", module, *map(str, words)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"} | more
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr


def trained(pictures: object, held_out: object, folder: Path, **more: str) -> None:
    """The classroom's configuration, end to end, in few and small steps."""
    sets = {
        "data.pictures": [str(pictures)], "data.held_out": [str(held_out)],
        "output": str(folder / "run"), "steps": 6, "data.stored": 2, "data.workers": 0,
        "data.crop": 160, "watch.preview_every": 0, "watch.validate_every": 6, "save.every": 3,
    }  # fmt: skip
    changes = [
        part for key, value in sets.items() for part in ("--set", f"{key}={json.dumps(value)}")
    ]
    run("realesr.cli", "train", CLASSROOM, *changes, REALESR_CACHE=str(folder / "cache"), **more)
    assert (folder / "run" / "step-000006" / "generator.safetensors").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("form", ["folder", "parquet"])
def test_the_classroom_trains_from_it(built_set, tmp_path, form):
    place = built_set / "train" if form == "folder" else parquet_of(built_set)
    trained(place, built_set / "validation", tmp_path)


@pytest.mark.slow
def test_the_classroom_trains_from_it_streamed_from_the_hub(built_set, tmp_path):
    with LocalHub() as hub:
        to = {"HF_ENDPOINT": hub.url, "HF_TOKEN": hub.token("ada"), "HF_HUB_DISABLE_XET": "1"}
        to["HF_HOME"] = str(tmp_path / "home")
        run("data_tools", "push", built_set, "--repo", "ada/set", "--yes", **to)
        trained("hf://ada/set", "hf://ada/set/validation", tmp_path, **to)
        assert any("parquet" in each for each in map(str, hub.asked))
    # Read piece by piece: no file of the set lies in the Hub's cache.
    assert not list(tmp_path.rglob("*.parquet"))
