"""The pictures of a run, one by one: can they be read, and are they worth learning from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import cv2
import numpy as np

from realesr.errors import RealesrError
from realesr.quality import estimators
from realesr.quality.duplicates import Fingerprint, common, copies, fingerprint
from realesr.quality.estimators.planes import luma
from realesr.train.config import TrainConfig
from realesr.train.diagnosis import Finding, Weight, count, listed
from realesr.train.paired import PairedPictures
from realesr.train.pictures import Pictures, Pixels

# What is looked at of a large picture: its middle.
_SIDE = 1024
_SURE = 0.3
_BLOCKS = 8


@dataclass(frozen=True)
class Look:
    """What one picture is like.

    Attributes:
        name: What to call it.
        problem: Why it cannot be learned from; empty when it can.
        width: In pixels.
        height: In pixels.
        figures: What the estimators said, by name; what they were not sure of is left out.
        known_by: Its fingerprint, when it could be read.
    """

    name: str
    problem: str = ""
    width: int = 0
    height: int = 0
    figures: dict[str, float] | None = None
    known_by: Fingerprint | None = None


def look_at(
    pictures: Pictures,
    *,
    pairs: PairedPictures | None = None,
    most: int = 0,
    quick: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> list[Look]:
    """Look at pictures, or at some of them, spread evenly.

    Args:
        pictures: The pictures.
        pairs: The pairs whose high-resolution side they are, where they have partners.
        most: How many to look at; 0 for all.
        quick: Only read them, and take their fingerprints.
        progress: Called with how many are done and how many there are to do.
    """
    chosen = _spread(pictures.blocks(), most or len(pictures))
    looks = []
    for done, index in enumerate(chosen, 1):
        looks.append(_look(pictures, index, pairs, quick))
        if progress:
            progress(done, len(chosen))
    return looks


def _spread(blocks: Sequence[int], most: int) -> list[int]:
    """Numbers of pictures, spread evenly; of many blocks over a few, each fetched once.

    >>> _spread([10], 5), _spread([4, 4, 4], 99)
    ([0, 2, 4, 6, 8], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    >>> _spread([100] * 80, 16)
    [0, 50, 1000, 1050, 2000, 2050, 3000, 3050, 4000, 4050, 5000, 5050, 6000, 6050, 7000, 7050]
    """
    total = sum(blocks)
    if most >= total:
        return list(range(total))
    ends = list(accumulate(blocks))
    few = min(len(blocks), _BLOCKS)
    parts = [range(ends[n] - blocks[n], ends[n]) for n in range(0, len(blocks), len(blocks) // few)]
    reachable = [index for part in parts[:few] for index in part]
    shown = min(most, len(reachable))
    return [reachable[n * len(reachable) // shown] for n in range(shown)]


def _look(pictures: Pictures, index: int, pairs: PairedPictures | None, quick: bool) -> Look:
    name = pictures.name(index)
    figures: dict[str, float] = {}
    try:
        if pairs is None:
            pixels = pictures.read(index)
        else:
            pixels, partner = pairs.read(index)
            figures["likeness"] = _likeness(pixels, partner)
        if not quick:
            figures |= measure(pixels)
        known_by = fingerprint(pixels)
    except RealesrError as refusal:
        return Look(name, problem=f"{refusal.cause} {refusal.next_step}".strip())
    return Look(name, "", pixels.shape[1], pixels.shape[0], figures, known_by)


def measure(pixels: Pixels) -> dict[str, float]:
    """What the estimators are sure enough of, about the middle of a picture."""
    top, left = (max(0, (side - _SIDE) // 2) // 8 * 8 for side in pixels.shape[:2])
    middle = pixels[top : top + _SIDE, left : left + _SIDE]
    noise = estimators.noise(middle)
    found = {
        "noise": noise,
        "blur": estimators.blur(middle, noise.value),
        "quality": estimators.jpeg_quality(middle),
        "enlargement": estimators.enlargement(middle),
        "flatness": estimators.flatness(middle),
        "banding": estimators.banding(middle),
    }
    return {
        name: each.value
        for name, each in found.items()
        if each.value is not None and each.confidence >= _SURE
    }


def _likeness(high: Pixels, low: Pixels) -> float:
    """The correlation of a picture, shrunk to its partner's size, with the partner."""
    size = (low.shape[1], low.shape[0])
    one = cv2.resize(luma(high), size, interpolation=cv2.INTER_AREA).ravel()
    other = luma(low).ravel()
    if min(one.std(), other.std()) < 1:
        return 1.0
    return float(np.corrcoef(one, other)[0, 1])


def findings(
    looks: Sequence[Look], held_out: Sequence[Look], config: TrainConfig, *, paired: bool
) -> Iterator[Finding]:
    """What there is to say about pictures that were looked at."""
    broken = [look for look in (*looks, *held_out) if look.problem]
    if broken:
        wanted = "fit" if paired else "be read"
        reasons = " ".join(look.problem for look in broken[:3])
        sentence = f"{count(len(broken), 'picture')} cannot {wanted}: {reasons}"
        if len(broken) > 3:
            sentence += f" Also {listed([look.name for look in broken[3:]])}."
        yield Finding("broken", "stop", sentence, tuple(look.name for look in broken))
    good = [look for look in looks if not look.problem]
    if not paired:
        yield from _small(good, config)
    for rule in _RULES:
        yield from _broken(good, rule)
    yield from _twice(good)
    yield from _shared(good, [look for look in held_out if not look.problem])


@dataclass(frozen=True)
class _Rule:
    """When a figure is worth a sentence, and its words."""

    about: str
    limit: float
    kind: str
    shape: str
    advice: str
    at_least: bool = False

    def breaks(self, figures: dict[str, float] | None) -> bool:
        """Whether a picture with these figures is one to be named."""
        value = (figures or {}).get(self.about)
        if value is None:
            return False
        return value < self.limit if self.at_least else value > self.limit


_RULES = (
    _Rule("blur", 1.8, "blurry", "{:.1f} px", "A network learns softness from them."),
    _Rule(
        "noise",
        5.0,
        "noisy, or fine texture everywhere",
        "{:.0f} levels",
        "A network learns to invent noise from them.",
    ),
    _Rule(
        "quality",
        85.0,
        "compressed already",
        "JPEG quality {:.0f}",
        "A network learns to make JPEG's blocks and rings from them.",
        at_least=True,
    ),
    _Rule(
        "enlargement",
        1.1,
        "enlarged already",
        "{:.2g} times",
        "They hold no detail to learn; shrink them back.",
    ),
    _Rule("flatness", 0.9, "nearly empty", "{:.0%} flat", "There is nothing to learn from them."),
    _Rule(
        "banding",
        0.05,
        "banded",
        "{:.0%} of the area",
        "A network learns to make steps in skies from them.",
    ),
    _Rule(
        "likeness",
        0.6,
        "unlike their partners",
        "correlation {:.2f}",
        "The two should show the same scene, to the pixel.",
        at_least=True,
    ),
)


def _broken(looks: Sequence[Look], rule: _Rule) -> Iterator[Finding]:
    found = [look for look in looks if rule.breaks(look.figures)]
    if not found:
        return
    named = sorted(((look.figures or {})[rule.about], look.name) for look in found)
    if not rule.at_least:
        named.reverse()
    said = listed([name for _, name in named], [rule.shape.format(value) for value, _ in named])
    yield Finding(
        rule.about,
        "warning",
        f"{len(found):,} of {count(len(looks), 'picture')} {'is' if len(found) == 1 else 'are'} "
        f"{rule.kind}: {said}. {rule.advice}",
        tuple(name for _, name in named),
    )


def _small(looks: Sequence[Look], config: TrainConfig) -> Iterator[Finding]:
    crop, patch = config.data.crop, config.data.patch
    small = sorted(
        (min(look.width, look.height), f"{look.width}x{look.height}", look.name)
        for look in looks
        if min(look.width, look.height) < crop
    )
    if not small:
        return
    tiny = small[0][0] < patch
    said = listed([name for *_, name in small], [sides for _, sides, _ in small])
    verb = "is" if len(small) == 1 else "are"
    weight: Weight = "warning" if tiny else "note"
    yield Finding(
        "small",
        weight,
        f"{len(small):,} of {count(len(looks), 'picture')} {verb} smaller than the crop of {crop} "
        f"px{f', some than the patch of {patch} px' if tiny else ''}, and mirrored to fill it: "
        f"{said}. Set a smaller data.crop, or take larger pictures.",
        tuple(name for *_, name in small),
    )


def _twice(looks: Sequence[Look]) -> Iterator[Finding]:
    found = copies([look.known_by for look in looks if look.known_by])
    if not found:
        return
    said = [f"{looks[each.second].name} is {looks[each.first].name}" for each in found]
    exact = sum(each.exact for each in found)
    kinds = f"{exact:,} to the pixel" if exact else "none to the pixel, but they look the same"
    yield Finding(
        "copies",
        "warning",
        f"{count(len(found), 'picture')} {'is a copy' if len(found) == 1 else 'are copies'} of "
        f"another ({kinds}): {listed(said)}. Copies count twice; take them out.",
        tuple(looks[each.second].name for each in found),
    )


def _shared(looks: Sequence[Look], held_out: Sequence[Look]) -> Iterator[Finding]:
    found = common(
        [look.known_by for look in looks if look.known_by],
        [look.known_by for look in held_out if look.known_by],
    )
    if not found:
        return
    said = [f"{held_out[each.second].name} is {looks[each.first].name}" for each in found]
    yield Finding(
        "held out",
        "warning",
        f"{len(found):,} of {count(len(held_out), 'picture')} held out "
        f"{'is' if len(found) == 1 else 'are'} learned from, too: {listed(said)}. Scores on them "
        "would look better than they are; take them out of one side.",
        tuple(held_out[each.second].name for each in found),
    )
