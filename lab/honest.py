"""What a result owes to its photo, and what was made up: two maps of exactly what was made."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lab.orders import Order
from lab.settings import UpscaleSettings
from lab.text import say
from realesr.errors import ParameterError

if TYPE_CHECKING:
    from realesr.images import Picture
    from realesr.inference.auto_plan import Plan
    from realesr.inference.upscaler import Progress
    from realesr.models.catalogue import ModelSpec
    from realesr.quality.honesty import HonestyMap

_STRETCH = 0.02


@dataclass(frozen=True, eq=False)
class Maps:
    """Two maps as pictures to look at, each with its number."""

    files: tuple[Path, Path]
    consistency: HonestyMap
    invention: HonestyMap


class _Asked:
    """An order, asked the way ``invention_steps`` asks an upscaler.

    Args:
        order: What made the result.
        plan: What was decided, if anything was.
        low: Height and width of the photo.
        made: Height and width of the result.
    """

    def __init__(
        self, order: Order, plan: Plan | None, low: tuple[int, int], made: tuple[int, int]
    ) -> None:
        # To hold an answer to the plain run takes a second run each, and changes all alike.
        plain = plan is not None and plan.consistent == "plain"
        self._order, self._plan = order, replace(plan, consistent="off") if plain else plan
        self._low, self._down, self._across = low, made[0] / low[0], made[1] / low[1]
        self.scale = self._down

    @property
    def spec(self) -> ModelSpec:
        """What is known of the model."""
        return self._order.upscaler(self._plan).spec

    def output_size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of an answer, for the photo as it is or turned on its side."""
        down, across = self._down, self._across
        if (height, width) != self._low:
            down, across = across, down
        return round(height * down), round(width * across)

    def stream(self, pixels: np.ndarray) -> Generator[Progress, None, np.ndarray]:
        """Answer once."""
        from realesr.images import Picture

        by_factor = self._order.settings.enlargement.scale is not None
        size = None if by_factor else self.output_size(*pixels.shape[:2])
        made = yield from self._order.enlarge(Picture(pixels), self._plan, size)
        return made.pixels


def draw_maps(
    order: Order, plan: Plan | None, picture: Picture, made: Picture, folder: Path
) -> Generator[Progress, None, Maps]:
    """Ask the model the same in other words, and draw where the answers differ.

    Args:
        order: What made the result.
        plan: What was decided, if anything was.
        picture: The photo.
        made: The result.
        folder: Where the two pictures go.

    Raises:
        ParameterError: E001 for a result that was stretched, E003 for one smaller than the photo.
    """
    from realesr.commands.honesty import faithful_partner
    from realesr.images import Picture, write_picture
    from realesr.quality.honesty import consistency_map, invention_steps

    low, size = (picture.height, picture.width), (made.height, made.width)
    if abs(size[0] / low[0] / (size[1] / low[1]) - 1) > _STRETCH:
        raise ParameterError("E001", say("honesty.stretched"), say("honesty.stretched_next"))
    consistent = consistency_map(made.pixels, picture.pixels)
    asked = _Asked(order, plan, low, size)
    second = faithful_partner(asked.spec)
    settings = order.settings
    partner = None
    if second is not None:
        plainly = UpscaleSettings(model=second, scale=settings.scale, size=settings.size)
        partner = _Asked(Order(plainly, order.load), None, low, size)
    invented = yield from invention_steps(
        asked,  # type: ignore[arg-type]
        picture.pixels,
        None if plan is not None and plan.consistent == "plain" else made.pixels,
        partner=partner,  # type: ignore[arg-type]
    )
    files = []
    for each in (consistent, invented):
        path = folder / f"{each.name}.png"
        write_picture(Picture(_drawn(each, made)), path)
        files.append(path)
    return Maps((files[0], files[1]), consistent, invented)


def _drawn(found: HonestyMap, made: Picture) -> np.ndarray:
    """The glow alone, of the result's size: the legend stands on the page."""
    return np.ascontiguousarray(found.picture(made.pixels)[: made.height, : made.width])
