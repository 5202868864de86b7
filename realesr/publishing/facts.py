"""What is known of a model without asking anybody: from its weights, and from its training run.

A run's folder holds ``config.toml``, ``metrics.jsonl``, ``best/`` and the saved steps; a bare
weights file holds the network and nothing of its past.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from realesr.degradations.documents import text_of
from realesr.errors import ConfigError
from realesr.hub.leaks import refuse_text
from realesr.models.catalogue import ModelSpec, Training
from realesr.models.loading import load_model
from realesr.models.sidecar import CONFIG
from realesr.train.config import TrainConfig
from realesr.train.config_files import read_config
from realesr.train.journal import Journal
from realesr.train.saved import Checkpoint

RUN_CONFIG = "config.toml"
WEIGHTS = "generator.safetensors"
EVALUATION = "evaluation.md"
_MEASURES = ("psnr", "ssim", "lpips")
_SIGN = {"ssim": 1, "lpips": -1}  # which way is better
_REST = 600.0  # seconds between two lines of a journal above which the run stood still


@dataclass(frozen=True)
class Run:
    """How a model was trained.

    Attributes:
        folder: The run's output.
        config: Its configuration.
        step: After which step these weights were taken.
        steps_done: How many steps there were in the end.
        scores: Of these weights on the held-out pictures: ``psnr``, ``ssim``, perhaps ``lpips``.
        bicubic: The same of bicubic enlargement.
        base: The same of the weights it began with; empty where it began with random ones.
        seconds: How long it trained, pauses left out.
        rate: Pictures a second, the median.
        version: Of realesr.
        data: Fingerprints of the pictures and of the recipe.
        held_out: How many pictures the scores are of.
    """

    folder: Path
    config: TrainConfig
    step: int
    steps_done: int
    scored: int
    scores: Mapping[str, float]
    bicubic: Mapping[str, float]
    base: Mapping[str, float]
    seconds: float
    rate: float
    version: str
    data: Mapping[str, str]
    held_out: int

    @property
    def adversarial(self) -> bool:
        """Whether a discriminator taught it."""
        return self.config.gan is not None

    @property
    def training(self) -> Training:
        """The same in the catalogue's word."""
        return "adversarial" if self.adversarial else "faithful"

    @property
    def worse(self) -> str:
        """In words, that its PSNR is below that of what it began with; empty where it is not."""
        before, after = self.base.get("psnr"), self.scores.get("psnr")
        if before is None or after is None or before - after < 0.005:
            return ""
        sides = ((name, self.base.get(name), self.scores.get(name)) for name in ("ssim", "lpips"))
        better = [
            f"{name.upper()} went from {old:.3f} to {new:.3f}"
            for name, old, new in sides
            if old is not None and new is not None and (new - old) * _SIGN[name] > 0
        ]
        told = f"PSNR is {before - after:.2f} dB lower than that of the model it began with"
        return f"{told}, while {' and '.join(better)}" if better else told


@dataclass(frozen=True)
class Facts:
    """What is known of a model.

    Attributes:
        name: What it is called.
        weights: The file, checked: loadable, every number finite.
        spec: Architecture, scale, receptive radius, sha256, size, licence as the file says.
        parameters: How many numbers were learned.
        run: How it was trained; None for a bare file.
        config: ``config.json`` beside the weights, as it is published.
        evaluation: What `realesr evaluate` wrote into ``evaluation.md`` beside it; may be empty.
    """

    name: str
    weights: Path
    spec: ModelSpec
    parameters: int
    run: Run | None = None
    config: Mapping[str, object] = field(default_factory=dict)
    evaluation: str = ""


