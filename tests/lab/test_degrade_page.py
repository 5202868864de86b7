"""The page Degrade in a browser: by mouse, by keyboard, on a phone; links open elsewhere alike."""

from __future__ import annotations

import re
from urllib.parse import unquote

import numpy as np
import pytest

from lab.samples import SHARP
from realesr.degradations import presets
from realesr.images import from_tensor, read_picture, to_tensor

from .looking import Look

pytestmark = pytest.mark.browser
READY = "#lesson .plots, #lesson .about"


@pytest.fixture
def look(browser, lab):
    looks = []

    def start(query: str = "", lab: str = lab, **device) -> Look:
        looks.append(Look(browser, f"{lab}/degrade{query}", READY, **device))
        looks[-1].page.set_default_timeout(90_000)  # machines are shared
        return looks[-1]

    yield start
    for one in looks:
        one.close()


def stations(one: Look) -> list[str]:
    return one.page.locator("#strip .name").all_inner_texts()


def in_turn(one: Look, selector: str = "#strip [aria-current]") -> str:
    return one.page.locator(selector).inner_text()


def end_of(one: Look, folder) -> np.ndarray:
    """The pixels a person takes home."""
    one.page.wait_for_function(
        """() => {
          const plain = (url) => decodeURIComponent(url).replace(/[?&]view=[^&]*/, '');
          const link = document.querySelector('#address a');
          return link && plain(link.href) === plain(location.href);
        }"""
    )
    with one.page.expect_download() as waiting:
        one.page.click("#download")
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return read_picture(path).pixels


def drawn(seed: int, sample: str = "astronaut", recipe: str = "real_esrgan") -> np.ndarray:
    lr = presets.preset(recipe, 4).sample(seed).apply(to_tensor(SHARP[sample].pixels()))
    return from_tensor(lr, "uint8")


def wait_for_address(one: Look, part: str) -> None:
    one.page.wait_for_function(
        "part => decodeURIComponent(location.search).includes(part)", arg=part
    )


def test_a_slider_a_station_another_draw_and_home(look, tmp_path):
    one = look("?seed=7")
    names = [type(each).__name__ for each in presets.real_esrgan(4).sample(7).operations]
    assert len(stations(one)) == len(names) + 1
    np.testing.assert_array_equal(end_of(one, tmp_path), drawn(7))

    jpeg = names.index("Jpeg") + 1
    one.page.click(f"#strip button[data-station='{jpeg}']")
    one.page.wait_for_selector("#lesson .jpeg table")
    before = one.page.locator("#strip img").nth(jpeg).get_attribute("src")
    first = one.page.locator("#strip img").nth(jpeg - 1).get_attribute("src")
    one.page.fill("#f-quality", "5")
    one.page.press("#f-quality", "Enter")
    one.page.wait_for_selector(f"#strip li:nth-child({jpeg + 1}) >> text=quality 5")
    assert one.page.locator("#strip img").nth(jpeg).get_attribute("src") != before
    assert one.page.locator("#strip img").nth(jpeg - 1).get_attribute("src") == first
    wait_for_address(one, "jpeg(quality:5")

    one.page.click("#roll")
    one.page.wait_for_function("document.querySelector('#seed input').value === '8'")
    wait_for_address(one, "seed=8")
    assert "chain" not in one.page.url
    np.testing.assert_array_equal(end_of(one, tmp_path), drawn(8))


def test_stations_are_moved_left_out_and_added(look):
    one = look("?recipe=chat_app&seed=3&station=1")
    before = stations(one)
    one.page.click("#station button[data-act=later]")
    one.page.wait_for_function(
        "document.querySelector('#strip [aria-current]').dataset.station === '2'"
    )
    names = [re.sub(r"^\d+\s*", "", name) for name in stations(one)]
    assert names[2] == re.sub(r"^\d+\s*", "", before[1])
    one.page.click("#station button[data-act=out]")
    one.page.wait_for_function(
        "n => document.querySelectorAll('#strip li').length === n", arg=len(before) - 1
    )
    one.page.select_option("#station [data-add]", "motion_blur")
    one.page.wait_for_selector("#strip [aria-current] >> text=Motion blur")
    one.page.wait_for_selector("#lesson .plot >> text=Kernel")


def test_forty_presses_of_an_arrow_end_where_the_slider_stands(look):
    one = look("?station=4")
    one.page.focus("#station input[type=range]")
    for _ in range(40):
        one.page.keyboard.press("ArrowLeft")
        one.page.wait_for_timeout(40)
    quality = one.page.input_value("#f-quality")
    assert float(quality) < 10
    one.page.wait_for_selector(f"#strip [aria-current] .numbers >> text=quality {quality}")
    wait_for_address(one, f"jpeg(quality:{quality}")


