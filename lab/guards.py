"""What stands between strangers and the lab, before Gradio sees a request.

Gradio fetches addresses for whoever asks (``/file=https://…``, a photo named by its address); this
lab sends nothing anywhere. Uploads may take a while, but not forever, and not all room there is.
And browsers are told to load nothing from elsewhere, whatever might get into a page.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Iterable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lab.text import say
from realesr.errors import BusyError, ParameterError, RealesrError

UPLOAD_SECONDS = 120.0
MOST_UPLOADS = 48
LEAST_FREE = 1 << 30  # bytes on the disk
_FETCHES = re.compile(r"/(file|proxy)=[^/]*:|/proxy=", re.IGNORECASE)
_ADDRESS = re.compile(r"\s*[a-z][a-z0-9+.-]*:/", re.IGNORECASE)
_UNUSED = ("/process_recording", "/deep_link", "/dev/reload", "/vibe", "/custom_component")
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": (
        # Gradio compiles its templates in the page, hence the two "unsafe".
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        "media-src 'self' blob:; connect-src 'self' data: blob:; worker-src 'self' blob:; "
        "object-src 'none'; base-uri 'self'; form-action 'self'"
    ),
}


class Guards:
    """ASGI middleware: refuses in a coded sentence what this lab does not do.

    Args:
        app: The lab.
        folder: Where uploads lie.
        seconds: How long one upload may take.
        most: How many uploads may be under way.
        least_free: Bytes that must be free on the disk.
    """

    def __init__(
        self,
        app: ASGIApp,
        folder: Path,
        seconds: float = UPLOAD_SECONDS,
        most: int = MOST_UPLOADS,
        least_free: int = LEAST_FREE,
    ) -> None:
        self._app, self._folder, self._seconds = app, folder, seconds
        self._most, self._least_free, self._uploads = most, least_free, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let the lab do so."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = unquote(scope["path"])
        if fetches(path) or any(part in path for part in _UNUSED):
            error = ParameterError("E001", say("error.request"), say("error.request_next"))
            await _answer(404, error)(scope, receive, send)
        elif path.endswith("/upload") and scope["method"] == "POST":
            await self._upload(scope, receive, send)
        else:
            await self._app(scope, receive, _dressed(send))

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        full = shutil.disk_usage(self._folder).free < self._least_free
        if full or self._uploads >= self._most:
            busy = BusyError("E010", say("line.uploads"), say("line.uploads_next"))
            await _answer(503, busy)(scope, receive, send)
            return
        begun = False

        async def note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        self._uploads += 1
        try:
            async with asyncio.timeout(self._seconds):
                await self._app(scope, receive, _dressed(note))
        except TimeoutError:
            if not begun:
                slow = ParameterError("E001", say("error.slow"), say("error.slow_next"))
                await _answer(408, slow)(scope, receive, send)
        finally:
            self._uploads -= 1


def fetches(path: str) -> bool:
    """Whether a request asks the lab to fetch something from elsewhere.

    >>> fetches("/gradio_api/file=https://example.com/a.png"), fetches("/gradio_api/file=/a/b.png")
    (True, False)
    """
    return bool(_FETCHES.search(path))


def names_address(value: Any) -> bool:
    """Whether a value of a call holds a file that stands at an address.

    >>> names_address([{"path": "http://example.com/a.png"}]), names_address(["http://a/"])
    (True, False)
    """
    if isinstance(value, MutableMapping):
        path = value.get("path")
        if isinstance(path, str) and _ADDRESS.match(path):
            return True
        return any(names_address(each) for each in value.values())
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        return False
    return any(names_address(each) for each in value)


def _answer(status: int, error: RealesrError) -> JSONResponse:
    told = str(error)
    return JSONResponse({"error": told, "detail": told}, status_code=status, headers=_HEADERS)


def _dressed(send: Send) -> Send:
    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name.lower() for name, _ in message["headers"]}
            more = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
            message["headers"] += [pair for pair in more if pair[0] not in there]
        await send(message)

    return dressed
