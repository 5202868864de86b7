"""``config.json`` beside a weights file: what the network is, in plain numbers.

::

    {"architecture": "compact", "scale": 4, "arguments": {"features": 48, "convolutions": 12}}

``"training"``, where it is given, says whether a discriminator taught it. It is as untrusted as the
weights: it may name what tensors cannot tell (an SRCNN's scale, the activation of a Compact
network), and everything else in it must agree with them.
"""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any

from realesr.errors import ModelError
from realesr.models.detection import ACTIVATIONS, ARGUMENTS, check_sizes
from realesr.models.storage import printable

CONFIG = "config.json"
_MAX_BYTES = 1 << 16
_MAX_NUMBER = 10**12


def read_config(path: Path) -> dict[str, str]:
    """What a ``config.json`` says, as flat text; empty where it is another program's.

    Args:
        path: The file. It counts when it holds an object with the field ``architecture``.

    Returns:
        ``architecture``, ``scale``, each argument, ``licence`` and ``training``, as far as they are
        given.

    Raises:
        ModelError: E203 when it is no JSON object, E205 for an architecture, an argument or a
            number that no network here has.
    """
    config = _parse(path)
    if "architecture" not in config:
        return {}
    architecture = config["architecture"]
    if not isinstance(architecture, str) or architecture not in ARGUMENTS:
        known = ", ".join(ARGUMENTS)
        raise _wrong(f"the architecture {_short(architecture)} is unknown", f"Known are {known}.")
    arguments = config.get("arguments", {})
    if not isinstance(arguments, dict):
        raise _wrong("arguments is no object", 'Write "arguments": {"features": 64}.')
    numbers = {**arguments}
    if "scale" in config:
        numbers["scale"] = config["scale"]
    for name, value in numbers.items():
        _check_argument(architecture, name, value)
    if "scale" in arguments and arguments["scale"] != numbers["scale"]:
        raise _wrong("it gives two scales", "Leave one of them out.")
    check_sizes(architecture, numbers, CONFIG)
    said = {"architecture": architecture} | {name: str(value) for name, value in numbers.items()}
    licence = config.get("licence", config.get("license"))
    said |= {"licence": printable(licence)} if isinstance(licence, str) else {}
    training = config.get("training")
    return said | ({"training": training} if training in ("adversarial", "faithful") else {})


def _check_argument(architecture: str, name: str, value: Any) -> None:
    known = ARGUMENTS[architecture]
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]}? " if near else ""
        hint += f"It has {', '.join(known)}."
        raise _wrong(f"{architecture} has no argument {printable(name)}", hint)
    if name == "activation":
        if value not in ACTIVATIONS:
            known_ones = ", ".join(ACTIVATIONS)
            raise _wrong(f"the activation {_short(value)} is unknown", f"Known are {known_ones}.")
    elif type(value) is not int:
        raise _wrong(f"{name} is {_short(value)}, no whole number", "Write one, such as 4.")
    elif abs(value) > _MAX_NUMBER:
        raise _wrong(f"{name} is a number of {len(str(abs(value)))} digits", "Correct it.")


def _parse(path: Path) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("the same name twice")
        return dict(pairs)

    try:
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES + 1)
        if len(text) > _MAX_BYTES:
            raise _damaged(f"is longer than {_MAX_BYTES:,} bytes")
        parsed = json.loads(text.decode("utf-8"), object_pairs_hook=unique)
    except OSError as fault:
        raise _damaged(f"cannot be read ({(fault.strerror or 'refused').lower()})") from None
    except (ValueError, RecursionError):
        raise _damaged("is no valid JSON") from None
    if not isinstance(parsed, dict):
        raise _damaged("holds no JSON object")
    return parsed


def _damaged(fault: str) -> ModelError:
    return ModelError("E203", f"{CONFIG} {fault}.", f"Correct {CONFIG}, or move it away.")


def _wrong(cause: str, next_step: str) -> ModelError:
    return ModelError("E205", f"{CONFIG}: {cause}.", next_step)


def _short(value: Any) -> str:
    return printable(repr(value), 40)