def gather(target: Path) -> Facts:
    """Everything known of a run or a weights file.

    Args:
        target: The output folder of a run, a saved step of it, or a ``.safetensors`` or ``.pth``
            file.

    Raises:
        ConfigError: E502 for a folder that holds no run, E404 for a table that is no text.
        ModelError: E201 to E210, when the weights are dangerous, damaged, not finite or strange.
    """
    run, weights = None, target
    if target.is_dir():
        folder = target if (target / RUN_CONFIG).is_file() else target.parent
        if not (folder / RUN_CONFIG).is_file():
            raise ConfigError(
                "E502",
                f"{target.name} is no output of a training run: it holds no config.toml.",
                "Name the folder that `output` says in the run's configuration, or a weights file.",
            )
        weights = _chosen_weights(target)
        run = _run(folder, weights)
    model = load_model(weights, device="cpu")
    parameters = sum(tensor.numel() for tensor in model.network.state_dict().values())
    name = run.config.name if run else weights.stem
    beside = (target if target.is_dir() else target.parent) / EVALUATION
    evaluation = text_of(beside) if beside.is_file() else ""
    config = model.spec.as_config()
    return Facts(name, weights, model.spec, parameters, run, config, evaluation)


def _chosen_weights(target: Path) -> Path:
    """The weights that did best on the held-out pictures, else the newest; of a step, its own."""
    steps = sorted(target.glob("step-*"))
    for place in (target, target / "best", *reversed(steps)):
        if (place / WEIGHTS).is_file():
            return place / WEIGHTS
    raise ConfigError(
        "E502",
        f"{target.name} holds no weights yet: no step of it was saved.",
        "Let the run go on until it has saved one.",
    )


def _run(folder: Path, weights: Path) -> Run:
    refuse_text(text_of(folder / RUN_CONFIG), "config.toml")
    config = read_config(folder / RUN_CONFIG)
    lines = Journal.read(folder)
    checks = [line for line in lines if line["kind"] == "validation"]
    step = _step_of(weights)
    at: dict[str, Any] = next((line for line in reversed(checks) if line["step"] <= step), {})
    first = next((line for line in checks if line["step"] == 0), {})
    rates = sorted(line["rate_pictures_per_second"] for line in lines if line["kind"] == "train")
    newest = max(folder.glob("step-[0-9]*"), default=None)
    saved = Checkpoint.open(newest) if newest else None
    about: Mapping[str, Any] = saved.about if saved else {}
    return Run(
        folder=folder,
        config=config,
        step=step,
        steps_done=saved.step if saved else step,
        scored=int(at.get("step", 0)),
        scores=_scores(at),
        bicubic=_scores(at, "_bicubic"),
        base=_scores(first) if config.start.generator else {},
        seconds=_seconds(lines),
        rate=rates[len(rates) // 2] if rates else 0.0,
        version=saved.version if saved else "",
        data={name: str(value) for name, value in dict(about.get("data", {})).items()},
        held_out=len(list(folder.glob("previews/truth/*.png"))) or len(config.data.held_out),
    )


def _step_of(weights: Path) -> int:
    """After which step weights were taken."""
    try:
        told = json.loads(weights.with_name("scores.json").read_text(encoding="utf-8"))
        return int(told["step"])
    except (OSError, ValueError, KeyError, TypeError):
        digits = weights.parent.name.removeprefix("step-")
        return int(digits) if digits.isdigit() else 0


def _scores(line: Mapping[str, Any], suffix: str = "") -> dict[str, float]:
    found = {name: line.get(name + suffix) for name in _MEASURES}
    return {name: value for name, value in found.items() if value is not None and _finite(value)}


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _seconds(lines: list[dict[str, Any]]) -> float:
    times = [line["time"] for line in lines]
    gaps = [float(after - before) for before, after in itertools.pairwise(times)]
    return sum(gap for gap in gaps if 0 < gap < _REST)


def config_of(facts: Facts, licence: str) -> bytes:
    """``config.json``: plain numbers, enough to rebuild the network."""
    told = {**facts.config, "licence": licence, "library_name": "realesr", "model_type": "realesr"}
    training = facts.run.training if facts.run else facts.spec.training
    if training != "unknown":
        told["training"] = training
    return (json.dumps(told, indent=2) + "\n").encode()


__all__ = ["CONFIG", "RUN_CONFIG", "Facts", "Run", "config_of", "gather"]
