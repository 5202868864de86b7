"""The lab as a person meets it: Chromium drives the real program, and every pixel is compared."""

from __future__ import annotations

import math
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from realesr.images import read_picture
from tests.lab.looking import STRIP, Look

pytestmark = pytest.mark.browser


class Visit(Look):
    """One person's visit to Upscale."""

    def upload(self, path: Path) -> None:
        self.page.set_input_files("#photo input[type=file]", path)

    def run(self) -> None:
        self.page.click("#run")
        self.page.wait_for_selector("#status .done", timeout=60_000)
        self.page.wait_for_function("document.querySelectorAll('#viewer .numbers').length === 2")

    def download(self, folder: Path) -> Path:
        with self.page.expect_download() as waiting:
            self.page.click("#download")
        path = folder / waiting.value.suggested_filename
        waiting.value.save_as(path)
        return path


@pytest.fixture
def visit(browser, lab):
    visits = []

    def start(**device) -> Visit:
        visits.append(Visit(browser, lab, **device))
        return visits[-1]

    yield start
    for one in visits:
        one.close()


def by_command(photo: Path, folder: Path, scale: int = 4) -> np.ndarray:
    """The pixels `realesr upscale` makes of a photo."""
    target = folder / "by_command.png"
    program = "from realesr.cli import main; main()"
    arguments = ["upscale", str(photo), "-o", str(target), "--scale", str(scale)]
    subprocess.run([sys.executable, "-c", program, *arguments], check=True, capture_output=True)
    return read_picture(target).pixels


