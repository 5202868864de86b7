"""Files and folders that survive a power cut, and errors that never pass in silence.

A file that was only written may be lost when the power goes: its bytes wait in memory. Here a file
counts as written after ``fsync``, and a name after ``fsync`` of the folder that holds it.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from realesr.errors import ParameterError
from realesr.images.safefile import cannot_write, make_folder

try:
    import fcntl
except ImportError:  # Windows: two runs on one folder are then not told apart.
    fcntl = None  # type: ignore[assignment]

LOCK = ".realesr-lock"
_PIECE = 1 << 24
_NO_FOLDER_SYNC = (errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.EACCES, errno.EPERM)


def write_durably(path: Path, pieces: Iterable[bytes | memoryview]) -> tuple[str, int]:
    """Write a new file piece by piece and see it onto the disk.

    Args:
        path: A name that nothing has yet.
        pieces: The contents in order; each is asked for when the one before is written.

    Returns:
        The sha256 of the contents, and their length in bytes.

    Raises:
        OSError: As the system says it.
    """
    digest, size = hashlib.sha256(), 0
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o666)
    try:
        for piece in pieces:
            view = memoryview(piece)
            digest.update(view)
            size += view.nbytes
            while view:
                view = view[os.write(descriptor, view[:_PIECE]) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return digest.hexdigest(), size


def synchronise_folder(folder: Path) -> None:
    """Put the names in a folder on the disk, where the system knows how.

    Raises:
        OSError: When the disk fails.
    """
    if not hasattr(os, "O_DIRECTORY"):
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        if error.errno in _NO_FOLDER_SYNC:
            return
        raise
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(descriptor)


def remove_folder(folder: Path) -> None:
    """Remove a folder and all in it, or the file or link of that name.

    Raises:
        OSError: As the system says it.
    """
    with contextlib.suppress(FileNotFoundError):
        if folder.is_dir() and not folder.is_symlink():
            shutil.rmtree(folder)
        else:
            folder.unlink()


@contextlib.contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Keep other processes out of a folder, which is made if it is not there.

    The lock is one that worker processes do not inherit, so a killed run can go on at once.

    Raises:
        ParameterError: E008 when another process is at work there.
        PictureError: E114 when it cannot be written to.
        ResourceError: E302 when the disk is full.
    """
    make_folder(folder)
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise cannot_write(folder, 0, error) from error
    try:
        if fcntl is not None:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Anything else is a file system without locks.
        if error.errno in (errno.EACCES, errno.EAGAIN):
            os.close(descriptor)
            raise ParameterError(
                "E008",
                f"another realesr is at work in {folder}.",
                "Wait until it is done, or name another output.",
            ) from error
    try:
        yield
    finally:
        os.close(descriptor)


def free_bytes(folder: Path) -> int | None:
    """What the disk of a folder has room for, in bytes; None where it does not say."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
