"""Moving bytes from an https address into a part-file, going on after a cut.

Nothing here decides whether the bytes are the right ones: that is ``realesr.downloads``.

Reference: RFC 9110, sections 13 (If-Range) and 14 (Range).
"""

from __future__ import annotations

import http.client
import logging
import os
import re
import shutil
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from realesr.errors import ModelError, NetworkError, ResourceError

Progress = Callable[[int, int | None], None]

_log = logging.getLogger(__name__)
_PAUSES = (0.5, 1.0, 2.0)  # seconds before another try; they start again after every byte won
_TIMEOUT = 30.0
_BLOCK = 1 << 18
_MAX_BYTES = 4 << 30  # of an address whose size nobody told
_LOCAL = ("127.0.0.1", "localhost", "::1")
_PASSING = (408, 425, 429, 500, 502, 503, 504)


class _LostError(Exception):
    """A connection that broke; another try may help."""


@dataclass(frozen=True)
class Transfer:
    """One file on its way.

    Args:
        url: Where it comes from.
        part: The file that grows; what it already holds is kept where the server can go on.
        name: What to call it.
        size: Its length in bytes, where known.
        progress: Called with bytes done and bytes in all (None where nobody says).
    """

    url: str
    part: Path
    name: str
    size: int | None
    progress: Progress | None

    def run(self) -> None:
        """Receive until nothing is missing; the part is on the disk when this returns.

        Raises:
            NetworkError: E605 when the server will not or the network can not, E606 for a
                redirect away from https.
            ModelError: E206 when the server offers another length than was promised.
            ResourceError: E302 when the disk has no room.
        """
        pauses, version = iter(_PAUSES), ""
        while self.size is None or _length(self.part) != self.size:
            before = _length(self.part)
            try:
                with self._ask(before, version) as response:
                    version = response.headers.get("ETag", "")
                    self._receive(response, before)
                    return
            except _LostError as lost:
                fault = str(lost)
            pauses = iter(_PAUSES) if _length(self.part) > before else pauses
            pause = next(pauses, None)
            if pause is None:
                raise self._failed(fault)
            _log.info("%s: %s; going on in %.1f s", self.name, fault, pause)
            time.sleep(pause)

    def _ask(self, start: int, version: str) -> Any:
        headers = {"User-Agent": "realesr", "Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
            if version and not version.startswith("W/"):
                headers["If-Range"] = version
        handlers: list[urllib.request.BaseHandler] = [_Redirects()]
        if urlsplit(self.url).hostname in _LOCAL:
            handlers.append(urllib.request.ProxyHandler({}))
        request = urllib.request.Request(self.url, headers=headers)
        try:
            return urllib.request.build_opener(*handlers).open(request, timeout=_TIMEOUT)
        except urllib.error.HTTPError as answer:
            answer.close()
            said = f"the server answered {answer.code} {answer.reason}"
            if answer.code == 416:
                self.part.unlink(missing_ok=True)
            elif answer.code not in _PASSING:
                raise self._failed(said) from None
            raise _LostError(said) from None
        except (OSError, http.client.HTTPException) as fault:
            reason = getattr(fault, "reason", fault)
            if isinstance(reason, socket.gaierror):
                host = urlsplit(self.url).hostname
                raise self._failed(f"{host} was not found; perhaps offline") from None
            raise _LostError(str(reason) or type(reason).__name__) from None

    def _receive(self, response: Any, start: int) -> None:
        """Write one answer to the part."""
        span = response.headers.get("Content-Range", "")
        going_on = re.fullmatch(rf"bytes {start}-\d+/(\d+)", span, re.ASCII)
        length = response.headers.get("Content-Length", "")
        total: int | None
        if response.status == 206 and going_on:
            total = int(going_on[1])
        elif response.status == 200:
            start, total = 0, int(length) if re.fullmatch(r"\d+", length, re.ASCII) else None
        else:
            self.part.unlink(missing_ok=True)
            raise _LostError(f"the server answered {response.status} with another part")
        chunked = response.headers.get("Transfer-Encoding", "").lower() == "chunked"
        if total is None and self.size is None and not chunked:
            raise self._failed("the server does not say how long it is")
        self._check_promise(total)
        done = start
        with self.part.open("ab" if start else "wb") as part:
            try:
                for block in _blocks(response):
                    part.write(block)
                    done += len(block)
                    self._check_promise(done if done > (self.size or _MAX_BYTES) else None)
                    if self.progress:
                        self.progress(done, total or self.size)
            finally:
                settle(part)
        if done < (total or self.size or 0):
            raise _LostError("the connection closed early")

    def _check_promise(self, offered: int | None) -> None:
        """Refuse an offer of another length than promised, or one the disk has no room for."""
        if offered is None:
            return
        if offered != (self.size or offered) or offered > _MAX_BYTES:
            self.part.unlink(missing_ok=True)
            raise ModelError(
                "E206",
                f"the server offers {offered:,} bytes of {self.name} where "
                f"{self.size or _MAX_BYTES:,} were promised. Nothing was kept.",
                "Try again later, or report it to its author.",
            )
        free = shutil.disk_usage(self.part.parent).free + _length(self.part)
        if offered > free:
            raise ResourceError(
                "E302",
                f"{self.name} needs {offered / 1e6:,.1f} MB in {self.part.parent}, "
                f"{free / 1e6:,.1f} MB are free. Nothing was written.",
                "Free some space, or name another folder with REALESR_CACHE.",
            )

    def _failed(self, fault: str) -> NetworkError:
        return NetworkError(
            "E605",
            f"{self.name} could not be fetched: {fault.rstrip('.')}.",
            f"Try again, or {by_hand(self.url)}",
        )


def by_hand(url: str) -> str:
    """What to do where this machine cannot fetch a file."""
    return f"fetch {url} elsewhere and put it into a folder named by REALESR_WEIGHTS."


def check_address(url: str, *, local: bool = True) -> None:
    """Accept https, and http on this machine itself where ``local``.

    Raises:
        NetworkError: E606, for every other address.

    >>> check_address("https://example.org/a.pth"), check_address("http://127.0.0.1:8000/a.pth")
    (None, None)
    """
    try:
        parts = urlsplit(url)
        at_home = local and parts.scheme == "http" and parts.hostname in _LOCAL
        fine = bool(parts.hostname) and (parts.scheme == "https" or at_home)
    except ValueError:
        fine = False
    if not fine:
        raise NetworkError(
            "E606", "files are only fetched from https addresses.", "Check the address."
        )


def settle(file: IO[Any]) -> None:
    """Make what was written outlast a power cut."""
    file.flush()
    os.fsync(file.fileno())


def _blocks(response: Any) -> Iterator[bytes]:
    try:
        while block := response.read1(_BLOCK):
            yield block
    except (OSError, http.client.HTTPException) as fault:
        raise _LostError(str(fault) or type(fault).__name__) from None


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect to https; to http only from this machine to itself."""

    def redirect_request(
        self, req: Any, fp: Any, code: Any, msg: Any, headers: Any, newurl: Any
    ) -> Any:
        try:
            check_address(newurl, local=urlsplit(req.full_url).scheme == "http")
        except NetworkError:
            fp.close()
            raise
        return super().redirect_request(req, fp, code, msg, headers, newurl)
