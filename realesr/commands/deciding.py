"""What makes pictures larger for `realesr upscale`: one model, or a plan for each picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING

from realesr.commands.upscaling import ChosenModel
from realesr.inference.batch import Enlarge, upscale_picture

if TYPE_CHECKING:
    from realesr.inference.auto_plan import Plan
    from realesr.inference.upscaler import Upscaler
    from realesr.models.loading import LoadedModel

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

_OF_THE_MODEL = ("model", "denoise")


class Deciding:
    """The decisions of a call, by a person or for each picture, and what carries them out.

    Args:
        chosen: The model of the plain run.
        options: The value of every option that is a decision.
        asked: Which of them a person gave.
        build: An upscaler with a model and what is done after it, by the names of ``Finish``.
        auto: Decide what was not asked for.
    """

    def __init__(
        self,
        chosen: ChosenModel,
        options: Mapping[str, object],
        asked: frozenset[str],
        build: Callable[[LoadedModel, Mapping[str, object]], Upscaler],
        *,
        auto: bool,
    ) -> None:
        self._chosen, self._build, self._auto = chosen, build, auto
        consistent = options["consistent"]
        wanted = "off" if consistent is None else "full" if consistent else "off"
        self._options = {**options, "consistent": wanted}
        self._made = cache(self._make)
        self._asked = {name: self._options[name] for name in OPTIONS if name in asked}

    @property
    def settings(self) -> dict[str, object]:
        """What tells results from those of other decisions; the model says so itself."""
        settings = {name: self._options[name] for name in OPTIONS if name not in _OF_THE_MODEL}
        asked = sorted(self._asked) if self._auto else None
        return {**settings, "auto": asked}

    def enlarge(self) -> Enlarge:
        """What makes a picture larger; the model of the plain run is loaded."""
        from realesr.inference.auto import AutoUpscaler
        from realesr.inference.auto_plan import Plan

        plain = Plan(**{**self._options, "model": self._chosen.name})  # type: ignore[arg-type]
        first = self._prepare(plain)
        if self._auto:
            return AutoUpscaler(self._prepare, plain, self._asked).enlarge
        if plain.shrink == 1 and plain.consistent == "off":
            return partial(upscale_picture, first)
        return partial(AutoUpscaler(self._prepare, plain, {}).enlarge, plan=plain)

    def _prepare(self, plan: Plan) -> Upscaler:
        finish = (plan.strength, plan.fix_colour, plan.sharpen, plan.keep_grain)
        return self._made(plan.model, plan.denoise, finish)

    def _make(
        self, model: str, denoise: float | None, finish: tuple[float, bool, float, float]
    ) -> Upscaler:
        is_plain = (model, denoise) == (self._chosen.name, self._options["denoise"])
        chosen = self._chosen if is_plain else ChosenModel(model, denoise)
        names = ("strength", "fix_colour", "sharpen", "keep_grain")
        return self._build(chosen.load(), dict(zip(names, finish, strict=True)))
