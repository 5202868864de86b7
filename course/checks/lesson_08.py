"""Lesson 8: a data set."""

from __future__ import annotations

from typing import Any

from course.exercises import MistakeError, ask, exercise


@exercise(
    "08.1",
    wrong=[
        ("counts digits", lambda a, b: sum(one != other for one, other in zip(a, b, strict=True))),
        ("not how many bits", lambda a, b: int(a, 16) ^ int(b, 16)),
        ("distance of the numbers", lambda a, b: abs(int(a, 16) - int(b, 16))),
        ("not how many bits", lambda a, b: int(a != b)),
    ],
)
def bits(answer: Any) -> None:
    """How far two hashes are apart."""
    for a, b in (("f0", "0f"), ("a1", "a3"), ("00", "00"), ("7c9b35a16b01", "7c9b35216b0e")):
        right, found = (int(a, 16) ^ int(b, 16)).bit_count(), float(ask(answer, a, b))
        if found == right:
            continue
        case = f"bits({a!r}, {b!r}) is {right}, yours is {found:g}. "
        if found == sum(one != other for one, other in zip(a, b, strict=True)) and found > 1:
            raise MistakeError(case + "That counts digits; each digit holds four bits.")
        if found == abs(int(a, 16) - int(b, 16)) and found != int(a, 16) ^ int(b, 16):
            raise MistakeError(case + "That is the distance of the numbers, which says nothing.")
        raise MistakeError(
            case + "That is not how many bits differ: exclusive-or (^) marks them, then count."
        )


def _by_crop(names: list[str], share: float) -> list[str]:
    return sorted(names)[: max(1, round(share * len(names)))]


def _by_order(names: list[str], share: float) -> list[str]:
    photos = list(dict.fromkeys(name.rpartition("_")[0] for name in names))
    held = photos[: min(max(1, round(share * len(photos))), len(photos) - 1)]
    return [name for name in names if name.rpartition("_")[0] in held]


def _none(names: list[str], share: float) -> list[str]:
    photos = sorted({name.rpartition("_")[0] for name in names})
    return [name for name in names if name.rpartition("_")[0] in photos[: int(share * len(photos))]]


@exercise(
    "08.2",
    wrong=[
        ("on both sides", _by_crop),
        ("order", _by_order),
        ("nothing is held out", _none),
        ("all photos", lambda names, share: list(names)),
    ],
)
def split(answer: Any) -> None:
    """Held-out crops, by photograph."""
    many = [f"{photo}_{number:02}.png" for photo in "dbcaefgh" for number in range(5)]
    uneven = [f"cat_{number}.png" for number in range(20)] + ["dog_0.png", "old_map_0.png"]
    for names, share in ((many, 0.25), (uneven, 0.1), (many[:10], 0.9)):
        held = list(ask(answer, list(names), share))
        photos = {name.rpartition("_")[0] for name in names}
        mine = {name.rpartition("_")[0] for name in held}
        both = mine & {name.rpartition("_")[0] for name in set(names) - set(held)}
        case = f"With {len(names)} crops of {len(photos)} photos and share {share}: "
        if both:
            raise MistakeError(case + f"crops of {min(both)} are on both sides; that is the leak.")
        if not held:
            raise MistakeError(case + "nothing is held out; take one photo at least.")
        if mine == photos:
            raise MistakeError(case + "all photos are held out, so that nothing is left to learn.")
        wanted = min(max(1, share * len(photos)), len(photos) - 1)
        if abs(len(mine) - wanted) > 1:
            raise MistakeError(
                case + f"{len(mine)} photos are held out; about {wanted:.0f} should."
            )
        if set(ask(answer, list(reversed(names)), share)) != set(held):
            raise MistakeError(
                case + "another order of the names gives another split, so a file that is added "
                "would move others from one side to the other."
            )


REASONS = {
    "A": "A may be in it: CC0 asks for nothing",
    "B": "B must stay out: where nobody gave a licence, you have none",
    "C": "C must stay out: NC forbids commercial use, and CC-BY-4.0 would grant it",
    "D": "D may be in it: CC-BY asks for the author's name, which you list",
    "E": "E must stay out: ND allows no changed versions, and crops may be some",
    "F": "F may be in it: it is yours (people in it are another question)",
}


@exercise(
    "08.3",
    wrong=[
        ("B must stay out", {"C", "E"}),
        ("C must stay out", {"B", "E"}),
        ("D may be in it", {"B", "C", "D", "E"}),
        ("letters", "the blog"),
    ],
)
def left_out(answer: Any) -> None:
    """Which licences do not fit."""
    found = set(answer)
    if not found <= set(REASONS):
        raise MistakeError('Give a set of letters, such as {"A", "B"}.')
    for letter, reason in REASONS.items():
        if (letter in found) != ("must stay out" in reason):
            raise MistakeError(f"Look at {letter} again. {reason}.")
