"""Orientation once, and profile, EXIF and resolution from the file read to the file written."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms, ImageOps

from realesr.errors import Notice
from realesr.gate import inspect_header
from realesr.images import Picture, plan_output, read_picture, write_picture
from realesr.images.exif import BadExifError, clean_exif
from tests.picture_files import block, encoded, png16, raw_png, scene

SUFFIXES = [".png", ".jpg", ".tif", ".webp", ".avif"]
FORMATS = {".png": "PNG", ".jpg": "JPEG", ".tif": "TIFF", ".webp": "WEBP", ".avif": "AVIF"}
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
# Bytes that Pillow's own rewriting of EXIF would change: text beyond ASCII.
COPYRIGHT = "© Zoë".encode()


def tag(number: int, kind: int, count: int, value: bytes) -> bytes:
    return struct.pack("<HHI", number, kind, count) + value.ljust(4, b"\x00")


def exif_block(orientation: int = 6) -> bytes:
    """A block as a camera writes it: two directories, a thumbnail, notes with inner offsets."""
    texts = COPYRIGHT.ljust(8, b"\x00") + b"MAKERNOTE-AT-64!"
    first = [
        tag(274, 3, 1, struct.pack("<H", orientation)),
        tag(282, 5, 1, struct.pack("<I", 38)),
        tag(283, 5, 1, struct.pack("<I", 38)),
        tag(296, 3, 1, struct.pack("<H", 2)),
        tag(33432, 2, 7, struct.pack("<I", 46)),
        tag(34665, 4, 1, struct.pack("<I", 200)),
    ]
    inner = [
        tag(37500, 7, 16, struct.pack("<I", 54)),
        tag(40962, 4, 1, struct.pack("<I", 56)),
        tag(40963, 4, 1, struct.pack("<I", 40)),
    ]
    thumbnail = [tag(513, 4, 1, struct.pack("<I", 320)), tag(514, 4, 1, struct.pack("<I", 9))]
    data = bytearray(400)
    data[:8] = b"II*\x00" + struct.pack("<I", 100)
    data[38:46] = struct.pack("<II", 3000, 10)
    data[46:70] = texts
    data[320:329] = b"THUMBNAIL"
    for start, tags, following in ((100, first, 260), (200, inner, 0), (260, thumbnail, 0)):
        body = struct.pack("<H", len(tags)) + b"".join(tags) + struct.pack("<I", following)
        data[start : start + len(body)] = body
    return bytes(data)


def stored(orientation: int, picture_format: str, pixels: np.ndarray) -> bytes:
    """A file whose stored pixels, once turned as it says, are ``pixels``."""
    image = Image.fromarray(pixels)
    # Pillow's transpositions that lead back: a quarter turn left undoes a quarter turn right.
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    if orientation in back:
        image = image.transpose(Image.Transpose(back[orientation]))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    settings = {"lossless": True} if picture_format == "WEBP" else {}
    if picture_format in ("JPEG", "AVIF"):
        settings = {"quality": 100, "subsampling": 0 if picture_format == "JPEG" else "4:4:4"}
    return encoded(image, picture_format, exif=exif, **settings)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("picture_format", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
def test_all_eight_orientations_come_out_upright_once(tmp_path, picture_format, orientation):
    upright = scene(40, 56)
    data = stored(orientation, picture_format, upright)
    # The file itself is right: Pillow turns it to the same picture.
    reference = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    assert np.abs(reference.astype(int) - upright).max() < 12
    path = tmp_path / "turned.bin"
    path.write_bytes(data)
    header, picture = inspect_header(path), read_picture(path)
    assert (header.width, header.height) == (56, 40)
    assert header.orientation == orientation
    np.testing.assert_array_equal(picture.pixels, reference)
    again = write_picture(picture, tmp_path / "again.png")
    np.testing.assert_array_equal(read_picture(again).pixels, picture.pixels)
    assert Image.open(again).getexif().get(ExifTags.Base.Orientation, 1) == 1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_tiff_that_only_pillow_reads_is_turned_once_too(tmp_path, orientation):
    """Pillow turns a TIFF while loading it; the orientation must not be applied again."""
    palette = Image.fromarray(scene()).quantize(16)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    for number, image in enumerate((palette, Image.fromarray(scene()))):
        data = encoded(image, "TIFF", compression="tiff_lzw", exif=exif)
        path = tmp_path / f"{number}.tif"
        path.write_bytes(data)
        reference = ImageOps.exif_transpose(Image.open(io.BytesIO(data)).convert("RGB"))
        np.testing.assert_array_equal(read_picture(path).pixels, np.asarray(reference))
        assert inspect_header(path).height == (56 if orientation >= 5 else 40)


@pytest.mark.parametrize("orientation", [3, 6, 7])
def test_16_bit_pictures_are_turned_once_too(tmp_path, orientation):
    tifffile = pytest.importorskip("tifffile")
    upright = scene(40, 56, dtype="uint16")
    turned = {3: upright[::-1, ::-1], 6: np.rot90(upright), 7: upright.swapaxes(0, 1)[::-1, ::-1]}
    pixels = np.ascontiguousarray(turned[orientation])
    exif = struct.pack("<2sHIHHHIHxxI", b"II", 42, 8, 1, 274, 3, 1, orientation, 0)
    png = png16(pixels)
    cases = {"a.png": png[:33] + block(b"eXIf", exif) + png[33:]}
    layouts = {
        "plain.tif": {},
        "deflated.tif": {"compression": "zlib"},
        "tiled.tif": {"tile": (16, 16)},
    }
    for name, layout in layouts.items():
        out = io.BytesIO()
        tags = [(274, "H", 1, orientation, True)]
        tifffile.imwrite(out, pixels, photometric="rgb", extratags=tags, **layout)
        cases[name] = out.getvalue()
    for name, data in cases.items():
        (tmp_path / name).write_bytes(data)
        np.testing.assert_array_equal(read_picture(tmp_path / name).pixels, upright, err_msg=name)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_profile_exif_and_resolution_reach_every_format(tmp_path, suffix):
    (tmp_path / "in.jpg").write_bytes(
        encoded(scene(), "JPEG", icc_profile=SRGB, exif=b"Exif\x00\x00" + exif_block())
    )
    picture = read_picture(tmp_path / "in.jpg")
    assert picture.pixels.shape == (56, 40, 3)
    assert picture.icc == SRGB
    assert picture.dpi == (300, 300)
    assert picture.notices == plan_output(picture, suffix) == ()
    path = write_picture(picture, tmp_path / f"out{suffix}")
    back = read_picture(path)
    assert back.icc == SRGB
    assert back.dpi == pytest.approx((300, 300), abs=0.01)
    assert COPYRIGHT in back.exif
    assert b"MAKERNOTE-AT-64!" in back.exif
    # A stranger sees the same.
    with Image.open(path) as seen:
        assert seen.info["icc_profile"] == SRGB
        exif = seen.getexif()
        assert exif[ExifTags.Base.Copyright].encode("latin-1") == COPYRIGHT
        assert ExifTags.Base.Orientation not in exif or exif[ExifTags.Base.Orientation] == 1
        inner = exif.get_ifd(ExifTags.IFD.Exif)
        assert inner[37500] == b"MAKERNOTE-AT-64!"
        assert 40962 not in inner


def test_an_exif_block_is_edited_where_it_stands():
    """Offsets inside the maker's notes stay true; the thumbnail, perhaps uncropped, is wiped."""
    before = exif_block()
    after, dpi = clean_exif(b"Exif\x00\x00" + before)
    assert dpi == (300, 300)
    assert len(after) == len(before)
    assert after.index(b"MAKERNOTE-AT-64!") == before.index(b"MAKERNOTE-AT-64!")
    assert b"THUMBNAIL" not in after
    assert clean_exif(after) == (after, None)


