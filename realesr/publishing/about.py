"""What only a person can say of a model, in a small TOML file beside it.

::

    title = "Old maps x4"
    summary = "Sharpens scans of printed maps."
    purpose = "Scans of maps from 1800 to 1950 at 150 to 300 dpi."
    not_for = "Photographs; anything where a made-up letter would do harm."
    licence = "CC-BY-4.0"
    authors = ["Ada Example"]

    [[data]]
    name = "pictures/maps"          # as the training configuration names it
    licence = "CC0-1.0"
    credit = "City archive, scans of 2019"
"""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from realesr.degradations.documents import text_of
from realesr.errors import ConfigError
from realesr.hub.leaks import refuse_text

NAME = "about.toml"
_NEXT = "docs/publishing.md shows a whole one."


@dataclass(frozen=True)
class Source:
    """Pictures that went in.

    Attributes:
        name: As the training configuration names them.
        licence: SPDX identifier.
        credit: Whom to thank.
        url: Where they are from.
    """

    name: str
    licence: str = ""
    credit: str = ""
    url: str = ""


@dataclass(frozen=True)
class About:
    """A person's words; empty where nothing was written.

    Attributes:
        title: What the card is headed.
        summary: One sentence.
        purpose: What it is for.
        not_for: What it is not for.
        licence: SPDX identifier of the published weights.
        authors: Who made it.
        base: The Hub id of the model it was trained from, where the configuration names a file.
        base_licence: Its licence.
        citation: BibTeX, or a line.
        data: Pictures that went in.
    """

    title: str = ""
    summary: str = ""
    purpose: str = ""
    not_for: str = ""
    licence: str = ""
    authors: tuple[str, ...] = ()
    base: str = ""
    base_licence: str = ""
    citation: str = ""
    data: tuple[Source, ...] = ()


def read_about(path: Path | None) -> About:
    """The words in a file; none at all where there is none.

    Raises:
        NetworkError: E603, for a token among them.
        ConfigError: E404, for what is no TOML, a wrong name or a wrong kind of value.

    >>> read_about(None).licence
    ''
    """
    if path is None:
        return About()
    text = text_of(path)
    refuse_text(text, path.name)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError("E404", f"{path.name} is not TOML: {error}.", _NEXT) from error
    data = values.pop("data", [])
    if not isinstance(data, list):
        raise ConfigError("E404", f"{path.name}: data must be [[data]] tables.", _NEXT)
    sources = tuple(_made(Source, each, f"{path.name}, [[data]]") for each in data)
    about: About = _made(About, values, path.name)
    return dataclasses.replace(about, data=sources)


def _made(kind: type[Any], values: Any, where: str) -> Any:
    known = {field.name: field for field in dataclasses.fields(kind) if field.name != "data"}
    if not isinstance(values, dict):
        raise ConfigError("E404", f"{where}: must be a table.", _NEXT)
    for name, value in values.items():
        if name not in known:
            raise ConfigError(
                "E404", f"{where}: {name} is unknown; known are {', '.join(known)}.", _NEXT
            )
        listed = name == "authors"
        fits = isinstance(value, list) if listed else isinstance(value, str)
        if not fits or (listed and not all(isinstance(each, str) for each in value)):
            what = "a list of texts" if listed else "a text"
            raise ConfigError("E404", f"{where}: {name} must be {what}.", _NEXT)
    if kind is Source and not values.get("name"):
        raise ConfigError("E404", f"{where}: name is missing.", _NEXT)
    return kind(**{name: tuple(v) if isinstance(v, list) else v for name, v in values.items()})
