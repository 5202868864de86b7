"""Pictures in zip and tar archives, WebDataset shards among them; nothing is ever unpacked.

Pictures are read where they lie in the archive, so no name in it can lead anywhere. Archives that
try are refused whole, and so are those that would grow beyond measure. One that is cut off gives
what is whole, and says how much that is.
"""

from __future__ import annotations

import json
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import IO

from data_tools.items import Credit, HeldItem, Item, Trouble, check_bytes
from data_tools.promises import promised
from realesr.errors import PictureError
from realesr.inference.walking import PICTURE_SUFFIXES

MOST_GROWTH = 100
_SMALL = 100_000_000
"""Below this an archive may grow as it likes."""
_MOST_FACTS = 1_000_000
_FACTS = {"licence": ("licence", "license", "spdx"), "author": ("author", "artist", "creator")}
_FACTS |= {"origin": ("origin", "url", "source")}


@dataclass(frozen=True)
class SliceItem:
    """A picture that lies in an archive as it is."""

    name: str
    archive: Path
    offset: int
    size: int
    credit: Credit
    costly = False

    @property
    def key(self) -> str:
        """The archive's size and time, and where the picture lies."""
        said = self.archive.stat()
        return f"{self.name} {said.st_size} {said.st_mtime_ns} {self.offset} {self.size}"

    def read(self) -> bytes:
        """The bytes.

        Raises:
            PictureError: E101 or E106.
        """
        check_bytes(self.name, self.size)
        with self.archive.open("rb") as file:
            file.seek(self.offset)
            return file.read(self.size)


@dataclass(frozen=True)
class ZipItem:
    """A picture in a zip archive, by its number there."""

    name: str
    archive: Path
    number: int
    size: int
    credit: Credit
    costly = False

    @property
    def key(self) -> str:
        """The archive's size and time, and the picture's number."""
        said = self.archive.stat()
        return f"{self.name} {said.st_size} {said.st_mtime_ns} {self.number}"

    def read(self) -> bytes:
        """The bytes.

        Raises:
            PictureError: E101, E104 or E106.
        """
        check_bytes(self.name, self.size)
        archive = _opened_zip(self.archive, self.archive.stat().st_mtime_ns)
        try:
            return archive.read(archive.infolist()[self.number])
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
            raise PictureError(
                "E104", f"{self.name} is damaged in its archive.", "Fetch the archive again."
            ) from error
        except (NotImplementedError, RuntimeError) as error:
            raise PictureError(
                "E105", f"{self.name} is locked with a password, or packed in a way not read here."
            ) from error


@lru_cache(maxsize=4)
def _opened_zip(path: Path, changed: int) -> zipfile.ZipFile:
    return zipfile.ZipFile(path)


def archive_items(path: Path, label: str, credit: Credit) -> Iterator[Item | Trouble]:
    """The pictures of an archive, in its order.

    Args:
        path: A zip or tar archive, whatever it is packed with.
        label: What its pictures' names begin with.
        credit: Of pictures that say nothing themselves.
    """
    try:
        if path.name.lower().endswith(".zip"):
            yield from _zip_items(path, label, credit)
        elif path.name.lower().endswith(".tar"):
            yield from _tar_items(path, label, credit)
        else:
            yield from _packed_items(path, label, credit)
    except PictureError as refusal:
        yield Trouble(label, refusal)


def _zip_items(path: Path, label: str, credit: Credit) -> Iterator[Item | Trouble]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, EOFError, ValueError) as error:
        raise _cut(label, None, promised(path)) from error
    for entry in entries:
        _check_name(label, entry.filename)
    growth = sum(entry.file_size for entry in entries)
    _check_growth(label, growth, path.stat().st_size)
    for number, entry in enumerate(entries):
        if not _is_picture(entry.filename):
            continue
        name = f"{label}/{entry.filename}"
        if stat.S_ISLNK(entry.external_attr >> 16):
            yield Trouble(name, _link(name))
        else:
            yield ZipItem(name, path, number, entry.file_size, credit)


def _tar_items(path: Path, label: str, credit: Credit) -> Iterator[Item | Trouble]:
    size = path.stat().st_size
    with path.open("rb") as file:
        members, whole = _members(file, size)
        for member in members:
            _check_name(label, member.name)
        samples = _samples(members)
        for sample in samples:
            facts = {}
            for member in sample:
                if member.name.endswith(".json") and member.size <= _MOST_FACTS:
                    file.seek(member.offset_data)
                    facts = _facts(file.read(member.size))
            theirs = replace(credit, **facts)
            for member in sample:
                name = f"{label}/{member.name}"
                if not _is_picture(member.name):
                    continue
                if not member.isreg() or member.issparse():
                    yield Trouble(name, _link(name))
                else:
                    yield SliceItem(name, path, member.offset_data, member.size, theirs)
    expected = promised(path)
    if not whole or (expected is not None and len(samples) < expected):
        raise _cut(label, len(samples), expected)


