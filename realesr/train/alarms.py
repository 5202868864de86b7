"""What can go wrong without a word, said in words: each alarm names what was measured and what helps.

::

    alarms = Alarms(gan=config.gan.kind if config.gan else None)
    told = alarms.pictures(step, pairs, outputs)     # colours, grid: outputs from ``restore``
    told += alarms.scores(step, psnr=27.1, lpips=0.31)                 # no more progress
    told += alarms.opinions(step, real, fake)        # their ``opinion``, at every log
    told += alarms.numbers(step, finite, pictures="3, 17", last_good="step-000800")   # every step
    for notice in told:
        log.warning("%s", notice)
        journal.write(step, "alarm", {"code": notice.code, "sentence": notice.sentence})

An alarm speaks when its trouble starts, and again only after it was gone for some looks. The state goes
into the checkpoint (``state_dict``, plain JSON), so a resumed run neither forgets nor repeats.
``numbers`` raises E504 when nothing but broken steps come: going on would not mend it.
"""  # noqa: E501

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from realesr.errors import ModelError, Notice
from realesr.train.symptoms import colour_drift, grid_strength
from realesr.train.validation import FixedPair


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much is too much.

    Attributes:
        drift: Levels (of 255) that colours may be further from the truth than the input is.
        grid: Levels that the grid may be stronger than the truth's own.
        saturated: D(real) - D(fake) from which the discriminator has won.
        looks: Looks in a row before trouble that may pass is told, and before it counts as gone.
        broken: Steps in a row that are not a number before the run stops.
        patience: Validations without a gain before that is told.
        gain: Least gain in PSNR over these, in dB.
        gain_lpips: Least gain in LPIPS, for a run with a discriminator.
    """

    drift: float = 3.0
    grid: float = 2.0
    saturated: float = 0.9
    looks: int = 5
    broken: int = 5
    patience: int = 10
    gain: float = 0.02
    gain_lpips: float = 0.001


class Alarms:
    """The watch over one run.

    Args:
        gan: The kind of the discriminator's loss, or None without one. With one PSNR falls by
            design, so progress is then judged by LPIPS.
        tuned: The run began with trained weights: a cast that they have already is not told.
        limits: How much is too much.
    """

    def __init__(
        self, *, gan: str | None = None, tuned: bool = False, limits: Limits | None = None
    ) -> None:
        self.gan, self.tuned = gan, tuned
        self.limits = limits or Limits()
        self._looks: dict[str, list[tuple[int, float]]] = {}
        self._best: dict[str, tuple[int, float]] = {}
        self._rows: dict[str, int] = {}
        # Of each trouble that was told: how many looks in a row it was not seen.
        self._quiet: dict[str, int] = {}

    @property
    def active(self) -> tuple[str, ...]:
        """The codes of the troubles that last."""
        return tuple(self._quiet)

    def pictures(
        self, step: int, pairs: Sequence[FixedPair], outputs: Sequence[Tensor]
    ) -> list[Notice]:
        """Look at restored pictures for false colours and for the grid of the last layer.

        Args:
            step: How many steps are done.
            pairs: The fixed pairs.
            outputs: What ``restore`` gave for them.
        """
        broken = not all(bool(output.isfinite().all()) for output in outputs)
        told = self._tell(
            "W516",
            broken,
            f"The pictures restored at step {step:,} hold values that are not numbers: the weights "
            "are broken. Begin again from best/ or an older step, with a lower "
            "optimiser.learning_rate.",
        )
        if broken:
            return told
        drift, tint = colour_drift(pairs, outputs)
        since = self._worsens("W511", step, drift, self.limits.drift, may_stay=self.tuned)
        told += self._tell(
            "W511",
            since is not None,
            f"Colours drift: at step {step:,} the results are {drift:.1f} levels (of 255) further "
            f"from the truth than the input is (mean of the pictures: {tint}); {since}. Lower "
            "optimiser.learning_rate and begin again, from an older step if one was better than "
            "the start; where the small pictures are files of your own (data.lr), check that both "
            "sides have the same colours.",
        )
        grid = grid_strength(pairs, outputs)
        since = self._worsens("W512", step, grid, self.limits.grid)
        told += self._tell(
            "W512",
            since is not None,
            f"A checkerboard of {pairs[0].scale} px lies over the results: {grid:.1f} levels (of "
            f"255) at step {step:,}; {since}. Lower optimiser.learning_rate"
            f"{' or gan.weight' if self.gan else ''} and begin again from best/ or an older step.",
        )
        return told

    def opinions(self, step: int, real: float, fake: float) -> list[Notice]:
        """Look at the discriminator, at every log.

        Args:
            step: How many steps are done.
            real: What it takes real pictures for, as ``objectives.opinion`` has it: 1 is real, 0
                is made.
            fake: What it takes the generator's pictures for.
        """
        # A hinge stops teaching at -1 and 1, which are further from 0 and 1 than it ever gets.
        reach = math.tanh(0.5) if self.gan == "hinge" else 1.0
        won = real - fake > self.limits.saturated * reach
        row = self._rows["W513"] = self._rows.get("W513", 0) + 1 if won else 0
        return self._tell(
            "W513",
            row >= self.limits.looks,
            f"The discriminator has won: at step {step:,} it takes real pictures for real at "
            f"{real:.0%} and results at {fake:.0%}, for {row} looks now, so the generator hardly "
            "learns from it. Lower gan.learning_rate, or train without it for longer first.",
        )

    def scores(self, step: int, psnr: float, lpips: float | None = None) -> list[Notice]:
        """Look at the validation: has anything been gained lately?

        Args:
            step: How many steps are done.
            psnr: In dB.
            lpips: Where its weights are found; what counts in a run with a discriminator.
        """
        if self.gan and lpips is None:
            return []
        name, value, least = "PSNR", psnr, self.limits.gain
        if self.gan and lpips is not None:
            name, value, least = "LPIPS", -lpips, self.limits.gain_lpips
        if not math.isfinite(value):
            return []
        looks = self._looks.setdefault("W515", [])
        looks.append((step, value))
        best = self._best.get("W515")
        if len(looks) > self.limits.patience:
            oldest = looks.pop(0)
            best = self._best["W515"] = max(best or oldest, oldest, key=lambda look: look[1])
        stuck = best is not None and max(value for _, value in looks) < best[1] + least
        was = f"{abs(best[1]):.4g} at step {best[0]:,}" if best else ""
        return self._tell(
            "W515",
            stuck,
            f"No more progress: {name} was {was} and is {abs(value):.4g} at step {step:,}, after "
            f"{len(looks)} looks without a gain. Stop here, lower "
            "optimiser.learning_rate to a tenth, or give it more pictures or a larger network.",
        )

    def numbers(
        self, step: int, finite: bool, *, pictures: str = "", last_good: str = ""
    ) -> list[Notice]:
        """Look at a step's loss and gradients; the trainer skips a step that is not a number.

        Args:
            step: Its number.
            finite: Whether all of them are numbers, in every process.
            pictures: What the step was made of, for the sentence.
            last_good: The newest saved state, for the sentence.

        Raises:
            ModelError: E504 after several such steps in a row.
        """
        row = self._rows["W514"] = 0 if finite else self._rows.get("W514", 0) + 1
        made_of = f" (pictures {pictures})" if pictures else ""
        if row >= self.limits.broken:
            good = f"Go on from {last_good}" if last_good else "No state was saved yet: begin again"
            raise ModelError(
                "E504",
                f"The loss or a gradient was not a number for {row} steps in a row, the last at "
                f"step {step:,}{made_of}.",
                f"{good} with a lower optimiser.learning_rate, with optimiser.clip, or with "
                "engine.precision fp32.",
            )
        return self._tell(
            "W514",
            row > 0,
            f"The loss or a gradient at step {step:,}{made_of} was not a number; that step was "
            "skipped. If this comes again, lower optimiser.learning_rate or set optimiser.clip.",
        )

    def state_dict(self) -> dict[str, Any]:
        """What has been seen so far, as plain JSON."""
        return {
            "looks": {code: [list(look) for look in seen] for code, seen in self._looks.items()},
            "best": {code: list(look) for code, look in self._best.items()},
            "rows": dict(self._rows),
            "quiet": dict(self._quiet),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what ``state_dict`` gave."""
        self._looks = {
            code: [(int(step), float(value)) for step, value in seen]
            for code, seen in state["looks"].items()
        }
        self._best = {code: (int(s), float(value)) for code, (s, value) in state["best"].items()}
        self._rows = {code: int(row) for code, row in state["rows"].items()}
        self._quiet = {code: int(looks) for code, looks in state["quiet"].items()}

    def _tell(self, code: str, trouble: bool, sentence: str) -> list[Notice]:
        """The sentence when the trouble starts; nothing until it was gone for some looks."""
        if code not in self._quiet:
            if not trouble:
                return []
            self._quiet[code] = 0
            return [Notice(code, sentence)]
        self._quiet[code] = 0 if trouble else self._quiet[code] + 1
        if self._quiet[code] >= self.limits.looks:
            del self._quiet[code]
        return []

    def _worsens(
        self, code: str, step: int, value: float, limit: float, *, may_stay: bool = False
    ) -> str | None:
        """Since when a fault grows or stays; None while it is small, falls or was seen but once.

        A network that starts from random weights starts with large faults, which fall.
        """
        looks, best = self._looks.setdefault(code, []), self._best.get(code)
        looks.append((step, value))
        del looks[: -self.limits.looks - 1]
        if best is None or value < best[1]:
            self._best[code] = (step, value)
        grown = best is not None and value > best[1] + limit
        stays = not may_stay and len(looks) > self.limits.looks and value > 0.8 * looks[0][1]
        row = self._rows[code] = (
            self._rows.get(code, 0) + 1 if value > limit and (grown or stays) else 0
        )
        if row < 2:
            return None
        if grown and best is not None:
            return f"it was {best[1]:.1f} at step {best[0]:,}"
        return f"it has not fallen since step {looks[0][0]:,}"
