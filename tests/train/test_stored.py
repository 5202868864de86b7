"""Stored pairs: what is stored replays, patches lie where they should, and a kill costs nothing."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from realesr.degradations import Trace, UnsharpMask, presets
from realesr.errors import ConfigError, PictureError
from realesr.images import to_tensor
from realesr.train.data import DegradedPairs
from realesr.train.feeding import Order, feed
from realesr.train.sources import PictureFiles, open_source
from realesr.train.stored import StoredPairs
from realesr.train.storing import store_pairs

FILES = ("about.json", "draws.jsonl", "hr.bin", "lr.bin")


def plan(**changes) -> DegradedPairs:
    settings = {"seed": 3, "crop": 96, "patch": 64, "turn": True, "sharpen": None} | changes
    source = settings.pop("pictures", "samples:chelsea,coins,moon")
    recipe = settings.pop("recipe", presets.gentle(4))
    return DegradedPairs(open_source(source), recipe, **settings)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("stored") / "pairs"
    store_pairs(plan(), folder, 2)
    return folder


@pytest.fixture
def stored(folder) -> StoredPairs:
    return StoredPairs(folder, seed=3, patch=64, turn=True)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """Pairs of whole pictures: their patches lie at multiples of the scale."""
    folder = tmp_path_factory.mktemp("whole")
    store_pairs(plan(recipe=presets.bicubic_only(4), crop=512, sharpen=UnsharpMask()), folder, 1)
    return folder


def distance(picture: torch.Tensor, patch: torch.Tensor) -> float:
    """The largest difference where a patch fits best; of its pixels every thirteenth counts."""
    places = picture.unfold(1, 64, 4).unfold(2, 64, 4)[..., ::13, ::13]
    return float((places - patch[:, None, None, ::13, ::13]).abs().amax((0, 3, 4)).min())


def turned_back(patch: torch.Tensor, turns: int, flip: bool) -> torch.Tensor:
    return torch.rot90(patch.flip(2) if flip else patch, -turns, (1, 2))


WAYS = [(turns, flip) for turns in range(4) for flip in (False, True)]


def test_every_draw_replays_to_the_bytes_that_are_stored(folder, stored):
    lines = [json.loads(line) for line in (folder / "draws.jsonl").read_text().splitlines()]
    pictures, levels = open_source("samples:chelsea,coins,moon"), (folder / "lr.bin").read_bytes()
    place = 0
    for number, line in enumerate(lines):
        index, draw = divmod(number, 2)
        assert (line["picture"], line["draw"]) == (pictures.name(index), draw)
        top, left, height, width = line["box"]
        crop = to_tensor(pictures.read(index)[top : top + height, left : left + width])
        trace = Trace.from_json(json.dumps(line["trace"]))
        lr = (trace.apply(crop)[0] * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous()
        assert levels[place : place + lr.numel()] == lr.numpy().tobytes()
        assert stored.trace(index, draw) == trace
        place += lr.numel()
    assert place == len(levels) and len({line["trace"]["seed"] for line in lines}) == 6


def test_a_patch_lies_at_the_same_place_in_both(tmp_path):
    """With a recipe that only shrinks, the low patch is the shrunken high one but for its border,
    mirrored, turned or not."""
    pairs = store_pairs(plan(recipe=presets.bicubic_only(4)), tmp_path, 1)
    for epoch in range(12):
        for index in range(3):
            hr, lr, _ = pairs[epoch, index]
            small = torch.nn.functional.interpolate(
                hr[None], scale_factor=1 / 4, mode="bicubic", antialias=True
            )[0]
            assert float((small - lr)[:, 2:-2, 2:-2].abs().max()) < 1.1 / 255


def test_patches_are_pieces_of_the_picture_in_all_eight_ways(whole):
    """The sharpened patch is the same piece of the sharpened picture, rounded to 8 bit."""
    stored = StoredPairs(whole, seed=3, patch=64, turn=True)
    picture = to_tensor(open_source("samples:chelsea").read(0)[:300, :448])
    sharp = UnsharpMask().apply(picture, (300, 448))[0]
    seen = set()
    for epoch in range(24):
        pair = stored[epoch, 0]
        found = [way for way in WAYS if distance(picture[0], turned_back(pair.hr, *way)) == 0]
        assert len(found) == 1
        assert distance(sharp, turned_back(pair.sharp, *found[0])) <= 0.5001 / 255
        seen.add(found[0])
    assert seen == set(WAYS)


def test_without_turns_patches_are_only_mirrored(whole):
    picture = to_tensor(open_source("samples:chelsea").read(0))[0]
    stored = StoredPairs(whole, seed=3, patch=64)
    ways = [
        [flip for flip in (False, True) if distance(picture, turned_back(hr, 0, flip)) == 0]
        for hr in (stored[epoch, 0].hr for epoch in range(12))
    ]
    assert all(len(way) == 1 for way in ways) and {way[0] for way in ways} == {False, True}


def test_patches_and_draws_follow_from_seed_epoch_and_index(folder, stored):
    again = StoredPairs(folder, seed=3, patch=64, turn=True)
    other = StoredPairs(folder, seed=4, patch=64, turn=True)
    for key in ((0, 0), (1, 0), (5, 2)):
        assert torch.equal(stored[key].lr, again[key].lr)
    assert any(not torch.equal(stored[n, 0].hr, other[n, 0].hr) for n in range(3))
    assert not torch.equal(stored[0, 1].hr, stored[2, 1].hr)
    # The draws take turns.
    assert stored[0, 1].trace == stored[2, 1].trace != stored[1, 1].trace == stored[3, 1].trace


def test_a_stream_of_stored_pairs_is_the_same_with_workers(stored):
    streams = [
        feed(stored, Order(stored, 0), batch_size=2, first_step=1, workers=workers)
        for workers in (0, 2)
    ]
    for _ in range(4):
        one, other = (next(stream) for stream in streams)
        assert one.ids == other.ids and one.traces == other.traces
        assert torch.equal(one.hr, other.hr) and torch.equal(one.lr, other.lr)
        assert one.sharp is one.hr
    for stream in streams:
        stream.close()


def test_pairs_travel_to_another_process_without_their_files(stored):
    stored[0, 0]
    thawed = pickle.loads(pickle.dumps(stored))
    assert torch.equal(thawed[3, 1].lr, stored[3, 1].lr)
    assert len(pickle.dumps(stored)) < 5000


def test_sharpened_pictures_are_stored_where_they_are_wanted(tmp_path):
    mask = UnsharpMask()
    pictures = "samples:coins"
    sharp = store_pairs(plan(pictures=pictures, sharpen=mask), tmp_path / "a", 1)
    aside = plan(pictures=pictures, sharpen=mask, sharpen_input=False)
    plain = store_pairs(aside, tmp_path / "b", 1)
    never = store_pairs(plan(pictures=pictures), tmp_path / "c", 1)
    one, other, bare = sharp[0, 0], plain[0, 0], never[0, 0]
    assert torch.equal(one.hr, other.hr) and torch.equal(one.sharp, other.sharp)
    assert not torch.equal(one.lr, other.lr) and torch.equal(other.lr, bare.lr)
    assert bare.sharp is bare.hr


def test_small_and_odd_pictures_have_patches_too(tmp_path):
    from PIL import Image

    for name, size in (("tiny", (10, 30)), ("odd", (131, 97)), ("narrow", (500, 9))):
        pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    deep = np.full((70, 70), 65535, np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    pairs = store_pairs(plan(pictures=str(tmp_path)), tmp_path / "pairs", 2)
    for epoch in range(3):
        for index in range(4):
            hr, lr, _ = pairs[epoch, index]
            assert hr.shape == (3, 64, 64) and lr.shape == (3, 16, 16)
    assert float(pairs[0, 0].hr.min()) == 1.0


def test_the_number_of_processes_changes_no_byte(folder, tmp_path):
    store_pairs(plan(), tmp_path / "pairs", 2, workers=2)
    assert contents(tmp_path / "pairs") == contents(folder)


def test_progress_counts_pictures(tmp_path):
    told: list[tuple[int, int]] = []
    store_pairs(plan(), tmp_path, 1, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    store_pairs(plan(), tmp_path, 1, progress=lambda done, total: told.append((done, total)))
    assert len(told) == 3, "nothing was left to do"


@pytest.mark.parametrize(
    ("changes", "draws", "words"),
    [
        ({"seed": 4}, 2, "seed was 3 and is 4"),
        ({"recipe": presets.bicubic_only(4)}, 2, "another recipe"),
        ({"pictures": "samples:chelsea,coins"}, 2, "another data, pictures was 3 and is 2"),
        ({"crop": 128, "patch": 32}, 3, "draws was 2 and is 3, .*crop was 96 and is 128"),
        ({"sharpen": UnsharpMask()}, 2, "another sharpen"),
    ],
)
def test_other_settings_are_refused_with_the_difference(folder, changes, draws, words):
    before = contents(folder)
    with pytest.raises(ConfigError, match=f"E404.*{words}.*Delete that folder"):
        store_pairs(plan(**changes), folder, draws)
    assert contents(folder) == before


@pytest.mark.parametrize("name", FILES)
def test_a_cut_file_is_noticed(folder, tmp_path, name):
    copy = shutil.copytree(folder, tmp_path / "pairs")
    (copy / name).write_bytes((copy / name).read_bytes()[:-1])
    with pytest.raises(ConfigError, match="E404"):
        StoredPairs(copy, patch=64)
    (copy / name).unlink()
    with pytest.raises(ConfigError, match="E404"):
        StoredPairs(copy, patch=64)


@pytest.mark.parametrize("patch", [0, 66, 68, 128])
def test_a_patch_that_does_not_fit_is_refused(folder, patch):
    with pytest.raises(ConfigError, match=f"patch {patch} must be"):
        StoredPairs(folder, patch=patch)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_picture_that_cannot_be_read_ends_it_and_the_rest_stays(tmp_path, workers):
    good = open_source("samples:coins,chelsea")
    broken = tmp_path / "broken.png"
    shutil.copy(good.paths[1], broken)
    broken.write_bytes(broken.read_bytes()[:5000])
    pairs = plan()
    pairs = DegradedPairs(
        PictureFiles([good.paths[0], broken]), pairs.recipe, crop=96, patch=64, sharpen=None
    )
    with pytest.raises(PictureError, match=r"E103 broken\.png"):
        store_pairs(pairs, tmp_path / "pairs", 2, workers=workers)
    assert len((tmp_path / "pairs" / "draws.jsonl").read_bytes().splitlines()) == 2
    assert not multiprocessing.active_children()


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PictureError, match="E114"):
        store_pairs(plan(), tmp_path / "file" / "pairs", 1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_said_and_what_is_stored_stays(tmp_path):
    whole = tmp_path / "whole"
    store_pairs(plan(), whole, 2)
    short = shutil.copytree(whole, tmp_path / "short")
    lines = (whole / "draws.jsonl").read_bytes().splitlines(keepends=True)
    (short / "draws.jsonl").write_bytes(b"".join(lines[:2]))
    # The first picture stays where it is, and everything after it meets a full disk.
    script = FULL.format(folder=str(short))
    child = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert child.stdout.startswith("E302"), child.stdout + child.stderr
    store_pairs(plan(), short, 2)
    assert contents(short) == contents(whole)


FULL = """
import resource, signal
from pathlib import Path
from realesr.degradations import presets
from realesr.errors import ResourceError
from realesr.train.data import DegradedPairs
from realesr.train.sources import open_source
from realesr.train.storing import store_pairs

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))
source = open_source("samples:chelsea,coins,moon")
pairs = DegradedPairs(
    source, presets.gentle(4), seed=3, crop=96, patch=64, turn=True, sharpen=None
)
try:
    store_pairs(pairs, Path("{folder}"), 2)
