"""The lab for programs: stable names, typed, with the same pixels as the page and the command."""

from __future__ import annotations

import logging
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import Request
from fastapi.responses import JSONResponse
from gradio.route_utils import FnIndexInferError

from lab.guards import names_address
from lab.settings import FIELDS, UpscaleSettings
from lab.text import say
from lab.workbench import Workbench
from realesr.errors import ParameterError, RealesrError

logger = logging.getLogger(__name__)

_OWN = re.compile(r"https?://[^/]+/gradio_api/file=(/.+)")


class CodedBlocks(gr.Blocks):
    """Blocks that answer every call with a result or a coded sentence, never with silence."""

    async def preprocess_data(
        self, function: Any, values: list[Any], *arguments: Any, **settings: Any
    ) -> Any:
        """Refuse in a sentence what does not fit, such as files nobody uploaded.

        Values that a program leaves out at the end of its list are those the lab opens with.
        """
        values = [_own_file(value) for value in values]
        if names_address([values, *arguments, *settings.values()]):
            raise refusal(_misfit())
        missing = function.inputs[len(values) :] if function.api_name else ()
        values = [*values, *(part.value for part in missing)] if values else values
        try:
            return await super().preprocess_data(function, values, *arguments, **settings)
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


def _own_file(value: Any) -> Any:
    """A file of this lab, where it is named by its address here: assistants can do no other.

    Nothing is fetched for it: what is left is a path, and only an upload's is taken.

    >>> _own_file({"path": "http://127.0.0.1:7860/gradio_api/file=/a/b.png"})["path"]
    '/a/b.png'
    """
    if not isinstance(value, dict) or not isinstance(value.get("path"), str):
        return value
    found = _OWN.fullmatch(value["path"])
    return {**value, "path": found[1], "url": None} if found else value


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
    """Add the endpoints ``upscale``, ``inspect`` and ``list_models`` to the current `gr.Blocks`.

    Photos come through a real `gr.File`, which refuses paths that were not uploaded; a bare typed
    endpoint would hand them through. The work in hand lies in ``folder``.
    """
    _build_upscale(bench, queue, folder)
    _build_inspect(bench)

    def list_models() -> list[dict[str, object]]:
        """The models on offer: name, scale, licence, size, place and what each is for."""
        return bench.list_models()

    gr.api(list_models, api_name="list_models")


def _build_upscale(bench: Workbench, queue: str, folder: Path) -> None:
    first = UpscaleSettings(model=bench.shelf.first)

    def upscale(
        photo: str,
        model: str = first.model,
        scale: float = first.scale,
        size: str = first.size,
        denoise: float | None = first.denoise,
        strength: float = first.strength,
        fix_colour: bool = first.fix_colour,
        sharpen: float = first.sharpen,
        keep_grain: float = first.keep_grain,
        shrink: float = first.shrink,
        consistent: bool = first.consistent,
        auto: str = first.auto,
        format: str = first.format,
        keep_gps: bool = first.keep_gps,
    ) -> Iterator[str | None]:
        """Enlarge a photo; the file is the one that `realesr upscale` makes.

        Args:
            photo: A picture file: PNG, JPEG, WebP, TIFF, BMP, AVIF or GIF.
            model: A name that `list_models` gives.
            scale: How many times larger: 1 to 8.
            size: Instead of scale: 1920x1080, or 1920 for the longer side.
            denoise: How much noise goes, 0 to 1, for models with a partner; none: model alone.
            strength: 1 is the model alone, 0 plain bicubic.
            fix_colour: Hold the colours to those of the photo.
            sharpen: Sharpen the result, 0 to 2; 0 is none.
            keep_grain: How much grain is put back that the model took out, 0 to 1.
            shrink: Shrink first, 1 to 8 times: for what was enlarged before.
            consistent: Move the result until it is the photo once more when shrunk.
            auto: What is decided by looking at the photo: all, or names of these settings with
                commas between them; those count as if they were left out.
            format: png, webp or tiff.
            keep_gps: Leave in the file where the photo was taken.
        """
        given = {name: value for name, value in locals().items() if name in FIELDS}
        try:
            if not photo:
                raise ParameterError("E001", say("error.no_photo"), say("error.no_photo_next"))
            bench.shelf.check(model)
            settings = UpscaleSettings.made_of(given).settled
            with tempfile.TemporaryDirectory(prefix="work-", dir=folder) as place:
                steps = bench.upscale(Path(photo), settings, Path(place))
                while True:
                    try:
                        next(steps)
                    except StopIteration as end:
                        # Whoever asked reads it after this folder is gone.
                        kept = tempfile.mkdtemp(prefix="made-", dir=folder / "gradio")
                        yield shutil.move(end.value.file, kept)
                        return
                    yield None
        except RealesrError as error:
            raise refusal(error) from None

    with gr.Row(visible=False):
        inputs = [gr.File(type="filepath", label="photo")]
        # Plain fields: the settings refuse what does not fit, with their code.
        inputs += [_plain_field(name, getattr(first, name)) for name in FIELDS]
        result = gr.File(label="result")
        gr.Button().click(
            bench.line.in_turn(upscale, waiting=lambda _: None, full=turned_away),
            inputs,
            result,
            api_name="upscale",
            concurrency_id=queue,
            concurrency_limit=None,
        )


def _plain_field(name: str, value: Any) -> gr.components.Component:
    kind = FIELDS[name].kind
    if kind == "bool":
        return gr.Checkbox(value=value, label=name)
    return (
        gr.Number(value=value, label=name)
        if kind == "float"
        else gr.Textbox(value=value, label=name)
    )


def _build_inspect(bench: Workbench) -> None:
    def inspect(photo: str) -> dict[str, object]:
        """Say what is wrong with a photo, and which model suits it, as `realesr inspect --json`.

        Args:
            photo: A picture file: PNG, JPEG, WebP, TIFF, BMP, AVIF or GIF.
        """
        try:
            if not photo:
                raise ParameterError("E001", say("error.no_photo"), say("error.no_photo_next"))
            return {"file": Path(photo).name, **bench.examine(Path(photo)).shown.as_dict()}
        except RealesrError as error:
            raise refusal(error) from None

    with gr.Row(visible=False):
        photo = gr.File(type="filepath", label="photo")
        gr.Button().click(inspect, photo, gr.JSON(label="checkup"), api_name="inspect")
