"""The step that draws any operation of the table, its numbers from ranges and choices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice, product
from typing import Any

import torch

from realesr.degradations.chances import between, chances, one_of, seed_from
from realesr.degradations.operations import Operation
from realesr.degradations.spans import Checked, Field, fields_of, shown
from realesr.degradations.steps import Operations
from realesr.degradations.table import OPERATIONS, build, unknown
from realesr.errors import ConfigError

# Of how many combinations of choices it is tried whether they go together.
COMBINATIONS = 1000
UNCHANGED = object()


@dataclass(frozen=True, kw_only=True)
class Draw(Checked):
    """Any operation of the table, its fields drawn; nothing else is needed for a new operation.

    ``values`` says what each field may be. Two numbers for a field of fractions are a range, a list
    for any other field is a choice, and anything else is the value itself. Fields left out keep
    their defaults; a ``seed`` left out is drawn.

    >>> step = Draw(operation="sinc", values={"size": (7, 9), "cutoff": (1.1, 3.1)})
    >>> step.sample(torch.Generator())[0].size in (7, 9)
    True
    """

    operation: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.values, Mapping):
            plain = {k: tuple(v) if isinstance(v, list) else v for k, v in self.values.items()}
            object.__setattr__(self, "values", plain)
        super().__post_init__()

    def contradictions(self) -> Iterator[str]:
        """The operation and its fields must exist, and all that may be drawn must be allowed."""
        if self.operation not in OPERATIONS:
            yield unknown("operation", self.operation, OPERATIONS)
        elif not isinstance(self.values, Mapping):
            yield f"values must be a table of fields, got {shown(self.values)}."
        else:
            known = {each.name: each for each in self._fields()}
            yield from (
                unknown(f"{self.operation} field", str(name), known)
                for name in self.values
                if name not in known
            )
            columns = {each.name: self._options(each) for each in self._fields()}
            wrong = [
                f"{name} has nothing to choose from." for name, of in columns.items() if not of
            ]
            yield from wrong or self._refusals(columns)

    def _options(self, each: Field) -> tuple[Any, ...]:
        """What decides whether a field's draws are allowed: both ends of a range, every choice."""
        value = self.values.get(each.name, UNCHANGED)
        if each.name == "seed" and value is None:
            return (0,)
        return value if isinstance(value, tuple) else (value,)

    def _refusals(self, columns: Mapping[str, tuple[Any, ...]]) -> Iterator[str]:
        """Every option beside the first of the others, then together; the first refusal counts."""
        first = {name: options[0] for name, options in columns.items()}
        alone = ({**first, name: each} for name, options in columns.items() for each in options)
        together = (
            dict(zip(columns, row, strict=True))
            for row in islice(product(*columns.values()), COMBINATIONS)
        )
        for values in chain(alone, together):
            given = {name: value for name, value in values.items() if value is not UNCHANGED}
            if "seed" in columns:
                given.setdefault("seed", 0)
            try:
                build("operation", OPERATIONS, {"operation": self.operation, **given})
            except ConfigError as error:
                yield error.cause
                return
        for each in self._fields():
            if self._is_range(each) and columns[each.name][0] > columns[each.name][1]:
                yield f"{each.name} must be two numbers, the lower first, got {columns[each.name]}."

    def _is_range(self, each: Field) -> bool:
        value = self.values.get(each.name)
        return each.kind == "float" and isinstance(value, tuple) and len(value) == 2

    def _fields(self) -> tuple[Field, ...]:
        return fields_of(OPERATIONS[self.operation])

    def sample(self, generator: torch.Generator) -> Operations:
        """One operation."""
        return (self._build(chances(generator, len(self._fields()))),)

    def _build(self, numbers: list[float]) -> Operation:
        data = {"operation": self.operation, **self.values}
        for each, chance in zip(self._fields(), numbers, strict=True):
            value = self.values.get(each.name)
            if isinstance(value, tuple):
                ranged = self._is_range(each)
                data[each.name] = between(chance, value) if ranged else one_of(chance, value)
            elif each.name == "seed" and value is None:
                data["seed"] = seed_from(chance)
        return build("operation", OPERATIONS, data)
