"""Guided tours: what they name is there, questions have answers, each leads to its end."""

from __future__ import annotations

import json
import re
import urllib.request
from urllib.parse import parse_qsl

import pytest
import torch

from lab import chains
from lab.pages import degrade_strip as parts
from lab.pages.compare_settings import CompareSettings
from lab.pages.degrade_lesson import lesson, panel, usual_ranges
from lab.pages.degrade_settings import DegradeSettings
from lab.samples import SHARP
from lab.settings import UpscaleSettings
from lab.text import words
from lab.tours import NAMES, Stop, load
from realesr.degradations import presets
from realesr.images import from_tensor, to_tensor
from realesr.inference.upscaler import Upscaler
from realesr.quality.metrics import psnr

from .looking import Look

INSIDE = {"#strip", "#station", "#lesson"}


@pytest.fixture(scope="module")
def named(lab) -> dict[str, set[str]]:
    """The names of all elements of each page, as the lab itself tells them."""
    with urllib.request.urlopen(f"{lab}/config", timeout=60) as answer:
        config = json.load(answer)
    pages = {name: set(page["components"]) for name, page in config["page"].items()}
    names = {each["id"]: each["props"].get("elem_id") for each in config["components"]}
    return {page: {names[number] for number in numbers} for page, numbers in pages.items()}


def made_by(stop: Stop, before: str) -> dict[str, str]:
    """What stands in the parts of Degrade at a stop, as HTML."""
    page = DegradeSettings.from_query(
        dict(parse_qsl(stop.query if stop.query is not None else before))
    )
    hr, trace = to_tensor(SHARP[page.sample].pixels()), page.trace()
    film = parts.Film(hr, trace, chains.Darkroom().develop(hr, page.sample, trace))
    strip = parts.strip(film, page.station, whole=False)
    for deed in stop.do:  # a station added by hand
        if deed.act == "choose":
            strip += f'<button data-station="{page.station + 1}">'
    return {
        "#strip": strip,
        "#station": panel(film, page.station, "", usual_ranges(page)),
        "#lesson": lesson(film, page.station),
    }


def stands_in(selector: str, text: str) -> bool:
    """Whether something matches a selector of the plain kinds that tours use."""
    for attribute, value in re.findall(r"\[([\w-]+)(?:='([^']*)')?\]", selector):
        if not re.search(rf'{attribute}="{value}"' if value else rf"\s{attribute}[\s=>]", text):
            return False
    for name in re.findall(r"\.([\w-]+)", selector):
        if not re.search(rf'class="[^"]*\b{name}\b', text):
            return False
    return all(f"<{kind}" in text for kind in re.findall(r"(?:^|\s)(button|table|li)\b", selector))


@pytest.mark.parametrize("name", NAMES)
def test_every_element_and_control_a_tour_names_exists(name, named):
    before = ""
    for stop in load(name).stops:
        made = made_by(stop, before) if stop.page == "degrade" and stop.ring else {}
        before = stop.query if stop.query is not None else before
        pointed = [stop.ring, stop.ring_after, stop.leave, *(deed.on for deed in stop.do)]
        for selector in filter(None, pointed):
            start, _, inner = selector.partition(" ")
            if start == "#f-quality":
                assert 'id="f-quality"' in made["#station"]
                continue
            assert start.removeprefix("#") in named[stop.page], f"{name}: {selector}"
            if inner and start in INSIDE:
                assert stands_in(inner, made[start]), f"{name}: {selector}"
        for deed in stop.do:
            if deed.act == "choose":
                assert f'value="{deed.value}"' in made["#station"]


def test_the_test_sees_what_is_missing():
    assert stands_in("[data-station='1']", '<button data-station="1">')
    assert not stands_in("[data-station='9']", '<button data-station="1">')
    assert not stands_in("[data-add]", '<select data-odd="1">') and not stands_in(".plot", "plot")


