"""XMP packets are edited where they stand: what is cut is gone, all else is there to the byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realesr.images import Picture, plan_output, read_picture, write_picture
from realesr.images.packets import read_packet
from realesr.images.xmp import (
    BadXmpError,
    clean_xmp,
    fitting,
    properties,
    strip_place,
    with_properties,
    without,
)
from tests.picture_files import block, encoded, scene
from tests.provenance.packets import DC, EXIF, IPTC, PERSON, TIFF, packet_of, properties_of

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40)
SUFFIXES = [".png", ".jpg", ".tif", ".webp", ".avif"]


def test_what_describes_the_stored_grid_goes_and_the_rest_stays_to_the_byte():
    cleaned = clean_xmp(PERSON)
    before, after = properties_of(PERSON), properties_of(cleaned)
    gone = {f"{TIFF}Orientation", f"{TIFF}ImageWidth", f"{EXIF}PixelXDimension"}
    assert set(before) - set(after) == gone
    assert all(after[name] == before[name] for name in after)
    for kept in (b"<!-- a remark of theirs -->", b'Their "Tool" > 3', "Zoë &amp; Ben".encode()):
        assert kept in cleaned
    assert clean_xmp(cleaned) == cleaned


def test_our_reader_and_the_standard_librarys_see_the_same():
    ours = {f"{{{name.replace(' ', '}')}": text for name, text in properties(PERSON).items()}
    theirs = properties_of(PERSON)
    assert ours == theirs and theirs[f"{DC}creator"] == "Zoë Example"


def test_the_place_can_be_cut_out_alone():
    left = properties_of(strip_place(PERSON))
    gone = {f"{EXIF}GPSLatitude", f"{EXIF}GPSLongitude", f"{IPTC}LocationCreated"}
    assert set(properties_of(PERSON)) - set(left) == gone
    deep = PERSON.replace(b"<ext:City>Wien", b"<ext:City>GPSLatitude").replace(
        b"ext:LocationCreated", b"ext:ArtworkOrObject"
    )
    with pytest.raises(BadXmpError, match="inside other"):
        strip_place(deep)
    sentence = str(Picture(scene(), xmp=deep).without_gps().notices[-1])
    assert sentence.startswith("W113 The XMP packet was left out")


@given(st.dictionaries(st.from_regex(r"\A[A-Za-z]{1,9}\Z"), TEXT, min_size=1, max_size=4))
def test_any_text_can_be_put_in_read_back_and_cut_out_again(values):
    named = {f"urn:t: {name}": text for name, text in values.items()}
    for packet in (None, clean_xmp(PERSON)):
        made = with_properties(packet, {"urn:t:": "t"}, named)
        seen = properties_of(made)
        assert {name: seen[f"{{urn:t:}}{name}"] for name in values} == values
        again = with_properties(made, {"urn:t:": "t"}, named)
        assert again == made
        left = without(again, lambda name: name.startswith("urn:t: "))
        assert left == packet


@given(st.data())
def test_damage_is_refused_or_read_but_nothing_else(data):
    packet = bytearray(PERSON)
    for _ in range(data.draw(st.integers(1, 6))):
        packet[data.draw(st.integers(0, len(packet) - 1))] = data.draw(st.integers(0, 255))
    try:
        left = clean_xmp(bytes(packet))
        with_properties(left, {"urn:t:": "t"}, {"urn:t: A": "b"})
    except BadXmpError:
        pass


@pytest.mark.parametrize(
    ("packet", "words"),
    [
        (b"", "no element"),
        (b"<html/>", "no RDF"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "document type"),
        (b"<a>" * 200 + b"</a>" * 200, "nested"),
        (PERSON.replace(b"</rdf:RDF>", b""), "mismatched"),
        (b" " * 5_000_000, "longer"),
        ("<a>ö</a>".encode("latin-1"), "invalid"),
    ],
)
def test_what_is_no_xmp_is_said_to_be_none(packet, words):
    with pytest.raises(BadXmpError, match=words):
        properties(packet)


def test_a_damaged_packet_is_left_out_with_a_notice(tmp_path):
    path = tmp_path / "a.png"
    png = encoded(scene(), "PNG")
    damaged = block(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta")
    path.write_bytes(png[:33] + damaged + png[33:])
    picture = read_picture(path)
    assert picture.xmp is None
    assert "XMP packet was left out: it is damaged" in str(picture.notices[0])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_packet_reaches_every_format_from_every_format(tmp_path, suffix):
    """Written by Pillow, read and written by us, read by Pillow."""
    for picture_format in ("JPEG", "WEBP", "AVIF"):
        path = tmp_path / "in.bin"
        path.write_bytes(encoded(scene(), picture_format, xmp=PERSON))
        picture = read_picture(path)
        assert picture.xmp == clean_xmp(PERSON) and picture.notices == ()
        out = write_picture(picture, tmp_path / f"out{suffix}", force=True)
        assert packet_of(out) == read_packet(out) == picture.xmp
        assert read_picture(out).xmp == picture.xmp


def test_faces_go_when_the_picture_was_turned(tmp_path):
    regions = b'<mwg:Regions xmlns:mwg="http://www.metadataworkinggroup.com/schemas/regions/"/>'
    packet = PERSON.replace(b"<dc:creator>", regions + b"<dc:creator>")
    assert b"mwg:Regions" in clean_xmp(packet)
    assert b"mwg:Regions" not in clean_xmp(packet, turned=True)


def test_jpeg_keeps_what_fits(tmp_path):
    long = PERSON.replace(b'me:note="', b'me:note="' + b"x" * 80_000)
    picture = Picture(scene(), xmp=clean_xmp(long))
    assert "64 KB" in str(plan_output(picture, ".jpg")[0])
    seen = properties_of(packet_of(write_picture(picture, tmp_path / "a.jpg")))
    assert seen[f"{DC}creator"] == "Zoë Example"
    assert not any(name.endswith("}note") for name in seen)
    assert fitting(b"<no", 2) is None
