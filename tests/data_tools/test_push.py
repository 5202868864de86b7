"""`realesr-data push` and `verify`: to a Hub over HTTP and back, picture by picture."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys

import pyarrow.parquet as pq
import pytest
from PIL import Image

from data_tools import cli
from data_tools.publishing.shards import read_manifest
from realesr.hub.card_rules import mistakes
from tests.commands.conftest import Run
from tests.data_tools.publishing_sets import change_rows, make_set
from tests.hub.conftest import hub

__all__ = ["hub"]

# The client's own way of sending large files.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

# In a process of its own: `datasets` decides which Hub it asks when it is imported.
LOADING = """
import hashlib, json, sys
from datasets import Image, load_dataset
for streaming in (True, False):
    loaded = load_dataset(sys.argv[1], streaming=streaming, cache_dir=sys.argv[2])
    splits = [split.cast_column("image", Image(decode=False)) for split in loaded.values()]
    rows = [row for split in splits for row in split]
    told = {row["file"]: hashlib.sha256(row["image"]["bytes"]).hexdigest() for row in rows}
    print(json.dumps(told))
"""
NAME, PLACE = "ada/old-maps", "datasets/ada/old-maps"


@pytest.fixture
def program(monkeypatch, capfd):
    """`realesr-data`, called in this process."""

    def run(*words: object) -> Run:
        monkeypatch.setattr(sys, "argv", ["realesr-data", *map(str, words)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            cli.main()
        captured = capfd.readouterr()
        return Run(int(end.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A built data set."""
    monkeypatch.chdir(tmp_path)
    return make_set(tmp_path / "maps")


def test_a_dry_run_shows_everything_and_sends_nothing(hub, folder, program):
    run = program("push", folder, "--repo", NAME)
    assert run.code == 0 and not hub.asked, run.err
    for words in (
        f"dataset {NAME} (private",
        "data/train-00000-of-00001.parquet",
        "| CC0-1.0 | 2 |",
        "| blur | 1 |",
        "Nothing was sent",
    ):
        assert words in run.out
    assert str(folder.parent) not in run.out