def _members(file: IO[bytes], size: int) -> tuple[list[tarfile.TarInfo], bool]:
    """The members that are there whole, and whether the archive ends as archives do."""
    found: list[tarfile.TarInfo] = []
    end = 0
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            for member in archive:
                end = member.offset_data + (member.size + 511) // 512 * 512
                if member.offset_data + member.size > size:
                    return found, False
                if not member.isdir():
                    found.append(member)
    except (tarfile.TarError, EOFError, OSError):
        return found, False
    # Archives end with two empty blocks; without even one it was cut between two members.
    return found, size - end >= 512


def _packed_items(path: Path, label: str, credit: Credit) -> Iterator[Item | Trouble]:
    """A packed tar can only be read from its beginning; its bytes are handed on as they come."""
    done, whole = 0, False
    size = path.stat().st_size
    held: list[tuple[tarfile.TarInfo, bytes]] = []
    try:
        with path.open("rb") as raw, tarfile.open(fileobj=raw, mode="r:*") as archive:
            for member in archive:
                _check_name(label, member.name)
                _check_growth(label, member.offset_data + member.size, raw.tell())
                if member.isdir():
                    continue
                if held and _sample_of(held[0][0].name) != _sample_of(member.name):
                    yield from _held_sample(held, label, credit)
                    done, held = done + 1, []
                held.append((member, _content(archive, member)))
            whole = True
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        # The last sample may lack its other files.
        raise _cut(label, done, promised(path)) from error
    if held:
        yield from _held_sample(held, label, credit)
        done += 1
    expected = promised(path)
    if not whole or not size or (expected is not None and done < expected):
        raise _cut(label, done, expected)


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    wanted = member.isreg() and not member.issparse()
    wanted &= _is_picture(member.name) or member.name.endswith(".json")
    if not wanted or member.size > _SMALL:
        return b""
    stream = archive.extractfile(member)
    data = stream.read() if stream else b""
    if len(data) != member.size:
        raise EOFError
    return data


def _held_sample(
    held: list[tuple[tarfile.TarInfo, bytes]], label: str, credit: Credit
) -> Iterator[Item | Trouble]:
    facts = {}
    for member, data in held:
        if member.name.endswith(".json"):
            facts = _facts(data)
    for member, data in held:
        if _is_picture(member.name):
            name = f"{label}/{member.name}"
            if member.isreg() and not member.issparse():
                yield HeldItem(name, data, replace(credit, **facts))
            else:
                yield Trouble(name, _link(name))


def _samples(members: list[tarfile.TarInfo]) -> list[list[tarfile.TarInfo]]:
    """Files that follow each other and differ in their endings only, as WebDataset has them."""
    samples: list[list[tarfile.TarInfo]] = []
    for member in members:
        if samples and _sample_of(samples[-1][0].name) == _sample_of(member.name):
            samples[-1].append(member)
        else:
            samples.append([member])
    return samples


def _sample_of(name: str) -> str:
    folder, slash, file = name.rpartition("/")
    return folder + slash + file.partition(".")[0]


def _facts(data: bytes) -> dict[str, str]:
    """Licence, author and origin as a sample's JSON states them."""
    try:
        plain = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(plain, dict):
        return {}
    found: dict[str, str] = {}
    for fact, words in _FACTS.items():
        for word in words:
            if isinstance(plain.get(word), str) and plain[word].strip():
                found.setdefault(fact, plain[word].strip()[:500])
    return found


def _is_picture(name: str) -> bool:
    file = PurePosixPath(name).name.lower()
    return file.endswith(PICTURE_SUFFIXES) and not file.startswith(".")


def _check_name(label: str, name: str) -> None:
    plain = name.replace("\\", "/")
    if plain.startswith("/") or plain[1:2] == ":" or ".." in plain.split("/"):
        raise PictureError(
            "E401",
            f"{label} was not read: its entry {name[:100]!r} leads out of the folder.",
            "Do not use it, or ask whoever made it.",
        )


def _check_growth(label: str, after: int, before: int) -> None:
    if after > _SMALL and after > MOST_GROWTH * max(before, 1):
        raise PictureError(
            "E401",
            f"{label} was not read: it would grow {after / max(before, 1):,.0f}× to "
            f"{after / 1e6:,.0f} MB (limit {MOST_GROWTH}×).",
            "Do not use it, or ask whoever made it.",
        )


def _cut(label: str, there: int | None, expected: int | None) -> PictureError:
    if there is None:
        said = "no directory of its contents is there"
    elif expected is None:
        said = f"{there:,} samples are whole"
    else:
        said = f"{there:,} of {expected:,} samples"
    return PictureError("E402", f"{label} stops in the middle: {said}.", "Fetch it again.")


def _link(name: str) -> PictureError:
    return PictureError("E401", f"{name} is a link or a device in its archive, not a file.")
