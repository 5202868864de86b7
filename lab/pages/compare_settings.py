"""What the page *Compare* shows, as plain data: it fits into an address and into a program."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Annotated, Literal

from lab.samples import SHARP
from lab.sharing import Shared, link_to, sharing_box
from lab.text import say
from realesr.degradations import presets
from realesr.degradations.spans import Span
from realesr.errors import ParameterError
from realesr.models.catalogue import DEFAULT_MODEL

if TYPE_CHECKING:
    from lab.workbench import Workbench

AS_IT_IS = "none"
RECIPES = (AS_IT_IS, *presets.PRESETS)
SCALES = (2, 3, 4, 8)
MOST_MODELS = 6


@dataclass(frozen=True, kw_only=True)
class CompareSettings(Shared):
    """What is compared, as plain data for an address.

    Attributes:
        sample: Which of the pictures that come along; an uploaded one goes in no address.
        recipe: How the picture is degraded here, so that the truth is known; ``"none"`` takes it as
            it is.
        scale: How many times larger the models make it.
        seed: Which draw of the recipe.
        models: Names with commas between them, in the order they are shown.
    """

    sample: Literal[tuple(SHARP)] = "coffee"  # type: ignore[valid-type]
    recipe: Literal[RECIPES] = "real_esrgan"  # type: ignore[valid-type]
    scale: Annotated[int, Span(2, 8)] = 4
    seed: Annotated[int, Span(0, 2**53 - 1)] = 7
    models: str = f"bicubic,{DEFAULT_MODEL},lab-x4-fidelity"

    def contradictions(self) -> Iterator[str]:
        """A scale that is not offered."""
        if self.scale not in SCALES:
            yield say("compare.no_scale", scale=self.scale)

    @property
    def names(self) -> list[str]:
        """The models, each once."""
        found = [name.strip() for name in self.models.split(",")]
        return list(dict.fromkeys(name for name in found if name))

    @property
    def knows_truth(self) -> bool:
        """Whether the picture is degraded here."""
        return self.recipe != AS_IT_IS

    def check(self, bench: Workbench) -> None:
        """Refuse what cannot be compared here.

        Raises:
            ParameterError: E001.
            ModelError: E208 for a model that is not on offer.
        """
        if not 1 <= len(self.names) <= MOST_MODELS:
            cause = say("compare.how_many", most=MOST_MODELS)
            raise ParameterError("E001", cause, say("compare.how_many_next"))
        for name in self.names:
            bench.shelf.check(name)

    def to_json(self) -> str:
        """What a program hands to the endpoint ``compare``, besides its photo."""
        values = {name: getattr(self, name) for name in ("models", "scale", "recipe", "seed")}
        return json.dumps(values, indent=2)


def safe_stem(name: str) -> str:
    """A name that is a file's on every system.

    >>> safe_stem("user/model: x4")
    'user-model-x4'
    """
    return re.sub(r"[^\w.]+", "-", PurePath(name).as_posix()).strip("-.")[:80] or "picture"


def result_name(low: str, model: str) -> str:
    """What a model's result is called.

    >>> result_name("coffee_lr.png", "lab-x4")
    'coffee_lab-x4.png'
    """
    return f"{PurePath(low).stem.removesuffix('_lr')}_{safe_stem(model)}.png"


def to_share(settings: CompareSettings, source: str) -> str:
    """All ways to do the same elsewhere, as HTML.

    Args:
        settings: What is compared.
        source: Name of the picture's file.
    """
    return sharing_box(
        link=link_to("compare", settings),
        command=command(settings, source),
        python=python(settings, source),
        json=settings.to_json(),
    )


def command(settings: CompareSettings, source: str) -> str:
    """The command lines that make the same pictures.

    >>> print(command(CompareSettings(recipe="gentle", models="bicubic,lab-x4"), "coffee.png"))
    realesr degrade coffee.png -o coffee_lr.png --recipe gentle --scale 4 --seed 7
    realesr upscale coffee_lr.png -o coffee_bicubic.png --model bicubic --scale 4
    realesr upscale coffee_lr.png -o coffee_lab-x4.png --model lab-x4 --scale 4
    """
    low, lines = source, []
    if settings.knows_truth:
        low = f"{PurePath(source).stem}_lr.png"
        start = shlex.join(["realesr", "degrade", source, "-o", low, "--recipe", settings.recipe])
        lines = [f"{start} --scale {settings.scale} --seed {settings.seed}"]
    for name in settings.names:
        target = result_name(low, name)
        line = shlex.join(["realesr", "upscale", low, "-o", target, "--model", name])
        lines.append(f"{line} --scale {settings.scale}")
    return "\n".join(lines)


def python(settings: CompareSettings, source: str) -> str:
    """The Python that makes the same pictures and prints the figures."""
    scale, names = settings.scale, settings.names
    targets = {name: result_name(source, name) for name in names}
    imports, start, figures = "", f"low = realesr.read_picture({source!r})\n", ""
    if settings.knows_truth:
        imports = (
            "from realesr.commands.degrading import as_hr, as_lr\n"
            "from realesr.degradations import presets\n"
            "from realesr.quality.metrics import psnr, ssim\n"
        )
        start = (
            f"truth = realesr.read_picture({source!r})\n"
            f"trace = presets.preset({settings.recipe!r}, {scale}).sample({settings.seed})\n"
            f"hr, _ = as_hr(truth, {scale})\n"
            "low = as_lr(truth, trace.apply(hr))\n"
        )
        figures = "".join(
            f"    print(model, {name}(larger.pixels, truth.pixels, border={scale}))\n"
            for name in ("psnr", "ssim")
        )
    return (
        f"import realesr\n{imports}\n{start}"
        f"for model, file in {targets!r}.items():\n"
        f"    upscaler = realesr.Upscaler(model, scale={scale})\n"
        "    larger = low.with_pixels(upscaler(low.pixels))\n"
        f"    realesr.write_picture(larger, file)\n{figures}"
    )
