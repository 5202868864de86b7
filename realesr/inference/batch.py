"""Pictures and folders: what becomes of each file, and a report that adds up."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from realesr.errors import Notice, ParameterError, PictureError, RealesrError
from realesr.images import Picture, plan_output, read_picture, write_picture

if TYPE_CHECKING:
    from realesr.gate import Limits
    from realesr.inference.upscaler import Progress, Upscaler

PICTURE_SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".avif", ".gif",
)  # fmt: skip


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

    def as_dict(self) -> dict[str, object]:
        """Plain values, for ``--json``."""
        return {
            "source": str(self.source),
            "state": self.state,
            "target": str(self.target) if self.target else None,
            "error": self.error.as_dict() if self.error else None,
            "notices": [str(notice) for notice in self.notices],
            "width": self.size[1] if self.size else None,
            "height": self.size[0] if self.size else None,
            "seconds": round(self.seconds, 3),
        }


@dataclass
class Report:
    """The outcomes of a run: done + refused + skipped = found."""

    outcomes: list[Outcome] = field(default_factory=list)

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
            "files": [outcome.as_dict() for outcome in self.outcomes],
        }

    @property
    def exit_code(self) -> int:
        """0; 3 when some were refused; the code of a harder failure, such as 5, over that."""
        codes = [outcome.error.exit_code for outcome in self.outcomes if outcome.error]
        return max(codes, default=0)


def plan_jobs(
    inputs: Iterable[Path], output: Path, *, label: str, suffix: str | None = None
) -> list[Job]:
    """Name the result of every picture before any work starts.

    ``output`` is a file when it ends in a picture's suffix, else a folder. The tree of a folder
    given as input is mirrored there. Names that would collide carry their old suffix.

    Args:
        inputs: Files and folders.
        output: A file or a folder; nothing is created here.
        label: What joins the name, such as ``"x4"``.
        suffix: Suffix of the results, such as ``".png"``; None for PNG, or that of ``output``.

    Raises:
        ParameterError: E006 when several pictures would go into one file, or suffixes disagree.
    """
    found = [pair for path in inputs for pair in _expand(path, output)]
    if output.suffix.lower() in PICTURE_SUFFIXES:
        if len(found) > 1:
            raise ParameterError(
                "E006",
                f"{len(found)} pictures cannot go into the one file {output.name}.",
                "Name a folder instead.",
            )
        if suffix and suffix != output.suffix.lower():
            raise ParameterError(
                "E006",
                f"{output.name} and the format {suffix[1:]} disagree.",
                "Leave one of them out.",
            )
        return [Job(path, output, listed) for path, _, listed in found]
    jobs: list[Job] = []
    taken: set[Path] = set()
    for path, folder, listed in found:
        target = output / folder / f"{path.stem}_{label}{suffix or '.png'}"
        if target in taken:
            kind = path.suffix[1:].lower()
            target = target.with_name(f"{path.stem}-{kind}_{label}{suffix or '.png'}")
        taken.add(target)
        jobs.append(Job(path, target, listed))
    return jobs


def _expand(path: Path, output: Path) -> list[tuple[Path, Path, bool]]:
    """Each picture under ``path``, the folder it mirrors, and whether a person named it."""
    if not path.is_dir():
        return [(path, Path(), True)]
    return [
        (file, file.parent.relative_to(path), False)
        for file in sorted(path.rglob("*"))
        if file.suffix.lower() in PICTURE_SUFFIXES
        and not file.is_dir()
        and not file.is_relative_to(output)
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
    ]


def refuse_existing(job: Job, *, force: bool) -> Outcome | None:
    """What becomes of a job whose result is there already; None when it may go on.

    A file found in a folder is skipped, so that a folder can be finished later; a file a person
    named is refused, because nothing of what was asked would happen.
    """
    if force or not job.target.exists():
        return None
    if not job.listed:
        notice = Notice("W115", f"{job.target} exists; --force replaces it.")
        return Outcome(job.source, "skipped", job.target, notices=(notice,))
    error = PictureError("E113", f"{job.target} exists.", "--force replaces it.")
    return Outcome(job.source, "refused", error=error)


def upscale_picture(upscaler: Upscaler, picture: Picture) -> Generator[Progress, None, Picture]:
    """Enlarge a picture with all it carries: ICC profile, EXIF, DPI.

    A generator like `Upscaler.stream`: yields after each tile, returns the larger picture.
    """
    pixels = yield from upscaler.stream(picture.pixels)
    return picture.with_pixels(pixels)


def upscale_file(
    job: Job,
    upscaler: Callable[[], Upscaler],
    *,
    limits: Limits,
    force: bool = False,
    quality: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Outcome:
    """Read, enlarge and write one file; a picture's refusal is an outcome, not an exception.

    Args:
        job: What to read and where to write.
        upscaler: Called once the picture is read, so that no model is loaded for a bad one.
        limits: What is too large to read.
        force: Replace a result that exists.
        quality: 1 to 100, for formats that lose something.
        progress: Called with tiles done and tiles in all.
    """
    started = time.perf_counter()
    try:
        picture = read_picture(job.source, limits=limits)
    except RealesrError as error:
        return Outcome(job.source, "refused", error=error)
    run = upscaler()
    try:
        result = picture.with_pixels(run(picture.pixels, progress))
        losses = plan_output(result, job.target)
        job.target.parent.mkdir(parents=True, exist_ok=True)
        write_picture(result, job.target, force=force, quality=quality)
    except RealesrError as error:
        return Outcome(job.source, "refused", error=error)
    return Outcome(
        job.source,
        "done",
        job.target,
        notices=(*picture.notices, *losses),
        size=result.pixels.shape[:2],
        seconds=time.perf_counter() - started,
    )
