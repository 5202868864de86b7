"""What a build is told: sources, rules with their thresholds, shapes. One TOML file, checked whole.

::

    sources = ["photos", "old/scans.zip"]
    licences = ["CC0-1.0", "CC-BY-4.0"]    # leave it out to take any

    [select]
    noise = 4.0                            # levels of 256; false switches a rule off

    [shape]
    crop = 480
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from realesr.degradations.documents import text_of
from realesr.degradations.spans import Checked, Span, fields_of, wrong_values
from realesr.degradations.table import unknown
from realesr.errors import ConfigError, ParameterError

ADVICE = "docs/data-sets.md lists every key."


@dataclass(frozen=True, kw_only=True)
class Select(Checked):
    """The threshold of every rule; None switches it off. What each rule says is in `rules`."""

    side: Annotated[float | None, Span(1, 100_000, unit="px", help="shorter side, at least")] = 256
    jpeg: Annotated[
        float | None, Span(1, 100, help="quality of the JPEG it went through, at least")
    ] = 80
    blocks: Annotated[
        float | None, Span(0, 255, unit="levels", help="steps between 8x8 blocks, at most")
    ] = 0.8
    noise: Annotated[float | None, Span(0, 255, unit="levels", help="noise, at most")] = 5.5
    blur: Annotated[
        float | None, Span(0, 100, unit="px", help="blur of its sharpest edges, at most")
    ] = 1.25
    enlarged: Annotated[
        float | None, Span(1, 100, unit="times", help="enlargement found in it, at most")
    ] = 1.2
    flat: Annotated[
        float | None, Span(0, 1, help="share of it without any texture or edge, at most")
    ] = 0.9
    banding: Annotated[
        float | None, Span(0, 1, help="share of it where gradients go in steps, at most")
    ] = 0.03
    border: Annotated[
        float | None, Span(0, 1, help="share of its sides that is an even frame, at most")
    ] = 0.01
    alpha: Annotated[float | None, Span(0, 1, help="share of it that is not opaque, at most")] = 0.5
    gray: Annotated[
        float | None, Span(0, 255, unit="levels", help="colour in it, at least; off by default")
    ] = None
    exact: Annotated[bool, "leave out pictures whose pixels were there before"] = True
    near: Annotated[
        float | None, Span(0, 128, unit="bits", help="of 256 that differ in copies, at most")
    ] = 56
    tiles: Annotated[
        float | None, Span(0, 1, help="share of it that is part of another picture, below")
    ] = 0.25
    test_sets: Annotated[
        float | None, Span(0, 32, unit="bits", help="of 64 that differ from a test picture, above")
    ] = 10


@dataclass(frozen=True, kw_only=True)
class Shape(Checked):
    """What is made of a picture that was kept; by default nothing: its bytes stay its own."""

    scales: Annotated[tuple[float, ...], Span(0.01, 1, help="copies, smaller by these")] = (1.0,)
    shortest: Annotated[
        int, Span(0, 10_000, unit="px", help="one more copy, with this shorter side; 0 for none")
    ] = 0
    crop: Annotated[int, Span(0, 10_000, unit="px", help="side of sub-images; 0 for none")] = 0
    step: Annotated[
        int, Span(0, 10_000, unit="px", help="least distance of sub-images; 0 is the crop's side")
    ] = 0
    most: Annotated[int, Span(0, 10_000, help="sub-images of a copy; 0 is all that fit")] = 0
    detail: Annotated[
        float, Span(0, 255, unit="levels", help="mean slope a sub-image has at least")
    ] = 1.0

    @property
    def keeps_bytes(self) -> bool:
        """Whether pictures stay as they are."""
        return self.scales == (1.0,) and not self.shortest and not self.crop


@dataclass(frozen=True, kw_only=True)
class Source(Checked):
    """One source, with what is known of all its pictures.

    Attributes:
        path: A folder, picture, archive, CSV or parquet list, an address such as ``s3://bucket``,
            ``hf://user/name``, ``samples``.
        licence: Of pictures that say nothing themselves.
        author: Likewise.
        split: Likewise.
    """

    path: Annotated[str, "a folder, picture, archive, list, hf://user/name or samples"]
    licence: Annotated[str, "of pictures that say nothing themselves"] = "unknown"
    author: Annotated[str, "of pictures that say nothing themselves"] = ""
    split: Annotated[str, "of pictures that say nothing themselves"] = ""


@dataclass(frozen=True, kw_only=True)
class Build(Checked):
    """A whole build."""

    sources: Annotated[tuple[Any, ...], "where pictures come from: paths, or tables with path"]
    licences: Annotated[tuple[Any, ...], "the only ones to take (SPDX names); empty takes any"] = ()
    validation: Annotated[
        float, Span(0, 0.9, help="share of pictures set apart as the split validation")
    ] = 0.0
    select: Select = field(default_factory=Select)
    shape: Shape = field(default_factory=Shape)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, which `build_from` reads back."""
        return dataclasses.asdict(self)


