"""The gate refuses before it decodes: every kind of bad file, by code, lightly."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from realesr.errors import PictureError
from realesr.gate import WEB, Limits, check_output, inspect_header, output_format
from realesr.images import read_picture
from tests.picture_files import (
    bad_files,
    block,
    encoded,
    good_samples,
    raw_png,
    scene,
    webp_claiming,
)

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    return bad_files(tmp_path_factory.mktemp("bad"))


def refusal(path: Path, limits: Limits | None = None) -> PictureError:
    with pytest.raises(PictureError) as caught:
        read_picture(path, limits=limits)
    return caught.value


def test_every_bad_file_is_refused_with_its_code(bad, capfd):
    said = {name: refusal(path) for name, (path, _) in bad.items()}
    assert {name: error.code for name, error in said.items()} == {
        name: code for name, (_, code) in bad.items()
    }
    for name, error in said.items():
        assert name in error.cause, error
        assert error.cause.endswith(".")
        assert error.next_step.endswith(".")
        assert "\n" not in str(error)
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("page.jpg", '"404 Not Found"'),
        ("pointer.png", "git lfs pull"),
        ("notes.png", "it is text"),
        ("cut.tif", "after 70 % of its data"),
        ("checksum.png", "bad checksum in block IDAT at byte 33"),
        ("drawing.eps", "a program"),
        ("drawing.png", "an SVG drawing"),
        ("phone.jpg", "a HEIC picture"),
        ("bomb.webp", "13000×13000 (169 MP); the limit here is 89 MP"),
        ("not_a_number.tif", "2 pixels that are not numbers (first at column 7, row 5)"),
        ("folder.png", "is a folder"),
        ("pipe.png", "a pipe or a device"),
        ("nowhere.png", "a link that leads nowhere"),
        ("missing.png", "does not exist"),
    ],
)
def test_a_refusal_says_what_is_wrong(bad, name, words):
    assert words in str(refusal(bad[name][0]))


def test_the_share_of_a_cut_png_is_that_of_its_rows(tmp_path):
    """Half of the uncompressed rows are there, so it says about half."""
    whole = raw_png(100, 100, 8, 2, [bytes(range(100)) * 3] * 100)
    rows = raw_png(100, 100, 8, 2, [os.urandom(300) for _ in range(100)])
    path = tmp_path / "half.png"
    path.write_bytes(rows[: len(rows) // 2])
    assert "after 49 % of its data" in str(refusal(path))
    path.write_bytes(whole[:-12])
    assert refusal(path).code == "E103"


REFUSE_ALL = """
import resource, sys
from realesr.errors import PictureError
from realesr.images import read_picture
import numpy, PIL.Image, PIL.TiffImagePlugin, cv2
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[1:]:
    try:
        read_picture(path)
    except PictureError:
        continue
    raise SystemExit(f"accepted {path}")
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
assert "torch" not in sys.modules
"""


def test_refusing_is_light(bad):
    """All of them in one process grow it by less than 300 MB (the WebP alone would take 2.6 GB)."""
    paths = [str(path) for path, _ in bad.values()]
    done = subprocess.run(
        [sys.executable, "-c", REFUSE_ALL, *paths],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert int(done.stdout) < 300
    assert done.stderr == ""


def test_the_gate_needs_neither_torch_nor_numpy(tmp_path):
    code = (
        "import sys; from realesr.gate import inspect_header; inspect_header(sys.argv[1]); "
        "print([name for name in ('torch', 'numpy', 'cv2') if name in sys.modules])"
    )
    path = tmp_path / "a.png"
    path.write_bytes(raw_png(3, 2, 8, 0, [b"abc", b"def"]))
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


UNPRIVILEGED = """
import os, sys
from realesr.errors import PictureError
from realesr.gate import inspect_header
os.chdir(sys.argv[1])
if os.geteuid() == 0:
    os.setgroups([])
    os.setegid(65534)
    os.seteuid(65534)
try:
    inspect_header("locked.png")
except PictureError as error:
    print(error)
