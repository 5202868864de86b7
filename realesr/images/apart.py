"""Decoding in a process of its own: what it takes, how long and how much memory, is bounded.

Decoders are large programs in C, and pictures may come from anybody. Whatever a file does to the
process that reads it, the one that asked goes on, with a picture or with a sentence.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import IO, Any

import numpy as np

from realesr import errors
from realesr.errors import Notice, PictureError, RealesrError
from realesr.gate import Limits
from realesr.images import Picture, read_picture

_HOME = str(Path(__file__).resolve().parents[2])
_CHILD = "import sys; sys.path[:0] = [sys.argv.pop(1)]; import realesr.images.apart as a; a.serve()"
_PARTS = ("icc", "exif", "xmp")
_START_SECONDS = 60.0
_PROGRAM_BYTES = 1 << 30
_BYTES_PER_PIXEL = 64  # 16-bit RGBA is 8 of them; decoders and conversions hold several copies.


class Apart:
    """Reads pictures in a child that is started when first needed, and again after its end.

    One picture at a time; safe to share between threads.

    Args:
        limits: What is too large; the limits of the command line when left out.
        seconds: How long one picture may take.
        memory: How many bytes the child may use; what the limits call for when left out.
    """

    def __init__(
        self, *, limits: Limits | None = None, seconds: float = 10.0, memory: int | None = None
    ) -> None:
        self._limits = limits or Limits()
        self._seconds = seconds
        self._memory = memory or _PROGRAM_BYTES + _BYTES_PER_PIXEL * self._limits.max_pixels
        self._children: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()
        weakref.finalize(self, _end, self._children)

    def read(self, path: str | os.PathLike[str], *, salvage: bool = False) -> Picture:
        """Read a picture as ``read_picture`` does.

        Raises:
            PictureError: Also E112, when it takes too long or breaks its decoder.
        """
        place = Path(path)
        asked = {"path": str(place.absolute()), "salvage": salvage}
        with self._lock:
            child = self._running()
            assert child.stdin is not None and child.stdout is not None
            late = threading.Event()

            def stop() -> None:
                late.set()
                child.kill()

            timer = threading.Timer(self._seconds, stop)
            timer.start()
            try:
                child.stdin.write(json.dumps(asked).encode() + b"\n")
                child.stdin.flush()
                return _received(child.stdout)
            except (OSError, EOFError, ValueError) as fault:
                _end(self._children)
                raise self._refusal(place.name, late=late.is_set()) from fault
            except BaseException as fault:
                if not isinstance(fault, RealesrError):
                    _end(
                        self._children
                    )  # It would answer this question when the next one is asked.
                raise
            finally:
                timer.cancel()

    def close(self) -> None:
        """Let the child go."""
        with self._lock:
            _end(self._children)

    def _refusal(self, name: str, *, late: bool) -> PictureError:
        cause = f"decoding {name} broke the decoder."
        if late:
            cause = f"decoding {name} took over {self._seconds:g} s and was stopped."
        return PictureError("E112", cause, "Do not use this file, or save it anew as PNG.")

    def _running(self) -> subprocess.Popen[bytes]:
        if not self._children or self._children[0].poll() is not None:
            _end(self._children)
            self._children.append(self._start())
        return self._children[0]

    def _start(self) -> subprocess.Popen[bytes]:
        limits = [self._limits.max_bytes, self._limits.max_pixels, self._memory]
        environment = {key: os.environ[key] for key in ("SYSTEMROOT",) if key in os.environ}
        child = subprocess.Popen(
            [sys.executable, "-I", "-c", _CHILD, _HOME, *map(str, limits)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**environment, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            # Ctrl-C is for the program that asked; it ends this one when it ends.
            start_new_session=True,
        )
        assert child.stdout is not None
        timer = threading.Timer(_START_SECONDS, child.kill)
        timer.start()
        ready = child.stdout.readline()
        timer.cancel()
        if not ready:
            child.wait()
            raise RuntimeError(f"the process that decodes ended with {child.returncode}")
        return child


def _end(children: list[subprocess.Popen[bytes]]) -> None:
    while children:
        child = children.pop()
        child.kill()
        child.wait()
        for stream in (child.stdin, child.stdout):
            assert stream is not None
            with contextlib.suppress(OSError):
                stream.close()


def _received(stream: IO[bytes]) -> Picture:
    """What the child answered; nothing of it is run."""
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    told = json.loads(line)
    if "kind" in told:
        kind: type[RealesrError] = getattr(errors, told.pop("kind"))
        raise kind(**told)
    shape, dtype = tuple(told["shape"]), np.dtype(told["dtype"])
    pixels = np.empty(shape, dtype)
    view, filled = pixels.reshape(-1).view(np.uint8).data, 0
    while filled < len(view):
        count = stream.readinto(view[filled:])  # type: ignore[attr-defined]
        if not count:
            raise EOFError
        filled += count
    parts = {part: stream.read(told[part]) if told[part] is not None else None for part in _PARTS}
    return Picture(
        pixels=pixels,
        dpi=tuple(told["dpi"]) if told["dpi"] else None,
        format=told["format"],
        name=told["name"],
        notices=tuple(Notice(*notice) for notice in told["notices"]),
        **parts,
    )


def serve() -> None:
    """What the child does: answer each line on standard input, until there is none."""
    max_bytes, max_pixels, memory = map(int, sys.argv[1:])
    # A decoder that prints must not print into an answer.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _bound(memory)
    answers.write(b"ready\n")
    answers.flush()
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        try:
            limits = Limits(max_bytes, max_pixels)
            _send(answers, read_picture(asked["path"], limits=limits, salvage=asked["salvage"]))
        except RealesrError as error:
            told = {"kind": type(error).__name__, **error.as_dict()}
            answers.write(json.dumps(told).encode() + b"\n")
        answers.flush()


def _bound(memory: int) -> None:
    """Limit this process's memory, and let it write no file."""
    if sys.platform == "win32":
        return
    import resource

    for limit, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, 0)):
        # macOS knows the limit on addresses and refuses to set it.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (most, most))


def _send(answers: IO[bytes], picture: Picture) -> None:
    told: dict[str, Any] = {
        "shape": picture.pixels.shape,
        "dtype": picture.pixels.dtype.str,
        "dpi": picture.dpi,
        "format": picture.format,
        "name": picture.name,
        "notices": [[notice.code, notice.sentence] for notice in picture.notices],
    }
    parts = {part: getattr(picture, part) for part in _PARTS}
    told |= {part: None if held is None else len(held) for part, held in parts.items()}
    answers.write(json.dumps(told).encode() + b"\n")
    answers.write(np.ascontiguousarray(picture.pixels).reshape(-1).view(np.uint8).data)
    for held in parts.values():
        answers.write(held or b"")
