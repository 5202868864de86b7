"""The page Compare as a person meets it: by mouse, by keyboard alone, and on a phone."""

from __future__ import annotations

import csv
import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from realesr.images import read_picture
from tests.lab.looking import Look

pytestmark = pytest.mark.browser

PLAIN = "compare?sample=cat&recipe=gentle&models=bicubic%2Cnearest"


@pytest.fixture
def look(browser, lab):
    looks = []

    def start(query: str = "compare", **device) -> Look:
        looks.append(Look(browser, f"{lab}/{query}", **device))
        return looks[-1]

    yield start
    for one in looks:
        one.close()


def finished(one: Look, pictures: int) -> None:
    one.page.wait_for_selector("#figures table", timeout=60_000)
    one.page.wait_for_selector(f"#viewer .chips [data-picture='{pictures - 1}']")
    one.settle()


def test_from_a_click_to_figures_places_and_a_blind_test(look, lab, tmp_path):
    one = look()
    assert one.page.locator("#viewer .captions span").count() == 2  # input and truth
    one.page.click("#run")
    finished(one, 5)
    names = [each[2:] for each in one.page.locator("#viewer .chips button").all_inner_texts()]
    assert [name.strip() for name in names] == [
        "Input", "bicubic", "lab-x4", "lab-x4-fidelity", "Truth",
    ]  # fmt: skip
    cells = one.page.locator("#figures tbody tr").all_inner_texts()
    assert len(cells) == 3 and all(re.search(r"\d dB\s+0\.\d{4}\s+\d", row) for row in cells)
    one.page.locator("#matrix [data-view]").nth(7).click()
    one.page.wait_for_function("location.search.includes('_z4_')")
    assert one.page.locator("#viewer [data-part=zoom]").inner_text() == "4×"

    one.page.click("#blind > button")
    one.page.click("#blind-next")
    one.page.wait_for_selector("#blind-pictures img >> nth=2")
    before = one.page.locator("#blind").inner_html()
    shown = one.page.locator("#blind-pictures").inner_html()
    assert "bicubic" not in shown and "Truth" not in shown and "X was" not in before
    one.page.click("#blind-better label:has-text('A')")
    one.page.click("#blind-a")
    one.page.wait_for_selector("#blind-verdict >> text=/X was (bicubic|Truth)/")
    with one.page.expect_download() as waiting:
        one.page.click("#blind-export")
    waiting.value.save_as(tmp_path / "answers.csv")
    rows = list(csv.DictReader((tmp_path / "answers.csv").read_text("utf-8").splitlines()))
    assert len(rows) == 1 and {rows[0]["a"], rows[0]["b"]} == {"bicubic", "Truth"}
    assert rows[0]["said"] == "A" and rows[0]["better"] == rows[0]["a"]
    assert rows[0]["right"] == str(int(rows[0]["x"] == "A"))


def test_a_link_brings_pictures_figures_and_view_back(look, lab, tmp_path):
    one = look(f"{PLAIN}&view=difference_z2_of448_p1-4_signed")
    finished(one, 4)
    assert one.page.locator("#viewer [data-mode=difference]").get_attribute("aria-pressed")
    assert one.page.locator("#viewer [data-part=zoom]").inner_text() == "2×"
    one.page.click("#repeat > button")
    one.page.wait_for_selector("#recipe-box figure[data-kind=json]")
    query = parse_qs(urlsplit(one.page.url).query)
    assert query["sample"] == ["cat"] and query["models"] == ["bicubic,nearest"]
    assert query["view"] == ["difference_z2_of448_p1-4_signed"]
    with one.page.expect_download() as waiting:
        one.page.click("#source")
    waiting.value.save_as(tmp_path / "cat.png")
    truth = read_picture(tmp_path / "cat.png").pixels
    np.testing.assert_array_equal(one.file_numbers(3), truth)
    nearest, low = one.file_numbers(2), one.file_numbers(0)
    np.testing.assert_array_equal(nearest, low.repeat(4, axis=0).repeat(4, axis=1))


def test_an_own_picture_without_truth_by_keyboard_alone(look, photos):
    one = look("compare?models=bicubic%2Clanczos")
    finished(one, 4)
    one.pictures_arrived()
    one.page.set_input_files("#photo input[type=file]", photos["rgba"])
    one.page.wait_for_selector("#viewer .captions >> text=16 × 12")
    one.page.keyboard.press("Tab")
    one.tab_to("#recipe input", most=90)
    one.page.keyboard.press("ArrowUp")
    for _ in range(20):
        one.settle()
        active = one.page.locator("#recipe [role=option].active")
        if active.count() and "truth" in active.inner_text():
            break
        one.page.keyboard.press("ArrowUp")
    one.page.keyboard.press("Enter")
    one.page.wait_for_selector("#viewer .captions >> text=Input · 64 × 48")
    one.tab_to("#run", most=90)
    one.page.keyboard.press("Enter")
    finished(one, 3)
    one.page.wait_for_selector("#figures thead >> text=Consistency", timeout=60_000)
    assert "NIQE is missing" not in one.page.locator("#figures").inner_text()
    one.tab_to("#matrix [data-view]")
    one.page.keyboard.press("Enter")
    one.page.wait_for_function("location.search.includes('_z4_')")
    np.testing.assert_array_equal(one.file_numbers(0), read_picture(photos["rgba"]).pixels)
    assert one.file_numbers(1).shape == (192, 256, 4)  # the result has its alpha
    one.page.click("#photo button[aria-label=Clear]")
    one.page.wait_for_selector("#viewer .captions >> text=Input · 256 × 256")  # the sample again


def test_on_a_phone_nothing_is_wider_than_the_screen(look):
    one = look(
        PLAIN, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True,
        device_scale_factor=2,
    )  # fmt: skip
    finished(one, 4)
    assert one.page.evaluate("document.documentElement.scrollWidth") == 360
    one.page.locator("#matrix [data-view]").nth(2).tap()
    one.page.wait_for_function("location.search.includes('_z4_')")


@pytest.mark.parametrize(
    ("query", "code"),
    [("models=..%2Fsecret", "E208"), ("recipe=%3Cb%3E", "E001"), ("scale=5", "E001")],
)
def test_a_wrong_link_is_one_sentence_and_the_page_works(look, query, code):
    one = look(f"compare?{query}")
    told = one.page.locator("#status [role=alert]")
    told.wait_for()
    assert told.inner_text().startswith(code)
    assert one.page.locator("#run").is_enabled()
