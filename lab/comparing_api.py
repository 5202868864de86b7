"""The endpoint ``compare``: the page's comparison for programs and assistants."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from lab.api import refusal, turned_away
from lab.comparing import Comparer, Comparison
from lab.pages.compare_settings import CompareSettings
from lab.text import say
from lab.workbench import Workbench
from realesr.errors import ParameterError, RealesrError


def build_compare(bench: Workbench, queue: str, folder: Path) -> None:
    """Add the endpoint ``compare`` to the current `gr.Blocks`.

    Args:
        bench: Runs the models.
        queue: Of all that runs models.
        folder: The lab's own.
    """
    comparer = Comparer(bench, folder)
    first = CompareSettings()

    def compare(
        photo: str,
        models: str = first.models,
        scale: int = first.scale,
        recipe: str = first.recipe,
        seed: int = first.seed,
    ) -> Iterator[tuple[Any, Any]]:
        """Run several models over the same picture and say how good each result is.

        Args:
            photo: A picture file: PNG, JPEG, WebP, TIFF, BMP, AVIF or GIF. Of a large one the
                middle is taken, so that results have at most 1024 pixels a side.
            models: Names that `list_models` gives, with commas between them; at most six.
            scale: How many times larger: 2, 3, 4 or 8.
            recipe: How the photo is degraded first, so that the truth is known, as
                `realesr degrade` does it; none takes the photo as it is.
            seed: Which draw of the recipe.

        Returns:
            For each model seconds, memory and figures; and the files: truth, input, results.
        """
        try:
            if not photo:
                raise ParameterError("E001", say("error.no_photo"), say("error.no_photo_next"))
            settings = CompareSettings(
                models=models, scale=int(scale), recipe=recipe, seed=int(seed)
            )
            with tempfile.TemporaryDirectory(prefix="work-", dir=folder) as place:
                steps = comparer.compare(settings, photo, Path(place))
                while True:
                    try:
                        next(steps)
                    except StopIteration as end:
                        yield _answer(_kept(end.value, folder))
                        return
                    yield None, None
        except RealesrError as error:
            raise refusal(error) from None
        finally:
            comparer.sources.forget(photo)

    with gr.Row(visible=False):
        inputs = [
            gr.File(type="filepath", label="photo"),
            # Plain fields: the settings refuse what does not fit, with their code.
            gr.Textbox(value=first.models, label="models"),
            gr.Number(value=first.scale, precision=0, label="scale"),
            gr.Textbox(value=first.recipe, label="recipe"),
            gr.Number(value=first.seed, precision=0, label="seed"),
        ]
        outputs = [gr.JSON(label="comparison"), gr.File(label="files", file_count="multiple")]
        gr.Button().click(
            bench.line.in_turn(compare, waiting=lambda _: (None, None), full=turned_away),
            inputs,
            outputs,
            api_name="compare",
            concurrency_id=queue,
            concurrency_limit=None,
        )


def _kept(made: Comparison, folder: Path) -> Comparison:
    """The files where they may be fetched until their time is over: Gradio moves no lists."""
    place = Path(tempfile.mkdtemp(prefix="shown-", dir=folder / "gradio"))
    return made.moved([file.rename(place / file.name) for file in made.files])


def _answer(made: Comparison) -> tuple[dict[str, Any], list[str]]:
    told = {
        "input": made.input.name,
        "truth": made.truth.name if made.truth else None,
        "models": made.as_rows(),
        "notes": [note for note in (made.notice, made.missing) if note],
    }
    return told, [str(file) for file in made.files]
