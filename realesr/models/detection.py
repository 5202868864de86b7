"""Which network a set of weights belongs to, deduced from tensor names and shapes alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isqrt

from realesr.errors import ModelError

Shape = tuple[int, ...]
Arguments = dict[str, int | str]


def detect_architecture(
    shapes: Mapping[str, Shape], metadata: Mapping[str, str] | None = None
) -> tuple[str, Arguments] | None:
    """The architecture and its constructor arguments, or None for a stranger.

    Args:
        shapes: Tensor names and shapes.
        metadata: What the file says of itself; only the activation of a Compact network without
            PReLU is taken from it, because the weights cannot tell ReLU from LeakyReLU.

    Raises:
        ModelError: E205, where the names fit a known network and the shapes do not.

    >>> detect_architecture({"embeddings.weight": (30522, 768)}) is None
    True
    """
    has = shapes.keys().__contains__
    if has("conv_first.weight") and has("conv_last.weight"):
        if has("body.0.conv1.weight"):
            return "srresnet", _srresnet_arguments(shapes)
        return "rrdbnet", _rrdbnet_arguments(shapes)
    if has("conv1.weight_orig") and has("conv9.weight") and has("conv0.weight"):
        features, channels = shapes["conv0.weight"][:2]
        return "unet_discriminator", {"features": features, "channels": channels}
    if set(shapes) == {f"conv{n}.{kind}" for n in (1, 2, 3) for kind in ("weight", "bias")}:
        return "srcnn", _srcnn_arguments(shapes, metadata or {})
    if len(shapes.get("body.0.weight", ())) == 4:
        return "compact", _compact_arguments(shapes, metadata or {})
    return None


def _rrdbnet_arguments(shapes: Mapping[str, Shape]) -> Arguments:
    growth = shapes.get("body.0.rdb1.conv1.weight", ())
    blocks = [int(found[1]) for name in shapes if (found := re.match(r"body\.(\d+)\.rdb1", name))]
    if not blocks or len(growth) != 4:
        raise _misfit("conv_first.weight is there, but no block body.0.rdb1")
    features, folded = shapes["conv_first.weight"][:2]
    channels = shapes["conv_last.weight"][0]
    fold = isqrt(folded // channels) if channels else 0
    doublings = sum(bool(re.fullmatch(r"conv_up\d\.weight", name)) for name in shapes)
    if fold < 1 or channels * fold**2 != folded or 2**doublings % fold:
        raise _misfit(f"conv_first.weight reads {folded} channels and conv_last makes {channels}")
    return {
        "scale": 2**doublings // fold,
        "features": features,
        "blocks": max(blocks) + 1,
        "growth": growth[0],
        "channels": channels,
        "fold": fold,
    }


def _srresnet_arguments(shapes: Mapping[str, Shape]) -> Arguments:
    features, channels = shapes["conv_first.weight"][:2]
    blocks = [int(found[1]) for name in shapes if (found := re.match(r"body\.(\d+)\.", name))]
    scale = 1
    for number in (1, 2):
        widened = shapes.get(f"upconv{number}.weight", (features,))[0]
        scale *= isqrt(widened // features)
    return {
        "scale": scale,
        "features": features,
        "blocks": max(blocks) + 1,
        "channels": channels,
    }


def _srcnn_arguments(shapes: Mapping[str, Shape], metadata: Mapping[str, str]) -> Arguments:
    if not metadata.get("scale", "").isdigit():
        raise ModelError(
            "E205",
            "these are SRCNN weights, and nothing in the file says for which scale.",
            "Save them as safetensors with the metadata scale=2, 3 or 4.",
        )
    features, channels = shapes["conv1.weight"][:2]
    return {
        "scale": int(metadata["scale"]),
        "features": features,
        "mappings": shapes["conv2.weight"][0],
        "channels": channels,
    }


def _compact_arguments(shapes: Mapping[str, Shape], metadata: Mapping[str, str]) -> Arguments:
    features, channels = shapes["body.0.weight"][:2]
    layers = [int(found[1]) for name in shapes if (found := re.match(r"body\.(\d+)\.", name))]
    last = max(layers)
    outputs = shapes.get(f"body.{last}.weight", (0,))[0]
    scale = isqrt(outputs // channels) if channels else 0
    if last < 2 or last % 2 or scale < 1 or channels * scale**2 != outputs:
        raise _misfit(f"body.{last} makes {outputs} channels, no square multiple of {channels}")
    activation = "prelu"
    if "body.1.weight" not in shapes:
        activation = "leakyrelu" if "leakyrelu" in metadata.get("architecture", "") else "relu"
    return {
        "scale": scale,
        "features": features,
        "convolutions": last // 2 - 1,
        "activation": activation,
        "channels": channels,
    }


def _misfit(cause: str) -> ModelError:
    return ModelError(
        "E205",
        f"the tensor names look like an upscaler's, but {cause}.",
        "Ask whoever made the file which network it is for.",
    )
