"""Where a picture was taken leaves its file when asked to, and nothing else does."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

from realesr.images import Picture, read_picture, write_picture
from realesr.images.exif import BadExifError, clean_exif, strip_gps
from tests.picture_files import encoded, scene
from tests.test_picture_metadata import COPYRIGHT, SUFFIXES, exif_block

PLACE = struct.pack("<6I", 52, 1, 31, 1, 123_456, 10_000)


def block_with_gps() -> bytes:
    """The camera's block of the other tests, with a GPS directory behind it."""
    data = bytearray(exif_block(1))
    start, entries = 100, 6
    lines = bytes(data[start + 2 : start + 2 + 12 * entries])
    gps_at, value_at = 600, 700
    data = data.ljust(800, b"\x00")
    lines += struct.pack("<HHII", 34853, 4, 1, gps_at)
    following = struct.pack("<I", 0)
    moved = 440
    data[moved : moved + 2 + len(lines) + 4] = struct.pack("<H", 7) + lines + following
    data[4:8] = struct.pack("<I", moved)
    gps = [
        struct.pack("<HHI4s", 1, 2, 2, b"N\x00\x00\x00"),
        struct.pack("<HHII", 2, 5, 3, value_at),
        struct.pack("<HHI4s", 29, 2, 4, b"2026"),
    ]
    body = struct.pack("<H", len(gps)) + b"".join(gps) + struct.pack("<I", 0)
    data[gps_at : gps_at + len(body)] = body
    data[value_at : value_at + 24] = PLACE
    return bytes(data)


def test_the_place_is_wiped_and_all_else_stays_where_it_was():
    before, _ = clean_exif(block_with_gps())
    after = strip_gps(before)
    assert PLACE in before and PLACE not in after and b"2026" not in after
    assert len(after) == len(before)
    changed = [at for at in range(len(before)) if before[at] != after[at]]
    # The first directory lost a line; its pointer, the GPS directory and its values are zeros.
    assert all(440 <= at < 540 or 600 <= at < 724 for at in changed)
    for kept in (COPYRIGHT, b"MAKERNOTE-AT-64!"):
        assert after.index(kept) == before.index(kept)
    exif = Image.Exif()
    exif.load(b"Exif\x00\x00" + after)
    assert exif.get_ifd(ExifTags.IFD.GPSInfo) == {}
    assert exif[ExifTags.Base.Copyright].encode("latin-1") == COPYRIGHT
    assert exif.get_ifd(ExifTags.IFD.Exif)[37500] == b"MAKERNOTE-AT-64!"
    assert strip_gps(after) == after


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_format_keeps_it(tmp_path, suffix):
    data = encoded(scene(), "JPEG", exif=b"Exif\x00\x00" + block_with_gps())
    (tmp_path / "a.jpg").write_bytes(data)
    picture = read_picture(tmp_path / "a.jpg")
    kept = write_picture(picture, tmp_path / f"kept{suffix}").read_bytes()
    gone = write_picture(picture.without_gps(), tmp_path / f"gone{suffix}").read_bytes()
    assert PLACE in kept and PLACE not in gone
    assert COPYRIGHT in gone and b"MAKERNOTE-AT-64!" in gone
    for bytes_, has in ((kept, True), (gone, False)):
        seen = Image.open(io.BytesIO(bytes_)).getexif().get_ifd(ExifTags.IFD.GPSInfo)
        assert bool(seen) == has


def test_a_big_endian_block_from_pillow():
    exif = Image.Exif()
    exif.endian = ">"
    exif[ExifTags.Base.Artist] = "Ana"
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (52.0, 31.0, 12.3)})
    block = exif.tobytes().removeprefix(b"Exif\x00\x00")
    after = strip_gps(block)
    back = Image.Exif()
    back.load(b"Exif\x00\x00" + after)
    assert back[ExifTags.Base.Artist] == "Ana" and back.get_ifd(ExifTags.IFD.GPSInfo) == {}


def test_a_block_with_nothing_else_is_dropped():
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.GPSInfo)[1] = "N"
    assert strip_gps(exif.tobytes().removeprefix(b"Exif\x00\x00")) is None


def test_tags_that_share_bytes_with_gps_go_with_the_whole_block():
    data = bytearray(block_with_gps())
    at = data.index(struct.pack("<HHII", 2, 5, 3, 700))
    data[at + 8 : at + 12] = struct.pack("<I", data.index(b"MAKERNOTE"))
    with pytest.raises(BadExifError, match="share bytes"):
        strip_gps(bytes(data))
    picture = Picture(scene(), exif=bytes(data)).without_gps()
    assert picture.exif is None and picture.notices[-1].code == "W113"


@given(st.integers(0, 799), st.integers(0, 255), st.integers(0, 799), st.integers(0, 255))
def test_no_damage_makes_it_fail_otherwise(one, value, other, second):
    data = bytearray(block_with_gps())
    data[one], data[other] = value, second
    picture = Picture(np.zeros((2, 2), np.uint8), exif=bytes(data)).without_gps()
    assert picture.exif is None or len(picture.exif) == len(data)
