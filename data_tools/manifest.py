"""The tables of a data set: what is in it, and what was left out and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from data_tools.rules import RULES
from realesr.images.safefile import cannot_write

MANIFEST, REJECTED = "manifest.parquet", "rejected.parquet"
METADATA = "metadata.parquet"
"""In the folder of each split, for ``load_dataset``: the manifest by the name it looks for."""
_AT_ONCE = 1024

COLUMNS = pa.schema(
    [
        ("file", pa.string()),
        ("source", pa.string()),
        ("licence", pa.string()),
        ("author", pa.string()),
        ("origin", pa.string()),
        ("split", pa.string()),
        ("sha256", pa.string()),
        ("phash", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("mode", pa.string()),
        ("bits", pa.int8()),
        *((rule.name, pa.float32()) for rule in RULES),
    ]
)
"""A row for each file. Sizes are those of the file, scores those of the picture it came from."""

OF_SPLIT = pa.schema([("file_name", pa.string()), *list(COLUMNS)[1:]])
"""The same with the name of the file in its split's folder."""

REJECTIONS = pa.schema(
    [
        ("source", pa.string()),
        ("rule", pa.string()),
        ("score", pa.float32()),
        ("threshold", pa.float32()),
        ("sentence", pa.string()),
    ]
)
"""A row for each rule that left a picture out; a picture may have several."""


def write_table(path: Path, rows: Iterable[Mapping[str, Any]], schema: pa.Schema) -> int:
    """Write rows as they come, a few thousand in memory at a time.

    Args:
        path: The file; it appears whole or not at all.
        rows: Values by the columns' names.
        schema: The columns.

    Returns:
        How many rows there were.

    Raises:
        ResourceError: E302 when the disk is full.
    """
    count, unfinished = 0, path.with_name(f".{path.name}.tmp")
    try:
        with pq.ParquetWriter(unfinished, schema) as writer:
            for batch in _batches(rows):
                writer.write_table(pa.Table.from_pylist(batch, schema))
                count += len(batch)
        unfinished.replace(path)
    except OSError as error:
        raise cannot_write(path, 0, error) from error
    return count


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a table, some at a time."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_AT_ONCE):
            yield from batch.to_pylist()


def _batches(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    batch: list[Mapping[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
