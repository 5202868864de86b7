"""The JSON table: what an operation is called in a file, and the way there and back.

A new operation is one file with a frozen dataclass and one line here; ``__init__.py`` exports it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, TypeVar

from realesr.degradations.further.codecs import Banding, ChromaSubsampling, WebP
from realesr.degradations.further.darkroom import FilmGrain, Oversharpen
from realesr.degradations.further.optics import Defocus, MotionBlur
from realesr.degradations.further.sensor import SensorNoise
from realesr.degradations.further.vignette import Vignette
from realesr.degradations.operations import (
    Blur,
    GaussianNoise,
    Jpeg,
    Operation,
    PoissonNoise,
    Resize,
    Round,
    Sinc,
    UnsharpMask,
)
from realesr.degradations.spans import fields_of, wrong_values
from realesr.errors import ConfigError, ParameterError

OPERATIONS: dict[str, type[Operation]] = {
    "blur": Blur,
    "sinc": Sinc,
    "resize": Resize,
    "gaussian_noise": GaussianNoise,
    "poisson_noise": PoissonNoise,
    "jpeg": Jpeg,
    "unsharp_mask": UnsharpMask,
    "round": Round,
    "motion_blur": MotionBlur,
    "defocus": Defocus,
    "sensor_noise": SensorNoise,
    "film_grain": FilmGrain,
    "oversharpen": Oversharpen,
    "chroma_subsampling": ChromaSubsampling,
    "banding": Banding,
    "webp": WebP,
    "vignette": Vignette,
}

Thing = TypeVar("Thing")


def operation_to_dict(operation: Operation) -> dict[str, Any]:
    """An operation as plain data.

    >>> operation_to_dict(Blur(size=7, sigma_x=1.0, sigma_y=2.0))["operation"]
    'blur'
    """
    return {"operation": name_of(OPERATIONS, operation), **fields_as_dict(operation)}


def operation_from_dict(data: Mapping[str, Any]) -> Operation:
    """The operation that ``operation_to_dict`` wrote.

    Raises:
        ConfigError: E404 for an unknown name, an unknown field or a value out of range.

    >>> operation_from_dict({"operation": "blurr"})
    Traceback (most recent call last):
    realesr.errors.ConfigError: E404 operation "blurr" is unknown; did you mean "blur"?
    """
    return build("operation", OPERATIONS, data)


def fields_as_dict(thing: Any) -> dict[str, Any]:
    """The fields by name, in the order they are written."""
    return {field.name: getattr(thing, field.name) for field in dataclasses.fields(thing)}


def name_of(table: Mapping[str, type[Thing]], thing: Thing) -> str:
    """What the table calls this thing's class.

    Raises:
        ConfigError: E404 when the class is not in the table.
    """
    for name, cls in table.items():
        if type(thing) is cls:
            return name
    raise ConfigError(
        "E404",
        f"{type(thing).__name__} has no name in the JSON table.",
        "Add one line for it in realesr/degradations/table.py.",
    )


def build(kind: str, table: Mapping[str, type[Thing]], data: Any) -> Thing:
    """Make what the table and the data say.

    Args:
        kind: The key that holds the name: ``"operation"`` or ``"step"``.
        table: Names and classes.
        data: The name under ``kind``, and the fields.

    Raises:
        ConfigError: E404, naming the nearest right name where there is one.
    """
    wrong = complaints(kind, table, data)
    if wrong:
        raise ConfigError("E404", " ".join(wrong))
    cls: Any = table[data[kind]]
    values = {key: value for key, value in data.items() if key != kind}
    try:
        made: Thing = cls(**values)
    except ParameterError as error:
        raise ConfigError("E404", error.cause, error.next_step) from error
    return made


def complaints(kind: str, table: Mapping[str, type[Any]], data: Any) -> list[str]:
    """Sentences about every name and value that does not fit, so that all are mended at once."""
    if not isinstance(data, Mapping) or not isinstance(data.get(kind), str):
        return [f'each {kind} is a table with a name under "{kind}".']
    name = data[kind]
    if name not in table:
        sentence = unknown(kind, name, table)
        if kind == "step" and name in OPERATIONS:
            sentence += (
                f' The operation "{name}" with fixed numbers is step "draw", operation "{name}".'
            )
        return [sentence]
    cls = table[name]
    values = {key: value for key, value in data.items() if key != kind}
    fields = {field.name: field for field in fields_of(cls)}
    wrong = [unknown(f"{name} field", key, fields) for key in values if key not in fields]
    missing = [key for key, field in fields.items() if field.required and key not in values]
    wrong += [f'{name} lacks "{key}".' for key in missing]
    return wrong + list(wrong_values(cls, values))


def unknown(what: str, name: str, known: Mapping[str, Any]) -> str:
    """One sentence about a name that is not known, with the nearest that is.

    >>> unknown("field", "sigma_z", {"sigma_x": 0, "beta": 0})
    'field "sigma_z" is unknown; did you mean "sigma_x"?'
    """
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f'did you mean "{near[0]}"?' if near else "known: " + ", ".join(known) + "."
    return f'{what} "{name}" is unknown; {hint}'
