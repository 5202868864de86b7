"""Everything a published data set consists of, made from a built one."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data_tools.building import PLAN
from data_tools.manifest import COLUMNS, MANIFEST, REJECTED, REJECTIONS, read_rows
from data_tools.publishing.card import SHEET, SetCard
from data_tools.publishing.shards import (
    FOLDER,
    SHARD_BYTES,
    Row,
    check_licences,
    plan_shards,
    public,
    read_manifest,
    write_shards,
)
from realesr.hub.leaks import Content, shortened
from realesr.hub.plan import CARD, Plan

_PATH = re.compile(r"(?<![\w:/.])(?:[A-Za-z]:|~)?(?:[/\\][^\s/\\,;]+){2,}")
_THUMB, _ACROSS, _MOST = 160, 6, 24


def plan_set(
    folder: Path,
    repository: str,
    *,
    public: bool = False,
    shard_bytes: int = SHARD_BYTES,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Plan, SetCard]:
    """What would be published, every picture looked at.

    The files are made in a folder beside the pictures and found there again after a cut.

    Args:
        folder: What `realesr-data build` made.
        repository: ``user/name``.
        public: Whether everyone shall see it.
        shard_bytes: Bytes of pictures in one file, about.
        told: Called with bytes of pictures done and in all.

    Raises:
        ConfigError: E404 for no data set, E609 for a licence nobody knows.
        PictureError: E104 for a picture that changed since.
        NetworkError: E603 for one that says where it was taken.
    """
    rows = read_manifest(folder)
    check_licences(rows)
    shards = plan_shards(folder, rows, shard_bytes)
    files: dict[str, Content] = {}
    done, total = 0, sum(shard.size for shard in shards)
    for shard, path in write_shards(folder, shards):
        files[shard.path] = path
        done += shard.size
        told(done, total)
    _forget_others(folder, files.values())
    rejected = _rejected(folder)
    sheet = contact_sheet(folder, rows)
    build = _build(folder)
    tally = Counter(str(row["rule"]) for row in rejected)
    card = SetCard(repository, rows, shards, tally, build, sheet is not None)
    files[MANIFEST] = _table([_public(row) for row in rows], COLUMNS)
    files[REJECTED] = _table(rejected, REJECTIONS)
    files[PLAN] = (json.dumps(build, indent=2, ensure_ascii=False) + "\n").encode()
    if sheet is not None:
        files[SHEET] = sheet
    files[CARD] = card.text().encode()
    message = f"{len(rows):,} pictures, their table and card"
    return Plan(repository, "dataset", files, message, public), card


def forget_files(folder: Path) -> None:
    """Take away the files made for publishing; the pictures stay."""
    _forget_others(folder, ())
    (folder / FOLDER).rmdir()


def _forget_others(folder: Path, kept: Iterable[Content]) -> None:
    names = {path.name for path in kept if isinstance(path, Path)}
    for path in (folder / FOLDER).iterdir():
        if path.name not in names:
            path.unlink()


_public = public


def _rejected(folder: Path) -> list[Row]:
    """Why pictures were left out, without the names of this machine's folders."""
    if not (folder / REJECTED).is_file():
        return []
    return [
        {
            **row,
            "source": shortened(row["source"] or ""),
            "sentence": without_paths(row["sentence"] or ""),
        }
        for row in read_rows(folder / REJECTED)
    ]


def without_paths(text: str) -> str:
    """A sentence in which files of this machine go by their last name alone.

    >>> without_paths("a copy of /home/ada/photos/cat.png, 3 bits away")
    'a copy of cat.png, 3 bits away'
    """
    return _PATH.sub(lambda found: re.split(r"[/\\]", found[0])[-1], text)


def _build(folder: Path) -> dict[str, Any]:
    """What the build was told, without the names of this machine's folders."""
    try:
        plain = json.loads((folder / PLAN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    cleaned = _clean(plain)
    return cleaned if isinstance(cleaned, dict) else {}


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _clean(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_clean(each) for each in value]
    return shortened(value) if isinstance(value, str) else value


def _table(rows: Sequence[Row], columns: pa.Schema) -> bytes:
    buffer = io.BytesIO()
    # Plain, so that whoever looks for what must not leave sees it.
    pq.write_table(pa.Table.from_pylist(list(rows), columns), buffer, compression="none")
    return buffer.getvalue()


def contact_sheet(folder: Path, rows: Sequence[Row]) -> bytes | None:
    """Some of the pictures, small, side by side; None where none can be read."""
    from PIL import Image

    from realesr.errors import RealesrError
    from realesr.images import read_picture

    step = max(1, len(rows) // _MOST)
    thumbs = []
    for row in rows[::step][:_MOST]:
        try:
            pixels = read_picture(folder / row["file"]).pixels
        except RealesrError:
            continue
        if pixels.dtype == np.uint16:
            pixels = (pixels >> 8).astype(np.uint8)
        if pixels.ndim == 3:
            pixels = pixels[..., :3] if pixels.shape[2] >= 3 else pixels[..., 0]
        thumb = Image.fromarray(pixels).convert("RGB")
        thumb.thumbnail((_THUMB, _THUMB))
        thumbs.append(thumb)
    if not thumbs:
        return None
    cell = _THUMB + 8
    down = -(-len(thumbs) // _ACROSS)
    paper = Image.new("RGB", (cell * min(_ACROSS, len(thumbs)), cell * down), (250, 250, 248))
    for place, thumb in enumerate(thumbs):
        row_of, column = divmod(place, _ACROSS)
        left = column * cell + (cell - thumb.width) // 2
        paper.paste(thumb, (left, row_of * cell + (cell - thumb.height) // 2))
    buffer = io.BytesIO()
    paper.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()
