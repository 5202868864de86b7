"""A recipe draws, a trace replays: the biography of a low-resolution picture.

``Recipe.sample(seed)`` draws what happens, ``Trace.apply(hr)`` makes it happen, and a trace is
plain data, so it can be kept beside the picture, sent to somebody, or edited and played again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

import torch
from torch import Tensor

from realesr.degradations.combinations import step_to_dict, steps_from_list
from realesr.degradations.documents import VERSION, complete, one_a_line, parsed
from realesr.degradations.operations import Operation, Round, check_finite, check_image
from realesr.degradations.spans import Checked, Span, wrong_values
from realesr.degradations.steps import Step
from realesr.degradations.table import operation_from_dict, operation_to_dict
from realesr.errors import ConfigError, ParameterError
from realesr.randomness import spawn

Scale = Annotated[int, Span(1, 8, help="HR side / LR side")]
Number = Annotated[int, Span(-(2**63), 2**63 - 1, help="the draw's number")]


@dataclass(frozen=True, kw_only=True)
class Trace(Checked):
    """What happened to one picture: apply it to another and the same happens again.

    A trace does exactly what its operations say. Those that a recipe draws end with ``Round``: the
    picture is stored in 8 bit. It has no picture in it: noise is kept as a seed, sizes as factors.

    Attributes:
        recipe: Name of the recipe that drew it.
        seed: The number it was drawn with.
        scale: HR side / LR side; sides of HR must be multiples of it.
        operations: What happened, in order.
        version: Of the meaning of the operations.

    >>> from realesr.degradations.operations import Resize
    >>> trace = Trace(recipe="by hand", seed=0, scale=2, operations=(Resize(factor=0.5),))
    >>> trace.apply(torch.rand(1, 3, 8, 6)).shape
    torch.Size([1, 3, 4, 3])
    >>> Trace.from_json(trace.to_json()) == trace
    True
    """

    recipe: str
    seed: Number
    scale: Scale
    operations: tuple[Operation, ...]
    version: int = VERSION

    def contradictions(self) -> Iterator[str]:
        """Everything in ``operations`` must be one."""
        # Looking for the method is the protocol's own check, and ten times as fast.
        yield from (
            f"operations hold operations, got {each!r}."
            for each in self.operations
            if not hasattr(each, "apply")
        )

    def apply(self, hr: Tensor) -> Tensor:
        """The low-resolution picture.

        Args:
            hr: (N, 3, H, W), float32, [0, 1]; sides are multiples of ``scale``. The pictures of a
                batch go through the same operations, each with its own noise.

        Raises:
            ParameterError: E002 for another shape, dtype or range, E003 for sides that do not fit.
            PictureError: E111 for pixels that are not numbers.
        """
        lr = hr
        for _, image in self.stages(hr):
            lr = image
        return hr.clone() if lr is hr else lr

    def stages(self, hr: Tensor) -> Iterator[tuple[Operation, Tensor]]:
        """Each operation with the picture after it, for the film strip; the last one is LR.

        Raises:
            ParameterError: E002, E003, as ``apply`` does.
            PictureError: E111.
        """
        check_hr(hr, self.scale)
        return self._stages(hr)

    def _stages(self, image: Tensor) -> Iterator[tuple[Operation, Tensor]]:
        height, width = image.shape[-2:]
        for operation in self.operations:
            with torch.no_grad():
                image = operation.apply(image, (height, width))
            yield operation, image

    def replace(self, index: int, operation: Operation) -> Trace:
        """The trace with another operation at this place, for a slider.

        Raises:
            ParameterError: E004 when there is no such place.
        """
        places = range(-len(self.operations), len(self.operations))
        if index not in places:
            raise ParameterError(
                "E004", f"The trace has {len(self.operations)} operations; there is no {index}."
            )
        operations = list(self.operations)
        operations[index] = operation
        return replace(self, operations=tuple(operations))

    def to_json(self) -> str:
        """The trace as JSON: one line, under 1,500 characters for the second-order recipes."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def to_text(self) -> str:
        """The same JSON for people who read or edit it: a line for each operation."""
        return one_a_line(self.to_dict(), "operations")

    def to_dict(self) -> dict[str, Any]:
        """The trace as plain data."""
        return {
            "trace": self.recipe,
            "version": self.version,
            "seed": self.seed,
            "scale": self.scale,
            "operations": [operation_to_dict(operation) for operation in self.operations],
        }

    @classmethod
    def from_json(cls, text: str) -> Trace:
        """The trace that ``to_json`` wrote; it replays to equal bits on the same machine.

        Raises:
            ConfigError: E404 for what is no trace, for unknown names, values out of range, and for
                a trace whose version meant something else.
        """
        keys = ("trace", "version", "seed", "scale", "operations")
        data = complete(parsed(text, "trace"), keys)
        if not isinstance(data["operations"], list):
            raise ConfigError("E404", "operations must be a list of operations.")
        made, wrong = [], []
        for each in data["operations"]:
            try:
                made.append(operation_from_dict(each))
            except ConfigError as error:
                wrong.append(error.cause)
        if wrong:
            raise ConfigError("E404", " ".join(wrong))
        try:
            return cls(
                recipe=data["trace"],
                seed=data["seed"],
                scale=data["scale"],
                operations=tuple(made),
                version=data["version"],
            )
        except ParameterError as error:
            raise ConfigError("E404", error.cause) from error


