"""Where pictures come from: one line of a configuration, opened as items to read one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from data_tools.items import Credit, FileItem, Item, Trouble
from data_tools.settings import Source
from realesr.errors import ConfigError, PictureError
from realesr.inference.walking import PICTURE_SUFFIXES, find_pictures

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
LISTS = (".csv", ".parquet")


def items_of(source: Source, label: str, output: Path) -> Iterator[Item | Trouble]:
    """The pictures of a source, in an order that is the same on every machine.

    Args:
        source: A line of a configuration.
        label: What its pictures' names begin with: no path of the machine it is on.
        output: Where results go; passed over where it lies inside a folder.

    Raises:
        ConfigError: E404 when there is no such source.
    """
    credit = Credit(source.licence, source.author, source.split)
    if source.path.startswith("hf://") or source.path.partition(":")[0] == "samples":
        from data_tools.tables import hub_items, sample_items

        found = hub_items if source.path.startswith("hf://") else sample_items
        return found(source.path, credit)
    if "://" in source.path:
        from data_tools.stored import stored_items

        return stored_items(source.path, label, credit)
    path = Path(source.path)
    name = path.name.lower()
    if path.is_dir():
        return _folder(path, label, output, credit)
    if path.is_file() and name.endswith(ARCHIVES):
        from data_tools.archives import archive_items

        return archive_items(path, label, credit)
    if path.is_file() and name.endswith(LISTS):
        from data_tools.tables import list_items

        return list_items(path, label, credit)
    if path.is_file() and name.endswith(PICTURE_SUFFIXES):
        return iter([FileItem(label, path, credit)])
    raise ConfigError(
        "E404",
        f"There is no source {source.path}.",
        "A source is a folder, a picture, a zip or tar archive, a CSV or parquet list, "
        "an address such as s3://bucket/photos, hf://user/name or samples.",
    )


def _folder(folder: Path, label: str, output: Path, credit: Credit) -> Iterator[Item | Trouble]:
    """The pictures of a folder and those inside it, then those in its archives."""
    from data_tools.archives import archive_items

    for found in find_pictures([folder], output):
        inside = found.path.relative_to(folder)
        name = f"{label}/{inside.as_posix()}" if inside.parts else label
        if found.path.is_dir():
            yield Trouble(name, PictureError("E100", f"{name} is a folder that may not be read."))
        else:
            yield FileItem(name, found.path, credit)
    for path in sorted(folder.rglob("*")):
        if path.name.lower().endswith(ARCHIVES) and path.is_file() and not path.name[0] == ".":
            yield from archive_items(path, f"{label}/{path.relative_to(folder).as_posix()}", credit)


def everything(sources: Sequence[Source], output: Path) -> Iterator[Item | Trouble]:
    """All pictures of all sources, one source after the other.

    A picture that two sources hold comes twice, and once it is left out as a copy.

    Raises:
        ConfigError: E404 when there is no such source.
    """
    used: Counter[str] = Counter()
    for source in sources:
        label = label_of(source.path)
        used[label] += 1
        if used[label] > 1:
            label = f"{label} ({used[label]})"
        yield from items_of(source, label, output)


def label_of(path: str) -> str:
    """The last part of a path, or an address as it is.

    >>> label_of("/home/me/photos/"), label_of("hf://user/name")
    ('photos', 'hf://user/name')
    """
    if path.startswith("hf://"):
        return path
    # Of "." and of what ends in "..", the folder meant has another name.
    name = Path(path).name
    return name if name not in ("", "..") else Path(path).resolve().name
