"""What the viewer takes, what it hands to the page, and what it never lets in."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from lab.text import ENGLISH, words
from lab.viewer import CompareViewer, Shown
from lab.viewer.viewer import PngHeader, read_header
from realesr.images import Picture, write_picture

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
        "v": 1,
        "images": [],
        "words": {"empty": "Drop"},
    }


@pytest.mark.parametrize(
    "forged",
    [
        {"images": [{"file": {"path": "/etc/hostname"}}]},
        {"images": [{"file": {"path": "../../secret", "meta": {"_type": "gradio.FileData"}}}]},
        "/etc/hostname",
        {"path": "/etc/hostname"},
        [{"url": "file:///etc/hostname"}],
    ],
)
def test_no_path_a_browser_sends_reaches_a_function(forged):
    assert CompareViewer(words={}).preprocess(forged) is None


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
    assert used == set(words("viewer"))
    shown = re.sub(r"<[^>]*>|&minus;|\+", "", html)
    assert not re.search(r"[A-Za-z]{2,}", shown), "words belong into lab/languages"


def test_every_word_of_the_table_is_used():
    """By its key, by its room (``words("viewer")``), or by a key that ends in a variable."""
    code = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES.parent.rglob("*.py"))
    rooms = re.findall(r"""words\(["']([a-z_.]+)["']\)""", code)
    endings = re.findall(r"""f["']([a-z_]+\.[a-z_]*)\{""", code)
    begun = tuple([f"{room}." for room in rooms] + endings)
    unused = [
        key
        for key in ENGLISH
        if not key.startswith(begun) and not re.search(rf"""["']{re.escape(key)}["']""", code)
    ]
    assert not unused
