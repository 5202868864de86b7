"""The lab for programs: stable names, typed, with the same pixels as the page and the command."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import gradio as gr

from lab.workbench import SCALES, Workbench
from realesr.errors import ParameterError, RealesrError
from realesr.models.catalogue import DEFAULT_MODEL


def build_api(bench: Workbench, queue: str, folder: Path) -> None:
    """Add the endpoints ``upscale`` and ``list_models`` to the current `gr.Blocks`.

    ``upscale`` takes its photo through a real `gr.File`, which refuses paths that were not
    uploaded; a bare typed endpoint would hand them through. The work in hand lies in ``folder``.
    """

    def upscale(photo: str, model: str = DEFAULT_MODEL, scale: int = 4) -> Iterator[str | None]:
        """Enlarge a photo; the result is a PNG, the same as `realesr upscale` makes.

        Args:
            photo: A picture file: PNG, JPEG, WebP, TIFF, BMP, AVIF or GIF.
            model: A name that `list_models` gives.
            scale: How many times larger: 2, 3, 4 or 8.
        """
        try:
            if not photo:
                raise ParameterError("E001", "no photo was given.", "Upload one.")
            with tempfile.TemporaryDirectory(prefix="work-", dir=folder) as place:
                steps = bench.upscale(Path(photo), model, int(scale), Path(place))
                while True:
                    try:
                        next(steps)
                    except StopIteration as end:
                        yield str(end.value.after)
                        return
                    yield None
        except RealesrError as error:
            raise gr.Error(str(error)) from error

    def list_models() -> list[dict[str, object]]:
        """The models on offer: name, scale, licence, size and what each is for."""
        return bench.list_models()

    with gr.Row(visible=False):
        photo = gr.File(type="filepath", label="photo")
        model = gr.Dropdown(
            [offer.name for offer in bench.shelf.offers()], value=DEFAULT_MODEL, label="model"
        )
        scale = gr.Radio(list(SCALES), value=4, label="scale")
        result = gr.File(label="result")
        gr.Button().click(
            upscale, [photo, model, scale], result, api_name="upscale", concurrency_id=queue
        )
    gr.api(list_models, api_name="list_models")
