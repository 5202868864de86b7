"""Animations cross between files and frames: pixels, timing, repetition, transparency."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from realesr.errors import PictureError
from realesr.images.animation import read_animation
from realesr.images.frames import AnimatedPng
from tests.odd_pictures import SRGB
from tests.picture_files import encoded, scene
from tests.test_picture_metadata import COPYRIGHT, exif_block

TIMES = [100, 50, 30, 200]


def moving(channels: int) -> list[np.ndarray]:
    """A square that moves and changes its colour, on a ground or on nothing."""
    frames = []
    for number in range(4):
        pixels = np.zeros((20, 30, 4), np.uint8)
        pixels[..., :3] = 90 if channels == 3 else 0
        pixels[4:12, 2 + 4 * number : 10 + 4 * number] = (255, 40 * number, number, 255)
        frames.append(np.ascontiguousarray(pixels[..., :channels]))
    return frames


def animated(frames: list[np.ndarray], picture_format: str, **settings) -> bytes:
    first, *others = [Image.fromarray(frame) for frame in frames]
    more = {"lossless": True} if picture_format == "WEBP" else {}
    return encoded(
        first, picture_format, save_all=True, append_images=others,
        **{"loop": 3, "duration": TIMES, **more, **settings},
    )  # fmt: skip


def read(folder, data: bytes):
    (folder / "a.bin").write_bytes(data)
    return read_animation(folder / "a.bin")


def same(seen: np.ndarray, wanted: np.ndarray) -> bool:
    """Equal, except for colours that nothing shows."""
    if wanted.shape[2] == 4:
        visible = wanted[..., 3] > 0
        return np.array_equal(seen[..., 3], wanted[..., 3]) and np.array_equal(
            seen[visible], wanted[visible]
        )
    return np.array_equal(seen[..., :3], wanted) and bool((seen[..., 3:] == 255).all())


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize(
    ("picture_format", "settings"),
    [("GIF", {"disposal": 0}), ("GIF", {"disposal": 1}), ("GIF", {"disposal": 2}),
     ("WEBP", {"kmin": 0, "kmax": 1}), ("PNG", {}), ("PNG", {"disposal": 1, "blend": 1})],
)  # fmt: skip
def test_frames_are_what_is_seen_whatever_is_stored(tmp_path, picture_format, settings, channels):
    if channels == 4 and settings.get("disposal") in (0, 1) and picture_format == "GIF":
        settings = {"disposal": 2}
    frames = moving(channels)
    animation = read(tmp_path, animated(frames, picture_format, **settings))
    assert animation.durations == tuple(map(float, TIMES))
    assert animation.plays == (4 if picture_format == "GIF" else 3), "a GIF counts repetitions"
    seen = list(animation.frames())
    assert len(seen) == 4 and all(map(same, seen, frames))
    assert list(animation.frames())[2].tolist() == seen[2].tolist(), "as often as asked"


@pytest.mark.parametrize("picture_format", ["PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("plays", [0, 1, 5])
def test_a_stranger_sees_the_same_animation(picture_format, channels, plays):
    """OpenCV reads what was written: frames, times and repetitions."""
    frames = moving(channels)
    writer = AnimatedPng(TIMES, plays)
    for frame in frames:
        writer.add(frame)
    data = writer.finish(picture_format)
    _, seen = cv2.imdecodeanimation(np.frombuffer(data, np.uint8))
    assert list(seen.durations) == TIMES
    # OpenCV says 0 for a GIF that runs once, as it does for one that runs for ever.
    if (picture_format, plays) != ("GIF", 1):
        assert seen.loop_count == plays
    for pixels, wanted in zip(seen.frames, frames, strict=True):
        order = [2, 1, 0, 3][: pixels.shape[2]]
        assert same(pixels[..., order], wanted)


@pytest.mark.parametrize("channels", [1, 2])
def test_gray_stays_gray(tmp_path, channels):
    frames = [np.ascontiguousarray(np.roll(scene(20, 28, 2), n, 1)[..., :channels]) for n in (0, 3)]
    frames = [frame[..., 0] if channels == 1 else frame for frame in frames]
    writer = AnimatedPng([10, 20], 0)
    for frame in frames:
        writer.add(frame)
    animation = read(tmp_path, writer.finish("PNG"))
    assert animation.cover.is_gray
    assert all(map(np.array_equal, animation.frames(), frames))


def test_times_survive_in_the_units_of_each_format(tmp_path):
    times = [33.4, 33.3, 33.3, 120_000]
    writer = AnimatedPng(times, 0)
    for frame in moving(3):
        writer.add(frame)
    back = read(tmp_path, writer.finish("PNG")).durations
    assert back == pytest.approx(times, abs=0.05)
    assert sum(read(tmp_path, writer.finish("WEBP")).durations) == 120_100
    assert read(tmp_path, writer.finish("GIF")).durations == (30, 40, 30, 120_000)


def test_profile_and_exif_travel_along(tmp_path):
    data = animated(moving(3), "WEBP", icc_profile=SRGB, exif=exif_block(1))
    cover = read(tmp_path, data).cover
    assert cover.icc == SRGB and COPYRIGHT in cover.exif
    writer = AnimatedPng(TIMES, 0, icc=cover.icc, exif=cover.exif, dpi=(300, 300))
    for frame in moving(3):
        writer.add(frame)
    for picture_format in ("PNG", "WEBP"):
        back = read(tmp_path, writer.finish(picture_format)).cover
        assert back.icc == SRGB and COPYRIGHT in back.exif, picture_format
        assert back.dpi == pytest.approx((300, 300), abs=0.1)


def test_a_turned_animation_comes_out_upright(tmp_path):
    animation = read(tmp_path, animated(moving(3), "WEBP", exif=exif_block(6)))
    assert animation.cover.pixels.shape == (30, 20, 3)
    for seen, stored in zip(animation.frames(), moving(3), strict=True):
        np.testing.assert_array_equal(seen, np.rot90(stored, -1))


def test_a_cover_that_is_not_part_of_the_animation_is_left_out(tmp_path):
    frames = moving(3)
    data = animated(frames, "PNG", default_image=True, duration=TIMES[1:])
    animation = read(tmp_path, data)
    assert animation.durations == tuple(map(float, TIMES[1:]))
    assert all(map(np.array_equal, animation.frames(), frames[1:]))


def test_a_damaged_frame_is_found_before_any_work(tmp_path):
    data = bytearray(animated(moving(4), "WEBP", kmin=0, kmax=1))
    last = data.rindex(b"VP8L")
    data[last + 9 : last + 16] = b"\xff" * 7
    with pytest.raises(PictureError, match=r"E10[34]"):
        read(tmp_path, bytes(data))
    gif = animated(moving(3), "GIF")
    with pytest.raises(PictureError, match=r"E10[34]"):
        read(tmp_path, gif[: len(gif) - 30])


def test_half_transparency_becomes_all_or_nothing_in_a_gif():
    pixels = np.full((8, 8, 4), 200, np.uint8)
    pixels[:, :4, 3], pixels[:, 4:, 3] = 100, 160
    writer = AnimatedPng([0], 1)
    writer.add(pixels)
    seen = np.asarray(Image.open(io.BytesIO(writer.finish("GIF"))).convert("RGBA"))
    assert (seen[:, :4, 3] == 0).all() and (seen[:, 4:] == (200, 200, 200, 255)).all()
