"""What a run wrote down, step by step: ``metrics.jsonl`` for programs, TensorBoard for eyes.

::

    with Journal(output, tensorboard=True, first_step=0) as journal:
        journal.write(100, "train", {"loss": 0.031, "generator_learning_rate": 2e-4})
        journal.write(100, "validation", {"psnr": 27.3, "psnr_bicubic": 26.8})
        journal.write(100, "alarm", {"code": "W511", "sentence": "..."})
    for line in Journal.read(output):
        line["step"], line["kind"], line["time"], ...

Every line is one JSON object with ``step``, ``kind`` and ``time`` (seconds since 1970) and then the
values. Write what belongs to a step before the step's state is saved: a resume at step k keeps the
lines up to and with k.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from realesr.errors import ResourceError
from realesr.images.safefile import make_folder, write_file

NAME = "metrics.jsonl"
_log = logging.getLogger(__name__)


class Journal:
    """The lines of one run; one process of the run writes them.

    Args:
        output: The run's folder; made where it is not there.
        tensorboard: Write TensorBoard's files under ``output/tensorboard`` too.
        first_step: How many steps are done: 0 starts an empty journal, k keeps the lines up to k
            and drops what a killed run wrote beyond them, a torn last line too.

    Raises:
        ResourceError: E503 when the disk does not take the lines.
    """

    def __init__(self, output: Path | str, *, tensorboard: bool, first_step: int) -> None:
        output = Path(output)
        make_folder(output)
        self.path = output / NAME
        kept = [line for line in _lines(self.path) if first_step and line["step"] <= first_step]
        data = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in kept)
        if self.path.exists() or kept:
            write_file(self.path, data.encode(), force=True)
        try:
            self._file = self.path.open("a", encoding="utf-8")
        except OSError as error:
            raise _cannot_write(error) from error
        self._board = _board(output / "tensorboard", first_step) if tensorboard else None

    def write(self, step: int, kind: str, values: Mapping[str, float | str]) -> None:
        """Add one line; whoever reads the file the moment after sees it.

        Args:
            step: How many steps are done.
            kind: Such as ``"train"``, ``"validation"``, ``"alarm"``.
            values: Numbers and words by name; a number that is not finite is written as null.

        Raises:
            ResourceError: E503 when the disk does not take the line.
        """
        line = {"step": step, "kind": kind, "time": round(time.time(), 3)}
        line |= {name: _plain(value) for name, value in values.items()}
        try:
            self._file.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
            self._file.flush()
            if self._board is not None:
                for name, value in values.items():
                    add = self._board.add_text if isinstance(value, str) else self._board.add_scalar
                    add(f"{kind}/{name}", value, step)
        except OSError as error:
            raise _cannot_write(error) from error

    @staticmethod
    def read(output: Path | str) -> list[dict[str, Any]]:
        """Every whole line of a run's journal, in order; nothing where there is none yet.

        Args:
            output: The run's folder, or a journal that was copied out of it.

        Returns:
            One dictionary a line; what was no finite number is None.
        """
        path = Path(output)
        return _lines(path if path.suffix == ".jsonl" else path / NAME)

    def close(self) -> None:
        """Write out what is still held back."""
        try:
            self._file.close()
        except OSError as error:
            raise _cannot_write(error) from error
        if self._board is not None:
            self._board.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _lines(path: Path) -> list[dict[str, Any]]:
    """The lines that are whole: a run killed while writing leaves a torn one at the end."""
    found = []
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    for text in data.splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and isinstance(line.get("step"), int) and "kind" in line:
            found.append(line)
    return found


def _plain(value: float | str) -> float | int | str | None:
    if isinstance(value, str | int):
        return value
    value = float(value)
    return value if math.isfinite(value) else None


def _board(folder: Path, first_step: int) -> Any:
    """TensorBoard's writer; it hides what an earlier run wrote beyond the first step."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        _log.warning(
            "TensorBoard is not installed: the curves are in %s only. pip install tensorboard, or "
            "set watch.tensorboard = false.",
            NAME,
        )
        return None
    purge = first_step + 1 if first_step else 0
    return SummaryWriter(str(folder), purge_step=purge, flush_secs=10)


def _cannot_write(error: OSError) -> ResourceError:
    reason = (error.strerror or str(error)).lower()
    return ResourceError(
        "E503", f"{NAME} could not be written: {reason}.", "Make room, then go on with --resume."
    )
