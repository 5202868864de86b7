"""Recipes with names: each number stands here once, with where it comes from.

``real_esrgan`` and ``real_esrgan_exact`` are one table of numbers. They differ by six named defects
of the reference implementation, which the exact one keeps and the other mends:

===================  ==================================  =====================================
what                 ``real_esrgan_exact``               ``real_esrgan``
===================  ==================================  =====================================
JPEG                 its own approximation: luminance    libjpeg's arithmetic, bit for bit
                     table transposed, black borders
JPEG quality         any number                          whole numbers, as files have them
first resize         pixels where the nominal factor     pixels where the two sizes put them
                     puts them
Poisson noise        photons = number of different       256 photons at full brightness
                     values in the picture
plateau beta         exactly 1 in half of the draws      uniform
gray noise           (one field for a whole batch)       a field of its own for each picture
===================  ==================================  =====================================

The last defect exists only where one draw serves a batch; here every picture has its own trace, so
neither preset has it.

Source: ``options/train_realesrgan_x4plus.yml`` of Real-ESRGAN a4abfb2 and, where the options change
nothing, the constants in its code; the paper is Wang et al. 2021, arXiv:2107.10833, section 3.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from realesr.degradations.combinations import Chain, OneOf, Sometimes
from realesr.degradations.draw import Draw
from realesr.degradations.presets_further import (
    bicubic_only,
    bsrgan,
    chat_app,
    document_scan,
    gentle,
    phone_night,
    satellite,
    web_thumbnail,
)
from realesr.degradations.recipe import Recipe
from realesr.degradations.steps import (
    SIZES,
    RandomBlur,
    RandomJpeg,
    RandomNoise,
    RandomResize,
    Step,
)
from realesr.degradations.table import unknown
from realesr.errors import ConfigError, ParameterError


def real_esrgan(scale: int, *, orders: int = 2, sharpen: bool = False) -> Recipe:
    """Real-ESRGAN's second-order degradation, with the reference's defects mended.

    Args:
        scale: HR side / LR side, 1 to 8.
        orders: How often blur, resize, noise and JPEG follow each other; the paper has 2. Further
            orders are drawn as the second one is.
        sharpen: Begin with an unsharp mask, as training on sharpened targets does.

    Reference: Real-ESRGAN (Wang et al. 2021), section 3 and figure 2.

    >>> names = [type(each).__name__ for each in real_esrgan(4).sample(1).operations]
    >>> names[0] in ("Blur", "Sinc"), names[-1]
    (True, 'Round')
    """
    steps = _high_order(scale, orders, sharpen, exact=False)
    return Recipe(name="real_esrgan", scale=scale, steps=steps)


def real_esrgan_exact(scale: int, *, orders: int = 2, sharpen: bool = False) -> Recipe:
    """The same as the reference implementation does it, its defects included.

    Args:
        scale: HR side / LR side, 1 to 8.
        orders: As in ``real_esrgan``.
        sharpen: As in ``real_esrgan``.

    >>> real_esrgan_exact(4).steps[0].plateau
    'reference'
    """
    steps = _high_order(scale, orders, sharpen, exact=True)
    return Recipe(name="real_esrgan_exact", scale=scale, steps=steps)


def _high_order(scale: int, orders: int, sharpen: bool, *, exact: bool) -> tuple[Step, ...]:
    if not isinstance(orders, int) or orders < 1:
        raise ParameterError("E004", f"orders must be a whole number from 1, got {orders!r}.")
    if scale not in range(1, 9):
        raise ParameterError("E004", f"scale must be a whole number from 1 to 8, got {scale!r}.")
    steps: list[Step] = [Draw(operation="unsharp_mask")] if sharpen else []
    for order in range(orders):
        steps += _first_order(exact) if order == 0 else _later_order(scale, exact)
        # The JPEG of the last order belongs to the last stage.
        steps += [_jpeg(exact)] if order < orders - 1 else []
    return (*steps, _last_stage(scale, exact))


def _first_order(exact: bool) -> tuple[Step, ...]:
    """The strong one; the comments give the options' names."""
    return (
        # blur_kernel_size to betap_range: RandomBlur's own numbers are these options'. Always.
        RandomBlur(sigma=(0.2, 3.0), plateau="reference" if exact else "uniform"),
        # resize_prob, resize_range
        RandomResize(
            up=0.2,
            down=0.7,
            keep=0.1,
            up_range=(1.0, 1.5),
            down_range=(0.15, 1.0),
            standard="reference" if exact else "size",
        ),
        # gaussian_noise_prob, noise_range, poisson_scale_range, gray_noise_prob
        RandomNoise(
            gaussian=0.5, sigma=(1, 30), scale=(0.05, 3.0), gray=0.4, levels=_levels(exact)
        ),
    )