@dataclass(frozen=True, kw_only=True)
class Recipe(Checked):
    """What may happen to pictures: steps with ranges and probabilities.

    Attributes:
        name: Kept in each trace.
        scale: HR side / LR side that the steps lead to.
        steps: In order. Step number n draws from a generator made of the seed and n alone.
        version: Of the meaning of steps and operations.

    >>> from realesr.degradations.steps import RandomJpeg
    >>> recipe = Recipe(name="only JPEG", scale=1, steps=(RandomJpeg(quality=(40, 40)),))
    >>> recipe.sample(3).operations[0].quality
    40.0
    """

    name: str
    scale: Scale
    steps: tuple[Step, ...]
    version: int = VERSION

    def contradictions(self) -> Iterator[str]:
        """Everything in ``steps`` must be a step."""
        yield from (f"steps hold steps, got {x!r}." for x in self.steps if not isinstance(x, Step))

    def sample(self, seed: int) -> Trace:
        """What happens this time; the same seed draws the same."""
        operations = tuple(operation for drawn in self.draws(seed) for operation in drawn)
        return Trace(
            recipe=self.name, seed=seed, scale=self.scale, operations=(*operations, Round())
        )

    def draws(self, seed: int) -> list[tuple[Operation, ...]]:
        """What each step draws with this seed, step by step.

        >>> from realesr.degradations.steps import RandomBlur, RandomJpeg
        >>> recipe = Recipe(name="two", scale=1, steps=(RandomBlur(), RandomJpeg()))
        >>> [len(drawn) for drawn in recipe.draws(3)]
        [1, 1]
        """
        return [step.sample(spawn(seed, "step", n)) for n, step in enumerate(self.steps)]

    def to_dict(self) -> dict[str, Any]:
        """The recipe as plain data."""
        steps = [step_to_dict(step) for step in self.steps]
        return {
            "recipe": self.name,
            "version": self.version,
            "scale": self.scale,
            "steps": steps,
        }

    @classmethod
    def from_dict(cls, data: Any) -> Recipe:
        """The recipe that ``to_dict`` wrote.

        Raises:
            ConfigError: E404, with everything that is wrong in one go.
        """
        data = complete(data, ("recipe", "version", "scale", "steps"))
        head = {"name": data["recipe"], "scale": data["scale"]}
        wrong = list(wrong_values(cls, head))
        try:
            steps = steps_from_list(data["steps"])
        except ConfigError as error:
            raise ConfigError("E404", " ".join([*wrong, error.cause])) from error
        try:
            return cls(**head, steps=steps, version=data["version"])
        except ParameterError as error:
            raise ConfigError("E404", error.cause) from error

    def to_json(self) -> str:
        """The recipe as JSON, a line for each step."""
        return one_a_line(self.to_dict(), "steps")

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """The recipe that ``to_json`` wrote, or a person.

        Raises:
            ConfigError: E404.
        """
        return cls.from_dict(parsed(text, "recipe"))


def check_hr(hr: Tensor, scale: int) -> None:
    """Refuse a picture that has no low-resolution picture at this scale.

    Raises:
        ParameterError: E002 for shape, dtype or range, E003 for sides that do not fit.
        PictureError: E111 for pixels that are not numbers.

    >>> check_hr(torch.zeros(1, 3, 10, 8), 4)
    Traceback (most recent call last):
    realesr.errors.ParameterError: E003 The picture is 8x10, and its sides must be multiples ...
    """
    check_image(hr)
    if hr.is_cuda:
        check_finite(hr)
    low, high = (float(end) for end in hr.aminmax())
    if low < -0.01 or high > 1.01:
        raise ParameterError(
            "E002",
            f"Pixels are between 0 and 1, got {low:g} to {high:g}.",
            "Divide 8-bit values by 255.",
        )
    height, width = hr.shape[-2:]
    if min(height, width) < scale:
        raise ParameterError(
            "E003", f"The picture is {width}x{height}, too small for scale {scale}."
        )
    if height % scale or width % scale:
        fitting = f"{width - width % scale}x{height - height % scale}"
        raise ParameterError(
            "E003",
            f"The picture is {width}x{height}, and its sides must be multiples of the scale "
            f"{scale}.",
            f"Crop it to {fitting}.",
        )
