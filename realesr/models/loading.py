"""From a name or a file to a network that is ready to run."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from realesr.downloads import fetch
from realesr.errors import ModelError
from realesr.models.catalogue import ModelSpec, find_model, known_models
from realesr.models.detection import Shape, detect_architecture
from realesr.models.old_layouts import translate_names
from realesr.models.weightfiles import describe_stranger, file_digest, read_weights

if TYPE_CHECKING:
    import numpy as np

    from realesr.models.compact import Compact
    from realesr.models.rrdbnet import RRDBNet
    from realesr.models.srcnn import SRCNN
    from realesr.models.srresnet import SRResNet
    from realesr.models.unet_discriminator import UNetDiscriminator

    Network = Compact | RRDBNet | SRCNN | SRResNet | UNetDiscriminator

SUFFIXES = (".safetensors", ".pth", ".pt")


@dataclass(frozen=True)
class LoadedModel:
    """A network in evaluation mode and what is known of it.

    Attributes:
        network: Plain float32 ``nn.Module``; N x C x H x W in [0, 1] in, ``spec.scale`` times the
            sides out, not clamped.
        spec: Name, licence, scale and needs; ``spec.sha256`` is that of the file it came from.
    """

    network: Network
    spec: ModelSpec


def load_model(
    name_or_path: str | Path,
    *,
    device: str = "auto",
    progress: Callable[[int, int | None], None] | None = None,
) -> LoadedModel:
    """Load a model by name or from a file.

    A name is looked for among the bundled models, then in the folders of ``REALESR_WEIGHTS``, and
    only then fetched. The architecture of a file is deduced from its tensors. A ``.pth`` file is
    read without running any code in it.

    Args:
        name_or_path: A name of ``realesr models list``, or a ``.safetensors`` or ``.pth`` file.
        device: ``"auto"`` (CUDA where there is one), ``"cpu"``, ``"cuda"``.
        progress: Called with bytes done and bytes in all while weights are fetched.

    Raises:
        ModelError: E201 to E209, when the weights are dangerous, damaged or no upscaler.
        NetworkError: When a download fails.
    """
    known, path = locate(name_or_path, progress=progress)
    weights = read_weights(path)
    digest = file_digest(path)
    today = translate_names(weights.tensors)
    tensors = {today[name]: array for name, array in weights.tensors.items()}
    shapes = {name: tuple(array.shape) for name, array in tensors.items()}
    spec = _describe(known, path, shapes, weights.metadata, digest)
    network = build_network(spec)
    _fill(network, tensors, path)
    spec = replace(spec, radius=getattr(network, "radius", 0), multiple_of=int(network.multiple_of))
    return LoadedModel(network.eval().to(choose_device(device)), spec)


def locate(
    name_or_path: str | Path, *, progress: Callable[[int, int | None], None] | None = None
) -> tuple[ModelSpec | None, Path]:
    """The catalogue's entry, if there is one, and the file that holds the weights.

    Raises:
        ModelError: E208 for a name nobody knows, E209 for a file that is not there.
    """
    text = str(name_or_path)
    path = Path(name_or_path).expanduser()
    table = {spec.name: spec for spec in known_models()}
    if text in table:
        spec = table[text]
        if spec.is_bundled:
            return spec, Path(spec.source)
        local = _search(text)
        if local is not None:
            return spec, local
        return spec, fetch(spec.source, sha256=spec.sha256, size=spec.size, progress=progress)
    if path.exists():
        return None, path
    if path.suffix in SUFFIXES or path.is_absolute():
        raise ModelError("E209", f"{path.name} is not there.", "Check the path, or give a name.")
    local = _search(text)
    if local is not None:
        return None, local
    find_model(text)
    raise AssertionError("find_model raises for a name that is not in the table")


def describe_model(name_or_path: str | Path) -> ModelSpec:
    """What is known of a model; a file is loaded to find out, a known name is only looked up.

    Raises:
        ModelError: E201 to E209, as `load_model`.
    """
    table = {spec.name: spec for spec in known_models()}
    found = table.get(str(name_or_path))
    return found if found is not None else load_model(name_or_path, device="cpu").spec


def local_names() -> list[str]:
    """Names of the weights files found in the folders of ``REALESR_WEIGHTS``, sorted."""
    return sorted(
        {
            path.stem
            for folder in _folders()
            if folder.is_dir()
            for path in folder.iterdir()
            if path.suffix in SUFFIXES
        }
    )


def _folders() -> list[Path]:
    listed = os.environ.get("REALESR_WEIGHTS", "")
    return [Path(folder) for folder in listed.split(os.pathsep) if folder]


def _search(name: str) -> Path | None:
    if Path(name).name != name:
        return None
    candidates = (folder / f"{name}{suffix}" for folder in _folders() for suffix in SUFFIXES)
    return next((path for path in candidates if path.is_file()), None)


def _describe(
    known: ModelSpec | None,
    path: Path,
    shapes: Mapping[str, Shape],
    metadata: Mapping[str, str],
    digest: str,
) -> ModelSpec:
    """The spec of the weights at hand, checked against the catalogue's where there is one."""
    detected = detect_architecture(shapes, metadata)
    if detected is None:
        raise ModelError(
            "E205",
            f"{path.name} is not an upscaler: {describe_stranger(shapes)}.",
            "Give weights of an ESRGAN, Real-ESRGAN, SRResNet, SRCNN or Compact network.",
        )
    architecture, arguments = detected
    if known is None:
        known = ModelSpec(
            name=path.stem,
            architecture=architecture,
            arguments=arguments,
            scale=int(arguments.get("scale", 1)),
            source=str(path),
            licence=metadata.get("licence", metadata.get("license", "unknown")),
        )
    elif known.architecture != architecture or known.scale != arguments.get("scale", known.scale):
        raise _wrong(path, f"it holds another network ({architecture}) than {known.name}")
    elif known.sha256 not in (None, digest) and Path(known.source).name == path.name:
        raise ModelError(
            "E206",
            f"the sha256 of {path.name} differs from the catalogue's "
            f"(expected {str(known.sha256)[:12]}…, got {digest[:12]}…).",
            "Delete the file; it will be fetched again.",
        )
    return replace(
        known,
        architecture=architecture,
        arguments=arguments,
        scale=int(arguments.get("scale", known.scale)),
        sha256=digest,
        size=path.stat().st_size,
    )


