"""The ledger of a folder of results: what was made from what, so that a killed run can go on.

One JSON document a line, only ever appended to. Before a result is written, a line says what it
will be; afterwards another says that it is there::

    {"settings": "3f2a…", "values": {"model": "lab-x4", "scale": 4.0, …}}
    {"target": "a_x4.png", "source": "../photos/a.png", …, "sha256": "…", "temporary": ".realesr-…"}
    {"target": "a_x4.png", "time": 1723456789000000000}

Whatever moment a run dies at, the next one can tell a finished result from a stranger's file. Lines
that make no sense, such as one torn by a full disk, are passed over.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from realesr.images.safefile import cannot_write, temporary_beside
from realesr.inference.batch import Job
from realesr.inference.claiming import LEDGER_NAME, Claim
from realesr.inference.walking import whereabouts

_TEMPORARY = re.compile(r"\.realesr-[0-9a-f]{16}\.tmp")
_ORPHAN_SECONDS = 3600

State = Literal["finished", "new settings", "new source", "absent", "foreign"]


@dataclass
class _Entry:
    """What the ledger says about one writing of a result; ``time`` is None until it was done."""

    source: str
    source_bytes: int
    source_time: int
    settings: str
    bytes: int
    sha256: str
    temporary: str
    time: int | None = None


class Ledger:
    """What a folder of results knows of them.

    Args:
        folder: Where results go; claimed until `close`.
        values: The settings of this run that change results, as plain values.

    Raises:
        ParameterError: E008 when another run is at work in the folder.
        PictureError: E114 when the folder cannot be written.
    """

    def __init__(self, folder: Path, values: Mapping[str, object]) -> None:
        self.folder = folder
        self._path = folder / LEDGER_NAME
        self._values = dict(values)
        plain = json.dumps(self._values, sort_keys=True)
        self._settings = hashlib.sha256(plain.encode()).hexdigest()[:16]
        self._entries: dict[str, list[_Entry]] = {}
        self._known_settings: set[str] = set()
        self._claim = Claim(folder)
        self._read()

    def close(self) -> None:
        """Let another run work here."""
        self._claim.close()

    @property
    def owners(self) -> dict[Path, Path]:
        """Each result, and where the picture lies that it was made from."""
        return {
            self.folder / target: whereabouts(self.folder.resolve() / entries[-1].source)
            for target, entries in self._entries.items()
        }

    def state(self, job: Job) -> State:
        """How a job stands: what is there, and whether it is what this run would make."""
        entries = self._entries.get(self._key(job), [])
        try:
            there = job.target.stat()
        except OSError:
            return "absent"
        # The newest first: a run may have died before it replaced an older result.
        entry = next((one for one in reversed(entries) if _is_ours(job.target, there, one)), None)
        if entry is None:
            return "foreign"
        if entry.settings != self._settings:
            return "new settings"
        try:
            source = job.source.stat()
        except OSError:
            return "new source"
        same = (source.st_size, source.st_mtime_ns) == (entry.source_bytes, entry.source_time)
        return "finished" if same and entry.source == self._origin(job) else "new source"

    def begin(self, job: Job, data: bytes, source: os.stat_result) -> Path:
        """Write down what a result will be, before it is written.

        Args:
            job: Whose result it is.
            data: All its bytes.
            source: The state of the source when it was read.

        Returns:
            The temporary file to write it to.
        """
        temporary = temporary_beside(job.target)
        entry = _Entry(
            source=self._origin(job),
            source_bytes=source.st_size,
            source_time=source.st_mtime_ns,
            settings=self._settings,
            bytes=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            temporary=temporary.name,
        )
        if self._settings not in self._known_settings:
            self._append({"settings": self._settings, "values": self._values})
            self._known_settings.add(self._settings)
        line = {name: value for name, value in vars(entry).items() if name != "time"}
        self._append({"target": self._key(job), **line}, synchronised=True)
        self._entries.setdefault(self._key(job), []).append(entry)
        return temporary

    def finish(self, job: Job) -> None:
        """Write down that a result is there."""
        moment = job.target.stat().st_mtime_ns
        self._entries[self._key(job)][-1].time = moment
        self._append({"target": self._key(job), "time": moment})

    def sweep(self, jobs: Iterable[Job]) -> int:
        """Remove temporary files that killed runs left: those of this ledger, and old orphans.

        Returns:
            How many there were.
        """
        left = [
            (self.folder / target).parent / entry.temporary
            for target, entries in self._entries.items()
            for entry in entries
        ]
        for folder in {job.target.parent for job in jobs}:
            with contextlib.suppress(OSError):
                left += [path for path in folder.glob(".realesr-*.tmp") if _is_orphan(path)]
        swept = 0
        for path in left:
            if _TEMPORARY.fullmatch(path.name):
                with contextlib.suppress(OSError):
                    path.unlink()
                    swept += 1
        return swept

    def _key(self, job: Job) -> str:
        return job.target.relative_to(self.folder).as_posix()

    def _origin(self, job: Job) -> str:
        """Where the source lies, seen from here: true still when both are moved together."""
        place = whereabouts(job.source)
        try:
            return Path(os.path.relpath(place, self.folder.resolve())).as_posix()
        except ValueError:  # Another drive.
            return place.as_posix()

    def _read(self) -> None:
        data = self._path.read_bytes()
        for line in data.splitlines():
            with contextlib.suppress(ValueError, TypeError, KeyError, RecursionError):
                self._take(json.loads(line))
        if data and not data.endswith(b"\n"):
            self._write(b"\n")

    def _take(self, line: dict[str, Any]) -> None:
        if "values" in line:
            self._known_settings.add(str(line["settings"]))
        elif "time" in line:
            self._entries[line["target"]][-1].time = int(line["time"])
        else:
            entry = _Entry(
                source=str(line["source"]),
                source_bytes=int(line["source_bytes"]),
                source_time=int(line["source_time"]),
                settings=str(line["settings"]),
                bytes=int(line["bytes"]),
                sha256=str(line["sha256"]),
                temporary=str(line["temporary"]),
            )
            self._entries.setdefault(str(line["target"]), []).append(entry)

    def _append(self, line: dict[str, object], *, synchronised: bool = False) -> None:
        self._write(json.dumps(line).encode() + b"\n", synchronised=synchronised)

    def _write(self, data: bytes, *, synchronised: bool = False) -> None:
        try:
            while data:
                data = data[os.write(self._claim.descriptor, data) :]
            if synchronised:
                os.fsync(self._claim.descriptor)
        except OSError as error:
            raise cannot_write(self._path, len(data), error) from error


def _is_ours(path: Path, there: os.stat_result, entry: _Entry) -> bool:
    """Whether a file is the result that was written, or one that took its place."""
    if there.st_size != entry.bytes:
        return False
    if there.st_mtime_ns == entry.time:
        return True
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == entry.sha256
    except OSError:
        return False


def _is_orphan(path: Path) -> bool:
    with contextlib.suppress(OSError):
        return time.time() - path.stat().st_mtime > _ORPHAN_SECONDS
    return False
