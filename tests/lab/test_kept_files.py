"""What the page says about a photo's stay is what happens on the disk."""

from __future__ import annotations

import signal
import stat
import time
from pathlib import Path

import pytest

from lab.text import say
from lab.visitors import Visitors

from .test_browser import Visit


def left(folder: Path) -> list[str]:
    """Every file that holds something of a visitor: theirs are called ``my …`` here."""
    return [path.name for path in folder.rglob("my *") if path.is_file()]


def wait_until_nothing_is_left(folder: Path) -> None:
    for _ in range(150):
        if not left(folder):
            return
        time.sleep(0.1)
    raise AssertionError(f"still there: {left(folder)}")


@pytest.fixture
def own_lab(start_lab):
    address = start_lab(["-m", "lab.app"])
    program, folder = start_lab.programs[address]
    return address, program, folder


@pytest.mark.browser
def test_a_photo_goes_when_the_page_says_it_does(browser, own_lab, photos):
    address, program, folder = own_lab
    [own] = folder.glob("realesr-lab-*")
    assert stat.S_IMODE(own.stat().st_mode) == 0o700
    one = Visit(browser, address)
    kept = say("upscale.kept_own", time="24 h")
    assert kept in one.page.locator(".arrival").inner_text()
    one.upload(photos["rgb"])
    one.page.wait_for_selector("#viewer .captions >> text=64 × 48")
    one.run()
    assert {"my rgb photo.png", "my rgb photo_x4.png"} <= set(left(folder))

    one.page.click("#photo button[aria-label=Clear]")
    one.page.wait_for_selector("#viewer .captions >> text=Sample")
    wait_until_nothing_is_left(folder)

    one.upload(photos["rgb"])
    one.page.wait_for_selector("#viewer .captions >> text=64 × 48")
    two = Visit(browser, address)
    two.upload(photos["rgb"])
    two.page.wait_for_selector("#viewer .captions >> text=64 × 48")
    one.close()
    two.run()  # the same bytes, shared with the one who left
    two.close()
    wait_until_nothing_is_left(folder)

    three = Visit(browser, address)
    three.upload(photos["large"])
    three.page.wait_for_selector("#viewer .captions >> text=768 × 768")
    three.page.click("#scale label:has-text('8×')")
    three.page.wait_for_selector("#plan >> text=6,144 × 6,144")
    three.page.click("#run")
    three.page.wait_for_selector("#status >> text=/[1-9]\\d* of \\d+ tiles/", timeout=60_000)
    three.close()
    wait_until_nothing_is_left(folder)

    four = Visit(browser, address)
    four.upload(photos["rgb"])
    four.page.wait_for_selector("#viewer .captions >> text=64 × 48")
    program.send_signal(signal.SIGTERM)
    assert program.wait(30) == 0
    assert not own.exists()
    four.context.close()


def test_a_shared_upload_stays_until_the_last_one_lets_go(tmp_path):
    photo = tmp_path / "photo.png"
    photo.write_bytes(b"photo")
    visitors = Visitors(tmp_path)
    one, two = visitors.desk("one"), visitors.desk("two")
    visitors.lay(one, str(photo))
    visitors.lay(two, str(photo))
    visitors.lay(one, None)
    assert photo.exists()
    visitors.leave("two")
    assert not photo.exists()


def test_what_comes_too_late_is_not_kept(tmp_path):
    visitors = Visitors(tmp_path)
    desk = visitors.desk("one")
    turn = visitors.lay(desk, "a.png")
    made = tmp_path / "made.png"
    made.write_bytes(b"made")
    [kept] = visitors.keep(desk, turn, [made])
    assert kept.read_bytes() == b"made" and not made.exists()
    visitors.leave("one")
    assert not kept.exists()
    made.write_bytes(b"made")
    assert visitors.keep(desk, turn, [made]) is None


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_picture_handed_over_is_taken_once(tmp_path):
    photo, cache = tmp_path / "my photo.png", tmp_path / "cache"
    photo.write_bytes(b"photo")
    cache.mkdir()
    visitors = Visitors(cache)
    token = visitors.hand_over(photo)
    assert token not in str(list(cache.rglob("*"))), "who sees the file's address can take nothing"
    taker = visitors.desk("taker")
    taken = visitors.take(token, taker)
    assert taken is not None and taken.read_bytes() == b"photo" and taken.name == photo.name
    assert visitors.take(token, visitors.desk("thief")) is None
    assert visitors.take("guess", taker) is None and taker.photo == str(taken)
    visitors.leave("taker")
    assert not list(cache.iterdir()) and photo.exists()


def test_what_nobody_takes_goes_after_ten_minutes(tmp_path):
    photo, cache, clock = tmp_path / "my photo.png", tmp_path / "cache", Clock()
    photo.write_bytes(b"photo")
    cache.mkdir()
    visitors = Visitors(cache, clock)
    first = visitors.hand_over(photo)
    clock.now = 599
    second = visitors.hand_over(photo)
    clock.now = 600
    assert visitors.take(first, visitors.desk("late")) is None
    assert len(left(cache)) == 1
    assert visitors.take(second, visitors.desk("one")) is not None


def test_only_so_many_wait_and_the_oldest_makes_room(tmp_path):
    photo, cache = tmp_path / "my photo.png", tmp_path / "cache"
    photo.write_bytes(b"photo")
    cache.mkdir()
    visitors = Visitors(cache)
    tokens = [visitors.hand_over(photo) for _ in range(101)]
    assert len(set(tokens)) == 101 and len(left(cache)) == 100
    assert visitors.take(tokens[0], visitors.desk("one")) is None
