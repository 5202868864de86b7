"""The rules: each a pure function of one picture, with a score, a threshold and a sentence.

``RULES`` is the whole table. A rule measures one score; the threshold of the same name in
``settings.Select`` says what passes. Scores that a picture does not tell are None and pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from data_tools.looking import Look, Pixels, least
from data_tools.settings import Select
from realesr.quality.estimators import banding, blockiness, enlargement, flatness


@dataclass(frozen=True)
class Rule:
    """What a picture is asked.

    Attributes:
        name: Its key in ``[select]``, and the column of its score.
        unit: What the score counts.
        passes: On which side of the threshold a picture passes; the threshold itself passes.
        measure: The score of a picture, or None where it does not tell.
        sentence: What is said of a picture that does not pass.
    """

    name: str
    unit: str
    passes: Literal["at most", "at least"]
    measure: Callable[[Look], float | None]
    sentence: str

    def rejects(self, score: float | None, threshold: float | None) -> bool:
        """Whether a picture with this score is left out."""
        if score is None or threshold is None:
            return False
        return score > threshold if self.passes == "at most" else score < threshold

    def said(self, score: float, threshold: float) -> str:
        """The sentence with its figures."""
        return self.sentence.format(score=score, threshold=threshold)


@dataclass(frozen=True)
class Rejection:
    """Why a picture is left out.

    Attributes:
        rule: The rule's name.
        score: What was measured, where a number was.
        threshold: What would have passed.
        sentence: The same in words.
    """

    rule: str
    score: float | None
    threshold: float | None
    sentence: str


def side(look: Look) -> float | None:
    """The shorter side in pixels."""
    return float(min(look.pixels.shape[:2]))


def jpeg(look: Look) -> float | None:
    """The quality of the last JPEG compression, 1 to 100."""
    return look.jpeg


def blocks(look: Look) -> float | None:
    """How much higher steps between 8x8 blocks are than within them, in levels."""
    return least([blockiness(window).value for window in look.windows])


def noise(look: Look) -> float | None:
    """The deviation of the noise, in levels."""
    return look.noise


def blur(look: Look) -> float | None:
    """The blur of the sharpest edges, in pixels."""
    return look.blur


def enlarged(look: Look) -> float | None:
    """The factor by which it was enlarged by interpolation; 1 without a trace."""
    return least([enlargement(window).value for window in look.windows[:2]])


def flat(look: Look) -> float | None:
    """The share of 8x8 blocks without any texture or edge."""
    return flatness(look.strip).value


def bands(look: Look) -> float | None:
    """The share of it where a gradient goes in visible steps."""
    found = [banding(window).value for window in look.windows]
    return max((value for value in found if value is not None), default=None)


def border(look: Look) -> float | None:
    """The share of the shorter side that is an even frame, as films and scans have it.

    A frame ends all at once along its whole length; the white margin of a page does not.
    """
    pixels = look.pixels if look.pixels.ndim == 3 else look.pixels[..., None]
    widest = max(_frame(np.rot90(pixels, turn)) for turn in range(4))
    return widest / float(min(pixels.shape[:2]))


def _frame(sight: Pixels) -> int:
    """How many rows at the top have one colour, where it ends with a line; else 0."""
    thin = sight[: sight.shape[0] // 3, :: max(1, sight.shape[1] // 256)]
    first, near = sight[0, 0].astype(np.int32), np.iinfo(sight.dtype).max // 128
    width = 0
    for row in thin:
        other = (np.abs(row.astype(np.int32) - first) > near).any(1).mean()
        if other > 0:
            # The row that the line runs through may be a mixture.
            after = thin[min(width + 1, len(thin) - 1)].astype(np.int32)
            return width if (np.abs(after - first) > near).any(1).mean() > 0.6 else 0
        width += 1
    return 0


def alpha(look: Look) -> float | None:
    """The share of pixels that are not opaque."""
    pixels = look.pixels
    if pixels.ndim == 2 or pixels.shape[2] == 3:
        return 0.0
    return float((pixels[..., -1] < np.iinfo(pixels.dtype).max).mean())


def gray(look: Look) -> float | None:
    """How much colour there is: the mean difference of the channels, in levels."""
    pixels = look.strip
    if pixels.ndim == 2 or pixels.shape[2] == 2:
        return 0.0
    colours = pixels[::4, ::2, :3].astype(np.float32)
    red, green, blue = (colours[..., channel] for channel in range(3))
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    return float(spread.mean()) * 255 / float(np.iinfo(pixels.dtype).max)


RULES: tuple[Rule, ...] = (
    Rule("side", "px", "at least", side,
         "Its shorter side is {score:.0f} px; {threshold:.0f} are wanted."),
    Rule("jpeg", "quality", "at least", jpeg,
         "It went through a JPEG of quality {score:.0f}; {threshold:.0f} is wanted."),
    Rule("blocks", "levels", "at most", blocks,
         "Its 8x8 blocks stand out by {score:.2f} levels; {threshold:g} pass."),
    Rule("noise", "levels", "at most", noise,
         "Its noise is {score:.1f} levels of 256; {threshold:g} pass."),
    Rule("blur", "px", "at most", blur,
         "Its sharpest edges are blurred by {score:.1f} px; {threshold:g} pass."),
    Rule("enlarged", "times", "at most", enlarged,
         "It was enlarged {score:.1f} times before."),
    Rule("flat", "share", "at most", flat,
         "{score:.0%} of it hold neither texture nor edge; {threshold:.0%} pass."),
    Rule("banding", "share", "at most", bands,
         "Gradients go in visible steps in {score:.0%} of it; {threshold:.0%} pass."),
    Rule("border", "share", "at most", border,
         "An even frame takes {score:.0%} of its shorter side; {threshold:.0%} pass."),
    Rule("alpha", "share", "at most", alpha,
         "{score:.0%} of it are not opaque; {threshold:.0%} pass."),
    Rule("gray", "levels", "at least", gray,
         "Its colours differ by {score:.1f} levels in the mean; {threshold:g} are wanted."),
)  # fmt: skip
"""Every rule about one picture, quick ones first."""


def judged(look: Look, select: Select) -> tuple[dict[str, float | None], list[Rejection]]:
    """The scores of a picture by all rules, and which of them reject it.

    A rule that is switched off is still measured: its score is in the manifest.
    """
    scores = {rule.name: _told(rule.measure(look)) for rule in RULES}
    rejections = []
    for rule in RULES:
        score, threshold = scores[rule.name], getattr(select, rule.name)
        if score is not None and threshold is not None and rule.rejects(score, threshold):
            rejections.append(Rejection(rule.name, score, threshold, rule.said(score, threshold)))
    return scores, rejections


def _told(score: float | None) -> float | None:
    """Four digits: beyond them the same picture may differ, as sums come in another order."""
    return None if score is None else float(f"{score:.4g}")
