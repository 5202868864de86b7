"""A folder of results belongs to one run at a time, from before it plans until it ends."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from realesr.errors import ParameterError, PictureError
from realesr.images.safefile import cannot_write, make_folder

try:
    import fcntl
except ImportError:  # Windows: two runs on one folder are then not told apart.
    fcntl = None  # type: ignore[assignment]

LEDGER_NAME = ".realesr-batch.jsonl"
_ATTEMPTS = 100


class Claim:
    """A folder that no other run writes to meanwhile; made if it is not there.

    The file that is locked is the ledger, open as ``descriptor``. What was made and then not used
    goes again at the end, so that a run that refuses everything leaves nothing behind.

    Args:
        folder: Where results go.

    Raises:
        ParameterError: E008 when another run is at work there.
        PictureError: E114 when it is a file, or cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        if os.path.lexists(folder) and not folder.is_dir():
            raise PictureError(
                "E114",
                f"{folder.name} is a file, and neither a folder nor a picture's name.",
                "Name a folder, or a file that ends in .png, .jpg, .webp, .tif or .avif.",
            )
        self._folder, self._path = folder, folder / LEDGER_NAME
        self._made = [above for above in (folder, *folder.parents) if not os.path.lexists(above)]
        self.descriptor = self._lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let another run work here."""
        if self.descriptor < 0:
            return
        if not os.fstat(self.descriptor).st_size:
            # Before the lock is let go: whoever waits for it sees that the file is gone.
            with contextlib.suppress(OSError):
                self._path.unlink()
        os.close(self.descriptor)
        self.descriptor = -1
        with contextlib.suppress(OSError):
            for folder in self._made:
                folder.rmdir()

    def _lock(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
        for _ in range(_ATTEMPTS):
            make_folder(self._folder)
            try:
                descriptor = os.open(self._path, flags, 0o666)
            except FileNotFoundError:  # Another run ended, and took its folder away.
                continue
            except OSError as error:
                raise cannot_write(self._path, 0, error) from error
            if self._is_ours(descriptor):
                return descriptor
            os.close(descriptor)
        raise PictureError("E114", f"{self._folder} comes and goes.", "Name another folder.")

    def _is_ours(self, descriptor: int) -> bool:
        """Lock the file; False when another run removed it before that."""
        if fcntl is None:
            return True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise ParameterError(
                "E008",
                f"another realesr is at work in {self._folder}.",
                "Wait until it is done, or name another folder.",
            ) from error
        except OSError:  # A file system without locks.
            return True
        with contextlib.suppress(OSError):
            return os.path.samestat(os.fstat(descriptor), self._path.stat())
        return False
