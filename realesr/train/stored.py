"""Stored pairs: pictures decoded and degraded once, so that training only cuts patches.

Degrading a crop takes a core about a tenth of a second, cutting a patch out of stored pictures
less than a thousandth: on a computer without a GPU this is what makes training fast. Every picture
has several draws, taken in turn epoch by epoch; where the patch lies and how it is turned is new
every time. A folder, made by ``realesr.train.storing``, holds::

    about.json      what the pairs were made from; another data set or recipe is refused
    draws.jsonl     a line for each draw: picture, size, the piece that was degraded, its trace
    hr.bin          the pictures as they are: HWC, 8 bit, one after the other
    sharp.bin       the sharpened pictures, where some loss compares with them
    lr.bin          the degraded pieces: multiples of 1/255, so nothing is lost
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from realesr.degradations import Trace
from realesr.errors import ConfigError
from realesr.train.pairs import Crop, Key, Pairs, placing, planes, turned
from realesr.train.pictures import Pixels

LINES = "draws.jsonl"
_REMEMBERED = 4096


@dataclass(frozen=True)
class Line:
    """What one line of ``draws.jsonl`` says, but for the trace.

    Attributes:
        size: Height and width of the picture.
        box: Top, left, height and width of the piece that was degraded, in its pixels.
        end: Where the line ends in the file, in bytes.
    """

    size: tuple[int, int]
    box: tuple[int, int, int, int]
    end: int


def whole_lines(path: Path) -> Iterator[Line]:
    """The lines of ``draws.jsonl`` up to one that is cut short, as a kill may leave it."""
    end = 0
    with path.open("rb") as file:
        for text in file:
            end += len(text)
            if not text.endswith(b"\n"):
                return
            said = json.loads(text)
            yield Line(tuple(said["size"]), tuple(said["box"]), end)


class Layout:
    """Where everything lies in the files of a folder, from the lines of its draws.

    Args:
        path: ``draws.jsonl``.
        draws: Lines of each picture.
        scale: HR side / LR side.
    """

    def __init__(self, path: Path, draws: int, scale: int) -> None:
        self.path, self.draws, self.scale = path, draws, scale
        lines = list(whole_lines(path)) if path.exists() else []
        self.pictures = len(lines) // draws
        del lines[self.pictures * draws :]
        self.sizes = np.array([line.size for line in lines[::draws]], np.int64).reshape(-1, 2)
        self.boxes = np.array([line.box for line in lines], np.int64).reshape(-1, 4)
        self.line_ends = _ends(np.array([line.end for line in lines], np.int64))
        self.hr_ends = _ends(np.cumsum(self.sizes.prod(1) * 3))
        self.lr_ends = _ends(np.cumsum((self.boxes[:, 2:] // scale).prod(1) * 3))

    def trace(self, index: int, number: int) -> Trace | None:
        """What happened to a picture in one of its draws, read from its line."""
        line = index * self.draws + number
        with self.path.open("rb") as file:
            file.seek(self.line_ends[line])
            said = json.loads(file.readline())["trace"]
        return None if said is None else Trace.from_json(json.dumps(said))


def _ends(ends: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """With the beginning of the first before the ends of all."""
    return np.concatenate([np.zeros(1, np.int64), ends])


class StoredPairs(Pairs):
    """Pairs cut from a folder of ``store_pairs``, in a fraction of a millisecond each.

    Args:
        folder: Where they are.
        seed: What the places of the patches follow from.
        patch: Side of the piece that is learned from.
        turn: Quarter turns too; left and right change places in any case.

    Raises:
        ConfigError: E404 for a folder that is no such folder, is not complete, or was damaged, and
            for a patch that does not fit.
    """

    def __init__(
        self, folder: Path | str, *, seed: int = 0, patch: int = 256, turn: bool = False
    ) -> None:
        self.folder, self.seed, self.patch, self.turn = Path(folder), seed, patch, turn
        self.about = read_about(self.folder)
        super().__init__((self.about["pictures"],))
        self.scale, self.draws = int(self.about["scale"]), int(self.about["draws"])
        if patch % self.scale or not 0 < patch <= self.about["patch"]:
            raise ConfigError(
                "E404",
                f"patch {patch} must be a multiple of the scale {self.scale} and at most "
                f"{self.about['patch']}, the patch these pairs were stored for.",
            )
        self.layout = Layout(self.folder / LINES, self.draws, self.scale)
        self._check_complete()
        # Opened where they are used: every process its own, and none travels to another one.
        self._maps: dict[str, npt.NDArray[np.uint8]] = {}
        self._traces: dict[tuple[int, int], Trace | None] = {}

    def _check_complete(self) -> None:
        layout, sizes = self.layout, {}
        for name in bin_files(self.about):
            path = self.folder / name
            sizes[name] = path.stat().st_size if path.is_file() else 0
        wanted = {name: layout.hr_ends[-1] for name in sizes} | {"lr.bin": layout.lr_ends[-1]}
        if layout.pictures != len(self) or sizes != wanted:
            raise ConfigError(
                "E404",
                f"{self.folder} does not hold all of its {len(self)} stored pictures.",
                "Start the training that made it again, or delete the folder.",
            )

    def __getstate__(self) -> dict[str, Any]:
        """Everything but open files and what is only remembered."""
        return vars(self) | {"_maps": {}, "_traces": {}}

    def cut(self, key: int | Key) -> Crop:
        """The patch of this epoch, from the draw whose turn it is."""
        epoch, index = self.key(key)
        number = (epoch + index) % self.draws
        place = placing(self.seed, "epoch", epoch, "index", index, turn=self.turn)
        line = index * self.draws + number
        box = self.layout.boxes[line].tolist()
        small = self.patch // self.scale
        down, across = (
            int(share * (side // self.scale - small + 1))
            for share, side in zip(place.patch, box[2:], strict=True)
        )
        top, left = box[0] + down * self.scale, box[1] + across * self.scale

        def part(pixels: Pixels, top: int, left: int, side: int) -> torch.Tensor:
            inside = pixels[top : top + side, left : left + side]
            return planes(turned(inside, place.turns, place.flip))

        sharp = self._picture("sharp.bin", index) if "sharp.bin" in bin_files(self.about) else None
        return Crop(
            (epoch, index),
            part(self._picture("hr.bin", index), top, left, self.patch),
            self.trace(index, number),
            lr=part(self._piece(line), down, across, small),
            sharp=None if sharp is None else part(sharp, top, left, self.patch),
        )

    def trace(self, index: int, number: int) -> Trace | None:
        """What happened to a picture in one of its draws; the last thousands are remembered."""
        if (index, number) not in self._traces:
            if len(self._traces) >= _REMEMBERED:
                self._traces.clear()
            self._traces[index, number] = self.layout.trace(index, number)
        return self._traces[index, number]

    def _picture(self, name: str, index: int) -> Pixels:
        start, end = self.layout.hr_ends[index : index + 2]
        return self._map(name)[start:end].reshape(*self.layout.sizes[index], 3)

    def _piece(self, line: int) -> Pixels:
        start, end = self.layout.lr_ends[line : line + 2]
        height, width = self.layout.boxes[line, 2:] // self.scale
        return self._map("lr.bin")[start:end].reshape(height, width, 3)

    def _map(self, name: str) -> npt.NDArray[np.uint8]:
        if name not in self._maps:
            self._maps[name] = np.memmap(self.folder / name, np.uint8, "r").view(np.ndarray)
        return self._maps[name]


def read_about(folder: Path) -> dict[str, Any]:
    """What the pairs of a folder were made from.

    Raises:
        ConfigError: E404 when the folder holds no stored pairs.
    """
    try:
        said = json.loads((folder / "about.json").read_text("utf-8"))
    except (OSError, ValueError):
        said = None
    if not isinstance(said, dict) or "draws" not in said:
        raise ConfigError("E404", f"{folder} holds no stored pairs.", "Name another folder.")
    return said


def bin_files(about: dict[str, Any]) -> tuple[str, ...]:
    """The files of pixels that belong to such pairs."""
    return ("hr.bin", "sharp.bin", "lr.bin") if about["sharpen"] else ("hr.bin", "lr.bin")
