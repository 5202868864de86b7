"""The work behind the page *Degrade*: from settings and a picture to films and files."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import cv2
from torch import Tensor

from lab import chains
from lab.chains import Darkroom, check_sizes
from lab.pages.degrade_settings import DegradeSettings, result_name
from lab.pages.degrade_source import Source, Sources
from lab.pages.degrade_strip import Film
from lab.text import say
from lab.viewer import Shown
from lab.visitors import Desk, Visitors
from lab.workbench import Workbench
from realesr.commands.degrading import as_lr
from realesr.images import Picture, from_tensor, write_picture

ROLLS = 16
_MOST_PIXELS = 4_000_000
_START, _END = "start", "end"


class DegradeWork:
    """Reads pictures, develops films, writes files.

    Args:
        bench: Reads photos.
        folder: The lab's own.
        visitors: Keep what is made.
    """

    def __init__(self, bench: Workbench, folder: Path, visitors: Visitors) -> None:
        self.sources = Sources(folder, bench.read)
        self._darkroom = Darkroom()
        self._folder = folder
        self._visitors = visitors

    def source(self, settings: DegradeSettings, photo: str | None) -> Source:
        """A visitor's photo, or one of the pictures that come along."""
        return self.sources.own(photo) if photo else self.sources.sample(settings.sample)

    def film(self, settings: DegradeSettings, photo: str | None) -> Film:
        """The picture on its way.

        Raises:
            PictureError: E107 when a station would make it too large.
        """
        source, trace = self.source(settings, photo), settings.trace()
        hr = source.hr(settings.sides)
        check_sizes(trace.operations, (int(hr.shape[-2]), int(hr.shape[-1])), _MOST_PIXELS)
        return Film(hr, trace, self._darkroom.develop(hr, source.name, trace), source.middle)

    def sixteen(self, settings: DegradeSettings, photo: str | None) -> list[tuple[int, Film]]:
        """This draw and the next ones, each with its seed."""
        source, recipe = self.source(settings, photo), settings.preset()
        hr, rolls = source.hr(settings.sides), []
        for seed in range(settings.seed, settings.seed + ROLLS):
            trace = recipe.sample(seed)
            # Not developed in the darkroom: 16 films would push out the one on show.
            rolls.append((seed, Film(hr, trace, [trace.apply(hr)], source.middle)))
        return rolls

    def files(
        self, settings: DegradeSettings, photo: str | None, desk: Desk, turn: int
    ) -> tuple[list[Shown], Path, Path] | None:
        """What the viewer shows, the end, and the picture it starts from, where all may be fetched.

        Returns:
            None when the visitor has left or taken another photo meanwhile.
        """
        source, film = self.source(settings, photo), self.film(settings, photo)
        pictures = _looked_at(film, settings.station)
        with self._workplace() as folder:
            made = [
                write_picture(
                    Picture(_as_large_as(from_tensor(image, "uint8"), film.hr.shape[-2:])),
                    Path(folder) / f"station_{number}.png",
                )
                for number, (_, image) in enumerate(pictures)
            ]
            made.append(self._end(film, source, Path(folder)))
            if not source.file.is_absolute():
                made.append(write_picture(source.pixels, Path(folder) / source.file.name))
            kept = self._visitors.keep(desk, turn, made, instead=False)
            self._visitors.trim(desk)
        if kept is None:
            return None
        count = len(pictures)
        shown = [Shown(file, name) for file, (name, _) in zip(kept[:count], pictures, strict=True)]
        return shown, kept[count], (*kept, source.file)[count + 1]

    def hand_over(self, settings: DegradeSettings, photo: str | None) -> str:
        """Put the end aside for another page; gives the word it is taken with."""
        source, film = self.source(settings, photo), self.film(settings, photo)
        with self._workplace() as folder:
            return self._visitors.hand_over(self._end(film, source, Path(folder)))

    def _end(self, film: Film, source: Source, folder: Path) -> Path:
        """The last picture, as `realesr degrade` writes it."""
        end = as_lr(source.pixels, film.after(len(film.images)))
        return write_picture(end, folder / result_name(source.file.name))

    def _workplace(self) -> tempfile.TemporaryDirectory[str]:
        return tempfile.TemporaryDirectory(prefix="work-", dir=self._folder)


def _looked_at(film: Film, station: int) -> list[tuple[str, Any]]:
    """The picture before the chosen station and after it, with their names."""
    if not station:
        return [(say("degrade.original"), film.hr)]
    name = f"{station} {chains.spoken(film.trace.operations[station - 1])}"
    both = (say("degrade.before"), film.before(station)), (name, film.after(station))
    return [(_with_size(name, image, film.hr), image) for name, image in both]


def _with_size(name: str, image: Tensor, hr: Tensor) -> str:
    """The name, and the picture's own size where the viewer shows it larger."""
    if image.shape == hr.shape:
        return name
    return say("degrade.enlarged", name=name, width=image.shape[-1], height=image.shape[-2])


def _as_large_as(pixels: Any, size: tuple[int, ...]) -> Any:
    """Pixels repeated, so that a size in between lies in the viewer on the other picture."""
    height, width = size
    if pixels.shape[:2] == (height, width):
        return pixels
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
