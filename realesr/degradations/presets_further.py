"""Recipes besides Real-ESRGAN's: another paper's, a gentle one, and places where photos go bad.

Where a number comes from a paper, the comment says which. "Our choice" means that nobody measured
it for us: it was set by eye on photographs, and the reason stands beside it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from functools import wraps
from typing import Any

from realesr.degradations.combinations import Chain, OneOf, Shuffle, Sometimes
from realesr.degradations.draw import Draw
from realesr.degradations.recipe import Recipe
from realesr.degradations.steps import (
    SIZES,
    Mode,
    RandomBlur,
    RandomJpeg,
    RandomNoise,
    RandomResize,
    Step,
)
from realesr.errors import ParameterError

HALF_TURN = (-math.pi / 2, math.pi / 2)
Steps = tuple[Step, ...]


def recipe(steps: Callable[[int], Steps]) -> Callable[[int], Recipe]:
    """The function of a scale that gives the recipe of these steps, under the function's name.

    Raises:
        ParameterError: E004 for a scale that is not 1 to 8.
    """

    @wraps(steps)
    def build(scale: int) -> Recipe:
        if scale not in range(1, 9):
            raise ParameterError(
                "E004", f"scale must be a whole number from 1 to 8, got {scale!r}."
            )
        return Recipe(name=steps.__name__, scale=scale, steps=steps(scale))

    return build


def gaussian_blur(sigma: tuple[float, float], **fields: Any) -> RandomBlur:
    """Only the isotropic Gaussian, unless the fields say otherwise."""
    only: dict[str, Any] = {
        # Wide enough for three standard deviations on each side.
        "sizes": (2 * math.ceil(3 * sigma[1]) + 1,),
        "sinc": 0.0,
        "isotropic": 1.0,
        "anisotropic": 0.0,
        "generalised_isotropic": 0.0,
        "generalised_anisotropic": 0.0,
        "plateau_isotropic": 0.0,
        "plateau_anisotropic": 0.0,
    }
    return RandomBlur(sigma=sigma, **(only | fields))


def to_size(scale: int, *modes: Mode, antialias: bool = True) -> RandomResize:
    """To the final size, by one of the modes; antialiased, as photo software does it."""
    return RandomResize(
        up=0.0,
        down=0.0,
        keep=1.0,
        base=1 / scale,
        modes=modes or ("area", "bilinear", "bicubic"),
        antialias=antialias,
    )


def sensor_noise(dark: float, bright: float) -> Step:
    """Electrons at white from ``dark`` to ``bright``, each doubling as likely as the others.

    Read noise: Brooks et al., CVPR 2019, section 3.1, draw log(read variance) = 2.18 log(gain) +
    1.2 with a deviation of .26. In electrons that is 0.8 to 1.2 for gains from 1/10000 to 1/83;
    up to 3 is our choice, because old phones have more.
    """
    doublings = max(1, round(math.log2(bright / dark)))
    edges = [dark * (bright / dark) ** (step / doublings) for step in range(doublings + 1)]
    ranges = itertools.pairwise(edges)
    return OneOf(
        steps=tuple(
            Draw(operation="sensor_noise", values={"white": (low, high), "read_noise": (0.8, 3.0)})
            for low, high in ranges
        )
    )


@recipe
def bicubic_only(scale: int) -> Steps:
    """The clean shrinking of classical benchmarks: antialiased bicubic and nothing else.

    Reference: the "bicubic" track of DIV2K (Agustsson and Timofte, NTIRE 2017), made with MATLAB's
        imresize; its kernel has a = -0.5 and is widened when shrinking, as here.
    """
    return (to_size(scale, "bicubic"),)


@recipe
def gentle(scale: int) -> Steps:
    """One order, mild: for photos that are only small and a little tired.

    Our choice: about a third of Real-ESRGAN's first order (Wang et al. 2021, section 3.1), because
    a network for good photos should not learn to scrub.
    """
    return (
        Sometimes(probability=0.5, steps=(gaussian_blur((0.2, 1.2)),)),
        to_size(scale, "area", "bilinear", "bicubic"),
        RandomNoise(gaussian=1.0, sigma=(1.0, 8.0), gray=0.0),
        RandomJpeg(quality=(60.0, 95.0)),
    )


@recipe
def bsrgan(scale: int) -> Steps:
    """Seven things in random order, then JPEG: the shuffle of BSRGAN.

    Differences, on purpose: its camera pipeline is a network of its own, here it is sensor noise
    through a Bayer mosaic; its noise with correlated channels is left out; one draw in four of the
    first shrinking took every n-th pixel after a wide blur, here it is area.

    Reference: Zhang et al., Designing a Practical Degradation Model for Deep Blind Image
        Super-Resolution, arXiv:2103.14006, section 3, and the training code of its authors.
    """
    # The training code: for scale 4, a quarter of the pictures is halved and then treated as x2.
    if scale == 4:
        halved = Chain(steps=(to_size(2), _shuffled(2, scale)))
        body: Step = OneOf(steps=(halved, _shuffled(4, scale)), weights=(0.25, 0.75))
    else:
        body = _shuffled(scale, scale)
    # Section 3.3: JPEG always comes last, quality 30 to 95.
    last = RandomJpeg(quality=(30.0, 95.0))
    return body, last


def _shuffled(factor: int, scale: int) -> Step:
    """The seven, of which the two shrinkings keep their order, for a picture still to shrink."""
    start = factor / scale
    # Section 3.1. Isotropic widths .1 to 2 + .2 factor, axes .5 to 4 + factor; the training code
    # takes the axes as variances, so here stand their square roots. Sizes 7 to 21.
    axes = (0.71, (4 + factor) ** 0.5)
    turned = gaussian_blur(axes, isotropic=0.0, anisotropic=1.0, sizes=SIZES)
    blur = OneOf(steps=(gaussian_blur((0.1, 2 + 0.2 * factor), sizes=SIZES), turned))
    return Shuffle(
        steps=(
            blur,
            blur,
            # Section 3.2: first by a ratio of 1 to 2 factor, then to the final size; no antialias.
            RandomResize(up=0.0, down=1.0, keep=0.0, down_range=(0.5 / factor, 1.0), base=start),
            to_size(scale, antialias=False),
            # Section 3.3: noise up to 25 levels, from 2 in the training code; without its
            # correlated kind, gray and colour come equally often.
            RandomNoise(gaussian=1.0, sigma=(2.0, 25.0), gray=0.5),
            Sometimes(probability=0.9, steps=(RandomJpeg(quality=(30.0, 95.0)),)),
            Sometimes(probability=0.25, steps=(sensor_noise(83, 10_000),)),
        ),
        in_order=(2, 3),
    )


@recipe
def chat_app(scale: int) -> Steps:
    """Sent through a messenger, and often forwarded: shrunk and saved as JPEG again and again.

    Our choice, because no messenger documents what it does: bloggers who compared sent and received
    photos of 12 megapixels report long sides of 1280 to 2560 px and JPEG qualities of 50 to 80.
    """
    # The camera's own file. Our choice: phones save at high quality.
    camera = RandomJpeg(quality=(85.0, 97.0))
    # What arrives is 1 to 2.5 times as large as the small picture, shrunk from the camera's.
    sent = RandomResize(
        up=1.0, down=0.0, keep=0.0, up_range=(1.0, 2.5), base=1 / scale, antialias=True
    )
    # Forwarding shrinks no further but saves again. Our choice: half of the pictures.
    forwarded = Sometimes(probability=0.5, steps=(RandomJpeg(quality=(50.0, 80.0)),))
    # A preview, a screenshot or another app makes the small picture of it.
    shown = to_size(scale, "area", "bilinear", "bicubic")
    return (
        camera,
        sent,
        RandomJpeg(quality=(50.0, 80.0)),
        forwarded,
        shown,
        Sometimes(probability=0.7, steps=(RandomJpeg(quality=(60.0, 85.0)),)),
    )


@recipe
def web_thumbnail(scale: int) -> Steps:
    """Shrunk well by a web site, sharpened, and saved small as WebP or JPEG."""
    # cwebp and libjpeg both default to 75; the spread around it is our choice, because sites trade
    # bytes for quality in both directions.
    webp = Draw(operation="webp", values={"quality": (50.0, 85.0)})
    jpeg = RandomJpeg(quality=(55.0, 88.0))
    # Our choice: shrinking is usually followed by a small unsharp mask; from hardly visible to a
    # thin halo.
    halo = Draw(operation="oversharpen", values={"amount": (0.2, 1.0), "radius": (0.5, 1.0)})
    return (
        to_size(scale, "area", "bicubic"),
        Sometimes(probability=0.6, steps=(halo,)),
        OneOf(steps=(webp, jpeg)),
    )


@recipe
def document_scan(scale: int) -> Steps:
    """A page on a scanner or under a phone: soft, a little noisy, few levels, sharpened, JPEG.

    All ranges are our choice, because scanners differ more than papers measure: from "cannot tell"
    to "hard to read", on text of 10 px and more after shrinking.
    """
    # The page does not lie flat, so it is out of focus; radius in pixels of the large picture.
    soft = OneOf(
        steps=(
            gaussian_blur((0.15 * scale, 0.5 * scale)),
            Draw(operation="defocus", values={"radius": (0.2 * scale, 0.8 * scale)}),
        )
    )
    # 16 to 256 levels: 4 to 8 bits, as scanners offer.
    levels = Draw(operation="banding", values={"levels": (16, 32, 64, 256)})
    halo = Draw(operation="oversharpen", values={"amount": (0.5, 2.0), "radius": (0.6, 1.5)})
    return (
        soft,
        to_size(scale, "area", "bilinear"),
        # Gray, because most scanners' noise is in the lamp and the paper.
        RandomNoise(gaussian=0.8, sigma=(1.0, 8.0), scale=(0.05, 1.0), gray=0.8),
        Sometimes(probability=0.5, steps=(halo,)),
        Sometimes(probability=0.5, steps=(levels,)),
        Sometimes(probability=0.8, steps=(RandomJpeg(quality=(30.0, 80.0)),)),
    )


@recipe
def satellite(scale: int) -> Steps:
    """Seen from orbit: soft optics, a smear along the track, pixels that average, little noise."""
    # A Gaussian that lets a share m of the contrast at the finest wave of the small picture pass
    # has sigma = sqrt(-2 ln m) / pi small pixels. m of .15 to .35 is what pansharpening assumes:
    # Aiazzi et al., MTF-tailored Multiscale Fusion, PE&RS 2006. The smallest is .1, our choice.
    widest, finest = (math.sqrt(-2 * math.log(share)) / math.pi * scale for share in (0.1, 0.35))
    # Our choice: up to one small pixel of smear, what a line scanner's exposure allows; any
    # direction, because pictures are turned to the north.
    smear = Draw(
        operation="motion_blur", values={"length": (0.0, float(scale)), "angle": HALF_TURN}
    )
    return (
        gaussian_blur((finest, widest), isotropic=0.5, anisotropic=0.5),
        Sometimes(probability=0.5, steps=(smear,)),
        to_size(scale, "area"),
        # Our choice: 1 to 6 levels, from a clear day to haze that was stretched away.
        RandomNoise(gaussian=0.5, sigma=(1.0, 6.0), scale=(0.05, 0.6), gray=0.2),
        # Our choice: half of the public tiles were saved as good JPEG.
        Sometimes(probability=0.5, steps=(RandomJpeg(quality=(75.0, 95.0)),)),
    )


@recipe
def phone_night(scale: int) -> Steps:
    """A phone in the dark: a shaking hand, few electrons, a Bayer mosaic, sharpening, JPEG."""
    # Our choice: a hand-held tenth of a second moves the picture by up to two small pixels.
    shake = Draw(operation="motion_blur", values={"length": (0.0, 2.0 * scale), "angle": HALF_TURN})
    focus = Draw(operation="defocus", values={"radius": (0.2 * scale, 0.6 * scale)})
    # Our choice: phones sharpen what they denoise.
    halo = Draw(operation="oversharpen", values={"amount": (0.3, 1.2), "radius": (0.6, 1.2)})
    return (
        Sometimes(probability=0.7, steps=(shake,)),
        Sometimes(probability=0.3, steps=(focus,)),
        to_size(scale, "area"),
        # Brooks et al., CVPR 2019: shot noise gains up to .012, 83 electrons at white. The
        # dark half of their range, because it is night.
        sensor_noise(83, 1000),
        Sometimes(probability=0.6, steps=(halo,)),
        RandomJpeg(quality=(70.0, 95.0)),
    )
