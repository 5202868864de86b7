"""Making stored pairs: several processes degrade, one writes, and a kill loses one picture.

A picture counts once its last line stands in ``draws.jsonl``, and its pixels are on the disk before
that; a build that was stopped at any moment goes on with the next picture.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Generator
from contextlib import ExitStack, closing
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
from torch.utils.data import DataLoader, Dataset

from realesr.errors import ConfigError, RealesrError
from realesr.images.safefile import cannot_write, make_folder, write_file
from realesr.train.data import DegradedPairs
from realesr.train.paired import PairedPictures
from realesr.train.records import Record, about, record
from realesr.train.stored import LINES, Layout, StoredPairs, bin_files, read_about
from realesr.train.workers import (
    as_it_is,
    end_workers,
    leave_signals,
    losses_told,
    signals_held,
)

Progress = Callable[[int, int], None]


def store_pairs(
    pairs: DegradedPairs | PairedPictures,
    folder: Path | str,
    draws: int,
    *,
    workers: int = 0,
    progress: Progress | None = None,
) -> StoredPairs:
    """Make the stored pairs of a folder, or go on making them, and open them.

    Args:
        pairs: What to degrade, with its recipe, seed and sides; or pairs that exist already, for
            which storing saves the decoding.
        folder: Where they go; 3 bytes for each pixel, and ``draws / scale**2`` times that.
        draws: How often each picture is degraded; once where its partner exists.
        workers: Processes that degrade; their number changes nothing.
        progress: Called with the pictures that are done and all of them.

    Raises:
        ConfigError: E404 when the folder holds pairs of other data or settings.
        PictureError: E1xx for a picture that cannot be read.
        ResourceError: E302 when the disk is full; what is stored stays.
    """
    folder = Path(folder)
    make_folder(folder)
    said = about(pairs, draws)
    _settle(folder, said)
    layout = Layout(folder / LINES, said["draws"], said["scale"])
    if layout.pictures < len(pairs):
        numbers = range(layout.pictures, len(pairs))
        made = _made(_Records(pairs, said["draws"]), numbers, workers)
        with closing(made), closing(_Files(folder, layout, said)) as files:
            for done, item in enumerate(made, layout.pictures + 1):
                files.append(item)
                if progress:
                    progress(done, len(pairs))
    return StoredPairs(folder, seed=pairs.seed, patch=pairs.patch, turn=pairs.turn)


class _Records(Dataset[Record | RealesrError]):
    """Records by number; a refusal is handed over, for a worker's exceptions lose their class."""

    def __init__(self, pairs: DegradedPairs | PairedPictures, draws: int) -> None:
        self.pairs, self.draws = pairs, draws

    def __getitem__(self, index: int) -> Record | RealesrError:
        try:
            return record(self.pairs, index, self.draws)
        except RealesrError as refusal:
            return refusal


def _made(records: _Records, numbers: range, workers: int) -> Generator[Record]:
    """The records of these numbers, in their order, made by other processes."""
    loader: DataLoader[Record | RealesrError] = DataLoader(
        records,
        batch_size=None,
        sampler=numbers,
        num_workers=workers,
        collate_fn=as_it_is,
        worker_init_fn=leave_signals,
    )
    with signals_held():
        prepared = iter(loader)
    try:
        for _ in numbers:
            with losses_told():
                item = next(prepared)
            if isinstance(item, RealesrError):
                raise item
            yield item
    finally:
        end_workers(prepared)


class _Files:
    """The files of a folder, open at the place where the last complete picture ends."""

    def __init__(self, folder: Path, layout: Layout, said: dict[str, Any]) -> None:
        self.folder = folder
        ends = {name: int(layout.hr_ends[-1]) for name in bin_files(said)}
        ends |= {"lr.bin": int(layout.lr_ends[-1]), LINES: int(layout.line_ends[-1])}
        with ExitStack() as opening:
            self.files = {
                name: opening.enter_context(_opened(folder / name, end))
                for name, end in ends.items()
            }
            self.close = opening.pop_all().close

    def append(self, item: Record) -> None:
        """Write a picture, its lines last; what a kill leaves of it the next start cuts off."""
        try:
            for name, parts in item.pixels().items():
                for part in parts:
                    _write(self.files[name], np.ascontiguousarray(part).data.cast("B"))
                os.fsync(self.files[name].fileno())
            _write(self.files[LINES], memoryview(item.lines()))
            os.fsync(self.files[LINES].fileno())
        except OSError as error:
            raise cannot_write(self.folder, item.hr.nbytes, error) from error


def _opened(path: Path, end: int) -> FileIO:
    """The file, cut off at ``end``, where writing goes on."""
    try:
        # Without a buffer: what was written has reached the system, whatever happens to us.
        file = path.open("r+b" if path.exists() else "x+b", buffering=0)
    except OSError as error:
        raise cannot_write(path, 0, error) from error
    if file.seek(0, os.SEEK_END) < end:
        file.close()
        raise ConfigError(
            "E404",
            f"{path} is shorter than its draws say.",
            "Delete its folder to store the pairs anew.",
        )
    file.truncate(end)
    file.seek(end)
    return file


def _write(file: FileIO, data: memoryview) -> None:
    """All of it: a disk that fills up first takes a part without a word."""
    while data:
        data = data[file.write(data) :]


def _settle(folder: Path, said: dict[str, Any]) -> None:
    """Write what the pairs are made from, or compare it with what stands there."""
    path = folder / "about.json"
    if not path.exists():
        write_file(path, json.dumps(said, indent=1).encode())
        return
    there, said = read_about(folder), json.loads(json.dumps(said))
    changes = [_change(name, there.get(name), value) for name, value in said.items()]
    differences = [change for change in changes if change]
    if differences:
        raise ConfigError(
            "E404",
            f"The pairs stored in {folder} are others: {', '.join(differences)}.",
            "Delete that folder to store them anew, or change the configuration back.",
        )


def _change(name: str, before: Any, now: Any) -> str:
    if before == now:
        return ""
    plain = all(isinstance(value, int) for value in (before, now))
    return f"{name} was {before} and is {now}" if plain else f"another {name}"
