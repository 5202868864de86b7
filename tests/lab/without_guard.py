"""Starts the lab for strangers with one of its guards taken away. For tests of the attacks only.

python -m tests.lab.without_guard NAME
"""

from __future__ import annotations

import functools
import html
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import gradio as gr
from gradio import processing_utils, route_utils

from lab import api, app, guards, keeping, line, shelf, workbench
from realesr.gate import Limits
from realesr.images import Picture


def all_files() -> None:
    """Gradio's own: only files of the lab are served."""
    settings = app.server_settings
    app.server_settings = lambda folder: settings(folder) | {"allowed_paths": ["/"]}


def uploaded_files() -> None:
    """Gradio's own: a call may name uploaded files only."""
    move = processing_utils.async_move_files_to_cache

    async def moved(*values: Any, **named: Any) -> Any:
        return await move(*values, **named | {"check_in_upload_folder": False})

    processing_utils.async_move_files_to_cache = moved
    processing_utils._check_allowed = lambda *values, **named: None


def fetching() -> None:
    """Nothing is fetched for anybody."""
    guards.fetches = lambda path: False
    api.names_address = lambda value: False


def owners_doors() -> None:
    """Doors for developers are closed."""
    guards._UNUSED = ()


def headers() -> None:
    """Browsers are told what to load, and to believe the kinds they are told."""
    guards._HEADERS = {}


def attachments() -> None:
    """Gradio's own: what a browser would run is handed out as a download."""
    route_utils.XSS_SAFE_MIMETYPES |= {"text/html", "image/svg+xml", "text/javascript"}


def gate() -> None:
    """Pictures are judged by their first bytes and headers, in a process of their own."""

    def read(bench: workbench.Workbench, path: Path) -> Picture:
        return Picture(cv2.imread(str(path)))

    workbench.Workbench.read = read


def pixels() -> None:
    """Strangers send no more than 16 megapixels."""
    workbench.WEB = Limits(max_bytes=10**12, max_pixels=10**12)


def upload_size() -> None:
    """Uploads end at 64 MB."""
    settings = app.server_settings
    app.server_settings = lambda folder: settings(folder) | {"max_file_size": None}


def models() -> None:
    """Only models on offer are loaded."""
    shelf.Shelf.check = lambda self, name: None


def escapes() -> None:
    """What a person wrote is shown as text."""
    html.escape = lambda text, quote=True: text


def bound() -> None:
    """The line has an end."""
    workbench.Line = functools.partial(line.Line, most=10**6)


def keeper() -> None:
    """What is too old is deleted."""
    keeping.Keeper.look = lambda self: None
    clock()


def clock() -> None:
    """No guard at all: the time, ten minutes ahead, and a keeper in a hurry."""
    keeping.LOOK_AGAIN = 0.2
    app.serve = functools.partial(app.serve, clock=lambda: time.time() + 600)


REMOVALS: dict[str, Callable[[], None]] = {
    each.__name__: each
    for each in (
        all_files, uploaded_files, fetching, owners_doors, headers, attachments, gate, pixels,
        upload_size, models, escapes, bound, keeper, clock,
    )
}  # fmt: skip

if __name__ == "__main__":
    assert gr.__version__
    REMOVALS[sys.argv[1]]()
    app.serve_strangers()
