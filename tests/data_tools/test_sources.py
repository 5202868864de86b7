"""Sources: archives that lie, break off or are packed; lists; what each says of its pictures."""

from __future__ import annotations

import csv
import io
import json
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_tools.items import Trouble
from data_tools.settings import Source
from data_tools.sources import everything
from realesr.errors import ConfigError, PictureError

NOWHERE = Path("nowhere")
PICTURE = bytes(range(256)) * 40


def opened(path: Path | str, **said: str):
    """The items of a source, and what went wrong there."""
    found = list(everything([Source(path=str(path), **said)], NOWHERE))
    items = [item for item in found if not isinstance(item, Trouble)]
    return items, [item.refusal for item in found if isinstance(item, Trouble)]


def tar(path: Path, members: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path


def samples(count: int) -> dict[str, bytes]:
    """A WebDataset: a picture and what is known of it, for each sample."""
    members = {}
    for number in range(count):
        members[f"{number:04}.json"] = json.dumps(
            {"license": "MIT", "author": f"A{number}"}
        ).encode()
        members[f"{number:04}.png"] = PICTURE + bytes([number])
    return members


def zipped(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("ending", ["tar", "tar.gz", "tar.xz"])
def test_shards_give_their_pictures_with_licence_and_author(tmp_path, ending):
    mode = "w" if ending == "tar" else f"w:{ending[4:]}"
    items, troubles = opened(tar(tmp_path / f"shard.{ending}", samples(20), mode))
    assert not troubles
    assert [item.read() for item in items] == [PICTURE + bytes([n]) for n in range(20)]
    assert [item.credit.author for item in items] == [f"A{n}" for n in range(20)]
    assert {item.credit.licence for item in items} == {"MIT"}
    assert items[3].name == f"shard.{ending}/0003.png"


def test_a_zip_gives_its_pictures_and_nothing_else(tmp_path):
    members = {
        "a/one.png": PICTURE,
        "two.JPG": PICTURE[:90],
        "notes.txt": b"x",
        ".hidden.png": b"x",
    }
    items, troubles = opened(zipped(tmp_path / "set.zip", members), licence="MIT")
    assert not troubles
    assert {item.name: item.read() for item in items} == {
        "set.zip/a/one.png": PICTURE,
        "set.zip/two.JPG": PICTURE[:90],
    }
    assert items[0].credit.licence == "MIT"


@pytest.mark.parametrize("index", ["idx", "wids", "img2dataset"])
def test_a_cut_archive_says_how_much_of_it_is_there(tmp_path, index):
    """Of a tar that was cut between two samples only an index tells that anything is missing."""
    whole = tar(tmp_path / "whole.tar", samples(20)).read_bytes()
    there = tar(tmp_path / "there.tar", samples(15)).read_bytes().rstrip(b"\0")
    blocks = -(-len(there) // 512) * 512
    cut = tmp_path / "cut.tar"
    cut.write_bytes(whole[:blocks])
    (tmp_path / "whole.tar").unlink()
    (tmp_path / "there.tar").unlink()
    if index == "idx":
        (tmp_path / "cut.idx").write_text("v1.2 20\n")
    elif index == "wids":
        shards = [{"url": "s3://bucket/cut.tar", "nsamples": 20}]
        (tmp_path / "index.json").write_text(json.dumps({"shardlist": shards}))
    else:
        (tmp_path / "cut_stats.json").write_text(json.dumps({"count": 22, "successes": 20}))
    items, (refusal,) = opened(cut)
    assert len(items) == 15 and items[14].read() == PICTURE + bytes([14])
    assert refusal.code == "E402" and "15 of 20" in refusal.cause


@settings(max_examples=25)
@given(share=st.floats(0.02, 0.99))
def test_wherever_a_tar_is_cut_what_is_given_is_whole(tmp_path_factory, share):
    folder = tmp_path_factory.mktemp("cut")
    whole = tar(folder / "whole.tar", samples(8)).read_bytes()
    end = len(whole.rstrip(b"\0"))
    cut = folder / "cut.tar"
    cut.write_bytes(whole[: int(end * share)])
    items, (refusal,) = opened(cut)
    assert refusal.code == "E402"
    assert [item.read() for item in items] == [PICTURE + bytes([n]) for n in range(len(items))]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_packed_tar_and_a_zip_that_are_cut_are_told(tmp_path, share):
    rng = np.random.default_rng(0)
    members = {f"{n}.png": rng.bytes(5000) for n in range(12)}
    packed = tar(tmp_path / "set.tar.gz", members, "w:gz")
    packed.write_bytes(packed.read_bytes()[: int(packed.stat().st_size * share)])
    items, (refusal,) = opened(packed)
    assert refusal.code == "E402" and f"{len(items)} samples are whole" in refusal.cause
    assert all(item.read() == members[Path(item.name).name] for item in items)
    archive = zipped(tmp_path / "set.zip", members)
    archive.write_bytes(archive.read_bytes()[: int(archive.stat().st_size * share)])
    items, (refusal,) = opened(archive)
    assert not items and refusal.code == "E402"


@pytest.mark.parametrize("name", ["../../x.png", "/etc/x.png", "a/../../x.png", "C:\\x.png"])
@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_an_archive_that_leads_out_is_refused(tmp_path, name, kind):
    path = tmp_path / f"set.{kind}"
    members = {name: PICTURE, "good.png": PICTURE}
    zipped(path, members) if kind == "zip" else tar(path, members, "w:gz" if "gz" in kind else "w")
    before = sorted(tmp_path.rglob("*"))
    items, (refusal,) = opened(path)
    assert not items and refusal.code == "E401" and "leads out" in refusal.cause
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_a_bomb_is_refused_before_it_grows(tmp_path, kind):
    members = {f"{n}.png": bytes(60_000_000) for n in range(2)}
    path = tmp_path / f"bomb.{kind}"
    zipped(path, members) if kind == "zip" else tar(path, members, "w:gz")
    assert path.stat().st_size < 1_000_000
    items, (refusal,) = opened(path)
    assert refusal.code == "E401" and "grow" in refusal.cause
    assert len(items) <= 1


def test_links_in_archives_are_no_pictures(tmp_path):
    with tarfile.open(tmp_path / "set.tar", "w") as archive:
        for name, kind in (("link.png", tarfile.SYMTYPE), ("pipe.png", tarfile.FIFOTYPE)):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        entry = zipfile.ZipInfo("link.png")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    items, troubles = opened(tmp_path)
    assert not items and [refusal.code for refusal in troubles] == ["E401"] * 3


def test_a_damaged_or_locked_entry_is_refused_alone(tmp_path):
    path = zipped(tmp_path / "set.zip", {"a.png": PICTURE, "b.png": PICTURE[::-1]})
    data = bytearray(path.read_bytes())
    data[60] ^= 255
    path.write_bytes(data)
    (damaged, fine), troubles = opened(path)
    assert not troubles and fine.read() == PICTURE[::-1]
    with pytest.raises(PictureError, match="E104"):
        damaged.read()


def test_a_csv_list_says_licence_author_and_split(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.png").write_bytes(PICTURE)
    with (tmp_path / "list.csv").open("w", newline="", encoding="utf-8-sig") as file:
        rows = csv.writer(file)
        rows.writerow(["File_Name", "spdx", "licence", "Author", "split", "url"])
        rows.writerow(
            ["photos/a.png", "CC0-1.0", "see LICENSE", "Zoë", "validation", "https://a/b"]
        )
        rows.writerow(["photos/b.png", "", "", "", "", ""])
        rows.writerow(["", "MIT", "", "", "", ""])
    (first, second), (refusal,) = opened(tmp_path / "list.csv", licence="MIT")
    assert first.read() == PICTURE
    credit = first.credit
    assert (credit.licence, credit.author, credit.split) == ("CC0-1.0", "Zoë", "validation")
    assert credit.origin == "https://a/b"
    assert second.credit.licence == "MIT"
    with pytest.raises(PictureError, match="E100"):
        second.read()
    assert refusal.code == "E100"


def test_a_list_without_pictures_is_refused(tmp_path):
    (tmp_path / "list.csv").write_text("name,licence\na,MIT\n")
    with pytest.raises(ConfigError, match="E404"):
        opened(tmp_path / "list.csv")


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_parquet_file_gives_the_pictures_it_holds(tmp_path, wrapped):
    data = [PICTURE + bytes([n]) for n in range(23)]
    held = [{"bytes": each, "path": f"{n}.png"} for n, each in enumerate(data)] if wrapped else data
    authors = [f"A{n}" for n in range(23)]
    table = pa.table({"image": held, "author": authors, "license": ["cc-by-4.0"] * 23})
    pq.write_table(table, tmp_path / "set.parquet", row_group_size=10)
    items, troubles = opened(tmp_path / "set.parquet")
    assert not troubles and [item.read() for item in items] == data
    assert [item.credit.author for item in items] == authors
    assert [item.read() for item in reversed(items)] == data[::-1]


def test_a_parquet_list_names_its_pictures(tmp_path):
    (tmp_path / "a.png").write_bytes(PICTURE)
    pq.write_table(pa.table({"file": ["a.png"], "licence": ["MIT"]}), tmp_path / "set.parquet")
    (item,), _ = opened(tmp_path / "set.parquet")
    assert (item.read(), item.credit.licence) == (PICTURE, "MIT")


def test_samples_come_with_their_credits():
    (item,), _ = opened("samples:coffee")
    assert (item.name, item.credit.licence) == ("samples/coffee.png", "CC0-1.0")


def test_names_hold_no_path_of_this_machine(tmp_path):
    for folder in ("a/photos", "b/photos"):
        (tmp_path / folder / "deep").mkdir(parents=True)
        (tmp_path / folder / "deep" / "x.png").write_bytes(PICTURE)
    sources = [Source(path=str(tmp_path / folder / "photos")) for folder in "ab"]
    names = [item.name for item in everything(sources, NOWHERE)]
    assert names == ["photos/deep/x.png", "photos (2)/deep/x.png"]