except ResourceError as error:
    print(error)
"""

BUILD = """
import sys
from realesr.degradations import presets
from realesr.train.data import DegradedPairs
from realesr.train.sources import open_source
from realesr.train.storing import store_pairs

pairs = DegradedPairs(
    open_source("samples:chelsea,coins,moon"), presets.gentle(4), seed=3, crop=96, patch=64,
    turn=True, sharpen=None,
)
print("ready", flush=True)
store_pairs(pairs, sys.argv[1], 2, workers=int(sys.argv[2]))
"""


@pytest.mark.parametrize("kept", [0, 1, 37, 500, 5000])
def test_a_build_goes_on_after_any_cut(folder, tmp_path, kept):
    """Whatever a kill left behind the last complete picture is cut off, and the bytes are equal."""
    copy = shutil.copytree(folder, tmp_path / "pairs")
    lines = (copy / "draws.jsonl").read_bytes().splitlines(keepends=True)
    (copy / "draws.jsonl").write_bytes(b"".join(lines[:2]) + b"".join(lines[2:])[:kept])
    store_pairs(plan(), copy, 2)
    assert contents(copy) == contents(folder)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 2])
def test_a_build_that_is_killed_again_and_again_ends_with_the_same_bytes(folder, tmp_path, workers):
    for delay in np.linspace(0, 0.5, 12):
        child = subprocess.Popen(
            [sys.executable, "-c", BUILD, str(tmp_path), str(workers)],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert child.stdout.readline() == "ready\n"
        time.sleep(float(delay))
        os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
    store_pairs(plan(), tmp_path, 2)
    assert {name: contents(tmp_path)[name] for name in FILES} == contents(folder)
