"""Where pictures come from: folders, parquet files, data sets of the Hub, scikit-image's samples.

``open_source`` turns one line of a configuration into ``Pictures``, which are read by number::

    pictures = open_source("photos")            # a folder and those inside it
    pictures = open_source("photos.parquet")    # or a folder of such files
    pictures = open_source("hf://user/name")    # a data set of the Hub, read piece by piece
    pictures = open_source("samples:coffee")    # comes with scikit-image, needs no network
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from realesr.errors import ConfigError
from realesr.train.datasets import open_dataset
from realesr.train.parquet import open_parquet
from realesr.train.pictures import (
    SUFFIXES,
    Chosen,
    Joined,
    PictureFiles,
    Pictures,
    Pixels,
    digest,
    joined,
)

__all__ = [
    "SAMPLES",
    "Chosen",
    "Joined",
    "PictureFiles",
    "Pictures",
    "Pixels",
    "digest",
    "joined",
    "open_source",
    "open_sources",
]

SAMPLES = (
    "astronaut.png", "brick.png", "camera.png", "chelsea.png", "coffee.png", "coins.png",
    "grass.png", "gravel.png", "hubble_deep_field.jpg", "ihc.png", "moon.png",
    "motorcycle_left.png", "motorcycle_right.png", "retina.jpg", "rocket.jpg",
)  # fmt: skip
"""The photographs that lie in scikit-image's package itself; its others would be downloaded."""


def open_source(text: str) -> Pictures:
    """The pictures that one line of a configuration names.

    Args:
        text: A folder, a picture, a ``.parquet`` file or a folder of them, ``hf://user/name`` with
            ``@revision`` and ``/split`` where wanted, ``samples`` or ``samples:coffee,rocket``.
            Where several columns of a data set hold pictures, ``#column`` behind it names one.

    Raises:
        ConfigError: E404 when there is no such source, or no picture in it.
        NetworkError: E601, E604 or E605, when the Hub cannot be asked.
    """
    if text.partition(":")[0] == "samples":
        return _samples(text)
    if text.startswith("hf://"):
        return open_dataset(text)
    path, column = Path(text), ""
    if not path.exists():
        name, _, column = text.rpartition("#")
        path = Path(name) if name else path
    if path.is_dir():
        found = [] if column else _found(path, SUFFIXES)
        tables = [] if found else _found(path, (".parquet",))
        return open_parquet(tables, path, column) if tables else PictureFiles(found, path)
    if path.suffix.lower() == ".parquet" and path.is_file():
        return open_parquet([path], path.parent, column)
    if path.suffix.lower() in SUFFIXES and path.is_file():
        return PictureFiles([path], path.parent)
    raise ConfigError(
        "E404",
        f"There are no pictures at {text}: it is no folder, picture or parquet file.",
        "Paths are relative to the folder the command is run in.",
    )


def open_sources(texts: Iterable[str]) -> Pictures:
    """The pictures of several sources, one after the other.

    Raises:
        ConfigError: E404.
    """
    return joined([open_source(text) for text in texts])


def _found(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Every such file under a folder, by name; hidden ones are passed over."""
    found: list[Path] = []
    seen: set[str] = set()
    for here, folders, files in os.walk(folder, followlinks=True):
        # A link that leads back up would be walked for ever.
        real = os.path.realpath(here)
        fresh = real not in seen
        seen.add(real)
        folders[:] = [each for each in folders if fresh and not each.startswith(".")]
        found += [
            Path(here, name)
            for name in files
            if fresh and not name.startswith(".") and name.lower().endswith(suffixes)
        ]
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def _samples(text: str) -> Pictures:
    import skimage

    folder = Path(skimage.__file__).parent / "data"
    there = {Path(name).stem: folder / name for name in SAMPLES if (folder / name).is_file()}
    _, colon, listed = text.partition(":")
    wanted = [name.strip() for name in listed.split(",")] if colon else list(there)
    strange = [name for name in wanted if name not in there]
    if strange:
        raise ConfigError(
            "E404",
            f"{text}: there is no sample {', '.join(repr(name) for name in strange)}.",
            f"There are {', '.join(there)}." if there else "Install scikit-image anew.",
        )
    return PictureFiles([there[name] for name in wanted], folder)