TABLES: dict[str, type[Checked]] = {"select": Select, "shape": Shape}


def read_build(path: Path, changes: Iterable[str] = ()) -> Build:
    """A build from a TOML file.

    Args:
        path: The file.
        changes: ``key=value`` each, as ``select.noise=4``.

    Raises:
        ConfigError: E404, naming every mistake at once.
    """
    try:
        values = tomllib.loads(text_of(path))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError("E404", f"{path.name} is not TOML: {error}.", ADVICE) from error
    return build_from(values, changes)


def build_from(values: Mapping[str, Any], changes: Iterable[str] = ()) -> Build:
    """A build from plain values.

    Raises:
        ConfigError: E404, naming every mistake at once.

    >>> build_from({"sources": ["photos"]}, ["select.nose=4"])
    Traceback (most recent call last):
    realesr.errors.ConfigError: E404 key "select.nose" is unknown; did you mean "select.noise"? ...
    """
    plain: dict[str, Any] = {
        name: dict(value) if name in TABLES else value for name, value in values.items()
    }
    for change in changes:
        _change(plain, change)
    if isinstance(plain.get("sources"), str):
        plain["sources"] = [plain["sources"]]
    mistakes = list(_mistakes(plain))
    if mistakes:
        raise ConfigError("E404", " ".join(mistakes), ADVICE)
    try:
        plain["sources"] = tuple(map(_source, plain["sources"]))
        return Build(**plain | {name: TABLES[name](**plain.get(name, {})) for name in TABLES})
    except ParameterError as error:
        raise ConfigError("E404", error.cause, ADVICE) from error


def _source(given: Any) -> Source:
    if isinstance(given, Source):
        return given
    values = {"path": given} if isinstance(given, str) else given
    if not isinstance(values, Mapping) or set(values) - {one.name for one in fields_of(Source)}:
        raise ParameterError("E004", f"{given!r} is no source: write a path, or a table with path.")
    return Source(**values)


def _mistakes(values: dict[str, Any]) -> Iterator[str]:
    known = {one.name: one for one in fields_of(Build)}
    yield from (_ended(unknown("key", name, known)) for name in values if name not in known)
    if not values.get("sources"):
        yield "sources are missing."
    flat = {name: value for name, value in values.items() if name not in TABLES}
    yield from wrong_values(Build, flat)
    for name, table in TABLES.items():
        given = values.get(name, {})
        inside = {one.name: one for one in fields_of(table)}
        # TOML has no word for nothing, so false switches a rule off.
        for key in [key for key, value in given.items() if value is False and key in inside]:
            given[key] = None if inside[key].optional else False
        for key in given:
            if key not in inside:
                yield _ended(
                    unknown("key", f"{name}.{key}", {f"{name}.{each}": 0 for each in inside})
                )
        yield from wrong_values(table, given)


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?")) else sentence + "."


def _change(values: dict[str, Any], change: str) -> None:
    key, equals, text = change.partition("=")
    *tables, name = key.strip().split(".")
    if not equals or not name or len(tables) > 1:
        raise ConfigError("E404", f"--set {change} is no key=value.", "Write --set select.noise=4.")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    if tables:
        if tables[0] not in TABLES:
            raise ConfigError("E404", f"there is no table {tables[0]}.", ADVICE)
        values = values.setdefault(tables[0], {})
    values[name] = value
