"""Which network a set of weights belongs to, deduced from tensor names and shapes alone.

Names and shapes are data from strangers: sizes no upscaler has are refused here, before a network
of that size is built.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Mapping
from math import isqrt

from realesr.errors import ModelError
from realesr.models.storage import printable

_log = logging.getLogger(__name__)

Shape = tuple[int, ...]
Shapes = Mapping[str, Shape]
Arguments = dict[str, int | str]

_SCALES: dict[str, Collection[int]] = {
    "compact": range(1, 17),
    "rrdbnet": (1, 2, 4, 8),
    "srresnet": (2, 3, 4),
    "srcnn": range(1, 17),
}
# The largest networks of the field have 64 to 256 features and 16 to 64 blocks.
_SIZES = {
    "features": (1, 512),
    "blocks": (1, 128),
    "growth": (1, 256),
    "convolutions": (0, 256),
    "mappings": (1, 512),
    "channels": (1, 4),
    "fold": (1, 4),
}
ACTIVATIONS = ("prelu", "relu", "leakyrelu")
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "compact": ("scale", "features", "convolutions", "activation", "channels"),
    "rrdbnet": ("scale", "features", "blocks", "growth", "channels", "fold"),
    "srresnet": ("scale", "features", "blocks", "channels"),
    "srcnn": ("scale", "features", "mappings", "channels"),
    "unet_discriminator": ("features", "channels"),
}


def detect_architecture(
    shapes: Shapes, said: Mapping[str, str] | None = None, *, name: str = "the file"
) -> tuple[str, Arguments] | None:
    """The architecture and its constructor arguments, or None for a stranger.

    Args:
        shapes: Tensor names and shapes.
        said: What the file, or a ``config.json`` beside it, says of itself. Only what tensors
            cannot tell is taken from it: the scale of an SRCNN, and the activation of a Compact
            network without PReLU.
        name: What to call the file in a refusal.

    Raises:
        ModelError: E205, where the names fit a known network and the shapes do not, or where a size
            is one no upscaler has.

    >>> detect_architecture({"embeddings.weight": (30522, 768)}) is None
    True
    """
    said = said or {}
    architecture = _recognise(shapes)
    if architecture is None:
        return None
    arguments = _READERS[architecture](_Shapes(shapes, name), said)
    check_sizes(architecture, arguments, name)
    return architecture, arguments


def check_sizes(architecture: str, arguments: Mapping[str, int | str], name: str) -> None:
    """Refuse a network larger than any of the field, before it is built.

    Raises:
        ModelError: E205, with the number.
    """
    for argument, value in arguments.items():
        if not isinstance(value, int):
            continue
        if argument == "scale":
            allowed = _SCALES[architecture]
            if value not in allowed:
                listed = ", ".join(map(str, allowed)) if isinstance(allowed, tuple) else "1 to 16"
                raise _refusal(f"{name} is for scale {value:,}; {architecture} here has {listed}")
        least, most = _SIZES.get(argument, (value, value))
        if not least <= value <= most:
            raise _refusal(
                f"{name} is for {value:,} {argument}; a network here has {least} to {most}"
            )


def check_said(architecture: str, arguments: Arguments, said: Mapping[str, str], name: str) -> None:
    """Refuse weights of which a file says something else than their tensors do.

    Args:
        architecture: What the tensors are.
        arguments: Of that network.
        said: What the file says: ``architecture``, ``scale`` and the other arguments count, where
            they are given as a plain word or number; anything else is another program's business.
        name: What to call the file in a refusal.

    Raises:
        ModelError: E205, with both.
    """
    word = re.match(r"\w*", said.get("architecture", "").lower())
    claimed = word[0] if word else ""
    if claimed in ARGUMENTS and claimed != architecture:
        raise _refusal(f"{name} says {claimed}, and the tensors are {architecture}")
    if claimed and claimed not in ARGUMENTS:
        _log.warning(
            "%s says %s, an architecture unknown here; its tensors are %s.",
            name,
            printable(said["architecture"], 40),
            architecture,
        )
    for argument, value in arguments.items():
        claim = said.get(argument, "")
        known = _number(claim) is not None if isinstance(value, int) else claim in ACTIVATIONS
        if known and claim != str(value):
            raise _refusal(f"{name} says {argument} {claim}, and the tensors say {value}")


def _recognise(shapes: Shapes) -> str | None:
    has = shapes.keys().__contains__
    if has("conv_first.weight") and has("conv_last.weight"):
        return "srresnet" if has("body.0.conv1.weight") else "rrdbnet"
    if has("conv1.weight_orig") and has("conv9.weight") and has("conv0.weight"):
        return "unet_discriminator"
    if set(shapes) == {f"conv{n}.{kind}" for n in (1, 2, 3) for kind in ("weight", "bias")}:
        return "srcnn"
    return "compact" if len(shapes.get("body.0.weight", ())) == 4 else None


class _Shapes:
    """The shapes of a file, asked in a way that cannot fail without a sentence."""

    def __init__(self, shapes: Shapes, name: str) -> None:
        self.names = shapes.keys()
        self.name = name
        self._shapes = shapes

    def convolution(self, layer: str) -> tuple[int, int]:
        """Output and input channels of a convolution, both at least 1."""
        shape = self._shapes.get(f"{layer}.weight") or self._shapes.get(f"{layer}.weight_orig", ())
        if len(shape) != 4 or not all(shape):
            raise self.misfit(f"{layer} is no convolution")
        return shape[0], shape[1]

    def count(self, pattern: str) -> int:
        """One more than the largest number at the pattern's group; 0 where nothing matches."""
        found = (re.match(pattern, name, re.ASCII) for name in self.names)
        return max((int(match[1]) + 1 for match in found if match), default=0)

    def misfit(self, cause: str) -> ModelError:
        return _refusal(f"the tensor names of {self.name} look like an upscaler's, but {cause}")


