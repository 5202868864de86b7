"""From a name or a file to a network that is ready to run."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from realesr.errors import ModelError, ParameterError
from realesr.models.building import build_hollow, build_network, fill, misfit
from realesr.models.catalogue import ModelSpec, Training, known_models
from realesr.models.detection import Shape, check_said, detect_architecture
from realesr.models.locating import Located, local_names, locate
from realesr.models.old_layouts import translate_names
from realesr.models.sidecar import CONFIG, read_config
from realesr.models.storage import printable
from realesr.models.weightfiles import WeightsFile, describe_stranger, file_digest, open_weights

if TYPE_CHECKING:
    from realesr.models.building import Network

__all__ = [
    "LoadedModel",
    "at_scale",
    "build_network",
    "choose_device",
    "describe_model",
    "load_model",
    "local_names",
    "locate",
]


@dataclass(frozen=True)
class LoadedModel:
    """A network in evaluation mode and what is known of it.

    Attributes:
        network: Plain float32 ``nn.Module``; N x C x H x W in [0, 1] in, ``spec.scale`` times the
            sides out, not clamped.
        spec: Name, licence, scale and needs; ``spec.sha256`` is that of the file it came from.
        parts: Of a blend, the two models it was mixed from; else empty.
    """

    network: Network
    spec: ModelSpec
    parts: tuple[ModelSpec, ...] = ()


def load_model(
    name_or_path: str | Path,
    *,
    device: str = "auto",
    progress: Callable[[int, int | None], None] | None = None,
) -> LoadedModel:
    """Load a model by name, from a file or folder, or from the Hub.

    A name is looked for among the bundled models, then in the folders of ``REALESR_WEIGHTS``, and
    only then fetched. The architecture of a file is deduced from its tensors; what a
    ``config.json`` beside it or its own metadata says must agree. A ``.pth`` file is read without
    running any code in it.

    Args:
        name_or_path: A name of ``realesr models list``, a ``.safetensors`` or ``.pth`` file, a
            folder with one, or ``user/name`` (perhaps ``@revision``) on the Hub.
        device: ``"auto"`` (CUDA where there is one), ``"cpu"``, ``"cuda"``.
        progress: Called with bytes done and bytes in all while weights are fetched.

    Raises:
        ModelError: E201 to E210, when the weights are dangerous, damaged or no upscaler.
        NetworkError: When a download fails.

    >>> load_model("bicubic", device="cpu").spec.scale
    4
    """
    found = locate(name_or_path, progress=progress)
    if found.path is None:
        assert found.known is not None
        network = build_network(found.known)
        return LoadedModel(network.eval().to(choose_device(device)), found.known)
    file = open_weights(found.path)
    names = _todays_names(file)
    shapes = {names[name]: shape for name, shape in file.shapes.items()}
    spec = _describe(found, file, shapes)
    network = build_hollow(spec, shapes, _name(file))
    fill(network, {names[name]: array for name, array in file.read().tensors.items()})
    spec = replace(spec, radius=getattr(network, "radius", 0), multiple_of=int(network.multiple_of))
    return LoadedModel(network.eval().to(choose_device(device)), spec)


def describe_model(name_or_path: str | Path) -> ModelSpec:
    """What is known of a model; a file is loaded to find out, a known name is only looked up.

    Raises:
        ModelError: E201 to E210, as `load_model`.
    """
    table = {spec.name: spec for spec in known_models()}
    found = table.get(str(name_or_path))
    return found if found is not None else load_model(name_or_path, device="cpu").spec


def at_scale(model: LoadedModel, factor: float) -> LoadedModel:
    """A plain filter for another factor: the next whole scale; a trained model stays as it is.

    Bicubic by 3 is then bicubic by 3, and not by 4 and shrunk.

    Args:
        model: Any model.
        factor: Up to 16.

    >>> at_scale(load_model("bicubic", device="cpu"), 2.5).spec.scale
    3
    """
    if model.spec.architecture != "resampler":
        return model
    scale = max(1, math.ceil(factor))
    if scale > 16:
        raise ParameterError("E001", f"a factor of {factor:g} is over 16.", "Choose another.")
    spec = replace(model.spec, scale=scale, arguments={**model.spec.arguments, "scale": scale})
    return LoadedModel(build_network(spec).eval(), spec)


def choose_device(name: str) -> str:
    """``"cuda"`` or ``"cpu"`` for ``"auto"``; a named one if it is here.

    Raises:
        ParameterError: E001 for a device that this machine, or this build of torch, lacks.

    >>> choose_device("cpu")
    'cpu'
    """
    if name == "cpu":
        return name
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if not name.startswith("cuda") or not torch.cuda.is_available():
        raise ParameterError(
            "E001",
            f"there is no device {name!r} here.",
            "Use cpu; the README says how to get PyTorch's CUDA build.",
        )
    return name


def _todays_names(file: WeightsFile) -> dict[str, str]:
    names = translate_names(file.stored)
    if len(set(names.values())) < len(names):
        raise misfit(_name(file), "two tensors have the same place in the network")
    return names


def _describe(found: Located, file: WeightsFile, shapes: Mapping[str, Shape]) -> ModelSpec:
    """The spec of the weights at hand, checked against all that is said of them."""
    name, config = _name(file), _config_beside(file.path)
    detected = detect_architecture(shapes, file.metadata | config, name=name)
    if detected is None:
        raise ModelError(
            "E205",
            f"{name} is not an upscaler: {describe_stranger(shapes)}.",
            "Give weights of an ESRGAN, Real-ESRGAN, SRResNet, SRCNN or Compact network.",
        )
    architecture, arguments = detected
    check_said(architecture, arguments, file.metadata, name)
    check_said(architecture, arguments, config, CONFIG)
    known, digest = found.known, file_digest(file.path)
    if known is None:
        licence = config.get("licence") or file.metadata.get("licence")
        known = ModelSpec(
            name=found.name,
            architecture=architecture,
            arguments=arguments,
            scale=int(arguments.get("scale", 1)),
            source=found.source,
            licence=printable(licence or file.metadata.get("license", "unknown")),
            training=cast("Training", config.get("training", "unknown")),
        )
    elif known.architecture != architecture or known.scale != arguments.get("scale", known.scale):
        raise misfit(name, f"it holds another network ({architecture}) than {known.name}")
    elif known.sha256 not in (None, digest) and Path(known.source).name == file.path.name:
        raise ModelError(
            "E206",
            f"the sha256 of {name} differs from the catalogue's "
            f"(expected {str(known.sha256)[:12]}…, got {digest[:12]}…).",
            "Delete the file; it will be fetched again.",
        )
    return replace(
        known,
        architecture=architecture,
        arguments=arguments,
        scale=int(arguments.get("scale", known.scale)),
        sha256=digest,
        size=file.path.stat().st_size,
    )


def _config_beside(weights: Path) -> dict[str, str]:
    path = weights.with_name(CONFIG)
    return read_config(path) if path.is_file() else {}


def _name(file: WeightsFile) -> str:
    return printable(file.path.name)
