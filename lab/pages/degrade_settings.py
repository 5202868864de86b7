"""What the page *Degrade* shows, as plain data: it fits into an address and gives a trace."""

from __future__ import annotations

import dataclasses
import shlex
from dataclasses import dataclass
from pathlib import PurePath
from typing import Annotated, Any, Literal

from lab import chains
from lab.samples import SHARP
from lab.sharing import Shared, link_to, sharing_box
from lab.text import say
from realesr.degradations import Operation, Recipe, Trace, presets
from realesr.degradations.spans import Span
from realesr.errors import ConfigError, ParameterError
from realesr.randomness import derive

PRESETS = tuple(presets.PRESETS)
SCALES = (1, 2, 3, 4, 8)
BY_HAND = "by hand"  # in place of a recipe, for a chain that is none
RECIPES = [*((name, name) for name in PRESETS), (say("degrade.by_hand"), BY_HAND)]


@dataclass(frozen=True, kw_only=True)
class DegradeSettings(Shared):
    """Recipe and seed, and where somebody changed the chain by hand, the chain itself.

    Attributes:
        sample: Which of the pictures that come along; an uploaded one goes in no address.
        recipe: A preset's name.
        scale: HR side / LR side; the preset's own when None.
        seed: Which draw.
        chain: What happens instead of the draw, as ``chains.to_text`` writes it.
        station: Which operation is looked at, from 1; 0 is the picture before the first.
        whole: The strip shows the whole picture instead of a detail.
    """

    sample: Literal[tuple(SHARP)] = "astronaut"  # type: ignore[valid-type]
    recipe: Literal[PRESETS] = "real_esrgan"  # type: ignore[valid-type]
    scale: Annotated[int, Span(1, 8)] | None = None
    seed: Annotated[int, Span(0, 2**53 - 1)] = 7
    chain: str = ""
    station: Annotated[int, Span(0, chains.MOST_STATIONS)] = 1
    whole: bool = False

    @property
    def sides(self) -> int:
        """HR side / LR side."""
        return self.scale or presets.own_scale(self.recipe)

    @property
    def shown_recipe(self) -> str:
        """The recipe's name, or that the chain is none of them any more."""
        return BY_HAND if self.chain else self.recipe

    def preset(self) -> Recipe:
        """The recipe that is drawn from."""
        return presets.preset(self.recipe, self.sides)

    def trace(self) -> Trace:
        """What happens to the picture.

        Raises:
            ConfigError: E404 for a chain that is none.
        """
        if not self.chain:
            return self.preset().sample(self.seed)
        name = f"{self.recipe}, changed by hand"
        operations = chains.from_text(self.chain)
        return Trace(recipe=name, seed=self.seed, scale=self.sides, operations=operations)

    def at(self, station: int) -> DegradeSettings:
        """The same, looking at another station; the nearest there is."""
        last = len(self.trace().operations)
        return dataclasses.replace(self, station=max(0, min(station, last)))

    def drawn(self, *, seed: int) -> DegradeSettings:
        """Another draw, unchanged by hand."""
        return dataclasses.replace(self, seed=seed, chain="").at(self.station)

    def by_hand(self, operations: list[Operation], station: int) -> DegradeSettings:
        """A chain changed by hand; when it is what was drawn, it counts as drawn."""
        drawn = tuple(operations) == self.preset().sample(self.seed).operations
        chain = "" if drawn or not operations else chains.to_text(operations)
        return dataclasses.replace(self, chain=chain).at(station)

    def slid(self, station: int, field: Any, value: Any) -> DegradeSettings:
        """Another value in one field of a station; a seed without value is drawn anew.

        Raises:
            ParameterError: E004 for a value out of range, or a station or field that is not there.
        """
        operations = list(self.trace().operations)
        if not 0 < station <= len(operations):
            raise ParameterError("E004", say("chain.station", station=station))
        operation = operations[station - 1]
        if field == "seed" and value is None:
            value = derive(getattr(operation, "seed", 0), "again") % 2**31
        operations[station - 1] = chains.changed(operation, str(field), value)
        return self.by_hand(operations, self.station)

    def moved(self, act: str, name: str = "") -> DegradeSettings:
        """The chosen station ``earlier``, ``later`` or ``out``; ``add`` puts ``name`` after it.

        Raises:
            ConfigError: E404 for an operation that is not there.
        """
        operations = list(self.trace().operations)
        here, station = self.station - 1, self.station
        if act == "add":
            if len(operations) >= chains.MOST_STATIONS:
                count = len(operations) + 1
                raise ConfigError("E404", say("chain.long", count=count, most=chains.MOST_STATIONS))
            station += 1
            operations.insert(here + 1, chains.to_begin_with(name))
        elif act == "out" and station and len(operations) > 1:
            del operations[here]
        elif act == "earlier" and station > 1:
            operations[here - 1 : here + 1] = operations[here], operations[here - 1]
            station -= 1
        elif act == "later" and 0 < station < len(operations):
            operations[here : here + 2] = operations[here + 1], operations[here]
            station += 1
        return self.by_hand(operations, station)

    def origin(self) -> str:
        """Which step of the recipe drew the chosen station, and what: ``"3|jpeg"``, or nothing."""
        for step, drawn in drawn_stations(self.preset(), self.seed)[
            self.station - 1 : self.station
        ]:
            return f"{step}|{chains.name_of(chains.OPERATIONS, drawn)}"
        return ""


