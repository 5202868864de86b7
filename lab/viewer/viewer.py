"""CompareViewer: several pictures of one scene, drawn and read without losing a bit."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

_HERE = Path(__file__).parent
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Shown:
    """A picture for the viewer: a PNG file and the name that stands above it."""

    path: Path
    name: str


@dataclass(frozen=True)
class PngHeader:
    """What the viewer must know of a PNG before the browser has it."""

    width: int
    height: int
    bits: int
    channels: int
    icc: bool


def read_header(path: Path) -> PngHeader:
    """The header of a PNG that the viewer can show and read exactly.

    Raises:
        ValueError: For anything but a plain PNG: gray or RGB, with or without alpha, 8 or 16 bit,
            not interlaced.
    """
    with path.open("rb") as file:
        start = file.read(8 + 25)
        if len(start) < 33 or start[:8] != _SIGNATURE:
            raise ValueError(f"{path.name} is no PNG: hand the viewer PNG files only.")
        width, height, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", start[16:29])
        if bits not in (8, 16) or colour not in _CHANNELS or interlaced:
            raise ValueError(f"{path.name} is a palette, 1-bit or interlaced PNG: write it plain.")
        return PngHeader(width, height, bits, _CHANNELS[colour], _has_profile(file))


def _has_profile(file: Any) -> bool:
    """Whether an iCCP chunk stands before the pixels."""
    while len(head := file.read(8)) == 8:
        length, name = struct.unpack(">I4s", head)
        if name in (b"iCCP", b"IDAT"):
            return bool(name == b"iCCP")
        file.seek(length + 4, 1)
    return False


class CompareViewer(gr.HTML):
    """Shows pictures of one scene by wipe or side by side, zoomed alike, with exact numbers.

    Give it `Shown` pictures, all of one shape; a smaller one must fit the largest a whole number
    of times. It is for looking only: as an input it hands nothing to Python, so that no path a
    browser sends is ever opened.

    Args:
        value: The first pictures.
        words: Every visible word by key; see ``viewer.*`` in ``lab.text``.
        kwargs: As for `gr.HTML`.
    """

    def __init__(
        self,
        value: Sequence[Shown] | None = None,
        *,
        words: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        self.words = dict(words or {})
        scripts = ("geometry.js", "pictures.js", "viewer.js", "input.js", "arrival.js")
        kwargs.setdefault("html_template", _source("viewer.html"))
        kwargs.setdefault("css_template", _source("viewer.css"))
        kwargs.setdefault("js_on_load", "\n".join(_source(name) for name in scripts))
        kwargs.setdefault("apply_default_css", False)
        super().__init__(value=value, **kwargs)

    def postprocess(self, value: Sequence[Shown] | None) -> dict[str, Any]:
        """The JSON the page draws from; Gradio copies the files it names into its cache.

        Raises:
            ValueError: For a file that is no plain PNG, or pictures that do not fit one scene.
        """
        shown = list(value or ())
        headers = [read_header(picture.path) for picture in shown]
        scene = max((header.width for header in headers), default=0)
        tallest = max((header.height for header in headers), default=0)
        images = []
        for picture, header in zip(shown, headers, strict=True):
            scale = scene // header.width
            if (header.width * scale, header.height * scale) != (scene, tallest):
                raise ValueError(
                    f"{picture.name} ({header.width} × {header.height}) does not fill "
                    f"{scene} × {tallest} a whole number of times."
                )
            images.append(
                {
                    "file": gr.FileData(path=str(picture.path)).model_dump(),
                    "name": picture.name,
                    "scale": scale,
                    **vars(header),
                }
            )
        return {"v": 1, "images": images, "words": self.words}

    def preprocess(self, payload: Any) -> None:
        """Nothing: whatever a browser sends, no path in it reaches a function."""
        return None

    def api_info(self) -> dict[str, Any]:
        """The shape of the JSON, for the list of endpoints."""
        return {"type": "object"}

    def example_payload(self) -> Any:
        """No pictures."""
        return None

    def example_value(self) -> Any:
        """No pictures."""
        return None


def _source(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
