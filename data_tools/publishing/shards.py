"""The pictures of a built data set as parquet files that `datasets` loads and streams.

Pictures are stored as their bytes, never encoded anew: 16 bits and alpha stay. Equal data sets give
equal files, so that what was sent before a cut need not be sent again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from data_tools.manifest import COLUMNS, MANIFEST, read_rows
from realesr.errors import ConfigError, NetworkError, PictureError
from realesr.hub.leaks import has_place, shortened
from realesr.hub.licences import find_licence
from realesr.images.safefile import cannot_write, make_folder

FOLDER = ".publishing"
SHARD_BYTES = 256 << 20
_ROWS = 64  # in one row group, so that a viewer or a stream need not read a whole file
_TYPES = {"string": "string", "int32": "int32", "int8": "int8", "float": "float32"}

Row = dict[str, Any]


@dataclass(frozen=True)
class Shard:
    """One parquet file to be.

    Attributes:
        path: In the repository: ``data/train-00000-of-00002.parquet``.
        rows: The manifest's rows of its pictures.
        size: Bytes of its pictures together.
    """

    path: str
    rows: tuple[Row, ...]
    size: int

    @property
    def digest(self) -> str:
        """Equal for equal rows."""
        told = json.dumps(self.rows, sort_keys=True, default=str)
        return hashlib.sha256(told.encode()).hexdigest()[:16]


def read_manifest(folder: Path) -> list[Row]:
    """Every row of a built data set.

    Raises:
        ConfigError: E404 when it is not built, or holds no picture.
    """
    if not (folder / MANIFEST).is_file():
        raise ConfigError(
            "E404",
            f"{folder.name} is no data set: it holds no {MANIFEST}.",
            "Build it first with `realesr-data build`.",
        )
    rows = list(read_rows(folder / MANIFEST))
    if not rows:
        raise ConfigError("E404", f"{folder.name} holds no picture.", "Choose other sources.")
    return rows


def check_licences(rows: Iterable[Row]) -> None:
    """Refuse pictures whose licence is unknown, or allows no changed versions.

    Raises:
        ConfigError: E609, with how many there are and the first of them.
    """
    unknown: list[Row] = []
    for row in rows:
        licence = find_licence(row["licence"] or "")
        if licence is None or not licence.derivatives:
            unknown.append(row)
    if unknown:
        first = unknown[0]
        raise ConfigError(
            "E609",
            f"{len(unknown):,} pictures have no licence they may be published under, first "
            f"{first['file']} ({first['licence'] or 'unknown'}).",
            "Build it again with `--allow` and the licences you take, or say them in a table.",
        )


def plan_shards(folder: Path, rows: Iterable[Row], most: int = SHARD_BYTES) -> list[Shard]:
    """Which pictures go into which file.

    Args:
        folder: The data set.
        rows: Of its manifest.
        most: Bytes of pictures in one file, about.

    Raises:
        PictureError: E104 when a picture is not there any more.
    """
    splits: dict[str, list[list[Row]]] = {}
    filled: dict[str, int] = {}
    sizes: dict[str, int] = {}
    for row in rows:
        split, file = row["split"] or "train", row["file"]
        try:
            sizes[file] = (folder / file).stat().st_size
        except OSError:
            raise _changed(file) from None
        groups = splits.setdefault(split, [[]])
        if groups[-1] and filled[split] + sizes[file] > most:
            groups.append([])
            filled[split] = 0
        groups[-1].append(row)
        filled[split] = filled.get(split, 0) + sizes[file]
    return [
        Shard(
            f"data/{split}-{number:05}-of-{len(groups):05}.parquet",
            tuple(group),
            sum(sizes[row["file"]] for row in group),
        )
        for split, groups in sorted(splits.items())
        for number, group in enumerate(groups)
    ]


def write_shards(folder: Path, shards: Iterable[Shard]) -> Iterator[tuple[Shard, Path]]:
    """Write each file that was not written before into a folder beside the pictures.

    Raises:
        PictureError: E104 for a picture that is not what the manifest says.
        NetworkError: E603 for one that says where it was taken.
        ResourceError: E302 when the disk is full.
    """
    place = folder / FOLDER
    make_folder(place)
    for shard in shards:
        target = place / f"{Path(shard.path).stem}.{shard.digest}.parquet"
        if not target.is_file():
            _write(folder, shard, target)
        yield shard, target


def _write(folder: Path, shard: Shard, target: Path) -> None:
    unfinished = target.with_suffix(".tmp")
    try:
        with pq.ParquetWriter(unfinished, schema(), compression="none") as writer:
            for start in range(0, len(shard.rows), _ROWS):
                rows = [_row(folder, row) for row in shard.rows[start : start + _ROWS]]
                writer.write_table(pa.Table.from_pylist(rows, schema()))
        unfinished.replace(target)
    except OSError as error:
        raise cannot_write(target, shard.size, error) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _row(folder: Path, row: Row) -> Row:
    try:
        data = (folder / row["file"]).read_bytes()
    except OSError:
        raise _changed(row["file"]) from None
    if hashlib.sha256(data).hexdigest() != row["sha256"]:
        raise _changed(row["file"])
    if has_place(data):
        raise NetworkError(
            "E603",
            f"{row['file']} says where it was taken (GPS). Nothing was sent.",
            "Take the place out of the picture (exiftool -gps:all= -xmp:gps*=), then build again.",
        )
    return {"image": {"bytes": data, "path": row["file"]}, **public(row)}


def public(row: Row) -> Row:
    """A row without the names of this machine's folders."""
    return {**row, "source": shortened(row["source"] or "")}


def schema() -> pa.Schema:
    """The columns, with what `datasets` needs to see the pictures in them."""
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    features: dict[str, Any] = {"image": {"_type": "Image"}}
    for column in COLUMNS:
        features[column.name] = {"dtype": _TYPES[str(column.type)], "_type": "Value"}
    told = json.dumps({"info": {"features": features}})
    return pa.schema([("image", image), *COLUMNS]).with_metadata({"huggingface": told})


def _changed(file: str) -> PictureError:
    return PictureError(
        "E104",
        f"{file} is not what the manifest says: it was changed or lost since the set was built.",
        "Build the data set again.",
    )
