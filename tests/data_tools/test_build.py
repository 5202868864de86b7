"""A build from a folder: what is kept stays as it was, what is left out has a reason."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import subprocess
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from data_tools.building import UNFINISHED
from data_tools.manifest import COLUMNS
from data_tools.rules import RULES
from data_tools.settings import Select, build_from
from realesr.errors import ConfigError
from realesr.images import Picture, read_picture, write_picture
from tests.data_tools.heaps import (
    SIDE,
    built,
    contents,
    jpeg,
    kept,
    photographs,
    rejected,
    write_heap,
)


@pytest.fixture(scope="module")
def pictures():
    return photographs()


def planted(pictures: dict[str, np.ndarray]) -> dict[str, tuple[str, bytes | np.ndarray]]:
    """One of each fault, and the rule that should see it."""
    one, other = pictures["coffee1"], pictures["astronaut1"]
    rng = np.random.default_rng(0)
    noisy = np.clip(one + rng.normal(0, 14, one.shape), 0, 255).astype(np.uint8)
    small = cv2.resize(other, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    flat = np.full((SIDE, SIDE, 3), 90, np.uint8)
    flat[:30, :30] = other[:30, :30]
    framed = one.copy()
    framed[:20] = framed[-20:] = 0
    again = pictures["astronaut0"]
    return {
        "blurred.png": ("blur", cv2.GaussianBlur(one, (0, 0), 3)),
        "enlarged.png": ("enlarged", cv2.resize(small, (SIDE, SIDE), interpolation=2)),
        "poor.jpg": ("jpeg", jpeg(one, 40)),
        "noisy.png": ("noise", noisy),
        "flat.png": ("flat", flat),
        "framed.png": ("border", framed),
        "tiny.png": ("side", one[:60, :60]),
        "cut.jpg": ("readable", jpeg(one, 95)[:4000]),
        "page.png": ("readable", b"<html><title>404 Not Found</title></html>"),
        "z-same.png": ("exact", again),
        "z-mirrored.png": ("near", np.ascontiguousarray(again[:, ::-1])),
        "z-again.jpg": ("near", jpeg(again, 92)),
        "z-part.png": ("tiles", again[20:180, 30:190]),
    }  # fmt: skip


def test_each_fault_is_told_and_everything_else_is_kept(tmp_path, pictures):
    # The two that faults are made of are not in the heap: copies would be left out as such.
    clean = {name: pictures[name] for name in ("astronaut0", "coffee0", "chelsea0")}
    heap = write_heap(tmp_path / "heap", clean)
    faults = planted(pictures)
    for name, (_, content) in faults.items():
        if isinstance(content, bytes):
            (heap / name).write_bytes(content)
        else:
            Image.fromarray(content).save(heap / name)
    outcome = built(tmp_path / "set", str(heap))
    found = rejected(tmp_path / "set")
    missed = {
        name: found.get(f"heap/{name}")
        for name, (rule, _) in faults.items()
        if rule not in found.get(f"heap/{name}", ())
    }
    assert not missed
    assert set(kept(tmp_path / "set")) == {f"heap/{name}.png" for name in clean}
    assert (outcome.found, outcome.kept) == (len(clean) + len(faults), len(clean))
    assert outcome.unread == 2


def test_pictures_stay_the_bytes_they_were(tmp_path, pictures):
    heap = tmp_path / "heap"
    heap.mkdir()
    rng = np.random.default_rng(1)
    deep = (pictures["coffee0"].astype(np.uint16) << 8) + rng.integers(
        0, 256, (SIDE, SIDE, 3), np.uint16
    )
    clear = np.dstack([pictures["chelsea0"], np.full((SIDE, SIDE), 255, np.uint8)])
    clear[:20, :20, 3] = 7
    write_picture(Picture(deep), heap / "deep.png")
    write_picture(Picture(clear), heap / "clear.png")
    (heap / "photo.jpg").write_bytes(jpeg(pictures["astronaut0"], 95))
    built(tmp_path / "set", str(heap))
    rows = kept(tmp_path / "set")
    assert {name: (row["mode"], row["bits"]) for name, row in rows.items()} == {
        "heap/deep.png": ("RGB", 16),
        "heap/clear.png": ("RGBA", 8),
        "heap/photo.jpg": ("RGB", 8),
    }
    for source, row in rows.items():
        data = (tmp_path / "set" / row["file"]).read_bytes()
        assert data == (tmp_path / source).read_bytes()
        assert row["sha256"] == hashlib.sha256(data).hexdigest()
        assert (row["width"], row["height"]) == (SIDE, SIDE)
        assert len(bytes.fromhex(row["phash"])) == 32


def test_names_never_collide(tmp_path, pictures):
    for number, pixels in enumerate(pictures.values()):
        write_heap(tmp_path / "heap" / str(number), {"same": pixels})
    outcome = built(tmp_path / "set", str(tmp_path / "heap"))
    assert outcome.files == len(pictures) == len(list((tmp_path / "set/train").glob("*.png")))


def test_licences_are_recorded_and_only_those_allowed_are_taken(tmp_path, pictures):
    one = write_heap(tmp_path / "one", {"a": pictures["coffee0"]})
    two = write_heap(tmp_path / "two", {"b": pictures["chelsea0"]})
    three = write_heap(tmp_path / "three", {"c": pictures["astronaut0"]})
    built(
        tmp_path / "set",
        {"path": str(one), "licence": "cc0", "author": "Ann"},
        {"path": str(two), "licence": "CC-BY-NC-4.0"},
        str(three),
        licences=["CC0-1.0"],
    )
    (row,) = kept(tmp_path / "set").values()
    assert (row["licence"], row["author"]) == ("CC0-1.0", "Ann")
    assert rejected(tmp_path / "set") == {"two/b.png": {"licence"}, "three/c.png": {"licence"}}


def test_a_picture_that_is_held_out_stays_and_its_copy_goes(tmp_path, pictures):
    train = write_heap(tmp_path / "train", {"a": pictures["coffee0"], "b": pictures["chelsea0"]})
    part = pictures["coffee0"][10:190, 10:190]
    test = write_heap(tmp_path / "test", {"c": part})
    built(tmp_path / "set", str(train), {"path": str(test), "split": "validation"})
    rows = kept(tmp_path / "set")
    assert {source: row["split"] for source, row in rows.items()} == {
        "test/c.png": "validation",
        "train/b.png": "train",
    }
    assert rejected(tmp_path / "set") == {"train/a.png": {"tiles"}}


def test_splits_depend_on_the_picture_alone(tmp_path, pictures):
    heap = write_heap(tmp_path / "heap", pictures)
    built(tmp_path / "one", str(heap), validation=0.4)
    (heap / "coffee0.png").unlink()
    built(tmp_path / "two", str(heap), validation=0.4)
    before, after = kept(tmp_path / "one"), kept(tmp_path / "two")
    assert {row["split"] for row in before.values()} == {"train", "validation"}
    assert {name: row["split"] for name, row in after.items()} == {
        name: row["split"] for name, row in before.items() if name in after
    }


def test_the_same_build_again_has_nothing_to_do_and_another_is_refused(tmp_path, pictures):
    heap = write_heap(tmp_path / "heap", {"a": pictures["coffee0"], "b": pictures["coffee0"]})
    first = built(tmp_path / "set", str(heap))
    before = contents(tmp_path / "set")
    again = built(tmp_path / "set", str(heap))
    assert again.resumed and contents(tmp_path / "set") == before
    assert dataclasses.replace(again, resumed=False) == first
    with pytest.raises(ConfigError, match="E505"):
        built(tmp_path / "set", str(heap), changes=("select.noise=3",))


def test_a_folder_with_other_things_is_refused(tmp_path, pictures):
    heap = write_heap(tmp_path / "heap", {"a": pictures["coffee0"]})
    with pytest.raises(ConfigError, match="E505"):
        built(heap, str(heap))


def test_the_manifest_has_the_columns_that_were_promised(tmp_path):
    promised = "file source licence author split sha256 phash width height mode bits".split()
    assert set(promised) | {rule.name for rule in RULES} <= set(COLUMNS.names)
    assert {rule.name for rule in RULES} <= {field.name for field in dataclasses.fields(Select)}


def test_wrong_keys_are_all_named_at_once():
    with pytest.raises(ConfigError) as refusal:
        build_from({"sources": ["a"], "select": {"nose": 4, "blur": -1}, "licence": "MIT"})
    sentence = str(refusal.value)
    assert "select.noise" in sentence and "blur" in sentence and "licences" in sentence


def test_false_switches_a_rule_off(tmp_path, pictures):
    heap = write_heap(tmp_path / "heap", {"soft": cv2.GaussianBlur(pictures["coffee0"], (0, 0), 3)})
    built(tmp_path / "set", str(heap), changes=("select.blur=false", "select.enlarged=false"))
    (row,) = kept(tmp_path / "set").values()
    assert row["blur"] > 2


def test_the_program_says_what_it_did(tmp_path, pictures):
    heap = write_heap(tmp_path / "heap", {"a": pictures["coffee0"]})
    (heap / "cut.png").write_bytes((heap / "a.png").read_bytes()[:500])
    words = ["build", str(heap), "-o", str(tmp_path / "set"), "--workers", "2", "--json"]
    words += ["--set", "select.side=100", "--licence", "CC0-1.0"]
    ended = subprocess.run(
        [sys.executable, "-m", "data_tools", *words], capture_output=True, text=True
    )
    assert ended.returncode == 3, ended.stderr
    document = json.loads(ended.stdout)
    assert (document["found"], document["kept"], document["rejected"]) == (2, 1, {"readable": 1})
    assert "Traceback" not in ended.stderr
    assert sorted(path.name for path in (tmp_path / "set").iterdir()) == [
        "build.json", "manifest.parquet", "rejected.parquet", "train",
    ]  # fmt: skip
    assert not (tmp_path / "set" / UNFINISHED).exists()
    assert read_picture(tmp_path / "set" / kept(tmp_path / "set")["heap/a.png"]["file"])


def test_a_source_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="E404"):
        built(tmp_path / "set", str(tmp_path / "nowhere"))
