"""CompareViewer: several pictures of one scene, drawn and read without losing a bit."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from lab.viewer import tiles
from lab.viewer.view import View

_HERE = Path(__file__).parent
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SCRIPTS = (
    "geometry",
    "view",
    "pictures",
    "difference",
    "viewer",
    "draw",
    "numbers",
    "choose",
    "input",
    "arrival",
)


@dataclass(frozen=True)
class Shown:
    """A picture for the viewer: a PNG file and the name that stands above it."""

    path: Path
    name: str


@dataclass(frozen=True)
class Scene:
    """Pictures together with what is to be seen of them.

    Attributes:
        pictures: All of one scene.
        view: None leaves a person's own view alone.
    """

    pictures: Sequence[Shown]
    view: View | None = None


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
    """Compares pictures of one scene in five ways, zoomed alike, with exact numbers.

    Give it `Shown` pictures, all of one shape; a smaller one must fit the largest a whole number
    of times. As an input it hands a function the `View` a person has, and nothing else: no path a
    browser sends is ever opened.

    Args:
        value: The first pictures.
        words: Every visible word by key; see ``viewer.*`` in ``lab.text``.
        follow_address: Whether the page's address carries the view (``?view=...``); for one viewer
            of a page at most.
        kwargs: As for `gr.HTML`.
    """

    def __init__(
        self,
        value: Sequence[Shown] | Scene | None = None,
        *,
        words: Mapping[str, str] | None = None,
        follow_address: bool = False,
        **kwargs: Any,
    ) -> None:
        self.words = dict(words or {})
        self.follow_address = follow_address
        kwargs.setdefault("html_template", _source("viewer.html"))
        kwargs.setdefault("css_template", _source("viewer.css"))
        kwargs.setdefault("js_on_load", "\n".join(_source(f"{name}.js") for name in _SCRIPTS))
        kwargs.setdefault("apply_default_css", False)
        super().__init__(value=value, **kwargs)

    def postprocess(self, value: Sequence[Shown] | Scene | None) -> dict[str, Any]:
        """The JSON the page draws from; Gradio copies the files it names into its cache.

        Raises:
            ValueError: For a file that is no plain PNG, or pictures that do not fit one scene.
        """
        scene = value if isinstance(value, Scene) else Scene(value or ())
        headers = [read_header(picture.path) for picture in scene.pictures]
        scales = _scales(scene.pictures, headers)
        crowded = sum(header.width * header.height for header in headers) > tiles.ROOM
        images = [
            {
                "name": picture.name,
                "scale": scale,
                **vars(header),
                **_files(picture.path, cut=crowded and header.width * header.height > tiles.SMALL),
            }
            for picture, header, scale in zip(scene.pictures, headers, scales, strict=True)
        ]
        return {
            "v": 2,
            "images": images,
            "words": self.words,
            "view": scene.view.to_text() if scene.view else None,
            "address": self.follow_address,
        }

    def preprocess(self, payload: Any) -> View | None:
        """The view a person has; nothing else that a browser sends is looked at."""
        text = payload.get("view") if isinstance(payload, dict) else None
        try:
            return View.from_text(text) if isinstance(text, str) else None
        except ValueError:
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


def _scales(pictures: Sequence[Shown], headers: Sequence[PngHeader]) -> list[int]:
    """How many pixels of the largest picture one pixel of each covers."""
    width = max((header.width for header in headers), default=0)
    height = max((header.height for header in headers), default=0)
    scales = []
    for picture, header in zip(pictures, headers, strict=True):
        scale = width // header.width
        if (header.width * scale, header.height * scale) != (width, height):
            raise ValueError(
                f"{picture.name} ({header.width} × {header.height}) does not fill "
                f"{width} × {height} a whole number of times."
            )
        scales.append(scale)
    return scales


def _files(path: Path, *, cut: bool) -> dict[str, Any]:
    if not cut:
        return {"file": _file(path)}
    parts = tiles.cut(path)
    return {
        "file": _file(parts.preview),
        "side": tiles.SIDE,
        "tiles": [_file(tile) for tile in parts.tiles],
    }


def _file(path: Path) -> dict[str, Any]:
    return gr.FileData(path=str(path)).model_dump()


def _source(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