"""


def test_a_file_without_permission_is_refused(tmp_path):
    """Root may read everything, so the child puts that privilege down before it looks."""
    (tmp_path / "locked.png").write_bytes(good_samples()["rgb.png"])
    (tmp_path / "locked.png").chmod(0o000)
    tmp_path.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", UNPRIVILEGED, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("E100 locked.png may not be read by this user.")


def test_a_device_is_refused_without_reading_it():
    assert refusal(Path("/dev/zero")).code == "E100"


def test_a_link_to_a_picture_is_a_picture(tmp_path):
    (tmp_path / "real.png").write_bytes(good_samples()["rgb.png"])
    (tmp_path / "link.png").symlink_to("real.png")
    assert inspect_header(tmp_path / "link.png").width == 56


@pytest.mark.parametrize("name", good_samples())
def test_the_header_says_what_reading_gives(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(good_samples()[name])
    header, picture = inspect_header(path), read_picture(path)
    assert (header.width, header.height) == (picture.width, picture.height) == (56, 40)
    assert header.format == picture.format
    assert header.frames == 1
    if header.mode in ("1", "L", "LA", "RGB", "RGBA"):
        channels = 1 if picture.pixels.ndim == 2 else picture.pixels.shape[2]
        assert header.channels == channels
    if header.bits == 16:
        assert picture.bits == 16


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1)])
def test_odd_sizes_are_good(tmp_path, size):
    path = tmp_path / "odd.png"
    path.write_bytes(encoded(scene(*size), "PNG"))
    assert read_picture(path).pixels.shape == (*size, 3)


def test_limits_are_on_pixels_and_bytes(tmp_path):
    path = tmp_path / "a.webp"
    path.write_bytes(webp_claiming(5000, 4000))
    assert inspect_header(path).pixels == 20_000_000
    with pytest.raises(PictureError, match=r"E106 .*20 MP.*16 MP"):
        inspect_header(path, WEB)
    with pytest.raises(PictureError, match=r"E106 .*38 bytes"):
        inspect_header(path, Limits(max_bytes=37))
    assert inspect_header(path, Limits(max_pixels=20_000_000)).width == 5000
    assert refusal(path, Limits(max_pixels=19_999_999)).code == "E106"


def test_a_gif_frame_larger_than_its_screen_counts(tmp_path):
    """The first frame, not the screen, decides how much would be decoded."""
    screen = struct.pack("<HHBBB", 4, 4, 0, 0, 0)
    frame = b"," + struct.pack("<HHHHB", 0, 0, 60000, 60000, 0) + b"\x02\x01\x00\x00"
    path = tmp_path / "a.gif"
    path.write_bytes(b"GIF89a" + screen + frame + b";")
    assert refusal(path).code == "E106"


def test_a_png_text_bomb_is_not_unpacked(tmp_path):
    """A block of text may unpack to any size; nothing here ever unpacks it."""
    bomb = block(b"zTXt", b"k\x00\x00" + zlib.compress(bytes(20_000_000), 9))
    path = tmp_path / "a.png"
    path.write_bytes(raw_png(2, 1, 8, 0, [b"ab"], bomb))
    assert read_picture(path).pixels.tolist() == [[97, 98]]


@pytest.mark.parametrize(
    ("width", "height", "format", "refused"),
    [
        (65_500, 1, "JPEG", False),
        (65_501, 1, "JPEG", True),
        (1, 65_501, "JPEG", True),
        (16_383, 9, "WEBP", False),
        (16_384, 9, "WEBP", True),
        (120_000, 8, "PNG", False),
        (32_769, 8, "AVIF", True),
        (40_000, 40_000, "TIFF", True),
        (30_000, 30_000, "TIFF", False),
    ],
)
def test_an_output_too_large_for_its_format_is_refused_before_any_work(
    width, height, format, refused
):
    if not refused:
        check_output(width, height, format)
        return
    with pytest.raises(PictureError, match=rf"E107 .*{width}×{height}"):
        check_output(width, height, format)


def test_the_ending_decides_the_format():
    assert [output_format(f"a{end}") for end in (".PNG", ".jpeg", ".TIF", ".webp", ".avif")] == [
        "PNG",
        "JPEG",
        "TIFF",
        "WEBP",
        "AVIF",
    ]
    assert output_format(".jpg") == "JPEG"
    for name in ("a.gif", "a.bmp", "a", "png"):
        with pytest.raises(PictureError, match="E105"):
            output_format(name)
