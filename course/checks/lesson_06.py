"""Lesson 6: stage two."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from course.exercises import MistakeError, ask, exercise
from realesr.losses import adversarial
from realesr.randomness import spawn


def _squashed(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    real, fake = torch.sigmoid(real), torch.sigmoid(fake)
    return F.softplus(-real).mean() + F.softplus(fake).mean(), F.softplus(-fake).mean()


def _same_sign(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    return F.softplus(-real).mean() + F.softplus(-fake).mean(), F.softplus(-fake).mean()


def _opposite(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    judge = F.softplus(-real).mean() + F.softplus(fake).mean()
    return judge, -judge


@exercise(
    "06.1",
    wrong=[
        ("sigmoid is in it already", _squashed),
        ("made pictures are made", _same_sign),
        ("minus the judge's", _opposite),
        ("two numbers", lambda real, fake: F.softplus(-real).mean()),
    ],
)
def losses(answer: Any) -> None:
    """What the judge and the generator want."""
    for seed in range(3):
        chance = spawn(seed, "logits")
        real = 2 * torch.randn(4, 1, 6, 6, generator=chance) + 1
        fake = 2 * torch.randn(4, 1, 6, 6, generator=chance) - 1
        given = ask(answer, real, fake)
        if not isinstance(given, tuple | list) or len(given) != 2:
            raise MistakeError("Give two numbers back: the judge's loss and the generator's.")
        found = [float(torch.as_tensor(each).mean()) for each in given]
        judge = float(adversarial(real, True) + adversarial(fake, False))
        maker = float(adversarial(fake, True))
        if _near(found[0], judge) and _near(found[1], maker):
            continue
        if any(_near(found[0], float(each)) for each in (_squashed(real, fake)[0],)):
            raise MistakeError("softplus takes the logits as they are: a sigmoid is in it already.")
        if _near(found[0], float(_same_sign(real, fake)[0])):
            raise MistakeError(
                "Your judge wishes that made pictures look real. It must learn that made pictures "
                "are made: there the sign turns."
            )
        if _near(found[0], judge) and _near(found[1], -judge):
            raise MistakeError(
                "The generator's loss is minus the judge's: that was the first idea, but it is "
                "flat where the generator is bad. Let it wish to be taken for real."
            )
        half = _near(2 * found[0], judge)
        said = "Add both halves, do not average them." if half else "Which sign belongs to which?"
        raise MistakeError(
            f"Judge: {found[0]:.3f} instead of {judge:.3f}, generator: {found[1]:.3f} instead of "
            f"{maker:.3f}. {said}"
        )


def _near(one: float, other: float) -> bool:
    return abs(one - other) < 1e-3 * (1 + abs(other))


def _one_step(matrix: Tensor) -> Tensor:
    vector = torch.ones(matrix.shape[1]) / matrix.shape[1] ** 0.5
    return torch.as_tensor((matrix @ vector).norm())


def _squared(matrix: Tensor) -> Tensor:
    return torch.as_tensor(torch.linalg.matrix_norm(matrix, 2) ** 2)


@exercise(
    "06.2",
    wrong=[
        ("all entries together", lambda matrix: matrix.norm()),
        ("too few steps", _one_step),
        ("the square of it", _squared),
        ("largest entry", lambda matrix: matrix.abs().max()),
    ],
)
def largest_gain(answer: Any) -> None:
    """Power iteration."""
    for seed, shape in enumerate([(6, 6), (16, 4), (3, 20), (32, 32)]):
        matrix = torch.randn(shape, generator=spawn(seed, "matrix"))
        right = float(torch.linalg.matrix_norm(matrix, 2))
        found = float(torch.as_tensor(ask(answer, matrix.clone())))
        if abs(found - right) <= 0.01 * right:
            continue
        case = f"For a {shape[0]} x {shape[1]} matrix the largest gain is {right:.3f}, you say "
        case += f"{found:.3f}. "
        if _near(found, float(matrix.norm())):
            raise MistakeError(case + "That is the length of all entries together: too large.")
        if _near(found, float(matrix.abs().max())):
            raise MistakeError(case + "That is the largest entry; rows work together.")
        if abs(found - right**2) <= 0.02 * right**2:
            raise MistakeError(case + "That is the square of it: two multiplications, two gains.")
        if found < right:
            raise MistakeError(case + "It is too small: too few steps, or a start that is unlucky.")
        raise MistakeError(case + "It cannot be larger: is the vector's length 1 at the end?")


REASONS = {
    "A": ("judge wins", "it is sure of everything, so its slopes are flat and nothing is learned"),
    "B": ("healthy", "the two are apart but both move, and the pictures gain"),
    "C": ("weight too small", "the judge sees every trick, but the loss hardly listens to it"),
    "D": ("collapse", "one texture everywhere, and an opinion that jumps with each new trick"),
}


@exercise(
    "06.3",
    wrong=[
        (
            "Look at C",
            {"A": "judge wins", "B": "healthy", "C": "judge wins", "D": "collapse"},
        ),
        (
            "Look at A",
            {"A": "weight too small", "B": "healthy", "C": "judge wins", "D": "collapse"},
        ),
        ("missing: D", {"A": "judge wins", "B": "healthy", "C": "weight too small"}),
        ("a dictionary", "collapse"),
    ],
)
def diagnosis(answer: Any) -> None:
    """What four runs suffer from."""
    if not isinstance(answer, dict):
        raise MistakeError('Give a dictionary, such as {"A": "healthy", ...}.')
    if missing := [letter for letter in REASONS if answer.get(letter) in (None, ...)]:
        raise MistakeError(f"A diagnosis is missing: {', '.join(missing)}.")
    for letter, (right, because) in REASONS.items():
        if answer[letter] != right:
            raise MistakeError(f"Look at {letter} again: {because}.")
