"""Sources: the same pictures in the same order on every machine, refusals in a sentence."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from realesr.errors import ConfigError, PictureError
from realesr.train.pictures import without
from realesr.train.sources import SAMPLES, Chosen, joined, open_source, open_sources


def save(path, shade: int = 0, size: tuple[int, int] = (12, 8)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (shade, 0, 255)).save(path)


@pytest.fixture
def folder(tmp_path):
    """Three pictures in two folders, and what is no picture or hidden."""
    for number, name in enumerate(["b.png", "a/c.JPG", "a/b.webp"]):
        save(tmp_path / "photos" / name, number)
    for name in ["notes.txt", ".hidden.png", ".git/d.png", "film.gif"]:
        path = tmp_path / "photos" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path / "photos"


def names(source) -> list[str]:
    return [source.name(index) for index in range(len(source))]


def test_a_folder_is_read_by_name_with_those_inside_it(folder):
    source = open_source(str(folder))
    assert names(source) == ["a/b.webp", "a/c.JPG", "b.png"]
    assert sum(source.blocks()) == 3
    pixels = source.read(2)
    assert pixels.shape == (8, 12, 3) and pixels.dtype == np.uint8
    assert (pixels == (0, 0, 255)).all()


def test_a_loop_of_links_ends_and_a_linked_folder_counts(folder, tmp_path):
    save(tmp_path / "elsewhere" / "e.png")
    (folder / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    (folder / "a" / "up").symlink_to(folder, target_is_directory=True)
    assert names(open_source(str(folder))) == ["a/b.webp", "a/c.JPG", "b.png", "link/e.png"]


def test_gray_alpha_and_depth(tmp_path):
    gray = np.arange(48, dtype=np.uint8).reshape(6, 8)
    Image.fromarray(gray).save(tmp_path / "a.png")
    Image.fromarray(np.dstack([gray] * 3 + [gray // 2])).save(tmp_path / "b.png")
    Image.fromarray(gray.astype(np.uint16) * 257).save(tmp_path / "c.png")
    source = open_source(str(tmp_path))
    for index, levels in ((0, gray), (1, gray), (2, gray.astype(np.uint16) * 257)):
        pixels = source.read(index)
        assert pixels.dtype == levels.dtype
        assert np.array_equal(pixels, np.dstack([levels] * 3))


def test_a_fingerprint_follows_names_and_sizes(folder):
    before = open_source(str(folder)).fingerprint()
    assert open_source(str(folder)).fingerprint() == before
    save(folder / "b.png", 0, (999, 8))
    larger = open_source(str(folder)).fingerprint()
    (folder / "b.png").rename(folder / "z.png")
    renamed = open_source(str(folder)).fingerprint()
    (folder / "z.png").unlink()
    fewer = open_source(str(folder)).fingerprint()
    assert len({before, larger, renamed, fewer}) == 4


def test_samples_come_with_scikit_image():
    from skimage import data

    source = open_source("samples")
    assert names(source) == list(SAMPLES)
    assert min(min(source.read(index).shape[:2]) for index in range(len(source))) >= 300
    coffee = open_source("samples:rocket, coffee")
    assert names(coffee) == ["rocket.jpg", "coffee.png"]
    assert np.array_equal(coffee.read(1), data.coffee())


def test_several_sources_are_one(folder):
    source = open_sources([str(folder), "samples:coffee", str(folder / "b.png")])
    assert names(source) == ["a/b.webp", "a/c.JPG", "b.png", "coffee.png", "b.png"]
    assert source.read(3).shape == (400, 600, 3) and source.read(4).shape == (8, 12, 3)
    assert list(source.blocks()) == [3, 1, 1]
    assert source.fingerprint() != open_sources(["samples:coffee", str(folder)]).fingerprint()
    for index in (-1, 5):
        with pytest.raises(IndexError):
            source.name(index)


def test_some_of_a_source_in_another_order(folder):
    source = open_source(str(folder))
    chosen = Chosen(source, [2, 0])
    assert names(chosen) == ["b.png", "a/b.webp"] and len(chosen) == sum(chosen.blocks()) == 2
    assert np.array_equal(chosen.read(1), source.read(0))
    assert len({c.fingerprint() for c in (source, chosen, Chosen(source, [0, 2]))}) == 3


def test_what_is_left_of_blocks():
    class Three(Chosen):
        def blocks(self):
            return (4, 4, 2)

    source = Three(open_source("samples"), range(10))
    assert Chosen(source, [0, 3, 4, 8, 9]).blocks() == [2, 1, 2]
    assert Chosen(source, [4, 5]).blocks() == [2]
    assert Chosen(source, [5, 4, 0]).blocks() == (3,)


def test_the_same_picture_of_two_sources(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder, target_is_directory=True)
    source = open_sources([str(folder), "samples:coffee,rocket"])
    others = open_sources(["samples:coffee", str(tmp_path / "link" / "a")])
    assert without(source, others) == [2, 4]
    assert without(source, open_source("samples:moon")) == [0, 1, 2, 3, 4]
    with pytest.raises(ConfigError, match="Every picture is held out"):
        without(others, source)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nowhere", "no pictures at nowhere"),
        ("notes.txt", "no pictures at .*notes.txt"),
        ("empty", "no pictures in .*empty"),
        ("samples:tea", "no sample 'tea'.*astronaut"),
        ("samples:", "no sample ''"),
    ],
)
def test_what_is_no_source_is_refused(folder, text, words):
    (folder / "empty").mkdir()
    place = text if text == "nowhere" or text.startswith("samples") else str(folder / text)
    with pytest.raises(ConfigError, match=f"(?s)E404.*{words}"):
        open_source(place)


def test_no_source_at_all_is_refused():
    with pytest.raises(ConfigError, match="no pictures to learn from"):
        joined([])


def test_a_damaged_file_is_named_when_it_is_read(folder):
    (folder / "b.png").write_bytes(b"")
    with pytest.raises(PictureError, match=r"E101 b\.png is empty"):
        open_source(str(folder)).read(2)
