"""The card of a data set: licences, credits, statistics, how it was built, how to load it.

Reference: Gebru et al., Datasheets for Datasets, CACM 2021 (arXiv:1803.09010);
huggingface.co/docs/hub/datasets-cards for the YAML on top.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from data_tools.publishing.shards import Row, Shard
from realesr import __version__
from realesr.hub.licences import find_licence

SHEET = "contact-sheet.jpg"
_MOST_AUTHORS = 200


@dataclass(frozen=True)
class SetCard:
    """All that the card is made from.

    Attributes:
        repository: ``user/name``.
        rows: The manifest.
        shards: The files.
        rejected: How many pictures each rule left out.
        plan: What the build was told, where it is known.
        sheet: Whether a contact sheet goes with it.
    """

    repository: str
    rows: Sequence[Row]
    shards: Sequence[Shard]
    rejected: Counter[str]
    plan: dict[str, Any]
    sheet: bool

    def text(self) -> str:
        """The whole of ``README.md``."""
        return f"---\n{self.metadata()}\n---\n\n" + "\n".join(self._lines()) + "\n"

    def metadata(self) -> str:
        """The YAML on top, as ``huggingface_hub`` writes it."""
        from huggingface_hub import DatasetCardData

        named = [find_licence(row["licence"]) for row in self.rows]
        names = sorted({each.hub for each in named if each})
        one = names[0] if len(names) == 1 else "other"
        other = one == "other"
        data = DatasetCardData(
            license=one,
            license_name="per-picture" if other else None,
            pretty_name=self.repository.partition("/")[2],
            task_categories=["image-to-image"],
            size_categories=[_size_category(len(self.rows))],
            tags=["super-resolution", "image-restoration", "realesr"],
            configs=[
                {
                    "config_name": "default",
                    "data_files": [
                        {"split": split, "path": f"data/{split}-*.parquet"}
                        for split in self._splits()
                    ],
                }
            ],
        )
        return data.to_yaml()

    def _splits(self) -> list[str]:
        return sorted({row["split"] or "train" for row in self.rows})

    def _lines(self) -> Iterator[str]:
        name = self.repository.partition("/")[2]
        yield f"# {name}\n"
        yield (
            f"{len(self.rows):,} high-resolution pictures for training super-resolution networks, "
            "each with its source, author, licence and scores. They are stored as their own bytes: "
            "nothing was encoded anew.\n"
        )
        if self.sheet:
            yield f"![Some of the pictures]({SHEET})\n"
        yield from self._statistics()
        yield from self._loading()
        yield from self._licences()
        yield from self._building()
        yield (
            "## Checking it\n\n"
            f"`realesr-data verify {self.repository}` fetches it and compares every file and every "
            "picture with its sha256; `sha256sum -c SHA256SUMS` does so for the files. "
            f"Published with realesr {__version__}."
        )

    def _statistics(self) -> Iterator[str]:
        yield "## What is in it\n"
        heads = ("split", "pictures", "megapixels", "files", "smallest side", "16 bit", "alpha")
        rows = []
        for split in self._splits():
            inside = [row for row in self.rows if (row["split"] or "train") == split]
            files = [shard for shard in self.shards if shard.path.startswith(f"data/{split}-")]
            pixels = sum(row["width"] * row["height"] for row in inside)
            rows.append(
                [
                    split,
                    f"{len(inside):,}",
                    f"{pixels / 1e6:,.1f}",
                    f"{len(files)} ({sum(shard.size for shard in files) / 1e6:,.1f} MB)",
                    f"{min(min(row['width'], row['height']) for row in inside)} px",
                    f"{sum((row['bits'] or 8) > 8 for row in inside):,}",
                    f"{sum('A' in (row['mode'] or '') for row in inside):,}",
                ]
            )
        yield from _table(heads, rows)
        yield ""

    def _loading(self) -> Iterator[str]:
        yield f"""## How to load it

```python
from datasets import load_dataset

pictures = load_dataset("{self.repository}", split="{self._splits()[0]}", streaming=True)
print(next(iter(pictures))["licence"])
```

```toml
# in a training configuration of realesr
[data]
pictures = ["hf://{self.repository}"]
```
"""

    def _licences(self) -> Iterator[str]:
        yield "## Licences and credits\n"
        licences = Counter(row["licence"] for row in self.rows)
        rows = [[name, f"{count:,}"] for name, count in licences.most_common()]
        yield from _table(("licence", "pictures"), rows)
        credits = Counter((row["author"] or "not named", row["licence"]) for row in self.rows)
        yield "\nWith thanks to:\n"
        every = [[who, name, f"{n:,}"] for (who, name), n in credits.most_common(_MOST_AUTHORS)]
        yield from _table(("author", "licence", "pictures"), every)
        if len(credits) > _MOST_AUTHORS:
            yield f"\nand {len(credits) - _MOST_AUTHORS:,} more; manifest.parquet names everyone."
        yield "\nThe column `licence` of every row says what holds for that picture.\n"

    def _building(self) -> Iterator[str]:
        yield "## How it was built\n"
        yield (
            "With `realesr-data build`, whose rules are pure functions with a score, a threshold "
            "and a sentence. What it was told stands in `build.json`, every score in "
            "`manifest.parquet`, and every picture that was left out, with the reason, in "
            "`rejected.parquet`.\n"
        )
        if self.rejected:
            rows = [[rule, f"{count:,}"] for rule, count in self.rejected.most_common()]
            yield from _table(("rule", "pictures left out"), rows)
            yield ""


def _size_category(count: int) -> str:
    """The Hub's name for so many rows.

    >>> _size_category(900), _size_category(20_000)
    ('n<1K', '10K<n<100K')
    """
    limits = [(10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M")]
    return next((name for most, name in limits if count < most), "1M<n<10M")


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(' '.join(cell.replace('|', '/').split()) for cell in row)} |"