def drawn_stations(recipe: Recipe, seed: int) -> list[tuple[int, Operation]]:
    """Every operation that was drawn, with the number of its step, from 0."""
    drawn = enumerate(recipe.draws(seed))
    return [(step, operation) for step, operations in drawn for operation in operations]


def to_share(settings: DegradeSettings, photo: str) -> str:
    """All ways to do the same elsewhere, as HTML.

    Args:
        settings: What is shown.
        photo: Name of the picture's file.
    """
    return sharing_box(
        link=link_to("degrade", settings),
        command=command(settings, photo),
        python=python(settings, photo),
        json=settings.trace().to_text(),
    )


def result_name(photo: str) -> str:
    """What the result is called."""
    return f"{PurePath(photo).stem}_lr.png"


def command(settings: DegradeSettings, photo: str) -> str:
    """The command line that makes the same pixels.

    >>> command(DegradeSettings(recipe="gentle", seed=3), "my photo.png")
    "realesr degrade 'my photo.png' -o 'my photo_lr.png' --recipe gentle --scale 4 --seed 3"
    """
    start = shlex.join(["realesr", "degrade", photo, "-o", result_name(photo)])
    if not settings.chain:
        return f"{start} --recipe {settings.recipe} --scale {settings.sides} --seed {settings.seed}"
    trace = settings.trace().to_json()
    return f"printf %s {shlex.quote(trace)} > trace.json\n{start} --replay trace.json"


def python(settings: DegradeSettings, photo: str) -> str:
    """The Python that makes the same pixels."""
    if settings.chain:
        trace = settings.trace()
        stations = "".join(f"    {chains.as_python(each)},\n" for each in trace.operations)
        names = sorted({type(each).__name__ for each in trace.operations} | {"Trace"})
        imported = "".join(f"    {name},\n" for name in names)
        start = f"from realesr.degradations import (\n{imported})\n"
        made = (
            f"trace = Trace(\n    recipe={trace.recipe!r}, seed={trace.seed}, scale={trace.scale},"
            f" operations=(\n{stations}))\n"
        )
    else:
        start = "from realesr.degradations import presets\n"
        drawn = f"presets.{settings.recipe}({settings.sides}).sample(seed={settings.seed})"
        made = f"trace = {drawn}\n"
    return (
        "import realesr\nfrom realesr.commands.degrading import as_hr, as_lr\n"
        f"{start}\n"
        f"{made}"
        f"picture = realesr.read_picture({photo!r})\n"
        "hr, _ = as_hr(picture, trace.scale)\n"
        "lr = as_lr(picture, trace.apply(hr))\n"
        f"realesr.write_picture(lr, {result_name(photo)!r})\n"
    )
