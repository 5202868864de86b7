"""Pictures that a table names or holds: CSV and parquet lists, data sets of the Hub, samples."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from data_tools.items import Credit, FileItem, Item, Trouble, check_bytes
from data_tools.stored import StoredItem
from realesr.errors import ConfigError, PictureError
from realesr.train.datasets import open_dataset
from realesr.train.parquet import LocalTable, ParquetPictures, Table, opened, picture_columns
from realesr.train.sources import open_source

COLUMNS = {
    "file": ("file", "file_name", "filename", "path", "image", "tile"),
    "licence": ("spdx", "licence", "license"),
    "author": ("author", "artist", "creator", "photographer"),
    "split": ("split",),
    "origin": ("origin", "url", "source_url", "source"),
}
"""What columns are called; the first that is there is taken."""

SAMPLE_CREDITS = {
    "astronaut.png": ("LicenseRef-PublicDomain", "NASA"),
    "brick.png": ("CC0-1.0", "CC0Textures"),
    "camera.png": ("CC0-1.0", "Lav Varshney"),
    "chelsea.png": ("CC0-1.0", "Stefan van der Walt"),
    "coffee.png": ("CC0-1.0", "Rachel Michetti"),
    "grass.png": ("CC0-1.0", "linolafett"),
    "gravel.png": ("CC0-1.0", "CC0Textures"),
    "hubble_deep_field.jpg": ("LicenseRef-PublicDomain", "NASA"),
    "retina.jpg": ("CC0-1.0", "Mikael Häggström"),
    "rocket.jpg": ("LicenseRef-PublicDomain", "SpaceX"),
}
"""As the docstrings of ``skimage.data`` state them; of the others nothing is known."""


def list_items(path: Path, label: str, credit: Credit) -> Iterator[Item | Trouble]:
    """The pictures of a CSV or parquet file, which names them or holds them.

    Args:
        path: The file; the pictures it names lie beside it.
        label: What its pictures' names begin with.
        credit: Of pictures that it says nothing about.

    Raises:
        ConfigError: E404 when it has no column of pictures.
    """
    if path.name.lower().endswith(".csv"):
        yield from _named(_csv_rows(path), path, label, credit)
        return
    table = LocalTable(path, path.parent)
    with opened(table) as file:
        held = picture_columns(file.schema_arrow)
    if held:
        yield from _held(ParquetPictures([table]), label, credit, costly=False)
    else:
        yield from _named(_parquet_rows(table), path, label, credit)


def hub_items(address: str, credit: Credit) -> Iterator[Item | Trouble]:
    """The pictures of a data set of the Hub, streamed: nothing is downloaded whole.

    Raises:
        ConfigError: E404.
        NetworkError: E601, E604 or E605.
    """
    pictures = open_dataset(address)
    assert isinstance(pictures, ParquetPictures)
    yield from _held(pictures, address.partition("#")[0], credit, costly=True)


def sample_items(text: str, credit: Credit) -> Iterator[Item | Trouble]:
    """Photographs that come with scikit-image, with their credits.

    Raises:
        ConfigError: E404.
    """
    for path in open_source(text).paths:  # type: ignore[attr-defined]
        licence, author = SAMPLE_CREDITS.get(path.name, (credit.licence, credit.author))
        theirs = replace(credit, licence=licence, author=author, origin="scikit-image")
        yield FileItem(f"samples/{path.name}", path, theirs)


@dataclass(frozen=True)
class RowItem:
    """A picture in a row of a parquet file."""

    name: str
    table: Any
    column: str
    group: int
    row: int
    credit: Credit
    costly: bool

    @property
    def key(self) -> str:
        """The file's contents and the row."""
        return f"{self.name} {_identity(self.table)}"

    def read(self) -> bytes:
        """The bytes.

        Raises:
            PictureError: E101 or E106.
            NetworkError: E605.
        """
        data = _cursor(self.table, self.column, self.group).row(self.row)
        check_bytes(self.name, len(data))
        return data


@lru_cache(maxsize=64)
def _identity(table: Any) -> str:
    return str(table.identity)


