"""One range per number: it checks the value, documents it and makes the slider.

A field is declared once, ``sigma: Annotated[float, Span(0, 20, unit="px", help="...")]``, on a
frozen keyword-only dataclass that derives from ``Checked``. Everything else follows from it.
"""

from __future__ import annotations

import dataclasses
import math
import numbers
import sys
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from realesr.errors import ParameterError


@dataclass(frozen=True)
class Span:
    """The closed range [low, high] of a number, with its unit and one line of help.

    >>> Span(0.2, 3.0, unit="px").words()
    'between 0.2 and 3 px'
    """

    low: float
    high: float
    _: dataclasses.KW_ONLY
    unit: str = ""
    help: str = ""

    def words(self) -> str:
        """The range as people read it."""
        return f"between {self.low:g} and {self.high:g} {self.unit}".rstrip()


@dataclass(frozen=True)
class Field:
    """What is known about one field: enough to check it, to write a schema and to make a slider.

    Attributes:
        name: The field's name.
        kind: ``"float"``, ``"int"``, ``"bool"``, ``"choice"``, ``"text"``, ``"range"`` (two
            floats), ``"numbers"`` and ``"fractions"`` (a tuple of integers or floats),
            ``"choices"`` (a tuple of words), ``"things"`` (a tuple) or ``"other"``, which the class
            checks itself.
        span: The range of a number, or of each number of a tuple.
        options: The words of a choice.
        optional: Whether ``None`` is a value.
        required: Whether it has no default.
        default: The default, where it has one.
        help: One line on what it is: the span's, or a plain text in the annotation.
    """

    name: str
    kind: str
    span: Span | None = None
    options: tuple[str, ...] = ()
    optional: bool = False
    required: bool = False
    default: Any = None
    help: str = ""


def fields_of(cls: Any) -> tuple[Field, ...]:
    """The fields of a dataclass, read from its annotations in the order they are written.

    >>> @dataclass(frozen=True, kw_only=True)
    ... class Fog(Checked):
    ...     density: Annotated[float, Span(0, 1, help="share of light lost")] = 0.5
    >>> fields_of(Fog)[0].span.help
    'share of light lost'
    """
    return _fields_of(cls)


@cache
def _fields_of(cls: Any) -> tuple[Field, ...]:
    hints = get_type_hints(cls, include_extras=True)
    read = []
    for field in dataclasses.fields(cls):
        given = field.default is not dataclasses.MISSING
        known = _read(field.name, hints[field.name])
        default = field.default if given else None
        factory = field.default_factory is not dataclasses.MISSING
        required = not (given or factory)
        read.append(dataclasses.replace(known, required=required, default=default))
    return tuple(read)


def _read(name: str, hint: Any) -> Field:
    span, optional, words = None, False, ""
    if get_origin(hint) is Annotated:
        hint, *extras = get_args(hint)
        span = next((extra for extra in extras if isinstance(extra, Span)), None)
        words = next(
            (extra for extra in extras if isinstance(extra, str)), span.help if span else ""
        )
    if get_origin(hint) in (Union, types.UnionType) and type(None) in get_args(hint):
        optional = True
        hint = next(arm for arm in get_args(hint) if arm is not type(None))
        if get_origin(hint) is Annotated:
            return dataclasses.replace(_read(name, hint), optional=True)
    inside = get_args(hint)
    kind = "other"
    options: tuple[str, ...] = ()
    if hint in (float, int, bool, str):
        kind = {float: "float", int: "int", bool: "bool", str: "text"}[hint]
    elif get_origin(hint) is Literal:
        kind, options = "choice", inside
    elif get_origin(hint) is tuple and inside == (float, float):
        kind = "range"
    elif get_origin(hint) is tuple and inside == (int, ...):
        kind = "numbers"
    elif get_origin(hint) is tuple and inside == (float, ...):
        kind = "fractions"
    elif get_origin(hint) is tuple and get_origin(inside[0]) is Literal:
        kind, options = "choices", get_args(inside[0])
    elif get_origin(hint) is tuple:
        kind = "things"
    return Field(name, kind, span, options, optional, help=words)