def drawn_at(canvas: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """The part of the canvas where a picture of that size stands in the middle."""
    height, width = picture.shape[:2]
    x = math.floor(canvas.shape[1] / 2 - width / 2 + 0.5)
    y = math.floor(STRIP + (canvas.shape[0] - STRIP) / 2 - height / 2 + 0.5)
    return canvas[y : y + height, x : x + width]


def test_from_a_photo_to_a_larger_one_and_home(visit, photos, tmp_path):
    one = visit()
    one.upload(photos["rgb"])
    one.page.wait_for_selector("#plan >> text=64 × 48 → 256 × 192")
    one.page.wait_for_selector("#viewer .captions >> text=Input · 64 × 48")
    one.run()
    result = one.download(tmp_path)
    assert result.name == f"{photos['rgb'].stem}_x4.png"
    pixels = read_picture(result).pixels
    np.testing.assert_array_equal(pixels, by_command(photos["rgb"], tmp_path))

    handle = one.page.locator("#viewer [role=slider]")
    handle.focus()
    values = []
    for key in ("ArrowRight", "Shift+ArrowRight", "ArrowLeft", "End", "Home"):
        one.press(key)
        values.append(int(handle.get_attribute("aria-valuenow")))
    assert values == [51, 61, 60, 100, 0]
    assert "lab-x4" in handle.get_attribute("aria-valuetext")

    one.press("z")  # one result pixel on one screen pixel, the wipe at its left end
    np.testing.assert_array_equal(drawn_at(one.canvas(), pixels), pixels)
    one.press("End")
    enlarged = read_picture(photos["rgb"]).pixels.repeat(4, axis=0).repeat(4, axis=1)
    np.testing.assert_array_equal(drawn_at(one.canvas(), enlarged), enlarged)
    one.press("Shift+ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowLeft")
    canvas = one.canvas()
    edge = math.floor(canvas.shape[1] * 0.6 + 0.5) - math.floor(canvas.shape[1] / 2 - 128 + 0.5)
    both = np.concatenate([enlarged[:, :edge], pixels[:, edge:]], axis=1)
    np.testing.assert_array_equal(drawn_at(canvas, both), both)


def test_the_bytes_in_the_page_are_the_bytes_of_the_file(visit, photos, tmp_path):
    one = visit()
    one.upload(photos["rgb"])
    one.page.wait_for_selector("#viewer .captions >> text=64 × 48")
    one.run()
    result = one.download(tmp_path)
    addresses = [url for url in one.requests if url.endswith("_x4.png")]
    assert addresses
    answer = one.page.request.get(addresses[-1])
    assert answer.body() == result.read_bytes()


@pytest.mark.parametrize("kind", ["rgb", "rgba", "deep", "gray"])
def test_the_numbers_under_the_pointer_are_the_files_numbers(visit, photos, tmp_path, kind):
    one = visit()
    one.upload(photos[kind])
    one.page.wait_for_selector("#viewer .captions >> text=64 × 48")
    one.run()
    pictures = [read_picture(photos[kind]).pixels, read_picture(one.download(tmp_path)).pixels]
    box = one.page.locator("#viewer [data-part=stage]").bounding_box()
    middle_x, middle_y = box["x"] + box["width"] / 2, box["y"] + (box["height"] + STRIP) / 2
    seen = set()
    for step in range(12):
        one.page.mouse.move(middle_x - 110 + 19 * step, middle_y - 80 + 13 * step)
        one.settle()
        for picture, ((x, y), values) in zip(pictures, one.numbers(), strict=True):
            assert values == np.atleast_1d(picture[y, x]).tolist()
            seen.add((picture.shape, x, y))
    assert len(seen) == 24


def test_sixteen_times_is_exact_too_and_survives_a_new_result(visit, photos, tmp_path):
    one = visit()
    one.upload(photos["rgb"])
    one.page.wait_for_selector("#viewer .captions >> text=64 × 48")
    one.run()
    pixels = read_picture(one.download(tmp_path)).pixels
    one.page.locator("#viewer [role=slider]").focus()
    one.press("Home", "+", "+", "+", "+", "+")
    zoom = one.page.locator("#viewer [data-part=zoom]")
    assert zoom.inner_text() == "16×"
    assert one.page.locator("#download").inner_text() == "Download ×4"
    canvas = one.canvas()
    large = pixels.repeat(16, axis=0).repeat(16, axis=1)
    top = large.shape[0] // 2 - math.ceil((canvas.shape[0] - STRIP) / 2)
    left = large.shape[1] // 2 - math.ceil(canvas.shape[1] / 2)
    shown = large[top:, left:][: canvas.shape[0] - STRIP, : canvas.shape[1]]
    np.testing.assert_array_equal(canvas[STRIP:], shown)
    one.page.click("#scale label:has-text('2×')")
    one.page.wait_for_selector("#plan >> text=128 × 96")
    one.page.wait_for_selector("#status >> text=This result is still")
    one.run()
    one.page.wait_for_selector("#viewer .captions >> text=128 × 96")
    assert zoom.inner_text() == "16×"


def test_side_by_side_shows_both_and_smooth_changes_only_the_drawing(visit, photos):
    one = visit()
    one.upload(photos["rgb"])
    one.page.wait_for_selector("#viewer .captions >> text=64 × 48")
    one.run()
    before = one.canvas()
    one.page.click("#viewer [data-mode=side]")
    one.settle()
    side = one.canvas()
    assert one.page.locator("#viewer .captions span").count() == 2
    assert one.page.locator("#viewer [role=slider]").is_hidden()
    one.page.click("#viewer [data-smooth=yes]")
    one.settle()
    smooth = one.canvas()
    half = side.shape[1] // 2
    assert (smooth[:, :half] != side[:, :half]).any()
    one.page.click("#viewer [data-smooth=no]")
    one.page.click("#viewer [data-mode=wipe]")
    one.page.mouse.move(5, 5)
    one.settle()
    np.testing.assert_array_equal(one.canvas(), before)


def test_wheel_and_drag_look_closer(visit):
    one = visit()
    one.run()
    stage = one.page.locator("#viewer [data-part=stage]")
    box = stage.bounding_box()
    x, y = box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.5
    one.page.mouse.move(x, y)
    one.settle()
    point = one.numbers()[1][0]
    one.page.mouse.wheel(0, -700)
    one.settle()
    assert np.abs(np.subtract(one.numbers()[1][0], point)).max() <= 2
    one.page.mouse.down()
    one.page.mouse.move(x - 90, y - 40, steps=4)
    one.page.mouse.up()
    one.settle()
    assert np.abs(np.subtract(one.numbers()[1][0], point)).max() <= 3
    one.page.mouse.move(x, y)
    one.settle()
    assert one.numbers()[1][0][0] > point[0] + 5
    one.page.click("#viewer [data-act=fit]")
    one.settle()
    assert stage.get_attribute("data-drag") == "wipe"


def test_the_sample_needs_one_click(visit, tmp_path):
    one = visit()
    assert one.page.locator("#viewer .captions").inner_text() == "Sample · 256 × 256"
    one.page.wait_for_selector("#plan >> text=about")
    started = time.perf_counter()
    one.run()
    sys.stdout.write(f"first click to result: {time.perf_counter() - started:.2f} s\n")
    assert read_picture(one.download(tmp_path)).pixels.shape == (1024, 1024, 3)


def test_by_keyboard_alone(visit, tmp_path):
    one = visit()

    def tab_to(selector: str, key: str = "Tab") -> None:
        for _ in range(40):
            one.page.keyboard.press(key)
            if one.page.evaluate(f"document.activeElement?.matches({selector!r})"):
                return
        raise AssertionError(f"{selector} is not reached with {key}")

    tab_to("#run")
    one.page.keyboard.press("Enter")
    one.page.wait_for_selector("#status .done", timeout=60_000)
    one.page.wait_for_function("document.activeElement.matches('#run')")
    tab_to("#viewer [role=slider]", "Shift+Tab")
    one.press("Home", "Shift+ArrowRight")
    slider = one.page.locator("#viewer [role=slider]")
    assert slider.get_attribute("aria-valuenow") == "10"
    one.press("z", "+")
    assert one.page.locator("#viewer [data-part=zoom]").inner_text() == "2×"
    assert one.page.locator("#viewer [data-part=live]").inner_text() == "Zoom 2×"
    tab_to("#viewer [data-part=stage]", "Shift+Tab")
    before = one.numbers()[1][0]
    one.press("ArrowRight", "ArrowDown")
    after = one.numbers()[1][0]
    assert after[0] > before[0] and after[1] > before[1]
    tab_to("#download, #download *")
    with one.page.expect_download() as waiting:
        one.page.keyboard.press("Enter")
    assert waiting.value.suggested_filename == "sample_x4.png"


def test_cancel_stops_between_two_tiles_and_the_next_job_runs(visit, photos):
    one = visit()
    one.upload(photos["large"])
    one.page.wait_for_selector("#viewer .captions >> text=768 × 768")
    one.page.click("#scale label:has-text('8×')")
    one.page.wait_for_selector("#plan >> text=6,144 × 6,144")
    one.page.click("#run")
    one.page.wait_for_selector("#status >> text=/[1-9]\\d* of \\d+ tiles/", timeout=60_000)
    one.page.click("#cancel")
    one.page.wait_for_selector("#status >> text=Cancelled")
    assert one.page.locator("#run").is_enabled()
    one.page.locator("#cancel").wait_for(state="hidden")
    one.page.click("#photo button[aria-label=Clear]")
    one.page.wait_for_selector("#viewer .captions >> text=Sample")
    one.page.click("#scale label:has-text('2×')")
    one.run()
    one.page.wait_for_selector("#viewer .captions >> text=512 × 512")


def test_a_bad_photo_is_one_sentence_and_the_way_back_is_open(visit, tmp_path):
    one = visit()
    bad = tmp_path / "<img src=x onerror=alert(1)>.jpg"
    bad.write_text("<html><title>404 Not Found</title></html>")
    one.upload(bad)
    one.page.wait_for_selector("#status [role=alert]")
    told = one.page.locator("#status [role=alert]").inner_text()
    assert re.match(r"E102 .* Download it again\.$", told) and "\n" not in told
    assert one.page.locator("#status img").count() == 0
    assert "Drop another photo" in one.page.locator("#viewer [data-part=message]").inner_text()
    assert "Showing" not in one.page.locator("#viewer [data-part=live]").inner_text()
    assert one.page.locator("#run").is_disabled()
    one.page.click("#photo button[aria-label=Clear]")
    one.page.wait_for_selector("#viewer .captions >> text=Sample")
    one.run()


def test_a_phone_shows_it_all_and_fingers_move_it(visit):
    one = visit(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True,
        device_scale_factor=2,
    )  # fmt: skip
    assert one.page.locator("#run").is_visible()
    tops = [
        one.page.locator(each).bounding_box()["y"] for each in ("#photo", "#viewer", "#checkup")
    ]
    assert tops == sorted(tops), "the photo is asked for before anything is shown of it"
    one.page.tap("#run")
    one.page.wait_for_selector("#status .done", timeout=60_000)
    one.page.wait_for_function("document.querySelectorAll('#viewer .numbers').length === 2")
    assert one.page.evaluate("document.documentElement.scrollWidth") == 360
    assert one.page.locator("#download").bounding_box()["y"] > 600  # in the bar below
    assert one.page.locator("#cancel").is_hidden()
    # The head of every page comes first; fingers touch what stands in the middle of the screen.
    one.page.eval_on_selector(
        "#viewer [data-part=stage]", "stage => stage.scrollIntoView({ block: 'center' })"
    )
    one.settle()
    box = one.page.locator("#viewer [data-part=stage]").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    devtools = one.context.new_cdp_session(one.page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": px, "y": py, "id": i} for i, (px, py) in enumerate(points)]
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    touch("touchStart", (x, y))
    for step in range(1, 6):
        touch("touchMove", (x + 16 * step, y))
    touch("touchEnd")
    one.settle()
    handle = one.page.locator("#viewer [role=slider]")
    assert int(handle.get_attribute("aria-valuenow")) > 65
    zoom = one.page.locator("#viewer [data-part=zoom]")
    before = float(zoom.inner_text().rstrip("×"))
    touch("touchStart", (x - 30, y), (x + 30, y))
    for step in range(1, 6):
        touch("touchMove", (x - 30 - 16 * step, y), (x + 30 + 16 * step, y))
    touch("touchEnd")
    one.settle()
    assert float(zoom.inner_text().rstrip("×")) > 2 * before
    assert one.page.evaluate("visualViewport.scale") == 1


def test_another_photo_ends_the_run_and_takes_its_place(visit, photos):
    one = visit()
    one.upload(photos["large"])
    one.page.wait_for_selector("#viewer .captions >> text=768 × 768")
    one.page.click("#scale label:has-text('8×')")
    one.page.wait_for_selector("#plan >> text=6,144 × 6,144")
    one.page.click("#run")
    one.page.wait_for_selector("#status >> text=/[1-9]\\d* of \\d+ tiles/", timeout=60_000)
    one.page.click("#photo button[aria-label=Clear]")
    one.page.wait_for_selector("#viewer .captions >> text=Sample")
    one.page.wait_for_selector("#status >> text=Ready")
    one.page.click("#scale label:has-text('2×')")
    one.run()
    one.page.wait_for_selector("#viewer .captions >> text=512 × 512")
