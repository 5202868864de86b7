"""What a run looks at between its steps: fixed pictures, their scores, and what goes wrong."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from realesr.degradations import UnsharpMask
from realesr.errors import Notice
from realesr.models.catalogue import ModelSpec
from realesr.train.alarms import Alarms
from realesr.train.best import Best
from realesr.train.config import TrainConfig
from realesr.train.curves import draw_curves
from realesr.train.journal import Journal
from realesr.train.opening import TrainingData, open_recipe
from realesr.train.paired import open_paired
from realesr.train.previews import Previews
from realesr.train.sources import open_sources
from realesr.train.validation import FixedPair, Validation, fixed_pairs, fixed_partners, restore


class Looks:
    """The same held-out pictures, restored at every look.

    Args:
        config: The run.
        data: What it learns from; looked at where no pictures are held out.
        spec: What the network is.
        journal: Where scores are written.
        alarms: What is told of the pictures.
    """

    def __init__(
        self,
        config: TrainConfig,
        data: TrainingData,
        spec: ModelSpec,
        journal: Journal,
        alarms: Alarms,
    ) -> None:
        self.config, self.journal, self.alarms = config, journal, alarms
        self.best = Best(config, spec)
        watch = config.watch
        if not watch.preview_every and not watch.validate_every:
            return
        pairs = _pairs(config, data)
        self.previews = Previews(Path(config.output), pairs)
        self.validation = Validation(pairs)

    def due(self, step: int) -> bool:
        """Whether there is something to look at after this step."""
        return self._due(step, self.config.watch.preview_every) or self._due(
            step, self.config.watch.validate_every
        )

    def look(self, step: int, network: nn.Module) -> list[Notice]:
        """Restore the fixed pictures, write what is due, and say what is wrong with them."""
        pairs = self.validation.pairs
        outputs = restore(network, pairs)
        told = self.alarms.pictures(step, pairs, outputs)
        if self._due(step, self.config.watch.validate_every):
            scores = self.validation.scores(outputs)
            self.journal.write(step, "validation", scores)
            self.best.offer(step, scores, network)
            told += self.alarms.scores(step, scores["psnr"], scores.get("lpips"))
        if self._due(step, self.config.watch.preview_every):
            self.previews.show(step, outputs)
            if step:
                draw_curves(self.config.output)
        return told

    def verdict(self) -> str:
        """One sentence on whether it got better, from every validation; empty without one."""
        looks = [line for line in Journal.read(self.config.output) if line["kind"] == "validation"]
        if not looks:
            return ""
        name, best = self.best.name(looks[-1]), self.best.step()
        unit = " dB" if name == "psnr" else ""
        picked = [look for look in (looks[0], looks[-1]) if look.get(name) is not None]
        told = ", ".join(f"{look[name]:.4g}{unit} at step {look['step']:,}" for look in picked)
        bicubic = f"bicubic {looks[-1][f'{name}_bicubic']:.4g}{unit}"
        kept = f"the best, of step {best:,}, is kept in {self.best.folder}"
        seen = "Held-out" if self.config.data.held_out else "On pictures it learned from,"
        return f"{seen} {name.upper()}: {told}; {bicubic}; {kept}."

    def _due(self, step: int, every: int) -> bool:
        return every > 0 and (step % every == 0 or step == self.config.steps)


def _pairs(config: TrainConfig, data: TrainingData) -> list[FixedPair]:
    side, count, wanted = config.data, config.watch.pictures, config.data.held_out
    if side.lr:
        low = side.held_out_lr if wanted else side.lr
        pictures, partners = open_paired(wanted or side.pictures, low)
        return fixed_partners(pictures, partners, scale=config.scale, count=count)
    pictures = open_sources(wanted) if wanted else data.pictures
    recipe = open_recipe(side.recipe, config.scale)
    sharpen = UnsharpMask() if config.sharpen.input else None
    return fixed_pairs(pictures, recipe, seed=config.seed, count=count, sharpen=sharpen)
