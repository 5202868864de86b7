"""Half precision where it pays, full precision where it shows."""

from __future__ import annotations

import copy
from typing import Protocol, TypeVar

import torch
from torch import nn

from realesr.errors import ParameterError

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


class Narrowable(Protocol):
    """A network that names the modules which must stay in float32."""

    def full_precision_modules(self) -> list[nn.Module]:
        """The modules whose rounding would be seen in the picture."""


Network = TypeVar("Network", bound=nn.Module)


def choose_precision(name: str, device: str) -> torch.dtype:
    """The number type for a network's inside.

    ``"auto"`` is bf16 on a CPU with AMX, fp16 on CUDA (eight times finer than bf16; a tile that
    overflows is redone in fp32), fp32 elsewhere.

    Raises:
        ParameterError: E001 for an unknown name, or fp16 on a CPU.
    """
    if name == "auto":
        if device.startswith("cuda"):
            return torch.float16
        return torch.bfloat16 if device == "cpu" and _has_amx() else torch.float32
    if name not in DTYPES:
        raise ParameterError(
            "E001", f"precision {name!r} is unknown.", "Use auto, fp32, bf16, fp16."
        )
    if name == "fp16" and device == "cpu":
        raise ParameterError("E001", "fp16 is slow on a CPU.", "Use bf16 or fp32 there.")
    return DTYPES[name]


def _has_amx() -> bool:
    return bool(torch.cpu.get_capabilities().get("amx_bf16", False))


def narrow(network: Network, dtype: torch.dtype) -> Network:
    """A copy of a network that computes in ``dtype`` and ends in float32.

    The last convolution and the residual sum stay float32: with everything in bf16 a 16-bit ramp
    keeps only about 1,200 levels. Weights lie channels last, which both oneDNN and cuDNN prefer.
    """
    narrowed = copy.deepcopy(network).to(dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
    if dtype != torch.float32:
        kept = network.full_precision_modules()  # type: ignore[operator]
        for module, original in zip(narrowed.full_precision_modules(), kept, strict=True):
            module.float().load_state_dict(original.state_dict())
    return narrowed  # type: ignore[no-any-return]