class _Cursor:
    """The rows of a row group, one after the other: there may not be room for all at once."""

    def __init__(self, table: Table, column: str, group: int) -> None:
        self.table, self.column, self.group = table, column, group
        self.begin()

    def begin(self) -> None:
        self.place, self.rows = 0, self._read()

    def row(self, number: int) -> bytes:
        if number < self.place:
            self.begin()
        while self.place < number:
            self.place += 1
            next(self.rows)
        self.place += 1
        return next(self.rows)

    def _read(self) -> Iterator[bytes]:
        with opened(self.table) as file:
            for batch in file.iter_batches(4, row_groups=[self.group], columns=[self.column]):
                for value in batch.column(0).to_pylist():
                    data = value.get("bytes") if isinstance(value, dict) else value
                    yield data or b""


@lru_cache(maxsize=1)
def _cursor(table: Any, column: str, group: int) -> _Cursor:
    return _Cursor(table, column, group)


def _held(
    pictures: ParquetPictures, label: str, credit: Credit, *, costly: bool
) -> Iterator[Item | Trouble]:
    for place, group, rows in pictures.groups:
        table = pictures.tables[place]
        named = f"{label}/{table.name}" if len(pictures.tables) > 1 else label
        said = _said(table, group, rows)
        for row in range(rows):
            theirs = _credited(said[row], credit)
            name = f"{named}[{group}][{row}]"
            yield RowItem(name, table, pictures.column, group, row, theirs, costly)


def _said(table: Table, group: int, rows: int) -> list[dict[str, Any]]:
    """What the other columns say about the rows of a group."""
    with opened(table) as file:
        schema = file.schema_arrow
        plain = {name for name in schema.names if str(schema.field(name).type).endswith("string")}
        wanted = [
            word
            for fact, words in COLUMNS.items()
            for word in words
            if fact != "file" and word in plain
        ]
        if not wanted:
            return [{}] * rows
        found: list[dict[str, Any]] = file.read_row_group(group, columns=wanted).to_pylist()
        return found


def _named(
    rows: Iterable[Mapping[str, Any]], path: Path, label: str, credit: Credit
) -> Iterator[Item | Trouble]:
    for number, row in enumerate(rows):
        file = _first(row, "file")
        if not file:
            name = f"{label}[{number}]"
            yield Trouble(name, PictureError("E100", f"{name} names no file.", "Mend the list."))
            continue
        if "://" in file:
            yield StoredItem(f"{label}/{file}", file, credit=_credited(row, credit))
            continue
        place = path.parent / file
        said = file if not Path(file).is_absolute() else Path(file).name
        yield FileItem(f"{label}/{said}", place, _credited(row, credit))


def _credited(row: Mapping[str, Any], credit: Credit) -> Credit:
    facts = {fact: _first(row, fact) for fact in ("licence", "author", "split", "origin")}
    return replace(credit, **{fact: said for fact, said in facts.items() if said})


def _first(row: Mapping[str, Any], fact: str) -> str:
    for word in COLUMNS[fact]:
        if row.get(word) is not None and str(row[word]).strip():
            return str(row[word]).strip()[:1000]
    return ""


def _csv_rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        reader = csv.DictReader(file)
        reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or []]
        _check_columns(path, reader.fieldnames)
        try:
            yield from reader
        except csv.Error as error:
            raise _damaged(path, str(error)) from error


def _parquet_rows(table: LocalTable) -> Iterator[dict[str, Any]]:
    with opened(table) as file:
        _check_columns(table.path, file.schema_arrow.names)
        for batch in file.iter_batches(4096):
            yield from batch.to_pylist()


def _check_columns(path: Path, names: Iterable[str]) -> None:
    if not set(names) & set(COLUMNS["file"]):
        raise ConfigError(
            "E404",
            f"{path.name} names no pictures: it has no column {' or '.join(COLUMNS['file'])}.",
            "docs/data-sets.md shows a list.",
        )


def _damaged(path: Path, reason: str) -> ConfigError:
    return ConfigError("E404", f"{path.name} cannot be read: {reason}.", "Mend the list.")
