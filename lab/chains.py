"""Chains of operations as a page handles them: as text, in words, and kept while one moves."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from lab.text import say, words
from realesr.degradations import Operation, Recipe, Resize, Trace
from realesr.degradations.recipe import check_hr
from realesr.degradations.spans import fields_of, shown
from realesr.degradations.table import OPERATIONS, name_of, operation_from_dict
from realesr.errors import ConfigError, ParameterError, PictureError

MOST_STATIONS = 24
_STATION = re.compile(r"(\w+)\(([^()~]*)\)")
_KEPT_BYTES = 200_000_000


def to_text(operations: Iterable[Operation]) -> str:
    """A chain as short as an address wants it; defaults are left out.

    >>> from realesr.degradations import Blur, Jpeg
    >>> to_text([Blur(sigma_x=1.5, sigma_y=1.5), Jpeg(quality=30)])
    'blur(sigma_x:1.5,sigma_y:1.5)~jpeg(quality:30.0)'
    """
    return "~".join(
        f"{name_of(OPERATIONS, each)}({','.join(_changed(each, '{}:{}', _plain))})"
        for each in operations
    )


def from_text(text: str) -> tuple[Operation, ...]:
    """The chain that ``to_text`` wrote, or a person.

    Raises:
        ConfigError: E404 for what is no chain, for unknown names and values out of range.

    >>> from_text("jpeg(quality:30)")
    (Jpeg(quality=30.0, standard='libjpeg'),)
    """
    parts = text.split("~") if text else []
    if len(parts) > MOST_STATIONS:
        raise ConfigError("E404", say("chain.long", count=len(parts), most=MOST_STATIONS))
    return tuple(_station(part) for part in parts)


def _station(part: str) -> Operation:
    found = _STATION.fullmatch(part)
    if found is None:
        raise ConfigError("E404", say("chain.unreadable", part=shown(part)))
    values: dict[str, Any] = {}
    for pair in found[2].split(",") if found[2] else []:
        name, _, value = pair.partition(":")
        try:
            values[name] = json.loads(value)
        except (ValueError, RecursionError):
            values[name] = value
    return operation_from_dict({**values, "operation": found[1]})


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _changed(operation: Operation, form: str, write: Any) -> list[str]:
    """Each field that is not its default, written."""
    return [
        form.format(field.name, write(getattr(operation, field.name)))
        for field in fields_of(type(operation))
        if field.required or getattr(operation, field.name) != field.default
    ]


def as_python(operation: Operation) -> str:
    """The operation as Python makes it.

    >>> from realesr.degradations import Jpeg
    >>> as_python(Jpeg(quality=30))
    'Jpeg(quality=30.0)'
    """
    return f"{type(operation).__name__}({', '.join(_changed(operation, '{}={}', repr))})"


def spoken(operation: Operation) -> str:
    """The operation's name as words."""
    return say(f"operation.{name_of(OPERATIONS, operation)}")


def summary(operation: Operation) -> str:
    """What it is, in the first sentence of its documentation, and more where that is not enough."""
    first = inspect.cleandoc(type(operation).__doc__ or "").split("\n\n")[0].replace("\n", " ")
    more = words("station").get(name_of(OPERATIONS, operation), "")
    return f"{first} {more}".rstrip()


def references(operation: Operation) -> list[str]:
    """The papers it implements: from its own documentation, else from the formulas it uses."""
    kind = type(operation)
    methods = [kind.__dict__[name] for name in ("kernel", "apply") if name in kind.__dict__]
    used = [name for method in methods for name in method.__code__.co_names]
    home = vars(inspect.getmodule(kind))
    formulas = [home[name] for name in dict.fromkeys(used) if name in home]
    return _references([kind]) or _references(formulas)


def _references(things: Iterable[Any]) -> list[str]:
    texts = [inspect.cleandoc(getattr(thing, "__doc__", None) or "") for thing in things]
    found = [re.search(r"Reference: (.+?)(?:\n\n|$)", text, re.DOTALL) for text in texts]
    return [" ".join(each[1].split()) for each in found if each]


