"""Writing a file so that at every moment the old one or the new one is there, whole.

A file that was only written may be lost when the power goes: its bytes wait in memory. Here a file
counts as written after ``fsync``, and a name after ``fsync`` of the folder that holds it.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path

from realesr.errors import PictureError, RealesrError, ResourceError

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
_NO_FOLDER_SYNC = (errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.EACCES, errno.EPERM)
_PIECE = 1 << 24


def write_file(
    path: str | os.PathLike[str],
    data: bytes,
    *,
    force: bool = False,
    check: Callable[[Path], None] | None = None,
    temporary: Path | None = None,
) -> Path:
    """Write a whole file or nothing.

    The bytes go to a temporary file in the same folder, which is synchronised, checked and only
    then given its name; the folder is synchronised last. Killed at any moment, the old file or the
    new one is there. An error leaves no temporary file behind; a kill may leave one, named
    ``.realesr-*.tmp``.

    Args:
        path: Where to. The folder must exist.
        data: The contents.
        force: Replace a file that is there. Without it, a file that appears meanwhile is safe too.
        check: Called with the temporary file before it gets its name; raises to give it up.
        temporary: What `temporary_beside` gave, for a caller that must know it beforehand.

    Returns:
        ``path``.

    Raises:
        PictureError: E113 when the file exists and ``force`` is not set, E114 when it cannot be
            written there.
        ResourceError: E302 when the disk is full.
    """
    path = Path(path)
    refuse_overwriting(path, force=force)
    temporary = temporary or temporary_beside(path)
    try:
        write_durably(temporary, [data])
        if check:
            check(temporary)
        if force:
            os.replace(temporary, path)  # noqa: PTH105
        else:
            _name_without_replacing(temporary, path)
        synchronise_folder(path.parent)
    except RealesrError:
        raise
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError as error:
        raise cannot_write(path, len(data), error) from error
    finally:
        _forget(temporary)
    return path


def refuse_overwriting(path: Path, *, force: bool) -> None:
    """Refuse early what ``write_file`` would refuse late.

    Raises:
        PictureError: E113 when the file exists and ``force`` is not set, E114 for a folder.
    """
    try:
        if path.is_dir():
            raise PictureError("E114", f"{path.name} is a folder.", "Name a file in it.")
        if not force and os.path.lexists(path):
            raise _exists(path)
    except OSError as error:
        raise cannot_write(path, 0, error) from error


def check_target(path: Path) -> None:
    """Refuse early a name that nothing can be written to, whatever is there now.

    Raises:
        PictureError: E114.
    """
    refuse_overwriting(path, force=True)
    check_folder(path.parent)


def check_folder(folder: Path) -> None:
    """Refuse early what ``make_folder`` or writing into it would refuse late; makes nothing.

    Raises:
        PictureError: E114 when it is a file, or it or the folder it would be made in is closed.
    """
    here = next(above for above in (folder, *folder.parents, Path()) if os.path.lexists(above))
    if not here.is_dir():
        raise cannot_write(folder, 0, NotADirectoryError(errno.ENOTDIR, "Not a directory"))
    if not os.access(here, os.W_OK | os.X_OK):
        raise cannot_write(folder, 0, PermissionError(errno.EACCES, "Permission denied"))


def temporary_beside(path: Path) -> Path:
    """A name for a temporary file in the same folder that nothing else has."""
    return path.parent / f".realesr-{secrets.token_hex(8)}.tmp"


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, where they are not there.

    Raises:
        PictureError: E114 when something else has its name, or it may not be made.
        ResourceError: E302 when the disk is full.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, 0, error) from error


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


def _name_without_replacing(temporary: Path, path: Path) -> None:
    """Give the file its name, unless something of that name has appeared meanwhile."""
    try:
        os.link(temporary, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # A file system without links (FAT, some network drives): look, then rename.
        if os.path.lexists(path):
            raise _exists(path) from error
        os.replace(temporary, path)  # noqa: PTH105


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


def _forget(temporary: Path) -> None:
    try:
        os.unlink(temporary)  # noqa: PTH108
    except OSError:
        # Already renamed, or never made; nothing is lost by leaving it.
        pass


def _exists(path: Path) -> PictureError:
    return PictureError("E113", f"{path.name} exists.", "--force replaces it.")


def cannot_write(path: Path, size: int, error: OSError) -> RealesrError:
    """The refusal that fits what the system answered: no room, or not allowed."""
    if error.errno in _NO_ROOM:
        return ResourceError(
            "E302",
            f"{path.name} needs {max(size / 1e6, 0.1):,.1f} MB, and the disk has no room for it. "
            "Nothing was written.",
            "Make room, or choose another folder.",
        )
    reason = (error.strerror or "the system refused").lower()
    return PictureError(
        "E114", f"{path.name} cannot be written: {reason}.", "Check the folder and its permissions."
    )
