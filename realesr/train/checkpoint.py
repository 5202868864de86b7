"""Saved steps of a training run: complete or not there, whatever moment the power goes.

::

    OUTPUT/step-000100/manifest.json            what belongs to it, with sha256 and length
                       generator.safetensors    weights, and every other tensor of the run
                       optimiser.json           the rest of its state

A step is written as ``step-000100.tmp``, seen onto the disk file by file and only then given its
name, so a folder that is called ``step-000100`` was complete when it got that name. What happens to
it later, the checksums tell: `Checkpoints.newest` passes over a damaged step and says so.
"""

from __future__ import annotations

import errno
import json
import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from torch import Tensor

from realesr import __version__
from realesr.errors import ConfigError, Notice, ParameterError, ResourceError
from realesr.images.safefile import synchronise_folder, write_durably
from realesr.train.durable import free_bytes, remove_folder
from realesr.train.saved import MANIFEST, SCHEMA, Checkpoint, TornError, reason, seal, verified
from realesr.train.state import JSON
from realesr.train.tensorfile import tensor_bytes, tensor_pieces

__all__ = ["Checkpoint", "Checkpoints"]

_log = logging.getLogger(__name__)
_FOLDER = re.compile(r"step-(\d{6,15})")
_HALF = re.compile(r"\.realesr-[0-9a-f]{16}\.tmp")  # of the journal, previews and the like
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}")
_SPARE = 1 << 20  # what headers, folders and the manifest may need besides tensors and documents


