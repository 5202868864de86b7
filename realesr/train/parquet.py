"""Pictures in parquet files, as the ``datasets`` library and the Hub write them.

A picture cannot be read from a parquet file alone, only with its row group, often a hundred
pictures. So row groups are the blocks of these pictures, and the order of a training uses few of
them at a time.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

import numpy as np

from realesr.downloads import cache_folder
from realesr.errors import ConfigError, PictureError
from realesr.train.blocks import Blocks
from realesr.train.pictures import PictureFiles, Pictures, Pixels, digest

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

_BUFFER = 8 << 20
_END = 1 << 16
_PATHS = ("image", "file", "file_name", "path")


class Table(Protocol):
    """A parquet file, wherever it lies."""

    @property
    def name(self) -> str:
        """What to call it in a sentence."""

    @property
    def identity(self) -> str:
        """Another text when its contents are others."""

    def open(self) -> IO[bytes]:
        """A new stream of its bytes."""


@dataclass(frozen=True)
class LocalTable:
    """A parquet file on this machine."""

    path: Path
    folder: Path

    @property
    def name(self) -> str:
        """The path inside the folder."""
        return self.path.relative_to(self.folder).as_posix()

    @property
    def identity(self) -> str:
        """Name, size and the end of the file, where parquet keeps the places of its contents."""
        with self.open() as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _END))
            end = hashlib.sha256(file.read()).hexdigest()
        return f"{self.name} {size} {end}"

    def open(self) -> IO[bytes]:
        """The file itself."""
        return self.path.open("rb")


def open_parquet(paths: Sequence[Path], folder: Path, column: str = "") -> Pictures:
    """Pictures of parquet files on this machine.

    Args:
        paths: The files, in order.
        folder: What names are told relative to.
        column: The column of pictures, or of their paths; found where there is only one.

    Raises:
        ConfigError: E404 for files that are no parquet, or without such a column.
    """
    tables = [LocalTable(path, folder) for path in paths]
    with opened(tables[0]) as file:
        schema = file.schema_arrow
    if not picture_columns(schema):
        named = [name for name in ([column] if column else _PATHS) if name in schema.names]
        if named:
            return _listed(tables, folder, named[0])
    return ParquetPictures(tables, column)


def _listed(tables: Sequence[LocalTable], folder: Path, column: str) -> Pictures:
    """Files that a column names, relative to the file that names them."""
    paths = []
    for table in tables:
        with opened(table) as file:
            names = file.read(columns=[column]).column(column).to_pylist()
        paths += [table.path.parent / str(name) for name in names]
    inside = all(path.is_relative_to(folder) for path in paths)
    return PictureFiles(paths, folder if inside else None)


@contextmanager
def opened(table: Table) -> Iterator[ParquetFile]:
    """The file as pyarrow reads it, piece by piece.

    Raises:
        ConfigError: E404 for what is no parquet file, and without pyarrow.
    """
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise ConfigError(
            "E404", "Parquet files are read with pyarrow.", "Install realesr[train]."
        ) from error
    with table.open() as stream:
        try:
            # Read as it is needed: a row group may be larger than the memory there is.
            yield ParquetFile(stream, pre_buffer=False, buffer_size=_BUFFER)
        except pyarrow.ArrowInvalid as error:
            raise ConfigError(
                "E404", f"{table.name} is no parquet file, or damaged.", "Fetch it again."
            ) from error


def picture_columns(schema: Any) -> list[str]:
    """The columns that can hold encoded pictures: bytes, or a struct with bytes."""
    import pyarrow

    def binary(kind: Any) -> bool:
        return bool(pyarrow.types.is_binary(kind) or pyarrow.types.is_large_binary(kind))

    return [
        field.name
        for field in schema
        if binary(field.type)
        or (
            pyarrow.types.is_struct(field.type)
            and any(part.name == "bytes" and binary(part.type) for part in field.type)
        )
    ]


class ParquetPictures:
    """The pictures of one column of parquet files.

    Args:
        tables: The files, in order.
        column: The column; found where there is only one, or one called ``image``.

    Raises:
        ConfigError: E404 for files that are no parquet, or without such a column.
    """

    def __init__(self, tables: Sequence[Table], column: str = "") -> None:
        self.tables = tuple(tables)
        # The ends of files on the Hub: many short answers to wait for.
        with ThreadPoolExecutor(8) as pool:
            shapes = list(pool.map(_shape, self.tables))
        self.column = _chosen(column, self.tables[0].name, shapes[0][1])
        for table, (_, columns) in zip(self.tables, shapes, strict=True):
            _chosen(self.column, table.name, columns)
        self.groups = [
            (table, group, rows)
            for table, (groups, _) in enumerate(shapes)
            for group, rows in enumerate(groups)
            if rows
        ]
        self._identities = [table.identity for table in self.tables]
        self._ends = np.array(list(accumulate(rows for _, _, rows in self.groups)), np.int64)
        if not self.groups:
            raise ConfigError("E404", f"There are no pictures in {self.tables[0].name}.")
        self.stored = Blocks(cache_folder() / "blocks" / self.fingerprint(), self._fetched)

    def __len__(self) -> int:
        """How many rows there are."""
        return int(self._ends[-1])

    def _place(self, index: int) -> tuple[int, int]:
        """The number of the block, and the row in it."""
        if not 0 <= index < len(self):
            raise IndexError(f"picture {index} of {len(self)}")
        block = int(np.searchsorted(self._ends, index, side="right"))
        return block, index - int(self._ends[block]) + self.groups[block][2]

    def name(self, index: int) -> str:
        """The file, the row group and the row."""
        block, row = self._place(index)
        table, group, _ = self.groups[block]
        return f"{self.tables[table].name}[{group}][{row}]"

    def read(self, index: int) -> Pixels:
        """Read it from its block, which is fetched if need be.

        Raises:
            PictureError: E1xx, naming it.
            NetworkError: E605.
        """
        block, row = self._place(index)
        try:
            return self.stored.read(block, str(row))
        except PictureError as refusal:
            cause = refusal.cause.replace(str(row), self.name(index), 1)
            raise PictureError(refusal.code, cause, "Take it out of the data set.") from refusal

    def identity(self, index: int) -> str:
        """The file's contents, the column and the row."""
        block, row = self._place(index)
        table, group, _ = self.groups[block]
        return f"{self._identities[table]}#{self.column}[{group}][{row}]"

    def fingerprint(self) -> str:
        """Of the files and the column."""
        return digest([self.column, *self._identities])

    def blocks(self) -> Sequence[int]:
        """The row groups."""
        return [rows for _, _, rows in self.groups]

    def _fetched(self, block: int) -> Iterator[tuple[str, bytes]]:
        table, group, _ = self.groups[block]
        row = 0
        with opened(self.tables[table]) as file:
            for batch in file.iter_batches(8, row_groups=[group], columns=[self.column]):
                for value in batch.column(0).to_pylist():
                    data = value.get("bytes") if isinstance(value, dict) else value
                    yield str(row), data or b""
                    row += 1


def _shape(table: Table) -> tuple[list[int], list[str]]:
    """The rows of each row group, and the columns that can hold pictures."""
    with opened(table) as file:
        said = file.metadata
        rows = [said.row_group(group).num_rows for group in range(said.num_row_groups)]
        return rows, picture_columns(file.schema_arrow)


def _chosen(column: str, name: str, columns: Sequence[str]) -> str:
    if column in columns:
        return column
    if not column and (len(columns) == 1 or "image" in columns):
        return "image" if "image" in columns else columns[0]
    if not columns:
        raise ConfigError("E404", f"{name} has no column of pictures.", "Name another source.")
    wanted = f"has no column {column} of pictures" if column else "has several columns of pictures"
    raise ConfigError(
        "E404",
        f"{name} {wanted}: it has {', '.join(columns)}.",
        f"Name one behind the source, as #{columns[0]}.",
    )
