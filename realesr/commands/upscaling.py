"""The run behind `realesr upscale`: what is asked, what is found, what is done with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from realesr.commands.options import no_picture
from realesr.commands.report import BatchBar, announce, say
from realesr.errors import Notice, ParameterError, RealesrError
from realesr.gate import Header, check_output, output_format
from realesr.images.animation import is_animation
from realesr.images.frames import FRAME_FORMATS
from realesr.images.safefile import check_target
from realesr.inference.batch import (
    PICTURE_SUFFIXES,
    Enlarge,
    Job,
    Outcome,
    Report,
    plan_jobs,
    refuse_existing,
)
from realesr.inference.ledger import Ledger
from realesr.inference.pipeline import Pipeline, Task, Wishes
from realesr.inference.room import least_bytes, refuse_without_room
from realesr.inference.sizes import LEAST_FACTOR, MOST_FACTOR, Enlargement, parse_size
from realesr.models.catalogue import ModelSpec, find_model, known_models

if TYPE_CHECKING:
    from realesr.models.loading import LoadedModel

_LOSSY = ("JPEG", "WEBP", "AVIF")
_AGAIN = {
    "new settings": "made before with other settings; made anew.",
    "new source": "the picture has changed since it was last enlarged; made anew.",
}


def choose_enlargement(
    scale: float | None, size: str | None, long_edge: int | None, *, own: int
) -> Enlargement:
    """How large results shall be; the model's own scale where nothing is asked.

    Raises:
        ParameterError: E001 when two are asked at once, or the factor is out of range.
    """
    asked = {"--scale": scale, "--size": size, "--long-edge": long_edge}
    given = [name for name, value in asked.items() if value is not None]
    if len(given) > 1:
        raise ParameterError(
            "E001", f"{' and '.join(given)} contradict each other.", "Give one of them."
        )
    if size is not None:
        return Enlargement(size=parse_size(size))
    if long_edge is not None:
        return Enlargement(long_edge=long_edge)
    factor = float(own if scale is None else scale)
    if not LEAST_FACTOR <= factor <= MOST_FACTOR:
        raise ParameterError(
            "E001",
            f"scale {factor:g} is outside {LEAST_FACTOR:g} to {MOST_FACTOR:g}.",
            "Choose another.",
        )
    return Enlargement(scale=factor)


def check_formats(
    output: Path, suffix: str | None, *, quality: int | None, all_frames: bool
) -> None:
    """Refuse wishes that the results' format cannot meet, before any work.

    Raises:
        ParameterError: E001, naming the two that contradict each other.
    """
    ending = output.suffix.lower() if output.suffix.lower() in PICTURE_SUFFIXES else suffix
    try:
        picture_format = output_format(ending or ".png", animated=True)
    except RealesrError as error:
        raise ParameterError("E001", error.cause, error.next_step) from error
    if picture_format == "GIF" and not all_frames:
        raise ParameterError(
            "E001",
            "GIF is written for animations only.",
            "Add --all-frames, or choose another format.",
        )
    if all_frames and picture_format not in FRAME_FORMATS:
        raise ParameterError(
            "E001",
            f"--all-frames and the format {picture_format} contradict each other.",
            "Use --format png, webp or gif.",
        )
    if quality is not None and picture_format not in _LOSSY:
        raise ParameterError(
            "E001",
            f"--quality means nothing for {picture_format}, which takes none.",
            "Leave it out, or add --format jpg, webp or avif.",
        )


class ChosenModel:
    """A model a person named, perhaps mixed with its partner; loaded when it is first needed.

    Args:
        name: A name of the catalogue, or a weights file.
        denoise: How much noise goes, 0 to 1; None for the model as it is.
        load: What loads a model by its name.

    Attributes:
        name: As it was given.
        spec: What is known of it.

    Raises:
        ModelError: When there is no such model, or the file is none.
        ParameterError: E001 for ``denoise`` with a model that has no partner.
    """

    def __init__(
        self, name: str, denoise: float | None, load: Callable[[str], LoadedModel] | None = None
    ) -> None:
        self.name = name
        self._denoise = denoise
        self._load = load or _load
        self._loaded: LoadedModel | None = None
        if name not in {spec.name for spec in known_models()}:
            self._loaded = self._load(name)
        self.spec = self._loaded.spec if self._loaded else find_model(name)
        if denoise is not None and not self.spec.blend_with:
            able = [spec.name for spec in known_models() if spec.blend_with]
            raise ParameterError(
                "E001",
                f"{self.spec.name} has no partner to set --denoise with.",
                f"Leave it out, or use --model {able[0]}.",
            )

    @property
    def identity(self) -> dict[str, object]:
        """What tells its results from another model's."""
        return {"model": self.spec.name, "sha256": self.spec.sha256, "denoise": self._denoise}

    def load(self) -> LoadedModel:
        """The model, mixed as asked."""
        if self._denoise is None or self.spec.blend_with is None:
            return self._loaded or self._load(self.name)
        weak, strong = ends_of_denoise(self.spec)
        if self._denoise in (0, 1):
            return self._load(strong if self._denoise else weak)
        from realesr.models.blending import blend_models

        return blend_models(self._load(strong), self._load(weak), self._denoise)


def ends_of_denoise(spec: ModelSpec) -> tuple[str, str]:
    """The models that ``--denoise 0`` and ``--denoise 1`` mean, for a model with a partner.

    >>> ends_of_denoise(find_model("realesr-general-x4v3"))
    ('realesr-general-wdn-x4v3', 'realesr-general-x4v3')
    """
    # The one of the two that leaves the noise in has "wdn" (weak denoising) in its name.
    first, second = sorted((spec.name, spec.blend_with or ""), key=lambda name: "wdn" not in name)
    return first, second


