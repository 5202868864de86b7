"""Lesson 7: tiles."""

from __future__ import annotations

from typing import Any

from course.exercises import MistakeError, ask, exercise


@exercise(
    "07.1",
    wrong=[
        ("adds up the kernels", lambda kernels: sum(kernels)),
        ("each convolution adds its own reach", lambda kernels: max(kernels) // 2),
        ("both sides", lambda kernels: 2 * sum(kernel // 2 for kernel in kernels)),
        ("counts the convolutions", len),
    ],
)
def halo(answer: Any) -> None:
    """How far a column of convolutions looks."""
    for kernels in ([3] * 18, [9, 1, 5], [1], [3, 7, 3, 3]):
        right, found = sum(kernel // 2 for kernel in kernels), float(ask(answer, kernels))
        if found == right:
            continue
        shown = f"For kernels {kernels[:4]}{' ...' if len(kernels) > 4 else ''} you say {found:g}. "
        if found == sum(kernels):
            raise MistakeError(
                shown + "That adds up the kernels' whole sides; a 3 x 3 looks 1 far."
            )
        if found == 2 * right:
            raise MistakeError(shown + "That is both sides together; the halo is for one side.")
        if found == len(kernels):
            raise MistakeError(shown + "That counts the convolutions: right only if all are 3 x 3.")
        raise MistakeError(shown + f"It is {right}: each convolution adds its own reach.")


def _no_borders(length: int, tile: int, halo: int) -> list[tuple[int, int, int, int]]:
    starts = range(0, length, tile)
    return [(at - halo, at + tile + halo, at, min(at + tile, length)) for at in starts]


def _keeps_halo(length: int, tile: int, halo: int) -> list[tuple[int, int, int, int]]:
    bounds = [(max(at - halo, 0), min(at + tile + halo, length)) for at in range(0, length, tile)]
    return [(low, high, low, high) for low, high in bounds]


def _forgets_rest(length: int, tile: int, halo: int) -> list[tuple[int, int, int, int]]:
    whole = range(0, length - tile + 1, tile)
    return [(max(at - halo, 0), min(at + tile + halo, length), at, at + tile) for at in whole]


def _no_halo(length: int, tile: int, halo: int) -> list[tuple[int, int, int, int]]:
    starts = range(0, length, tile)
    return [(at, min(at + tile, length)) * 2 for at in starts]


def _keeps_too_far(length: int, tile: int, halo: int) -> list[tuple[int, int, int, int]]:
    starts = range(0, length, tile)
    return [(max(0, at - halo), min(length, at + tile + halo), at, at + tile) for at in starts]


@exercise(
    "07.2",
    wrong=[
        (
            "With length 100, tile 32 and halo 4 the last tile keeps 96 to 128, but the picture "
            "ends at 100.",
            _keeps_too_far,
        ),
        ("outside the picture", _no_borders),
        ("kept 2 times", _keeps_halo),
        ("kept by no tile", _forgets_rest),
        ("too little", _no_halo),
    ],
)
def cut(answer: Any) -> None:
    """One side of a picture in tiles."""
    for length, tile, halo in ((100, 32, 4), (64, 32, 8), (7, 16, 3), (97, 10, 18), (33, 32, 1)):
        case = f"With length {length}, tile {tile} and halo {halo} "
        parts = [tuple(part) for part in ask(answer, length, tile, halo)]
        if any(len(part) != 4 for part in parts):
            raise MistakeError("Each tile is four numbers: read_from, read_to, keep_from, keep_to.")
        for read_from, read_to, keep_from, keep_to in parts:
            if read_from < 0 or read_to > length:
                raise MistakeError(
                    case + f"a tile reads {read_from} to {read_to}, outside the picture."
                )
            if keep_from < 0:
                raise MistakeError(case + f"a tile keeps {keep_from} to {keep_to}: 0 comes first.")
            if keep_to > length and keep_from < length and keep_to - keep_from <= tile:
                raise MistakeError(
                    case + f"the last tile keeps {keep_from} to {keep_to}, but the picture ends at "
                    f"{length}."
                )
            if keep_from >= length:
                raise MistakeError(
                    case + f"a tile keeps {keep_from} to {keep_to}, outside the picture."
                )
            if keep_to - keep_from > tile:
                raise MistakeError(case + f"{_twice(parts, length)}: the halo is read, not kept.")
            if read_from > max(keep_from - halo, 0) or read_to < min(keep_to + halo, length):
                raise MistakeError(case + "a tile reads too little: the halo goes on both sides.")
        times = [sum(part[2] <= at < part[3] for part in parts) for at in range(length)]
        if 0 in times:
            raise MistakeError(
                case + f"pixel {times.index(0)} is kept by no tile: the last one may be smaller."
            )
        if max(times) > 1:
            raise MistakeError(case + _twice(parts, length) + ".")


def _twice(parts: list[tuple[int, ...]], length: int) -> str:
    times = [sum(part[2] <= at < part[3] for part in parts) for at in range(length)]
    most = max(times)
    if most < 2:
        return "a tile keeps more than its side"
    return f"pixel {times.index(most)} is kept {most} times"


def _root_of_less_than_nothing(memory: float, each: float, fixed: float, halo: int) -> int:
    return max(int(((memory - fixed) * 1e6 / each) ** 0.5) - 2 * halo, 0)


@exercise(
    "07.3",
    wrong=[
        ("has no root", _root_of_less_than_nothing),
        ("forgets the halo", lambda m, e, f, h: max(int(max((m - f) * 1e6 / e, 0) ** 0.5), 0)),
        ("two sides", lambda m, e, f, h: max(int(max((m - f) * 1e6 / e, 0) ** 0.5) - h, 0)),
        ("megabytes", lambda m, e, f, h: max(int(max((m - f) / e, 0) ** 0.5) - 2 * h, 0)),
        ("fixed", lambda m, e, f, h: max(int((m * 1e6 / e) ** 0.5) - 2 * h, 0)),
    ],
)
def plan(answer: Any) -> None:
    """The largest tile that fits."""
    cases = [(1000, 1500, 50, 18), (200, 900, 10, 18), (30, 1500, 50, 18), (5, 1000, 0, 40)]
    for memory, each, fixed, halo in cases:
        room = max((memory - fixed) * 1e6 / each, 0)
        right = max(int(room**0.5) - 2 * halo, 0)
        found = _number(answer, memory, each, fixed, halo)
        case = f"plan({memory}, {each}, {fixed}, {halo}) should be {right}, yours is {found:g}. "
        if found == right:
            continue
        if found == int(room**0.5):
            raise MistakeError(case + "That forgets the halo, which must fit, too.")
        if found == int(room**0.5) - halo:
            raise MistakeError(case + "A halo has two sides.")
        if found < right / 10:
            raise MistakeError(case + "Did you turn megabytes into bytes?")
        if found > right:
            raise MistakeError(case + "Take the fixed part away first, and leave no tile below 0.")
        raise MistakeError(case + "The tile with its halo on both sides must just fit.")


def _number(answer: Any, memory: int, each: int, fixed: int, halo: int) -> float:
    """What a plan says; where nothing fits, Python's own words would not help."""
    rootless = MistakeError(
        f"plan({memory}, {each}, {fixed}, {halo}): the fixed part alone does not fit, so less "
        f"than 0 is left, and that has no root. Think of that case first."
    )
    try:
        found = ask(answer, memory, each, fixed, halo)
    except MistakeError as mistake:
        if memory < fixed and "stopped with" in str(mistake):
            raise rootless from mistake
        raise
    if isinstance(found, complex):
        raise rootless
    return float(found)
