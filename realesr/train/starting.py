"""The networks a run begins with: random weights, or those of another run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from realesr.errors import ConfigError
from realesr.models.building import fill, misfit
from realesr.models.catalogue import ModelSpec
from realesr.models.detection import detect_architecture
from realesr.models.loading import load_model
from realesr.models.locating import locate
from realesr.models.weightfiles import open_weights
from realesr.train.config import NetworkConfig, TrainConfig
from realesr.train.engine import seeded

if TYPE_CHECKING:
    from realesr.models.building import Network

DISCRIMINATOR = "discriminator.safetensors"


def start_generator(config: TrainConfig) -> tuple[Network, ModelSpec]:
    """The generator and what it is; weights bring their own architecture along.

    Raises:
        ConfigError: E404 when the weights are of another network than the configuration says.
        ModelError: E201 to E210 when they cannot be used.
    """
    if not config.start.generator:
        spec = config.network.spec(config.name, config.scale)
        network = seeded(spec, config.seed, "generator")
        return network.train(), _whole(spec, network)
    loaded = load_model(config.start.generator, device="cpu")
    known = {"architecture": loaded.spec.architecture, **loaded.spec.arguments}
    said = config.network.arguments() if config.network != NetworkConfig() else {}
    wrong = [
        f"{name} is {known[name]} in {config.start.generator} and {value} in the configuration."
        for name, value in {**said, "scale": config.scale}.items()
        if known.get(name, value) != value
    ]
    if loaded.spec.architecture == "resampler":
        raise ConfigError(
            "E404",
            f"{config.start.generator} is a plain filter: it has nothing to learn.",
            "Name a model with weights, or leave start.generator out.",
        )
    if wrong:
        advice = "Leave the [network] table out: the weights say what they are."
        raise ConfigError("E404", " ".join(wrong), advice)
    return loaded.network.train().requires_grad_(True), loaded.spec


def _whole(spec: ModelSpec, network: Network) -> ModelSpec:
    """The spec with every argument written out, as it will be read from the saved weights."""
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    said = {name: str(value) for name, value in spec.arguments.items()}
    found = detect_architecture(shapes, {"architecture": spec.architecture, **said}, name=spec.name)
    return replace(spec, arguments=found[1]) if found else spec


def start_discriminator(config: TrainConfig) -> Network | None:
    """The discriminator; None in the RealESRNet stage.

    Raises:
        ModelError: E205 when the weights are of another network, E208 to E210 when there are none.
    """
    if config.gan is None:
        return None
    arguments: dict[str, int | str] = {"features": config.gan.features}
    spec = ModelSpec(config.name, "unet_discriminator", arguments, config.scale, source="")
    network = seeded(spec, config.seed, "discriminator").train()
    if config.start.discriminator:
        folder = Path(config.start.discriminator) / DISCRIMINATOR
        path = locate(folder if folder.is_file() else config.start.discriminator).path
        if path is None:
            raise misfit(config.start.discriminator, "it is no discriminator")
        weights = open_weights(path).read().tensors
        expected = network.state_dict()
        for name in sorted({*expected, *weights}):
            here, there = expected.get(name), weights.get(name)
            if here is None or there is None or tuple(here.shape) != tuple(there.shape):
                cause = f"it is no discriminator with {config.gan.features} features ({name})"
                raise misfit(path.name, cause)
        fill(network, weights)
        network.to(torch.float32).requires_grad_(True)
    return network