class Checkpoints:
    """The saved steps of one run, the newest few of them.

    Args:
        output: The folder of the run; made when the first step is saved.
        keep: How many steps stay; at least two, so that one may be damaged.

    Attributes:
        notices: What a person should know of what `newest` found.
    """

    def __init__(self, output: Path, keep: int = 2) -> None:
        if keep < 2:
            raise ParameterError(
                "E001", f"keep is {keep}; one saved step alone is not safe.", "Keep at least 2."
            )
        self.output = output
        self.keep = keep
        self.notices: list[Notice] = []

    def steps(self) -> list[int]:
        """The steps that have a folder, oldest first; nobody has looked into them yet."""
        return sorted(self._folders())

    def newest(self) -> Checkpoint | None:
        """The newest step that is complete, or None. Nothing is changed on the disk.

        Each newer one that is not is told in `notices` (E501).

        Raises:
            ConfigError: E502 when the output is a file, itself a saved step or unreadable, or a
                step is from a later version of realesr.
        """
        self._refuse_strangers()
        torn: dict[str, str] = {}
        try:
            found, leftovers = next(self._complete(torn), None), self._leftovers()
        except OSError as error:
            raise ConfigError(
                "E502", f"{self.output.name} cannot be read: {reason(error)}.", "Check the folder."
            ) from error
        for left in leftovers:
            if (match := _FOLDER.match(left.name)) and (not found or int(match[1]) > found.step):
                torn[left.name] = "is incomplete (killed while saving)"
        then = f"going on from {found.folder.name}" if found else "no complete step is left"
        self.notices = [Notice("E501", f"{name} {why}; {then}.") for name, why in torn.items()]
        return found

    def tidy(self) -> None:
        """Remove what a killed run left half written; for the process that writes, at its start.

        Raises:
            ResourceError: E503 when the disk refuses.
        """
        try:
            halves = (path for path in self.output.rglob("*.tmp") if _HALF.fullmatch(path.name))
            for left in [*self._leftovers(), *halves]:
                remove_folder(left)
        except OSError as error:
            raise ResourceError(
                "E503",
                f"{self.output.name} cannot be tidied: {reason(error)}.",
                "Check the folder and its permissions.",
            ) from error

    def save(
        self,
        step: int,
        *,
        tensors: Mapping[str, Mapping[str, Tensor]],
        documents: Mapping[str, JSON],
        about: Mapping[str, JSON],
    ) -> Path:
        """Save a step whole or not at all, then remove those that are no longer kept.

        A step that is there and complete stays as it is: it is the same one. Steps beyond this one
        are damaged or of a future that was given up, and go.

        Args:
            step: How many steps are done.
            tensors: Parts of the run, each by name; written to NAME.safetensors.
            documents: Parts that are no tensors; written to NAME.json.
            about: What `Checkpoint.about` shall say.

        Returns:
            The folder of the step.

        Raises:
            ResourceError: E503 when it could not be saved; earlier steps are as they were.
        """
        folder = self.output / f"step-{step:06d}"
        for name in (*tensors, *documents):
            if not _NAME.fullmatch(name) or f"{name}.json" == MANIFEST:
                raise ParameterError("E004", f"{name!r} names no part.", "Use small letters.")
        texts = {name: _text(document) for name, document in documents.items()}
        try:
            if not _is_complete(folder):
                self._make_room(folder, tensors, texts)
                self._write(folder, step, tensors, texts, about)
        except OSError as error:
            raise self._failed(step, folder, error) from error
        self._prune(step)
        return folder

    def _make_room(
        self,
        folder: Path,
        tensors: Mapping[str, Mapping[str, Tensor]],
        texts: Mapping[str, bytes],
    ) -> None:
        made = not self.output.exists()
        self.output.mkdir(parents=True, exist_ok=True)
        if made:
            synchronise_folder(self.output.parent)
        for left in self._leftovers():
            remove_folder(left)
        if folder.exists():
            self._remove(folder)
        needed = sum(tensor_bytes(part) for part in tensors.values())
        needed += sum(len(text) for text in texts.values()) + _SPARE
        free = free_bytes(self.output)
        if free is not None and free < needed:
            words = f"no space left ({needed / 1e6:,.1f} MB needed, {free / 1e6:,.1f} MB free)"
            raise OSError(errno.ENOSPC, words)

    def _write(
        self,
        folder: Path,
        step: int,
        tensors: Mapping[str, Mapping[str, Tensor]],
        texts: Mapping[str, bytes],
        about: Mapping[str, JSON],
    ) -> None:
        temporary = folder.with_name(f"{folder.name}.tmp")
        try:
            temporary.mkdir()
            files: dict[str, JSON] = {}
            for name, part in tensors.items():
                written = write_durably(temporary / f"{name}.safetensors", tensor_pieces(part))
                files[f"{name}.safetensors"] = dict(zip(("sha256", "bytes"), written, strict=True))
            for name, text in texts.items():
                written = write_durably(temporary / f"{name}.json", [text])
                files[f"{name}.json"] = dict(zip(("sha256", "bytes"), written, strict=True))
            manifest: dict[str, JSON] = {
                "schema": SCHEMA,
                "step": step,
                "version": __version__,
                "files": files,
                "about": dict(about),
            }
            manifest["seal"] = seal(manifest)
            write_durably(temporary / MANIFEST, [_text(manifest)])
            synchronise_folder(temporary)
            temporary.rename(folder)
            synchronise_folder(self.output)
        except BaseException:
            _remove_quietly(temporary)
            raise

    def _prune(self, step: int) -> None:
        """Remove old steps; a failure here costs room, not the run."""
        try:
            folders = self._folders()
            kept = sorted(number for number in folders if number <= step)[-self.keep :]
            for number in sorted(set(folders) - set(kept)):
                self._remove(folders[number])
        except OSError as error:
            _log.warning("an old step in %s cannot be removed: %s.", self.output, reason(error))

    def _remove(self, folder: Path) -> None:
        """Take the name away first, because a folder with that name is a complete step."""
        doomed = folder.with_name(f"{folder.name}.tmp")
        folder.rename(doomed)
        remove_folder(doomed)

    def _failed(self, step: int, folder: Path, error: OSError) -> ResourceError:
        torn: dict[str, str] = {}
        try:
            good = (one.folder.name for one in self._complete(torn) if one.step != step)
            safe = f"{safe} is safe" if (safe := next(good, "")) else "no earlier step is saved"
        except OSError:
            safe = ""
        if not safe or any("cannot be read" in why for why in torn.values()):
            safe = "earlier steps were left as they are"
        return ResourceError(
            "E503",
            f"could not write {folder.name}: {reason(error)}. "
            f"Training stopped at step {step}; {safe}.",
            "Make room or check the folder, then go on with --resume.",
        )

    def _complete(self, torn: dict[str, str]) -> Iterator[Checkpoint]:
        """Complete steps, newest first; why others are not goes to ``torn``."""
        for _, folder in sorted(self._folders().items(), reverse=True):
            try:
                yield verified(folder)
            except TornError as fault:
                torn[folder.name] = str(fault)

    def _folders(self) -> dict[int, Path]:
        return {
            int(match[1]): path
            for path in self._inside()
            if (match := _FOLDER.fullmatch(path.name)) and path.is_dir()
        }

    def _leftovers(self) -> list[Path]:
        inside = (path for path in self._inside() if path.suffix == ".tmp")
        return sorted(path for path in inside if _FOLDER.fullmatch(path.stem))

    def _inside(self) -> list[Path]:
        return list(self.output.iterdir()) if self.output.is_dir() else []

    def _refuse_strangers(self) -> None:
        if self.output.is_file():
            raise ConfigError(
                "E502",
                f"{self.output.name} is a file, and --resume wants the output folder of a run.",
                "Weights to begin with belong into [start].",
            )
        if (self.output / MANIFEST).is_file():
            raise ConfigError(
                "E502",
                f"{self.output.name} is one saved step, not the output folder of a run.",
                "Name the folder that holds it.",
            )


def _is_complete(folder: Path) -> bool:
    try:
        verified(folder)
    except TornError:
        return False
    return True


def _remove_quietly(folder: Path) -> None:
    """Remove what a failed save wrote; where even that fails, the next start does it."""
    try:
        remove_folder(folder)
    except OSError as error:
        _log.warning("%s cannot be removed: %s.", folder.name, reason(error))


def _text(document: JSON) -> bytes:
    return json.dumps(document, indent=1).encode() + b"\n"
