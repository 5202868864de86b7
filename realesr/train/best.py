"""The weights that did best on the held-out pictures: the last ones are not always it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from realesr.images.safefile import make_folder, write_file
from realesr.models.catalogue import ModelSpec
from realesr.train.config import TrainConfig
from realesr.train.tensorfile import tensor_pieces

NOTE = "scores.json"


class Best:
    """``OUTPUT/best``: a model like any other, with the step and the scores it had.

    Judged by PSNR, and by LPIPS in a run with a discriminator, where PSNR falls by design.

    Args:
        config: The run.
        spec: What the network is.
    """

    def __init__(self, config: TrainConfig, spec: ModelSpec) -> None:
        self.folder = Path(config.output) / "best"
        self.gan, self.spec = config.gan is not None, spec

    def name(self, scores: Mapping[str, Any]) -> str:
        """Which score counts."""
        return "lpips" if self.gan and "lpips" in scores else "psnr"

    def offer(self, step: int, scores: Mapping[str, float], network: nn.Module) -> bool:
        """Keep these weights if they are better than those that are kept; whether they are.

        What lies there from before the first step of this run does not count.
        """
        name, kept = self.name(scores), self._kept()
        sign = -1 if name == "lpips" else 1
        before = kept.get(name) if step and kept.get("step", 0) <= step else None
        if math.isnan(scores[name]):
            return False
        if before is not None and sign * scores[name] <= sign * before:
            return False
        make_folder(self.folder)
        weights = b"".join(bytes(piece) for piece in tensor_pieces(dict(network.state_dict())))
        write_file(self.folder / "generator.safetensors", weights, force=True)
        training = "adversarial" if self.gan else "faithful"
        told = {
            "config.json": {**self.spec.as_config(), "training": training},
            NOTE: {"step": step, **scores},
        }
        for file, values in told.items():
            write_file(self.folder / file, (json.dumps(values) + "\n").encode(), force=True)
        return True

    def step(self) -> int:
        """After which step the kept weights were offered; 0 without any."""
        return int(self._kept().get("step", 0))

    def _kept(self) -> dict[str, Any]:
        try:
            return dict(json.loads((self.folder / NOTE).read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return {}
