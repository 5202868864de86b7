"""One trainer for both stages of Real-ESRGAN and for fine-tuning: the steps, and their state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor, nn

from realesr import losses
from realesr.train.config import TrainConfig
from realesr.train.ema import Average
from realesr.train.engine import autocast, choose_dtype, learning_rate, save_memory
from realesr.train.objectives import GeneratorObjective, opinion
from realesr.train.pairs import Batch
from realesr.train.starting import start_discriminator, start_generator
from realesr.train.state import pack, unpack

if TYPE_CHECKING:
    from accelerate import Accelerator

Layable = TypeVar("Layable", Tensor, nn.Module)


class Trainer:
    """A generator, perhaps a discriminator, and how both learn from one batch after another.

    Without ``config.gan`` this is the RealESRNet stage, with it the RealESRGAN stage; with
    ``config.start`` it is fine-tuning. Everything is a function of the configuration and of the
    batches: nothing random happens in a step, so that its state is its tensors and its number.

    Args:
        config: The run.
        accelerator: Which process of how many this is, and on which device.

    Attributes:
        step: How many steps were made.
        changed: Whether the last one changed every network that was to learn.
        skipped: How many of the last ones in a row changed nothing, as a gradient was no number;
            in fp16 those that its scale can still mend do not count.

    Reference:
        Real-ESRGAN (X. Wang et al., ICCV Workshops 2021), section 4.1.
    """

    def __init__(self, config: TrainConfig, accelerator: Accelerator) -> None:
        self.config, self.accelerator, self.device = config, accelerator, accelerator.device
        self.dtype = choose_dtype(config.engine.precision, self.device)
        self.step, self.skipped, self.changed = 0, 0, True
        generator, self.spec = start_generator(config)
        self.average = Average(generator.to(self.device), config.ema)
        if config.engine.gradient_checkpointing:
            save_memory(generator)
        self.networks: dict[str, nn.Module] = {"generator": self._laid(generator)}
        discriminator = start_discriminator(config)
        if discriminator is not None:
            self.networks["discriminator"] = self._laid(discriminator.to(self.device))
        self.optimisers = {
            role: torch.optim.Adam(network.parameters(), lr=0.0, betas=config.optimiser.betas)
            for role, network in self.networks.items()
        }
        # What runs may be a compiled or distributed coat around the network of the same weights.
        self.running = {role: self._coated(role) for role in self.networks}
        self.scaler = torch.amp.GradScaler(
            self.device.type, enabled=self.dtype == torch.float16, init_scale=2.0**12
        )
        self.objective = GeneratorObjective(config, self.device, self.autocast)

    def train_step(self, batches: Sequence[Batch]) -> dict[str, Tensor]:
        """One step of each network.

        Args:
            batches: The passes that make one step; gradients are their mean.

        Returns:
            Every term of the losses, the gradients' norms and the discriminator's opinions, each a
            single number that is not yet fetched from the device.
        """
        self.step += 1
        gan, said, share = self.config.gan, Means(), 1 / len(batches)
        for role, optimiser in self.optimisers.items():
            for group in optimiser.param_groups:
                group["lr"] = self.learning_rate(role)
        if gan is None or self.step > gan.start_step:
            fakes = [self._teach_generator(*each, share, said) for each in _with_last(batches)]
            learned = self._apply("generator", said)
        else:
            fakes, learned = [self._enlarge(batch) for batch in batches], False
        self.changed = learned or (gan is not None and self.step <= gan.start_step)
        if gan is not None:
            for (batch, last), fake in zip(_with_last(batches), fakes, strict=True):
                self._teach_discriminator(batch, fake.detach(), last, share, said)
            self.changed &= self._apply("discriminator", said)
        mended = self.changed
        if self.scaler.is_enabled():
            # Overflow is how the scale finds its place: down to 1 it is no trouble.
            mended = self.changed or self.scaler.get_scale() > 1
            self.scaler.update()
        self.skipped = 0 if mended else self.skipped + 1
        if learned:
            self.average.update(self.networks["generator"], self.step)
        return said.values()

    def learning_rate(self, role: str) -> float:
        """The rate of this step; each network warms up when it begins to learn."""
        config, gan = self.config, self.config.gan
        base, begun = config.optimiser.learning_rate, gan.start_step if gan else 0
        if role == "discriminator" and gan is not None:
            base, begun = gan.learning_rate, 0
        return learning_rate(base, self.step, config.steps, config.optimiser, begun=begun)

    def state(self) -> tuple[dict[str, dict[str, Tensor]], dict[str, Any]]:
        """Everything a later process needs to go on as if it were this one.

        Returns:
            Tensors by file (``generator`` holds the averaged weights, which are what people use)
            and plain values by file.
        """
        tensors = {"generator": dict(self.average.network.state_dict())}
        documents: dict[str, Any] = {"config": self.spec.as_config()}
        state: dict[str, Any] = {"step": self.step, "skipped": self.skipped}
        for role, network in self.networks.items():
            file = "weights" if role == "generator" else role
            tensors[file] = dict(network.state_dict())
            packed, state[role] = pack(self.optimisers[role].state_dict())
            tensors[f"{role}-optimiser"] = packed
        if self.scaler.is_enabled():
            state["scaler"] = self.scaler.state_dict()
        return tensors, documents | {"state": state}

    def state_files(self) -> list[str]:
        """The names of the tensor files of ``state``."""
        roles = ["weights", *(role for role in self.networks if role != "generator")]
        return ["generator", *roles, *(f"{role}-optimiser" for role in self.networks)]

    def load_state(
        self, tensors: Mapping[str, Mapping[str, Tensor]], state: Mapping[str, Any]
    ) -> None:
        """Become the trainer whose ``state`` this is; of the same configuration.

        Args:
            tensors: The files that ``state_files`` names.
            state: The document ``state``.
        """
        self.step, self.skipped = state["step"], state["skipped"]
        self.average.network.load_state_dict(tensors["generator"])
        for role, network in self.networks.items():
            network.load_state_dict(tensors["weights" if role == "generator" else role])
            packed = tensors[f"{role}-optimiser"]
            self.optimisers[role].load_state_dict(unpack(packed, state[role]))
        if self.scaler.is_enabled():
            self.scaler.load_state_dict(state["scaler"])

    def autocast(self) -> AbstractContextManager[object]:
        """Where passes through networks compute in the run's number type."""
        return autocast(self.dtype, self.device)

    def _teach_generator(self, batch: Batch, last: bool, share: float, said: Means) -> Tensor:
        """Forward, each term of the loss, backward; the discriminator only says what it thinks."""
        judge = self.networks.get("discriminator")
        if judge is not None:
            judge.requires_grad_(False)
        with self._apart("generator", last):
            with self.autocast():
                fake = self.running["generator"](self._laid(batch.lr))
                logits = judge(fake).float() if judge is not None else None
            smoothed = self._smoothed(batch)
            terms = self.objective.terms(fake.float(), batch, logits, smoothed)
            loss = torch.stack(list(terms.values())).sum()
            said.add({**terms, "loss": loss})
            self.scaler.scale(share * loss).backward()  # type: ignore[no-untyped-call]
        return fake.float()  # type: ignore[no-any-return]

    def _teach_discriminator(
        self, batch: Batch, fake: Tensor, last: bool, share: float, said: Means
    ) -> None:
        """Its two halves, real and made, with a backward pass each, as the reference has it."""
        assert self.config.gan is not None
        self.networks["discriminator"].requires_grad_(True)
        real = batch.sharp if self.config.sharpen.adversarial else batch.hr
        kind = self.config.gan.kind
        for name, pictures, is_real in (("real", real, True), ("fake", fake, False)):
            with self._apart("discriminator", last and not is_real):
                with self.autocast():
                    logits = self.running["discriminator"](self._laid(pictures))
                loss = losses.adversarial(
                    logits.float(), real=is_real, kind=kind, for_generator=False
                )
                said.add({f"d_{name}": opinion(logits, kind), f"d_{name}_loss": loss})
                self.scaler.scale(share * loss).backward()  # type: ignore[no-untyped-call]

    def _apply(self, role: str, said: Means) -> bool:
        """Change the weights, unless a gradient is no number; whether it did."""
        optimiser = self.optimisers[role]
        self.scaler.unscale_(optimiser)
        weights = list(self.networks[role].parameters())
        norm = torch.nn.utils.get_total_norm([w.grad for w in weights if w.grad is not None])
        finite = bool(torch.isfinite(norm))
        if finite and self.config.optimiser.clip:
            torch.nn.utils.clip_grads_with_norm_(weights, self.config.optimiser.clip, norm)
        if finite or self.scaler.is_enabled():
            self.scaler.step(optimiser)
        optimiser.zero_grad()
        said.add({f"{role}_gradient": norm})
        return finite

    @torch.no_grad()
    def _enlarge(self, batch: Batch) -> Tensor:
        with self.autocast():
            return self.running["generator"](self._laid(batch.lr)).float()  # type: ignore[no-any-return]

    @torch.no_grad()
    def _smoothed(self, batch: Batch) -> Tensor | None:
        """What the averaged weights make of it, which the artifact loss compares with."""
        if not self.config.losses.artifact_weight:
            return None
        with self.autocast():
            return self.average.network(self._laid(batch.lr)).float()  # type: ignore[no-any-return]

    def _laid(self, thing: Layable) -> Layable:
        """Channels last wherever the arithmetic is narrow: oneDNN and cuDNN are quicker so."""
        if self.dtype == torch.float32:
            return thing
        return thing.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def _coated(self, role: str) -> nn.Module:
        network: Any = self.networks[role]
        if self.config.engine.compile and role == "generator":
            network = torch.compile(network)
        return self.accelerator.prepare_model(network)  # type: ignore[no-any-return]

    def _apart(self, role: str, last: bool) -> AbstractContextManager[object]:
        """Processes exchange gradients in the last pass of a step only."""
        return nullcontext() if last else self.accelerator.no_sync(self.running[role])


class Means:
    """Means of single numbers by name, each over as often as it was said.

    >>> means = Means()
    >>> means.add({"loss": torch.tensor(1.0)})
    >>> means.add({"loss": torch.tensor(3.0), "gan": torch.tensor(5.0)})
    >>> means.values()
    {'loss': tensor(2.), 'gan': tensor(5.)}
    """

    def __init__(self) -> None:
        self._sums: dict[str, tuple[Tensor, int]] = {}

    def add(self, found: Mapping[str, Tensor]) -> None:
        """Count in what was found once more."""
        for name, value in found.items():
            total, count = self._sums.get(name, (torch.zeros_like(value, dtype=torch.float32), 0))
            self._sums[name] = (total + value.detach(), count + 1)

    def values(self) -> dict[str, Tensor]:
        """The means so far, in the order the names were first said."""
        return {name: total / count for name, (total, count) in self._sums.items()}


def _with_last(batches: Sequence[Batch]) -> Iterator[tuple[Batch, bool]]:
    for number, batch in enumerate(batches, start=1):
        yield batch, number == len(batches)
