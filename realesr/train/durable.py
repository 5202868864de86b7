"""Folders that one process claims, empties and measures; errors never pass in silence."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from realesr.errors import ParameterError
from realesr.images.safefile import cannot_write, make_folder

try:
    import fcntl
except ImportError:  # Windows: two runs on one folder are then not told apart.
    fcntl = None  # type: ignore[assignment]

LOCK = ".realesr-lock"


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
