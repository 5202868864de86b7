"""Where a model comes from: what it began with and the pictures it saw, with their licences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from realesr.hub.leaks import shortened
from realesr.hub.licences import Part
from realesr.models.catalogue import known_models
from realesr.models.hub_files import is_hub_id
from realesr.publishing.about import About, Source
from realesr.publishing.facts import Facts

_DATASET = re.compile(r"(hf://)?(datasets/)?(?P<id>[^/@#\s]+/[^/@#\s]+).*")
_SAMPLES = Source(
    "samples",
    "LicenseRef-PublicDomain",
    "the pictures that come with scikit-image, public domain or CC0",
    "https://scikit-image.org/docs/stable/api/skimage.data.html",
)
MANIFEST, METADATA = "manifest.parquet", "metadata.parquet"
_COLUMNS = ("licence", "author")


@dataclass(frozen=True)
class Chain:
    """Where a model comes from.

    Attributes:
        base: What it began with, as a person would name it; empty for random weights.
        base_id: The same as an id of the Hub, where it has one.
        base_licence: Its licence, where known.
        sources: The pictures it learned from, one for each source and licence.
        unmatched: What a person named in ``[[data]]`` and the run did not learn from.
    """

    base: str
    base_id: str
    base_licence: str
    sources: tuple[Source, ...]
    unmatched: tuple[str, ...] = ()

    def parts(self) -> list[Part]:
        """The chain as ``realesr.hub.licences`` judges it."""
        base = [Part(self.base, "base model", self.base_licence)] if self.base else []
        return base + [Part(each.name, "pictures", each.licence) for each in self.sources]

    def datasets(self) -> list[str]:
        """The data sets of the Hub among the sources."""
        names = (dataset_id(source.name) for source in self.sources)
        return sorted({name for name in names if name})


def trace(facts: Facts, about: About) -> Chain:
    """Where a model comes from, as far as the configuration, the data and the person say."""
    base = facts.run.config.start.generator if facts.run else ""
    base = about.base or base
    known = next((spec for spec in known_models() if spec.name == base), None)
    licence = about.base_licence or (known.licence if known else "")
    base_id = base if is_hub_id(base) and not Path(base).exists() else ""
    named = facts.run.config.data.pictures if facts.run else ()
    sources = [each for name in named for each in _sources(name, about)]
    if not facts.run:
        sources = list(about.data)
    smaller = facts.run.config.data.lr if facts.run else ()
    partners = {name for low in smaller for name in _names(low)}
    unmatched = tuple(
        each.name
        for each in about.data
        if each not in sources and each.name.rstrip("/") not in partners
    )
    shown = base if known or base_id else Path(base).name
    return Chain(shown, base_id, licence, tuple(dict.fromkeys(sources)), unmatched)


def dataset_id(name: str) -> str:
    """The id of a data set of the Hub in the name of a source; empty for another kind.

    >>> dataset_id("hf://ada/maps@v1/train"), dataset_id("samples:coffee")
    ('ada/maps', '')
    """
    match = _DATASET.fullmatch(name) if name.startswith("hf://") else None
    return match["id"] if match else ""


def _sources(name: str, about: About) -> Iterator[Source]:
    """What is known of one source: a person's words, else its manifest, else nothing."""
    short = shortened(name)
    told = [each for each in about.data if each.name.rstrip("/") in _names(name)]
    if told:
        yield from told
    elif name.partition(":")[0] == "samples":
        yield _SAMPLES
    else:
        yield from _from_manifest(name, short) or [Source(short)]


def _names(name: str) -> set[str]:
    """What a person may call a source."""
    return {each.rstrip("/") for each in (name, shortened(name), dataset_id(name))}


def _from_manifest(name: str, short: str) -> list[Source]:
    """The licences of a data set that `realesr-data build` made, most frequent first."""
    columns = _credits(Path(name))
    if columns is None:
        return []
    authors: dict[str, Counter[str]] = {}
    for licence, author in zip(columns["licence"], columns["author"], strict=True):
        authors.setdefault(licence or "", Counter())[author or ""] += 1
    ranked = sorted(authors.items(), key=lambda each: -each[1].total())
    return [
        Source(f"{short} ({found.total():,} pictures)", licence, _credit(found))
        for licence, found in ranked
    ]


def _credits(path: Path) -> dict[str, list[str | None]] | None:
    """The licence and author of each picture of a built set, or of one of its splits.

    The manifest lies beside the splits, and each split has its own rows as ``metadata.parquet``.
    """
    tables = [path] if path.name in (MANIFEST, METADATA) else [path / MANIFEST, path / METADATA]
    try:
        import pyarrow.parquet as pq

        for table in filter(Path.is_file, tables):
            if set(_COLUMNS) <= set(pq.read_schema(table).names):
                found: dict[str, list[str | None]] = pq.read_table(
                    table, columns=list(_COLUMNS)
                ).to_pydict()
                return found
        whole = path.parent / MANIFEST
        if not whole.is_file() or not {"file", *_COLUMNS} <= set(pq.read_schema(whole).names):
            return None
        rows = pq.read_table(whole, columns=["file", *_COLUMNS]).to_pylist()
    except (ImportError, OSError, ValueError):
        return None
    mine = [row for row in rows if (row["file"] or "").startswith(f"{path.name}/")]
    return {name: [row[name] for row in mine] for name in _COLUMNS} if mine else None


def _credit(authors: Counter[str]) -> str:
    named = [name for name, _ in authors.most_common(12) if name]
    more = len(authors) - len(named)
    return ", ".join(named) + (f" and {more} more" if named and more > 0 else "")
