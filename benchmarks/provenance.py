"""What provenance costs, and what the watermark lives through.

python benchmarks/provenance.py [--quick]

Writes both tables into docs/provenance.md; --quick prints them for two pictures and writes nothing.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from report import machine, table
from skimage import data

from realesr import Upscaler
from realesr.images import Picture, encode_picture
from realesr.provenance import add_watermark, describe, find_watermark, stamp
from realesr.provenance.watermark import number_of

PAGE = Path(__file__).resolve().parent.parent / "docs" / "provenance.md"
START, END = "<!-- measured: {} -->\n", "<!-- end -->"
NAMES = (
    "astronaut", "coffee", "chelsea", "rocket", "camera", "moon", "coins", "brick", "grass",
    "gravel", "immunohistochemistry", "hubble_deep_field", "retina", "text",
)  # fmt: skip
SUFFIXES = (".png", ".jpg", ".webp", ".tif", ".avif")
_SIDE = 160

Change = Callable[[np.ndarray], np.ndarray]


def crops(names: tuple[str, ...]) -> list[np.ndarray]:
    """The middle of each sample, RGB."""
    found = []
    for name in names:
        picture = getattr(data, name)()
        picture = np.dstack([picture] * 3) if picture.ndim == 2 else picture[..., :3]
        top, left = ((side - _SIDE) // 2 for side in picture.shape[:2])
        found.append(np.ascontiguousarray(picture[top : top + _SIDE, left : left + _SIDE]))
    return found


def through(picture_format: str, **settings: object) -> Change:
    """Written by Pillow in a format that loses something, and read again."""

    def change(pixels: np.ndarray) -> np.ndarray:
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, picture_format, **settings)
        return np.asarray(Image.open(out))

    return change


def resized(factor: float, *, back: bool = False) -> Change:
    """Resized by Lanczos, and back where that is asked."""

    def change(pixels: np.ndarray) -> np.ndarray:
        image = Image.fromarray(pixels)
        small = image.resize([round(side * factor) for side in image.size], Image.LANCZOS)
        return np.asarray(small.resize(image.size, Image.LANCZOS) if back else small)

    return change


def cut(share: float) -> Change:
    """A part from the middle, of so much of each side, from an odd place."""

    def change(pixels: np.ndarray) -> np.ndarray:
        rows, columns = (round(side * share) for side in pixels.shape[:2])
        top, left = (pixels.shape[0] - rows) // 2 - 3, (pixels.shape[1] - columns) // 2 - 5
        top, left = max(top, 0), max(left, 0)
        return pixels[top : top + rows, left : left + columns]

    return change


CHANGES: dict[str, Change] = {
    "nothing": lambda pixels: pixels,
    "JPEG 90": through("JPEG", quality=90),
    "JPEG 75": through("JPEG", quality=75),
    "JPEG 50": through("JPEG", quality=50),
    "WebP 80": through("WEBP", quality=80),
    "cut to 3/4 of each side": cut(0.75),
    "cut to half of each side": cut(0.5),
    "cut to 3/4, then JPEG 75": lambda pixels: through("JPEG", quality=75)(cut(0.75)(pixels)),
    "made half as large, and large again": resized(0.5, back=True),
    "made half as large": resized(0.5),
    "made twice as large": resized(2),
    "turned by 90 degrees": lambda pixels: np.ascontiguousarray(np.rot90(pixels)),
}


def survival(pictures: list[np.ndarray], number: int) -> str:
    """How many marks are found after each change, and how many where there is none."""
    marked = [add_watermark(picture, number) for picture in pictures]
    rows = []
    for name, change in CHANGES.items():
        found = [find_watermark(change(picture)) for picture in marked]
        right = sum(mark is not None and mark.number == number for mark in found)
        present = sum(mark is not None for mark in found)
        false = sum(find_watermark(change(picture)) is not None for picture in pictures)
        of = len(pictures)
        rows.append([name, f"{right} of {of}", f"{present} of {of}", f"{false} of {of}"])
    head = ["what happened to it", "found, right digits", "found", "found where there is none"]
    return table(head, rows)


def cost(pictures: list[np.ndarray], upscaler: Upscaler) -> str:
    """Bytes and processor time that the statement adds to a result, and the mark."""
    told = describe(upscaler)
    rows = []
    for suffix in SUFFIXES:
        more, share, seconds = [], [], []
        for pixels in pictures:
            plain = Picture(pixels)
            without = encode_picture(plain, suffix)
            begun = time.process_time()
            stamped = stamp(plain, told)
            seconds.append(time.process_time() - begun)
            with_it = encode_picture(stamped, suffix)
            more.append(len(with_it) - len(without))
            share.append((len(with_it) - len(without)) / len(without))
        rows.append(
            [
                suffix[1:].upper(),
                f"{statistics.median(more):,.0f} bytes",
                f"{statistics.median(share):.2%}",
                f"{statistics.median(seconds) * 1e3:.2f} ms",
            ]
        )
    return table(["format", "larger by", "of the file", "processor time"], rows)


def mark_cost(pictures: list[np.ndarray], number: int) -> str:
    """One sentence on the mark's depth and time."""
    begun = time.process_time()
    marked = [add_watermark(picture, number) for picture in pictures]
    laid = time.process_time() - begun
    begun = time.process_time()
    for picture in marked:
        find_watermark(picture)
    sought = time.process_time() - begun
    megapixels = sum(picture[..., 0].size for picture in pictures) / 1e6
    errors = [
        float(np.mean((one.astype(float) - other) ** 2))
        for one, other in zip(marked, pictures, strict=True)
    ]
    depth = statistics.median(10 * np.log10(255**2 / error) for error in errors)
    return (
        f"The mark lies {depth:.1f} dB below the picture (PSNR, RGB, 8 bit). Laying it takes "
        f"{laid / megapixels * 1e3:.0f} ms of processor time for a megapixel, looking for it "
        f"{sought / megapixels * 1e3:.0f} ms."
    )


def main() -> None:
    """Measure, print, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two pictures; writes nothing")
    quick = parser.parse_args().quick
    upscaler = Upscaler("lab-x4", device="cpu")
    larger = [upscaler(picture) for picture in crops(NAMES[:2] if quick else NAMES)]
    number = number_of(upscaler.spec.sha256)
    parts = {
        "survival": survival(larger, number),
        "cost": f"{cost(larger, upscaler)}\n\n{mark_cost(larger, number)}\n\n{machine()}",
    }
    page = PAGE.read_text(encoding="utf-8")
    for name, text in parts.items():
        print(f"{text}\n")
        start = START.format(name)
        before, _, rest = page.partition(start)
        page = f"{before}{start}{text}\n{END}{rest.partition(END)[2]}"
    if not quick:
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