class Checked:
    """Base of the frozen dataclasses here: every value is checked when the object is made.

    Numbers of other libraries become Python's, lists become tuples, so that the object is plain
    data: it compares, pickles and goes through JSON unchanged.

    Raises:
        ParameterError: E004, naming the class, the field, its range and the value.

    >>> @dataclass(frozen=True, kw_only=True)
    ... class Fog(Checked):
    ...     density: Annotated[float, Span(0, 1)]
    >>> Fog(density=2)
    Traceback (most recent call last):
    realesr.errors.ParameterError: E004 Fog.density must be a number between 0 and 1, got 2.
    """

    def __post_init__(self) -> None:
        for field in fields_of(type(self)):
            value = getattr(self, field.name)
            plain, complaint = _plain(field, value)
            if complaint:
                raise ParameterError(
                    "E004",
                    f"{type(self).__name__}.{field.name} must be {complaint}, got {shown(value)}.",
                )
            object.__setattr__(self, field.name, plain)
        for complaint in self.contradictions():
            raise ParameterError("E004", f"{type(self).__name__}: {complaint}")

    def contradictions(self) -> Iterator[str]:
        """Sentences about values that are fine alone but not together; none by default."""
        return iter(())


def wrong_values(cls: Any, values: Mapping[str, Any]) -> Iterator[str]:
    """A sentence about each value that its field does not take; unknown names are left alone.

    >>> @dataclass(frozen=True, kw_only=True)
    ... class Fog(Checked):
    ...     density: Annotated[float, Span(0, 1)]
    >>> list(wrong_values(Fog, {"density": 2, "smell": 3}))
    ['Fog.density must be a number between 0 and 1, got 2.']
    """
    for field in fields_of(cls):
        if field.name in values:
            complaint = _plain(field, values[field.name])[1]
            if complaint:
                got = shown(values[field.name])
                yield f"{cls.__name__}.{field.name} must be {complaint}, got {got}."


def _plain(field: Field, value: Any) -> tuple[Any, str]:
    """The value as plain Python data, and what it should have been where it is wrong."""
    if field.optional and value is None:
        return value, ""
    if field.kind == "other":
        return value, ""
    if field.kind == "things":
        fits = isinstance(value, (tuple, list))
        return tuple(value) if fits else value, "" if fits else "a list"
    if field.kind in ("float", "int"):
        return _number(field.kind, field.span, value)
    if field.kind == "bool":
        return value, "" if isinstance(value, bool) else "true or false"
    if field.kind == "text":
        return value, "" if isinstance(value, str) else "text"
    if field.kind == "choice":
        return value, "" if value in field.options else "one of " + ", ".join(field.options)
    return _several(field, value)


def _number(kind: str, span: Span | None, value: Any) -> tuple[Any, str]:
    """One number: finite, whole where it must be, inside its span."""
    number: float = math.nan
    if isinstance(value, numbers.Integral) and not isinstance(value, bool):
        # Compared as it is: as a float, 2^63 - 1 would be 2^63.
        number = int(value)
    elif isinstance(value, numbers.Real) and not isinstance(value, bool):
        number = float(value)
    if span is None or span.low <= number <= span.high:
        if kind == "float" and -sys.float_info.max <= number <= sys.float_info.max:
            return float(number), ""
        if kind == "int" and (isinstance(number, int) or number.is_integer()):
            return int(number), ""
    wanted = "a whole number" if kind == "int" else "a number"
    return value, f"{wanted} {span.words()}" if span else wanted


def shown(value: Any) -> str:
    """A value as an error message shows it: a long one is cut.

    >>> shown("sigma"), len(shown(10**400))
    ("'sigma'", 80)
    """
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _several(field: Field, value: Any) -> tuple[Any, str]:
    """A tuple: a range, some integers, or some words."""
    wanted = {
        "range": "two numbers, the lower first,",
        "numbers": "some whole numbers",
        "fractions": "some numbers",
        "choices": "some of " + ", ".join(field.options),
    }[field.kind]
    if field.span:
        wanted = f"{wanted} {field.span.words()}"
    if not isinstance(value, (tuple, list)) or (not value and field.kind != "fractions"):
        return value, wanted
    if field.kind == "choices":
        return tuple(value), "" if all(word in field.options for word in value) else wanted
    kind = "int" if field.kind == "numbers" else "float"
    checked = [_number(kind, field.span, number) for number in value]
    plain = tuple(number for number, _ in checked)
    if any(complaint for _, complaint in checked):
        return value, wanted
    if field.kind == "range" and (len(plain) != 2 or plain[0] > plain[1]):
        return value, wanted
    return plain, ""
