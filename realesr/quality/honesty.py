"""What a result owes to its input, and what was made up: two maps, each with one number.

The *consistency map* makes the result small again and compares: where it glows, the result
contradicts its input. The *invention map* asks the model the same question in other words
(mirrored, turned, moved by a pixel of the result, and another model where there is one): where the
answers differ, the input did not tell. Doubt alone invents nothing, nor does detail alone: the map
is a geometric mean, three parts how doubtful a place is, one part how much is drawn there.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np

from realesr.errors import ParameterError
from realesr.inference.parts import part
from realesr.inference.upscaler import Progress, Upscaler
from realesr.quality.backprojection import (
    check_together,
    how_consistent,
    measurable,
    opaque,
    residual,
)
from realesr.quality.estimators.planes import Pixels, colours, luma
from realesr.quality.heat import heat_picture

_BAND = 64
# How far plain bicubic may move, in levels of 256, before half of a spread is put down to that.
_CALM = 2.0
# A picture moved by part of a pixel is another picture where it is noisy: half an answer.
_MOVES = ((1, -1), (-1, -1))
_WEIGHT_OF_A_MOVE = 0.5
# How much more doubt counts than detail: three parts of four.
_DOUBT = 0.75
# What is doubted where nothing is drawn counts a little, too: levels a pixel.
_FAINT = 0.3
_REACH = 3  # of the Lanczos filter that moves, in pixels


@dataclass(frozen=True, eq=False)
class HonestyMap:
    """A figure at each pixel, and one for the picture.

    Attributes:
        name: ``"consistency"`` or ``"invention"``.
        values: H x W, float32, levels of 256; of the input's size, or of the result's.
        value: The one number.
        unit: Of ``value``.
        words: What a bright place means.
        protocol: How it was made.
        top: The figure that glows brightest.
    """

    name: str
    values: np.ndarray = field(repr=False)
    value: float
    unit: str
    words: str
    protocol: str
    top: float

    def picture(self, over: Pixels) -> np.ndarray:
        """The map as a glow over the grayed result, with a legend below: H x W x 3, uint8 RGB.

        Args:
            over: The result, or the input.
        """
        return heat_picture(self.values, over, self.words, self.top)

    def as_dict(self) -> dict[str, object]:
        """Plain values, without the map."""
        kept = ("name", "value", "unit", "words", "protocol")
        return {name: getattr(self, name) for name in kept}


def consistency_map(result: Pixels, low: Pixels) -> HonestyMap:
    """Where a result, made small again, is not its input.

    Args:
        result: H x W or H x W x C, uint8 or uint16. Alpha is left out.
        low: What it was made of.

    Returns:
        A map of the input's size: the largest difference of the channels, in levels of 256. Its
        number is ``realesr.quality.metrics.consistency``, in dB: more is more consistent.

    Raises:
        ParameterError: E003 for a result smaller than the input, E005 for pictures of different
            channels or dtypes.

    >>> dark, low = np.full((8, 8, 3), 90, np.uint8), np.full((2, 2, 3), 100, np.uint8)
    >>> consistency_map(dark, low).values.round().tolist()
    [[10.0, 10.0], [10.0, 10.0]]
    """
    check_together(result, low)
    made, wanted = opaque(result), opaque(low)
    channels = range(made.shape[2])
    values = np.max([np.abs(residual(made, wanted, channel)) for channel in channels], axis=0)
    score = how_consistent(result, low)
    words = "contradicts the input here"
    return HonestyMap(
        "consistency", values, score.value, score.unit, words, score.protocol, top=24.0
    )


def invention_map(
    upscaler: Upscaler,
    low: Pixels,
    result: Pixels | None = None,
    *,
    partner: Upscaler | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> HonestyMap:
    """Where a model made up detail that its input does not hold.

    Args:
        upscaler: What made, or makes, the result.
        low: The input: H x W or H x W x C, uint8 or uint16. Alpha is left out.
        result: What the upscaler made of it, where that is at hand.
        partner: A second opinion: a model trained to be faithful beside one trained to look real.
            It must enlarge as much.
        progress: Called with tiles done and tiles in all.

    Returns:
        A map of the result's size: the geometric mean of doubt (the spread of the answers, three
        parts) and detail (the slope of the brightness, one), in levels of 256; and its mean. It
        predicts where errors are, not how large they are: ``docs/benchmarks.md`` says how well.

    Raises:
        ParameterError: E001 for an upscaler that does not enlarge, or a partner of another scale;
            E003 for a result of another size.
    """
    steps = invention_steps(upscaler, low, result, partner=partner)
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            found: HonestyMap = end.value
            return found
        if progress is not None:
            progress(step.done, step.total)


def invention_steps(
    upscaler: Upscaler,
    low: Pixels,
    result: Pixels | None = None,
    *,
    partner: Upscaler | None = None,
) -> Generator[Progress, None, HonestyMap]:
    """Like ``invention_map``, as a generator: yields after each tile, returns the map.

    At most two results are in memory at a time, with eight bytes a pixel for what is added up.
    """
    pixels = opaque(low)
    _check(upscaler, partner)
    height, width = upscaler.output_size(*pixels.shape[:2])
    if result is not None and result.shape[:2] != (height, width):
        raise ParameterError(
            "E003",
            f"a result of {result.shape[1]}x{result.shape[0]} is not what {width}x{height} was "
            f"asked for.",
            "Leave it out, or give the upscaler that made it.",
        )
    questions = list(_questions(pixels, upscaler, partner))
    before = int(result is None)
    parts = len(questions) + before
    if result is None:
        result = yield from part(upscaler.stream(measurable(pixels)), 0, parts)
    seen = opaque(result)
    spread, weight = np.zeros((height, width), np.float32), 0.0
    for number, question in enumerate(questions, before):
        answer = yield from part(question.upscaler.stream(question.asked()), number, parts)
        _add_squares(spread, question.answered(answer), seen, question.weight)
        weight += question.weight
        del answer
    spread /= weight
    doubt = np.sqrt(spread, out=spread)
    doubt *= _damping(pixels, (height, width), upscaler.scale)
    values = doubt**_DOUBT * _detail(seen) ** (1 - _DOUBT)
    ways = f"8 flips and turns, {len(_MOVES)} moves" + (", a second model" if partner else "")
    return HonestyMap(
        "invention",
        values,
        float(values.mean()),
        "levels of 256",
        "made-up detail likely here",
        f"RGB, {upscaler.spec.name}, spread over {ways}, less where the input itself is fine; "
        "geometric mean, three to one, with the slope of the brightness",
        top=8.0,
    )


@dataclass(frozen=True)
class _Question:
    """The same picture in other words, and the way back for the answer."""

    upscaler: Upscaler
    weight: float
    asked: Callable[[], np.ndarray]
    answered: Callable[[np.ndarray], np.ndarray]


def _questions(
    pixels: np.ndarray, upscaler: Upscaler, partner: Upscaler | None
) -> Iterator[_Question]:
    for turns in range(4):
        for mirrored in (False, True):
            if turns or mirrored:
                yield _turned(pixels, upscaler, turns, mirrored)
    for down, right in _MOVES:
        yield _moved(pixels, upscaler, down, right)
    if partner is not None:
        yield _Question(partner, 1.0, lambda: measurable(pixels), opaque)


def _turned(pixels: np.ndarray, upscaler: Upscaler, turns: int, mirrored: bool) -> _Question:
    def asked() -> np.ndarray:
        turned = np.rot90(pixels, turns)
        return measurable(np.ascontiguousarray(turned[:, ::-1] if mirrored else turned))

    def answered(answer: np.ndarray) -> np.ndarray:
        back = opaque(answer)
        return np.rot90(back[:, ::-1] if mirrored else back, -turns)

    return _Question(upscaler, 1.0, asked, answered)


def _moved(pixels: np.ndarray, upscaler: Upscaler, down: int, right: int) -> _Question:
    """Moved by one pixel of the result, so that the way back moves whole pixels."""
    step = 1 / upscaler.scale

    def asked() -> np.ndarray:
        return measurable(_move(pixels, down * step, right * step))

    def answered(answer: np.ndarray) -> np.ndarray:
        return np.roll(opaque(answer), (-down, -right), (0, 1))

    return _Question(upscaler, _WEIGHT_OF_A_MOVE, asked, answered)


def _move(pixels: np.ndarray, down: float, right: float) -> np.ndarray:
    """Move a picture by part of a pixel (Lanczos); its borders are mirrored."""
    across, along = _lanczos(-right), _lanczos(-down)
    moved: np.ndarray = cv2.sepFilter2D(pixels, -1, across, along, borderType=cv2.BORDER_REFLECT)
    return moved.reshape(pixels.shape)


def _lanczos(part: float) -> np.ndarray:
    distance = np.arange(-_REACH, _REACH + 1) - part
    weights = np.sinc(distance) * np.sinc(distance / _REACH) * (np.abs(distance) < _REACH)
    normalised: np.ndarray = weights / weights.sum()
    return normalised


def _add_squares(total: np.ndarray, answer: np.ndarray, seen: np.ndarray, weight: float) -> None:
    """Add the mean of the channels' squared differences, band by band, in levels of 256."""
    for start in range(0, len(total), _BAND):
        rows = slice(start, start + _BAND)
        difference = colours(answer[rows]) - colours(seen[rows])
        total[rows] += weight * np.square(difference).mean(2)


