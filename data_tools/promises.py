"""How many samples an archive should hold, as the index beside it says.

A tar archive that was cut between two samples looks whole, so what writes such archives often
writes down their number too: DALI's ``NAME.idx``, WebDataset's ``wids`` lists of shards, and
img2dataset's ``NAME_stats.json``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_MOST_BYTES = 50_000_000


def promised(archive: Path) -> int | None:
    """The number of samples that an index beside an archive states; None without an index."""
    index = archive.with_suffix(".idx")
    if index.is_file():
        with index.open(encoding="utf-8", errors="replace") as file:
            head = re.fullmatch(r"v[\d.]+ (\d+)", file.readline().strip())
        if head:
            return int(head[1])
    stem = archive.name.partition(".")[0]
    said = _read(archive.with_name(f"{stem}_stats.json"))
    if isinstance(said, dict) and isinstance(said.get("successes"), int):
        return int(said["successes"])
    for entry in _shards(archive.parent):
        if str(entry.get("url", "")).rpartition("/")[2] == archive.name:
            count = entry.get("nsamples")
            return count if isinstance(count, int) else None
    return None


def _shards(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.json")):
        said = _read(path)
        if isinstance(said, dict) and isinstance(said.get("shardlist"), list):
            yield from (entry for entry in said["shardlist"] if isinstance(entry, dict))


def _read(path: Path) -> Any:
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