def _load(model: str) -> LoadedModel:
    from realesr.models.loading import load_model

    return load_model(model, device="cpu")


class Run:
    """One call of the command; every picture found ends up in ``report`` once.

    Args:
        output: A file or a folder.
        wishes: What is made of every picture.
        model: What makes it.
        settings: Further settings that change results.
        force: Replace results that exist.
        as_json: Say nothing but errors and notices.
    """

    def __init__(
        self,
        output: Path,
        wishes: Wishes,
        model: ChosenModel,
        *,
        settings: Mapping[str, object],
        force: bool,
        as_json: bool,
    ) -> None:
        self.report = Report()
        self._output, self._wishes, self._model = output, wishes, model
        self._force, self._as_json = force, as_json
        self._jobs: list[Job] = []
        self._tasks: list[Task] = []
        self._outcomes: dict[Path, Outcome] = {}
        values = {
            **model.identity,
            "size": wishes.enlargement.label,
            "quality": wishes.quality,
            "alpha": wishes.alpha,
            "strip_gps": wishes.strip_gps,
            "all_frames": wishes.all_frames,
            **settings,
        }
        to_folder = output.suffix.lower() not in PICTURE_SUFFIXES
        self._ledger = Ledger(output, values) if to_folder else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Let go of the folder; after Ctrl-C, report what there is."""
        if self._ledger:
            self._ledger.close()
        interrupted = kind is not None and issubclass(kind, KeyboardInterrupt)
        if interrupted:
            self.report.interrupted = True
            self.report.stopped = "Stopped. The same command goes on from here."
        if kind is None or interrupted:
            self._complete()
        return interrupted

    def plan(self, inputs: list[Path], suffix: str | None) -> None:
        """Find the pictures and judge each by its header, before torch is even loaded.

        Raises:
            ParameterError: E006 for names that contradict each other, E007 when there is no
                picture.
        """
        owners = self._ledger.owners if self._ledger else None
        label = self._wishes.enlargement.label
        self._jobs = plan_jobs(inputs, self._output, label=label, suffix=suffix, owners=owners)
        if not self._jobs:
            raise no_picture()
        if self._ledger:
            self._ledger.sweep(self._jobs)
        for job in self._jobs:
            judged = self._judge(job)
            if isinstance(judged, Task):
                self._tasks.append(judged)
            else:
                self._tell(job, judged)
        folder = self._output if self._ledger else self._output.parent
        refuse_without_room(sum(task.least_bytes for task in self._tasks), folder)

    def work(self, enlarge: Callable[[], Enlarge]) -> None:
        """Enlarge what is to be enlarged."""
        bar = BatchBar(sum(task.work for task in self._tasks), len(self._tasks))

        def tell(task: Task, outcome: Outcome) -> None:
            bar.clear()
            bar.next(task.work)
            self._tell(task.job, outcome)

        pipeline = Pipeline(
            enlarge,
            self._wishes,
            self._ledger,
            lambda task, share: bar.show(task.job.source.name, task.work * share),
        )
        if not pipeline.run(self._tasks, tell):
            self.report.stopped = "Stopped: the disk is full. The same command goes on from here."

    def _judge(self, job: Job) -> Task | Outcome:
        state = self._ledger.state(job) if self._ledger else "foreign"
        if state == "finished" and not self._force:
            return Outcome(job.source, "skipped", job.target)
        notices: tuple[Notice, ...] = ()
        if state in _AGAIN:
            notices = (Notice("W118", _AGAIN[state]),)
        elif existing := refuse_existing(job, force=self._force):
            return existing
        try:
            header = self._wishes.reading.header(job.source)
            self._wishes.enlargement.check(header.height, header.width, job.source.name)
            height, width = self._wishes.enlargement.output_size(header.height, header.width)
            formatted = output_format(job.target, animated=self._wishes.all_frames)
            check_output(width, height, formatted)
            check_target(job.target)
        except RealesrError as error:
            return Outcome.refused(job, error)
        return Task(
            job=job,
            work=self._weigh(header),
            least_bytes=least_bytes(header, job.source.stat().st_size, (height, width), formatted),
            replaces=self._force or state in _AGAIN,
            notices=notices,
        )

    def _weigh(self, header: Header) -> float:
        """The pixels the network will meet: every pass, frame and layer of a picture."""
        height, width = self._wishes.enlargement.output_size(header.height, header.width)
        factor = max(height / header.height, width / header.width)
        own, reached, pixels = self._model.spec.scale, 1, 0.0
        while not pixels or (reached < factor and own > 1):
            pixels += header.pixels * reached**2
            reached *= own
        layers = 2 if header.channels in (2, 4) else 1
        frames = header.frames if self._wishes.all_frames and is_animation(header) else 1
        return pixels * layers * frames

    def _tell(self, job: Job, outcome: Outcome) -> None:
        self._outcomes[job.target] = outcome
        announce(outcome, as_json=self._as_json)

    def _complete(self) -> None:
        """Put the outcomes in order; whoever did not have a turn is skipped, and it is said."""
        self.report.outcomes = [
            self._outcomes.get(job.target) or Outcome.missed(job) for job in self._jobs
        ]
        left = len(self._jobs) - len(self._outcomes)
        if left and self.report.stopped:
            say(f"{left} {'picture was' if left == 1 else 'pictures were'} not reached.")
