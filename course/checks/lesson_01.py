"""Lesson 1: how photos go bad."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course.exercises import MistakeError, ask, exercise
from course.pictures import photo
from realesr.degradations import Blur, Jpeg, Resize
from realesr.randomness import derive


def zone_plate(side: int, finest: float = 3.1416) -> Tensor:
    """Rings that grow finer from the middle out, 1 x 3 x side x side.

    Args:
        side: Pixels.
        finest: Radians a pixel at the middle of each side.
    """
    place = torch.arange(side) - (side - 1) / 2
    squared = place[:, None] ** 2 + place**2
    rings = 0.5 + 0.5 * torch.cos(finest / side * squared)
    return rings.expand(1, 3, side, side).contiguous()


def _every_fourth(image: Tensor, scale: int) -> Tensor:
    return image[..., ::scale, ::scale]


def _blurred_too_little(image: Tensor, scale: int) -> Tensor:
    small = Blur(size=21, sigma_x=1, sigma_y=1).apply(image, (256, 256))
    return small[..., ::scale, ::scale]


def _blurred_afterwards(image: Tensor, scale: int) -> Tensor:
    small = image[..., ::scale, ::scale]
    return Blur(size=7, sigma_x=1, sigma_y=1).apply(small.contiguous(), (64, 64))


def _sums(image: Tensor, scale: int) -> Tensor:
    small = Resize(factor=1 / scale, antialias=True).apply(image, (256, 256))
    return small * scale


@exercise(
    "01.1",
    wrong=[
        ("Blur before", _every_fourth),
        ("Blur before", _blurred_afterwards),
        ("wide enough", _blurred_too_little),
        ("mean brightness", _sums),
        ("64 x 64", lambda image, scale: image),
    ],
)
def shrink(answer: Any) -> None:
    """Make a picture smaller without inventing rings."""
    plate = zone_plate(256)
    small = torch.as_tensor(ask(answer, plate, 4))
    if small.shape[-2:] != (64, 64):
        raise MistakeError(
            f"256 pixels shrunk by 4 are 64 x 64, yours are {tuple(small.shape[-2:])}."
        )
    if abs(float(small.mean() - plate.mean())) > 1.5 / 255:
        raise MistakeError("The mean brightness changed: weights that average must sum to 1.")
    # 64 pixels can show the rings up to 8 pixels from the middle; those at 16 are the falsest.
    place = torch.arange(64) - 31.5
    radius = (place[:, None] ** 2 + place**2).sqrt()
    rings = float(small[..., (radius > 14) & (radius < 32)].std()) * 255
    if rings > 3:
        raise MistakeError(
            f"Where the rings are too fine for 64 pixels there should be even gray, but there are "
            f"rings of {rings:.0f} levels. Blur before you leave pixels out, not afterwards, and "
            f"wide enough."
        )
    middle = float(small[..., 26:38, 26:38].std()) * 255
    if middle < 30:
        raise MistakeError("The coarse rings in the middle are gone too: that blur is too wide.")


def camera(gain: float, read: float, seed: int) -> np.ndarray[Any, Any]:
    """200 photographs of one gray ramp, 200 x 4 x 64, in levels.

    Args:
        gain: Levels for each electron.
        read: Standard deviation of the electronics, levels.
        seed: Of the noise.
    """
    generator = np.random.default_rng(derive(seed, "camera"))
    light = np.tile(np.linspace(15, 230, 64), (200, 4, 1))
    return generator.poisson(light / gain) * gain + generator.normal(0, read, light.shape)


@exercise(
    "01.2",
    wrong=[
        ("square it", lambda stack: np.polyfit(stack.mean(0).ravel(), stack.std(0).ravel(), 1)),
        (
            "the other way round",
            lambda stack: np.polyfit(stack.mean(0).ravel(), stack.var(0).ravel(), 1)[::-1],
        ),
        ("two numbers", lambda stack: stack.var()),
    ],
)
def noise_model(answer: Any) -> None:
    """Measure a camera: variance = a · level + b."""
    for seed, (gain, read) in enumerate([(2.0, 3.0), (0.5, 6.0), (4.0, 8.0)]):
        stack = camera(gain, read, seed)
        found = np.ravel(ask(answer, stack))
        if len(found) != 2:
            raise MistakeError("Give two numbers back: a (slope) and b (at level 0).")
        a, b = (float(value) for value in found)
        # The fit's own doubt at level 0 is larger for cameras with few, large electrons.
        doubt = max(0.15 * read**2, 0.06 * gain * 120)
        if abs(a - gain) <= 0.1 * gain and abs(b - read**2) <= doubt:
            continue
        if abs(b - gain) <= 0.1 * gain and abs(a - read**2) <= doubt:
            raise MistakeError("The right numbers the other way round: a is the slope, b the rest.")
        if a < 0.35 * gain:
            raise MistakeError(
                "The slope is much too small. Standard deviations do not add, variances do: is "
                "yours the standard deviation? Then square it before you fit."
            )
        raise MistakeError(
            f"For a camera with a = {gain} and b = {read**2:.0f} you found {a:.2f} and {b:.1f}: "
            f"take the variance of each pixel over the 200 photographs, not over the picture."
        )


def _ratio(steps: np.ndarray[Any, Any], first: int = 7) -> float:
    borders = np.s_[first::8]
    return float(steps[borders].mean() / np.delete(steps, borders).mean())


def _blocks(image: np.ndarray[Any, Any]) -> float:
    return _ratio(np.abs(np.diff(image, axis=1)).mean(0))


def _off_by_one(image: np.ndarray[Any, Any]) -> float:
    return _ratio(np.abs(np.diff(image, axis=1)).mean(0), 0)


def _one_too_far(image: np.ndarray[Any, Any]) -> float:
    return _ratio(np.abs(np.diff(image, axis=1)).mean(0), 8)


def _rows(image: np.ndarray[Any, Any]) -> float:
    return _ratio(np.abs(np.diff(image, axis=0)).mean(1))


def _by_all(image: np.ndarray[Any, Any]) -> float:
    steps = np.abs(np.diff(image, axis=1)).mean(0)
    return float(steps[7::8].mean() / steps.mean())


def _signed(image: np.ndarray[Any, Any]) -> float:
    return _ratio(np.diff(image, axis=1).mean(0))


def _absolute_too_late(image: np.ndarray[Any, Any]) -> float:
    return _ratio(np.abs(np.diff(image, axis=1).mean(0)))


def _not_a_ratio(image: np.ndarray[Any, Any]) -> float:
    steps = np.abs(np.diff(image, axis=1)).mean(0)
    return float(steps[7::8].mean() - np.delete(steps, np.s_[7::8]).mean())


_BLOCK_MISTAKES = {
    _rows: "Columns are the second axis: use np.diff(image, axis=1).",
    _by_all: "Divide by the steps elsewhere, not by all of them.",
    _signed: "Steps go up and down: take their absolute value first.",
    _absolute_too_late: "Steps go up and down: take their absolute value first.",
    _off_by_one: "Count again: the first border lies between columns 7 and 8, from 0.",
    _one_too_far: "Count again: the first border lies between columns 7 and 8, from 0.",
}


@exercise(
    "01.3",
    wrong=[
        ("between columns 7 and 8", _off_by_one),
        ("between columns 7 and 8", _one_too_far),
        ("Columns are the second axis", _rows),
        ("not by all of them", _by_all),
        ("absolute value first", _signed),
        ("absolute value first", _absolute_too_late),
        ("near 1", _not_a_ratio),
        ("near 1", lambda image: float(np.abs(np.diff(image, axis=1)).mean())),
    ],
)
def blockiness(answer: Any) -> None:
    """A number for how well one sees the 8 x 8 blocks."""
    clean = photo("chelsea", 40, 80, 192, 256)
    for quality in (8, 30, None):
        image = clean if quality is None else Jpeg(quality=quality).apply(clean, (192, 256))
        levels = (image[0, 1] * 255).numpy()
        found, right = float(ask(answer, levels)), _blocks(levels)
        if abs(found - right) < 0.005 * right:
            continue
        for mistaken, sentence in _BLOCK_MISTAKES.items():
            wrong = mistaken(levels)
            if abs(found - wrong) < 0.005 * abs(wrong):
                raise MistakeError(sentence)
        kind = f"of JPEG quality {quality}" if quality else "never compressed"
        raise MistakeError(
            f"A picture {kind} should give {right:.2f}, yours gives {found:.2f}; one "
            f"never compressed a number near 1. Divide the mean step at block borders by the mean "
            f"step elsewhere."
        )


@exercise(
    "01.4",
    wrong=[
        ("C", {"A", "C", "D"}),
        ("B", {"A", "B", "D"}),
        ("D", {"A"}),
        ("letters", "two blurs"),
    ],
)
def swaps(answer: Any) -> None:
    """Which pairs of steps may change places."""
    found = set(answer)
    if not found <= set("ABCD"):
        raise MistakeError('Give a set of letters, such as {"A", "B"}.')
    reasons = {
        "A": "A may: each blur is a weighted mean, and weights of weights multiply in any order",
        "B": "B may not: blurred noise is soft and weak, noise on top of a blur stays sharp",
        "C": "C may not: rounding to a table is no weighted mean; shrinking afterwards averages "
        "JPEG's mistakes away, shrinking first exposes them",
        "D": "D may: making everything half as bright goes through every weighted mean",
    }
    for letter, reason in reasons.items():
        if (letter in found) != (" may:" in reason):
            raise MistakeError(f"Look at {reason}.")
