"""Between two models: their weights mixed, as one network that costs no more than either."""

from __future__ import annotations

import copy
from dataclasses import replace

import torch

from realesr.errors import ModelError, ParameterError
from realesr.models.catalogue import Training
from realesr.models.loading import LoadedModel


def blend_models(one: LoadedModel, other: LoadedModel, share: float) -> LoadedModel:
    """Mix the weights of two models of one architecture.

    Args:
        one: What ``share = 1`` gives.
        other: What ``share = 0`` gives.
        share: How much of ``one``, 0 to 1.

    Returns:
        A model whose every weight is ``share * one + (1 - share) * other``.

    Raises:
        ParameterError: E001 for a share outside 0 to 1.
        ModelError: E211 when the two have different networks.

    Reference:
        X. Wang et al., Deep Network Interpolation for Continuous Imagery Effect Transition,
        CVPR 2019, equation 3.
    """
    if not 0 <= share <= 1:
        raise ParameterError("E001", f"share {share} is outside 0 to 1.", "Choose one inside.")
    first, second = one.network.state_dict(), other.network.state_dict()
    shapes = [{name: tensor.shape for name, tensor in state.items()} for state in (first, second)]
    alike = one.spec.architecture == other.spec.architecture and shapes[0] == shapes[1]
    if not alike or not first:
        raise ModelError(
            "E211",
            f"{one.spec.name} and {other.spec.name} have no weights of the same network.",
            "Blend models of the same architecture and size.",
        )
    network = copy.deepcopy(one.network)
    with torch.no_grad():
        mixed = {
            name: share * first[name] + (1 - share) * second[name].to(first[name].device)
            for name in first
        }
    network.load_state_dict(mixed)
    name = f"{one.spec.name}*{share:g}+{other.spec.name}*{1 - share:g}"
    spec = replace(one.spec, name=name, sha256=None, size=None, training=_mixed(one, other))
    return LoadedModel(network, spec, (one.spec, other.spec))


def _mixed(one: LoadedModel, other: LoadedModel) -> Training:
    """How a blend was trained: what either of them may invent, it may."""
    both = (one.spec.training, other.spec.training)
    order: tuple[Training, ...] = ("adversarial", "unknown", "faithful")
    return next((training for training in order if training in both), "none")
