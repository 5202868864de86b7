"""The viewer alone, in Chromium: every way to compare, by mouse, keys and fingers."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pytest

from realesr.images import Picture, read_picture, write_picture
from tests.lab.looking import STRIP, Look

pytestmark = pytest.mark.browser

SOURCES = Path(__file__).resolve().parents[2] / "lab" / "viewer"
SIDE = 128


@pytest.fixture(scope="module")
def sets(tmp_path_factory) -> Path:
    """Four sets of pictures: a comparison, transparent ones, a very large one, a single one."""
    folder = tmp_path_factory.mktemp("sets")
    random = np.random.default_rng(7)

    def keep(place: str, name: str, pixels: np.ndarray) -> None:
        (folder / place).mkdir(exist_ok=True)
        write_picture(Picture(np.ascontiguousarray(pixels)), folder / place / f"{name}.png")

    truth = random.integers(0, 256, (96, 128, 3), np.uint8)
    keep("a", "1 Input", truth[::4, ::4])
    for number, strength in enumerate((3, 30, 90), 2):
        noise = random.integers(-strength, strength + 1, truth.shape)
        keep("a", f"{number} Model", np.clip(truth + noise, 0, 255).astype(np.uint8))
    keep("a", "5 Truth", truth)
    keep("b", "1 rgba", random.integers(0, 256, (60, 80, 4), np.uint8))
    keep("b", "2 deep", random.integers(0, 65536, (60, 80, 3), np.uint16))
    keep("b", "3 rgb", random.integers(0, 256, (60, 80, 3), np.uint8))
    keep("b", "4 gray", random.integers(0, 256, (60, 80), np.uint8))
    keep("b", "5 gray and alpha", random.integers(0, 256, (60, 80, 2), np.uint8))
    keep("c", "1 small", random.integers(0, 256, (75, 100, 4), np.uint8))
    keep("c", "2 large", random.integers(0, 256, (300, 400, 4), np.uint8))
    keep("d", "only", truth)
    return folder


@pytest.fixture(scope="module")
def address(start_lab, sets) -> str:
    return start_lab(["-m", "tests.lab.viewer_page", str(sets), str(SIDE)])


@pytest.fixture(scope="module")
def look(browser, address):
    """Opens a page of its own; the visits end with the module."""
    looks = []

    def start(query: str = "", **device) -> Look:
        looks.append(Look(browser, f"{address}/{query}", **device))
        looks[-1].settle()
        return looks[-1]

    yield start
    for one in looks:
        one.close()


@pytest.fixture(scope="module")
def desk(look) -> Look:
    return look()


@pytest.fixture
def one(desk) -> Look:
    """The page that most tests share, as it was at first."""
    desk.page.mouse.move(2, 2)
    view(desk, "wipe")
    show(desk, "a", "1 Input")
    view(desk, "wipe")
    desk.page.evaluate("document.activeElement?.blur()")
    return desk


def show(one: Look, name: str, first: str) -> None:
    one.page.click(f"#show-{name}")
    one.page.wait_for_selector(f"#viewer .captions >> text={first}")
    one.settle()


def view(one: Look, word: str) -> None:
    one.page.evaluate("w => document.querySelector('#viewer .viewer').viewer.setView(w)", word)
    one.settle()


def pictures(sets: Path, place: str) -> list[np.ndarray]:
    return [read_picture(path).pixels for path in sorted((sets / place).glob("*.png"))]


def part(one: Look, name: str):
    return one.page.locator(f"#viewer [data-part={name}]")


def middle(canvas: np.ndarray, height: int, width: int) -> np.ndarray:
    """What stands in the middle of the stage, below the captions."""
    x = int(np.floor(canvas.shape[1] / 2 - width / 2 + 0.5))
    y = int(np.floor(STRIP + (canvas.shape[0] - STRIP) / 2 - height / 2 + 0.5))
    return canvas[y : y + height, x : x + width]


def grown(pixels: np.ndarray, factor: int) -> np.ndarray:
    return pixels.repeat(factor, axis=0).repeat(factor, axis=1)


def settled(one: Look, word: str) -> None:
    """The address has got the view; without one there is nothing to wait for but the time."""
    one.page.wait_for_function("word => location.search === (word && `?view=${word}`)", arg=word)


def test_the_numbers_read_back_are_the_files_in_every_kind(one, sets):
    show(one, "b", "1 rgba")
    for index, pixels in enumerate(pictures(sets, "b")):
        np.testing.assert_array_equal(one.file_numbers(index), pixels)


def test_digits_choose_what_the_wipe_compares(one, sets):
    shown = pictures(sets, "a")
    part(one, "handle").focus()
    one.press("z", "3", "Home")  # 1:1, the third picture over all
    np.testing.assert_array_equal(middle(one.canvas(), 96, 128), shown[2])
    one.press("3", "5", "2")  # changes places, so that the left one is 3; then 3 | 2
    np.testing.assert_array_equal(middle(one.canvas(), 96, 128), shown[1])
    one.press("End")
    np.testing.assert_array_equal(middle(one.canvas(), 96, 128), shown[2])
    assert part(one, "handle").get_attribute("aria-valuetext") == "100 % 3 Model, the rest 2 Model"
    settled(one, "wipe_z1_of128_p3-2_w100")
    one.press("0")
    settled(one, "")


def test_side_by_side_shows_the_chosen_ones_alike(one, sets):
    part(one, "stage").focus()
    one.press("s", "z", "1", "3")
    names = one.page.locator("#viewer .captions span").all_inner_texts()
    assert [name[:7] for name in names] == ["2 Model", "4 Model", "5 Truth"]
    canvas, shown = one.canvas(), pictures(sets, "a")
    wide = (canvas.shape[1] - 16) // 3
    tops = set()
    for place, index in enumerate((1, 3, 4)):
        panel = canvas[:, place * (wide + 8) :][:, :wide]
        x = int(np.floor(wide / 2 - 64 + 0.5))
        y = int(np.floor(STRIP + (canvas.shape[0] - STRIP) / 2 - 48 + 0.5))
        tops.add(y)
        np.testing.assert_array_equal(panel[y : y + 96, x : x + 128], shown[index])
    settled(one, "side_z1_of128_p2-4-5")
    one.press("s")
    assert part(one, "handle").is_visible()


def ramp(signed: bool, share: np.ndarray) -> np.ndarray:
    source = (SOURCES / "difference.js").read_text(encoding="utf-8")
    name = "SIGNED" if signed else "MAGNITUDE"
    knots = np.array(ast.literal_eval(re.search(rf"{name} = (\[.*?\]);", source, re.S).group(1)))
    places = np.linspace(0, 1, len(knots))
    share = np.clip(share, 0, 1)
    return np.stack([np.interp(share, places, knots[:, c]) for c in range(3)], axis=-1)


@pytest.mark.parametrize("gain", [1, 4, 16])
def test_a_difference_has_the_colour_of_every_pixel(one, sets, gain):
    view(one, f"difference_z1_p2-5_g{gain}")
    shown = [pixels.astype(int) for pixels in pictures(sets, "a")]
    change = shown[4] - shown[1]
    largest = np.abs(change).max(axis=2)
    drawn = middle(one.canvas(), 96, 128)
    assert np.abs(drawn - ramp(False, largest * gain / 255)).max() <= 1
    one.page.click("#viewer [data-signed=yes]")
    one.settle()
    bright = np.floor(change @ [0.299, 0.587, 0.114] + 0.5)
    drawn = middle(one.canvas(), 96, 128)
    expected = ramp(True, 0.5 + bright * gain / 255 / 2)
    assert np.abs(drawn - expected).max() <= 1 + 0.6 * gain  # a half may round the other way
    assert (np.abs(drawn - expected).max(axis=2) <= 1).mean() > 0.99
    assert part(one, "high").inner_text() == f"{round(255 / gain + 1e-9)} brighter"
    row = one.page.locator("#viewer .change").inner_text()
    (x, y), _ = one.numbers()[0]
    told = [int(n.replace("−", "-").replace("+", "")) for n in re.findall(r"[+−]?\d+", row)]
    assert told == change[y, x].tolist()


def test_blink_turns_by_itself_and_stops(one, sets):
    part(one, "stage").focus()
    one.press("b", "z")
    one.page.click("#viewer [data-hertz='4']")
    seen = set()
    for _ in range(40):
        seen.add(one.page.locator("#viewer .captions").inner_text()[:7])
        one.page.wait_for_timeout(50)
        if len(seen) > 2:
            break
    assert len(seen) > 2
    one.page.click("#viewer [data-hertz='0']")
    one.settle()
    still = one.page.locator("#viewer .captions").inner_text()
    one.page.wait_for_timeout(600)
    assert one.page.locator("#viewer .captions").inner_text() == still
    part(one, "stage").focus()
    one.press(" ")
    now = one.page.locator("#viewer .captions").inner_text()
    assert now != still
    index = int(now[0]) - 1
    expected = pictures(sets, "a")[index]
    factor = 96 // expected.shape[0]
    np.testing.assert_array_equal(middle(one.canvas(), 96, 128), grown(expected, factor))


def test_who_prefers_stillness_turns_the_page_alone(look):
    one = look("?view=blink", reduced_motion="reduce")
    first = one.page.locator("#viewer .captions").inner_text()
    one.page.wait_for_timeout(1300)
    assert one.page.locator("#viewer .captions").inner_text() == first
    assert not one.page.locator("#viewer [data-hertz='2']").is_visible()
    one.page.click("#viewer [data-flip]")
    one.settle()
    assert one.page.locator("#viewer .captions").inner_text() != first


def test_the_loupe_enlarges_the_same_place_of_all(one, sets):
    part(one, "stage").focus()
    one.press("z", "l", "1")
    box = part(one, "stage").bounding_box()
    x, y = int(box["x"] + box["width"] / 2) + 20, int(box["y"] + (box["height"] + STRIP) / 2) + 20
    one.page.mouse.move(x, y)
    one.settle()
    lenses = one.page.locator("#viewer .captions [data-kind=lens]")
    assert [text[:7] for text in lenses.all_inner_texts()] == [
        "2 Model", "3 Model", "4 Model", "5 Truth",
    ]  # fmt: skip
    canvas = one.canvas()
    (at_x, at_y), _ = one.numbers()[0]
    for index in range(4):
        lens = lenses.nth(index).bounding_box()
        left = round(lens["x"] - box["x"] + lens["width"] / 2)
        top = round(lens["y"] - box["y"] + lens["height"] + lens["width"] / 2)
        patch = canvas[top - 8 : top + 8, left - 8 : left + 8].reshape(-1, 3).tolist()
        assert pictures(sets, "a")[index + 1][at_y, at_x].tolist() in patch
    before = one.numbers()[0][0]
    one.press("Shift+ArrowRight")
    assert one.numbers()[0][0][0] == before[0] + 40


def test_the_map_shows_where_one_is_and_takes_one_there(one):
    assert not part(one, "map").is_visible()
    one.page.click("#viewer [data-act=in]")
    for _ in range(3):
        one.page.click("#viewer [data-act=in]")
    one.settle()
    box = part(one, "map").bounding_box()
    one.page.mouse.click(box["x"] + 10, box["y"] + 20)
    one.page.mouse.move(5, 5)
    one.settle()
    view = one.page.evaluate("document.querySelector('#viewer .viewer').viewer.view()")
    assert float(re.search(r"_x([\d.]+)", view).group(1)) < 0.5


def test_a_link_opens_the_same_view(look, address):
    one = look("?view=side_z8_of128_x0.4_y0.75_p2-5_smooth_black")
    assert one.page.locator("#viewer [data-mode=side]").get_attribute("aria-pressed") == "true"
    assert part(one, "zoom").inner_text() == "8×"
    assert part(one, "surround").input_value() == "black"
    np.testing.assert_array_equal(one.canvas()[0, -1], [0, 0, 0])
    first = one.canvas()
    part(one, "stage").focus()
    one.press("ArrowRight")
    one.page.wait_for_function("location.search.includes('_x0.446875_')")
    other = look(one.page.url.removeprefix(f"{address}/"))
    np.testing.assert_array_equal(other.canvas(), one.canvas())
    one.press("ArrowLeft")
    np.testing.assert_array_equal(first, one.canvas())


def test_python_reads_and_sets_the_view(one):
    part(one, "stage").focus()
    one.press("d", "3")
    settled(one, "difference_p1-3")
    one.page.click("#ask")
    one.page.wait_for_function("document.querySelector('#text textarea').value")
    assert one.page.locator("#text textarea").input_value() == "difference_p1-3"
    one.page.fill("#text textarea", "side_z2_p1-2")
    one.page.click("#set")
    settled(one, "side_z2_of128_p1-2")
    assert one.page.locator("#viewer [data-mode=side]").get_attribute("aria-pressed") == "true"
    one.page.evaluate("document.querySelector('#viewer .viewer').viewer.setView('blink_z4')")
    settled(one, "blink_z4_of128")


@pytest.mark.parametrize(
    ("surround", "colour"),
    [("grey", [107] * 3), ("black", [0] * 3), ("white", [255] * 3), ("checkerboard", [204] * 3)],
)
def test_the_surround_is_a_persons_choice(one, surround, colour):
    part(one, "surround").select_option(surround)
    one.settle()
    assert one.canvas()[4, 4].tolist() == colour


def test_pieces_of_a_large_picture_are_exact_and_fetched_where_one_looks(one, sets):
    show(one, "c", "2 large")
    large = pictures(sets, "c")[1]
    assert not [url for url in one.requests if url.endswith("large.png")]
    part(one, "handle").focus()
    one.press("Home", "z")  # 1:1: every piece is in view
    one.page.wait_for_function(
        "!document.querySelector('#viewer .captions').innerText.includes('preview')"
    )
    box = part(one, "stage").bounding_box()
    x0, y0 = box["x"] + box["width"] / 2, box["y"] + (box["height"] + STRIP) / 2
    for dx, dy in ((-150, -100), (0, 0), (2, 30), (190, 140), (-71, 5), (-73, 5)):
        one.page.mouse.move(x0 + dx, y0 + dy)
        one.settle()
        (_, _), ((x, y), values) = one.numbers()
        assert values == large[y, x].tolist()
    flat = middle(one.canvas(), 300, 400)
    opaque = large[..., 3] == 255
    np.testing.assert_array_equal(flat[opaque], large[..., :3][opaque])
    assert opaque.any()


def test_one_picture_alone_has_no_line_and_no_choice(one, sets):
    show(one, "d", "only")
    assert part(one, "handle").is_hidden() and part(one, "chips").is_hidden()
    part(one, "stage").focus()
    one.press("d", "z")
    np.testing.assert_array_equal(middle(one.canvas(), 96, 128), pictures(sets, "d")[0])


def test_fingers_on_a_phone(look):
    one = look(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True,
        device_scale_factor=2,
    )  # fmt: skip
    assert one.page.evaluate("document.documentElement.scrollWidth") == 360
    part(one, "stage").scroll_into_view_if_needed()
    box = part(one, "stage").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    one.page.tap("#viewer [data-mode=loupe]")
    one.touch("touchStart", (x, y))
    one.touch("touchMove", (x + 40, y + 20))
    one.touch("touchEnd")
    one.settle()
    assert one.page.locator("#viewer .captions [data-kind=lens]").count() == 5
    one.page.tap("#viewer [data-mode=side]")
    one.settle()
    spread = [(x - 20 - 12 * step, x + 20 + 12 * step) for step in range(6)]
    one.touch("touchStart", *[(px, y) for px in spread[0]])
    for pair in spread[1:]:
        one.touch("touchMove", *[(px, y) for px in pair])
    one.touch("touchEnd")
    one.settle()
    assert part(one, "map").is_visible()
    assert one.page.evaluate("visualViewport.scale") == 1
