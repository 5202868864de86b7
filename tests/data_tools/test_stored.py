"""Pictures at addresses: the same set as from a folder, by fsspec's own storages."""

from __future__ import annotations

import csv

import fsspec
import pytest

from data_tools.settings import Source
from data_tools.sources import everything
from realesr.errors import ConfigError, ParameterError, PictureError
from tests.data_tools.heaps import built, contents, kept, photographs, write_heap


@pytest.fixture
def storage():
    held = fsspec.filesystem("memory")
    held.store.clear()
    yield held
    held.store.clear()


def items_at(address, **said):
    return list(everything([Source(path=address, **said)], None))


def test_a_set_from_storage_is_the_set_from_a_folder(tmp_path, storage):
    heap = write_heap(tmp_path / "heap", photographs())
    (heap / "broken.png").write_bytes(b"no picture")
    (heap / "notes.txt").write_bytes(b"not asked for")
    for path in heap.iterdir():
        storage.pipe(f"/bucket/heap/{path.name}", path.read_bytes())
    built(tmp_path / "one", str(heap))
    built(tmp_path / "two", "memory://bucket/heap")
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    assert one.pop("build.json") != two.pop("build.json")
    assert one == two and len(kept(tmp_path / "one")) == 5


def test_pictures_come_by_name_and_a_changed_one_has_another_key(storage):
    for name in ("b/2.png", "b/1.JPG", "b/.hidden/3.png", "b/4.txt", "b2/5.png"):
        storage.pipe(f"/{name}", name.encode())
    first, second = items_at("memory://b", licence="MIT")
    assert [first.name, second.name] == ["b/1.JPG", "b/2.png"]
    assert first.credit.licence == "MIT" and first.read() == b"b/1.JPG"
    storage.pipe("/b/1.JPG", b"something else")
    assert items_at("memory://b")[0].key != first.key
    storage.rm("/b/1.JPG")
    with pytest.raises(PictureError, match="E100"):
        first.read()


def test_a_list_may_name_addresses_each_with_its_licence(tmp_path, storage):
    storage.pipe("/far/1.png", b"one")
    with (tmp_path / "list.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "licence"), ("memory://far/1.png", "CC0-1.0")])
    (item,) = items_at(str(tmp_path / "list.csv"))
    assert (item.name, item.credit.licence) == ("list.csv/memory://far/1.png", "CC0-1.0")
    assert item.read() == b"one"


@pytest.mark.parametrize(
    ("address", "fault", "words"),
    [
        ("memory://nowhere", ConfigError, "no source"),
        ("zz://bucket", ConfigError, "no storage"),
        ("https://example.org/pictures", ConfigError, "the web"),
        ("dropbox://bucket/photos", ParameterError, "needs a package"),
    ],
)
def test_what_cannot_be_listed_is_refused_in_a_sentence(storage, address, fault, words):
    with pytest.raises(fault, match=words):
        items_at(address)
