"""Where the weights of a model are: in the package, a file, a folder, the cache or on the Hub."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from realesr.downloads import cached_path, fetch
from realesr.errors import ModelError
from realesr.models.catalogue import BUILT_IN, ModelSpec, find_model, known_models
from realesr.models.hub_files import WEIGHTS, fetch_from_hub, is_hub_id
from realesr.models.storage import printable

SUFFIXES = (".safetensors", ".pth", ".pt")
_USUAL_NAMES = (WEIGHTS, "generator.safetensors")


@dataclass(frozen=True)
class Located:
    """Weights that were found.

    Attributes:
        path: The file; None for a filter that has no weights.
        name: What the model is called.
        source: Where it came from.
        known: The catalogue's entry, if there is one.
    """

    path: Path | None
    name: str
    source: str
    known: ModelSpec | None = None


def locate(
    name_or_path: str | Path, *, progress: Callable[[int, int | None], None] | None = None
) -> Located:
    """Find the weights of a model, and fetch them if need be.

    In this order: a name of the catalogue (bundled, then in the folders of ``REALESR_WEIGHTS``,
    then fetched), a file or folder, a file in the folders of ``REALESR_WEIGHTS``, the Hub.

    Raises:
        ModelError: E208 for a name nobody knows, E209 for a file that is not there, E210 for a
            folder without weights, or with several.
        NetworkError: When a download fails.
    """
    text = str(name_or_path)
    known = next((spec for spec in known_models() if spec.name == text), None)
    if known is not None:
        path = local_path(known)
        if path is None and known.is_remote:
            path = fetch(known.source, sha256=known.sha256, size=known.size, progress=progress)
        return Located(path, known.name, known.source, known)
    path = _given(text)
    if path is not None:
        found = _in_folder(path) if path.is_dir() else path
        return Located(found, path.stem if path.is_file() else path.name, str(found))
    if text.lower().endswith(SUFFIXES) or Path(text).is_absolute():
        name = printable(Path(text).name)
        raise ModelError("E209", f"{name} is not there.", "Check the path, or give a name.")
    local = find_local(text)
    if local is not None:
        return Located(local, local.stem, str(local))
    if is_hub_id(text):
        found, source = fetch_from_hub(text, progress)
        return Located(found, text.partition("@")[0], source)
    find_model(text)
    raise AssertionError("find_model raises for a name that is not in the table")


def local_path(spec: ModelSpec) -> Path | None:
    """The file of a known model that is on this machine outside the cache."""
    if spec.source == BUILT_IN:
        return None
    return Path(spec.source) if spec.is_bundled else find_local(spec.name)


def place_of(spec: ModelSpec) -> str:
    """Where a known model is, in a word.

    Returns:
        ``"bundled"``, ``"local"`` (in a folder of ``REALESR_WEIGHTS``), ``"cached"`` (fetched
        before) or ``"remote"`` (fetched when first used).

    >>> place_of(find_model("lab-x4")), place_of(find_model("bicubic"))
    ('bundled', 'bundled')
    """
    if spec.is_bundled:
        return "bundled"
    if find_local(spec.name):
        return "local"
    return "cached" if cached_path(spec.source) else "remote"


def local_names() -> list[str]:
    """Names of the weights files found in the folders of ``REALESR_WEIGHTS``, sorted."""
    return sorted({path.stem for folder in _folders() for path in _weights_in(folder)})


def find_local(name: str) -> Path | None:
    """The weights file of that name, without its suffix, in the folders of ``REALESR_WEIGHTS``."""
    if Path(name).name != name:
        return None
    candidates = (folder / f"{name}{suffix}" for folder in _folders() for suffix in SUFFIXES)
    return next((path for path in candidates if path.is_file()), None)


def _given(text: str) -> Path | None:
    """The file or folder of that path, if there is one; impossible paths are none."""
    try:
        path = Path(text).expanduser()
        return path if path.exists() else None
    except (OSError, ValueError, RuntimeError):
        return None


def _in_folder(folder: Path) -> Path:
    """The weights file a folder is about: the one of the usual name, or the only one."""
    files = _weights_in(folder)
    usual = [file for name in _USUAL_NAMES for file in files if file.name == name]
    if usual or len(files) == 1:
        return (usual or files)[0]
    name = printable(folder.absolute().name or str(folder))
    if not files:
        raise ModelError("E210", f"the folder {name} holds no weights.", "Name a weights file.")
    some = printable(", ".join(file.name for file in files[:3]))
    raise ModelError(
        "E210", f"the folder {name} holds {len(files)} weights files.", f"Name one: {some}."
    )


def _weights_in(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    except OSError:
        return []


def _folders() -> list[Path]:
    listed = os.environ.get("REALESR_WEIGHTS", "")
    return [Path(folder).expanduser() for folder in listed.split(os.pathsep) if folder]
