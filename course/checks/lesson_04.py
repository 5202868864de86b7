"""Lesson 4: losses and metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from course.exercises import MistakeError, ask, exercise
from course.pictures import photo
from realesr.degradations import Blur, GaussianNoise
from realesr.quality.metrics import psnr, ssim
from realesr.randomness import derive, spawn


def fan(count: int, seed: int = 0) -> Tensor:
    """Edges that could all be the truth: count x 32, dark on the left, bright on the right.

    Args:
        count: How many.
        seed: Of the places, -4 to 4 pixels from the middle.
    """
    middles = torch.randint(-4, 5, (count, 1), generator=spawn(seed, "fan")) + 16
    return (torch.arange(32) >= middles).float()


def _mean_for_all(samples: Any, loss: str) -> float:
    return float(np.mean(samples))


def _median_for_all(samples: Any, loss: str) -> float:
    return float(np.median(samples))


def _middle_of_range(samples: Any, loss: str) -> float:
    if loss == "l2":
        return float(np.mean(samples))
    return float((np.min(samples) + np.max(samples)) / 2)


def _never_exact(samples: Any, loss: str) -> float:
    return _mean_for_all(samples, loss) if loss == "l2" else _median_for_all(samples, loss)


@exercise(
    "04.1",
    wrong=[
        ("For l1", _mean_for_all),
        ("For l2", _median_for_all),
        ("For l1", _middle_of_range),
        ("only a hit counts", _never_exact),
    ],
)
def best_constant(answer: Any) -> None:
    """The one number that is the best answer when many are possible."""
    for seed in range(3):
        draws = np.random.default_rng(derive(seed, "best"))
        samples = np.concatenate([draws.normal(0.2, 0.05, 90), draws.uniform(0, 1, 41)])
        samples = np.append(samples, [0.15] * 12)
        costs = {
            "l2": lambda x, s=samples: np.mean((s - x) ** 2),
            "l1": lambda x, s=samples: np.mean(np.abs(s - x)),
            "exact": lambda x, s=samples: np.mean(np.abs(s - x) > 1e-9),
        }
        right = {"l2": samples.mean(), "l1": np.median(samples), "exact": 0.15}
        for loss, cost in costs.items():
            found = float(ask(answer, samples, loss))
            if cost(found) > cost(right[loss]) + 1e-6:
                hints = {
                    "l2": "A far sample pulls more than a near one: what did squares find in "
                    "section 2?",
                    "l1": "Each sample pulls equally, near or far: where do as many pull up as "
                    "down?",
                    "exact": "A near miss costs as much as a far one: only a hit counts.",
                }
                raise MistakeError(
                    f"For {loss} your number costs {cost(found):.4f}, but {cost(right[loss]):.4f} "
                    f"is possible. Not one number is best for every loss. {hints[loss]}"
                )


@exercise(
    "04.2",
    wrong=[
        ("at least 35 dB", lambda truth: (truth + 14 / 255).clamp(0, 1)),
        ("looks better than", lambda truth: truth.clone()),
        ("at least 35 dB", lambda truth: Blur(sigma_x=6, sigma_y=6).apply(truth, (128, 128))),
    ],
)
def forge(answer: Any) -> None:
    """A picture that PSNR praises and the eye does not."""
    truth = photo("rocket", 10, 60, 128, 128)
    brighter = (truth + 14 / 255).clamp(0, 1)
    limit = ssim(brighter, truth).value
    forged = torch.as_tensor(ask(answer, truth))
    if forged.shape != truth.shape:
        raise MistakeError("The forgery must have the shape of the truth.")
    near = psnr(forged, truth).value
    if near < 35:
        raise MistakeError(
            f"PSNR must be at least 35 dB, yours has {near:.1f}: change every pixel by little."
        )
    like = ssim(forged, truth).value
    if like >= limit:
        raise MistakeError(
            f"SSIM says {like:.3f}, and the merely brighter picture has {limit:.3f}: yours still "
            f"looks better than that. Where is a small change seen most? In a plain sky."
        )


def _unrounded(result: Tensor, truth: Tensor, scale: int) -> float:
    return psnr(result, truth, border=scale).value


def _no_border(result: Tensor, truth: Tensor, scale: int) -> float:
    rounded = (result.clamp(0, 1) * 255).round() / 255
    return psnr(rounded, truth).value


def _brightness(result: Tensor, truth: Tensor, scale: int) -> float:
    rounded = (result.clamp(0, 1) * 255).round() / 255
    return psnr(rounded, truth, border=scale, colour="y").value


def _still_levels(result: Tensor, truth: Tensor, scale: int) -> float:
    return psnr((result.clamp(0, 1) * 255).round(), truth, border=scale).value


@exercise(
    "04.3",
    wrong=[
        ("Divide by 255 again", _still_levels),
        ("round", _unrounded),
        ("border", _no_border),
        ("brightness", _brightness),
    ],
)
def by_protocol(answer: Any) -> None:
    """PSNR as this project states it: RGB, 8 bit, a border of scale pixels left out."""
    truth = (photo("coffee", 100, 100, 96, 96) * 255).round() / 255
    noise = GaussianNoise(sigma=1.2, seed=4).apply(truth, (96, 96))
    result = noise.clone()
    result[..., :4, :] = 0
    wrong = {
        _still_levels: "Divide by 255 again after rounding: psnr wants both from 0 to 1.",
        _unrounded: "Files have 8 bits: clamp and round the result to 255 levels first.",
        _no_border: "Leave a border of scale pixels out: networks know less there.",
        _brightness: "That is the brightness alone (Y); this protocol takes all colours.",
    }
    rounded = (result.clamp(0, 1) * 255).round() / 255
    right = psnr(rounded, truth, border=4).value
    found = float(ask(answer, result, truth, 4))
    if abs(found - right) < 0.005:
        return
    for mistaken, sentence in wrong.items():
        if abs(found - mistaken(result, truth, 4)) < 0.005:
            raise MistakeError(sentence)
    raise MistakeError(f"By the protocol it is {right:.2f} dB, yours says {found:.2f}.")
