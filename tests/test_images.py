"""Pictures cross between files, arrays and tensors without losing anything silently."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageCms

from realesr.errors import ParameterError, PictureError
from realesr.images import (
    Picture,
    from_tensor,
    plan_output,
    read_picture,
    to_tensor,
    write_picture,
)
from tests.picture_files import block, encoded, good_samples, png16, raw_png, scene

PIXELS = st.builds(
    lambda height, width, channels: (height, width) if channels == 1 else (height, width, channels),
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from([1, 2, 3, 4]),
).flatmap(
    lambda shape: st.sampled_from([np.uint8, np.uint16]).flatmap(
        lambda dtype: arrays.arrays(dtype, shape)
    )
)


def read(folder, data: bytes, name: str = "a.png") -> Picture:
    path = folder / name
    path.write_bytes(data)
    return read_picture(path)


def codes(picture: Picture) -> list[str]:
    return [notice.code for notice in picture.notices]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(pixels=PIXELS, suffix=st.sampled_from([".png", ".tif"]))
def test_png_and_tiff_keep_every_bit_of_every_kind(tmp_path, pixels, suffix):
    path = write_picture(Picture(pixels), tmp_path / f"a{suffix}", force=True)
    back = read_picture(path)
    assert back.pixels.dtype == pixels.dtype
    np.testing.assert_array_equal(back.pixels, pixels)
    assert back.notices == plan_output(Picture(pixels), suffix) == ()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(pixels=PIXELS)
def test_strangers_read_our_png_and_tiff_alike(tmp_path, pixels):
    """Pillow for 8 bit and OpenCV for 16 bit see the pixels that were written."""
    for suffix in (".png", ".tif"):
        path = write_picture(Picture(pixels), tmp_path / f"a{suffix}", force=True)
        if pixels.dtype == np.uint8:
            seen = np.asarray(Image.open(path))
        elif pixels.ndim == 3 and pixels.shape[2] == 2:
            continue
        else:
            seen = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
            if seen.ndim == 3:
                seen = seen[..., [2, 1, 0, 3][: seen.shape[2]]]
        np.testing.assert_array_equal(seen.reshape(pixels.shape), pixels)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(pixels=arrays.arrays(np.uint8, st.sampled_from([(9, 7, 3), (1, 1, 3), (6, 11, 4)])))
def test_webp_is_lossless_unless_a_quality_is_asked_for(tmp_path, pixels):
    path = write_picture(Picture(pixels), tmp_path / "a.webp", force=True)
    back = read_picture(path).pixels
    # A picture whose alpha is opaque everywhere comes back without it.
    np.testing.assert_array_equal(back, pixels[..., : back.shape[2]])
    if back.shape != pixels.shape:
        assert (pixels[..., 3] == 255).all()


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
def test_colours_under_full_transparency_are_kept(tmp_path, suffix):
    pixels = scene(channels=4)
    pixels[:20, :, 3] = 0
    back = read_picture(write_picture(Picture(pixels), tmp_path / f"a{suffix}"))
    np.testing.assert_array_equal(back.pixels, pixels)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_every_level_survives_the_way_to_a_tensor_and_back(channels, dtype):
    top = np.iinfo(dtype).max
    pixels = np.arange(top + 1, dtype=dtype).reshape(-1, 16)
    pixels = (
        pixels if channels == 1 else np.stack([np.roll(pixels, n) for n in range(channels)], -1)
    )
    tensor = to_tensor(pixels)
    assert tensor.shape == (1, channels, *pixels.shape[:2])
    assert tensor.dtype == torch.float32
    assert (float(tensor.min()), float(tensor.max())) == (0.0, 1.0)
    back = from_tensor(tensor, dtype)
    assert back.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(back, pixels)


def test_a_tensor_is_clamped_and_rounded_once():
    values = torch.tensor([-1.0, 0.4 / 255, 0.6 / 255, 254.6 / 255, 7.0, float("inf")])
    assert from_tensor(values.reshape(1, 1, 1, 6), np.uint8).tolist() == [[0, 0, 1, 255, 255, 255]]
    assert from_tensor(values.reshape(1, 1, 1, 6).double(), "uint16")[0, 1] == 103
    with pytest.raises(ParameterError, match="not numbers"):
        from_tensor(torch.full((1, 3, 2, 2), torch.nan), np.uint8)
    with pytest.raises(ParameterError, match="1CHW"):
        from_tensor(torch.zeros(3, 2, 2), np.uint8)


def test_a_dark_16_bit_picture_is_still_16_bit():
    """The dtype decides the range; guessing from the values misreads dark pictures."""
    dark = np.full((2, 2), 200, np.uint16)
    assert float(to_tensor(dark).max()) == pytest.approx(200 / 65535)


def test_a_picture_is_checked_when_it_is_made():
    for wrong in (
        np.zeros((2, 2), np.float32),
        np.zeros((2, 2, 5), np.uint8),
        np.zeros((0, 2), np.uint8),
        np.zeros(4, np.uint8),
    ):
        with pytest.raises(ParameterError, match="E001"):
            Picture(wrong)


def test_a_picture_knows_itself():
    picture = Picture(scene(4, 6, 2, "uint16"))
    assert (picture.height, picture.width, picture.bits) == (4, 6, 16)
    assert picture.is_gray
    assert picture.has_alpha
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    rgb = Picture(scene(), icc=profile, name="a.png")
    assert rgb.with_pixels(scene(8, 8)).icc == profile
    assert rgb.with_pixels(scene(8, 8, 1)).icc is None
    assert rgb.with_pixels(scene(8, 8, 1)).name == "a.png"


def test_a_16_bit_ramp_keeps_its_levels(tmp_path):
    ramp = np.linspace(0, 65535, 8192).astype(np.uint16).reshape(64, 128)
    colour = np.dstack([ramp, ramp[::-1], ramp.T.reshape(64, 128)])
    for pixels in (ramp, colour):
        for name in ("a.png", "a.tif"):
            path = write_picture(Picture(pixels), tmp_path / name, force=True)
            assert len(np.unique(read_picture(path).pixels)) == 8192
        assert len(np.unique(read(tmp_path, png16(pixels)).pixels)) == 8192


@pytest.mark.parametrize("name", sorted(good_samples()))
def test_every_kind_reads_as_its_own_library_reads_it(tmp_path, name):
    data = good_samples()[name]
    picture = read(tmp_path, data, name)
    assert picture.name == name
    if picture.bits == 16:
        return
    image = Image.open(io.BytesIO(data))
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
    channels = 1 if picture.pixels.ndim == 2 else picture.pixels.shape[2]
    np.testing.assert_array_equal(picture.pixels, np.asarray(image.convert(mode[channels])))
    assert picture.pixels.flags.writeable
    assert picture.pixels.flags.c_contiguous


def test_16_bit_files_of_other_programs_are_read_exactly(tmp_path):
    tifffile = pytest.importorskip("tifffile")

    def tiff(pixels, **settings):
        out = io.BytesIO()
        tifffile.imwrite(out, pixels, **settings)
        return out.getvalue()

    deep = scene(channels=4, dtype="uint16")
    gray, rgb = deep[..., 0], deep[..., :3]
    planes = np.moveaxis(rgb, -1, 0).copy()
    cases = [
        (png16(deep), deep),
        (png16(gray), gray),
        (tiff(gray, byteorder=">"), gray),
        (tiff(gray, bigtiff=True), gray),
        (tiff(gray, photometric="miniswhite"), 65535 - gray),
        (tiff(rgb, photometric="rgb", byteorder=">"), rgb),
        (tiff(rgb, photometric="rgb", tile=(16, 16)), rgb),
        (tiff(rgb, photometric="rgb", compression="zlib", predictor=2), rgb),
        (tiff(planes, photometric="rgb", planarconfig="separate", rowsperstrip=7), rgb),
        (tiff(deep, photometric="rgb", extrasamples=["unassalpha"]), deep),
        (tiff(deep, photometric="rgb", extrasamples=["unspecified"]), rgb),
        (
            tiff(
                deep[..., 2:],
                photometric="minisblack",
                planarconfig="contig",
                extrasamples=["unassalpha"],
            ),
            deep[..., 2:],
        ),
        (cv2.imencode(".tif", rgb[..., ::-1], [cv2.IMWRITE_TIFF_COMPRESSION, 5])[1].tobytes(), rgb),
    ]
    for number, (data, expected) in enumerate(cases):
        picture = read(tmp_path, data)
        assert picture.pixels.dtype == np.uint16, number
        np.testing.assert_array_equal(picture.pixels, expected, err_msg=str(number))


def test_premultiplied_alpha_becomes_straight(tmp_path):
    tifffile = pytest.importorskip("tifffile")
    stored = np.array([[[100, 50, 0, 200], [7, 7, 7, 0]]], np.uint16) * 257
    out = io.BytesIO()
    tifffile.imwrite(out, stored, photometric="rgb", extrasamples=["assocalpha"])
    pixels = read(tmp_path, out.getvalue()).pixels
    np.testing.assert_allclose(pixels[0, 0] / 257, [127.5, 63.75, 0, 200], atol=0.01)


def test_floating_point_between_0_and_1_becomes_16_bit(tmp_path):
    values = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
    picture = read(tmp_path, encoded(Image.fromarray(values), "TIFF"))
    np.testing.assert_array_equal(picture.pixels, np.rint(values * 65535.0).astype(np.uint16))
    assert codes(picture) == ["W110"]
    colour = cv2.imencode(".tif", np.dstack([values, values / 2, values / 4]))[1].tobytes()
    assert read(tmp_path, colour).pixels[-1, -1].tolist() == [16384, 32768, 65535]
    with pytest.raises(PictureError, match=r"E111 .*from 0 to 255"):
        read(tmp_path, encoded(Image.fromarray(values * 255), "TIFF"))


@pytest.mark.parametrize("kind", ["uint32", "int16", "float16"])
def test_samples_without_a_defined_brightness_are_refused(tmp_path, kind):
    tifffile = pytest.importorskip("tifffile")
    out = io.BytesIO()
    tifffile.imwrite(out, np.ones((4, 4), kind))
    with pytest.raises(PictureError, match=r"E10[45]"):
        read(tmp_path, out.getvalue())


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_the_transparent_gray_of_a_png_becomes_alpha(tmp_path, bits):
    """Pillow compares the unscaled key with scaled pixels and so misses it at 2 and 4 bits."""
    levels = [0, 1] if bits == 1 else [0, 1, 2, 3]
    width = 8 * len(levels)
    row = sum(levels[x % len(levels)] << bits * (width - 1 - x) for x in range(width))
    key = block(b"tRNS", struct.pack(">H", 1))
    data = raw_png(width, 1, bits, 0, [row.to_bytes(width * bits // 8, "big")], key)
    pixels = read(tmp_path, data).pixels
    top = 65535 if bits == 16 else 255
    unit = top // ((1 << bits) - 1)
    assert pixels[0, : len(levels), 0].tolist() == [level * unit for level in levels]
    assert pixels[0, : len(levels), 1].tolist() == [0 if level == 1 else top for level in levels]


@pytest.mark.parametrize("bits", [8, 16])
def test_the_transparent_colour_of_a_png_becomes_alpha(tmp_path, bits):
    colours = [(1, 2, 3), (1, 2, 4), (3, 2, 1)]
    row = b"".join(struct.pack(f">3{'B' if bits == 8 else 'H'}", *colour) for colour in colours)
    data = raw_png(3, 1, bits, 2, [row], block(b"tRNS", struct.pack(">3H", 1, 2, 3)))
    pixels = read(tmp_path, data).pixels
    top = (1 << bits) - 1
    assert pixels[0].tolist() == [[1, 2, 3, 0], [1, 2, 4, top], [3, 2, 1, top]]


def test_a_16_bit_png_is_read_whatever_its_rows_and_blocks_say(tmp_path):
    """Gray and alpha, gamma and a colour profile next to the data change no sample."""
    samples = scene(3, 5, 2, "uint16")
    rows = [row.astype(">u2").tobytes() for row in samples]
    gamma = block(b"gAMA", struct.pack(">I", 100_000))
    np.testing.assert_array_equal(read(tmp_path, raw_png(5, 3, 16, 4, rows, gamma)).pixels, samples)


def test_an_interlaced_16_bit_png_is_read(tmp_path):
    """Adam7 of a 3x1 picture: passes hold column 0, then 2, then 1."""
    head = block(b"IHDR", struct.pack(">IIBBBBB", 3, 1, 16, 0, 0, 0, 1))
    rows = b"".join(b"\x00" + struct.pack(">H", value) for value in (1000, 3000, 2000))
    body = block(b"IDAT", zlib.compress(rows))
    data = b"\x89PNG\r\n\x1a\n" + head + body + block(b"IEND", b"")
    assert read(tmp_path, data).pixels.tolist() == [[1000, 2000, 3000]]


def test_a_gray_palette_is_gray(tmp_path):
    image = Image.fromarray(scene(channels=1) // 64 * 64).convert("P")
    image.putpalette([level for level in range(256) for _ in range(3)])
    assert read(tmp_path, encoded(image, "PNG")).is_gray
    assert read(tmp_path, encoded(image, "GIF"), "a.gif").is_gray
    assert not read(tmp_path, good_samples()["palette.png"]).is_gray


def test_an_animation_gives_its_first_frame_and_says_so(tmp_path):
    frames = [Image.fromarray(np.roll(scene(), 9 * n, axis=1)) for n in range(12)]
    for picture_format in ("GIF", "WEBP", "PNG", "AVIF", "TIFF"):
        data = encoded(
            frames[0], picture_format, save_all=True, append_images=frames[1:], lossless=True
        )
        picture = read(tmp_path, data)
        assert "W109 12 frames; using frame 1." in map(str, picture.notices), picture_format
        error = np.abs(picture.pixels[..., :3].astype(int) - scene())
        assert error.mean() < 8, picture_format


def test_high_dynamic_range_is_refused_and_high_depth_is_said(tmp_path):
    deep = cv2.imencode(".avif", scene(dtype="uint16") >> 6, [cv2.IMWRITE_AVIF_DEPTH, 10])[1]
    picture = read(tmp_path, deep.tobytes())
    assert [str(notice) for notice in picture.notices] == ["W110 10-bit AVIF: read as 8 bit."]
    assert np.abs(picture.pixels[..., ::-1].astype(int) - scene()).mean() < 4
    avif = bytearray(good_samples()["photo.avif"])
    avif[avif.index(b"colrnclx") + 11] = 16
    coded = raw_png(1, 1, 8, 2, [b"abc"], block(b"cICP", bytes([9, 18, 0, 1])))
    for data, transfer in ((bytes(avif), "PQ"), (coded, "HLG")):
        with pytest.raises(PictureError, match=rf"E105 .*HDR \({transfer}\)"):
            read(tmp_path, data)


def test_colours_that_are_not_understood_are_refused(tmp_path):
    lab = encoded(Image.new("LAB", (4, 4)), "TIFF")
    with pytest.raises(PictureError, match=r"E105 .*LAB"):
        read(tmp_path, lab)


@pytest.mark.parametrize(
    ("suffix", "pixels", "lost"),
    [
        (".jpg", scene(channels=4, dtype="uint16"), ["8 bit", "transparency"]),
        (".jpg", scene(), []),
        (".webp", scene(dtype="uint16"), ["8 bit"]),
        (".avif", scene(channels=4, dtype="uint16"), ["8 bit"]),
        (".png", scene(channels=2, dtype="uint16"), []),
        (".tif", scene(channels=4, dtype="uint16"), []),
    ],
)
def test_what_a_format_cannot_hold_is_said_beforehand(suffix, pixels, lost):
    sentences = [str(notice) for notice in plan_output(Picture(pixels), suffix)]
    assert len(sentences) == len(lost)
    assert all(word in sentence for word, sentence in zip(lost, sentences, strict=True))


def test_jpeg_lays_transparency_on_white(tmp_path):
    pixels = np.zeros((16, 32, 4), np.uint8)
    pixels[:, 16:, 3] = 255
    picture = read_picture(write_picture(Picture(pixels), tmp_path / "a.jpg"))
    assert picture.pixels.shape == (16, 32, 3)
    assert (picture.pixels[:, :16] == 255).all()
    assert (picture.pixels[:, 16:] == 0).all()


def test_16_bit_is_rounded_to_the_nearest_8_bit_level(tmp_path):
    levels = np.arange(0, 65536, 16, dtype=np.uint16).reshape(64, 64)
    colour = np.dstack([levels] * 3)
    picture = read_picture(write_picture(Picture(colour), tmp_path / "a.webp"))
    np.testing.assert_array_equal(picture.pixels, np.rint(colour / 257).astype(np.uint8))


def test_quality_changes_the_size_and_is_checked(tmp_path):
    for suffix in (".jpg", ".webp", ".avif"):
        low = write_picture(Picture(scene()), tmp_path / f"low{suffix}", quality=30)
        high = write_picture(Picture(scene()), tmp_path / f"high{suffix}")
        assert low.stat().st_size < high.stat().st_size
    with pytest.raises(ParameterError, match="quality"):
        write_picture(Picture(scene()), tmp_path / "a.jpg", quality=0)


def test_jpeg_keeps_the_colour_of_single_columns(tmp_path):
    """Full colour resolution: red and blue columns do not blend to violet."""
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:, ::2, 0] = pixels[:, 1::2, 2] = 255
    back = read_picture(write_picture(Picture(pixels), tmp_path / "a.jpg")).pixels
    assert np.abs(back.astype(int) - pixels).max() < 25