def _later_order(scale: int, exact: bool) -> tuple[Step, ...]:
    """The milder one: the same options with a 2 behind."""
    blur = RandomBlur(sigma=(0.2, 1.5), plateau="reference" if exact else "uniform")
    return (
        # second_blur_prob, blur_sigma2
        Sometimes(probability=0.8, steps=(blur,)),
        # resize_prob2, resize_range2; its sizes count from the final size
        RandomResize(
            up=0.3, down=0.4, keep=0.3, up_range=(1.0, 1.2), down_range=(0.3, 1.0), base=1 / scale
        ),
        # gaussian_noise_prob2, noise_range2, poisson_scale_range2, gray_noise_prob2
        RandomNoise(
            gaussian=0.5, sigma=(1, 25), scale=(0.05, 2.5), gray=0.4, levels=_levels(exact)
        ),
    )


def _last_stage(scale: int, exact: bool) -> Step:
    """To the final size, sinc and JPEG, in one of two orders; the paper's section 3.3.

    Other orders (sinc, JPEG, then resize) twist lines, say the authors.
    """
    back = RandomResize(up=0, down=0, keep=1, base=1 / scale)
    # final_sinc_prob; its cutoff does not depend on the kernel's size.
    ringing = Draw(operation="sinc", values={"size": SIZES, "cutoff": (math.pi / 3, math.pi)})
    sinc = Sometimes(probability=0.8, steps=(ringing,))
    # jpeg_range2
    return OneOf(
        steps=(Chain(steps=(back, sinc, _jpeg(exact))), Chain(steps=(_jpeg(exact), back, sinc)))
    )


def _jpeg(exact: bool) -> RandomJpeg:
    """jpeg_range and jpeg_range2 are the same."""
    return RandomJpeg(quality=(30, 95), standard="reference" if exact else "libjpeg")


def _levels(exact: bool) -> Literal["photons", "reference"]:
    return "reference" if exact else "photons"


PRESETS: dict[str, Callable[[int], Recipe]] = {
    "real_esrgan": real_esrgan,
    "real_esrgan_exact": real_esrgan_exact,
    "bsrgan": bsrgan,
    "bicubic_only": bicubic_only,
    "gentle": gentle,
    "chat_app": chat_app,
    "web_thumbnail": web_thumbnail,
    "document_scan": document_scan,
    "satellite": satellite,
    "phone_night": phone_night,
}


# Text that is to be read again survives less shrinking than a photograph.
OWN_SCALES = {"document_scan": 2}


def own_scale(name: str) -> int:
    """The scale of a preset where nobody says one: 4, and 2 for pages.

    >>> own_scale("gentle"), own_scale("document_scan")
    (4, 2)
    """
    return OWN_SCALES.get(name, 4)


def preset(name: str, scale: int) -> Recipe:
    """The recipe of this name.

    Raises:
        ConfigError: E404 with the nearest name there is.

    >>> preset("real_esrgun", 4)
    Traceback (most recent call last):
    realesr.errors.ConfigError: E404 recipe "real_esrgun" is unknown; did you mean "real_esrgan"?
    """
    if name not in PRESETS:
        raise ConfigError("E404", unknown("recipe", name, PRESETS))
    return PRESETS[name](scale)
