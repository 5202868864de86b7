"""Reading and writing ``TrainConfig`` as TOML; every mistake of a file in one refusal."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from realesr.degradations.documents import text_of
from realesr.degradations.spans import Checked, fields_of, wrong_values
from realesr.degradations.table import unknown
from realesr.errors import ConfigError, ParameterError
from realesr.train.config import (
    MANY,
    DataConfig,
    EngineConfig,
    GanConfig,
    LossConfig,
    NetworkConfig,
    OptimiserConfig,
    SaveConfig,
    Sharpen,
    StartConfig,
    TrainConfig,
    WatchConfig,
)

TABLES: dict[str, type[Checked]] = {
    "network": NetworkConfig,
    "start": StartConfig,
    "data": DataConfig,
    "optimiser": OptimiserConfig,
    "losses": LossConfig,
    "gan": GanConfig,
    "sharpen": Sharpen,
    "engine": EngineConfig,
    "save": SaveConfig,
    "watch": WatchConfig,
}
_ADVICE = "docs/training.md lists every key."


# Keys whose value is a list: on the command line one word stands for a list of one.
_LISTS = {
    (table, field.name)
    for table, cls in TABLES.items()
    for field in fields_of(cls)
    if field.kind == "things"
}


def read_config(path: Path | str, changes: Iterable[str] = ()) -> TrainConfig:
    """A configuration from a TOML file.

    Args:
        path: The file.
        changes: ``key=value`` each, as ``data.workers=2``; the value as TOML has it, or plain text.

    Raises:
        ConfigError: E404, naming every mistake at once.
    """
    path = Path(path)
    try:
        values = tomllib.loads(text_of(path))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError("E404", f"{path.name} is not TOML: {error}.", _ADVICE) from error
    except RecursionError as error:
        raise ConfigError("E404", f"{path.name} is nested too deep.", _ADVICE) from error
    for change in changes:
        _change(values, change)
    return config_from(values)


def config_from(values: Mapping[str, Any]) -> TrainConfig:
    """A configuration from plain values, as ``TrainConfig.as_dict`` gives them.

    Raises:
        ConfigError: E404, naming every mistake at once.

    >>> config_from({"name": "x", "output": "y", "step": 5, "batch_size": 0, "data": {}})
    Traceback (most recent call last):
    realesr.errors.ConfigError: E404 key "step" is unknown; did you mean "steps"? steps ...
    """
    mistakes = list(_mistakes(values))
    if mistakes:
        raise ConfigError("E404", " ".join(mistakes), _ADVICE)
    tables = {name: TABLES[name](**values[name]) for name in TABLES if name in values}
    try:
        return TrainConfig(**{**values, **tables})
    except ParameterError as error:
        raise ConfigError("E404", _without_class(error.cause), _ADVICE) from error


def config_as_toml(config: TrainConfig) -> str:
    """The file that ``read_config`` reads back as the same configuration."""
    values = config.as_dict()
    lines = [f"{name} = {_toml(value)}" for name, value in values.items() if name not in TABLES]
    for name in TABLES:
        if name in values:
            lines += ["", f"[{name}]"]
            lines += [f"{key} = {_toml(value)}" for key, value in values[name].items()]
    return "\n".join(lines) + "\n"


def as_markdown() -> str:
    """Every key with its default, range and meaning, for the documentation."""
    lines = ["| key | default | range | what it is |", "|---|---|---|---|"]
    plain = [field for field in fields_of(TrainConfig) if field.name not in TABLES]
    rows = [("", field) for field in plain]
    for name, table in TABLES.items():
        rows += [(f"{name}.", field) for field in fields_of(table)]
    for prefix, field in rows:
        default = "**needed**" if field.required else f"`{_toml(field.default)}`"
        if not field.required and field.default is None:
            default = "the network's own" if prefix == "network." else "none"
        span, options = field.span, ", ".join(field.options)
        within = options
        if span:
            above = (
                f"{span.low:g} or more" if span.high >= MANY else f"{span.low:g} to {span.high:g}"
            )
            within = f"{above} {span.unit}".rstrip()
        lines.append(f"| `{prefix}{field.name}` | {default} | {within} | {field.help} |")
    return "\n".join(lines) + "\n"


def _mistakes(values: Mapping[str, Any]) -> Iterator[str]:
    known = {field.name: field for field in fields_of(TrainConfig)}
    for name in values:
        if name not in known:
            inside = [f"{table}.{name}" for table, cls in TABLES.items() if name in _names(cls)]
            hint = f'key "{name}" is unknown; did you mean "{inside[0]}"?' if inside else ""
            yield _ended(hint or unknown("key", name, known))
    for name, field in known.items():
        if field.required and name not in values:
            yield f"{name} is missing."
    flat = {name: value for name, value in values.items() if name not in TABLES}
    yield from map(_without_class, wrong_values(TrainConfig, flat))
    for name, table in TABLES.items():
        if name in values:
            yield from _table_mistakes(name, table, values[name])


def _table_mistakes(name: str, table: type[Checked], values: Any) -> Iterator[str]:
    if not isinstance(values, Mapping):
        yield f"{name} must be a table: write [{name}] and its keys below."
        return
    known = {field.name: field for field in fields_of(table)}
    strange = [key for key in values if key not in known]
    for key in strange:
        yield _ended(unknown("key", f"{name}.{key}", {f"{name}.{field}": 0 for field in known}))
    missing = [key for key, field in known.items() if field.required and key not in values]
    for key in missing:
        yield f"{name}.{key} is missing."
    wrong = list(wrong_values(table, values))
    for sentence in wrong:
        yield f"{name}.{_without_class(sentence)}"
    if not strange and not wrong and not missing:
        try:
            table(**values)
        except ParameterError as error:
            yield f"{name}: {_without_class(error.cause)}"


def _names(table: type[Checked]) -> set[str]:
    return {field.name for field in fields_of(table)}


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?")) else sentence + "."


def _without_class(sentence: str) -> str:
    """``TrainConfig.steps must`` as ``steps must``: people write TOML, not classes."""
    head, _, rest = sentence.partition(" ")
    classes: tuple[type, ...] = (TrainConfig, *TABLES.values())
    for cls in classes:
        name = str(cls.__name__)
        if head.startswith(name + "."):
            return f"{head.partition('.')[2]} {rest}"
        if head == name + ":":
            return rest
    return sentence


def _change(values: dict[str, Any], change: str) -> None:
    key, equals, text = change.partition("=")
    if not equals or not key.strip():
        raise ConfigError("E404", f"--set {change} is no key=value.", "Write --set steps=100.")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()
    *tables, name = key.strip().split(".")
    if isinstance(value, str) and (".".join(tables), name) in _LISTS:
        value = [value]
    for table in tables:
        inner = values.setdefault(table, {})
        if not isinstance(inner, dict):
            raise ConfigError("E404", f"{table} is no table, so {key} is unknown.", _ADVICE)
        values = inner
    values[name] = value


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if dataclasses.is_dataclass(value):
        return "a table"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
