"""What the page Privacy promises, with the clock moved: the real deletion, on a real disk."""

from __future__ import annotations

import os
import time
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lab.keeping import LOOK_AGAIN, OWN_SECONDS, PUBLIC_SECONDS, Keeper
from lab.repeats import Repeats
from lab.visitors import Visitors


def put(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"a picture")
    return path


def test_after_ten_minutes_nothing_of_a_stranger_is_left(tmp_path):
    own = put(tmp_path, "lab/sample.png")
    later = [0.0]
    keeper = Keeper(tmp_path, PUBLIC_SECONDS, clock=lambda: time.time() + later[0])
    theirs = [put(tmp_path, name) for name in ("ab12/my photo.png", "shown-x/my photo_x4.png")]
    os.utime(theirs[0], (0, 0))  # what a file says of its own age is up to who sent it
    keeper.look()
    assert all(path.exists() for path in theirs)
    later[0] = PUBLIC_SECONDS - 5
    keeper.look()
    assert all(path.exists() for path in theirs)
    later[0] = 600 - LOOK_AGAIN  # the last look that must find it
    keeper.look()
    assert own.exists()
    assert sorted(tmp_path.rglob("*")) == [own.parent, own]


def test_a_folder_in_use_stays_and_an_own_lab_keeps_a_day(tmp_path):
    later = [0.0]
    keeper = Keeper(tmp_path, OWN_SECONDS, clock=lambda: time.time() + later[0])
    photo = put(tmp_path, "ab12/my photo.png")
    (tmp_path / "shown-now").mkdir()
    later[0] = 3600.0 * 23
    keeper.look()
    assert photo.exists()
    (tmp_path / "shown-now").mkdir(exist_ok=True)
    later[0] = 3600.0 * 24 + 1
    keeper.look()
    assert not photo.exists()


def test_a_link_is_deleted_and_not_followed(tmp_path):
    outside = put(tmp_path, "outside/mine.png")
    folder = tmp_path / "kept"
    folder.mkdir()
    keeper = Keeper(folder, 10.0, clock=lambda: time.time() + 20)
    (folder / "link.png").symlink_to(outside)
    keeper.look()
    assert outside.exists() and not (folder / "link.png").is_symlink()


def test_results_in_memory_go_by_the_same_clock(tmp_path):
    now = [1000.0]
    repeats: Repeats[str] = Repeats(PUBLIC_SECONDS, clock=lambda: now[0])
    keeper = Keeper(tmp_path / "none", PUBLIC_SECONDS, [repeats.look], clock=lambda: now[0])
    photo, result = put(tmp_path, "photo.png"), put(tmp_path, "result.png")
    repeats.keep(photo, "scale=4", [result, result], "about")
    assert repeats.size == len(b"a picture")
    now[0] += PUBLIC_SECONDS - 1
    found = repeats.find(photo, "scale=4")
    assert found is not None and found.about == "about"
    (tmp_path / "again").mkdir()
    assert [path.read_bytes() for path in found.lay(tmp_path / "again")] == [b"a picture"] * 2
    now[0] += 1
    assert repeats.find(photo, "scale=4") is None
    repeats.keep(photo, "scale=4", [result], "about")
    now[0] += PUBLIC_SECONDS
    keeper.look()
    assert repeats.size == 0


def test_other_pixels_and_other_settings_are_no_repeat(tmp_path):
    repeats: Repeats[str] = Repeats(60.0)
    photo, other = put(tmp_path, "photo.png"), put(tmp_path, "other.png")
    other.write_bytes(b"another picture")
    repeats.keep(photo, "scale=4", [photo], "")
    assert repeats.find(other, "scale=4") is None and repeats.find(photo, "scale=2") is None
    renamed, again = put(tmp_path, "renamed.png"), put(tmp_path, "again/photo.png")
    assert repeats.find(renamed, "scale=4") is None, "a name of somebody else's would be told"
    assert repeats.find(again, "scale=4") is not None
    photo.unlink()
    assert repeats.find(photo, "scale=4") is None


@given(st.lists(st.integers(1, 400), max_size=20))
def test_memory_is_bounded_and_what_was_used_last_stays(tmp_path_factory, sizes):
    folder = tmp_path_factory.mktemp("repeats")
    repeats: Repeats[int] = Repeats(60.0, most_bytes=1000)
    for number, size in enumerate(sizes):
        photo = folder / f"{number}.png"
        photo.write_bytes(bytes([number]))
        result = folder / f"result {number}.png"
        result.write_bytes(b"x" * size)
        repeats.keep(photo, "", [result], number)
        assert repeats.size <= 1000
        assert (repeats.find(photo, "") is not None) == (size <= 250)


def test_who_takes_their_photo_away_takes_its_results_too(tmp_path):
    repeats: Repeats[str] = Repeats(60.0)
    visitors = Visitors(tmp_path, forget=repeats.forget)
    photo, kept = put(tmp_path, "photo.png"), put(tmp_path, "kept.png")
    kept.write_bytes(b"another picture")
    repeats.keep(photo, "", [photo], "")
    repeats.keep(kept, "", [kept], "")
    desk = visitors.desk("one")
    visitors.lay(desk, str(photo))
    visitors.leave("one")
    assert not photo.exists()
    assert repeats.size == len(b"another picture")


def test_where_nobody_is_heard_leaving_the_oldest_photos_go(tmp_path):
    visitors = Visitors(tmp_path)
    photos = [put(tmp_path, f"{number}/photo.png") for number in range(2)]
    for number, photo in enumerate(photos):
        visitors.lay(visitors.desk(f"{number}"), str(photo))
    for number in range(2, 2001):
        visitors.desk(f"{number}")
    assert not photos[0].exists() and photos[1].exists()