def _rrdbnet(shapes: _Shapes, said: Mapping[str, str]) -> Arguments:
    growth, _ = shapes.convolution("body.0.rdb1.conv1")
    features, folded = shapes.convolution("conv_first")
    channels, _ = shapes.convolution("conv_last")
    fold = isqrt(folded // channels)
    doublings = sum(bool(re.fullmatch(r"conv_up\d\.weight", name)) for name in shapes.names)
    if fold < 1 or channels * fold**2 != folded or 2**doublings % fold:
        raise shapes.misfit(f"conv_first reads {folded} channels and conv_last makes {channels}")
    return {
        "scale": 2**doublings // fold,
        "features": features,
        "blocks": shapes.count(r"body\.(\d{1,9})\.rdb1\."),
        "growth": growth,
        "channels": channels,
        "fold": fold,
    }


def _srresnet(shapes: _Shapes, said: Mapping[str, str]) -> Arguments:
    features, channels = shapes.convolution("conv_first")
    scale = 1
    for layer in ("upconv1", "upconv2"):
        if f"{layer}.weight" in shapes.names:
            scale *= isqrt(shapes.convolution(layer)[0] // features)
    return {
        "scale": scale,
        "features": features,
        "blocks": shapes.count(r"body\.(\d{1,9})\."),
        "channels": channels,
    }


def _srcnn(shapes: _Shapes, said: Mapping[str, str]) -> Arguments:
    features, channels = shapes.convolution("conv1")
    mappings, _ = shapes.convolution("conv2")
    scale = _number(said.get("scale", ""))
    if scale is None:
        raise ModelError(
            "E205",
            f"{shapes.name} holds SRCNN weights, and nothing says for which scale.",
            'Put {"architecture": "srcnn", "scale": 4} (or whichever) into config.json beside it.',
        )
    return {"scale": scale, "features": features, "mappings": mappings, "channels": channels}


def _compact(shapes: _Shapes, said: Mapping[str, str]) -> Arguments:
    features, channels = shapes.convolution("body.0")
    last = shapes.count(r"body\.(\d{1,9})\.") - 1
    outputs, _ = shapes.convolution(f"body.{last}")
    scale = isqrt(outputs // channels)
    if last < 2 or last % 2 or scale < 1 or channels * scale**2 != outputs:
        raise shapes.misfit(f"body.{last} makes {outputs} channels, no square times {channels}")
    activation = "prelu"
    if "body.1.weight" not in shapes.names:
        leaky = "leakyrelu" in said.get("activation", "") + said.get("architecture", "")
        activation = "leakyrelu" if leaky else "relu"
    return {
        "scale": scale,
        "features": features,
        "convolutions": last // 2 - 1,
        "activation": activation,
        "channels": channels,
    }


def _unet_discriminator(shapes: _Shapes, said: Mapping[str, str]) -> Arguments:
    features, channels = shapes.convolution("conv0")
    return {"features": features, "channels": channels}


_READERS: dict[str, Callable[[_Shapes, Mapping[str, str]], Arguments]] = {
    "compact": _compact,
    "rrdbnet": _rrdbnet,
    "srresnet": _srresnet,
    "srcnn": _srcnn,
    "unet_discriminator": _unet_discriminator,
}


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else None


def _refusal(cause: str) -> ModelError:
    return ModelError("E205", f"{cause}.", "Ask whoever made the file which network it is for.")
