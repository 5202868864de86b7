"""What traces and recipes have in common as files: names, and a version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from realesr.degradations.spans import shown
from realesr.degradations.table import unknown
from realesr.errors import ConfigError

# Goes up when an operation or a draw comes to mean something else, so that no file is replayed
# wrongly in silence.
VERSION = 1
# Of lists and tables inside each other: thirty steps of steps, where two are usual.
DEPTH = 64
MOST_BYTES = 1_000_000


def text_of(path: Path) -> str:
    """What a file says, as UTF-8.

    Raises:
        ConfigError: E404 when it is not there, no file or no text.
    """
    advice = "Check the path."
    if path.is_dir():
        raise ConfigError("E404", f"{path.name} is a folder.", "Name a file in it.")
    try:
        if path.exists() and not path.is_file():
            raise ConfigError("E404", f"{path.name} is no regular file.", advice)
        if path.exists() and path.stat().st_size > MOST_BYTES:
            size = (
                f"{path.name} has more than {MOST_BYTES:,} bytes, too many for a recipe or trace."
            )
            raise ConfigError("E404", size, advice)
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError("E404", f"{path.name} is not there.", advice) from error
    except UnicodeDecodeError as error:
        raise ConfigError("E404", f"{path.name} is no UTF-8 text.", advice) from error
    except OSError as error:
        reason = (error.strerror or "the system refused").lower()
        raise ConfigError("E404", f"{path.name} cannot be read: {reason}.", advice) from error


def one_a_line(data: Mapping[str, Any], key: str) -> str:
    """JSON whose last value, a list, has a line for each thing in it.

    >>> print(one_a_line({"name": "x", "parts": [{"a": 1}, {"b": 2}]}, "parts"), end="")
    {"name": "x", "parts": [
        {"a": 1},
        {"b": 2}
    ]}
    """
    head = json.dumps({k: v for k, v in data.items() if k != key}, ensure_ascii=False)[:-1]
    lines = ",\n    ".join(json.dumps(each, ensure_ascii=False) for each in data[key])
    return f'{head}, "{key}": [\n    {lines}\n]}}\n'


def parsed(text: str, what: str) -> Any:
    """JSON as data.

    Raises:
        ConfigError: E404, with the place where it stops being JSON.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise ConfigError("E404", f"This {what} is not JSON: {place}: {error.msg}.") from error
    except ValueError as error:
        raise ConfigError("E404", f"This {what} is not JSON: {error}.") from error
    except RecursionError as error:
        raise too_deep(what) from error


def too_deep(what: str) -> ConfigError:
    """The refusal of a file with tables in tables in tables."""
    return ConfigError("E404", f"This {what} is nested more than {DEPTH} deep.")


def deeper(data: Any, depth: int) -> bool:
    """Whether there are lists and tables inside each other more than so many times.

    >>> deeper([{"steps": []}], 3), deeper([{"steps": []}], 2)
    (False, True)
    """
    level = [data]
    for _ in range(depth + 1):
        level = [each for each in level if isinstance(each, (Mapping, list, tuple))]
        if not level:
            return False
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, Mapping) else outer)
        ]
    return True


def complete(data: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    """The data when it has exactly these keys and this version.

    Args:
        data: What a file said.
        keys: All keys; the first one says what it is and holds its name.

    Raises:
        ConfigError: E404.

    >>> complete({"trace": "x", "version": 0}, ("trace", "version"))
    Traceback (most recent call last):
    realesr.errors.ConfigError: E404 This trace is version 0; this release replays version 1, ...
    """
    what = keys[0]
    if deeper(data, DEPTH):
        raise too_deep(what)
    if not isinstance(data, Mapping) or what not in data:
        raise ConfigError("E404", f'This is no {what}: it has no name under "{what}".')
    wrong = [unknown(f"{what} field", key, dict.fromkeys(keys)) for key in data if key not in keys]
    wrong += [f'the {what} lacks "{key}".' for key in keys if key not in data and key != "version"]
    if wrong:
        raise ConfigError("E404", " ".join(wrong))
    version = data.get("version", VERSION)
    if version != VERSION:
        raise ConfigError(
            "E404",
            f"This {what} is version {shown(version)}; this release replays version {VERSION}, "
            "because what some operation or draw means has changed in between.",
            "Use the release of realesr that wrote it.",
        )
    return {**data, "version": version}
