"""The state of optimisers, schedules and the like as tensors and a plain JSON document.

``torch.save`` keeps such a state as a pickle, which is a program. Here the tensors go into a
safetensors file and all else into JSON that a person can read, and both together give back what
was there, bit for bit. What JSON does not know is marked by a key that starts with ``$``::

    {"state": {"$dict": [[0, {"step": {"$tensor": "state.0.step"}}]]},
     "param_groups": [{"lr": 0.0001, "betas": {"$tuple": [0.9, 0.99]}}]}
"""

from __future__ import annotations

import contextlib
import math
import re
from collections import Counter, OrderedDict
from collections.abc import Mapping
from typing import Any, TypeAlias

from torch import Tensor

from realesr.errors import ConfigError, ParameterError

JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | float | bool | None"

_DICTS: dict[str, type[dict[Any, Any]]] = {
    "$dict": dict,
    "$ordered": OrderedDict,
    "$counter": Counter,
}
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]")
_LONGEST_NAME = 200


def pack(state: Any) -> tuple[dict[str, Tensor], JSON]:
    """Take a state apart into tensors and a JSON document.

    Args:
        state: Dicts (also ``OrderedDict`` and ``Counter``) with keys of any kind below, lists,
            tuples, tensors, numbers, text and None, nested as they come.

    Returns:
        The tensors by name, not copied, and the document that says where each belongs.

    Raises:
        ParameterError: E004 for anything else, with the place where it stands.

    >>> import torch
    >>> tensors, document = pack({"step": 3, "state": {0: (torch.ones(2), None)}})
    >>> document
    {'step': 3, 'state': {'$dict': [[0, {'$tuple': [{'$tensor': 'state.0.0'}, None]}]]}}
    >>> unpack(tensors, document)
    {'step': 3, 'state': {0: (tensor([1., 1.]), None)}}
    """
    tensors: dict[str, Tensor] = {}
    return tensors, _pack(state, "", tensors)


def unpack(tensors: Mapping[str, Tensor], document: JSON) -> Any:
    """Put together what `pack` took apart.

    Raises:
        ConfigError: E502 when the tensors and the document do not belong together.
    """
    if isinstance(document, list):
        return [unpack(tensors, part) for part in document]
    if not isinstance(document, dict):
        return document
    if len(document) == 1:
        ((mark, content),) = document.items()
        if mark.startswith("$"):
            return _unpack_marked(tensors, mark, content)
    return {key: unpack(tensors, part) for key, part in document.items()}


def _pack(value: Any, place: str, tensors: dict[str, Tensor]) -> JSON:
    if isinstance(value, Tensor):
        name = _free_name(place, tensors)
        tensors[name] = value.detach()
        return {"$tensor": name}
    if type(value) is float and not math.isfinite(value):
        return {"$float": repr(value)}
    if value is None or type(value) in (bool, int, float, str):
        return value  # type: ignore[no-any-return]
    if type(value) is list:
        return [_pack(part, f"{place}.{index}", tensors) for index, part in enumerate(value)]
    if type(value) is tuple:
        parts = enumerate(value)
        return {"$tuple": [_pack(part, f"{place}.{index}", tensors) for index, part in parts]}
    for mark, kind in _DICTS.items():
        if type(value) is kind:
            return _pack_dict(value, place, tensors, mark)
    raise ParameterError(
        "E004",
        f"{place.lstrip('.') or 'the state'} holds {type(value).__name__}, which JSON cannot keep.",
        "Turn it into numbers, text, lists or tensors first.",
    )


def _pack_dict(
    value: dict[Any, Any], place: str, tensors: dict[str, Tensor], mark: str
) -> dict[str, JSON]:
    plain = mark == "$dict" and all(type(key) is str and not key.startswith("$") for key in value)
    packed = [
        (_pack(key, f"{place}.key", tensors), _pack(part, f"{place}.{key}", tensors))
        for key, part in value.items()
    ]
    return dict(packed) if plain else {mark: [list(pair) for pair in packed]}  # type: ignore[arg-type]


def _free_name(place: str, tensors: Mapping[str, Tensor]) -> str:
    """A name for a tensor that says where it stands and that no other has."""
    stem = _NOT_IN_NAMES.sub("_", place.lstrip("."))[:_LONGEST_NAME] or "value"
    name, number = stem, 1
    while name in tensors:
        name, number = f"{stem}-{number}", number + 1
    return name


def _unpack_marked(tensors: Mapping[str, Tensor], mark: str, content: JSON) -> Any:
    if mark == "$tensor" and isinstance(content, str) and content in tensors:
        return tensors[content]
    if mark == "$float" and isinstance(content, str) and content in ("inf", "-inf", "nan"):
        return float(content)
    if mark == "$tuple" and isinstance(content, list):
        return tuple(unpack(tensors, part) for part in content)
    if mark in _DICTS and isinstance(content, list):
        with contextlib.suppress(TypeError, ValueError):
            # Through a dict, because a Counter given pairs would count them.
            return _DICTS[mark](dict(unpack(tensors, pair) for pair in content))
    raise ConfigError(
        "E502",
        f"the state says {mark} {str(content)[:60]}, and nothing here fits that.",
        "Go on from an earlier step.",
    )
