"""Pictures damaged by known amounts, none of which any estimator was tuned on.

Photographs come with scikit-image, and from a folder where one is named (such as Set5); each is
shrunk first, so that what its camera and its file did to it is gone. Drawings and pages are made by
``data_tools.synthetic``. Everything follows from the number of a case.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import skimage
from PIL import Image

from data_tools.synthetic import make
from realesr.degradations import MotionBlur, PoissonNoise
from realesr.images import from_tensor, read_picture, to_tensor

Pixels = npt.NDArray[np.uint8]
Draws = np.random.Generator

NAMES = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg",
         "retina.jpg", "coins.png")  # fmt: skip
DRAWN = ("drawing", "text")
SCHEMES = ("4:4:4", "4:2:2", "4:2:0")
FILTERS = ("BILINEAR", "BICUBIC", "LANCZOS")


@dataclass(frozen=True, eq=False)
class Case:
    """A picture and what was done to it.

    Attributes:
        name: Number and damage.
        damage: One of ``DAMAGES``.
        pixels: HWC uint8.
        truth: What a check-up should find, by name.
        file: The JPEG file that the pixels come from, where there is one.
    """

    name: str
    damage: str
    pixels: Pixels
    truth: dict[str, float | str]
    file: bytes = b""


@cache
def photographs(folder: Path | None = None) -> tuple[Pixels, ...]:
    """Undamaged photographs: HWC uint8, 280 to 570 pixels wide."""
    installed = Path(skimage.__file__).parent / "data"
    paths = [installed / name for name in NAMES]
    if folder:
        paths += sorted(path for path in folder.iterdir() if path.suffix == ".png")
    found = []
    for path in paths:
        pixels = read_picture(path).pixels
        pixels = np.repeat(pixels[..., None], 3, 2) if pixels.ndim == 2 else pixels[..., :3]
        pixels = pixels[:1100, :1400]
        factor = 2.4 if min(pixels.shape[:2]) > 600 else 1.5 if min(pixels.shape[:2]) > 350 else 1.2
        size = (round(pixels.shape[1] / factor), round(pixels.shape[0] / factor))
        found.append(np.array(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS)))
    return tuple(found)


def cases(count: int, folder: Path | None = None, damages: tuple[str, ...] = ()) -> Iterator[Case]:
    """That many cases, all kinds of damage in turn; a smaller count gives the first of them."""
    chosen = damages or PROMISED
    photos = photographs(folder)
    for number in range(count):
        damage = chosen[number % len(chosen)]
        draws = np.random.default_rng([11, number, DAMAGES_IN_ORDER.index(damage)])
        photo = photos[(number // len(chosen)) % len(photos)]
        if damage != "drawn" and draws.random() < 0.5:
            photo = np.ascontiguousarray(photo[:, ::-1])
        pixels, truth, file = DAMAGES[damage](photo, draws)
        content: dict[str, float | str] = {"content": "line art" if damage == "drawn" else "photo"}
        yield Case(f"{number} {damage}", damage, pixels, content | truth, file)


Made = tuple[Pixels, dict[str, float | str], bytes]


def noisy(photo: Pixels, draws: Draws) -> Made:
    """White Gaussian noise of 2 to 40 levels, in gray or in colour."""
    sigma, gray = float(np.exp(draws.uniform(np.log(2), np.log(40)))), bool(draws.random() < 0.5)
    shape = (*photo.shape[:2], 1) if gray else photo.shape
    pixels = whole(photo + draws.normal(0, sigma, shape))
    return pixels, {"noise": sigma, "kind": "gray" if gray else "colour", "law": "Gaussian"}, b""


def counted(photo: Pixels, draws: Draws) -> Made:
    """Noise of photons, in gray or in colour."""
    scale, gray = float(draws.uniform(0.5, 3)), bool(draws.random() < 0.5)
    tensor = to_tensor(photo)
    noise = PoissonNoise(scale=scale, gray=gray, seed=int(draws.integers(1 << 30)), levels=256)
    damaged = from_tensor(noise.apply(tensor, (photo.shape[0], photo.shape[1])), np.uint8)
    return damaged, {"kind": "gray" if gray else "colour", "law": "Poisson"}, b""


def blurred(photo: Pixels, draws: Draws) -> Made:
    """A Gaussian of 1 to 4 pixels."""
    sigma = float(draws.uniform(1, 4))
    return cv2.GaussianBlur(photo, (0, 0), sigma), {"blur": sigma}, b""


def smeared(photo: Pixels, draws: Draws) -> Made:
    """A motion of 6 to 18 pixels, any way."""
    length, angle = float(draws.uniform(6, 18)), float(draws.uniform(0, 180))
    motion = MotionBlur(length=length, angle=float(np.deg2rad(angle)))
    damaged = motion.apply(to_tensor(photo), (photo.shape[0], photo.shape[1]))
    return from_tensor(damaged, np.uint8), {"motion": length, "angle": angle}, b""


def compressed(photo: Pixels, draws: Draws) -> Made:
    """JPEG of quality 10 to 95."""
    quality, scheme = int(draws.integers(10, 96)), int(draws.integers(3))
    file = jpeg(photo, quality, scheme)
    return decoded(file), {"jpeg": quality, "chroma": SCHEMES[scheme]}, file


def twice(photo: Pixels, draws: Draws) -> Made:
    """JPEG, and again of a quality at least eight higher."""
    first = int(draws.integers(30, 80))
    last = int(draws.integers(first + 8, 92))
    file = jpeg(decoded(jpeg(photo, first, 2)), last, 2)
    return decoded(file), {"jpeg": last, "first": first}, file


def enlarged(photo: Pixels, draws: Draws) -> Made:
    """Enlarged 2, 3 or 4 times, or not at all."""
    factor = int(draws.integers(1, 5))
    mode = Image.Resampling[FILTERS[int(draws.integers(len(FILTERS)))]]
    # The larger, the smaller the piece: results are about as large as the other pictures.
    side = max(96, 512 // factor)
    height, width = (min(side, length) for length in photo.shape[:2])
    top, left = (photo.shape[0] - height) // 2, (photo.shape[1] - width) // 2
    piece = Image.fromarray(photo[top : top + height, left : left + width])
    large = piece.resize((width * factor, height * factor), mode) if factor > 1 else piece
    return np.array(large), {"enlargement": float(factor)}, b""


def drawn(photo: Pixels, draws: Draws) -> Made:
    """A drawing or a page: clean, noisy, soft or compressed."""
    kind = DRAWN[int(draws.integers(len(DRAWN)))]
    pixels = make(kind, seed=int(draws.integers(1 << 30)), size=384)
    after = int(draws.integers(4))
    if after == 1:
        pixels = whole(pixels + draws.normal(0, 8, pixels.shape))
    elif after == 2:
        pixels = cv2.GaussianBlur(pixels, (0, 0), 1.0)
    elif after == 3:
        pixels = decoded(jpeg(pixels, int(draws.integers(30, 95)), 2))
    return pixels, {}, b""


def framed(photo: Pixels, draws: Draws) -> Made:
    """A border of one colour above and below, or all around."""
    high, wide = int(draws.integers(4, 60)), int(draws.integers(4, 60)) * int(draws.integers(2))
    colour = draws.integers(0, 256) if draws.random() < 0.5 else 0
    edges = ((high, high), (wide, wide), (0, 0))
    return np.pad(photo, edges, constant_values=int(colour)), {"top": high, "left": wide}, b""


DAMAGES: dict[str, Callable[[Pixels, Draws], Made]] = {
    "noisy": noisy,
    "blurred": blurred,
    "compressed": compressed,
    "enlarged": enlarged,
    "drawn": drawn,
    "counted": counted,
    "smeared": smeared,
    "twice": twice,
    "framed": framed,
}
DAMAGES_IN_ORDER = tuple(DAMAGES)
PROMISED, FURTHER = DAMAGES_IN_ORDER[:5], DAMAGES_IN_ORDER[5:]


def whole(values: npt.NDArray[np.floating]) -> Pixels:
    """Rounded and cut off to 8 bit."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def jpeg(pixels: Pixels, quality: int, scheme: int) -> bytes:
    """A JPEG file."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=scheme)
    return file.getvalue()


def decoded(file: bytes) -> Pixels:
    """The pixels of a JPEG file."""
    return np.array(Image.open(io.BytesIO(file)))
