"""The report: one page that holds everything, says what is true, and asks nothing of anybody."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest

from data_tools.building import build
from data_tools.cli import main
from data_tools.prints import print_of
from data_tools.reducing import Candidate, reduce
from data_tools.report import document, report
from data_tools.report.findings import findings
from data_tools.report.gathering import Entry, Left, Material, as_left, find, gather
from data_tools.report.measuring import FREQUENCIES, sight
from data_tools.report.page import groups, page, shown
from data_tools.report.pieces import thumb
from data_tools.settings import build_from
from data_tools.synthetic import make
from data_tools.synthetic.canvas import cloud, draws
from realesr.errors import ConfigError, PictureError
from realesr.images import Picture, write_picture

ODD = 'odd "name" & <b>bold<b>.png'


@pytest.fixture(scope="module")
def heap(tmp_path_factory) -> Path:
    """Seven good pictures, a copy, a soft one, a small one, and one that is cut off."""
    folder = tmp_path_factory.mktemp("heap") / "heap"
    folder.mkdir()
    pictures = {f"leaves-{seed}.png": make("leaves", seed, 264) for seed in range(6)}
    pictures[ODD] = make("texture", 4, 264)
    pictures["copy.png"] = pictures["leaves-0.png"]
    pictures["soft.png"] = cv2.GaussianBlur(make("leaves", 9, 264), (0, 0), 4)
    pictures["small.png"] = make("leaves", 8, 100)
    for name, pixels in pictures.items():
        write_picture(Picture(pixels), folder / name)
    (folder / "cut.png").write_bytes((folder / "leaves-1.png").read_bytes()[:9000])
    return folder


@pytest.fixture(scope="module")
def plain(heap, tmp_path_factory) -> tuple[Material, str]:
    path = tmp_path_factory.mktemp("plain") / "report.html"
    return report(heap, path), path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def built(heap, tmp_path_factory) -> tuple[Material, str]:
    folder = tmp_path_factory.mktemp("built") / "set"
    plan = {"sources": [{"path": str(heap), "licence": "CC0-1.0", "author": "Nobody"}]}
    build(build_from(plan), folder)
    path = folder.parent / "report.html"
    return report(folder, path), path.read_text(encoding="utf-8")


class Reader(HTMLParser):
    """What a page refers to, and what its pictures say."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.pictures: list[dict[str, str | None]] = []
        self.opened: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.addresses += [
            named[key] for key in ("src", "href", "srcset", "action") if key in named
        ]
        if tag == "img":
            self.pictures.append(named)
        if tag not in ("meta", "link", "img", "br"):
            self.opened.append(tag)

    def handle_endtag(self, tag):
        assert self.opened.pop() == tag


@pytest.fixture(params=["plain", "built"])
def made(request) -> tuple[Material, str]:
    return request.getfixturevalue(request.param)


def test_everything_is_in_the_page(made):
    read = Reader(made[1])
    assert not read.opened
    assert len(read.pictures) > 20
    assert all(address.startswith(("data:", "#")) for address in read.addresses)
    assert all(picture["alt"] for picture in read.pictures)
    assert "://" not in re.sub(r'"data:[^"]*"', "", made[1])


def test_the_pictures_of_the_page_are_pictures(made):
    for address in Reader(made[1]).addresses:
        if address.startswith("data:image/jpeg"):
            data = base64.b64decode(address.partition(",")[2])
            assert cv2.imdecode(np.frombuffer(data, np.uint8), 1) is not None
        elif address.startswith("data:image/svg"):
            assert base64.b64decode(address.partition(",")[2]).rstrip().endswith(b"</svg>")


def test_names_of_files_are_text_and_nothing_else(made):
    assert "<b>bold" not in made[1]
    assert "&lt;b&gt;bold" in made[1]


def test_what_is_wrong_is_found_and_said(made):
    material = made[0]
    said = {(each.source.rpartition("/")[2], each.rule) for each in material.left}
    assert {("soft.png", "blur"), ("small.png", "side"), ("cut.png", "readable")} <= said
    assert sum(rule == "exact" for _, rule in said) == 1
    for each in material.left:
        assert re.sub("[&<>\"']", "", each.sentence)[:12] in re.sub("&\\w+;|[<>]", "", made[1])


def test_copies_stand_beside_what_they_are_copies_of(made):
    found = groups(made[0])
    (original,) = found
    assert {original.rpartition("/")[2], found[original][0].source.rpartition("/")[2]} == {
        "copy.png",
        "leaves-0.png",
    }


