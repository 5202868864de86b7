"""Recipes as files: JSON or TOML, and a schema that editors understand."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from realesr.degradations.combinations import STEPS
from realesr.degradations.documents import VERSION, text_of, too_deep
from realesr.degradations.recipe import Recipe
from realesr.degradations.spans import Field, fields_of
from realesr.degradations.table import OPERATIONS
from realesr.errors import ConfigError, RealesrError

SUFFIXES = (".json", ".toml")


def load_recipe(path: str | Path) -> Recipe:
    """The recipe of a JSON or TOML file.

    Raises:
        ConfigError: E404, with everything that is wrong with it.
    """
    path = Path(path)
    text = text_of(path)
    try:
        return from_toml(text) if path.suffix.lower() == ".toml" else Recipe.from_json(text)
    except RealesrError as error:
        raise ConfigError("E404", f"{path.name}: {error.cause}", error.next_step) from error


def save_recipe(recipe: Recipe, path: str | Path) -> None:
    """Write a recipe; the name's ending decides between JSON and TOML.

    Raises:
        ConfigError: E404 for another ending.
    """
    path = Path(path)
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError("E404", f"A recipe is a .json or a .toml file, not {path.name}.")
    text = to_toml(recipe) if path.suffix.lower() == ".toml" else recipe.to_json()
    path.write_text(text, encoding="utf-8")


def from_toml(text: str) -> Recipe:
    """The recipe that ``to_toml`` wrote, or a person.

    Raises:
        ConfigError: E404.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError("E404", f"This recipe is not TOML: {error}.") from error
    except RecursionError as error:
        raise too_deep("recipe") from error
    return Recipe.from_dict(data)


def to_toml(recipe: Recipe) -> str:
    """The recipe as TOML, each step a table.

    >>> from realesr.degradations.steps import RandomJpeg
    >>> recipe = Recipe(name="web", scale=2, steps=(RandomJpeg(quality=(40, 70)),))
    >>> from_toml(to_toml(recipe)) == recipe
    True
    """
    data = recipe.to_dict()
    steps = data.pop("steps")
    lines = [f"{key} = {_toml(value)}" for key, value in data.items()]
    for step in steps:
        lines += ["", "[[steps]]"] + [f"{key} = {_toml(value)}" for key, value in step.items()]
    # A recipe without steps is a list all the same.
    return "\n".join(lines if steps else [*lines, "steps = []"]) + "\n"


def _toml(value: Any) -> str:
    """A value as TOML writes it; strings, numbers and lists are as in JSON."""
    if isinstance(value, Mapping):
        inside = ", ".join(f"{key} = {_toml(each)}" for key, each in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def recipe_schema() -> dict[str, Any]:
    """A JSON Schema (2020-12) of recipe files, made from the fields of the steps.

    >>> sorted(recipe_schema()["$defs"])[:2]
    ['chain', 'draw']
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "realesr recipe",
        "type": "object",
        "properties": {
            "recipe": {"type": "string", "description": "The recipe's name."},
            "version": {"const": VERSION},
            "scale": {"type": "integer", "minimum": 1, "maximum": 8},
            "steps": {"$ref": "#/$defs/steps"},
        },
        "required": ["recipe", "scale", "steps"],
        "additionalProperties": False,
        "$defs": {
            **{name: _step_schema(name, cls) for name, cls in STEPS.items()},
            "steps": {
                "type": "array",
                "items": {"oneOf": [{"$ref": f"#/$defs/{name}"} for name in STEPS]},
            },
        },
    }


def _step_schema(name: str, cls: type[Any]) -> dict[str, Any]:
    fields = fields_of(cls)
    if name == "draw":
        properties: dict[str, Any] = {
            "operation": {"enum": list(OPERATIONS)},
            "values": {"type": "object"},
        }
    else:
        properties = {field.name: _field_schema(field) for field in fields}
    return {
        "description": (cls.__doc__ or "").split("\n")[0],
        "type": "object",
        "properties": {"step": {"const": name}, **properties},
        "required": ["step", *(field.name for field in fields if field.required)],
        "additionalProperties": False,
    }


def _field_schema(field: Field) -> dict[str, Any]:
    """What one field may be."""
    if field.name == "steps":
        return {"$ref": "#/$defs/steps"}
    number: dict[str, Any] = {"type": "integer" if field.kind in ("int", "numbers") else "number"}
    if field.span:
        number |= {"minimum": field.span.low, "maximum": field.span.high}
    words = {"enum": list(field.options)}
    shapes: dict[str, dict[str, Any]] = {
        "float": number,
        "int": number,
        "bool": {"type": "boolean"},
        "text": {"type": "string"},
        "choice": words,
        "range": {"type": "array", "items": number, "minItems": 2, "maxItems": 2},
        "numbers": {"type": "array", "items": number, "minItems": 1},
        "fractions": {"type": "array", "items": number},
        "choices": {"type": "array", "items": words, "minItems": 1},
    }
    shape = shapes[field.kind]
    if field.span and (field.span.unit or field.span.help):
        parts = (field.span.help, f"({field.span.unit})" if field.span.unit else "")
        shape = {**shape, "description": " ".join(part for part in parts if part)}
    return shape
