"""A picture enlarged by a plan: shrunk first where that helps, and never less true than plainly."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from realesr.inference.auto_plan import Plan, make_plan
from realesr.inference.batch import AlphaChoice, upscale_picture
from realesr.inference.parts import part
from realesr.inference.resampling import resample
from realesr.inference.upscaler import Progress, Upscaler
from realesr.quality.backprojection import how_consistent, make_consistent
from realesr.quality.checkup import inspect

if TYPE_CHECKING:
    from realesr.images import Picture

Steps = Generator[Progress, None, "Picture"]

# What rounding may cost a result that was moved just far enough.
_MARGIN = 0.05  # dB


@dataclass(frozen=True)
class AutoUpscaler:
    """Decides what a picture needs, says why, and does it.

    A result made small again is never further from its input than the result of the plain run: what
    is decided about ``consistent`` sees to that, and costs a plain run besides.

    Attributes:
        prepare: The upscaler that does a plan's part: its model and what is done after it.
        plain: What would be done without deciding anything.
        asked: What a person decided, by the names of ``Plan``'s fields.
    """

    prepare: Callable[[Plan], Upscaler]
    plain: Plan
    asked: Mapping[str, object]

    def plan(self, picture: Picture) -> Plan:
        """What is decided about a picture, before it is done."""
        return make_plan(inspect(picture), self.asked)

    def enlarge(
        self,
        picture: Picture,
        *,
        size: tuple[int, int] | None = None,
        alpha: AlphaChoice = "model",
        plan: Plan | None = None,
    ) -> Steps:
        """Enlarge a picture as planned.

        A generator like `Upscaler.stream`: yields after each tile, returns the larger picture,
        whose notices are the decisions.

        Args:
            picture: What to enlarge.
            size: Height and width wanted, in place of the upscaler's factor.
            alpha: What enlarges transparency.
            plan: What to do; decided here when it is left out.
        """
        plan = plan or self.plan(picture)
        compared = plan.consistent == "plain" and not plan.does_as(self.plain)
        parts = 2 if compared else 1
        made = yield from part(self._follow(plan, picture, size, alpha), 0, parts)
        if compared and not _is_smaller(made, picture):
            steps = self._follow(self.plain, picture, size, alpha)
            plainly = yield from part(steps, 1, parts)
            made, plan = _as_true(made, plainly, picture, plan, self.plain)
        elif plan.consistent == "full" and not _is_smaller(made, picture):
            made = made.with_pixels(make_consistent(made.pixels, picture.pixels))
        return replace(made, notices=(*made.notices, *plan.decisions))

    def _follow(
        self, plan: Plan, picture: Picture, size: tuple[int, int] | None, alpha: AlphaChoice
    ) -> Steps:
        """Shrink, enlarge by the network at most once more than that, and by a filter beyond."""
        upscaler = self.prepare(plan)
        if plan.shrink == 1:
            return (yield from upscale_picture(upscaler, picture, size=size, alpha=alpha))
        wanted = size or upscaler.output_size(picture.height, picture.width)
        small = _resized(
            picture,
            max(1, round(picture.height / plan.shrink)),
            max(1, round(picture.width / plan.shrink)),
        )
        reached = small.height * upscaler.spec.scale, small.width * upscaler.spec.scale
        one_pass = min(wanted[0], reached[0]), min(wanted[1], reached[1])
        made = yield from upscale_picture(upscaler, small, size=one_pass, alpha=alpha)
        return _resized(made, *wanted)


def _as_true(
    made: Picture, plainly: Picture, picture: Picture, plan: Plan, plain: Plan
) -> tuple[Picture, Plan]:
    """Move a result towards its input until it is as consistent as the plain one."""
    low = picture.pixels
    have, wanted = (float(how_consistent(each.pixels, low)) for each in (made, plainly))
    if have >= wanted:
        reason = (
            f"Shrunk again it agrees with the picture to {have:.1f} dB; "
            f"with nothing decided, to {wanted:.1f} dB."
        )
        return made, plan.because("consistent", reason)
    # Moving by a share leaves 1 - share of what is missing, but where pixels meet black or white.
    share = 1 - 10 ** ((have - wanted - _MARGIN) / 20)
    for further in (0.0, 0.1, 0.25, 0.5, 1.0):
        tried = share + further * (1 - share)
        moved = made.with_pixels(make_consistent(made.pixels, low, share=tried))
        now = float(how_consistent(moved.pixels, low))
        if now >= wanted:
            reason = (
                f"Moved towards the picture: shrunk again it agrees with it to {now:.1f} dB, "
                f"not {have:.1f}; with nothing decided, to {wanted:.1f} dB."
            )
            return moved, plan.because("consistent", reason)
    reason = "All else was further from the picture than what nobody decided about: this is that."
    return plainly, plain.because("consistent", reason)


def _is_smaller(made: Picture, picture: Picture) -> bool:
    return made.height < picture.height or made.width < picture.width


def _resized(picture: Picture, height: int, width: int) -> Picture:
    return picture.with_pixels(resample(picture.pixels, height, width))