def test_what_is_copied_meanwhile_is_what_the_page_then_says(look):
    one = look("?seed=7&station=1")
    recipe = one.page.locator("#recipe input")
    assert recipe.input_value() == "real_esrgan"
    one.context.grant_permissions(["clipboard-read", "clipboard-write"])
    one.page.click("#repeat > button")
    copy = "#recipe-box figure[data-kind=link] button"
    one.page.wait_for_selector(copy)
    one.page.evaluate(
        """(copy) => {  // both within one turn: the answer cannot be there yet
          const slide = document.querySelector("#station [data-slide='sigma_x']");
          slide.value = 900;
          slide.dispatchEvent(new Event('input', { bubbles: true }));
          document.querySelector(copy).click();
        }""",
        copy,
    )
    one.page.wait_for_selector(f"{copy} >> text=Copied")
    now = one.page.input_value("#f-sigma_x")
    link = unquote(one.page.evaluate("navigator.clipboard.readText()"))
    assert f"sigma_x:{now}" in link
    one.page.wait_for_function("document.querySelector('#recipe input').value !== 'real_esrgan'")
    assert recipe.input_value() == "changed by hand"
    # The recipe again is the draw again.
    recipe.click()
    one.page.click("#recipe [role=option] >> text=real_esrgan")
    one.page.wait_for_function("document.querySelector('#recipe input').value === 'real_esrgan'")
    one.page.wait_for_function("!location.search.includes('chain')")


def test_a_link_opens_on_a_fresh_server_with_the_same_picture_and_view(
    look, start_lab, browser, tmp_path
):
    one = look("?sample=coffee&recipe=gentle&seed=4&station=2")
    one.page.evaluate("document.querySelector('#viewer .viewer').viewer.setView('side_z4_x0.3')")
    one.page.click("#station button[data-act=later]")
    wait_for_address(one, "chain=")
    wait_for_address(one, "view=side_z4")
    one.page.wait_for_function("document.querySelectorAll('#viewer .numbers').length === 2")
    address, end = one.page.url, end_of(one, tmp_path)
    fresh = start_lab(["-m", "lab.app"])
    two = look("?" + address.partition("?")[2], lab=fresh)
    two.page.wait_for_function("document.querySelectorAll('#viewer .numbers').length === 2")
    assert stations(two) == stations(one) and in_turn(two) == in_turn(one)
    np.testing.assert_array_equal(end_of(two, tmp_path), end)
    views = [
        each.page.evaluate("document.querySelector('#viewer .viewer').viewer.view()")
        for each in (one, two)
    ]
    assert views[0] == views[1] and views[0].startswith("side_z4")
    np.testing.assert_array_equal(one.file_numbers(1), two.file_numbers(1))


def test_by_keyboard_alone(look):
    one = look("?recipe=chat_app&seed=3&station=1")
    one.tab_to("#strip button[data-station='0']")
    one.press("ArrowRight", "ArrowRight", "Enter")
    one.page.wait_for_selector("#strip [aria-current][data-station='2']")
    name = in_turn(one)
    one.tab_to("#station input[type=range]")
    one.press("ArrowRight", "ArrowRight")
    one.page.wait_for_function(
        "text => document.querySelector('#strip [aria-current]').innerText !== text", arg=name
    )
    slider = one.page.locator("#station input[type=range]").first
    assert slider.get_attribute("aria-valuetext")
    one.tab_to("#roll", key="Shift+Tab")
    one.press("Enter")
    one.page.wait_for_function("document.querySelector('#seed input').value === '4'")


def test_on_a_phone_nothing_is_cut_off(look):
    one = look("?station=4", viewport={"width": 360, "height": 740}, has_touch=True)
    one.page.wait_for_selector("#lesson .plot svg")
    assert one.page.evaluate("document.documentElement.scrollWidth") <= 360
    one.page.tap("#strip button[data-station='1']")
    one.page.wait_for_selector("#strip [aria-current][data-station='1']")
    box = one.page.locator("#station input[type=range]").first.bounding_box()
    assert box["width"] >= 80 and box["height"] >= 24


def test_sixteen_rolls_500_draws_and_on_to_upscale(look):
    one = look("?recipe=phone_night&seed=2")
    one.page.click("#sixteen > button")
    one.page.wait_for_function("document.querySelectorAll('#sheet img').length === 16")
    assert "electrons" not in in_turn(one, "#sheet") and "white" in in_turn(one, "#sheet")
    one.page.click("#sheet button[data-seed='9']")
    one.page.wait_for_function("document.querySelector('#seed input').value === '9'")
    one.page.click("#draws > button")
    one.page.wait_for_selector("#histogram svg")
    told = in_turn(one, "#histogram figcaption")
    assert re.search(r"\d+ of 500 rolls", told)
    one.left_early = True
    one.page.click("#send")
    one.page.wait_for_selector("#run")
    one.page.wait_for_selector("#viewer .captions >> text=128 × 128")


def test_a_link_that_does_not_fit_says_so_and_shows_the_page(look):
    one = look("?scale=99&chain=<b>")
    assert "E001" in in_turn(one, "#status")
    assert len(stations(one)) > 3
