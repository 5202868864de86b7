"""`realesr upscale --auto` against every fixed setting: forty pictures of ten kinds of damage.

python benchmarks/auto.py [--pictures FOLDER]... [--held-out CONFIG] [--quick]

Each picture is degraded in one known way and enlarged: plainly, with every fixed setting, and with
--auto. LPIPS is measured against the truth, consistency against the input.
"""

from __future__ import annotations

import argparse
import functools
import statistics
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from honesty import crop, sharp_pictures
from report import machine, table, write_section

import realesr
from realesr.commands.upscaling import ChosenModel
from realesr.degradations import (
    Blur,
    GaussianNoise,
    Jpeg,
    Operation,
    Oversharpen,
    PoissonNoise,
    Resize,
    Round,
    Trace,
    presets,
)
from realesr.images import Picture, from_tensor, to_tensor
from realesr.inference.auto import AutoUpscaler
from realesr.inference.auto_plan import Plan, models_here
from realesr.inference.finishing import Finish
from realesr.models.catalogue import find_model
from realesr.quality.backprojection import how_consistent
from realesr.quality.metrics import lpips

SCALE, COUNT = 4, 40
SMALL = Resize(factor=1 / SCALE, mode="bicubic", antialias=True)
TINY = Resize(factor=1 / (2 * SCALE), mode="bicubic", antialias=True)
BACK = Resize(factor=1 / SCALE, mode="bicubic")


def damages(seed: int) -> dict[str, Trace]:
    """The ten kinds, each as what happens to a sharp picture."""
    blurred = Blur(shape="gaussian", size=21, sigma_x=5.0, sigma_y=5.0)
    kinds: dict[str, tuple[Operation, ...]] = {
        "shrunk only": (SMALL,),
        "blurred": (blurred, SMALL),
        "a little noise": (SMALL, GaussianNoise(sigma=8.0, seed=seed)),
        "much noise": (SMALL, GaussianNoise(sigma=25.0, seed=seed)),
        "light on a sensor": (SMALL, PoissonNoise(scale=2.0, seed=seed)),
        "JPEG 75": (SMALL, Jpeg(quality=75)),
        "JPEG 30": (SMALL, Jpeg(quality=30)),
        "enlarged before": (TINY, BACK),
        "oversharpened": (SMALL, Oversharpen(amount=1.5, radius=1.0)),
    }
    traces = {
        name: Trace(recipe=name, seed=seed, scale=SCALE, operations=(*operations, Round()))
        for name, operations in kinds.items()
    }
    return traces | {"all at once": presets.real_esrgan(SCALE).sample(seed)}


@dataclass(frozen=True)
class Row:
    """One setting on one picture."""

    setting: str
    damage: str
    lpips: float
    consistency: float


def fixed_settings() -> Iterator[Plan]:
    """Every model that is here, and the default's further settings."""
    for name in models_here():
        if name not in ("nearest", "bilinear") and find_model(name).scale == SCALE:
            yield Plan(model=name)
            if "wdn" in (find_model(name).blend_with or ""):
                yield Plan(model=name, denoise=0.5)
    yield Plan(strength=0.7)
    yield Plan(sharpen=0.3)


def label(plan: Plan) -> str:
    """A setting as a person types it."""
    usual, words = Plan(), [plan.model]
    for name in ("denoise", "strength", "sharpen"):
        if getattr(plan, name) != getattr(usual, name):
            words.append(f"--{name} {getattr(plan, name):g}")
    return " ".join(words)


@functools.cache
def upscaler(
    model: str, denoise: float | None, finish: tuple[float, bool, float, float]
) -> realesr.Upscaler:
    """What carries out a plan."""
    names = ("strength", "fix_colour", "sharpen", "keep_grain")
    return realesr.Upscaler(
        ChosenModel(model, denoise).load(),
        precision="fp32",
        device="cpu",
        finish=Finish(**dict(zip(names, finish, strict=True))),
    )


def prepare(plan: Plan) -> realesr.Upscaler:
    """The same, from the plan."""
    finish = (plan.strength, plan.fix_colour, plan.sharpen, plan.keep_grain)
    return upscaler(plan.model, plan.denoise, finish)


def automatic(low: np.ndarray) -> np.ndarray:
    """What --auto makes of a picture."""
    steps = AutoUpscaler(prepare, Plan(), {}).enlarge(Picture(low))
    while True:
        try:
            next(steps)
        except StopIteration as end:
            made: Picture = end.value
            return made.pixels