def _detail(pixels: np.ndarray) -> np.ndarray:
    """How much is drawn: the slope of the brightness by Sobel, in levels of 256 a pixel."""
    light = luma(pixels)
    across, down = (cv2.Sobel(light, -1, *order, scale=1 / 8) for order in ((1, 0), (0, 1)))
    detail: np.ndarray = cv2.magnitude(across, down)
    return detail + np.float32(_FAINT)


def _damping(pixels: np.ndarray, size: tuple[int, int], scale: float) -> np.ndarray:
    """1 where the input is calm, less where it is so fine that any enlargement of it moves.

    There a spread says as much about sharp edges and noise, which the input holds, as about what
    was made up. Measured on plain bicubic enlargement under the same moves.
    """
    height, width = size

    def enlarged(picture: np.ndarray) -> np.ndarray:
        large = cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC)
        return large.reshape(height, width, -1)

    plain, moving = enlarged(pixels), np.zeros(size, np.float32)
    for down, right in _MOVES:
        moved = enlarged(_move(pixels, down / scale, right / scale))
        _add_squares(moving, np.roll(moved, (-down, -right), (0, 1)), plain, 1 / len(_MOVES))
    damping: np.ndarray = _CALM / (_CALM + np.sqrt(moving, out=moving))
    return damping


def _check(upscaler: Upscaler, partner: Upscaler | None) -> None:
    if upscaler.scale < 1:
        raise ParameterError(
            "E001", f"a factor of {upscaler.scale:g} makes nothing up.", "Enlarge with 1 or more."
        )
    if partner is not None and partner.scale != upscaler.scale:
        raise ParameterError(
            "E001",
            f"the second model enlarges {partner.scale:g} times, the first {upscaler.scale:g}.",
            "Give both the same scale.",
        )
