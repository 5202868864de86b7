"""The set that was built loads where people load sets, and trains."""

from __future__ import annotations

import numpy as np
import pytest

from realesr.train.sources import open_source
from tests.data_tools.heaps import built, kept, photographs, write_heap


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