def test_an_exif_block_with_nothing_but_the_grid_is_dropped():
    only = struct.pack("<2sHIHHHIHxxI", b"II", 42, 8, 1, 274, 3, 1, 6, 0)
    assert clean_exif(only) == (None, None)


def test_damaged_exif_is_left_out_with_a_notice(tmp_path):
    whole = exif_block()
    for damaged in (b"nonsense", whole[:120], whole[:4] + b"\xff\xff\xff\x7f" + whole[8:]):
        with pytest.raises(BadExifError):
            clean_exif(damaged)
        png = encoded(scene(), "PNG")
        path = tmp_path / "a.png"
        path.write_bytes(png[:33] + block(b"eXIf", damaged) + png[33:])
        picture = read_picture(path)
        assert picture.exif is None
        assert picture.notices == (Notice("W113", "The EXIF block was left out: it is damaged."),)


def test_a_picture_made_by_hand_cannot_be_turned_twice(tmp_path):
    """Whoever puts a camera's own block on upright pixels still gets an upright file."""
    picture = Picture(scene(), exif=exif_block(orientation=6))
    for suffix in SUFFIXES:
        back = read_picture(write_picture(picture, tmp_path / f"a{suffix}"))
        assert back.pixels.shape == (40, 56, 3)
        assert COPYRIGHT in back.exif
    assert [notice.code for notice in plan_output(Picture(scene(), exif=b"junk"), ".png")] == [
        "W113"
    ]
    write_picture(Picture(scene(), exif=b"junk"), tmp_path / "junk.jpg")


def test_random_exif_never_stops_a_picture(tmp_path):
    draw = np.random.default_rng(7)
    png, whole = encoded(scene(4, 4), "PNG"), exif_block()
    for _ in range(150):
        damaged = bytearray(whole)
        for place in draw.integers(len(whole), size=6):
            damaged[place] = draw.integers(256)
        path = tmp_path / "a.png"
        path.write_bytes(png[:33] + block(b"eXIf", bytes(damaged)) + png[33:])
        picture = read_picture(path)
        if picture.exif:
            write_picture(picture, tmp_path / "out.tif", force=True)
            write_picture(picture, tmp_path / "out.webp", force=True)
            assert read_picture(tmp_path / "out.tif").pixels.shape == picture.pixels.shape


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".avif", ".png", ".tif"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_profile_stays_with_pixels_it_fits(tmp_path, suffix, channels):
    gray = channels < 3
    profile = gray_profile() if gray else SRGB
    picture = Picture(scene(channels=channels), icc=profile)
    back = read_picture(write_picture(picture, tmp_path / f"a{suffix}"))
    if gray and suffix in (".webp", ".avif"):
        assert back.icc is None
        assert "gray colour profile" in str(plan_output(picture, suffix)[-1])
    else:
        assert back.icc == profile


