"""What the viewer takes, what it hands to the page, and what it never lets in."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from lab.text import ENGLISH, words
from lab.viewer import CompareViewer, Scene, Shown, View, tiles
from lab.viewer.viewer import PngHeader, read_header
from realesr.images import Picture, read_picture, write_picture

SOURCES = Path(__file__).resolve().parents[2] / "lab" / "viewer"


def png(folder: Path, name: str, shape: tuple[int, ...], dtype: type = np.uint8) -> Path:
    path = folder / f"{name}.png"
    write_picture(Picture(np.zeros(shape, dtype)), path)
    return path


@pytest.mark.parametrize(
    ("shape", "dtype", "header"),
    [
        ((5, 7), np.uint8, PngHeader(7, 5, 8, 1, False)),
        ((5, 7, 2), np.uint8, PngHeader(7, 5, 8, 2, False)),
        ((5, 7, 3), np.uint8, PngHeader(7, 5, 8, 3, False)),
        ((5, 7, 4), np.uint8, PngHeader(7, 5, 8, 4, False)),
        ((5, 7), np.uint16, PngHeader(7, 5, 16, 1, False)),
        ((5, 7, 3), np.uint16, PngHeader(7, 5, 16, 3, False)),
        ((5, 7, 4), np.uint16, PngHeader(7, 5, 16, 4, False)),
    ],
)
def test_every_picture_the_library_writes_can_be_shown(tmp_path, shape, dtype, header):
    assert read_header(png(tmp_path, "a", shape, dtype)) == header


def test_a_colour_profile_is_seen(tmp_path):
    path = tmp_path / "tagged.png"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("RGB", (4, 4)).save(path, icc_profile=profile)
    assert read_header(path).icc


def test_what_could_not_be_read_exactly_is_refused(tmp_path):
    palette, jpeg, cut = (tmp_path / name for name in ("p.png", "j.png", "cut.png"))
    Image.new("P", (4, 4)).save(palette)
    cv2.imwrite(str(tmp_path / "j.jpg"), np.zeros((4, 4, 3), np.uint8))
    jpeg.write_bytes((tmp_path / "j.jpg").read_bytes())
    cut.write_bytes(png(tmp_path, "whole", (4, 4, 3)).read_bytes()[:20])
    for path in (palette, jpeg, cut):
        with pytest.raises(ValueError, match=path.name):
            read_header(path)


def test_a_smaller_picture_says_how_often_it_fits(tmp_path):
    pictures = [
        Shown(png(tmp_path, "small", (64, 48, 3)), "Input"),
        Shown(png(tmp_path, "large", (256, 192, 3)), "Result"),
    ]
    images = CompareViewer(words={}).postprocess(pictures)["images"]
    assert [(image["scale"], image["width"], image["name"]) for image in images] == [
        (4, 48, "Input"),
        (1, 192, "Result"),
    ]
    assert images[0]["file"]["meta"] == {"_type": "gradio.FileData"}


def test_pictures_of_another_scene_are_refused(tmp_path):
    pictures = [
        Shown(png(tmp_path, "one", (64, 48, 3)), "One"),
        Shown(png(tmp_path, "other", (200, 192, 3)), "Other"),
    ]
    with pytest.raises(ValueError, match="One"):
        CompareViewer(words={}).postprocess(pictures)


def test_nothing_is_shown_as_nothing_but_words():
    assert CompareViewer(words={"empty": "Drop"}).postprocess(None) == {
        "v": 2,
        "images": [],
        "words": {"empty": "Drop"},
        "view": None,
        "address": False,
    }


@pytest.mark.parametrize(
    "forged",
    [
        {"images": [{"file": {"path": "/etc/hostname"}}]},
        {"images": [{"file": {"path": "../../secret", "meta": {"_type": "gradio.FileData"}}}]},
        "/etc/hostname",
        {"path": "/etc/hostname"},
        [{"url": "file:///etc/hostname"}],
        {"view": "/etc/hostname"},
        {"view": {"path": "/etc/hostname", "meta": {"_type": "gradio.FileData"}}},
        {"view": "wipe_z" + "9" * 5000},
        {"view": "wipe_w101"},
    ],
)
def test_no_path_a_browser_sends_reaches_a_function(forged):
    assert CompareViewer(words={}).preprocess(forged) is None


def test_a_function_gets_the_view_a_person_has():
    payload = {"view": "blink_z4_of1024_p1-3", "images": [{"file": {"path": "/etc/hostname"}}]}
    expected = View(mode="blink", zoom=4, of=1024, pictures=(1, 3))
    assert CompareViewer(words={}).preprocess(payload) == expected


def test_a_view_from_python_goes_with_the_pictures(tmp_path):
    shown = [Shown(png(tmp_path, "a", (4, 4, 3)), "A")]
    value = CompareViewer(words={}).postprocess(Scene(shown, View(mode="side", zoom=2)))
    assert value["view"] == "side_z2"


views = st.builds(
    View,
    mode=st.sampled_from(["wipe", "side", "blink", "difference", "loupe"]),
    zoom=st.none() | st.integers(1, 16000).map(lambda n: float(f"{n / 1000:.6g}")),
    of=st.none() | st.integers(1, 10**6),
    x=st.integers(0, 10**6).map(lambda n: n / 10**6),
    y=st.integers(0, 10**6).map(lambda n: n / 10**6),
    pictures=st.lists(st.integers(1, 99), max_size=9).map(tuple),
    wipe=st.integers(0, 100),
    smooth=st.booleans(),
    signed=st.booleans(),
    gain=st.sampled_from([1, 4, 16]),
    surround=st.sampled_from(["grey", "black", "white", "checkerboard"]),
)


@given(view=views)
def test_a_view_survives_its_link(view):
    text = view.to_text()
    assert View.from_text(text) == view
    assert re.fullmatch(r"[a-z0-9._-]+", text), "no sign that an address would have to escape"


@given(text=st.text(max_size=40) | st.from_regex(r"[a-z_0-9.-]{0,40}", fullmatch=True))
def test_no_text_is_more_than_a_view_or_a_refusal(text):
    try:
        view = View.from_text(text)
    except ValueError:
        return
    assert View.from_text(view.to_text()).mode == view.mode


@pytest.mark.browser
@given(view=views)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_page_reads_and_writes_the_same_word(view_in_page, view):
    text = view.to_text()
    read = view_in_page(text)
    assert read["written"] == text
    assert read["view"] == {**vars(view), "pictures": list(view.pictures)}


@pytest.mark.browser
@pytest.mark.parametrize("text", ["", "nonsense", "wipe_z-3", "p0", "z99_w200_x2_g5_p1-x", "zoom"])
def test_the_page_leaves_a_broken_word_as_at_first(view_in_page, text):
    assert view_in_page(text)["written"] == "wipe"


@pytest.fixture(scope="module")
def view_in_page(browser):
    page = browser.new_page()
    source = (SOURCES / "view.js").read_text(encoding="utf-8")
    page.evaluate(f"() => {{ {source}; globalThis.viewText = viewText; }}")
    script = (
        "t => { const view = viewText.read(t); return { view, written: viewText.write(view) }; }"
    )
    yield lambda text: page.evaluate(script, text)
    page.close()


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [((70, 90, 3), np.uint8), ((70, 90, 4), np.uint8), ((70, 90, 2), np.uint8),
     ((70, 90), np.uint16), ((70, 90, 3), np.uint16)],
)  # fmt: skip
def test_a_picture_in_pieces_has_every_number_of_the_file(tmp_path, monkeypatch, shape, dtype):
    monkeypatch.setattr(tiles, "ROOM", 1000)
    monkeypatch.setattr(tiles, "SMALL", 900)
    monkeypatch.setattr(tiles, "SIDE", 32)
    pixels = np.random.default_rng(3).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    path = tmp_path / "large.png"
    write_picture(Picture(pixels), path)
    (image,) = CompareViewer(words={}).postprocess([Shown(path, "Large")])["images"]
    assert image["side"] == 32 and len(image["tiles"]) == 9
    read = [read_picture(Path(tile["path"])).pixels for tile in image["tiles"]]
    rows = [np.concatenate(read[start : start + 3], axis=1) for start in (0, 3, 6)]
    np.testing.assert_array_equal(np.concatenate(rows), pixels)
    small = read_picture(Path(image["file"]["path"])).pixels
    assert small.shape[0] * small.shape[1] <= 900
    again = CompareViewer(words={}).postprocess([Shown(path, "Large")])["images"]
    assert again == [image]


def test_the_difference_wears_the_colours_of_the_house():
    """Cividis for how much; for which way blue, grey, orange with grey in the very middle."""
    import matplotlib as mpl

    source = (SOURCES / "difference.js").read_text(encoding="utf-8")
    listed = re.search(r"MAGNITUDE = (\[.*?\]);", source, re.S).group(1)
    knots = np.array(ast.literal_eval(listed))
    true = mpl.colormaps["cividis"](np.linspace(0, 1, len(knots)))[:, :3] * 255
    assert np.abs(knots - true).max() <= 1
    signed = ast.literal_eval(re.search(r"SIGNED = (\[.*?\]);", source).group(1))
    assert len(signed) % 2 == 1 and len(set(signed[len(signed) // 2])) == 1


def test_the_sources_are_static():
    """Gradio would run a ``${`` in them as code; a changed template would lose the canvas."""
    for name in ("viewer.html", "viewer.css"):
        source = (SOURCES / name).read_text(encoding="utf-8")
        assert not re.search(r"\$\{|\{\{|`|\\", source), name


def test_every_word_of_the_viewer_stands_in_the_table():
    html = (SOURCES / "viewer.html").read_text(encoding="utf-8")
    script = "".join(path.read_text(encoding="utf-8") for path in SOURCES.glob("*.js"))
    used = set(re.findall(r'data-(?:say|name|hint)="(\w+)"', html))
    used |= set(re.findall(r"say\('(\w+)'", script))
    used |= {"gone", "undecodable", "smooth", "pixels"}
    used |= {"left", "right", "absolute_of", "signed_of", "levels", "brighter"}
    assert used == set(words("viewer"))
    shown = re.sub(r"<[^>]*>|&minus;|\+", "", html)
    assert not re.search(r"[A-Za-z]{2,}", shown), "words belong into lab/languages"


def test_every_word_of_the_table_is_used():
    """By its key, by its room (``words("viewer")``), or by a key that ends in a variable."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES.parent.rglob("*.py"))
    rooms = re.findall(r"""words\(["']([a-z_.]+)["']\)""", code)
    endings = re.findall(r"""f["']([a-z_]+\.[a-z_]*)\{""", code)
    families = re.findall(r"""words\(f["']([a-z_-]+)\{""", code)
    begun = tuple([f"{room}." for room in rooms] + endings + families)
    unused = [
        key
        for key in ENGLISH
        if not key.startswith(begun) and not re.search(rf"""["']{re.escape(key)}["']""", code)
    ]
    assert not unused
