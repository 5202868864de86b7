"""Results that say how they were made, and the faint mark over them where it is wanted."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from realesr.commands.saying import say
from realesr.errors import Notice
from realesr.inference.batch import AlphaChoice, Enlarge
from realesr.inference.decisions import Decision
from realesr.provenance import Provenance, add_watermark, describe, stamp, unstamp
from realesr.provenance.watermark import LEAST_SIDE, number_of

if TYPE_CHECKING:
    from realesr.commands.deciding import Deciding
    from realesr.images import Picture
    from realesr.inference.auto_plan import Plan
    from realesr.inference.sizes import Enlargement
    from realesr.inference.upscaler import Progress

STATED = (
    "Results say in their metadata (XMP) that they are enlarged, by which model and settings; "
    "--no-provenance leaves it out."
)


def provenance_of(
    deciding: Deciding,
    enlargement: Enlargement,
    plan: Plan | None = None,
    more: Mapping[str, Any] | None = None,
) -> Provenance:
    """What is to be said of a result.

    Args:
        deciding: What carried the decisions out.
        enlargement: How large the result was to be.
        plan: What was decided for the picture; what is done to every picture when left out.
        more: Further settings that changed it, such as ``alpha`` and ``quality``.
    """
    plan = plan or deciding.plain
    size = f"{enlargement.size[1]}x{enlargement.size[0]}" if enlargement.size else None
    settings = {
        "denoise": plan.denoise,
        "shrink": plan.shrink,
        "consistent": plan.consistent == "full",
        "auto": deciding.settings["auto"] is not None,
        "size": size,
        "long_edge": enlargement.long_edge,
        **(more or {}),
    }
    return describe(deciding.prepare(plan), settings)


class Marking:
    """Stamps every result of a run.

    Args:
        deciding: What enlarges.
        enlargement: How large results shall be.
        more: Further settings that change them.
        provenance: Say how they were made.
        watermark: Lay the mark over them.
        quiet: Say nothing of it to the person.
    """

    def __init__(
        self,
        deciding: Deciding,
        enlargement: Enlargement,
        more: Mapping[str, Any],
        *,
        provenance: bool,
        watermark: bool,
        quiet: bool,
    ) -> None:
        self._deciding, self._enlargement = deciding, enlargement
        self._more = {**more, "watermark": watermark}
        self._provenance, self._watermark, self._quiet = provenance, watermark, quiet

    def enlarge(self) -> Enlarge:
        """What makes a picture larger and stamps it; the model of the plain run is loaded."""
        enlarge = self._deciding.enlarge()
        if self._provenance and not self._quiet:
            say(STATED)
        return partial(self._marked, enlarge)

    def _marked(
        self,
        enlarge: Enlarge,
        picture: Picture,
        *,
        size: tuple[int, int] | None = None,
        alpha: AlphaChoice = "model",
        **more: Plan,
    ) -> Generator[Progress, None, Picture]:
        made = yield from enlarge(picture, size=size, alpha=alpha, **more)
        decided = {note.name: note.value for note in made.notices if isinstance(note, Decision)}
        plan = replace(self._deciding.plain, **decided)  # type: ignore[arg-type]
        told = provenance_of(self._deciding, self._enlargement, plan, self._more)
        if self._watermark:
            made = _watermarked(made, number_of(next(iter(told.sha256), None)))
        return stamp(made, told) if self._provenance else unstamp(made)


def _watermarked(picture: Picture, number: int) -> Picture:
    if min(picture.height, picture.width) < LEAST_SIDE:
        sentence = f"under {LEAST_SIDE} pixels a side there is no room for the watermark."
        return replace(picture, notices=(*picture.notices, Notice("W123", sentence)))
    return picture.with_pixels(add_watermark(picture.pixels, number))
