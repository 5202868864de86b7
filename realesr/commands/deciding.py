"""What makes pictures larger: one model, or a plan for each picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Self

from realesr.commands.upscaling import ChosenModel
from realesr.errors import ParameterError
from realesr.inference.batch import Enlarge, upscale_picture
from realesr.models.catalogue import DEFAULT_MODEL

if TYPE_CHECKING:
    from realesr.images import Picture
    from realesr.inference.auto_plan import Plan
    from realesr.inference.upscaler import Upscaler
    from realesr.models.loading import LoadedModel
    from realesr.quality.checkup import Checkup

OPTIONS = (
    "shrink",
    "model",
    "denoise",
    "strength",
    "fix_colour",
    "sharpen",
    "keep_grain",
    "consistent",
)
"""The options that are decisions; each is a field of ``Plan`` too."""

DEFAULTS: Mapping[str, object] = {
    "shrink": 1.0,
    "model": DEFAULT_MODEL,
    "denoise": None,
    "strength": 1.0,
    "fix_colour": False,
    "sharpen": 0.0,
    "keep_grain": 0.0,
    "consistent": None,
}
"""What each of them is where nobody asks."""

_OF_THE_MODEL = ("model", "denoise")


class Deciding:
    """The decisions of a call, by a person or for each picture, and what carries them out.

    Args:
        chosen: The model of the plain run.
        options: The value of every option that is a decision.
        asked: Which of them a person gave.
        build: An upscaler with a model and what is done after it, by the names of ``Finish``.
        auto: Decide what was not asked for.
        load: What loads a model by its name.
    """

    def __init__(
        self,
        chosen: ChosenModel,
        options: Mapping[str, object],
        asked: frozenset[str],
        build: Callable[[LoadedModel, Mapping[str, object]], Upscaler],
        *,
        auto: bool,
        load: Callable[[str], LoadedModel] | None = None,
    ) -> None:
        self._chosen, self._build, self._auto, self._load = chosen, build, auto, load
        consistent = options["consistent"]
        wanted = "off" if consistent is None else "full" if consistent else "off"
        self._options = {**options, "consistent": wanted}
        self._made = cache(self._make)
        self._asked = {name: self._options[name] for name in OPTIONS if name in asked}

    @classmethod
    def of(
        cls,
        asked: Mapping[str, object],
        *,
        scale: float | None = None,
        auto: bool = False,
        load: Callable[[str], LoadedModel] | None = None,
    ) -> Self:
        """The decisions of a program: ``asked`` are options of `realesr upscale`, by their names.

        Args:
            asked: What is decided; what is left out is as the command has it, or up to ``auto``.
            scale: Factor; the model's own when left out.
            auto: Decide what was not asked for.
            load: What loads a model by its name.

        Raises:
            ParameterError: E001 for an option there is not.
            ModelError: When there is no such model.
        """
        strange = sorted(set(asked) - set(OPTIONS))
        if strange:
            cause = f"nothing is decided about {strange[0]!r}."
            raise ParameterError("E001", cause, f"Use {', '.join(OPTIONS)}.")

        def build(model: LoadedModel, finish: Mapping[str, object]) -> Upscaler:
            from realesr.inference.finishing import Finish
            from realesr.inference.upscaler import Upscaler

            return Upscaler(model, scale=scale, finish=Finish(**finish))  # type: ignore[arg-type]

        options = {**DEFAULTS, **asked}
        denoise = options["denoise"]
        assert denoise is None or isinstance(denoise, (int, float))
        chosen = ChosenModel(str(options["model"]), denoise, load)
        return cls(chosen, options, frozenset(asked), build, auto=auto, load=load)

    def run(self, picture: Picture, *, size: tuple[int, int] | None = None) -> Picture:
        """Make a picture larger, to a height and width where they are given.

        >>> import numpy as np
        >>> from realesr.images import Picture
        >>> made = Deciding.of({"model": "bicubic", "sharpen": 0.5}, scale=2).run(
        ...     Picture(np.zeros((4, 6, 3), np.uint8)))
        >>> made.height, made.width
        (8, 12)
        """
        steps = self.enlarge()(picture, size=size)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                larger: Picture = end.value
                return larger

    @property
    def settings(self) -> dict[str, object]:
        """What tells results from those of other decisions; the model says so itself."""
        settings = {name: self._options[name] for name in OPTIONS if name not in _OF_THE_MODEL}
        asked = sorted(self._asked) if self._auto else None
        return {**settings, "auto": asked}

    def plan(self, checkup: Checkup) -> Plan:
        """What is done to a picture of that check-up where decisions are left to ``auto``."""
        from realesr.inference.auto_plan import make_plan

        return make_plan(checkup, self._asked)

    @property
    def plain(self) -> Plan:
        """What is done to every picture where nothing is left to ``auto``."""
        from realesr.inference.auto_plan import Plan

        return Plan(**{**self._options, "model": self._chosen.name})  # type: ignore[arg-type]

    def enlarge(self) -> Enlarge:
        """What makes a picture larger; the model of the plain run is loaded."""
        from realesr.inference.auto import AutoUpscaler

        plain = self.plain
        first = self.prepare(plain)
        if self._auto:
            return AutoUpscaler(self.prepare, plain, self._asked).enlarge
        if plain.shrink == 1 and plain.consistent == "off":
            return partial(upscale_picture, first)
        return partial(AutoUpscaler(self.prepare, plain, {}).enlarge, plan=plain)

    def prepare(self, plan: Plan) -> Upscaler:
        """The upscaler that does a plan's part."""
        finish = (plan.strength, plan.fix_colour, plan.sharpen, plan.keep_grain)
        return self._made(plan.model, plan.denoise, finish)

    def _make(
        self, model: str, denoise: float | None, finish: tuple[float, bool, float, float]
    ) -> Upscaler:
        is_plain = (model, denoise) == (self._chosen.name, self._options["denoise"])
        chosen = self._chosen if is_plain else ChosenModel(model, denoise, self._load)
        names = ("strength", "fix_colour", "sharpen", "keep_grain")
        return self._build(chosen.load(), dict(zip(names, finish, strict=True)))
