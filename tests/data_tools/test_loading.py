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


@pytest.mark.slow
@pytest.mark.parametrize("form", ["folder", "parquet"])
def test_the_classroom_trains_from_it(built_set, tmp_path, form):
    place = built_set / "train"
    if form == "parquet":
        shards = plan_shards(built_set, read_rows(built_set / "manifest.parquet"))
        (place,) = (
            path for shard, path in write_shards(built_set, shards) if "train" in shard.path
        )
    sets = {
        "data.pictures": [str(place)], "data.held_out": [str(built_set / "validation")],
        "output": str(tmp_path / "run"), "steps": 6, "data.stored": 2, "data.workers": 0,
        "data.crop": 160, "watch.preview_every": 0, "watch.validate_every": 6, "save.every": 3,
    }  # fmt: skip
    words = [f"{key}={json.dumps(value)}" for key, value in sets.items()]
    command = [sys.executable, "-m", "realesr.cli", "train", str(CLASSROOM)]
    command += [part for word in words for part in ("--set", word)]
    environment = os.environ | {"REALESR_CACHE": str(tmp_path / "cache")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "step-000006" / "generator.safetensors").is_file()
