"""A training run: from its configuration, or its last saved step, to its end."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import torch
from torch import Tensor

from realesr.errors import ConfigError, Notice
from realesr.images.safefile import make_folder, write_file
from realesr.train.alarms import Alarms
from realesr.train.checkpoint import Checkpoint, Checkpoints
from realesr.train.config import StartConfig, TrainConfig
from realesr.train.config_files import config_as_toml
from realesr.train.durable import claimed
from realesr.train.engine import Stop, make_accelerator
from realesr.train.feeding import feed
from realesr.train.journal import Journal
from realesr.train.looking import Looks
from realesr.train.opening import TrainingData, open_data
from realesr.train.pairs import Batch
from realesr.train.progress import Progress
from realesr.train.trainer import Means, Trainer

if TYPE_CHECKING:
    from accelerate import Accelerator


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Attributes:
        step: How many steps are done and saved.
        folder: Where they are saved.
        signal: The number of the signal that ended it early; 0 for a finished run.
    """

    step: int
    folder: Path
    signal: int = 0


def train(
    config: TrainConfig,
    *,
    resume: bool = False,
    stream: TextIO | None = None,
    accelerator: Accelerator | None = None,
) -> Ended:
    """Train until the last step, or until somebody stops it; the state is saved either way.

    Under ``accelerate launch`` every process calls this; the first one writes.

    Args:
        config: What to train. Its output receives ``config.toml``, ``step-NNNNNN/``,
            ``metrics.jsonl`` and ``previews/``.
        resume: Go on from the newest complete step in the output; begin where there is none.
        stream: Where progress and remarks go.
        accelerator: Which process this is; found out by itself where none is given.

    Raises:
        ConfigError: E404 for what does not add up, E505 when the output holds another run.
        ParameterError: E008 when another process trains there.
        ModelError: E504 when the loss is not a number again and again, E2xx for starting weights.
        ResourceError: E503 when a step could not be saved; the one before is safe.
    """
    if accelerator is None:
        accelerator = make_accelerator()
    main = accelerator.is_main_process
    progress = Progress(
        config.steps,
        batch_size=config.batch_size,
        every=config.watch.log_every,
        stream=stream if main else None,
    )
    saved = Checkpoints(Path(config.output), config.save.keep)
    begun = saved.newest()
    for notice in saved.notices:
        progress.say(str(notice))
    if begun is None and saved.steps():
        raise ConfigError(
            "E501",
            f"{config.output} holds saved steps, and none of them is complete.",
            "Move them away to begin anew; nothing was changed.",
        )
    if begun is not None:
        if not resume:
            raise ConfigError(
                "E505",
                f"{config.output} holds a run already, up to {begun.folder.name}.",
                "Go on with --resume, or name another output.",
            )
        _check_config(config, begun)
    if begun is not None and begun.step >= config.steps:
        progress.say(f"{config.output} is finished: {begun.folder.name} is its last step.")
        return Ended(begun.step, begun.folder)
    with claimed(saved.output) if main else contextlib.nullcontext():
        # First what is quick to refuse: weights that do not fit are found before draws are stored.
        trainer = Trainer(config if begun is None else _from_here(config, begun), accelerator)
        with accelerator.main_process_first():
            data = open_data(config, progress.storing)
        if begun is not None:
            _check_data(config, data, begun)
        if resume:
            where = f"going on from {begun.folder.name}" if begun else "no complete step: beginning"
            progress.say(f"{config.output}: {where}.")
        run = _Run(config, trainer, data, saved, progress, begun)
        with contextlib.closing(run), Stop().watched() as stop:
            return run.go(stop)


NOTED = ("loss", "d_real", "d_fake")


