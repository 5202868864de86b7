"""`degrade` and `replay` for programs: the files that `realesr degrade` makes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr

from lab.api import refusal
from lab.chains import check_sizes
from lab.text import say
from lab.workbench import Workbench
from realesr.commands.degrading import as_hr, as_lr
from realesr.degradations import Trace, presets
from realesr.errors import ConfigError, ParameterError, RealesrError
from realesr.images import write_picture

_MOST_OPERATIONS = 100
_MOST_LETTERS = 50_000
_SETTINGS: dict[str, Any] = {"concurrency_id": "darkroom", "concurrency_limit": 2}


def build_degrade_api(bench: Workbench, folder: Path) -> None:
    """Add the endpoints ``degrade`` and ``replay`` to the current `gr.Blocks`.

    Photos come through a real `gr.File`, which refuses paths that were not uploaded.

    Args:
        bench: Reads photos.
        folder: Where the work in hand lies.
    """

    def degrade(
        photo: str, recipe: str = "real_esrgan", scale: float | None = None, seed: float = 0
    ) -> Iterator[tuple[str, str]]:
        """Degrade a photo by a recipe; gives the PNG `realesr degrade` makes, and what happened.

        Args:
            photo: A picture file: PNG, JPEG, WebP, TIFF, BMP, AVIF or GIF.
            recipe: A preset such as real_esrgan, bsrgan, chat_app or phone_night.
            scale: How many times smaller the result is, 1 to 8; the preset's own when left out.
            seed: Which draw; the same number draws the same.
        """
        try:
            sides = presets.own_scale(recipe) if scale is None else _whole(scale, "scale")
            trace = presets.preset(recipe, sides).sample(_whole(seed, "seed"))
            with _degraded(bench, photo, trace, folder) as file:
                yield file, trace.to_text()
        except RealesrError as error:
            raise refusal(error) from None

    def replay(photo: str, trace: str) -> Iterator[str]:
        """Do to a photo what a trace says; gives the PNG `realesr degrade --replay` makes.

        Args:
            photo: A picture file: PNG, JPEG, WebP, TIFF, BMP, AVIF or GIF.
            trace: The JSON that `degrade` gave, or the lab, or a person wrote.
        """
        try:
            if len(trace or "") > _MOST_LETTERS:
                raise ConfigError("E404", say("chain.letters", most=_MOST_LETTERS))
            with _degraded(bench, photo, Trace.from_json(trace or ""), folder) as file:
                yield file
        except RealesrError as error:
            raise refusal(error) from None

    with gr.Row(visible=False):
        photo = gr.File(type="filepath", label="photo")
        recipe = gr.Textbox("real_esrgan", label="recipe")
        scale = gr.Number(None, label="scale")
        seed = gr.Number(0, label="seed")
        trace = gr.Textbox(label="trace")
        result = gr.File(label="result")
        gr.Button().click(
            degrade, [photo, recipe, scale, seed], [result, trace], api_name="degrade", **_SETTINGS
        )
        gr.Button().click(replay, [photo, trace], result, api_name="replay", **_SETTINGS)


@contextmanager
def _degraded(bench: Workbench, photo: str, trace: Trace, folder: Path) -> Iterator[str]:
    """The result as a file, which is gone when Gradio has taken it from there."""
    if not photo:
        raise ParameterError("E001", say("error.no_photo"), say("error.no_photo_next"))
    if len(trace.operations) > _MOST_OPERATIONS:
        count = len(trace.operations)
        raise ConfigError("E404", say("chain.long", count=count, most=_MOST_OPERATIONS))
    picture = bench.read(Path(photo))
    hr, _ = as_hr(picture, trace.scale)
    size = (int(hr.shape[-2]), int(hr.shape[-1]))
    check_sizes(trace.operations, size, max(bench.limits.max_pixels, size[0] * size[1]))
    result = as_lr(picture, trace.apply(hr))
    with tempfile.TemporaryDirectory(prefix="work-", dir=folder) as place:
        yield str(write_picture(result, Path(place) / f"{Path(photo).stem}_lr.png"))


def _whole(number: float, name: str) -> int:
    if number is None or number != int(number):
        raise ParameterError("E001", say("chain.whole", name=name))
    return int(number)
