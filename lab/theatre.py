"""Runs as a play: what each wrote down and what it saw, from the first step to the last."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.text import say
from realesr.train.journal import NAME as JOURNAL
from realesr.train.journal import Journal

RUNS = Path("runs")
_PLACE = Path(__file__).resolve().parents[1] / "docs" / "journals"
_STEP = re.compile(r"step-(\d{6,})\Z")
_BALANCE = 20  # of the last logs, which the verdict is about
_WON, _LOST = 0.75, 0.05
_DRIFT = 4.0  # levels of 256

Lines = list[dict[str, Any]]


@dataclass(frozen=True)
class Run:
    """A run, or what is left of one.

    Attributes:
        name: What it is called.
        folder: Its output; None where only its journal came along.
        journal: What it wrote down.
    """

    name: str
    folder: Path | None
    journal: Path

    @property
    def lines(self) -> Lines:
        """Every line of the journal."""
        return Journal.read(self.journal)

    @property
    def previews(self) -> Path | None:
        """What it saw, if that is here."""
        place = self.folder / "previews" if self.folder else None
        return place if place and place.is_dir() else None

    @property
    def steps(self) -> list[int]:
        """The steps at which it looked at the same crops."""
        if self.previews is None:
            return []
        found = (_STEP.fullmatch(path.name) for path in self.previews.iterdir())
        return sorted(int(match[1]) for match in found if match)

    @property
    def crops(self) -> list[str]:
        """The crops that it looked at, at every step."""
        if self.previews is None or not self.steps:
            return []
        truths = sorted(path.stem for path in (self.previews / "truth").glob("*.png"))
        first = self.at(self.steps[0])
        return [name for name in truths if (first / f"{name}.png").is_file()]

    def at(self, step: int) -> Path:
        """The folder of the crops of a step."""
        assert self.previews is not None
        return self.previews / f"step-{step:06d}"

    def crop(self, what: str, name: str) -> Path:
        """A crop of ``input``, ``bicubic`` or ``truth``."""
        assert self.previews is not None
        return self.previews / what / f"{name}.png"

    @property
    def judge(self) -> Path | None:
        """The newest saved discriminator."""
        if self.folder is None:
            return None
        found = sorted(self.folder.glob("step-*/discriminator.safetensors"))
        return found[-1] if found else None


def runs(place: Path = RUNS, bundled: Path = _PLACE) -> dict[str, Run]:
    """Every run of this machine, then the journals that come along."""
    found: dict[str, Run] = {}
    if place.is_dir():
        for journal in sorted(place.glob(f"*/{JOURNAL}")):
            folder = journal.parent
            found[folder.name] = Run(folder.name, folder, journal)
    for journal in sorted(bundled.glob("*.jsonl")) if bundled.is_dir() else []:
        name = say("train.bundled", name=journal.stem)
        found[name] = Run(name, None, journal)
    return found


def series(lines: Lines, kind: str, names: Sequence[str]) -> Mapping[str, list[tuple[int, float]]]:
    """What a run wrote down, by name: step and value."""
    found: dict[str, list[tuple[int, float]]] = {}
    for line in lines:
        if line["kind"] != kind:
            continue
        for name in names:
            if isinstance(line.get(name), (int, float)):
                found.setdefault(name, []).append((line["step"], float(line[name])))
    return found


def balance(lines: Lines) -> tuple[str, bool]:
    """Who is ahead, generator or discriminator, in plain words, and whether it is an alarm.

    Empty for a run without a discriminator.
    """
    played = [line for line in lines if line["kind"] == "train" and line.get("d_real") is not None]
    lately = played[-_BALANCE:]
    if not lately:
        return "", False
    real = sum(line["d_real"] for line in lately) / len(lately)
    fake = sum(line["d_fake"] for line in lately) / len(lately)
    key = "won" if real - fake > _WON else "lost" if real - fake < _LOST else "even"
    told = say(f"train.balance_{key}", real=f"{real:.0%}", fake=f"{fake:.0%}")
    return told, key != "even"


def drift(run: Run) -> list[tuple[int, float, str]]:
    """How far colours are from the truth beyond the input's own distance: step, levels, tint."""
    from types import SimpleNamespace

    from realesr.images import read_picture, to_tensor
    from realesr.train.symptoms import colour_drift

    def read(path: Path) -> Any:
        return to_tensor(read_picture(path).pixels)

    names = run.crops
    pairs = [
        SimpleNamespace(hr=read(run.crop("truth", name)), lr=read(run.crop("input", name)))
        for name in names
    ]
    found = []
    for step in run.steps if pairs else []:
        outputs = [read(run.at(step) / f"{name}.png") for name in names]
        levels, tint = colour_drift(pairs, outputs)  # type: ignore[arg-type]
        found.append((step, levels, tint))
    return found


def drift_verdict(found: Sequence[tuple[int, float, str]]) -> tuple[str, bool]:
    """The last of them in plain words, and whether it is an alarm."""
    if not found:
        return "", False
    step, levels, tint = found[-1]
    bad = levels > _DRIFT
    key = "train.drift_bad" if bad else "train.drift_good"
    return say(key, step=f"{step:,}", levels=f"{levels:.1f}", tint=tint), bad


def alarms(lines: Lines) -> list[tuple[int, str, str]]:
    """What the trainer warned of: step, code, sentence."""
    return [
        (line["step"], str(line.get("code", "")), str(line.get("sentence", "")))
        for line in lines
        if line["kind"] == "alarm"
    ]


def opinion(weights: Path, crop: Path, folder: Path) -> Path:
    """Where a discriminator takes a crop for made, as a glow over it.

    Args:
        weights: A saved discriminator.
        crop: A PNG.
        folder: Where the picture goes.
    """
    import numpy as np
    import torch

    from realesr.images import Picture, read_picture, to_tensor, write_picture
    from realesr.models.loading import load_model
    from realesr.quality.heat import heat_picture

    pixels = read_picture(crop).pixels
    # Beside it lies a config.json, which is about the generator.
    alone = Path(shutil.copyfile(weights, folder / "judge.safetensors"))
    judge = load_model(alone, device="cpu").network
    with torch.inference_mode():
        real = torch.sigmoid(judge(to_tensor(pixels)))[0, 0].numpy()
    made = np.ascontiguousarray(1 - real, dtype=np.float32)
    glow = heat_picture(made, pixels, "", 1.0)[: pixels.shape[0], : pixels.shape[1]]
    path = folder / "opinion.png"
    return write_picture(Picture(np.ascontiguousarray(glow)), path, force=True)
