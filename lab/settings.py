"""What a person chooses on the page Upscale: a value that is a link, a command, Python and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from lab.sharing import Shared
from lab.text import say
from realesr.commands.deciding import OPTIONS
from realesr.degradations.spans import Span, fields_of
from realesr.errors import ParameterError, RealesrError
from realesr.inference.sizes import Enlargement, parse_size
from realesr.models.catalogue import DEFAULT_MODEL
from realesr.provenance import read, settings_from

ALL = "all"
MOST = 8


@dataclass(frozen=True, kw_only=True)
class UpscaleSettings(Shared):
    """Everything that decides about a result, besides the photo.

    Attributes:
        model: A model on offer.
        scale: Factor; counts where ``size`` is empty.
        size: ``"1920x1080"``, or ``"1920"`` for the longer side.
        auto: What is decided by looking at the photo: ``"all"``, or names of
            ``realesr.commands.deciding.OPTIONS`` with commas between them; empty for nothing.
        keep_gps: Leave in the file where the photo was taken.
    """

    model: str = DEFAULT_MODEL
    scale: Annotated[float, Span(1, MOST)] = 4.0
    size: str = ""
    denoise: Annotated[float, Span(0, 1)] | None = None
    strength: Annotated[float, Span(0, 1)] = 1.0
    fix_colour: bool = False
    sharpen: Annotated[float, Span(0, 2)] = 0.0
    keep_grain: Annotated[float, Span(0, 1)] = 0.0
    shrink: Annotated[float, Span(1, 8)] = 1.0
    consistent: bool = False
    auto: str = ""
    format: Literal["png", "webp", "tiff"] = "png"
    keep_gps: bool = False

    def contradictions(self) -> Iterator[str]:
        """What is no size, and what is nothing to decide."""
        if self.size and not self.size.isdigit():
            try:
                parse_size(self.size)
            except RealesrError as error:
                yield error.cause
        if self.size.isdigit() and not 0 < int(self.size) < 10**6:
            yield say("error.size", size=self.size)
        for name in self._listed:
            if name not in (*OPTIONS, ALL):
                yield say("error.auto", name=repr(name))

    @classmethod
    def made_of(cls, values: Mapping[str, Any]) -> UpscaleSettings:
        """The settings of these values, or a refusal as a person reads it.

        Raises:
            ParameterError: E001.
        """
        try:
            return cls(**values)
        except ParameterError as error:
            cause = error.cause.removeprefix(f"{cls.__name__}.").removeprefix(f"{cls.__name__}: ")
            raise ParameterError("E001", cause, say("error.setting_next")) from error

    @classmethod
    def of_result(cls, path: Path) -> UpscaleSettings | None:
        """The settings that a result of ours was made with; None where it says nothing."""
        try:
            said = read(path)
            if said is None:
                return None
            values = settings_from(said)
            if "long_edge" in values:
                values["size"] = str(values["long_edge"])
            return cls(
                **{name: values[name] for name in FIELDS if name in values and name != "auto"}
            )
        except RealesrError:
            return None  # a stranger may have written anything into it

    @property
    def _listed(self) -> list[str]:
        return [name.strip() for name in self.auto.split(",") if name.strip()]

    @property
    def decided(self) -> frozenset[str]:
        """What is left to ``auto``, by the names of ``OPTIONS``."""
        return frozenset(OPTIONS if ALL in self._listed else self._listed)

    @property
    def settled(self) -> UpscaleSettings:
        """The same; what is left to ``auto`` counts as left out."""
        return replace(self, **{name: FIELDS[name].default for name in self.decided}).deciding(
            self.decided
        )

    def deciding(self, names: frozenset[str]) -> UpscaleSettings:
        """The same with other decisions left to ``auto``."""
        listed = [name for name in OPTIONS if name in names]
        return replace(self, auto=ALL if len(listed) == len(OPTIONS) else ",".join(listed))

    @property
    def asked(self) -> dict[str, object]:
        """The decisions of the person: what the command would be told.

        Where nothing is left to ``auto``, what is as the command has it is not told.
        """
        values = {name: getattr(self, name) for name in OPTIONS if name not in self.decided}
        if values.get("denoise", 0) is None:
            del values["denoise"]
        if self.decided:
            return values
        plain = {field.name: field.default for field in fields_of(type(self))}
        return {name: value for name, value in values.items() if value != plain[name]} | {
            "model": self.model
        }

    @property
    def enlargement(self) -> Enlargement:
        """How large the result shall be."""
        if self.size.isdigit():
            return Enlargement(long_edge=int(self.size))
        return (
            Enlargement(size=parse_size(self.size)) if self.size else Enlargement(scale=self.scale)
        )

    def does_as(self, other: UpscaleSettings) -> bool:
        """Whether both make the same pixels."""
        return self._pixels == other._pixels

    def needs_only_truth(self, other: UpscaleSettings) -> bool:
        """Whether the other one's result is this one's, moved until it is true to its photo."""
        plain = not self.decided and not self.consistent and other.consistent
        return plain and replace(self, consistent=True).does_as(other)

    @property
    def _pixels(self) -> UpscaleSettings:
        """What decides about pixels only."""
        return replace(self, format="png", keep_gps=False)

    @property
    def suffix(self) -> str:
        """Of the file a person takes home."""
        return f".{self.format}"

    def result_name(self, stem: str) -> str:
        """What the result of a photo is called, as the command calls it.

        >>> UpscaleSettings(scale=2, format="webp").result_name("photo")
        'photo_x2.webp'
        """
        return f"{stem}_{self.enlargement.label}{self.suffix}"

    def to_query(self) -> str:
        """As an address has it; the model always stands there, for another lab opens with another.

        >>> UpscaleSettings(scale=2).to_query()
        'model=lab-x4&scale=2'
        """
        rest = super().to_query()
        if self.model != DEFAULT_MODEL:
            return rest
        return f"model={self.model}" + (f"&{rest}" if rest else "")

    def to_json(self) -> str:
        """What differs from the defaults, as a program hands it to the endpoint ``upscale``."""
        fields = fields_of(type(self))
        values = {each.name: getattr(self, each.name) for each in fields}
        kept = {
            each.name: values[each.name] for each in fields if values[each.name] != each.default
        }
        return json.dumps({"model": self.model, "scale": self.scale, **kept}, indent=2)

    @classmethod
    def from_json(cls, text: str) -> UpscaleSettings:
        """The settings that ``to_json`` wrote.

        Raises:
            ParameterError: E001.

        >>> UpscaleSettings.from_json(UpscaleSettings(strength=0.5).to_json()).strength
        0.5
        """
        try:
            values = json.loads(text)
            if not isinstance(values, dict) or set(values) - {each.name for each in fields_of(cls)}:
                raise TypeError
        except (ValueError, TypeError) as error:
            raise ParameterError("E001", say("error.json"), say("error.setting_next")) from error
        return cls.made_of(values)


FIELDS = {field.name: field for field in fields_of(UpscaleSettings)}
"""What is known of each setting, in order."""