def measure(picture: np.ndarray, seed: int, damage: str, plans: list[Plan]) -> Iterator[Row]:
    """Every setting, and --auto, on one degraded picture."""
    truth = crop(picture, seed)
    low = from_tensor(damages(seed)[damage].apply(to_tensor(truth)), np.uint8)
    results = {label(plan): prepare(plan)(low) for plan in plans}
    results["--auto"] = automatic(low)
    for setting, result in results.items():
        consistency = float(how_consistent(result, low))
        yield Row(setting, damage, float(lpips(result, truth)), consistency)


def summary(rows: list[Row]) -> str:
    """Means by damage: the plain run, the best fixed setting of all, --auto."""
    means = {
        setting: statistics.mean(row.lpips for row in rows if row.setting == setting)
        for setting in dict.fromkeys(row.setting for row in rows)
    }
    auto, plain = "--auto", label(Plan())
    best = min((name for name in means if name != auto), key=means.__getitem__)
    head = ["damage", f"plain ({plain})", f"best fixed ({best})", auto]
    head += ["consistency, plain", f"consistency, {auto}"]
    lines = []
    for damage in [*dict.fromkeys(row.damage for row in rows), "**mean**"]:
        here = [row for row in rows if damage in (row.damage, "**mean**")]

        def mean(setting: str, part: str, here: list[Row] = here) -> float:
            return statistics.mean(getattr(row, part) for row in here if row.setting == setting)

        line = [damage, *(f"{mean(setting, 'lpips'):.4f}" for setting in (plain, best, auto))]
        lines.append([*line, *(f"{mean(each, 'consistency'):.1f} dB" for each in (plain, auto))])
    at_least = {
        name: sum(
            other.consistency < row.consistency
            for row, other in zip(_of(rows, plain), _of(rows, name), strict=True)
        )
        for name in means
    }
    kept = [name for name in means if name != auto and not at_least[name]]
    truest = min(kept, key=means.__getitem__)
    ranking = sorted(means.items(), key=lambda item: item[1])
    others = [[name, f"{mean:.4f}", str(at_least[name])] for name, mean in ranking]
    return (
        f"{table(head, lines)}\n\n`--auto` is {means[auto] - means[best]:+.4f} beside the best "
        f"fixed setting, and less consistent than the plain run on {at_least[auto]} pictures. "
        f"Beside `{truest}`, the best fixed setting of which that is true of none, it is "
        f"{means[auto] - means[truest]:+.4f}.\n\n"
        + table(["setting", "mean LPIPS", "pictures less consistent than plainly"], others)
    )


def _of(rows: list[Row], setting: str) -> list[Row]:
    return [row for row in rows if row.setting == setting]


def main(words: list[str] | None = None) -> None:
    """Measure and rewrite the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, action="append", default=[])
    parser.add_argument("--held-out", type=Path, help="a training configuration: only its held-out")
    parser.add_argument("--quick", action="store_true", help="ten pictures, the default alone")
    parser.add_argument("--first-seed", type=int, default=1000, help="0 to 39 chose the rules")
    wanted = parser.parse_args(words)
    held_out: set[str] = set()
    if wanted.held_out:
        config = tomllib.loads(wanted.held_out.read_text(encoding="utf-8"))
        held_out = {Path(name).name for name in config["data"]["held_out"]}
    conditions = machine("scikit-image")
    pictures = list(sharp_pictures(wanted.pictures, held_out))
    plans = [Plan()] if wanted.quick else list(fixed_settings())
    rows: list[Row] = []
    for number in range(10 if wanted.quick else COUNT):
        seed = wanted.first_seed + number
        damage = list(damages(seed))[number % 10]
        _, picture = pictures[number % len(pictures)]
        rows += measure(picture, seed, damage, plans)
    body = (
        "LPIPS (SqueezeNet) against the truth, lower is better; consistency in dB, higher is "
        f"better. {len(rows) // (len(plans) + 1)} pictures, four of each damage where it is not "
        f"--quick; crops and damages of seeds from {wanted.first_seed}; precision "
        f"fp32.\n\n{summary(rows)}"
    )
    command = " ".join(["python benchmarks/auto.py", *(words or sys.argv[1:])])
    sys.stdout.write(
        write_section("What --auto decides, beside fixed settings", command, conditions, body)
    )


if __name__ == "__main__":
    main()