def build_network(spec: ModelSpec) -> Network:
    """An untrained network of the spec's architecture, in float32 on the CPU.

    >>> from realesr.models.catalogue import find_model
    >>> build_network(find_model("starter-x4")).radius
    14
    """
    from realesr.models.compact import Compact
    from realesr.models.rrdbnet import RRDBNet
    from realesr.models.srcnn import SRCNN
    from realesr.models.srresnet import SRResNet
    from realesr.models.unet_discriminator import UNetDiscriminator

    networks: dict[str, Callable[..., Network]] = {
        "compact": Compact,
        "rrdbnet": RRDBNet,
        "srcnn": SRCNN,
        "srresnet": SRResNet,
        "unet_discriminator": UNetDiscriminator,
    }
    return networks[spec.architecture](**spec.arguments)


def _fill(network: Network, tensors: Mapping[str, np.ndarray], path: Path) -> None:
    """Copy the weights in; every tensor must be there, of the right shape, and no other."""
    import torch

    expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    for name, shape in expected.items():
        if name not in tensors:
            raise _wrong(path, f"tensor {name} is missing")
        found = tuple(tensors[name].shape)
        if found != shape:
            raise _wrong(path, f"{name} is {_times(found)}, expected {_times(shape)}")
    strangers = [name for name in tensors if name not in expected]
    if strangers:
        raise _wrong(path, f"tensor {strangers[0]} has no place in the network")
    network.load_state_dict({name: torch.from_numpy(array) for name, array in tensors.items()})


def _times(shape: Shape) -> str:
    return "×".join(str(side) for side in shape) or "a single number"


def _wrong(path: Path, cause: str) -> ModelError:
    return ModelError(
        "E205", f"{path.name}: {cause}.", "Ask whoever made the file which network it is for."
    )


def choose_device(name: str) -> str:
    """``"cuda"`` or ``"cpu"`` for ``"auto"``; anything else as it is.

    >>> choose_device("cpu")
    'cpu'
    """
    if name != "auto":
        return name
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
