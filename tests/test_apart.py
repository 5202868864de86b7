"""Decoding in a process of its own: the same pictures, and bounded time and memory."""

from __future__ import annotations

import os
import signal
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from realesr.errors import PictureError, ResourceError
from realesr.gate import Limits
from realesr.images import read_picture
from realesr.images.apart import Apart
from tests.picture_files import bad_files, block, good_samples


def black_png(path, side: int):
    """A small file of many pixels, which takes time and memory to unpack."""
    import struct

    head = block(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0))
    body = block(b"IDAT", zlib.compress(bytes(side * (4 * side + 1)), 1))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + body + block(b"IEND", b""))
    return path


@pytest.fixture(scope="module")
def apart():
    child = Apart()
    yield child
    child.close()


def test_every_kind_is_read_as_ever(apart, tmp_path):
    for name, data in good_samples().items():
        path = tmp_path / name
        path.write_bytes(data)
        here, there = read_picture(path), apart.read(path)
        assert np.array_equal(here.pixels, there.pixels), name
        nothing = np.zeros((1, 1), np.uint8)
        assert replace(here, pixels=nothing).__dict__.keys() == there.__dict__.keys()
        for part in ("icc", "exif", "dpi", "format", "name", "notices"):
            assert getattr(here, part) == getattr(there, part), (name, part)


def test_every_refusal_is_the_same(apart, tmp_path):
    for path, code in bad_files(tmp_path).values():
        with pytest.raises(PictureError) as here:
            read_picture(path)
        with pytest.raises(PictureError) as there:
            apart.read(path)
        assert str(here.value) == str(there.value) and there.value.code == code


def test_what_takes_too_long_is_stopped_and_the_next_is_read(tmp_path):
    slow, quick = black_png(tmp_path / "slow.png", 6000), black_png(tmp_path / "quick.png", 4)
    child = Apart(seconds=0.05)
    try:
        with pytest.raises(PictureError, match=r"E112 decoding slow.png took over 0.05 s"):
            child.read(slow)
        child._seconds = 60
        assert child.read(quick).pixels.shape == (4, 4, 4)
    finally:
        child.close()


def test_what_takes_too_much_memory_is_refused(tmp_path):
    large = black_png(tmp_path / "large.png", 9000)
    child = Apart(memory=700_000_000)
    try:
        with pytest.raises((ResourceError, PictureError)) as refused:
            child.read(large)
        assert refused.value.code in ("E301", "E112")
        assert child.read(black_png(tmp_path / "a.png", 4)).pixels.shape == (4, 4, 4)
    finally:
        child.close()


def test_limits_hold_there_too(tmp_path):
    child = Apart(limits=Limits(max_pixels=10))
    try:
        with pytest.raises(PictureError, match="E106"):
            child.read(black_png(tmp_path / "a.png", 4))
    finally:
        child.close()


def test_a_decoder_that_breaks_takes_nothing_with_it(apart, tmp_path):
    path = black_png(tmp_path / "a.png", 4)
    apart.read(path)
    os.kill(apart._children[0].pid, signal.SIGSEGV)
    apart._children[0].wait()
    assert apart.read(path).width == 4
    apart._children[0].stdin.close()
    with pytest.raises(PictureError, match=r"E112 decoding a\.png broke the decoder"):
        apart.read(path)
    assert apart.read(path).width == 4


def test_threads_share_one(apart, tmp_path):
    paths = [black_png(tmp_path / f"{side}.png", side) for side in range(2, 30)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(apart.read, paths))
    assert [picture.width for picture in found] == list(range(2, 30))
