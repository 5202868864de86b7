"""Lesson 10: honesty."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from course.exercises import MistakeError, ask, exercise
from course.pictures import photo
from realesr.degradations import GaussianNoise


def _noisy(image: Tensor) -> Tensor:
    height, width = image.shape[-2:]
    return GaussianNoise(sigma=12, seed=3).apply(image, (height, width)).clamp(0, 1)


def _over(image: Tensor) -> Tensor:
    board = (torch.arange(image.shape[-2])[:, None] + torch.arange(image.shape[-1])) % 2
    return image + 0.3 * (2.0 * board - 1)


def _clipped(image: Tensor) -> Tensor:
    return _over(image).clamp(0, 1)


@exercise(
    "10.1",
    wrong=[
        ("hardly differs", lambda image: image.clone()),
        ("averages changed", _noisy),
        ("outside 0 to 1", _over),
        ("averages changed", _clipped),
        ("same size", lambda image: image[..., ::2, ::2]),
    ],
)
def twin(answer: Any) -> None:
    """Another picture with the same small one."""
    for name, top, left in (("chelsea", 40, 80), ("rocket", 100, 200), ("coffee", 0, 100)):
        image = photo(name, top, left, 96, 96)
        found = torch.as_tensor(ask(answer, image.clone()))
        if found.shape != image.shape:
            raise MistakeError(f"A twin has the same size; yours is {tuple(found.shape)}.")
        if float(found.min()) < -1e-4 or float(found.max()) > 1 + 1e-4:
            low, high = float(found.min()), float(found.max())
            raise MistakeError(
                f"Values from {low:.2f} to {high:.2f} are outside 0 to 1: "
                "where a block is nearly white or black there is less room to hide something."
            )
        moved = float((F.avg_pool2d(found, 4) - F.avg_pool2d(image, 4)).abs().max()) * 255
        if moved > 0.5:
            raise MistakeError(
                f"The 4 x 4 averages changed by up to {moved:.1f} levels. What you add must sum to "
                "0 in every block, and cutting it off at 0 or 1 spoils that."
            )
        if float((found - image).abs().mean()) * 255 < 2:
            raise MistakeError(f"In {name} the twin hardly differs: use more of the room there is.")


def _subsampled(large: Tensor, small: Tensor) -> Tensor:
    return (large[..., ::4, ::4] - small).abs().mean() * 255


def _signed(large: Tensor, small: Tensor) -> Tensor:
    return (F.avg_pool2d(large, 4) - small).mean() * 255


def _enlarged(large: Tensor, small: Tensor) -> Tensor:
    return (large - F.interpolate(small, scale_factor=4, mode="nearest")).abs().mean() * 255


@exercise(
    "10.2",
    wrong=[
        ("one pixel of each block", _subsampled),
        ("cancel", _signed),
        ("enlarges the small one", _enlarged),
        ("levels of 255", lambda large, small: (F.avg_pool2d(large, 4) - small).abs().mean()),
    ],
)
def disagreement(answer: Any) -> None:
    """How far a result is from its input."""
    for number, name in enumerate(("chelsea", "astronaut", "rocket")):
        large = photo(name, 60, 100, 96, 96)
        small = (F.avg_pool2d(large, 4) * (1 - 0.06 * number)).roll(number, -1)
        right = float((F.avg_pool2d(large, 4) - small).abs().mean() * 255)
        found = float(torch.as_tensor(ask(answer, large.clone(), small.clone())))
        if abs(found - right) < 0.01 + 0.002 * right:
            continue
        case = f"It should be {right:.2f} levels, yours is {found:.2f}. "
        if abs(255 * found - right) < 0.01 + 0.002 * right:
            raise MistakeError(case + "Multiply: the answer is in levels of 255.")
        for mistaken, why in (
            (_subsampled, "You take one pixel of each block; a camera averages all sixteen."),
            (_signed, "Differences of both signs cancel: take their absolute values first."),
            (_enlarged, "That enlarges the small one and counts all detail as an error."),
        ):
            if abs(found - float(mistaken(large, small))) < 0.01 + 0.002 * abs(found):
                raise MistakeError(case + why)
        raise MistakeError(case + "Average 4 x 4 pixels, subtract, take absolute values, average.")


VERDICTS = {
    "A": ("yes", "it is yours and hangs on your wall: nobody is deceived"),
    "B": ("no", "a plate that was drawn by a network can accuse the wrong person"),
    "C": ("no", "a made-up spot, or one that is smoothed away, can cost a life"),
    "D": ("with a note", "it may look better, but the viewers of a documentary must know"),
    "E": ("yes", "nothing in a game claims to have been so"),
    "F": ("no", "what is counted would be partly made up; count in the original"),
}


@exercise(
    "10.3",
    wrong=[
        (
            "Look at B",
            {
                letter: "with a note" if letter == "B" else said
                for letter, (said, _) in VERDICTS.items()
            },
        ),
        ("Look at B", dict.fromkeys(VERDICTS, "yes")),
        ("Look at A", dict.fromkeys(VERDICTS, "no")),
        ("missing: F", {letter: VERDICTS[letter][0] for letter in "ABCDE"}),
        ("a dictionary", "never"),
    ],
)
def verdict(answer: Any) -> None:
    """When enlarging is right."""
    if not isinstance(answer, dict):
        raise MistakeError('Give a dictionary, such as {"A": "yes", ...}.')
    if missing := [letter for letter in VERDICTS if answer.get(letter) in (None, ...)]:
        raise MistakeError(f"A verdict is missing: {', '.join(missing)}.")
    for letter, (right, because) in VERDICTS.items():
        if answer[letter] != right:
            raise MistakeError(f'Look at {letter} again; we say "{right}": {because}.')
