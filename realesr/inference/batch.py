"""What becomes of each file of a run: where its result goes, and a report that adds up."""

from __future__ import annotations

import itertools
import os
import unicodedata
from collections.abc import Collection, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from realesr.errors import ModelError, Notice, ParameterError, PictureError, RealesrError
from realesr.gate import output_format
from realesr.images import Picture
from realesr.inference.decisions import Decision
from realesr.inference.walking import PICTURE_SUFFIXES, Found, find_pictures, whereabouts

if TYPE_CHECKING:
    import numpy as np

    from realesr.inference.upscaler import Progress, Upscaler

__all__ = [
    "PICTURE_SUFFIXES",
    "AlphaChoice",
    "Enlarge",
    "Job",
    "Outcome",
    "Report",
    "plan_jobs",
    "refuse_existing",
    "upscale_picture",
]

AlphaChoice = Literal["model", "lanczos"]
INTERRUPTED = 130
_SALVAGED = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
# File systems stop at 255 bytes; a number, or the ending of a trace, may still be added.
_LONGEST_NAME = 240


@dataclass(frozen=True)
class Job:
    """One picture and where its result goes.

    Attributes:
        source: The file to read.
        target: The file to write.
        listed: Whether a person named the file; False when it was found in a folder.
    """

    source: Path
    target: Path
    listed: bool


@dataclass(frozen=True)
class Outcome:
    """What became of one job."""

    source: Path
    state: Literal["done", "refused", "skipped"]
    target: Path | None = None
    error: RealesrError | None = None
    notices: tuple[Notice, ...] = ()
    size: tuple[int, int] | None = None
    seconds: float = 0.0

    @classmethod
    def refused(cls, job: Job, error: RealesrError) -> Outcome:
        """A refusal that names the file by the path a person can find it at.

        It is the file's fault, not that of what was asked: a run goes on with the others.
        """
        cause, source, target = error.cause, job.source, job.target
        for path in (source, target):
            if cause.startswith(path.name) and path.name:
                cause = f"{path}{cause[len(path.name) :]}"
                break
        else:
            named = str(source) in cause or str(target) in cause
            if not named and not isinstance(error, ModelError):
                cause = f"{source}: {cause}"
        next_step = error.next_step
        if error.code == "E103" and source.suffix.lower() in _SALVAGED:
            next_step += " --salvage keeps the readable part."
        kind = PictureError if isinstance(error, ParameterError) else type(error)
        return cls(source, "refused", error=kind(error.code, cause, next_step, tried=error.tried))

    @classmethod
    def missed(cls, job: Job) -> Outcome:
        """A picture that had no turn."""
        notice = Notice("W119", "not reached before the run was stopped.")
        return cls(job.source, "skipped", job.target, notices=(notice,))

    def as_dict(self) -> dict[str, object]:
        """Plain values, for ``--json``."""
        return {
            "source": str(self.source),
            "state": self.state,
            "target": str(self.target) if self.target else None,
            "error": self.error.as_dict() if self.error else None,
            "notices": [str(note) for note in self.notices if not isinstance(note, Decision)],
            "decisions": [note.as_dict() for note in self.notices if isinstance(note, Decision)],
            "width": self.size[1] if self.size else None,
            "height": self.size[0] if self.size else None,
            "seconds": round(self.seconds, 3),
        }


