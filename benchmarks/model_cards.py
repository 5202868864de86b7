"""The cards of the bundled models: everything their runs know, and how well they do."""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from report import table

from realesr.degradations import presets
from realesr.models.loading import load_model
from realesr.quality.evaluation import MEASURES, evaluate
from realesr.train.config import TrainConfig
from realesr.train.config_files import read_config
from realesr.train.journal import Journal
from realesr.train.sources import open_sources

ROOT = Path(__file__).resolve().parent.parent
LICENCE = "BSD-3-Clause"
CHAINS = {"real_esrgan_exact": "the reference's chain", "bicubic_only": "bicubic alone"}


@dataclass(frozen=True)
class Model:
    """What a card says that no file knows.

    Attributes:
        name: In the catalogue.
        config: Of its run.
        summary: What it is, for the card.
        use: What it is for and not for.
        share: Of the run's own weights; the rest is lab-x4-fidelity's (network interpolation).
    """

    name: str
    config: str
    summary: str
    use: str
    share: float = 1.0


def card(model: Model, weights: Path, sources: Path, stored: str) -> str:
    """Everything that is known of a model, as Markdown.

    Args:
        model: What no file knows.
        weights: The file that comes along: what is measured.
        sources: The table of the training pictures.
        stored: How its numbers are kept.
    """
    config = read_config(ROOT / model.config)
    loaded = load_model(weights, device="cpu")
    parameters = sum(each.numel() for each in loaded.network.parameters())
    arguments = ", ".join(f"{key} {value}" for key, value in loaded.spec.arguments.items())
    facts = [
        ["Architecture", f"{loaded.spec.architecture}: {arguments}"],
        ["Parameters", f"{parameters:,} ({weights.stat().st_size / 1e6:.2f} MB, {stored})"],
        ["Receptive radius", f"{loaded.spec.radius} pixels of the input"],
        ["Licence", LICENCE],
        *[[f"Run {number}", line] for number, line in enumerate(lineage(config), start=1)],
        ["Weights", taken(model, config)],
        ["sha256", f"`{hashlib.sha256(weights.read_bytes()).hexdigest()}`"],
    ]
    held = len(config.data.held_out)
    last = Path(model.config).name
    told = "LPIPS was one of its losses, so its LPIPS is no independent judge.\n\n"
    parts = [
        "---\nlicense: bsd-3-clause\nlibrary_name: realesr\npipeline_tag: image-to-image\n"
        "tags: [super-resolution, real-esrgan]\n---",
        f"# {model.name}",
        wrapped(model.summary),
        table(["", ""], facts),
        "## For what, and for what not",
        wrapped(
            f"{model.use} Faces are not what it was made for, and it must not be used to make "
            "somebody or something recognisable: detail it draws is not evidence."
        ),
        "## How it was trained",
        wrapped(
            f"By `make train-lab`, whose last run for it has the configuration `{last}`, on the "
            f"pictures below, {held} of them held out. "
            f"[The journal](../../../docs/journals/{model.name}.jsonl) of that run has its losses "
            "and scores. These weights on the held-out pictures (mean; PSNR of RGB in dB, SSIM of "
            "brightness, border of 4; LPIPS by SqueezeNet, where less is better):"
        ),
        scores(weights, config),
        (told if config.losses.perceptual == "lpips" else "")
        + wrapped(
            "[docs/benchmarks.md](../../../docs/benchmarks.md) judges it beside the official "
            "models, and [docs/models-compared.md](../../../docs/models-compared.md) shows what it "
            "does to pictures, and where it fails."
        ),
        "## Training pictures",
        credits(sources, config),
    ]
    return "\n\n".join(parts) + "\n"


def wrapped(text: str) -> str:
    """A paragraph in lines of at most 100 letters."""
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)


def lineage(config: TrainConfig) -> Iterator[str]:
    """One line for each run on the way to this one, the first first."""
    run = Path(config.start.generator).parent
    if run.name:
        yield from lineage(read_config(run / "config.toml"))
    yield training(config)


def training(config: TrainConfig) -> str:
    """Steps, batch, losses, and the hours that the journal's times add up to, pauses left out."""
    times = [line["time"] for line in Journal.read(config.output)]
    seconds = sum(min(after - before, 600) for before, after in itertools.pairwise(times))
    losses = [config.losses.pixel.upper()]
    losses += ["structure"] if config.losses.structure_weight else []
    losses += [config.losses.perceptual.upper()] if config.losses.perceptual != "none" else []
    losses += ["discriminator"] if config.gan else []
    return (
        f"{config.name}: {config.steps:,} steps of {config.batch_size} patches of "
        f"{config.data.patch} px, seed {config.seed}, {seconds / 3600:.1f} hours on 2 CPU cores "
        f"shared with other work; {', '.join(losses)}; recipe `{config.data.recipe}`"
    )


def taken(model: Model, config: TrainConfig) -> str:
    """Which weights of the run these are."""
    if model.share == 1:
        return f"the average of step {config.steps:,}"
    best = json.loads((Path(config.output) / "best" / "scores.json").read_text("utf-8"))["step"]
    return (
        f"{model.share:g} of the average of step {best:,}, which did best, and {1 - model.share:g} "
        "of lab-x4-fidelity (network interpolation: less noise is drawn for hardly more LPIPS)"
    )


def scores(weights: Path, config: TrainConfig) -> str:
    """The file beside bicubic on the pictures that were held out."""
    pictures = {"held-out": open_sources(list(config.data.held_out))}
    recipes = [presets.real_esrgan_exact(4), presets.bicubic_only(4)]
    names, measures = ["bicubic", str(weights)], ["psnr", "ssim", "lpips"]
    found = evaluate(names, pictures, recipes, measures=measures, speed=False)
    rows = []
    for group in found.groups:
        for subject in found.subjects:
            means = [found.mean(subject.name, group, measure) for measure in measures]
            named = "bicubic" if subject.name == "bicubic" else "these weights"
            shown = [
                MEASURES[measure].shown(mean.value) if mean else "–"
                for measure, mean in zip(measures, means, strict=True)
            ]
            rows.append([CHAINS[group[1]], named, *shown])
    return table(["degraded by", "enlarged by", "PSNR", "SSIM", "LPIPS"], rows)


def credits(sources: Path, config: TrainConfig) -> str:
    """The table of pictures by origin, author and licence."""
    with sources.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    counted = Counter((row["source_repo"], row["author"], row["spdx"]) for row in rows)
    lines = [[*key, str(count)] for key, count in sorted(counted.items())]
    drawn = len(open_sources(list(config.data.pictures))) - len(rows)
    made = f" Besides, {drawn} flat fields that `realesr-data synth` drew (CC0)." if drawn else ""
    text = (
        f"{len(rows)} tiles of 512x512 pixels, each under a licence that allows this; those that "
        f"the configuration names under `held_out` were not learned from.{made} With thanks to:"
    )
    return wrapped(text) + "\n\n" + table(["where from", "author", "licence", "tiles"], lines)
