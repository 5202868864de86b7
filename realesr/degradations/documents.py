"""What traces and recipes have in common as files: names, and a version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from realesr.degradations.table import unknown
from realesr.errors import ConfigError

# Goes up when an operation or a draw comes to mean something else, so that no file is replayed
# wrongly in silence.
VERSION = 1


def parsed(text: str, what: str) -> Any:
    """JSON as data.

    Raises:
        ConfigError: E404, with the place where it stops being JSON.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise ConfigError("E404", f"This {what} is not JSON: {error}.") from error


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
            f"This {what} is version {version}; this release replays version {VERSION}, because "
            "what some operation or draw means has changed in between.",
            "Use the release of realesr that wrote it.",
        )
    return {**data, "version": version}
