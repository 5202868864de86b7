"""What a model is asked to do, as a value: it may be done by another process, on a lent GPU."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.honest import draw_maps
from lab.orders import Crop, Order
from lab.settings import UpscaleSettings
from lab.zero import announced, on_lent_gpu

if TYPE_CHECKING:
    from realesr.images import Picture
    from realesr.inference.auto_plan import Plan
    from realesr.inference.upscaler import Progress
    from realesr.models.loading import LoadedModel

_ANSWERS = 6  # of the model, for the two honesty maps


@dataclass(frozen=True, eq=False)
class Task:
    """Enlarge a picture.

    Attributes:
        settings: How.
        plan: What was decided by looking at it.
        picture: The photo.
        crop: The part of it that is wanted; None for all.
    """

    settings: UpscaleSettings
    plan: Plan | None
    picture: Picture
    crop: Crop | None = None

    @property
    def pixels(self) -> int:
        """What the model is shown."""
        part = self.crop or self.picture
        return int(part.height * part.width)

    def steps(self, order: Order) -> Generator[Progress, None, Any]:
        """The work itself."""
        if self.crop is not None:
            return order.enlarge_part(self.picture, self.plan, self.crop)
        return order.enlarge(self.picture, self.plan)


@dataclass(frozen=True, eq=False)
class Doubt(Task):
    """Draw the honesty maps of a result.

    Attributes:
        made: The result.
        folder: Where the maps go.
    """

    made: Picture | None = None
    folder: Path = Path()

    @property
    def pixels(self) -> int:
        """What the model is shown, in all its answers."""
        return _ANSWERS * super().pixels

    def steps(self, order: Order) -> Generator[Progress, None, Any]:
        """The work itself."""
        assert self.made is not None
        return draw_maps(order, self.plan, self.picture, self.made, self.folder)


def worker(
    load: Callable[[str], LoadedModel],
) -> Callable[[Task], Generator[Progress, None, Any]]:
    """What does tasks: here, or on a GPU that is lent for as long as the task announces.

    Args:
        load: What loads a model by its name.
    """

    def work(task: Task) -> Generator[Progress, None, Any]:
        return (yield from task.steps(Order(task.settings, load)))

    def seconds(task: Task) -> int:
        upscaler = Order(task.settings, load).upscaler(task.plan)
        weights = load(upscaler.spec.name).network.parameters()
        passes = sum(upscaler.spec.scale ** (2 * number) for number in range(upscaler.passes()))
        return announced(sum(each.numel() for each in weights), task.pixels * passes)

    return on_lent_gpu(work, seconds)