def test_every_kind_of_copy_names_its_original():
    """The table of rejections has no column for it: the sentence is read."""
    whole = make("leaves", 3, 512)
    others = {
        "set/a whole, v. 1.png": whole,
        "set/same.png": whole,
        "set/shrunk.png": cv2.resize(whole, (384, 384), interpolation=cv2.INTER_AREA),
        "set/part.png": np.ascontiguousarray(whole[40:400, 60:420]),
    }
    candidates = [
        Candidate(number, name, str(number), "", 101.0, print_of(pixels))
        for number, (name, pixels) in enumerate(others.items())
    ]
    found = reduce(candidates, build_from({"sources": ["set"]})).rejections
    kinds = [found[number].rule for number in (1, 2, 3)]
    assert kinds == ["exact", "near", "tiles"]
    for number, name in enumerate(others):
        if number:
            rejection = found[number]
            left = as_left(name, rejection.rule, rejection.score, rejection.sentence)
            assert left.other == "set/a whole, v. 1.png", rejection.sentence


def test_pictures_left_out_are_shown_while_their_source_is_there(made):
    material = made[0]
    left = {each.source for each in material.left if each.rule in ("blur", "side", "exact")}
    assert left <= material.sights.keys()


def test_a_built_set_tells_its_licences_and_thresholds(built):
    material, text = built
    assert {entry.licence for entry in material.entries} == {"CC0-1.0"}
    assert document(material)["licences"] == {"CC0-1.0": len(material.entries)}
    assert "Nobody" in text
    assert material.thresholds["side"] == 256


def test_a_set_whose_sources_are_gone_still_has_a_report(built, tmp_path):
    moved = tmp_path / "set"
    shutil.copytree(built[0].folder, moved)
    plan = json.loads((moved / "build.json").read_text())
    plan["sources"][0]["path"] = str(tmp_path / "gone")
    (moved / "build.json").write_text(json.dumps(plan))
    material = gather(moved)
    names = [*(entry.name for entry in material.entries), *shown(material)]
    assert {item.name for item in find(material, names)} == set(material.items)
    assert "not here" in thumb("gone.png", None, "gone")


def test_the_contact_sheet_is_whole_where_statistics_are_made_of_a_few(built, tmp_path):
    report(built[0].folder, tmp_path / "page.html", most=2)
    assert "not here" not in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_a_list_and_an_archive_are_judged_like_a_folder(heap, tmp_path):
    listed, packed = tmp_path / "list.csv", tmp_path / "packed.zip"
    listed.write_text(f"file,licence,author\n{heap / 'leaves-2.png'},CC0-1.0,Nobody\n")
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(heap / "small.png", "inside/small.png")
    (entry,) = gather(listed).entries
    assert (entry.licence, entry.author) == ("CC0-1.0", "Nobody")
    material = gather(packed)
    assert [each.rule for each in material.left] == ["side"]
    (item,) = find(material, [material.entries[0].name])
    assert item.read() == (heap / "small.png").read_bytes()


# Measures


@pytest.mark.parametrize("slope", [1.0, 2.0, 3.0])
def test_the_slope_is_the_one_that_was_put_in(slope):
    field = cloud(draws(1), 300, 280, slope=slope)
    pixels = np.clip(128 + 30 * field, 0, 255).astype(np.uint8)
    found = sight(pixels)
    assert found.power is not None
    assert found.slope is not None
    assert abs(found.slope + slope) < 0.2
    assert len(found.power) == len(FREQUENCIES)


def test_levels_and_colours_are_counted():
    red = np.zeros((40, 60, 3), np.uint16)
    red[..., 0] = 65535
    found = sight(red)
    assert found.levels.sum(axis=1) == pytest.approx(1)
    assert found.levels[0, -1] == 1
    assert found.levels[1, 0] == 1
    row, column = np.unravel_index(int(found.hues.argmax()), found.hues.shape)
    assert row > 24, "red lies on the yellow side"
    assert column > 40, "and far on the red one"
    assert found.slope is None, "too small for a spectrum"


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (17, 3, 2), (300, 280, 4)])
def test_odd_pictures_are_measured(shape):
    found = sight(np.full(shape, 90, np.uint8))
    assert found.thumbnail.startswith(b"\xff\xd8")
    assert np.isfinite(found.levels).all()


