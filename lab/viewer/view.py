"""What a viewer shows of its pictures, small enough for a link: ``?view=side_z4_x0.3_p1-3``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal, get_args

Mode = Literal["wipe", "side", "blink", "difference", "loupe"]
Surround = Literal["grey", "black", "white", "checkerboard"]

_MOST_PICTURES = 99
_TOKEN = re.compile(r"([a-z]+)(-?\d+(?:\.\d+)?(?:-\d+)*)?\Z")


@dataclass(frozen=True, kw_only=True)
class View:
    """How the pictures are compared, and which part of them is in the middle.

    Attributes:
        mode: The way to compare.
        zoom: Screen pixels for each pixel of the largest picture; None shows the whole picture.
        of: The width of the largest picture that ``zoom`` was chosen for, so that the same part
            shows when another result has more pixels; None: of whatever is shown.
        x: What stands in the middle, as a share of the width.
        y: The same, of the height.
        pictures: Which are compared, from 1, in order; none given: first and last, or all.
        wipe: Where the wipe stands, in percent.
        smooth: Whether enlarging blends neighbouring pixels.
        signed: Whether a difference shows what became brighter and what darker.
        gain: How often a difference is amplified: 1, 4 or 16.
        surround: What is around the pictures.
    """

    mode: Mode = "wipe"
    zoom: float | None = None
    of: int | None = None
    x: float = 0.5
    y: float = 0.5
    pictures: tuple[int, ...] = ()
    wipe: int = 50
    smooth: bool = False
    signed: bool = False
    gain: int = 4
    surround: Surround = "grey"

    def __post_init__(self) -> None:
        words = {"mode": get_args(Mode), "surround": get_args(Surround), "gain": (1, 4, 16)}
        for name, allowed in words.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} is one of {', '.join(map(str, allowed))}.")
        fits = (
            (self.zoom is None or 0.001 <= self.zoom <= 16)
            and (self.of is None or 0 < self.of <= 10**6)
            and 0 <= self.x <= 1
            and 0 <= self.y <= 1
            and 0 <= self.wipe <= 100
            and all(0 < number <= _MOST_PICTURES for number in self.pictures)
        )
        if not fits:
            raise ValueError("A number of the view is out of its range.")

    def to_text(self) -> str:
        """As it stands in a link; what is as at first is left out.

        >>> View(mode="side", zoom=4, x=0.25, pictures=(1, 3)).to_text()
        'side_z4_x0.25_p1-3'
        """
        parts = [self.mode]
        if self.zoom is not None:
            parts.append(f"z{self.zoom:.6g}")
        if self.of is not None:
            parts.append(f"of{self.of}")
        parts += [f"{axis}{_short(getattr(self, axis))}" for axis in "xy" if _moved(self, axis)]
        if self.pictures:
            parts.append("p" + "-".join(map(str, self.pictures)))
        if self.wipe != 50:
            parts.append(f"w{self.wipe}")
        parts += [word for word in ("smooth", "signed") if getattr(self, word)]
        if self.gain != 4:
            parts.append(f"g{self.gain}")
        if self.surround != "grey":
            parts.append(self.surround)
        return "_".join(parts)

    @classmethod
    def from_text(cls, text: str) -> View:
        """Read a link's word.

        Raises:
            ValueError: For what is no view.

        >>> View.from_text("difference_z2_signed_black").surround
        'black'
        """
        found: dict[str, Any] = {}
        for token in text.split("_"):
            match = _TOKEN.match(token)
            if match is None:
                raise ValueError(f"{token!r} is no part of a view.")
            word, number = match.groups()
            found |= _words(word) if number is None else _numbers(word, number)
        return cls(**found)


def _short(share: float) -> str:
    return f"{share:.6f}".rstrip("0").rstrip(".")


def _moved(view: View, axis: str) -> bool:
    return _short(getattr(view, axis)) != "0.5"


def _words(word: str) -> dict[str, Any]:
    for name, kind in (("mode", Mode), ("surround", Surround)):
        if word in get_args(kind):
            return {name: word}
    if word in ("smooth", "signed"):
        return {word: True}
    raise ValueError(f"{word!r} is no word of a view.")


def _numbers(word: str, number: str) -> dict[str, Any]:
    if word == "p":
        return {"pictures": tuple(int(each) for each in number.split("-"))}
    if word in ("of", "w", "g"):
        return {{"of": "of", "w": "wipe", "g": "gain"}[word]: int(number)}
    if word in ("z", "x", "y"):
        return {"zoom" if word == "z" else word: float(number)}
    raise ValueError(f"{word!r} is no number of a view.")
