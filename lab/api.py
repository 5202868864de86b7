"""The lab for programs: stable names, typed, with the same pixels as the page and the command."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import Request
from fastapi.responses import JSONResponse
from gradio.route_utils import FnIndexInferError

from lab.text import say
from lab.workbench import Workbench
from realesr.errors import ParameterError, RealesrError
from realesr.models.catalogue import DEFAULT_MODEL

logger = logging.getLogger(__name__)


class CodedBlocks(gr.Blocks):
    """Blocks that answer every call with a result or a coded sentence, never with silence."""

    async def preprocess_data(self, *arguments: Any, **settings: Any) -> Any:
        """Refuse in a sentence what does not fit: files nobody uploaded, too few values."""
        try:
            return await super().preprocess_data(*arguments, **settings)
        except Exception as fault:
            logger.info("a call was refused: %s", fault)
            raise refusal(_misfit()) from None

    async def process_api(self, *arguments: Any, **settings: Any) -> dict[str, Any]:
        """Own up to faults of ours; their details are for the log."""
        try:
            return await super().process_api(*arguments, **settings)
        except gr.Error:
            raise
        except Exception:
            logger.exception("a call failed")
            error = RealesrError("E901", say("error.bug"), say("error.bug_next"))
            raise refusal(error) from None


def refusal(error: RealesrError) -> gr.Error:
    """A refusal as Gradio tells it, without a traceback in the log: it is nobody's fault here."""
    return gr.Error(str(error), print_exception=False)


def turned_away(error: RealesrError) -> None:
    """Tell a program that there is no room for its call now."""
    raise refusal(error)


def request_handlers() -> dict[type[Exception], Any]:
    """Answers to calls of functions that are not there."""

    def answer(request: Request, fault: Exception) -> JSONResponse:
        return JSONResponse({"error": str(_misfit())}, status_code=404)

    return {FnIndexInferError: answer, KeyError: answer}


def _misfit() -> ParameterError:
    return ParameterError("E001", say("error.request"), say("error.request_next"))


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
                steps = bench.upscale(Path(photo), model, scale, Path(place))
                while True:
                    try:
                        next(steps)
                    except StopIteration as end:
                        yield str(end.value.after)
                        return
                    yield None
        except RealesrError as error:
            raise refusal(error) from None

    def list_models() -> list[dict[str, object]]:
        """The models on offer: name, scale, licence, size and what each is for."""
        return bench.list_models()

    with gr.Row(visible=False):
        photo = gr.File(type="filepath", label="photo")
        # Plain fields: the workbench refuses what is not on offer, with its code.
        model = gr.Textbox(value=DEFAULT_MODEL, label="model")
        scale = gr.Number(value=4, precision=0, label="scale")
        result = gr.File(label="result")
        gr.Button().click(
            bench.line.in_turn(upscale, waiting=lambda _: None, full=turned_away),
            [photo, model, scale],
            result,
            api_name="upscale",
            concurrency_id=queue,
            concurrency_limit=None,
        )
    gr.api(list_models, api_name="list_models")