def made_up(count: int, **others: object) -> Material:
    plain: dict[str, object] = {
        "licence": "CC0-1.0", "author": "", "split": "train", "size": (600, 400), "mode": "RGB",
        "bits": 8, "scores": {"noise": 1.0},
    }  # fmt: skip
    names = [f"p{number}.png" for number in range(count)]
    entries = [Entry(name=name, source=name, **(plain | others)) for name in names]
    return Material(Path("made-up"), True, entries)


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ({"licence": "unknown"}, "push refuses them"),
        ({"size": (600, 90)}, "below 128 pixels"),
        ({"mode": "L"}, "are gray"),
    ],
)
def test_findings_name_what_deserves_a_look(others, words):
    assert any(words in each.sentence for each in findings(made_up(10, **others)))
    assert not any(words in each.sentence for each in findings(made_up(10)))


def test_a_set_of_nothing_but_rejections_has_a_page():
    left = [Left("a.png", "licence", None, "Its licence is not known.")]
    text = page(Material(Path("none"), True, left=left))
    assert "Its licence is not known." in text
    Reader(text)


def test_ten_thousand_rows_make_no_heavier_page():
    many, few = (len(page(made_up(count))) for count in (10_000, 100))
    assert many < few + 60_000


# The command


def run(monkeypatch, capsys, *words: object) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["realesr-data", "inspect", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    printed = capsys.readouterr()
    return int(ended.value.code or 0), printed.out, printed.err


def test_the_command_writes_a_page_and_says_what_matters(built, tmp_path, monkeypatch, capsys):
    folder, page_path = built[0].folder, tmp_path / "report.html"
    words = (folder, "-o", page_path, "--workers", 1)
    code, out, _ = run(monkeypatch, capsys, *words, "--json")
    said = json.loads(out)
    assert code == 0
    assert said["built"] is True
    assert said["left_out"]["exact"] == 1
    assert page_path.read_text(encoding="utf-8") == built[1], "the same set, the same page"
    code, _, told = run(monkeypatch, capsys, *words)
    assert (code, told[:5]) == (3, "E113 ")


def test_what_cannot_be_reported_on_is_refused(tmp_path, monkeypatch, capsys):
    out = tmp_path / "report.html"
    (tmp_path / "empty").mkdir()
    for folder, name, code in (
        ("gone", out, "E404"),
        ("empty", out, "E404"),
        ("empty", "a", "E001"),
    ):
        ended, _, said = run(monkeypatch, capsys, tmp_path / folder, "-o", name)
        assert ended == 2
        assert said.startswith(code)
        assert said.count("\n") == 1
    assert not out.exists()
    with pytest.raises(ConfigError):
        report(tmp_path / "empty", out)
    with pytest.raises(PictureError, match="E114"):
        report(tmp_path, tmp_path / "empty")


LOOK = """
import json, sys
from playwright.sync_api import sync_playwright
page_path, browser_path = sys.argv[1:]
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(
        executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"])
    said = []
    for width in (360, 1200):
        page = browser.new_page(viewport={"width": width, "height": 800})
        asked, complaints = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.goto("file://" + page_path)
        page.evaluate("document.querySelectorAll('img').forEach(one => one.loading = 'eager')")
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        page.evaluate("Promise.all([...document.images].map(one => one.decode()))")
        said.append({
            "asked": [url for url in asked if not url.startswith(("data:", "file:"))],
            "complaints": complaints,
            "wide": page.evaluate("document.documentElement.scrollWidth"),
            "broken": page.evaluate("[...document.images].filter(i => !i.naturalWidth).length"),
            "smallest": page.evaluate(
                "Math.min(...[...document.querySelectorAll('figcaption, p, td, span')]"
                ".map(one => parseFloat(getComputedStyle(one).fontSize)))"),
        })
    browser.close()
print(json.dumps(said))
"""


@pytest.mark.browser
def test_a_browser_shows_it_on_a_telephone_and_asks_nobody(plain, tmp_path):
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    browser = next((found for name in names if (found := shutil.which(name))), None)
    if browser is None:
        pytest.skip("no Chromium here; get it with: sudo apt-get install chromium")
    path = tmp_path / "report.html"
    path.write_text(plain[1], encoding="utf-8")
    # A process of its own: the lab's tests hold a browser open in this one.
    words = [sys.executable, "-c", LOOK, str(path), browser]
    told = subprocess.run(words, capture_output=True, text=True, check=True)
    for width, said in zip((360, 1200), json.loads(told.stdout), strict=True):
        assert said["asked"] == []
        assert said["complaints"] == []
        assert said["wide"] == width
        assert said["broken"] == 0
        assert said["smallest"] >= 13