def test_pushed_loaded_streamed_verified_and_pushed_again(hub, folder, program, tmp_path):
    from realesr.train.sources import open_source

    run = program("push", folder, "--repo", NAME, "--yes", "--json")
    assert run.code == 0 and run.document["changed"], run.err
    assert hub.store.repositories[PLACE].private
    assert mistakes(hub.files(PLACE)["README.md"].decode(), "dataset") == []
    assert not (folder / ".publishing").exists()
    everything = b"".join(hub.files(PLACE).values())
    assert str(tmp_path).encode() not in everything
    truth = {row["file"]: row["sha256"] for row in read_manifest(folder)}
    told = subprocess.run(
        [sys.executable, "-c", LOADING, NAME, str(tmp_path / "cache")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    streamed, whole = map(json.loads, told.stdout.splitlines())
    assert streamed == whole == truth
    assert len(open_source(f"hf://{NAME}/train")) == 5

    run = program("verify", NAME, "--against", folder, "--json")
    assert run.code == 0 and run.document["equal"], run.err
    assert (run.document["pictures"], run.document["faults"]) == (6, [])
    assert not program("push", folder, "--repo", NAME, "--yes", "--json").document["changed"]


def test_verify_sees_a_changed_picture_a_lost_file_and_another_set(hub, folder, program, tmp_path):
    program("push", folder, "--repo", NAME, "--yes")
    files = hub.files(PLACE)
    train = "data/train-00000-of-00001.parquet"
    table = pq.read_table(io.BytesIO(files[train]))
    wrong = table.set_column(table.column_names.index("sha256"), "sha256", [["0" * 64] * 5])
    buffer = io.BytesIO()
    pq.write_table(wrong, buffer)
    sums = files["SHA256SUMS"].decode()
    old = hashlib.sha256(files[train]).hexdigest()
    new = hashlib.sha256(buffer.getvalue()).hexdigest()
    faked = {train: buffer.getvalue(), "SHA256SUMS": sums.replace(old, new).encode()}
    hub.commit(PLACE, {**files, **faked})
    run = program("verify", NAME)
    assert run.code == 3 and "has another sha256 than its row says" in run.err
    hub.commit(PLACE, {**files, train: b"PAR1"})
    assert "another sha256 than SHA256SUMS says" in program("verify", NAME).err
    hub.commit(PLACE, {path: data for path, data in files.items() if path != train})
    assert f"{train} is missing" in program("verify", NAME).err
    hub.commit(PLACE, files)
    other = make_set(tmp_path / "others", count=7)
    run = program("verify", NAME, "--against", other)
    assert run.code == 3 and "is here and not there" in run.err
    assert program("verify", "ada/nothing").code == 2


def test_several_files_of_limited_size(folder):
    from data_tools.publishing.shards import plan_shards

    rows = read_manifest(folder)
    sizes = {row["file"]: (folder / row["file"]).stat().st_size for row in rows}
    planned = plan_shards(folder, rows, most=max(sizes.values()))
    assert sorted(row["file"] for shard in planned for row in shard.rows) == sorted(sizes)
    assert all(shard.size <= max(sizes.values()) for shard in planned) and len(planned) > 2
    assert planned[0].path == f"data/train-00000-of-{len(planned) - 1:05}.parquet"


@pytest.mark.parametrize(
    ("licence", "words"),
    [
        (
            "unknown",
            "6 pictures have no licence they may be published under, first train/",
        ),
        ("CC-BY-ND-4.0", "(CC-BY-ND-4.0)"),
        ("", "(unknown)"),
    ],
)
def test_licences_nobody_may_publish_under(hub, folder, program, licence, words):
    change_rows(folder, licence=licence)
    run = program("push", folder, "--repo", NAME, "--yes")
    assert run.code == 2 and "E609" in run.err and words in run.err
    assert not hub.asked


def with_gps(path):
    """Where it was taken, written into a JPEG; its new sha256."""
    exif = Image.Exif()
    exif.get_ifd(34853)[1] = "N"
    exif.get_ifd(34853)[2] = (52.0, 31.0, 12.0)
    Image.new("RGB", (24, 24)).save(path, exif=exif)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_place_stops_it_and_so_does_a_picture_that_changed(hub, folder, program):
    (folder / "train/00000.jpg").write_bytes(b"other")
    run = program("push", folder, "--repo", NAME, "--yes")
    assert run.code == 3 and "E104 train/00000.jpg is not what the manifest says" in run.err
    change_rows(folder, sha256=with_gps(folder / "train/00000.jpg"))
    run = program("push", folder, "--repo", NAME, "--yes")
    assert run.code == 6 and "E603 train/00000.jpg says where it was taken" in run.err
    assert not hub.asked


def test_a_token_in_a_table_stops_it(hub, folder, program, monkeypatch):
    change_rows(folder, author="hf_" + "aB3d" * 9)
    run = program("push", folder, "--repo", NAME, "--yes")
    assert run.code == 6 and "a Hugging Face token" in run.err and "aB3d" not in run.err + run.out
    run = program("push", folder, "--repo", NAME, "--token", "hf_" + "aB3d" * 9)
    assert run.code == 6 and "aB3d" not in run.err + run.out
    assert not hub.asked


def test_after_a_cut_nothing_is_seen_and_the_same_command_goes_on(hub, folder, program):
    hub.faults.answer("POST .*/commit/main", 400)
    run = program("push", folder, "--repo", NAME, "--yes", "--json")
    assert run.code == 6 and json.loads(run.out)["error"]["code"] == "E602"
    assert set(hub.files(PLACE)) == {".gitattributes"} and (folder / ".publishing").exists()
    taken = hub.taken
    assert program("push", folder, "--repo", NAME, "--yes").code == 0
    assert hub.taken == taken and program("verify", NAME, "--against", folder).code == 0