@pytest.mark.parametrize("name", NAMES)
def test_every_stop_asks_before_it_shows_and_has_one_right_answer(name):
    tour = load(name)
    told = words(f"tour-{name}")
    assert 5 <= len(tour.stops) <= 8 and tour.stops[0].query is not None
    questions = [stop for stop in tour.stops if not stop.ring]
    assert len(questions) >= 2 and tour.stops[-len(questions) :] == tuple(questions)
    for number, stop in enumerate(tour.stops, 1):
        assert 0 <= stop.right <= stop.answers <= 3
        answers = [told[f"{number}_{letter}"] for letter in "abc"[: stop.answers]]
        assert len(set(answers)) == stop.answers
        assert told[f"{number}_ask"].endswith("?")
        if stop.query is not None:
            query = dict(parse_qsl(stop.query))
            kinds = {"degrade": DegradeSettings, "compare": CompareSettings}
            kind = kinds.get(stop.page, UpscaleSettings)
            assert kind.from_query(query)
    spoken = re.sub(r"\d+", "", " ".join(told))
    assert set(spoken.split()) <= {"title", "_say", "_ask", "_a", "_b", "_c", "_told"}
    assert len(told) == 1 + sum(3 + stop.answers for stop in tour.stops)


def test_who_only_guesses_by_length_or_place_does_not_get_through():
    longest, places = 0, [0, 0, 0]
    asked = [(name, number) for name in NAMES for number in range(1, len(load(name).stops) + 1)]
    for name, number in asked:
        right, told = load(name).stops[number - 1].right, words(f"tour-{name}")
        if not right:
            continue
        lengths = [len(told[f"{number}_{letter}"]) for letter in "abc"]
        own = lengths.pop(right - 1)
        places[right - 1] += 1
        longest += own > max(lengths)
        assert own <= 1.5 * max(lengths), f"{name} {number}: it stands out"
    assert sum(places) > 25 and longest <= sum(places) / 2
    assert min(places) >= sum(places) / 5, places
    for name in NAMES:
        rights = [stop.right for stop in load(name).stops if stop.right]
        assert all(len(set(rights[at : at + 3])) > 1 for at in range(len(rights) - 2)), name


def test_what_is_told_stands_after_the_verdict():
    """ "Yes. No. ..." was read as an answer that takes itself back."""
    for name in NAMES:
        told = words(f"tour-{name}")
        starts = [told[key].split()[0] for key in told if key.endswith("_told")]
        assert not {"Yes", "Yes.", "Yes:", "No", "No.", "No:"} & set(starts)


def test_the_right_answers_are_right():
    """What a tour says about numbers is measured on its own pictures."""

    def film(query: str) -> parts.Film:
        page = DegradeSettings.from_query(dict(parse_qsl(query)))
        hr, trace = to_tensor(SHARP[page.sample].pixels()), page.trace()
        images = chains.Darkroom().develop(hr, page.sample, trace)
        return parts.Film(hr, trace, images, SHARP[page.sample].middle)

    def kilobytes(quality: int) -> float:
        made = film(f"scale=1&chain=jpeg(quality:{quality})~round()")
        return float(parts.loss(made.trace.operations[0], made.hr, made.images[0]).split()[0])

    jpeg = load("jpeg").stops
    kept = re.search(r"(\d+) of 64", lesson(film(jpeg[0].query), 1))
    assert kept and int(kept[1]) < 20
    assert kilobytes(75) < kilobytes(95) / 2
    twice = film("scale=1&chain=jpeg(quality:40)~jpeg(quality:40)~round()")
    first, second = (
        float(parts.loss(each, before, after).split()[-2])
        for each, before, after in zip(
            twice.trace.operations, [twice.hr, *twice.images], twice.images[:2], strict=False
        )
    )
    assert second > first + 15

    photo = load("photo").stops[2].query
    late = film(photo)
    chain = dict(parse_qsl(photo))["chain"].split("~")
    chain[1], chain[2] = chain[2], chain[1]
    early = film("sample=cat&chain=" + "~".join(chain))
    clean = film("sample=cat&chain=" + "~".join([chain[0], chain[2], "round()"]))
    grain = [float((each.images[2] - clean.images[1]).std()) for each in (late, early)]
    assert grain[1] < grain[0] / 3
    # The grain is seen at station 3, where the tour asks for it, and JPEG takes a part of it away.
    seen, left = (
        float((image - torch.nn.functional.avg_pool2d(image, 3, 1, 1)).std())
        for image in late.images[2:4]
    )
    assert left < 0.75 * seen


def test_the_faithful_end_is_closer_to_the_bricks():
    page = CompareSettings.from_query(dict(parse_qsl(load("beauty").stops[4].query)))
    truth = SHARP[page.sample].pixels()
    lr = presets.preset(page.recipe, page.scale).sample(page.seed).apply(to_tensor(truth))
    low = from_tensor(lr, "uint8")
    crisp, faithful = (psnr(Upscaler(name)(low), truth).value for name in page.names)
    assert faithful > crisp + 1