class _Run:
    """The loop around the steps, and everything that happens between them."""

    def __init__(
        self,
        config: TrainConfig,
        trainer: Trainer,
        data: TrainingData,
        saved: Checkpoints,
        progress: Progress,
        begun: Checkpoint | None,
    ) -> None:
        self.config, self.trainer, self.data = config, trainer, data
        self.saved, self.progress = saved, progress
        self.last_good = begun.folder.name if begun else ""
        self.alarms = Alarms(
            gan=config.gan.kind if config.gan else None, tuned=bool(config.start.generator)
        )
        if begun is not None:
            files = trainer.state_files()
            trainer.load_state(
                {name: begun.tensors(name) for name in files}, begun.document("state")
            )
            self.alarms.load_state_dict(begun.document("alarms"))
        progress.step = trainer.step
        self.since_log, self.note = Means(), ""
        # Of several processes the first one writes.
        self.journal: Journal | None = None
        if trainer.accelerator.is_main_process:
            saved.tidy()
            make_folder(Path(config.output))
            text = config_as_toml(config).encode()
            write_file(Path(config.output) / "config.toml", text, force=True)
            self.journal = Journal(
                config.output, tensorboard=config.watch.tensorboard, first_step=trainer.step
            )
            self.looks = Looks(config, data, trainer.spec, self.journal, self.alarms)

    def go(self, stop: Stop) -> Ended:
        """Step after step, until the last one or a signal."""
        config, trainer = self.config, self.trainer
        signal, folder = 0, Path(config.output)
        if not trainer.step:
            self._look()
        with contextlib.closing(self._feed()) as batches:
            while trainer.step < config.steps and not signal:
                passes = [next(batches) for _ in range(config.engine.accumulate)]
                said = trainer.train_step(passes)
                self._watch(passes, said)
                signal = self._anywhere(stop.signal)
                if signal or trainer.step % config.save.every == 0 or trainer.step == config.steps:
                    folder = self._save()
        if signal:
            self.progress.say(
                f"Stopped at step {trainer.step:,} and saved {folder.name}; --resume goes on."
            )
        elif self.journal is not None and (verdict := self.looks.verdict()):
            self.progress.say(verdict)
        return Ended(trainer.step, folder, signal)

    def close(self) -> None:
        """Let go of files and of the terminal's line."""
        self.progress.close()
        if self.journal is not None:
            self.journal.close()

    def _feed(self) -> Any:
        accelerator, config = self.trainer.accelerator, self.config
        return feed(
            self.data.pairs,
            self.data.order,
            batch_size=config.batch_size,
            first_step=self.trainer.step,
            accumulate=config.engine.accumulate,
            process=accelerator.process_index,
            processes=accelerator.num_processes,
            workers=config.data.workers,
            device=accelerator.device,
        )

    def _watch(self, passes: list[Batch], said: dict[str, Tensor]) -> None:
        """Count the step in, and look, write and warn where that is due."""
        step, watch = self.trainer.step, self.config.watch
        told = self.alarms.numbers(
            step, not self.trainer.skipped, pictures=self._names(passes), last_good=self.last_good
        )
        if self.trainer.changed:
            self.since_log.add(said)
        seconds = {name: sum(each.seconds[name] for each in passes) for name in passes[0].seconds}
        self.progress.update(step, seconds, note=self.note)
        if self.since_log.values() and (step % watch.log_every == 0 or step == self.config.steps):
            told += self._log()
        self._tell(told)
        self._look()

    def _look(self) -> None:
        """Look at the fixed pictures, before the first step too, where that is due."""
        step = self.trainer.step
        if self.journal is not None and self.looks.due(step):
            with self.progress.aside():
                self._tell(self.looks.look(step, self.trainer.average.network))

    def _tell(self, told: list[Notice]) -> None:
        if self.journal is None:
            return
        step = self.trainer.step
        for notice in told:
            self.progress.say(str(notice))
            self.journal.write(step, "alarm", {"code": notice.code, "sentence": notice.sentence})

    def _log(self) -> list[Notice]:
        """Write the means since the last log, over every process."""
        trainer, found = self.trainer, self.since_log.values()
        means = torch.stack([value.float() for value in found.values()])
        means = trainer.accelerator.reduce(means, reduction="mean")
        values: dict[str, float | str] = dict(zip(found, means.tolist(), strict=True))
        self.since_log = Means()
        self.note = " ".join(f"{name} {values[name]:.3g}" for name in NOTED if name in values)
        for role in trainer.networks:
            values[f"{role}_learning_rate"] = trainer.learning_rate(role)
        if self.journal is not None:
            rates = {f"rate_{name}": rate for name, rate in self.progress.rates().items()}
            self.journal.write(trainer.step, "train", values | rates)
        if "d_real" not in values:
            return []
        return self.alarms.opinions(trainer.step, float(values["d_real"]), float(values["d_fake"]))

    def _save(self) -> Path:
        """Write this step down; the other processes wait until that is done."""
        trainer, config = self.trainer, self.config
        folder = Path(config.output) / f"step-{trainer.step:06d}"
        if self.journal is not None:
            tensors, documents = trainer.state()
            with self.progress.aside():
                folder = self.saved.save(
                    trainer.step,
                    tensors=tensors,
                    documents={**documents, "alarms": self.alarms.state_dict()},
                    about={
                        "name": config.name,
                        "config": config.lasting(),
                        "data": dict(self.data.fingerprints),
                        "processes": trainer.accelerator.num_processes,
                    },
                )
        trainer.accelerator.wait_for_everyone()
        self.last_good = folder.name
        return folder

    def _names(self, passes: list[Batch]) -> str:
        """The pictures of a step, when they are worth naming."""
        if not self.trainer.skipped:
            return ""
        indices = [index for batch in passes for _, index in batch.ids]
        return ", ".join(self.data.pictures.name(index) for index in indices[:4])

    def _anywhere(self, signal: int) -> int:
        """The signal that some process got: all of them stop after the same step."""
        accelerator = self.trainer.accelerator
        if accelerator.num_processes == 1:
            return signal
        seen = torch.tensor([signal], device=accelerator.device)
        return int(accelerator.gather(seen).max())


def _check_config(config: TrainConfig, begun: Checkpoint) -> None:
    """Refuse to go on with another configuration, and name the difference."""
    was = _flat(begun.about["config"])
    now = _flat(json.loads(json.dumps(config.lasting())))
    wrong = [
        f"{name} was {was.get(name, 'left out')} and is {now.get(name, 'left out')}"
        for name in sorted({*was, *now})
        if was.get(name) != now.get(name)
    ]
    if wrong:
        raise _holds_a_run(config, "; ".join(wrong), _other(begun))


def _check_data(config: TrainConfig, data: TrainingData, begun: Checkpoint) -> None:
    """Refuse to go on with other pictures, or with a recipe that says something else by now."""
    was: Any = begun.about["data"]
    wrong = [name for name, digest in data.fingerprints.items() if was.get(name) != digest]
    if wrong:
        cause = f"the {' and the '.join(wrong)} are not what it was begun with"
        raise _holds_a_run(config, cause, _other(begun))


def _other(begun: Checkpoint) -> str:
    return (
        f"Put that back, or begin another run from these weights: --set start.generator="
        f"{begun.folder} --set output=ANOTHER."
    )


def _from_here(config: TrainConfig, begun: Checkpoint) -> TrainConfig:
    """The configuration with its first weights in the saved step: the others may be gone by now."""
    folder = str(begun.folder)
    judge = folder if config.gan else ""
    return replace(config, start=StartConfig(generator=folder, discriminator=judge))


def _flat(values: Any, prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat


def _holds_a_run(config: TrainConfig, cause: str, advice: str) -> ConfigError:
    return ConfigError("E505", f"{config.output} holds another run: {cause}.", advice)
