"""Lesson 5: train stage one."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course.exercises import MistakeError, ask, exercise
from course.pictures import middles
from realesr.models.resamplers import Resampler
from realesr.randomness import derive, spawn
from realesr.train.ema import Average


def shrunk(high: Tensor) -> Tensor:
    """A fourth of the rows and columns, antialiased."""
    small = F.interpolate(high, scale_factor=0.25, mode="bicubic", antialias=True)
    return small.clamp(0, 1)


def _never(low: Tensor, high: Tensor) -> tuple[int, int]:
    return 0, 0


def _backwards(low: Tensor, high: Tensor) -> tuple[int, int]:
    down, right = _search(low, high)
    return -down, -right


def _swapped(low: Tensor, high: Tensor) -> tuple[int, int]:
    down, right = _search(low, high)
    return right, down


def _search(low: Tensor, high: Tensor) -> tuple[int, int]:
    large = Resampler("bicubic", 4)(low)[..., 8:-8, 8:-8]
    moves = [(down, right) for down in range(-6, 7) for right in range(-6, 7)]

    def cost(move: tuple[int, int]) -> float:
        return float((high.roll(move, (-2, -1))[..., 8:-8, 8:-8] - large).square().mean())

    return min(moves, key=cost)


@exercise(
    "05.1",
    wrong=[
        ("without moving", _never),
        ("opposite direction", _backwards),
        ("Rows first", _swapped),
    ],
)
def repair(answer: Any) -> None:
    """Find out how a pair is misaligned."""
    for names, move in (("coffee", (3, -2)), ("camera", (-5, 1)), ("astronaut", (0, 4))):
        truth = middles(names, 96)
        low, high = shrunk(truth), truth.roll((-move[0], -move[1]), (-2, -1))
        given = ask(answer, low, high)
        found = tuple(int(value) for value in np.ravel(given))
        if found == move:
            continue
        if found == (0, 0):
            raise MistakeError(
                f"This pair does not fit without moving: high.roll({move}, (-2, -1)) does. Try all "
                f"moves up to 6 pixels and take the one with the smallest error."
            )
        if found == (-move[0], -move[1]):
            raise MistakeError(
                "Right, but in the opposite direction: it is the truth that shall be moved back."
            )
        if found == (move[1], move[0]):
            raise MistakeError("Rows first, then columns: the two numbers changed places.")
        raise MistakeError(
            f"It is {move}, not {found}. Leave the border out: roll brings pixels in from the "
            f"other side."
        )


def _without_start(average: float, weight: float, step: int, decay: float) -> float:
    return decay * average + (1 - decay) * weight


def _changed_places(average: float, weight: float, step: int, decay: float) -> float:
    share = min(decay, (1 + step) / (10 + step))
    return (1 - share) * average + share * weight


@exercise(
    "05.2",
    wrong=[
        ("slow start", _without_start),
        ("changed places", _changed_places),
        ("slow start", lambda average, weight, step, decay: weight),
    ],
)
def average(answer: Any) -> None:
    """One step of the averaged weights, with the slow start."""
    layer = torch.nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        layer.weight.fill_(1.0)
    kept, mine = Average(layer, 0.99), 1.0
    flipped = 1.0
    for step in range(1, 1500):
        value = float(torch.randn((), generator=spawn(step, "weights")))
        with torch.no_grad():
            layer.weight.fill_(value)
        kept.update(layer, step)
        mine = float(ask(answer, mine, value, step, 0.99))
        flipped = _changed_places(flipped, value, step, 0.99)
        right = float(kept.network.weight)
        if abs(mine - right) < 1e-4:
            continue
        if abs(mine - flipped) < 1e-4:
            raise MistakeError(
                "Old and new changed places: the average keeps the large share, the new weight "
                "gets the rest."
            )
        raise MistakeError(
            f"At step {step} the average is {right:.4f}, yours is {mine:.4f}. Do not forget the "
            f"slow start: the old one counts min(decay, (1 + step) / (10 + step))."
        )


def _by_piece(names: list[str], share: float) -> tuple[list[str], list[str]]:
    order = np.random.default_rng(0).permutation(len(names))
    count = round(share * len(names))
    mixed = [names[place] for place in order]
    return mixed[count:], mixed[:count]


def _drops_some(names: list[str], share: float) -> tuple[list[str], list[str]]:
    photos = sorted({name.split("_")[0] for name in names})
    return [n for n in names if n.startswith(photos[0])], [n for n in names if photos[1] in n]


@exercise(
    "05.3",
    wrong=[
        ("both sides", _by_piece),
        ("lost", _drops_some),
        ("both sides", lambda names, share: (names[3:], names[:3])),
        ("share", lambda names, share: (names, [])),
    ],
)
def split(answer: Any) -> None:
    """Split crops into two sides without leaks."""
    for seed in range(3):
        draws = np.random.default_rng(derive(seed, "split"))
        names = [f"p{photo}_{piece}" for photo in range(10) for piece in range(8)]
        draws.shuffle(names)
        learn, judge = (list(side) for side in ask(answer, list(names), 0.3))
        shared = {name.split("_")[0] for name in learn} & {name.split("_")[0] for name in judge}
        if shared:
            raise MistakeError(
                f"Pieces of the photo {min(shared)} are on both sides: the network is judged on "
                f"a wall whose other half it has learned by heart. Split by photo, then by piece."
            )
        if sorted(learn + judge) != sorted(names):
            raise MistakeError("Pieces were lost: every piece belongs to one of the two sides.")
        if not 0.2 <= len(judge) / len(names) <= 0.4:
            raise MistakeError("The second list should hold a share of about 30 percent.")