def leave(one: Look) -> None:
    """End the visit. A tour may leave a page before all its events have ended."""
    one.left_early = True
    one.close()


def walk(one: Look, name: str) -> str:
    """A tour to its end, every answer the right one; gives the last words."""
    for number, stop in enumerate(load(name).stops, 1):
        one.page.wait_for_selector(f".tour-card header >> text=/^{number} of/", timeout=60_000)
        if stop.ring:
            one.page.wait_for_selector(".tour-ring", state="visible", timeout=60_000)
        one.page.click(f".tour-card .answers button:nth-child({stop.right or 1})", timeout=60_000)
        one.page.wait_for_selector(".tour-card .told:not(:empty)")
        waits = [deed.on for deed in stop.do if deed.act == "wait"]
        if any(deed.on == "#run" for deed in stop.do) and not waits:
            waits = ["#status .done"]
        for selector in waits:
            one.page.wait_for_selector(selector, timeout=180_000)
        one.page.click(".tour-card footer .primary")
    one.page.wait_for_selector(".tour-card >> text=predictions came true")
    return one.page.inner_text(".tour-card")


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_tour_leads_to_its_end(browser, lab, name):
    one = Look(browser, f"{lab}/privacy", "#tours a")
    one.page.click(f"#tours [data-tour={name}]")
    told = walk(one, name)
    asked = sum(1 for stop in load(name).stops if stop.right)
    assert f"{asked} of {asked}" in told
    one.page.click(".tour-card .primary")
    assert not one.page.query_selector(".tour-card")
    leave(one)


def seen_whole(one: Look) -> None:
    """What is ringed stands in the part of the screen that the card leaves free."""
    one.page.wait_for_selector(".tour-ring", state="visible")
    one.page.wait_for_function(
        """() => {
          const [ring, card] = ['.tour-ring', '.tour-card'].map(
            (each) => document.querySelector(each).getBoundingClientRect());
          const apart = ring.right <= card.left + 8 || ring.bottom <= card.top + 8;
          return apart && ring.top > -8 && ring.bottom < innerHeight + 8;
        }"""
    )


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
def test_the_card_covers_nothing_it_asks_about(browser, lab, width):
    viewport = {"width": width, "height": 850 if width > 999 else 640}
    one = Look(browser, f"{lab}/?tour=invented", ".tour-card", viewport=viewport)
    one.page.wait_for_selector(".tour-card header >> text=1 of")
    seen_whole(one)
    assert one.page.evaluate("document.documentElement.scrollWidth") == width
    third = one.page.locator(".tour-card .answers button").nth(2)
    third.scroll_into_view_if_needed()
    box = third.bounding_box()
    assert box["y"] + box["height"] < viewport["height"] + 1, "the card scrolls by itself"
    third.click()
    one.page.wait_for_selector(".tour-card .told:not(:empty)")
    seen_whole(one)
    if width < 1000:
        one.page.click(".tour-card .fold")
        assert one.page.locator(".tour-card").bounding_box()["height"] < 80
        one.page.click(".tour-card .fold[aria-expanded=false]")
        assert one.page.is_visible(".tour-card .told")
    leave(one)


@pytest.mark.browser
def test_a_stop_is_a_link_and_goes_by_keyboard(browser, lab):
    one = Look(browser, f"{lab}/degrade?tour=jpeg&stop=3", ".tour-card")
    assert "3 of 7" in one.page.inner_text(".tour-card header")
    assert one.page.evaluate("document.activeElement.tagName") == "H2"
    one.page.wait_for_selector("#lesson .jpeg table")
    assert "tour=" not in one.page.url
    one.press("1")
    one.page.wait_for_selector(".tour-card .told >> text=Not quite.")
    one.page.wait_for_selector("#strip li:nth-child(2) >> text=quality 75")
    one.page.wait_for_selector("#lesson pre >> text=75")
    assert "further" not in one.page.inner_text(".tour-card")
    one.page.reload()
    one.page.wait_for_selector(".tour-card header >> text=3 of 7")
    seen_whole(one)
    one.press("Escape")
    assert not one.page.query_selector(".tour-card")
    assert one.page.evaluate("document.activeElement.dataset.tour") == "photo"
    leave(one)
