"""The machine under a training run: number types, learning rates, memory, signals."""

from __future__ import annotations

import contextlib
import functools
import math
import signal
import types
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import torch
from torch.utils.checkpoint import checkpoint

from realesr.errors import ConfigError, ParameterError
from realesr.models.building import build_network
from realesr.models.catalogue import ModelSpec
from realesr.randomness import spawn
from realesr.train.config import OptimiserConfig

if TYPE_CHECKING:
    from accelerate import Accelerator

    from realesr.models.building import Network

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def choose_dtype(name: str, device: torch.device) -> torch.dtype:
    """The number type of the passes through the networks; weights and optimiser stay float32.

    ``"auto"`` is bf16 on CUDA and on a CPU with AMX (``docs/benchmarks.md`` has its pace on
    a CPU), and fp32 elsewhere. It asks what the machine has and measures nothing,
    so that a resumed run computes as the one it goes on with.

    Raises:
        ParameterError: E001 for fp16 on a CPU.
    """
    if name == "fp16" and device.type == "cpu":
        raise ParameterError("E001", "fp16 is slow on a CPU.", "Use bf16 or fp32 there.")
    if name != "auto":
        return _DTYPES[name]
    if device.type == "cuda":
        return torch.bfloat16
    return torch.bfloat16 if torch.cpu.get_capabilities().get("amx_bf16") else torch.float32


def autocast(dtype: torch.dtype, device: torch.device) -> AbstractContextManager[object]:
    """Where convolutions compute in ``dtype``; nothing for float32."""
    if dtype == torch.float32:
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=dtype)


def seeded(spec: ModelSpec, seed: int, role: str) -> Network:
    """A network with random weights that depend on the seed and its role alone."""
    # Layers draw their first weights from the global generator: it is lent, and put back after.
    with torch.random.fork_rng(devices=[]):
        torch.set_rng_state(spawn(seed, "weights", role).get_state())
        return build_network(spec)


def learning_rate(
    base: float, step: int, steps: int, config: OptimiserConfig, *, begun: int = 0
) -> float:
    """The rate of step ``step`` (the first is 1) of ``steps``: a pure function, nothing to save.

    Args:
        base: The highest rate.
        step: The step that is about to be made.
        steps: Where a cosine ends.
        config: Warm-up and schedule.
        begun: The step after which this network learns; its warm-up begins there.

    >>> schedule = OptimiserConfig(schedule="cosine", warmup=10)
    >>> [learning_rate(1.0, step, 110, schedule) for step in (5, 10, 60, 110)]
    [0.5, 1.0, 0.5, 0.0]
    """
    if config.warmup and step - begun < config.warmup:
        return base * max(0, step - begun) / config.warmup
    if config.schedule == "steps":
        return base * config.factor ** sum(step > milestone for milestone in config.milestones)
    if config.schedule == "cosine":
        share = (step - config.warmup) / max(1, steps - config.warmup)
        return base * (0.5 + 0.5 * math.cos(math.pi * min(1.0, share)))
    return base


def save_memory(network: Network) -> None:
    """Keep the activations at the ends of each block only; the rest is computed again backwards.

    Raises:
        ConfigError: E404 for a network without blocks.

    Reference:
        Chen et al., Training Deep Nets with Sublinear Memory Cost, 2016 (arXiv:1604.06174).
    """
    blocks = [child for child in getattr(network, "body", ()) if list(child.children())]
    if not blocks:
        raise ConfigError(
            "E404",
            "engine.gradient_checkpointing needs a network with blocks (rrdbnet, srresnet).",
            "Leave it out; a smaller batch_size with engine.accumulate saves memory too.",
        )
    for block in blocks:
        block.forward = functools.partial(checkpoint, block.forward, use_reentrant=False)


def make_accelerator(*, cpu: bool = False) -> Accelerator:
    """Which process of how many this is, and its device; the number type stays the run's affair.

    Args:
        cpu: Leave a GPU alone.
    """
    from accelerate import Accelerator, DistributedDataParallelKwargs

    # Buffers are a function of the weights alone, so they need no exchange.
    kwargs = DistributedDataParallelKwargs(broadcast_buffers=False)
    return Accelerator(cpu=cpu, mixed_precision="no", kwargs_handlers=[kwargs])


class Stop:
    """Whether somebody asked to stop: the first Ctrl-C or SIGTERM is noted, the second acts.

    Attributes:
        signal: The number of the signal that came; 0 while none has.
    """

    def __init__(self) -> None:
        self.signal = 0

    @contextlib.contextmanager
    def watched(self) -> Iterator[Stop]:
        """Note signals while inside; in another thread than the main one there are none."""
        before: dict[int, object] = {}
        try:
            for number in map(int, (signal.SIGINT, signal.SIGTERM)):
                before[number] = signal.signal(number, self._note)
        except ValueError:
            before = {}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)  # type: ignore[arg-type]

    def _note(self, number: int, frame: types.FrameType | None) -> None:
        self.signal = number
        signal.signal(number, signal.SIG_DFL)
