"""Lesson 3: inside the generators."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from course.exercises import MistakeError, ask, exercise
from course.training import fresh
from realesr.models.rrdbnet import ResidualDenseBlock

# Each layer is a convolution's (kernel, stride); the side is what one output pixel sees.
COLUMNS = {
    ((3, 1),): 3,
    ((3, 1),) * 5: 11,
    ((9, 1), (1, 1), (5, 1)): 13,
    ((3, 2), (3, 1)): 7,
    ((4, 2), (4, 2), (3, 1)): 18,
    ((3, 1), (3, 2), (3, 2), (5, 1)): 25,
}


def _sum_of_kernels(layers: Any) -> int:
    return sum(kernel for kernel, _ in layers)


def _without_strides(layers: Any) -> int:
    return 1 + sum(kernel - 1 for kernel, _ in layers)


def _radius(layers: Any) -> int:
    side, step = 1, 1
    for kernel, stride in layers:
        side, step = side + (kernel - 1) * step, step * stride
    return side // 2


@exercise(
    "03.1",
    wrong=[
        ("each adds 2", _sum_of_kernels),
        ("stride", _without_strides),
        ("radius", _radius),
    ],
)
def field(answer: Any) -> None:
    """How many pixels across one output pixel sees."""
    for layers, side in COLUMNS.items():
        found = ask(answer, list(layers))
        if found == side:
            continue
        if found == side // 2:
            raise MistakeError(f"{found} is the radius; the whole side is asked for, {side}.")
        if all(stride == 1 for _, stride in layers):
            raise MistakeError(
                f"Two 3 x 3 layers see 5 pixels across, not 6: the first sees 3, each adds 2 more "
                f"(kernel - 1). For {list(layers)} it is {side}, not {found}."
            )
        raise MistakeError(
            f"For {list(layers)} it is {side}, not {found}: after a stride of 2, a step of one "
            f"pixel is two pixels of the input, so later kernels add twice as much."
        )


def _inside_only(kernel: int, stride: int) -> bool:
    return kernel >= stride


@exercise(
    "03.2",
    wrong=[
        ("larger than the stride", _inside_only),
        ("an even number", lambda kernel, stride: kernel % 2 == 0),
        ("True or False", lambda kernel, stride: kernel / stride),
    ],
)
def evenly(answer: Any) -> None:
    """Which transposed convolutions touch every pixel equally often."""
    for stride in (2, 3, 4):
        for kernel in range(2, 13):
            found = ask(answer, kernel, stride)
            if not isinstance(found, bool):
                raise MistakeError("Give True or False back.")
            ones = torch.ones(1, 1, 16)
            covered = F.conv_transpose1d(ones, torch.ones(1, 1, kernel), stride=stride)
            inner = covered[0, 0, kernel:-kernel]
            if found == (len(inner.unique()) == 1):
                continue
            if found and kernel % 2 == 0 and kernel % stride:
                raise MistakeError(
                    f"Kernel {kernel}, stride {stride} is uneven: an even number is not enough."
                )
            raise MistakeError(
                f"Kernel {kernel}, stride {stride} covers {sorted(set(inner.tolist()))} times. It "
                f"is not enough to be larger than the stride: when do the copies fit exactly?"
            )


def _repeat_all(weight: torch.Tensor, scale: int) -> torch.Tensor:
    first = weight[: len(weight) // scale**2]
    return first.repeat(scale**2, 1, 1, 1)


@exercise(
    "03.3",
    wrong=[
        ("next to each other", _repeat_all),
        ("fade", lambda weight, scale: torch.zeros_like(weight)),
        ("shape", lambda weight, scale: weight[: len(weight) // scale**2]),
    ],
)
def icnr(answer: Any) -> None:
    """First weights for a pixel shuffle without a checkerboard."""
    for scale in (2, 3):
        layer = fresh(lambda s=scale: nn.Conv2d(8, 4 * s**2, 3, padding=1, bias=False), scale)
        weight = layer.weight.detach()
        found = ask(answer, weight.clone(), scale)
        if found.shape != weight.shape:
            raise MistakeError(
                f"The shape must stay {tuple(weight.shape)}, yours is {tuple(found.shape)}."
            )
        if not 0.5 < float(found.std() / weight.std()) < 2:
            raise MistakeError(
                "The weights became much smaller or larger; then signals fade or grow from layer "
                "to layer. Copy some of them, and leave their size alone."
            )
        flat = torch.ones(1, 8, 12, 12)
        made = F.pixel_shuffle(F.conv2d(flat, found, padding=1), scale)
        inner = made[..., scale * 2 : -scale * 2, scale * 2 : -scale * 2]
        if float(inner.std(dim=(-1, -2)).max()) > 1e-5:
            raise MistakeError(
                "A flat input still gives a pattern. The scale · scale channels that become one "
                "square must have equal weights, and they lie next to each other: "
                "repeat_interleave."
            )


@exercise(
    "03.4",
    wrong=[
        ("bias", lambda f, g: 9 * (f * g + (f + g) * g + (f + 2 * g) * g + (f + 3 * g) * g
                                   + (f + 4 * g) * f)),
        ("grows", lambda f, g: 4 * (9 * f * g + g) + 9 * g * f + f),
        ("9 weights", lambda f, g: sum((f + k * g) * g for k in range(4)) + (f + 4 * g) * f),
    ],
)  # fmt: skip
def dense(answer: Any) -> None:
    """The number of weights in a dense block."""
    for features, growth in ((64, 32), (48, 16), (8, 4)):
        block = ResidualDenseBlock(features, growth)
        right = sum(each.numel() for each in block.parameters())
        biases = 4 * growth + features
        found = ask(answer, features, growth)
        if found == right:
            continue
        if found == right - biases:
            raise MistakeError(f"{found} is without the biases: one for each output channel.")
        if found * 9 <= right:
            raise MistakeError("A 3 x 3 kernel has 9 weights for each pair of channels.")
        raise MistakeError(
            f"For {features} features and growth {growth} it is {right}, not {found}. The input "
            f"grows: layer k reads features + (k - 1) · growth channels."
        )
