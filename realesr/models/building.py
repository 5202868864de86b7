"""From an architecture's name and numbers to a network, and from tensors to its weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from realesr.errors import ModelError
from realesr.models.catalogue import ModelSpec
from realesr.models.detection import Shape

if TYPE_CHECKING:
    import numpy as np

    from realesr.models.compact import Compact
    from realesr.models.resamplers import Resampler
    from realesr.models.rrdbnet import RRDBNet
    from realesr.models.srcnn import SRCNN
    from realesr.models.srresnet import SRResNet
    from realesr.models.unet_discriminator import UNetDiscriminator

    Network = Compact | Resampler | RRDBNet | SRCNN | SRResNet | UNetDiscriminator


def build_network(spec: ModelSpec) -> Network:
    """An untrained network of the spec's architecture, in float32 on the CPU.

    >>> from realesr.models.catalogue import find_model
    >>> build_network(find_model("lab-x4")).radius
    18
    """
    from realesr.models.compact import Compact
    from realesr.models.resamplers import Resampler
    from realesr.models.rrdbnet import RRDBNet
    from realesr.models.srcnn import SRCNN
    from realesr.models.srresnet import SRResNet
    from realesr.models.unet_discriminator import UNetDiscriminator

    networks: dict[str, Callable[..., Network]] = {
        "compact": Compact,
        "resampler": Resampler,
        "rrdbnet": RRDBNet,
        "srcnn": SRCNN,
        "srresnet": SRResNet,
        "unet_discriminator": UNetDiscriminator,
    }
    return networks[spec.architecture](**spec.arguments)


def build_hollow(spec: ModelSpec, shapes: Mapping[str, Shape], name: str) -> Network:
    """A network without memory for its weights, once a file is known to hold just these.

    Args:
        spec: Of the network.
        shapes: Of every tensor in the file, by parameter name.
        name: What to call the file in a refusal.

    Raises:
        ModelError: E205 when a tensor is missing, too many or of another shape.
    """
    network = build_without_memory(spec)
    expected = {key: tuple(tensor.shape) for key, tensor in network.state_dict().items()}
    for tensor, shape in expected.items():
        if tensor not in shapes:
            raise misfit(name, f"tensor {tensor} is missing")
        if shapes[tensor] != shape:
            raise misfit(name, f"{tensor} is {_times(shapes[tensor])}, expected {_times(shape)}")
    strangers = [tensor for tensor in shapes if tensor not in expected]
    if strangers:
        raise misfit(name, f"tensor {strangers[0]} has no place in the network")
    return network


def build_without_memory(spec: ModelSpec) -> Network:
    """The same on torch's "meta" device: names and shapes, and no numbers."""
    import torch
    from torch.nn.functional import normalize
    from torch.overrides import TorchFunctionMode

    class Undrawn(TorchFunctionMode):
        """Draws no random start: no memory to hold it, and torch takes 5 s to learn how not to."""

        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            if func in (torch.Tensor.normal_, torch.Tensor.uniform_, normalize):
                return args[0]
            return func(*args, **(kwargs or {}))

    with torch.device("meta"), Undrawn():
        return build_network(spec)


def fill(network: Network, tensors: Mapping[str, np.ndarray]) -> None:
    """Make the tensors of a file the weights of a hollow network, without copying them."""
    import torch

    weights = {name: torch.from_numpy(array) for name, array in tensors.items()}
    network.load_state_dict(weights, assign=True)


def misfit(name: str, cause: str) -> ModelError:
    """The refusal of weights that do not fit the network they seem to be for."""
    return ModelError(
        "E205", f"{name}: {cause}.", "Ask whoever made the file which network it is for."
    )


def _times(shape: Shape) -> str:
    return "×".join(str(side) for side in shape) or "a single number"
