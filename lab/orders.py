"""An order: settings made into what enlarges a picture, or a part of it, as the command does."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lab.settings import UpscaleSettings
from realesr.commands.deciding import Deciding
from realesr.commands.marking import Marking, provenance_of
from realesr.provenance import stamp

if TYPE_CHECKING:
    from realesr.images import Picture
    from realesr.inference.auto_plan import Plan
    from realesr.inference.upscaler import Progress, Upscaler
    from realesr.models.loading import LoadedModel
    from realesr.quality.checkup import Checkup

_MORE = {"alpha": "model", "overlap": None, "quality": None, "all_frames": False}
_WIDEST = 64  # pixels read around a part


@dataclass(frozen=True)
class Crop:
    """A rectangle of a picture, in its pixels."""

    top: int
    left: int
    height: int
    width: int


@dataclass(frozen=True, eq=False)
class Part:
    """A part of a picture, as it was and as it became."""

    before: Picture
    after: Picture


def crop_of(height: int, width: int, side: int) -> Crop | None:
    """The middle of a picture; None where it is hardly less than the whole.

    >>> crop_of(100, 300, 50)
    Crop(top=25, left=125, height=50, width=50)
    >>> crop_of(60, 60, 50) is None
    True
    """
    part = Crop((height - side) // 2, (width - side) // 2, side, side)
    if side >= min(height, width) or 2 * side**2 > height * width:
        return None
    return part


class Order:
    """Settings, ready to be carried out.

    Args:
        settings: What was asked for.
        load: What loads a model by its name.
    """

    def __init__(self, settings: UpscaleSettings, load: Callable[[str], LoadedModel]) -> None:
        self.settings, self.load = settings, load
        self._deciding = Deciding.of(
            settings.asked,
            scale=settings.enlargement.scale,
            auto=bool(settings.decided),
            load=load,
        )
        self._marking = Marking(
            self._deciding,
            settings.enlargement,
            _MORE,
            provenance=True,
            watermark=False,
            quiet=True,
        )

    def plan(self, checkup: Checkup) -> Plan:
        """What is done to a picture of that check-up."""
        return self._deciding.plan(checkup)

    def upscaler(self, plan: Plan | None) -> Upscaler:
        """What runs the model."""
        return self._deciding.prepare(plan or self._deciding.plain)

    def enlarge(
        self, picture: Picture, plan: Plan | None, size: tuple[int, int] | None = None
    ) -> Generator[Progress, None, Picture]:
        """Enlarge a picture: yields after each tile, returns the larger picture."""
        wanted = self.settings.enlargement
        if size is None and wanted.scale is None:
            size = wanted.output_size(picture.height, picture.width)
        more = {"plan": plan} if plan else {}
        return self._marking.enlarge()(picture, size=size, alpha="model", **more)

    def stamped(self, picture: Picture) -> Picture:
        """A result that says how it was made."""
        return stamp(picture, provenance_of(self._deciding, self.settings.enlargement, more=_MORE))

    def enlarge_part(
        self, picture: Picture, plan: Plan | None, crop: Crop
    ) -> Generator[Progress, None, Part]:
        """Enlarge a part of a picture, as it will look in the whole, as far as the model sees."""
        if plan is not None and plan.consistent == "plain":
            plan = replace(plan, consistent="off")  # the comparison is for the whole picture
        around = min(self.upscaler(plan).halo, _WIDEST)
        top, left = max(0, crop.top - around), max(0, crop.left - around)
        rows = slice(top, crop.top + crop.height + around)
        columns = slice(left, crop.left + crop.width + around)
        read = picture.with_pixels(picture.pixels[rows, columns].copy())
        whole = self.settings.enlargement.output_size(picture.height, picture.width)
        down, across = whole[0] / picture.height, whole[1] / picture.width
        size = None
        if self.settings.enlargement.scale is None:
            size = max(1, round(read.height * down)), max(1, round(read.width * across))
        larger = yield from self.enlarge(read, plan, size)
        inner = _cut(read, crop.top - top, crop.left - left, crop.height, crop.width)
        after = _cut(
            larger,
            round((crop.top - top) * down),
            round((crop.left - left) * across),
            round(crop.height * down),
            round(crop.width * across),
        )
        return Part(inner, after)


def _cut(picture: Picture, top: int, left: int, height: int, width: int) -> Picture:
    return picture.with_pixels(picture.pixels[top : top + height, left : left + width].copy())