def gray_profile() -> bytes:
    """The header of the sRGB profile, said to be for gray pictures."""
    return SRGB[:16] + b"GRAY" + SRGB[20:]


def test_a_profile_for_other_pixels_is_left_out_with_a_notice(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(encoded(scene(channels=1), "PNG", icc_profile=SRGB))
    picture = read_picture(path)
    assert picture.icc is None
    assert str(picture.notices[0]).startswith("W113 The colour profile was left out: it is for RGB")
    path.write_bytes(encoded(scene(), "PNG", icc_profile=b"short"))
    assert "it is damaged" in str(read_picture(path).notices[0])
    bad = block(b"iCCP", b"name\x00\x00not deflated")
    path.write_bytes(raw_png(1, 1, 8, 2, [b"abc"], bad))
    assert "it is damaged" in str(read_picture(path).notices[0])


def test_resolutions_in_centimetres_are_converted(tmp_path):
    data = encoded(scene(), "TIFF", resolution=100, resolution_unit="cm")
    (tmp_path / "a.tif").write_bytes(data)
    assert read_picture(tmp_path / "a.tif").dpi == pytest.approx((254, 254))
    head = encoded(scene(), "JPEG", dpi=(72, 144))
    (tmp_path / "a.jpg").write_bytes(head)
    assert read_picture(tmp_path / "a.jpg").dpi == (72, 144)
    (tmp_path / "b.jpg").write_bytes(encoded(scene(), "JPEG"))
    assert read_picture(tmp_path / "b.jpg").dpi is None


def test_an_exif_block_too_long_for_jpeg_is_left_out_with_a_notice(tmp_path):
    long, _ = clean_exif(exif_block().ljust(70_000, b"\x00"))
    picture = Picture(scene(), exif=long)
    assert [notice.code for notice in plan_output(picture, ".jpg")] == ["W113"]
    assert read_picture(write_picture(picture, tmp_path / "a.jpg")).exif is None
    assert read_picture(write_picture(picture, tmp_path / "a.png")).exif == picture.exif


def ink_profile() -> bytes:
    """A CMYK profile that prints every ink as the same gray, unlike any rule of thumb."""
    identity = struct.pack(">9i", *(65536 * (place % 4 == 0) for place in range(9)))
    ramp = bytes(range(256))
    corners = b"".join(bytes([255 - 60 * bin(inks).count("1"), 128, 128]) for inks in range(16))
    table = b"mft1\x00\x00\x00\x00" + bytes([4, 3, 2, 0]) + identity + ramp * 4 + corners + ramp * 3
    text = b"text\x00\x00\x00\x00test\x00"
    words = b"desc\x00\x00\x00\x00" + struct.pack(">I", 5) + b"test\x00" + bytes(78)
    white = b"XYZ \x00\x00\x00\x00" + struct.pack(">3i", 63190, 65536, 54061)
    tags, body = [], b""
    for name, data in ((b"desc", words), (b"cprt", text), (b"wtpt", white), (b"A2B0", table)):
        tags.append((name, 132 + 4 * 12 + len(body), len(data)))
        body += data + bytes(-len(data) % 4)
    directory = struct.pack(">I", 4) + b"".join(struct.pack(">4sII", *entry) for entry in tags)
    size = 128 + len(directory) + len(body)
    head = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02100000, b"prtr", b"CMYK", b"Lab ")
    head += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
    head += struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\x00") + directory + body


@pytest.mark.parametrize("picture_format", ["JPEG", "TIFF"])
def test_cmyk_is_converted_with_its_profile(tmp_path, picture_format):
    ink = Image.fromarray(scene()).convert("CMYK")
    path = tmp_path / "ink.bin"
    path.write_bytes(encoded(ink, picture_format, icc_profile=ink_profile()))
    picture = read_picture(path)
    assert picture.notices == (Notice("W110", "CMYK converted to sRGB with its profile."),)
    assert picture.icc is None
    # The profile prints all inks as gray, so gray is what must come out.
    spread = picture.pixels.max(axis=-1).astype(int) - picture.pixels.min(axis=-1)
    assert spread.max() <= 3
    assert np.ptp(picture.pixels) > 50


@pytest.mark.parametrize("profile", [SRGB, b"short", None])
def test_cmyk_without_a_usable_profile_says_so(tmp_path, profile):
    ink = Image.fromarray(scene()).convert("CMYK")
    path = tmp_path / "ink.jpg"
    path.write_bytes(encoded(ink, "JPEG", icc_profile=profile))
    picture = read_picture(path)
    assert "rule of thumb" in str(picture.notices[0])
    assert [notice.code for notice in picture.notices] == ["W110"]
    assert np.abs(picture.pixels.astype(int) - scene()).mean() < 12
