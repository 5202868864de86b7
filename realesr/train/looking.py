"""What a run looks at between its steps: fixed pictures, their scores, and what goes wrong."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from realesr.degradations import UnsharpMask
from realesr.errors import Notice
from realesr.train.alarms import Alarms
from realesr.train.config import TrainConfig
from realesr.train.curves import draw_curves
from realesr.train.journal import Journal
from realesr.train.opening import TrainingData, open_recipe
from realesr.train.previews import Previews
from realesr.train.sources import open_sources
from realesr.train.validation import FixedPair, Validation, fixed_pairs, fixed_partners, restore


class Looks:
    """The same held-out pictures, restored at every look.

    Args:
        config: The run.
        data: What it learns from; looked at where no pictures are held out.
        journal: Where scores are written.
        alarms: What is told of the pictures.
    """

    def __init__(
        self, config: TrainConfig, data: TrainingData, journal: Journal, alarms: Alarms
    ) -> None:
        self.config, self.journal, self.alarms = config, journal, alarms
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
            told += self.alarms.scores(step, scores["psnr"], scores.get("lpips"))
        if self._due(step, self.config.watch.preview_every):
            self.previews.show(step, outputs)
            if step:
                draw_curves(self.config.output)
        return told

    def _due(self, step: int, every: int) -> bool:
        return every > 0 and (step % every == 0 or step == self.config.steps)


def _pairs(config: TrainConfig, data: TrainingData) -> list[FixedPair]:
    side, count, wanted = config.data, config.watch.pictures, config.data.held_out
    pictures = open_sources(wanted) if wanted else data.pictures
    if side.lr:
        partners = open_sources(side.held_out_lr if wanted else side.lr)
        return fixed_partners(pictures, partners, scale=config.scale, count=count)
    recipe = open_recipe(side.recipe, config.scale)
    sharpen = UnsharpMask() if config.sharpen.input else None
    return fixed_pairs(pictures, recipe, seed=config.seed, count=count, sharpen=sharpen)