def to_begin_with(name: str) -> Operation:
    """An operation that is plain to see, for a station that is added by hand.

    >>> to_begin_with("gaussian_noise")
    GaussianNoise(sigma=10.0, gray=False, seed=1)
    """
    kind = OPERATIONS[name]
    first = {
        "sigma_x": 1.5, "sigma_y": 1.5, "cutoff": 1.2, "factor": 0.5, "sigma": 10.0, "seed": 1,
        "quality": 40.0, "scale": 1.0, "white": 200.0, "read_noise": 3.0, "radius": 3.0,
        "length": 9.0, "angle": 0.5, "strength": 12.0, "amount": 1.5, "levels": 16, "size": 2.0,
    }  # fmt: skip
    required = {field.name: first[field.name] for field in fields_of(kind) if field.required}
    return kind(**required)


def changed(operation: Operation, field: str, value: Any) -> Operation:
    """The operation with another value in one field.

    Raises:
        ParameterError: E004 for a value out of range, or a field that is not there.
    """
    if field not in {known.name for known in fields_of(type(operation))}:
        raise ParameterError("E004", say("chain.field", name=spoken(operation), field=shown(field)))
    return dataclasses.replace(operation, **{field: value})  # type: ignore[type-var]


def check_sizes(operations: Sequence[Operation], size: tuple[int, int], most: int) -> None:
    """Refuse a chain that would make a picture of more pixels than that on its way.

    Raises:
        PictureError: E107.
    """
    for operation in operations:
        if isinstance(operation, Resize):
            height, width = operation.size(size)
            if height * width > most:
                megapixels = f"{height * width / 1e6:.0f}"
                cause = say("chain.large", megapixels=megapixels, most=f"{most / 1e6:.0f}")
                raise PictureError("E107", cause, say("chain.large_next"))


class Darkroom:
    """Keeps the picture after each operation, so that a slider repeats only what comes after it.

    Two people with the same picture and the same chain share what is kept. Safe between threads.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, ...], Tensor] = OrderedDict()
        self._lock = threading.Lock()
        self.applied = 0

    def develop(self, hr: Tensor, name: str, trace: Trace) -> list[Tensor]:
        """The picture after each operation; the same as ``trace.stages`` gives.

        Args:
            hr: (1, 3, H, W), as ``trace.apply`` takes it.
            name: Names the pixels of ``hr``, such as their sha256.
            trace: What happens.
        """
        check_hr(hr, trace.scale)
        images: list[Tensor] = []
        key: tuple[Any, ...] = (name, tuple(hr.shape))
        height, width = hr.shape[-2:]
        for operation in trace.operations:
            key = (*key, operation)
            found = self._look(key)
            if found is None:
                with torch.no_grad():
                    found = operation.apply(images[-1] if images else hr, (height, width))
                self._keep(key, found)
            images.append(found)
        return images

    def _look(self, key: tuple[Any, ...]) -> Tensor | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: tuple[Any, ...], image: Tensor) -> None:
        with self._lock:
            self.applied += 1
            self._kept[key] = image
            while sum(each.nbytes for each in self._kept.values()) > _KEPT_BYTES:
                self._kept.popitem(last=False)


def declared(
    recipe: Recipe, step: int, operation: Operation, field: str
) -> tuple[float, float] | None:
    """The range the recipe's step draws this field from, or None where it has none."""
    found = [_range(each, operation, field) for each in _inside(recipe.steps[step])]
    ends = [ends for ends in found if ends is not None]
    if not ends:
        return None
    return min(low for low, _ in ends), max(high for _, high in ends)


def _inside(step: Any) -> Iterable[Any]:
    """A step, and the steps it is made of."""
    yield step
    for each in getattr(step, "steps", ()):
        yield from _inside(each)


def _range(step: Any, operation: Operation, field: str) -> tuple[float, float] | None:
    values = getattr(step, "values", None)
    if values is not None:
        found = values.get(field) if OPERATIONS[step.operation] is type(operation) else None
    elif isinstance(operation, Resize) and field == "factor" and hasattr(step, "down_range"):
        low = step.down_range[0] if step.down else 1
        high = step.up_range[1] if step.up else 1
        found = (low * step.base, high * step.base)
    elif type(operation).__name__ not in _DRAWN_BY.get(type(step).__name__, ()):
        found = None
    else:
        found = getattr(step, _CALLED.get(field, field), None)
    plain = isinstance(found, tuple) and all(type(each) in (int, float) for each in found)
    return (min(found), max(found)) if plain and len(found) > 1 else None


_CALLED = {"sigma_x": "sigma", "sigma_y": "sigma", "size": "sizes"}
_DRAWN_BY = {
    "RandomBlur": ("Blur", "Sinc"),
    "RandomNoise": ("GaussianNoise", "PoissonNoise"),
    "RandomJpeg": ("Jpeg",),
}