@dataclass
class Report:
    """The outcomes of a run: done + refused + skipped = found.

    Attributes:
        outcomes: One for each picture found.
        stopped: Why the run ended before every picture had its turn; empty when all had.
        interrupted: Whether it was a person who stopped it.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    stopped: str = ""
    interrupted: bool = False

    def count(self, state: str) -> int:
        """How many files ended in a state."""
        return sum(outcome.state == state for outcome in self.outcomes)

    def as_dict(self) -> dict[str, object]:
        """Plain values, for ``--json``."""
        return {
            "found": len(self.outcomes),
            "done": self.count("done"),
            "refused": self.count("refused"),
            "skipped": self.count("skipped"),
            "stopped": self.stopped or None,
            "files": [outcome.as_dict() for outcome in self.outcomes],
        }

    @property
    def exit_code(self) -> int:
        """0; 3 when some were refused; the code of a harder failure, such as 5, over that."""
        if self.interrupted:
            return INTERRUPTED
        codes = [outcome.error.exit_code for outcome in self.outcomes if outcome.error]
        return max(codes, default=0)


def plan_jobs(
    inputs: Iterable[Path],
    output: Path,
    *,
    label: str,
    suffix: str | None = None,
    owners: Mapping[Path, Path] | None = None,
) -> list[Job]:
    """Name the result of every picture before any work starts.

    ``output`` is a file when it ends in a picture's suffix, else a folder. The tree of a folder
    given as input is mirrored there. Names that would collide, on any file system, carry their old
    suffix, and a number where that is not enough.

    Args:
        inputs: Files and folders.
        output: A file or a folder; nothing is created here.
        label: What joins the name, such as ``"x4"``.
        suffix: Suffix of the results, such as ``".png"``; None for PNG, or that of ``output``.
        owners: Results of earlier runs, and where the picture lies that each was made from. They
            keep their names, and are no inputs.

    Raises:
        ParameterError: E006 when several pictures would go into one file, suffixes disagree, or a
            result would replace one of the pictures.
    """
    owners = owners or {}
    found = find_pictures(inputs, output, owners)
    originals = {_folded(whereabouts(item.path)) for item in found}
    if output.suffix.lower() in PICTURE_SUFFIXES:
        protect_originals([output], originals)
        return _one_file(found, output, suffix)
    jobs: list[Job] = []
    owned = {_folded(target): source for target, source in owners.items()}
    taken: set[str] = set()
    for item in found:
        here = whereabouts(item.path)
        for target in _names(item.path, output / item.folder, f"_{label}{suffix or '.png'}"):
            name = _folded(target)
            is_original = _folded(whereabouts(target)) in originals
            if not is_original and name not in taken and owned.get(name, here) == here:
                break
        taken.add(name)
        jobs.append(Job(item.path, target, item.listed))
    return jobs


def protect_originals(targets: Iterable[Path], originals: Collection[str]) -> None:
    """Refuse to write a result over a picture of the same run, ``--force`` or not.

    Raises:
        ParameterError: E006.
    """
    for target in targets:
        if _folded(whereabouts(target)) in originals:
            raise ParameterError(
                "E006", f"{target.name} is one of the pictures to read.", "Name another file."
            )


def _one_file(found: list[Found], output: Path, suffix: str | None) -> list[Job]:
    if len(found) > 1:
        raise ParameterError(
            "E006",
            f"{len(found)} pictures cannot go into the one file {output.name}.",
            "Name a folder instead.",
        )
    if suffix and output_format(suffix, animated=True) != output_format(output, animated=True):
        raise ParameterError(
            "E006", f"{output.name} and the format {suffix[1:]} disagree.", "Leave one of them out."
        )
    return [Job(item.path, output, item.listed) for item in found]


def _names(source: Path, folder: Path, ending: str) -> Generator[Path, None, None]:
    """Names for a result, the plainest first."""
    kind = f"-{source.suffix[1:].lower()}"
    numbered = (f"{kind}-{number}{ending}" for number in itertools.count(2))
    for rest in itertools.chain([ending, kind + ending], numbered):
        yield folder / f"{_cut(source.stem, _LONGEST_NAME - len(os.fsencode(rest)))}{rest}"


def _cut(stem: str, length: int) -> str:
    """As much of a name as fits in so many bytes of a file system's 255.

    >>> _cut("Möwe", 3), _cut("Möwe", 2), _cut("Möwe", 9)
    ('Mö', 'M', 'Möwe')
    """
    while len(os.fsencode(stem)) > length:
        stem = stem[: min(length, len(stem) - 1)]
    return stem


def _folded(path: Path) -> str:
    """What a file system takes for the same name, whatever it thinks of case and accents."""
    return unicodedata.normalize("NFC", str(path)).casefold()


def refuse_existing(job: Job, *, force: bool) -> Outcome | None:
    """What becomes of a job whose result is there already; None when it may go on.

    A file found in a folder is skipped, so that a folder can be finished later; a file a person
    named is refused, because nothing of what was asked would happen.
    """
    if force or not os.path.lexists(job.target):
        return None
    if not job.listed:
        notice = Notice("W115", f"{job.target} exists; --force replaces it.")
        return Outcome(job.source, "skipped", job.target, notices=(notice,))
    error = PictureError("E113", f"{job.target} exists.", "--force replaces it.")
    return Outcome.refused(job, error)


class Enlarge(Protocol):
    """What makes a picture larger: yields after each tile, returns the larger picture."""

    def __call__(
        self,
        picture: Picture,
        *,
        size: tuple[int, int] | None = None,
        alpha: AlphaChoice = "model",
    ) -> Generator[Progress, None, Picture]:
        """Enlarge a picture; ``size`` is its height and width wanted, if not the usual factor."""
        ...


def upscale_picture(
    upscaler: Upscaler,
    picture: Picture,
    *,
    size: tuple[int, int] | None = None,
    alpha: AlphaChoice = "model",
) -> Generator[Progress, None, Picture]:
    """Enlarge a picture with all it carries: ICC profile, EXIF, DPI.

    A generator like `Upscaler.stream`: yields after each tile, returns the larger picture.

    Args:
        upscaler: What to run.
        picture: What to enlarge.
        size: Height and width wanted, in place of the upscaler's factor.
        alpha: What enlarges transparency: the model, as if it were a gray picture, or a filter.
    """
    pixels = yield from _stream(upscaler, picture, size, alpha)
    return picture.with_pixels(pixels)


def _stream(
    upscaler: Upscaler, picture: Picture, size: tuple[int, int] | None, alpha: AlphaChoice
) -> Generator[Progress, None, np.ndarray]:
    if not picture.has_alpha:
        return (yield from upscaler.stream(picture.pixels, size=size))
    import numpy as np

    from realesr.inference.channels import fill_hidden, hold_alpha
    from realesr.inference.resampling import resample

    if alpha == "model":
        pixels = yield from upscaler.stream(picture.pixels, size=size)
    else:
        colour = fill_hidden(picture.pixels)[..., :-1]
        colour = np.ascontiguousarray(colour[..., 0] if picture.is_gray else colour)
        larger = yield from upscaler.stream(colour, size=size)
        through = np.ascontiguousarray(picture.pixels[..., -1])
        pixels = np.dstack([larger, resample(through, *larger.shape[:2])])
    hold_alpha(pixels, picture.pixels)
    return pixels
