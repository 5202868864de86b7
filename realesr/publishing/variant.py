"""The files of a published model, made from a run or a weights file, and what speaks against it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from realesr.downloads import cache_folder
from realesr.errors import ConfigError, RealesrError
from realesr.hub.leaks import Content, check_leaks, shortened
from realesr.hub.licences import Finding, examine
from realesr.hub.plan import CARD, Plan
from realesr.images import Picture, encode_picture, read_picture, to_tensor
from realesr.images.safefile import make_folder, write_file
from realesr.models.hub_files import WEIGHTS
from realesr.publishing.about import About
from realesr.publishing.card import (
    CURVES,
    EVALUATION,
    EXAMPLES,
    RECIPE,
    TRAINING,
    Card,
    Timing,
)
from realesr.publishing.chain import trace
from realesr.publishing.facts import CONFIG, Facts, Run, config_of
from realesr.publishing.wording import ROWS, spread
from realesr.quality.metrics import psnr
from realesr.train.config import TrainConfig
from realesr.train.config_files import config_as_toml
from realesr.train.opening import open_recipe
from realesr.train.previews import sheet

_UNTAUGHT = (
    "The best weights are those of step 0: on the held-out pictures training made nothing better, "
    "and this is the model it began with. Train longer, or name the step to publish (RUN/step-N)."
)
_TELLS = "Write what is missing into about.toml; docs/publishing.md shows one."
_TEACHES = "docs/training.md, under fine-tuning, says what may help."
_STEP = re.compile(r"step-(\d{6,})")


@dataclass(frozen=True)
class Variant:
    """A model about to be published.

    Attributes:
        repository: ``user/name``.
        facts: What is known of it.
        about: What a person wrote.
        public: Whether everyone shall see it.
        timing: What running it costs, where it was measured.
        space: Whether a Space with it is published too.
    """

    repository: str
    facts: Facts
    about: About
    public: bool = False
    timing: Timing | None = None
    space: bool = False

    @cached_property
    def card(self) -> Card:
        """Its card."""
        chain = trace(self.facts, self.about)
        pictures = frozenset(self._pictures)
        return Card(
            self.repository, self.facts, self.about, chain, pictures, self.timing, self.space
        )

    @cached_property
    def plan(self) -> Plan:
        """Every file of the repository.

        Raises:
            NetworkError: E603, when one of them holds what must not leave.
        """
        run = self.facts.run
        files: dict[str, Content] = {
            WEIGHTS: self._weights(),
            CONFIG: config_of(self.facts, self.about.licence or "unknown"),
            **self._pictures,
            **({TRAINING: _training(run.config), RECIPE: _recipe(run.config)} if run else {}),
            CARD: self.card.text().encode(),
        }
        if run and run.scores:
            files[EVALUATION] = _evaluation(self.repository, run)
        check_leaks(files)
        message = f"{self.card.title}: weights, card and training configuration"
        return Plan(self.repository, "model", files, message, self.public)

    def findings(self) -> list[Finding]:
        """What must be cleared before it may be published, and what should be known."""
        asked = [Finding(f"{name}.", True) for name in self.card.missing()]
        run = self.facts.run
        if run and run.step == 0 and run.config.start.generator:
            asked.append(Finding(_UNTAUGHT, True))
        if run and run.worse:
            asked.append(
                Finding(f"on the held-out pictures its {run.worse}; the card says so.", False)
            )
        learned = ", ".join(shortened(name) for name in run.config.data.pictures) if run else ""
        asked += [
            Finding(
                f"[[data]] {shortened(name)} is nothing that this run learned from ({learned}), "
                "and is left out of the card; correct its name, or take it out.",
                False,
            )
            for name in self.card.chain.unmatched
        ]
        own = self.about.licence
        return asked + (list(examine(own, self.card.chain.parts())) if own else [])

    def check(self) -> None:
        """Refuse what is not ready.

        Raises:
            ConfigError: E609, naming everything that is missing or does not agree.
        """
        findings = self.findings()
        stops = [finding.sentence for finding in findings if finding.stops]
        if stops:
            raise ConfigError(
                "E609",
                f"{self.repository} is not ready to be published: {' '.join(stops)}",
                next_step(findings),
            )

    def _weights(self) -> Content:
        """The weights as safetensors: the file itself where it is one."""
        if self.facts.weights.suffix == ".safetensors":
            return self.facts.weights
        from realesr.models.conversion import convert

        with tempfile.TemporaryDirectory(prefix="realesr-") as folder:
            made = Path(folder) / WEIGHTS
            convert(self.facts.weights, made, licence=self.about.licence or None)
            return made.read_bytes()

    @cached_property
    def _pictures(self) -> dict[str, Content]:
        """The curves, and the examples side by side."""
        run = self.facts.run
        if run is None:
            return {}
        found: dict[str, Content] = {}
        if (curves := run.folder / CURVES).is_file():
            found[CURVES] = curves
        if examples := _examples(run):
            found[EXAMPLES] = examples
        return found


def next_step(findings: Sequence[Finding]) -> str:
    """What to do about findings that stop; empty where none does.

    >>> next_step([Finding("licence: which?", True)])[:35], next_step([])
    ('Write what is missing into about.to', '')
    """
    stops = {finding.sentence for finding in findings if finding.stops}
    if not stops:
        return ""
    return _TEACHES if stops == {_UNTAUGHT} else _TELLS


def _examples(run: Run) -> bytes | None:
    """A few held-out crops: input, bicubic, this model, truth; nothing where the run kept none."""
    folder = run.folder / "previews"
    looks = {int(m[1]): each for each in folder.glob("step-*") if (m := _STEP.fullmatch(each.name))}
    names = sorted(path.stem for path in folder.glob("truth/*.png"))
    near = min(looks, key=lambda step: (abs(step - run.step), step), default=None)
    if near is None or not names:
        return None

    def read(column: str, name: str) -> Any:
        return read_picture(folder / column / f"{name}.png").pixels

    def quality(column: str, name: str) -> float:
        pixels, truth = (to_tensor(read(each, name)) for each in (column, "truth"))
        return float(psnr(pixels, truth, border=run.config.scale))

    own = looks[near].name
    gains = {name: quality(own, name) - quality("bicubic", name) for name in names}
    chosen = spread(gains, ROWS)
    shown = f"of the {len(chosen)} shown" if len(chosen) < len(names) else ""
    title = "this model" if near == run.step else f"this model, step {near:,}"
    columns = [
        ("input", "input", "its pixels, enlarged"),
        ("bicubic", "bicubic", shown),
        (own, title, shown),
        ("truth", "truth", "the picture itself"),
    ]
    pixels = sheet(chosen, columns, read, run.config.scale)
    return encode_picture(Picture(pixels=pixels), ".png")


def _training(config: TrainConfig) -> bytes:
    """The configuration without the names of this machine's folders."""

    def short(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(shortened(name) for name in names)

    data = config.data
    told = dataclasses.replace(
        config,
        output=f"runs/{Path(config.output).name}",
        start=dataclasses.replace(
            config.start,
            generator=shortened(config.start.generator),
            discriminator=shortened(config.start.discriminator),
        ),
        data=dataclasses.replace(
            data,
            pictures=short(data.pictures),
            lr=short(data.lr),
            held_out=short(data.held_out),
            held_out_lr=short(data.held_out_lr),
            recipe=data.recipe if _is_preset(data.recipe) else RECIPE,
        ),
        losses=dataclasses.replace(
            config.losses, perceptual_weights=shortened(config.losses.perceptual_weights)
        ),
    )
    return config_as_toml(told).encode()


def _is_preset(recipe: str) -> bool:
    return not recipe.lower().endswith((".json", ".toml"))


def _recipe(config: TrainConfig) -> bytes:
    return (open_recipe(config.data.recipe, config.scale).to_json() + "\n").encode()


def _evaluation(repository: str, run: Run) -> bytes:
    """The figures in the Hub's newer form, one entry each."""
    import yaml  # type: ignore[import-untyped]
    from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

    entries = [
        EvalResultEntry(
            dataset_id=repository,
            task_id=name,
            value=round(value, 4),
            notes="Held-out pictures of the training run; the protocol stands in the card.",
        )
        for name, value in run.scores.items()
    ]
    text: str = yaml.safe_dump(eval_result_entries_to_yaml(entries), sort_keys=False)
    return text.encode()


def measure(facts: Facts, side: int = 256) -> Timing | None:
    """What one call costs here; None where it cannot be measured.

    Measured once for each weights file and kept in the cache, so that the same command makes the
    same card and can go on after a cut.
    """
    from realesr.errors import ResourceError
    from realesr.quality.bench import measure as measured

    kept = cache_folder() / "timings" / f"{facts.spec.sha256}.json"
    with contextlib.suppress(OSError, ValueError, TypeError):
        return Timing(**json.loads(kept.read_text(encoding="utf-8")))
    try:
        case = next(measured([str(facts.weights)], [side], repeats=1, plain=False))
    except ResourceError:
        return None
    import torch

    timing = Timing(side, round(case.seconds, 3), case.memory, torch.get_num_threads())
    with contextlib.suppress(OSError, RealesrError):
        make_folder(kept.parent)
        write_file(kept, json.dumps(dataclasses.asdict(timing)).encode(), force=True)
    return timing
