"""Parquet files and data sets of the Hub: the right pictures, read in few pieces and once each."""

from __future__ import annotations

import io
import pickle
import threading
import time
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from realesr.degradations import presets
from realesr.errors import ConfigError, NetworkError, PictureError
from realesr.hub.local_hub import LocalHub
from realesr.train.blocks import Blocks
from realesr.train.data import DegradedPairs
from realesr.train.feeding import Order, feed
from realesr.train.paired import PairedPictures, open_paired
from realesr.train.sources import Pictures, open_source

GROUP = 3


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("REALESR_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def hub(monkeypatch):
    with LocalHub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub


def pixels(number: int, size: tuple[int, int] = (40, 56)) -> np.ndarray:
    """Noise, so that files are as large as their pixels."""
    drawn = np.random.default_rng(number).integers(0, 256, (*size, 3), np.uint8)
    drawn[0, 0] = number
    return drawn


def png(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(array).save(stream, "PNG")
    return stream.getvalue()


def table(columns: dict[str, list[bytes | None]], group: int = GROUP) -> bytes:
    """A parquet file with pictures as ``datasets`` writes them: structs of bytes and path."""
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    arrays = {
        name: pa.array([{"bytes": data, "path": None} for data in pictures], kind)
        for name, pictures in columns.items()
    }
    rows = len(next(iter(arrays.values())))
    arrays["caption"] = pa.array([f"picture {row}" for row in range(rows)])
    stream = io.BytesIO()
    pq.write_table(pa.table(arrays), stream, row_group_size=group)
    return stream.getvalue()


def files(count: int = 8, shards: int = 2) -> dict[str, bytes]:
    per = count // shards
    return {
        f"data/train-{n:05}-of-{shards:05}.parquet": table(
            {"image": [png(pixels(n * per + row)) for row in range(per)]}
        )
        for n in range(shards)
    }


def save(folder: Path, contents: dict[str, bytes]) -> Path:
    for name, data in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def holds(source: Pictures, count: int) -> bool:
    return len(source) == count and all(
        np.array_equal(source.read(index), pixels(index)) for index in (*range(count), 0)
    )


def test_a_folder_of_parquet_files(tmp_path):
    source = open_source(str(save(tmp_path / "set", files())))
    assert holds(source, 8)
    assert list(source.blocks()) == [3, 1, 3, 1]
    assert source.name(0) == "data/train-00000-of-00002.parquet[0][0]"
    assert source.name(7) == "data/train-00001-of-00002.parquet[1][0]"
    for index in (-1, 8):
        with pytest.raises(IndexError):
            source.read(index)


def test_a_file_that_the_datasets_library_wrote(tmp_path):
    import datasets

    pictures = [Image.fromarray(pixels(number)) for number in range(5)]
    made = datasets.Dataset.from_dict({"label": list(range(5)), "image": pictures})
    made = made.cast_column("image", datasets.Image())
    made.to_parquet(tmp_path / "made.parquet", batch_size=2)
    assert holds(open_source(str(tmp_path / "made.parquet")), 5)


def test_a_column_of_plain_bytes(tmp_path):
    plain = pa.table({"jpg": pa.array([png(pixels(n)) for n in range(2)], pa.large_binary())})
    pq.write_table(plain, tmp_path / "plain.parquet")
    assert holds(open_source(str(tmp_path / "plain.parquet")), 2)


def test_a_column_of_file_names(tmp_path):
    for number in range(3):
        save(tmp_path / "set", {f"pictures/{number}.png": png(pixels(number))})
    names = pa.table({"file": [f"pictures/{number}.png" for number in range(3)]})
    pq.write_table(names, tmp_path / "set" / "manifest.parquet")
    source = open_source(str(tmp_path / "set" / "manifest.parquet"))
    assert holds(source, 3) and source.name(1) == "pictures/1.png"


def test_pairs_in_two_columns_of_one_file(tmp_path):
    low = [pixels(number, (20, 20)) for number in range(4)]
    high = [array.repeat(2, 0).repeat(2, 1) for array in low]
    data = table({"hr": [png(array) for array in high], "lr": [png(array) for array in low]})
    path = save(tmp_path, {"pairs.parquet": data}) / "pairs.parquet"
    pairs = PairedPictures(
        *open_paired([f"{path}#hr"], [f"{path}#lr"]), scale=2, patch=24, turn=True
    )
    for epoch in range(4):
        hr, lr, _ = pairs[epoch, epoch]
        assert torch.equal(lr.repeat_interleave(2, 1).repeat_interleave(2, 2), hr)
    with pytest.raises(ConfigError, match=r"E404 pairs\.parquet has several .* hr, lr\. .*#hr"):
        open_source(str(path))
    with pytest.raises(ConfigError, match="no column xx of pictures: it has hr, lr"):
        open_source(f"{path}#xx")


def test_what_is_no_parquet_or_has_no_pictures_is_refused(tmp_path):
    save(tmp_path, {"junk.parquet": b"PAR1 and then nothing"})
    with pytest.raises(ConfigError, match=r"E404 junk\.parquet is no parquet file"):
        open_source(str(tmp_path / "junk.parquet"))
    pq.write_table(pa.table({"words": ["a"]}), tmp_path / "words.parquet")
    with pytest.raises(ConfigError, match=r"words\.parquet has no column of pictures"):
        open_source(str(tmp_path / "words.parquet"))
    save(tmp_path, {"empty.parquet": table({"image": []})})
    with pytest.raises(ConfigError, match=r"no pictures in empty\.parquet"):
        open_source(str(tmp_path / "empty.parquet"))


def test_a_damaged_or_missing_picture_is_named(tmp_path):
    bad = table({"image": [png(pixels(0)), b"no picture", None, png(pixels(3))[:500]]})
    source = open_source(str(save(tmp_path, {"bad.parquet": bad}) / "bad.parquet"))
    assert np.array_equal(source.read(0), pixels(0))
    for index, code, name in ((1, "E102", "[0][1]"), (2, "E101", "[0][2]"), (3, "E103", "[1][0]")):
        with pytest.raises(PictureError) as refusal:
            source.read(index)
        assert str(refusal.value).startswith(f"{code} bad.parquet{name} ")


def test_a_fingerprint_follows_the_contents(tmp_path):
    folder = save(tmp_path / "set", files())
    before = open_source(str(folder)).fingerprint()
    copy = save(tmp_path / "copy", files())
    assert open_source(str(copy)).fingerprint() == before
    other = table({"image": [png(pixels(9 - row)) for row in range(4)]})
    save(folder, {"data/train-00001-of-00002.parquet": other})
    assert open_source(str(folder)).fingerprint() != before


def test_blocks_make_room_and_come_back(tmp_path):
    fetched: list[int] = []

    def fetch(block: int):
        fetched.append(block)
        yield "a", png(pixels(block))

    blocks = Blocks(tmp_path / "blocks", fetch, kept=2)
    for block in (0, 1, 0, 2, 0, 1):
        time.sleep(0.02)  # The clock of a file system ticks about every 4 ms.
        assert np.array_equal(blocks.read(block, "a"), pixels(block))
    # 2 took the place of 1, which had not been asked for as long as 0.
    assert fetched == [0, 1, 2, 1]
    assert len([path for path in (tmp_path / "blocks").iterdir() if path.is_dir()]) == 2


def test_blocks_are_right_when_many_read_and_room_is_short(tmp_path):
    """Four readers, one kept block: whatever goes away meanwhile, each gets its picture."""

    def fetch(block: int):
        yield "a", png(pixels(block))

    wrong: list[int] = []

    def read(seed: int) -> None:
        blocks = Blocks(tmp_path / "blocks", fetch, kept=1)
        for block in np.random.default_rng(seed).integers(0, 4, 25).tolist():
            if not np.array_equal(blocks.read(block, "a"), pixels(block)):
                wrong.append(block)

    readers = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert not wrong


def test_a_block_that_fails_leaves_nothing(tmp_path):
    def fetch(block: int):
        yield "a", png(pixels(0))
        raise NetworkError("E605", "gone.")

    with pytest.raises(NetworkError):
        Blocks(tmp_path / "blocks", fetch).read(0, "a")
    assert [path.name for path in (tmp_path / "blocks").iterdir()] == ["000000.lock"]


def test_a_data_set_of_the_hub(hub):
    hub.commit("datasets/ada/maps", {"README.md": b"# Maps", **files()})
    source = open_source("hf://ada/maps")
    assert holds(source, 8) and list(source.blocks()) == [3, 1, 3, 1]
    assert source.name(4) == "data/train-00001-of-00002.parquet[0][0]"
    assert all(asked.startswith(("GET /api/datasets/", "GET /datasets/")) for asked in hub.asked)


def test_nothing_is_downloaded_whole_and_nothing_twice(hub):
    large = {"image": [png(pixels(n, (120, 160))) for n in range(40)]}
    contents = {"data/train-00000-of-00001.parquet": table(large, 4)}
    size = sum(map(len, contents.values()))
    hub.commit("datasets/ada/maps", contents)
    source = open_source("hf://ada/maps")
    opened = hub.sent
    assert opened < 0.2 * size, "opening reads the end of the file"
    source.read(0)
    assert hub.sent - opened < 0.3 * size, "one picture needs one row group"
    for index in range(40):
        source.read(index)
    assert hub.sent < 1.6 * size
    before = hub.sent
    again = pickle.loads(pickle.dumps(source))
    for index in range(0, 40, 7):
        assert np.array_equal(again.read(index), pixels(index, (120, 160)))
    assert hub.sent == before, "a worker reads what another one has fetched"


def test_a_stream_from_the_hub_is_the_same_with_workers_and_after_a_stop(
    hub, tmp_path, monkeypatch
):
    hub.commit("datasets/ada/maps", files(24, 3))

    def stream(first: int, workers: int):
        pairs = DegradedPairs(
            open_source("hf://ada/maps"), presets.gentle(4), crop=40, patch=32, sharpen=None
        )
        order = Order(pairs, 5)
        batches = feed(pairs, order, batch_size=6, first_step=first, workers=workers)
        try:
            return list(islice(batches, 8 - first))
        finally:
            batches.close()

    whole = stream(0, 0)
    assert {epoch for batch in whole for epoch, _ in batch.ids} == {0, 1}
    for number, (first, workers) in enumerate(((0, 2), (3, 0), (5, 2))):
        monkeypatch.setenv("REALESR_CACHE", str(tmp_path / f"cache{number}"))
        for one, other in zip(stream(first, workers), whole[first:], strict=True):
            assert one.ids == other.ids and one.traces == other.traces
            assert torch.equal(one.hr, other.hr) and torch.equal(one.lr, other.lr)


def test_splits_revisions_and_columns(hub):
    def one(number: int) -> bytes:
        return table({"image": [png(pixels(number))], "mask": [png(pixels(99))]})

    first = hub.commit("datasets/ada/maps", {"train/0.parquet": one(0), "test/0.parquet": one(1)})
    hub.commit("datasets/ada/maps", {"train-0.parquet": one(2), "extra.parquet": one(3)}, "v2")
    hub.commit("datasets/ada/parts", {"a.parquet": one(0), "b.parquet": one(1)})

    def first_pixels(address: str) -> list[int]:
        source = open_source(address)
        return [int(source.read(index)[0, 0, 0]) for index in range(len(source))]

    assert first_pixels("hf://ada/maps") == [0]
    assert first_pixels("hf://datasets/ada/maps/test") == [1]
    assert first_pixels("hf://ada/maps@v2") == [2]
    assert first_pixels("hf://ada/maps@v2/extra") == [3]
    assert first_pixels(f"hf://ada/maps@{first}/train#mask") == [99]
    assert first_pixels("hf://ada/parts") == [0, 1], "no split called train: all of it"


def test_other_files_are_read_from_the_hubs_own_conversion(hub):
    hub.commit("datasets/ada/folder", {"pictures/0.png": png(pixels(0))})
    with pytest.raises(ConfigError, match="ada/folder holds no parquet files"):
        open_source("hf://ada/folder")
    converted = {"default/train/0000.parquet": table({"image": [png(pixels(0))]})}
    hub.commit("datasets/ada/folder", converted, "refs/convert/parquet")
    assert holds(open_source("hf://ada/folder"), 1)


def test_a_running_training_stays_with_its_commit(hub):
    hub.commit("datasets/ada/maps", files())
    source = open_source("hf://ada/maps")
    before = source.fingerprint()
    hub.commit("datasets/ada/maps", {"README.md": b"new words", **files()})
    assert open_source("hf://ada/maps").fingerprint() == before
    hub.commit("datasets/ada/maps", files(4, 1))
    assert open_source("hf://ada/maps").fingerprint() != before
    assert holds(source, 8)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("hf://ada/nothing", "The Hub has no data set ada/nothing"),
        ("hf://ada/maps@v9", "ada/maps has no revision v9"),
        ("hf://ada/maps/test", "no split test.*data/train-00000"),
        ("hf://ada/maps#words", "no column words of pictures: it has image"),
        ("hf://ada", "no address of a data set"),
        ("hf://../etc/passwd", "no address of a data set"),
    ],
)
def test_what_the_hub_does_not_have_is_refused(hub, address, words):
    hub.commit("datasets/ada/maps", files())
    with pytest.raises(ConfigError, match=f"E404 .*{words}"):
        open_source(address)


def test_offline_and_unreachable_are_said(hub, monkeypatch):
    hub.commit("datasets/ada/maps", files())
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(NetworkError, match="E604 ada/maps"):
        open_source("hf://ada/maps")
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(NetworkError, match="E605 ada/maps could not be read"):
        open_source("hf://ada/maps")
