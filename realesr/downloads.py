"""One way to fetch a file: checked, resumed where it was cut, whole or not there at all.

Files lie in ``REALESR_CACHE``; without it in ``realesr`` of the user's cache folder
(``XDG_CACHE_HOME``, else ``~/.cache``), a folder for each address. While a file is on its way it is
called ``NAME.part``; it gets its name once its size and sha256 are right. Where nobody published a
sha256, the first one seen is kept in ``NAME.sha256`` (``sha256sum -c`` reads it) and every later
file must equal it.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from realesr.errors import ModelError, NetworkError, ResourceError
from realesr.transfers import Progress, Transfer, by_hand, check_address, settle

_log = logging.getLogger(__name__)


def fetch(
    url: str,
    *,
    sha256: str | None,
    size: int | None,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> Path:
    """The file at an address, from the cache or from the network.

    Two processes that want the same file fetch it once; the second waits.

    Args:
        url: An https address (http only on this machine, for tests and stand-in hubs).
        sha256: What the file must hash to; None where nobody published it: then it is recorded on
            first use, with a warning, and never accepted on a public Space.
        size: Its length in bytes, where known.
        folder: Where to keep it instead of the cache.
        progress: Called with bytes done and bytes in all (None where nobody says).

    Returns:
        The path of the complete, checked file.

    Raises:
        NetworkError: E604 offline, E605 failed, E606 an address that is not https, E607 an
            unchecked file on a public Space.
        ModelError: E206, when what came is not what was promised. It is deleted.
        ResourceError: E302 disk full, E304 a folder that cannot be written.
    """
    name = _name_of(url)
    if sha256 is None and os.environ.get("SPACE_ID"):
        raise NetworkError(
            "E607",
            f"nobody published a checksum of {name}, so a public Space does not fetch it.",
            "Choose another model.",
        )
    folder = folder or _folder_of(url)
    file = _Wanted(url, folder / name, sha256.lower() if sha256 else None, size)
    with _disk_trouble(folder):
        if not file.is_here():
            _check_online(file)
            _fetch_once(file, progress)
    return file.target


def cached_path(url: str) -> Path | None:
    """The file of an address if it was fetched before; a file has its name once it is checked."""
    path = _folder_of(url) / _name_of(url)
    return path if path.is_file() else None


def cache_folder() -> Path:
    """Where fetched files are kept: ``REALESR_CACHE``, or ``realesr`` in the user's cache."""
    if chosen := os.environ.get("REALESR_CACHE"):
        return Path(chosen).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "realesr"


def _folder_of(url: str) -> Path:
    return cache_folder() / hashlib.sha256(url.encode()).hexdigest()[:12]


def is_offline() -> bool:
    """Whether ``HF_HUB_OFFLINE`` forbids the network."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")


def file_digest(path: str | Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class _Wanted:
    """A file: where it comes from, where it goes and how to know it."""

    url: str
    target: Path
    sha256: str | None
    size: int | None

    def beside(self, suffix: str) -> Path:
        return self.target.with_name(self.target.name + suffix)

    def expected(self) -> str | None:
        """The published sha256, or the one recorded on first use."""
        record = self.beside(".sha256")
        if self.sha256 or not record.is_file():
            return self.sha256
        return record.read_text(encoding="utf-8", errors="replace")[:64]

    def is_here(self) -> bool:
        """Whether the target exists and is the right file."""
        if not self.target.is_file() or self.fault(self.target):
            return False
        self.remember(self.target)
        return True

    def fault(self, path: Path) -> str:
        """What is wrong with a file, as a sentence without its stop; empty when it is right."""
        actual, expected = path.stat().st_size, self.expected()
        if self.size not in (None, actual):
            return f"{self.target.name} has {actual:,} bytes where {self.size:,} were promised"
        if expected and (digest := file_digest(path)) != expected:
            return (
                f"the sha256 of {self.target.name} is not the one promised "
                f"(expected {expected[:12]}…, got {digest[:12]}…)"
            )
        return ""

    def remember(self, path: Path) -> None:
        """Record the sha256 of a file nobody vouched for, the first time."""
        if self.expected():
            return
        digest, name = file_digest(path), self.target.name
        _log.warning("nobody published a checksum of %s; its sha256 is now %s", name, digest)
        draft = self.beside(".sha256.part")
        with draft.open("w", encoding="utf-8") as record:
            record.write(f"{digest}  {name}\n")
            settle(record)
        draft.replace(self.beside(".sha256"))


def _fetch_once(file: _Wanted, progress: Progress | None) -> None:
    """Fetch a file, or wait for the process that does."""
    from filelock import FileLock  # 13 ms that only a download needs

    file.target.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(file.beside(".lock")):
        if file.is_here():
            return
        if file.target.exists():
            _log.warning("%s; fetching it again", file.fault(file.target))
        part = file.beside(".part")
        _receive(file, part, progress)
        # The record comes first: a file under its final name is never without its checksum.
        file.remember(part)
        part.replace(file.target)
        _settle_folder(file.target.parent)


def _receive(file: _Wanted, part: Path, progress: Progress | None) -> None:
    """Fill the part with what was promised, or leave none.

    Raises:
        ModelError: E206, when what came is something else.
    """
    transfer = Transfer(file.url, part, file.target.name, file.size, progress)
    if file.expected() is None:
        # Without a sha256 nothing would notice two halves of different files.
        part.unlink(missing_ok=True)
    resumed = part.exists()
    transfer.run()
    if resumed and file.fault(part):
        part.unlink()
        transfer.run()
    if fault := file.fault(part):
        part.unlink()
        raise ModelError(
            "E206", f"{fault}. It was deleted.", "Try again later, or report it to its author."
        )


def _check_online(file: _Wanted) -> None:
    if is_offline():
        step = by_hand(file.url)
        raise NetworkError(
            "E604",
            f"{file.target.name} is not on this machine, and HF_HUB_OFFLINE forbids fetching it.",
            step[0].upper() + step[1:],
        )


def _name_of(url: str) -> str:
    """The file name an address ends in.

    >>> _name_of("https://example.org/v1/RealESRGAN_x4plus.pth?download=true")
    'RealESRGAN_x4plus.pth'
    """
    check_address(url)
    name = unquote(urlsplit(url).path).rpartition("/")[2]
    if not re.fullmatch(r"\w[\w.+ -]{0,127}", name, re.ASCII):
        raise NetworkError("E606", "the address does not end in a file name.", "Check the address.")
    return name


@contextmanager
def _disk_trouble(folder: Path) -> Iterator[None]:
    """Turns what the disk says into a refusal."""
    try:
        yield
    except OSError as fault:
        if fault.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", None)):
            raise ResourceError(
                "E302", f"the disk of {folder} is full.", "Free some space."
            ) from None
        raise ResourceError(
            "E304",
            f"{folder} cannot be used ({fault.strerror}).",
            "Name another folder with REALESR_CACHE.",
        ) from None


def _settle_folder(folder: Path) -> None:
    """Make a rename outlast a power cut, where folders can be synchronised."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
