"""One saved step of a training run: read only when every byte of it is what was written.

``manifest.json`` lists the files of a step with their sha256 and length, and carries a checksum of
itself. Neither pickles nor paths are read from it, so a step from a stranger can be refused but
cannot do anything.
"""

from __future__ import annotations

import hashlib
import json
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from torch import Tensor

from realesr import __version__
from realesr.errors import ConfigError
from realesr.train.state import JSON
from realesr.train.tensorfile import read_tensors

MANIFEST = "manifest.json"
SCHEMA = 1
_FILE = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}\.(safetensors|json)")
_LONGEST_MANIFEST = 1 << 24


class TornError(Exception):
    """Why a folder is no complete step, in words that follow its name."""


@dataclass(frozen=True)
class Checkpoint:
    """One saved step that was found complete.

    Attributes:
        step: How many steps were done when it was saved.
        folder: Where it lies.
        version: The version of realesr that wrote it.
        about: What the run said of itself: its configuration, the fingerprint of its data.
        files: The names of its files.
    """

    step: int
    folder: Path
    version: str
    about: dict[str, JSON]
    files: frozenset[str]

    @classmethod
    def open(cls, folder: str | Path) -> Checkpoint:
        """The saved step in a folder, every byte of it compared with its checksum.

        Raises:
            ConfigError: E502 when it is no saved step or from a later version of realesr, E501 when
                it is damaged.
        """
        folder = Path(folder)
        if not (folder / MANIFEST).is_file():
            what = "is a file" if folder.is_file() else f"holds no {MANIFEST}"
            raise ConfigError(
                "E502",
                f"{folder.name} {what}, so there is nothing to go on from.",
                "Weights to begin with belong into [start]; --resume wants the output of a run.",
            )
        try:
            return verified(folder)
        except TornError as torn:
            raise ConfigError(
                "E501", f"{folder.name} {torn}.", "Go on from an earlier step."
            ) from None

    def tensors(self, name: str) -> dict[str, Tensor]:
        """The tensors of one part, on the CPU.

        Raises:
            ConfigError: E502 when this step has no such part, or it is no tensor file.
        """
        path = self._file(f"{name}.safetensors")
        try:
            return read_tensors(path)
        except (OSError, SafetensorError) as error:
            raise self._unreadable(path.name) from error

    def document(self, name: str) -> Any:
        """The document of one part, as JSON gives it back: a tuple has become a list.

        Raises:
            ConfigError: E502 when this step has no such part, or it is no JSON.
        """
        path = self._file(f"{name}.json")
        try:
            return json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            raise self._unreadable(path.name) from error

    def _file(self, name: str) -> Path:
        if name not in self.files:
            raise ConfigError(
                "E502",
                f"{self.folder.name} holds no {name}: it was saved by another kind of run.",
                "Go on with the configuration it was made with, or begin with its weights.",
            )
        return self.folder / name

    def _unreadable(self, name: str) -> ConfigError:
        return ConfigError(
            "E502", f"{self.folder.name}/{name} cannot be read.", "Go on from an earlier step."
        )


def verified(folder: Path) -> Checkpoint:
    """The step in a folder, if every file is what its manifest says.

    Raises:
        TornError: When one is not.
        ConfigError: E502 when the manifest is from a later version.
    """
    manifest = _read_manifest(folder / MANIFEST)
    if manifest.get("schema") != SCHEMA:
        raise ConfigError(
            "E502",
            f"{folder.name} was written by realesr {manifest.get('version')}, whose layout "
            f"{manifest.get('schema')} this version ({__version__}) does not know.",
            "Update realesr.",
        )
    try:
        files, about = dict(manifest["files"]), dict(manifest["about"])
        for name, expected in files.items():
            if not _FILE.fullmatch(name):
                raise TornError("names a file that no step has")
            _verify_file(folder / name, int(expected["bytes"]), str(expected["sha256"]))
        step, version = int(manifest["step"]), str(manifest["version"])
    except (KeyError, TypeError, ValueError):
        raise TornError(f"is damaged ({MANIFEST} says something else)") from None
    return Checkpoint(step, folder, version, about, frozenset(files))


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            manifest = json.loads(file.read(_LONGEST_MANIFEST))
    except FileNotFoundError:
        raise TornError(f"is incomplete ({MANIFEST} is missing)") from None
    except OSError as error:
        raise TornError(f"cannot be read ({reason(error)})") from None
    except (ValueError, RecursionError):
        raise TornError(f"is damaged ({MANIFEST} is no JSON)") from None
    if not isinstance(manifest, dict):
        raise TornError(f"is damaged ({MANIFEST} is no JSON object)")
    if manifest.get("seal") != seal(manifest):
        raise TornError(f"is damaged ({MANIFEST} differs from its checksum)")
    return manifest


def _verify_file(path: Path, size: int, sha256: str) -> None:
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise TornError(f"is damaged ({path.name} is no file)")
        if status.st_size != size:
            sizes = f"{status.st_size:,} of {size:,} bytes"
            raise TornError(f"is incomplete ({path.name} has {sizes})")
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise TornError(f"is incomplete ({path.name} is missing)") from None
    except OSError as error:
        raise TornError(f"cannot be read ({path.name}: {reason(error)})") from None
    if digest != sha256:
        raise TornError(f"is damaged ({path.name} differs from its checksum)")


def seal(manifest: Mapping[str, Any]) -> str:
    """A checksum of all that a manifest says, however it is laid out."""
    rest = {key: value for key, value in manifest.items() if key != "seal"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def reason(error: OSError) -> str:
    """What the system said, to follow a colon."""
    said = error.strerror or "the system refused"
    return said[0].lower() + said[1:]
