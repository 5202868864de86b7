"""Lesson 2: from bicubic to SRCNN."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from course.exercises import MistakeError, ask, exercise
from course.pictures import middles
from realesr.models.resamplers import Resampler
from realesr.randomness import spawn


def halved(pictures: Tensor) -> Tensor:
    """The pictures with half of their rows and columns, without aliases."""
    small = F.interpolate(pictures, scale_factor=0.5, mode="bicubic", antialias=True)
    return small.clamp(0, 1)


def neighbours(low: Tensor, side: int) -> Tensor:
    """The pixels around every pixel, one row of side · side numbers for each, float64.

    Neighbours are nearly alike, so sums over them need more digits than float32 has.
    """
    padded = F.pad(low, [side // 2] * 4, mode="replicate")
    return F.unfold(padded, side).transpose(1, 2).reshape(-1, side * side).double()


def _loss(one: Tensor, other: Tensor) -> float:
    return float((one - other).square().mean())


def _wrong_power(one: Tensor, other: Tensor, border: int) -> float:
    return -20 * math.log10(_loss(one, other))


def _no_border(one: Tensor, other: Tensor, border: int) -> float:
    error = _loss(one, other)
    return -10 * math.log10(error) if error else math.inf


def _stops_at_equal(one: Tensor, other: Tensor, border: int) -> float:
    inside = (..., slice(border, -border or None), slice(border, -border or None))
    return -10 * math.log10(_loss(one[inside], other[inside]))


@exercise(
    "02.1",
    wrong=[
        ("10, not 20", _wrong_power),
        ("border", _no_border),
        ("infinity", _stops_at_equal),
    ],
)
def closeness(answer: Any) -> None:
    """PSNR, by hand."""
    draw = spawn(2, "psnr")
    truth = torch.rand(1, 1, 40, 32, generator=draw)
    result = (truth + 0.1 * torch.randn(truth.shape, generator=draw)).clamp(0, 1)
    inside = (..., slice(3, -3), slice(3, -3))
    right = -10 * math.log10(_loss(result[inside], truth[inside]))
    found = float(ask(answer, result, truth, 3))
    if abs(found - 2 * right) < 2:
        raise MistakeError("That is twice too much: squares are powers already, so 10, not 20.")
    marred = result.clone()
    marred[..., :3, :] = 1 - truth[..., :3, :].round()
    if abs(float(ask(answer, marred, truth, 3)) - found) > 1e-4:
        raise MistakeError("It changes when only the border is spoilt: leave the border out.")
    if abs(found - right) > 0.01:
        raise MistakeError(f"For one pair it is {right:.2f} dB, yours says {found:.2f}.")
    try:
        same = answer(truth, truth, 0)
    except (ValueError, ZeroDivisionError):
        same = None
    if same != math.inf:
        raise MistakeError("Equal pictures have an error of 0: give infinity (math.inf) for them.")


def _targets(high: Tensor) -> Tensor:
    return F.pixel_unshuffle(high, 2).flatten(2).transpose(1, 2).reshape(-1, 4).double()


def _solve(low: Tensor, high: Tensor, side: int) -> Tensor:
    return torch.linalg.lstsq(neighbours(low, side), _targets(high)).solution


def _transposed(low: Tensor, high: Tensor, side: int) -> Tensor:
    return _solve(low, high, side)[:, [0, 2, 1, 3]]


def _nearest(low: Tensor, high: Tensor, side: int) -> Tensor:
    weights = torch.zeros(side * side, 4)
    weights[side * side // 2] = 1
    return weights


def _lying(low: Tensor, high: Tensor, side: int) -> Tensor:
    return _solve(low, high, side).T


@exercise(
    "02.2",
    wrong=[
        ("changed places", _transposed),
        ("better than bicubic", _nearest),
        ("one column for each", _lying),
    ],
)
def least_squares(answer: Any) -> None:
    """The best linear enlargement there is."""
    high = middles("camera chelsea brick gravel", 128)
    weights = torch.as_tensor(ask(answer, halved(high), high, 5))
    if weights.shape != (25, 4):
        raise MistakeError(
            f"25 weights for each of 4 new pixels are 25 x 4, one column for each, yours are "
            f"{tuple(weights.shape)}."
        )
    truth = middles("astronaut coffee motorcycle_left", 160)
    low = halved(truth)
    gain = _score(_enlarged(low, weights), truth) - _score(Resampler("bicubic", 2)(low), truth)
    if gain >= 0.5:
        return
    if _score(_enlarged(low, weights[:, [0, 2, 1, 3]]), truth) > _score(
        _enlarged(low, weights), truth
    ):
        raise MistakeError(
            "The pixels top right and bottom left changed places: in pixel_unshuffle the column "
            "runs faster than the row."
        )
    raise MistakeError(
        f"On photographs it never saw it should be better than bicubic by half a dB or more, yours "
        f"gains {gain:.2f}."
    )


def _enlarged(low: Tensor, weights: Tensor) -> Tensor:
    made = (neighbours(low, 5) @ weights.double()).float()
    planes = made.reshape(len(low), -1, 4).transpose(1, 2)
    return F.pixel_shuffle(planes.reshape(len(low), 4, *low.shape[-2:]), 2)


def _score(result: Tensor, truth: Tensor) -> float:
    return -10 * math.log10(_loss(result[..., 4:-4, 4:-4], truth[..., 4:-4, 4:-4]))


def _view_only(features: Tensor, scale: int) -> Tensor:
    batch, channels, height, width = features.shape
    return features.reshape(batch, channels // scale**2, height * scale, width * scale)


def _rows_for_columns(features: Tensor, scale: int) -> Tensor:
    batch, channels, height, width = features.shape
    parts = features.reshape(batch, channels // scale**2, scale, scale, height, width)
    mixed = parts.permute(0, 1, 4, 3, 5, 2)
    return mixed.reshape(batch, channels // scale**2, height * scale, width * scale)


@exercise(
    "02.3",
    wrong=[
        ("only renames", _view_only),
        ("changed places", _rows_for_columns),
        ("shape", lambda features, scale: features),
    ],
)
def shuffle(answer: Any) -> None:
    """Pixel shuffle, from reshape and permute."""
    for place, scale in enumerate((2, 3, 4)):
        draw = spawn(place, "shuffle")
        features = torch.rand(2, 3 * scale**2, 5, 4, generator=draw)
        right = F.pixel_shuffle(features, scale)
        found = ask(answer, features, scale)
        if found.shape != right.shape:
            raise MistakeError(
                f"The shape should be {tuple(right.shape)}, yours is {tuple(found.shape)}."
            )
        if torch.equal(found, right):
            continue
        if torch.equal(found, _view_only(features, scale)):
            raise MistakeError(
                "A reshape only renames the places: a permute must bring each group of scale · "
                "scale channels beside its pixel first."
            )
        if torch.equal(found, _rows_for_columns(features, scale)):
            raise MistakeError("Rows and columns inside each group changed places in permute.")
        raise MistakeError("The values are right but stand in other places: draw a 1 x 4 x 1 x 1.")
